//! The first process of a containment: builds, watches, and at the end looks at what was caught.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::services::Services;
use super::stage::Stage;
use super::subject::{self, Ends, Word};
use super::walk::Found;
use super::{Failed, Request};
use crate::compare::effect::Effect;
use crate::compare::ground::Ground;
use crate::compare::told::Side;
use crate::control;
use crate::host::Host;
use crate::outcome::Outcome;
use crate::sys::process::{self, Fork};

/// How long processes may take to end by themselves after the command has.
const SETTLE: Duration = Duration::from_millis(300);
/// How much output is kept.
const OUTPUT: usize = 16 << 10;
/// Process ids begin here, so that hardly one inside the command's own sandbox is the same as one outside.
const FIRST_PID: &str = "2000";
/// And end here: as many processes a containment may have, roughly.
const LAST_PID: &str = "4096";
/// Since this version the limit is a process table's own and not the host's.
const OWN_LIMIT: (u32, u32) = (6, 14);

/// Runs one command to its end and says what it did.
pub(super) fn run(request: &Request) -> Result<Side, Failed> {
    let _ = nix::unistd::setsid();
    let _ = process::fresh_session_keyring();
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let mut stage = Stage::build(&request.ground)?;
    let mut services = Services::open(&stage.run)?;
    if let Err(Failed(why)) = services.open_world() {
        stage.gaps.push(format!("only loopback addresses answer: {why}"));
    }
    for caught in &mut stage.caught {
        Failed::at("the stage", caught.again())?;
    }
    let _ = fs::write(stage.proc_path.join("sys/kernel/ns_last_pid"), FIRST_PID);
    if Host::here().kernel_version() >= OWN_LIMIT {
        let _ = fs::write(stage.proc_path.join("sys/kernel/pid_max"), LAST_PID);
    }
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
    let mut watched = Watched::start(request, &stage, services)?;
    let started = Instant::now();
    let outcome = watched.until_end(started + Duration::from_secs_f64(request.timeout));
    let milliseconds = started.elapsed().as_millis() as u64;
    watched.settle(&stage.proc_path);
    let left = processes_left(&stage.proc_path, &watched.known());
    watched.end_all();
    let mut found = Found::default();
    for caught in &stage.caught {
        caught.collect(&mut found);
    }
    let Found { mut effects, unlisted, doubts } = found;
    effects.extend(left);
    effects.extend(objects_left(&stage.proc_path));
    let (word, streams) = watched.finish(&mut effects);
    effects.sort();
    let mut gaps = [stage.gaps.clone(), doubts].concat();
    let outcome = match (outcome, word) {
        (Some(outcome), _) => outcome,
        (None, Some(word)) => {
            gaps.extend(word.gaps);
            word.outcome
        }
        // The command can end its parent, as it could on the host.
        (None, None) => Outcome::Signalled { signal: libc::SIGKILL },
    };
    let [stdout, stderr] = streams.map(|stream| String::from_utf8_lossy(&stream).into_owned());
    Ok(Side { outcome, effects, unlisted, stdout, stderr, gaps, milliseconds })
}

struct Stream {
    file: fs::File,
    kept: Vec<u8>,
    open: bool,
}

impl Stream {
    fn new(end: OwnedFd) -> nix::Result<Self> {
        fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self { file: end.into(), kept: Vec::new(), open: true })
    }

    /// Takes in what is there; says whether there was anything.
    fn drain(&mut self) -> bool {
        let mut any = false;
        let mut buffer = [0; 8192];
        while self.open {
            match self.file.read(&mut buffer) {
                Ok(0) => self.open = false,
                Ok(length) => {
                    any = true;
                    let got = buffer.get(..length).unwrap_or_default();
                    self.kept.extend(got.iter().take(OUTPUT.saturating_sub(self.kept.len())));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.open = false,
            }
        }
        any
    }
}

/// What the first process looks after while the command runs.
struct Watched {
    subject: Pid,
    control: OwnedFd,
    services: Services,
    signals: SignalFd,
    stdout: Stream,
    stderr: Stream,
    victim: Stream,
    victim_killed: bool,
    word: Option<Word>,
    not_built: Option<String>,
    subject_gone: bool,
}

