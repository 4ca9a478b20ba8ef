//! Every way to start a program that is known here: a forbidden one is stopped on each.
//!
//! Each route starts a program that leaves a mark. Under the guard there is no mark, and the control shows that the same
//! route leaves one without it, so that a route which never worked is no proof.

use std::os::unix::fs::PermissionsExt;

use super::programs::palisade;
use super::{WAYS, json};
use crate::sandboxed::{Place, User, errors, status, users};
/// How often each route is taken in each kind of run. With every kind of user and run it makes well over 1,000 in all.
const ROUNDS: usize = 6;

/// What a route may look like to the guard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// One forbidden exec each time.
    Killed,
    /// The system call that would get away is refused.
    Refused,
    /// As `Refused` where every process is traced from its beginning; as `Killed` in a sandbox.
    RefusedInBypass,
    /// As `Killed`, but a sandbox does not let it begin.
    KilledInBypass,
}

use Seen::{Killed, KilledInBypass, Refused, RefusedInBypass};

/// A name, what is expected, and shell text that leaves the mark `$F`; `$B` holds the compiled programs.
const ROUTES: &[(&str, Seen, &str)] = &[
    ("sh", Killed, "mark $F"),
    ("absolute path", Killed, "$B/mark $F"),
    ("sh -c in sh -c", Killed, "sh -c 'sh -c \"mark $F\"'"),
    ("sh from standard input", Killed, "echo mark $F | sh"),
    ("exec in a shell", Killed, "(exec mark $F)"),
    ("background", Killed, "mark $F & wait"),
    ("bash exec -a", Killed, "bash -c 'exec -a innocent mark $F'"),
    ("eval of pieces", Killed, "eval \"ma\"r'k' $F"),
    ("make", Killed, "printf 'all:\\n\\t@mark %s\\n' $F > m.mk; make -s -f m.mk || true"),
    ("find -exec", Killed, "find . -maxdepth 0 -exec mark $F ';'"),
    ("xargs", Killed, "echo $F | xargs mark"),
    ("env", Killed, "env -i $B/mark $F"),
    ("env -S", Killed, "env -S \"mark $F\""),
    ("nohup", Killed, "nohup mark $F"),
    ("nice", Killed, "nice -n 1 mark $F"),
    ("timeout", Killed, "timeout 9 mark $F"),
    ("setsid daemon", Killed, "setsid -f mark $F; sleep 0.1"),
    ("python3 subprocess", Killed, "/usr/bin/python3 -c \"import subprocess; subprocess.run(['mark', '$F'])\""),
    (
        "python3 double fork",
        Killed,
        "/usr/bin/python3 -c \"import os
r, w = os.pipe()
os.set_inheritable(w, True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(r)
        os.execvp('mark', ['mark', '$F'])
    os._exit(0)
os.close(w)
os.read(r, 1)\"",
    ),
    (
        "os.posix_spawn",
        Killed,
        "/usr/bin/python3 -c \"import os; os.waitpid(os.posix_spawnp('mark', ['mark', '$F'], os.environ), 0)\"",
    ),
    ("script with #!", Killed, "$B/innocent.sh $F"),
    ("script with #! and env", Killed, "$B/argument.py $F"),
    ("script under its own name", Killed, "$B/deploy.sh $F"),
    ("copied script", Killed, "cp $B/deploy.sh innocent; ./innocent $F"),
    ("link to a script", Killed, "ln -sf $B/deploy.sh innocent; ./innocent $F"),
    ("perl exec", Killed, "perl -e 'exec \"mark\", @ARGV' $F"),
    ("perl system", Killed, "perl -e 'system \"mark\", @ARGV' $F"),
    ("awk system()", Killed, "awk \"BEGIN { system(\\\"mark $F\\\") }\""),
    ("fork", Killed, "$B/launch fork $B/mark $F"),
    ("vfork", Killed, "$B/launch vfork $B/mark $F"),
    ("clone", Killed, "$B/launch clone $B/mark $F"),
    ("clone without a signal", Killed, "$B/launch silent-clone $B/mark $F"),
    ("clone3", Killed, "$B/launch clone3 $B/mark $F"),
    ("CLONE_UNTRACED", RefusedInBypass, "$B/launch untraced $B/mark $F"),
    ("clone3 with CLONE_UNTRACED", Refused, "$B/launch untraced3 $B/mark $F"),
    ("posix_spawn", Killed, "$B/launch spawn $B/mark $F"),
    ("exec in a thread", Killed, "$B/launch thread $B/mark $F"),
    ("exec in a thread of a parent", Killed, "$B/launch thread-fork $B/mark $F"),
    ("exec after the first thread ended", Killed, "$B/launch leader-gone $B/mark $F"),
    ("exec by who lets nobody look into it", Killed, "$B/launch hidden $B/mark $F"),
    ("exec by who wants to be traced", Killed, "$B/launch traceme $B/mark $F"),
    ("daemon", Killed, "$B/launch daemon $B/mark $F"),
    ("fexecve", Killed, "$B/launch fexecve $B/mark $F"),
    ("execveat", Killed, "$B/launch execveat $B/mark $F"),
    ("memfd_create", Killed, "$B/launch memfd $B/mark $F"),
    ("unlinked copy", Killed, "$B/launch unlinked $B/mark $F"),
    ("another first word", Killed, "$B/launch renamed $B/mark $F"),
    ("an empty first word", Killed, "$B/launch nameless $B/mark $F"),
    ("static launcher", Killed, "$B/static-launch vfork $B/mark $F"),
    ("static program", Killed, "static-mark $F"),
    ("copied binary", Killed, "cp $B/mark innocent; ./innocent $F"),
    ("copied static binary", Killed, "cp $B/static-mark innocent; ./innocent $F"),
    ("symbolic link", Killed, "$B/soft $F"),
    ("link made on the way", Killed, "ln -sf $B/mark innocent; ./innocent $F"),
    ("hard link", Killed, "$B/hard $F"),
    ("dynamic loader", Killed, "$LOADER $B/mark $F"),
    ("dynamic loader with options", Killed, "$LOADER --argv0 innocent --library-path /lib $B/mark $F"),
    ("dynamic loader of a copy", Killed, "cp $B/mark innocent; $LOADER ./innocent $F"),
    ("copied dynamic loader", Killed, "cp $LOADER innocent; ./innocent $B/mark $F"),
    ("busybox applet", Killed, "busybox touch $F"),
    ("copied busybox", Killed, "cp $BUSYBOX busybox-copy; ./busybox-copy touch $F"),
    ("busybox under the applet's name", Killed, "ln -sf $BUSYBOX touch; ./touch $F"),
    #[cfg(target_arch = "x86_64")]
    ("32-bit launcher", KilledInBypass, "$B/small-launch $B/mark $F"),
    #[cfg(target_arch = "x86_64")]
    ("32-bit program", Killed, "$B/small-mark $F"),
];

const RULES: &str = r#"
prefix_rule(pattern=[["mark", "static-mark", "small-mark"]], decision="forbidden", justification="leaves a mark")
prefix_rule(pattern=["deploy.sh"], decision="forbidden", justification="deploys")
prefix_rule(pattern=["touch"], decision="forbidden", justification="leaves a mark too")
"#;

fn marks(place: &Place) -> Vec<String> {
    let names = std::fs::read_dir(place.workspace().join("marks")).unwrap();
    names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn make_marks(place: &Place) {
    let marks = place.workspace().join("marks");
    std::fs::create_dir_all(&marks).unwrap();
    std::fs::set_permissions(&marks, std::fs::Permissions::from_mode(0o777)).unwrap();
}

fn rounds(route: &str, count: usize) -> String {
    format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); export F=marks/$i; {route}\ndone >/dev/null 2>&1; true")
}

#[test]
fn a_forbidden_program_is_stopped_on_every_route_and_each_route_works_without_a_guard() {
    assert!(ROUTES.len() >= 20);
    let (mut stopped, mut tried, mut wrong) = (0, 0, Vec::new());
    for (name, seen, route) in ROUTES {
        let place = Place::new();
        make_marks(&place);
        let args = ["run", "--mode", "bypass", "--", "sh", "-c", &rounds(route, 2)];
        let output = palisade(&place, User::Own, &args).output().unwrap();
        assert_eq!((status(&output), marks(&place).len()), (0, 2), "control of `{name}`: {}", errors(&output));
        for user in users() {
            for way in WAYS {
                let place = Place::new();
                make_marks(&place);
                let rules = place.file("guard.rules", RULES);
                let report = place.outside().join("report.json");
                let [rules, report_file] = [&rules, &report].map(|path| path.to_str().unwrap());
                let script = rounds(route, ROUNDS);
                let args =
                    ["run", way[0], way[1], "--guard", "--default", "allow", "--rules", rules, "--report", report_file];
                let args = [&args[..], &["--timeout", "60", "--", "sh", "-c", &script]].concat();
                let output = palisade(&place, user, &args).output().unwrap();
                let killed = json(&report)["guard"]["killed"].as_u64().unwrap_or_default() as usize;
                let expected = match seen {
                    Killed => ROUNDS,
                    KilledInBypass if way[1] == "bypass" => ROUNDS,
                    RefusedInBypass if way[1] != "bypass" => ROUNDS,
                    Refused | RefusedInBypass | KilledInBypass => 0,
                };
                tried += ROUNDS;
                stopped += killed;
                if marks(&place).len() + usize::from(killed != expected || status(&output) != 0) > 0 {
                    wrong.push(format!(
                        "{name}, {user:?}, {way:?}: {killed} killed of {expected}, marks {:?}, status {}: {}",
                        marks(&place),
                        status(&output),
                        errors(&output).lines().take(12).collect::<Vec<_>>().join("\n  ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stopped >= if users().len() > 1 { 1000 } else { 500 }, "only {stopped} were stopped");
}
