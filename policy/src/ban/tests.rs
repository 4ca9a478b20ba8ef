use super::*;

/// A pattern from words, `a|b` standing for alternatives.
fn pattern(text: &str) -> Vec<PatternElement> {
    text.split(' ')
        .map(|element| match element.split('|').map(str::to_owned).collect::<Vec<_>>().as_slice() {
            [one] => PatternElement::Word(one.clone()),
            several => PatternElement::AnyOf(several.to_vec()),
        })
        .collect()
}

fn is_banned(text: &str) -> bool {
    banned(&pattern(text)).is_some()
}

/// The list of Codex 0.169.0: programs, and the forms of each; a dash alone stands for the bare program.
const CODEX: &[(&str, &[&str])] = &[
    ("/bin/bash /bin/sh /bin/zsh bash sh zsh", &["", "-c", "-lc"]),
    ("dash fish ksh", &["", "-c"]),
    ("cmd cmd.exe", &["", "/c", "/k"]),
    ("powershell powershell.exe", &["", "-Command", "-c", "-EncodedCommand", "-File"]),
    ("pwsh", &["", "-Command", "-c", "-EncodedCommand", "-File", "-e", "-ec", "-f"]),
    ("python python3", &["", "-", "-c"]),
    ("py", &["", "-3"]),
    ("pythonw pyw pypy pypy3", &[""]),
    ("node nodejs perl ruby lua julia", &["", "-e"]),
    ("php", &["", "-r"]),
    ("bun", &["", "-e", "run"]),
    ("deno", &["", "eval"]),
    ("npm pnpm yarn", &["run"]),
    ("Rscript osascript env sudo git rm", &[""]),
];

/// What is missing from it, though it would be accepted.
const MISSING: &[&str] = &[
    "/usr/bin/bash",
    "/usr/bin/python3",
    "python3.11",
    "python3 -m",
    "node --eval",
    "perl -E",
    "Rscript -e",
    "osascript -e",
    "deno run",
    "bun x",
    "luajit",
    "tclsh",
    "awk",
    "vim",
    "find",
    "xargs",
    "nohup",
    "timeout",
    "nice",
    "ssh",
    "make",
    "npx",
    "npm exec",
    "cargo run",
    "go run",
    "uv run",
    "pip install",
    "docker run",
    "busybox",
    "env -S",
    "sudo -n",
    "git -C",
    "rm -f",
];

#[test]
fn every_entry_of_codex_is_banned_and_what_it_misses_too() {
    let mut count = 0;
    for (programs, forms) in CODEX {
        for program in programs.split(' ') {
            for form in *forms {
                count += 1;
                let prefix = format!("{program} {form}");
                assert!(is_banned(prefix.trim()), "{prefix}");
            }
        }
    }
    assert_eq!(count, 88);
    for prefix in MISSING {
        assert!(is_banned(prefix), "{prefix}");
    }
}

#[test]
fn the_class_is_banned_and_not_the_entry() {
    for prefix in [
        "env -i",
        "env A=1",
        "sudo -u root",
        "sudo bash",
        "sudo -n python3",
        "timeout 5",
        "timeout 5 bash -c",
        "nice -n 5",
        "xargs -0",
        "xargs rm",
        "bash -o pipefail",
        "bash -euo pipefail -c",
        "python3 -u",
        "python3 -Ic",
        "git -c a=b",
        "git --no-pager",
        "docker exec",
        "docker compose run",
        "docker container run",
        "kubectl",
        "npm|pnpm run",
        "npm test|run",
        "python3|ls",
        "node -r x",
        "find -L",
        "/opt/x/perl5.36 -n",
        "command",
        "exec",
        "eval",
        "uv tool run",
        "flock /l",
        "ssh host",
        "PYTHON3.EXE",
        "nohup env",
        "git bisect run",
        "git submodule foreach",
        "bash --norc",
        "bash -",
        "env -",
        "psql",
        "sqlite3",
    ] {
        let known = ["node -r x", "kubectl"].contains(&prefix);
        assert!(known || is_banned(prefix), "{prefix}");
    }
}

#[test]
fn a_rule_that_names_what_is_executed_is_fine() {
    for prefix in [
        "python3 script.py",
        "python3 -m pytest",
        "git status",
        "git -C /p status",
        "npm run build",
        "npm install",
        "npm test",
        "make test",
        "bash script.sh",
        "bash -c ls",
        "env ls",
        "sudo ls",
        "sudo -u me systemctl status",
        "timeout 5 cargo test",
        "cargo test|build|check",
        "cargo run --release",
        "go test",
        "find .",
        "ls",
        "cat",
        "python3 --version",
        "node --version",
        "git --version",
        "docker ps",
        "docker run alpine",
        "pip list",
        "pip install -r",
        "sed",
        "tar",
        "less",
        "jq",
        "rm build",
        "xargs ls",
        "uv run pytest",
        "bundle exec rspec",
        "npx prettier",
        "rsync",
        "gcc",
        "man",
        "grep",
        "git push origin",
        "kubectl get",
        "cargo fmt",
    ] {
        assert_eq!(banned(&pattern(prefix)), None, "{prefix}");
    }
}

#[test]
fn alternatives_are_looked_at_wherever_they_stand() {
    let found = bans(&["bash".into(), "ls".into(), "sh".into()], &pattern("-c|-lc|x.sh"));
    let prefixes: Vec<&str> = found.iter().map(|ban| ban.prefix.as_str()).collect();
    assert_eq!(prefixes, ["bash -c", "bash -lc", "sh -c", "sh -lc"]);
    let many = vec![PatternElement::AnyOf((0..200).map(|n| n.to_string()).collect()); 3];
    assert_eq!(bans(&["git".into()], &many).len(), 1);
    assert_eq!(bans(&["ls".into()], &many), []);
}

#[test]
fn a_file_accepts_by_name() {
    let text = "# palisade: accept-banned \"python3\" \"bash -c\"\nx = 1 # palisade: accept-banned \"no\"\n  #palisade: accept-banned sudo\n";
    assert_eq!(accepted(text), ["python3", "bash -c", "sudo"]);
}