impl Watched {
    fn start(request: &Request, stage: &Stage, services: Services) -> Result<Self, Failed> {
        let step = "starting the subject";
        let (control, theirs) = Failed::at(step, control::pair())?;
        let pipe = || Failed::at(step, nix::unistd::pipe2(OFlag::O_CLOEXEC));
        let ((stdout, their_stdout), (stderr, their_stderr), (victim, their_victim)) = (pipe()?, pipe()?, pipe()?);
        let subject = match Failed::at(step, process::fork_into(CloneFlags::empty()))? {
            Fork::Child => {
                let ends = Ends { control: theirs, victim: their_victim, stdout: their_stdout, stderr: their_stderr };
                subject::live(request, stage, ends)
            }
            Fork::Parent(pid) => pid,
        };
        drop((theirs, their_stdout, their_stderr, their_victim));
        let mut children = SigSet::empty();
        children.add(Signal::SIGCHLD);
        Failed::at(step, sigprocmask(SigmaskHow::SIG_BLOCK, Some(&children), None))?;
        let signals = SignalFd::with_flags(&children, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK);
        let mut watched = Self {
            subject,
            control,
            services,
            signals: Failed::at(step, signals)?,
            stdout: Failed::at(step, Stream::new(stdout))?,
            stderr: Failed::at(step, Stream::new(stderr))?,
            victim: Failed::at(step, Stream::new(victim))?,
            victim_killed: false,
            word: None,
            not_built: None,
            subject_gone: false,
        };
        watched.map(&request.ground, &stage.proc_path)?;
        Ok(watched)
    }

    /// Writes the subject's id maps when it asks: root stays root with all ids, an ordinary user is itself again.
    fn map(&mut self, ground: &Ground, proc: &Path) -> Result<(), Failed> {
        match self.hear(MsgFlags::empty()).as_deref() {
            Some(b"M") => {}
            Some([b'F', why @ ..]) => return Err(Failed(String::from_utf8_lossy(why).into_owned())),
            _ => return Err(Failed("starting the subject: it ended early".into())),
        }
        let own = proc.join(self.subject.to_string());
        let write = |name: &str, content: &str| {
            Failed::at(&format!("writing {name} of the subject"), fs::write(own.join(name), content))
        };
        if ground.uid == 0 {
            write("uid_map", &super::all_ids("uid_map")?)?;
            write("gid_map", &super::all_ids("gid_map")?)?;
        } else {
            write("setgroups", "deny")?;
            write("uid_map", &format!("{} 0 1\n", ground.uid))?;
            write("gid_map", &format!("{} 0 1\n", ground.gid))?;
        }
        Failed::at("starting the subject", send(self.control.as_raw_fd(), b"g", MsgFlags::MSG_NOSIGNAL)).map(drop)
    }

