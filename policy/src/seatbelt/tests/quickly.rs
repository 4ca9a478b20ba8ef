//! What is looked up decides as what is tried: made-up profiles and questions, both ways.

use std::fmt::Write;

use super::super::decide::{Look, REAL, answer};
use super::super::{Outcome, Query};
use super::profile;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn path(&mut self) -> String {
        let mut path = String::new();
        for _ in 0..self.below(4) {
            let _ = write!(path, "/{}", self.one(&["a", "b", "ab", ".git"]));
        }
        if path.is_empty() { "/".into() } else { path }
    }

    fn pattern(&mut self) -> String {
        let path = self.path();
        match self.below(5) {
            0 => format!("(regex #\"^{path}[/b]\")"),
            1 => format!("(regex #\"{path}$\" #\"^/[^/]*{path}\")"),
            2 => format!("(regex #\"{path}/?(a|b)+\")"),
            3 => format!("(regex \"^{path}\\.git\")"),
            _ => format!("(regex #\"{path}\\d\")"),
        }
    }

    fn filter(&mut self, depth: usize) -> String {
        let many = |numbers: &mut Self| {
            (0..=numbers.below(3)).map(|_| numbers.filter(depth + 1)).collect::<Vec<_>>().join(" ")
        };
        match self.below(if depth < 3 { 16 } else { 13 }) {
            0..=1 => format!("(literal \"{}\" \"{}\")", self.path(), self.path()),
            2..=3 => format!("(subpath \"{}\")", self.path()),
            4 => format!("(subpath \"{}/\")", self.path().trim_end_matches('/')),
            5 => format!("(prefix \"{}\")", self.path()),
            6 => self.pattern(),
            7 => format!("(path-ancestors \"{}\")", self.path()),
            8 => format!("(vnode-type {})", self.one(&["DIRECTORY", "REGULAR-FILE"])),
            9 => format!("(global-name \"{}\" \"x\")", self.one(&["a", "b"])),
            10 => format!("(local-name \"{}\")", self.one(&["a", "b"])),
            11 => format!("(remote unix-socket (subpath \"{}\"))", self.path()),
            12 => self.one(&["(sysctl-name \"a\")", "(remote ip \"*:80\")", "(process-attribute x)"]).to_owned(),
            13 => format!("(require-all {})", many(self)),
            14 => format!("(require-any {})", many(self)),
            _ => format!("(require-not {})", self.filter(depth + 1)),
        }
    }

    fn rules(&mut self) -> String {
        const OPERATIONS: &[&str] = &[
            "file-read*",
            "file-read-data",
            "file-write*",
            "file-write-unlink",
            "file-link",
            "mach-lookup",
            "mach*",
            "network-outbound",
            "network*",
            "sysctl-read",
            "file*",
        ];
        let mut rules = String::new();
        let most = if self.below(4) == 0 { 80 } else { 24 };
        for _ in 0..self.below(most) {
            let filters: Vec<String> = (0..self.below(3)).map(|_| self.filter(0)).collect();
            let _ = write!(
                rules,
                "({} {} {} {})",
                self.one(&["allow", "deny"]),
                self.one(OPERATIONS),
                self.one(OPERATIONS),
                filters.join(" ")
            );
        }
        rules
    }

    fn question(&mut self) -> Query {
        let mut query = Query::new(self.one(&[
            "file-read-data",
            "file-write-unlink",
            "file-write-data",
            "file-link",
            "mach-lookup",
            "network-outbound",
            "sysctl-read",
        ]))
        .unwrap();
        for _ in 0..self.below(4) {
            let path = self.path();
            let (name, value) = match self.below(7) {
                0..=2 => ("path", path),
                3 => ("vnode-type", "DIRECTORY".into()),
                4 => (self.one(&["global-name", "local-name"]), self.one(&["a", "c"]).into()),
                5 => ("remote", format!("unix:{path}")),
                _ => ("remote", "tcp:1.2.3.4:80".into()),
            };
            query.tell(name, &value).unwrap();
        }
        query
    }
}

#[test]
fn what_is_looked_up_decides_as_what_is_tried() {
    let mut numbers = Numbers(11);
    let mut seen = [0; 3];
    for _ in 0..500 {
        let text = numbers.rules();
        let profile = profile(&text);
        for _ in 0..12 {
            let query = numbers.question();
            let quick = answer(&profile, &query, REAL, Look::Candidates, &mut |_| ());
            let plain = answer(&profile, &query, REAL, Look::Each, &mut |_| ());
            assert_eq!(quick, plain, "{query:?}\n{text}");
            seen[match quick.outcome {
                Outcome::Allow => 0,
                Outcome::Deny => 1,
                Outcome::Unknown => 2,
            }] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 300), "{seen:?}");
}
