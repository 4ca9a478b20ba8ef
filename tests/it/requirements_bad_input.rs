//! What cannot be read, over every verb of `requirements` and every layer: a place, a way out, status 2, and an end; and what
//! looks odd and is fine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use crate::sandboxed::{Place, User, users};

/// How a file is made.
enum Made {
    Bytes(&'static [u8]),
    Folder,
    Pipe,
    /// There, and nobody but root may read it.
    Closed,
    Missing,
}

struct Bad {
    name: &'static str,
    made: Made,
    /// What is said of it; a place where it has one.
    says: &'static str,
    /// Whether it is said of any layer, or is a question of what a layer may hold.
    of: Of,
}

#[derive(PartialEq, Eq)]
enum Of {
    Every,
    /// Not TOML: a page of cases may expect that, and Codex may be asked about it.
    Toml,
    Requirements,
    Config,
}

const fn bad(name: &'static str, made: Made, says: &'static str, of: Of) -> Bad {
    Bad { name, made, says, of }
}

const BAD: &[Bad] = &[
    bad("not UTF-8", Made::Bytes(b"# fine\nx = \"\xff\"\n"), ":2:6", Of::Every),
    bad("UTF-16", Made::Bytes(b"\xff\xfea\0=\x001\0"), ":1:1", Of::Every),
    bad("a directory", Made::Folder, "is a directory", Of::Every),
    bad("a named pipe", Made::Pipe, "is a named pipe", Of::Every),
    bad("a file of somebody else", Made::Closed, "may not be read", Of::Every),
    bad("a file that is missing", Made::Missing, "does not exist", Of::Every),
    bad("no TOML", Made::Bytes(b"a = 1\nb = [1\n"), ":2:7", Of::Toml),
    bad("a key twice", Made::Bytes(b"a = 1\nb = 2\na = 3\n"), ":3:1", Of::Toml),
    bad("a table twice", Made::Bytes(b"[a]\n[b]\n[a]\n"), ":3:2", Of::Toml),
    bad("a zero byte", Made::Bytes(b"a = 1\n\0\n"), ":2:2", Of::Toml),
    bad("a byte-order mark in the middle", Made::Bytes(b"a = 1\n\xef\xbb\xbfb = 2\n"), ":2:1", Of::Toml),
    bad("a return alone", Made::Bytes(b"a = 1\rb = 2\n"), ":1:", Of::Toml),
    bad("a wrong type", Made::Bytes(b"allowed_sandbox_modes = \"read-only\"\n"), ":1:25", Of::Requirements),
    bad("a wrong word", Made::Bytes(b"enforce_residency = \"eu\"\n"), ":1:21", Of::Requirements),
    bad(
        "a circle of profiles",
        Made::Bytes(
            b"default_permissions = \"a\"\nallowed_permission_profiles = { a = true }\n\
              [permissions.a]\nextends = \"b\"\n[permissions.b]\nextends = \"a\"\n",
        ),
        ":6:11",
        Of::Requirements,
    ),
    bad("a wrong type of config", Made::Bytes(b"sandbox_mode = 3\n"), ":1:16", Of::Config),
    bad(
        "a circle of profiles in config",
        Made::Bytes(b"default_permissions = \"a\"\n[permissions.a]\nextends = \"a\"\n"),
        ":3:11",
        Of::Config,
    ),
];

/// A way to a layer: the words of a verb, in which `FILE` stands for the file, and whether it is one of requirements.
struct Way {
    words: &'static [&'static str],
    /// The file below the machine's root, for a way that does not name it.
    below: Option<&'static str>,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Requirements,
    Config,
    /// Read, and asked about whatever it says.
    Question,
}

const fn named(words: &'static [&'static str], holds: Holds) -> Way {
    Way { words, below: None, holds }
}