    /// One message of the subject; none when it is gone, or has not spoken and is not waited for.
    fn hear(&self, flags: MsgFlags) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match recv(self.control.as_raw_fd(), &mut buffer, flags) {
                Err(Errno::EINTR) => {}
                Ok(0) | Err(_) => return None,
                Ok(length) => {
                    buffer.truncate(length);
                    return Some(buffer);
                }
            }
        }
    }

    /// Waits until the subject has spoken or is gone; gives an outcome of our own when time ran out before.
    fn until_end(&mut self, deadline: Instant) -> Option<Outcome> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(Outcome::TimedOut);
            }
            if self.turn(left) {
                return self.not_built.take().map(|why| Outcome::NotStarted { why });
            }
        }
    }

    /// Waits for one thing to happen and deals with it; whether the subject is done.
    fn turn(&mut self, limit: Duration) -> bool {
        let mut fds: Vec<PollFd<'_>> = [self.control.as_fd(), self.signals.as_fd()]
            .into_iter()
            .chain(
                [&self.stdout, &self.stderr, &self.victim]
                    .into_iter()
                    .filter(|one| one.open)
                    .map(|one| one.file.as_fd()),
            )
            .chain(self.services.descriptors())
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(limit + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        let spoke = match poll(&mut fds, timeout) {
            Ok(_) => fds.first().and_then(PollFd::revents).is_some_and(|events| !events.is_empty()),
            Err(_) => false,
        };
        drop(fds);
        self.take_in();
        self.is_done(spoke)
    }

    /// Whether the subject is done: it had spoken when we looked, or it is gone, and may have spoken and ended since.
    fn is_done(&mut self, spoke: bool) -> bool {
        if !spoke && !self.subject_gone {
            return false;
        }
        match self.hear(MsgFlags::MSG_DONTWAIT).as_deref() {
            Some([b'F', why @ ..]) => self.not_built = Some(String::from_utf8_lossy(why).into_owned()),
            Some(word) => self.word = serde_json::from_slice(word).ok(),
            None => {}
        }
        true
    }

    /// Takes in everything that is ready but the subject's word.
    fn take_in(&mut self) -> bool {
        while let Ok(Some(_)) = self.signals.read_signal() {}
        while let Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) =
            waitpid(None, Some(WaitPidFlag::WNOHANG))
        {
            self.subject_gone |= pid == self.subject;
        }
        let mut any = self.stdout.drain() | self.stderr.drain() | self.victim.drain();
        // While the subject lives, nobody but its killer closes the victim's end.
        self.victim_killed |= !self.victim.open;
        while self.services.serve() {
            any = true;
        }
        any
    }

    /// Gives what was sent time to arrive, and processes that are about to end time to do so.
    fn settle(&mut self, proc: &Path) {
        let deadline = Instant::now() + SETTLE;
        loop {
            let any = self.take_in();
            let left = processes_left(proc, &self.known());
            if (!any && left.is_empty()) || Instant::now() > deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Processes of our own that are no effect.
    fn known(&self) -> Vec<i32> {
        vec![1, self.subject.as_raw(), self.subject.as_raw() + 1]
    }

    fn end_all(&mut self) {
        self.take_in();
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        while waitpid(None, None) != Err(Errno::ECHILD) {}
        self.stdout.drain();
        self.stderr.drain();
        while self.services.serve() {}
    }

    /// What arrived, and what was said.
    fn finish(self, effects: &mut Vec<Effect>) -> (Option<Word>, [Vec<u8>; 2]) {
        effects.extend(self.victim.kept.iter().map(|signal| Effect::Signalled { signal: i32::from(*signal) }));
        if self.victim_killed {
            effects.push(Effect::Signalled { signal: libc::SIGKILL });
        }
        effects.extend(self.services.effects());
        (self.word, [self.stdout.kept, self.stderr.kept])
    }
}

/// Processes of the containment but these.
fn processes_left(proc: &Path, known: &[i32]) -> Vec<Effect> {
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| !known.contains(pid))
        .filter_map(|pid| {
            let stat = fs::read_to_string(proc.join(format!("{pid}/stat"))).ok()?;
            let (before, after) = stat.rsplit_once(')')?;
            if after.trim_start().starts_with(['Z', 'X']) {
                return None;
            }
            let line = fs::read(proc.join(format!("{pid}/cmdline"))).unwrap_or_default();
            let words: Vec<_> =
                line.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
            // In the middle of exec a process lives and has no words; its name in `stat` will do.
            let name = || before.split_once('(').map_or(before, |(_, name)| name).to_owned();
            Some(Effect::ProcessLeft { command: if words.is_empty() { name() } else { words.join(" ") } })
        })
        .collect()
}

/// System V objects of the containment's ipc namespace (`proc(5)`); the first line names the columns.
fn objects_left(proc: &Path) -> Vec<Effect> {
    let kinds = [
        ("shm", "a System V shared memory segment"),
        ("msg", "a System V message queue"),
        ("sem", "a System V semaphore set"),
    ];
    let mut found = Vec::new();
    for (name, what) in kinds {
        let text = fs::read_to_string(proc.join("sysvipc").join(name)).unwrap_or_default();
        found.extend(text.lines().skip(1).map(|_| Effect::ObjectLeft { what: what.into() }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One whose subject is what the test says it is.
    fn watched(control: OwnedFd) -> Watched {
        let stream = || {
            let (ours, theirs) = nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe");
            drop(theirs);
            Stream::new(ours).expect("a stream")
        };
        Watched {
            subject: Pid::from_raw(0),
            control,
            services: Services::none(),
            signals: SignalFd::new(&SigSet::empty()).expect("a descriptor"),
            stdout: stream(),
            stderr: stream(),
            victim: stream(),
            victim_killed: false,
            word: None,
            not_built: None,
            subject_gone: false,
        }
    }

    #[test]
    fn a_subject_that_speaks_and_ends_after_one_has_looked_is_heard() {
        let (control, theirs) = control::pair().expect("a pair");
        let mut watched = watched(control);
        // Looked, and there was nothing; then both at once.
        let spoke = false;
        assert!(!watched.is_done(spoke), "neither has happened");
        let word = Word { outcome: Outcome::Exited { status: 3 }, gaps: Vec::new() };
        let said = serde_json::to_vec(&word).expect("JSON");
        send(theirs.as_raw_fd(), &said, MsgFlags::empty()).expect("sent");
        drop(theirs);
        watched.subject_gone = true;
        assert!(watched.is_done(spoke));
        assert_eq!(watched.word.map(|word| word.outcome), Some(Outcome::Exited { status: 3 }));
    }

    #[test]
    fn a_subject_that_ends_without_a_word_has_none() {
        let (control, theirs) = control::pair().expect("a pair");
        let mut watched = watched(control);
        drop(theirs);
        watched.subject_gone = true;
        assert!(watched.is_done(false) && watched.word.is_none() && watched.not_built.is_none());
    }
}