const fn below(path: &'static str, words: &'static [&'static str], holds: Holds) -> Way {
    Way { words, below: Some(path), holds }
}

const ROOT: &[&str] = &["explain", "--root", "ROOT", "--home", "/home/dev", "--cwd", "/home/dev/proj"];
const WORK: &[&str] =
    &["explain", "--root", "ROOT", "--home", "/home/dev", "--cwd", "/home/dev/proj", "--", "codex", "-p", "work"];

const WAYS: &[Way] = &[
    named(&["check", "FILE"], Holds::Requirements),
    named(&["explain", "--only-named", "--requirements", "FILE"], Holds::Requirements),
    named(&["explain", "--only-named", "--cloud-requirements", "FILE"], Holds::Requirements),
    named(&["explain", "--only-named", "--mdm-requirements", "FILE"], Holds::Requirements),
    named(&["explain", "--only-named", "--managed-config", "FILE"], Holds::Config),
    named(&["explain", "--only-named", "--mdm-config", "FILE"], Holds::Config),
    named(&["explain", "--only-named", "--system-config", "FILE"], Holds::Config),
    named(&["explain", "--only-named", "--user-config", "FILE"], Holds::Config),
    named(
        &[
            "explain",
            "--only-named",
            "--cwd",
            "/home/dev/proj",
            "--home",
            "/home/dev",
            "--user-config",
            "TRUST",
            "--project-config",
            "FILE",
        ],
        Holds::Config,
    ),
    named(&["diff", "FILE", "GOOD"], Holds::Requirements),
    named(&["diff", "GOOD", "FILE"], Holds::Requirements),
    below("etc/codex/requirements.toml", ROOT, Holds::Requirements),
    below("etc/codex/managed_config.toml", ROOT, Holds::Config),
    below("etc/codex/config.toml", ROOT, Holds::Config),
    below("home/dev/.codex/config.toml", ROOT, Holds::Config),
    below("home/dev/.codex/work.config.toml", WORK, Holds::Config),
    named(&["test", "FILE"], Holds::Question),
    named(&["test", "PAGE"], Holds::Question),
    named(&["verify", "--codex", "CODEX", "--only-named", "--requirements", "FILE"], Holds::Question),
    named(&["verify", "--codex", "CODEX", "--only-named", "--user-config", "FILE"], Holds::Question),
];

/// The files of one try.
struct Ground {
    place: Place,
    folder: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let place = Place::new();
        let folder = place.outside().join("files");
        for path in [folder.clone(), folder.join("root/etc/codex"), folder.join("root/home/dev/.codex")] {
            fs::create_dir_all(path).expect("made");
        }
        fs::create_dir_all(folder.join("root/home/dev/proj/.git")).expect("made");
        fs::write(folder.join("good.toml"), "allowed_sandbox_modes = [\"read-only\"]\n").expect("written");
        let trust = "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"\n";
        fs::write(folder.join("trust.toml"), trust).expect("written");
        let page =
            "[[case]]\nname = \"x\"\n[case.files]\nrequirements = \"file.toml\"\n[case.expect]\nstarts = \"yes\"\n";
        fs::write(folder.join("page.toml"), page).expect("written");
        Self { place, folder }
    }

    fn run(&self, user: User, way: &Way, made: &Made) -> Output {
        let file = way.below.map_or(self.folder.join("file.toml"), |path| self.folder.join("root").join(path));
        make(&file, made);
        let path = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        let words: Vec<String> = way
            .words
            .iter()
            .map(|word| match *word {
                "FILE" => file.to_string_lossy().into_owned(),
                "GOOD" => path("good.toml"),
                "TRUST" => path("trust.toml"),
                "PAGE" => path("page.toml"),
                "ROOT" => path("root"),
                // What cannot be read is told before any Codex is looked for.
                "CODEX" => path("no-codex"),
                word => word.to_owned(),
            })
            .collect();
        let mut all = vec!["requirements"];
        all.extend(words.iter().map(String::as_str));
        let output = self.place.run(user, &all);
        unmake(&file);
        output
    }
}

fn make(path: &Path, made: &Made) {
    use std::os::unix::fs::PermissionsExt;
    match made {
        Made::Bytes(bytes) => fs::write(path, bytes).expect("written"),
        Made::Folder => fs::create_dir(path).expect("made"),
        Made::Pipe => nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("made"),
        Made::Closed => {
            fs::write(path, "").expect("written");
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("closed");
        }
        Made::Missing => {}
    }
}

fn unmake(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether a content is wrong on this way; a missing file is none where nobody named it.
fn concerns(bad: &Bad, way: &Way) -> bool {
    let page = way.words == ["test", "FILE"];
    match bad.of {
        // Both sides of a difference may be folders, and so may pages.
        Of::Every if matches!(bad.made, Made::Folder) => !page && way.words[0] != "diff",
        Of::Every => way.below.is_none() || !matches!(bad.made, Made::Missing),
        // As a page of cases, what is no TOML is wrong too.
        Of::Toml => way.holds != Holds::Question || page,
        Of::Requirements => way.holds == Holds::Requirements,
        Of::Config => way.holds == Holds::Config,
    }
}

#[test]
fn what_cannot_be_read_has_a_place_a_way_out_and_status_two_on_every_way() {
    let ground = Ground::new();
    let mut wrong = Vec::new();
    for user in users() {
        for bad in BAD {
            // Root may read everything, and what root reads does not depend on who asks.
            let closed = matches!(bad.made, Made::Closed);
            let root = nix::unistd::geteuid().is_root() && user == User::Own;
            let again = user == User::Ordinary && !closed;
            if (closed && root) || again {
                continue;
            }
            for way in WAYS.iter().filter(|way| concerns(bad, way)) {
                let began = Instant::now();
                let output = ground.run(user, way, &bad.made);
                let told = text(&output);
                let what = format!("{} on {:?} as {user:?}: {told}", bad.name, way.words);
                let caret = !(bad.says.starts_with(':') || bad.says.starts_with(", at")) || told.contains('^');
                let way_out = told.contains("help") || told.contains("did you mean");
                let said = told.contains(bad.says) && !told.contains("panicked");
                if output.status.code() != Some(2) || !said || !way_out || !caret {
                    wrong.push(format!("not status 2 and `{}`, a way out, a caret: {what}", bad.says));
                }
                assert!(began.elapsed() < Duration::from_secs(60), "{what}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_odd_and_fine_is_read_on_every_way() {
    let ground = Ground::new();
    let odd: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("only comments", b"# nothing\n\n"),
        ("a byte-order mark", b"\xef\xbb\xbf# mark\n"),
        ("returns and line feeds", b"# line\r\n\r\n"),
        ("no line end at the end", b"# end"),
    ];
    for (name, bytes) in odd {
        for way in WAYS.iter().filter(|way| way.holds != Holds::Question && way.words[0] != "diff") {
            let output = ground.run(User::Own, way, &Made::Bytes(bytes));
            assert_eq!(output.status.code(), Some(0), "{name} on {:?}: {}", way.words, text(&output));
        }
    }
    let marked = Made::Bytes(b"\xef\xbb\xbfallowed_sandbox_modes = \"x\"\r\n");
    let output = ground.run(User::Own, &WAYS[0], &marked);
    assert!(text(&output).contains(":1:2"), "columns count the mark: {}", text(&output));
}

#[test]
fn words_of_an_invocation_and_versions_that_are_none_are_told_of() {
    let ground = Ground::new();
    let cases: &[(&[&str], &str)] = &[
        (&["explain", "--codex-version", "1.0"], "0.117.0, 0.125.0, 0.169.0"),
        (&["check", "--codex-version", "", "GOOD"], "0.117.0, 0.125.0, 0.169.0"),
        (&["diff", "--codex-version", "0.126.0", "GOOD", "GOOD"], "0.117.0, 0.125.0, 0.169.0"),
        (&["explain", "--only-named", "--", "codex", "--full-auto"], "command line:1:7"),
        (&["explain", "--only-named", "--", "codex", "exec", "-c", "x"], "command line:1:12"),
        (&["explain", "--only-named", "--", "codex", "-s"], "command line:1:7"),
        (&["explain", "--only-named", "--", "codex", "-s", "sometimes"], "command line:1:"),
        (&["explain", "--only-named", "--", "codex", "--enable", "none_such"], "command line:1:"),
        (&["explain", "--root", "/nowhere"], "is not a folder"),
        (&["explain", "--codex-home", "/nowhere"], "/nowhere"),
        (&["verify", "--codex", "/nowhere/codex", "--only-named"], "No such file"),
        (&["test", "/nowhere"], "does not exist"),
        (&["diff", "GOOD", "/nowhere"], "does not exist"),
        (&["check", "--explain", "order-is-falback"], "order-is-fallback"),
    ];
    for (words, says) in cases {
        let way = Way { words, below: None, holds: Holds::Question };
        let output = ground.run(User::Own, &way, &Made::Missing);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", text(&output));
        assert!(text(&output).contains(says), "{words:?}: {}", text(&output));
    }
}
