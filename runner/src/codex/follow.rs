//! Starts Codex and follows it to its end, line by line; whatever happens, its whole tree is ended.
//!
//! Codex is in a process group of its own, but its commands may leave it, and the npm launcher leaves the native program behind
//! when it is killed. So a keeper stands between (`keep`), which outlives palisade; and should the keeper itself be killed, palisade
//! adopts the orphans and hunts what is left.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::account::{Account, Said};
use super::budget::{Budget, Watch};
use super::finish::{Ended, Limit, Stop};
use super::lines::Lines;
use crate::keep;
use crate::sys::process;

/// How long Codex may take to end after it was told to, before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long output may still be on its way when every process has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much is read at once, in bytes.
const CHUNK: usize = 1 << 18;
/// How much of standard error is read at once, in bytes.
const WORDS: usize = 1 << 14;
/// How much of standard error is kept at its beginning and at its end, in bytes.
const KEPT: usize = 16 << 10;
/// How often is looked whether the run is within its budget.
const LOOKS: Duration = Duration::from_millis(200);

/// What is started.
#[derive(Debug)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// Its words, without its name.
    pub words: Vec<String>,
    /// All of its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where.
    pub cwd: PathBuf,
    /// What standard input holds; it is closed behind that.
    pub input: Option<String>,
    /// How long it may take.
    pub limits: Limits,
    /// What it may use.
    pub budget: Option<Budget>,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Altogether.
    pub hard: Duration,
    /// Without a line.
    pub idle: Duration,
    /// Until the first line.
    pub first_output: Duration,
}

/// What was observed.
#[derive(Debug)]
pub struct Followed {
    /// What the stream said.
    pub account: Account,
    /// Why palisade ended it, if it did.
    pub stop: Option<Stop>,
    /// How the process ended.
    pub ended: Ended,
    /// Standard error: its beginning and its end.
    pub errors: String,
    /// The process that leads the group.
    pub pid: u32,
    /// How long it took.
    pub took: Duration,
    /// When it first said something.
    pub first_output: Option<Duration>,
    /// Why it was over its budget, found when it had ended by itself.
    pub over: Option<String>,
}

/// What the follower of a run is told.
pub trait Listener {
    /// Codex was started.
    fn started(&mut self, pid: u32);
    /// A line, as it came.
    fn line(&mut self, line: &[u8]);
    /// What it says.
    fn said(&mut self, said: Said<'_>);
    /// There is nothing more to tell for now; whether there is still somebody to tell.
    fn listens(&mut self) -> bool;
}

/// Starts Codex and follows it to its end.
///
/// # Errors
/// The error of the start; nothing ran then.
pub fn follow(start: Start, listener: &mut impl Listener) -> io::Result<Followed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(followed(start, listener))
}

async fn followed(start: Start, listener: &mut impl Listener) -> io::Result<Followed> {
    // Before the start, so that no signal finds the run without its end.
    let mut signals = Signals::take()?;
    process::adopt_orphans().map_err(|errno| match errno {
        nix::errno::Errno::ENOSYS => io::Error::other("orphans of Codex can be adopted, and ended, on Linux alone"),
        errno => errno.into(),
    })?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(keep::words(std::process::id(), &start.program, start.words))
        .env_clear()
        .envs(start.environment)
        .current_dir(&start.cwd)
        .stdin(if start.input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let pid = child.id().unwrap_or_default();
    listener.started(pid);
    let input = child.stdin.take().zip(start.input);
    let feed = async {
        if let Some((mut stdin, text)) = input {
            // A Codex that has ended reads nothing; its end says why.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
    };
    let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("codex has no output"));
    };
    // Fewer, larger pieces of a flood; what a pipe holds has a limit per user, and less does as well.
    process::enlarge_pipe(stdout.as_fd(), CHUNK as i32);
    let began = Instant::now();
    let mut followed = Followed {
        account: Account::default(),
        stop: None,
        ended: Ended::Exited(0),
        errors: String::new(),
        pid,
        took: Duration::ZERO,
        first_output: None,
        over: None,
    };
    let mut lines = Lines::default();
    let mut errors = Errors::default();
    let (mut chunk, mut wrong) = (vec![0; CHUNK], vec![0; WORDS]);
    let (mut open, mut errors_open, mut fed) = (true, true, false);
    let mut last = began;
    let mut watch = start.budget.map(Watch::new);
    let mut look = began + LOOKS;
    tokio::pin!(feed);
    let mut take = |lines: &mut Lines, account: &mut Account, chunk: &[u8], last: &mut Instant| {
        let before = account.lines;
        lines.push(chunk, |line| {
            listener.line(line.kept);
            account.take(line, |said| listener.said(said));
        });
        if account.lines > before {
            *last = Instant::now();
        }
        listener.listens()
    };
    let status = loop {
        let (at, limit) = start.limits.next(began, last, followed.first_output.is_some());
        // A flood of output must not hold up the end of the time.
        if began.elapsed() >= start.limits.hard {
            followed.stop = Some(Stop::Limit(Limit::Hard));
            break end(&mut child, pid).await?;
        }
        if let Some(watch) = &mut watch
            && look <= Instant::now()
        {
            look = Instant::now() + LOOKS;
            if let Some(why) = watch.over(&followed.account) {
                followed.stop = Some(Stop::Budget(why));
                break end(&mut child, pid).await?;
            }
        }
        tokio::select! {
            // Output before time: a limit that runs out together with a line has not run out.
            biased;
            arrived = signals.next() => followed.stop = Some(Stop::Signal(arrived)),
            read = stdout.read(&mut chunk), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(count) => {
                    if !take(&mut lines, &mut followed.account, chunk.get(..count).unwrap_or_default(), &mut last) {
                        followed.stop = Some(Stop::Closed);
                    }
                    if followed.account.lines > 0 && followed.first_output.is_none() {
                        followed.first_output = Some(began.elapsed());
                    }
                }
            },
            read = stderr.read(&mut wrong), if errors_open => match read {
                Ok(0) | Err(_) => errors_open = false,
                Ok(count) => errors.take(wrong.get(..count).unwrap_or_default()),
            },
            () = &mut feed, if !fed => fed = true,
            status = child.wait() => break status?,
            () = sleep_until(look), if watch.is_some() => {}
            () = sleep_until(at) => followed.stop = Some(Stop::Limit(limit)),
        }
        if followed.stop.is_some() {
            break end(&mut child, pid).await?;
        }
    };
    process::hunt();
    // Every process that could write has ended, so this comes to an end.
    let _ = timeout(LAST_WORDS, async {
        while open {
            match stdout.read(&mut chunk).await {
                Ok(0) | Err(_) => open = false,
                Ok(count) => {
                    take(&mut lines, &mut followed.account, chunk.get(..count).unwrap_or_default(), &mut last);
                }
            }
        }
        while let Ok(count @ 1..) = stderr.read(&mut wrong).await {
            errors.take(wrong.get(..count).unwrap_or_default());
        }
    })
    .await;
    lines.finish(|line| {
        listener.line(line.kept);
        followed.account.take(line, |said| listener.said(said));
    });
    listener.listens();
    // The last answer may have been the one too many; the run has ended by itself all the same.
    followed.over = watch.as_mut().filter(|_| followed.stop.is_none()).and_then(|watch| watch.over(&followed.account));
    followed.took = began.elapsed();
    followed.errors = errors.text();
    followed.ended = ended(status);
    Ok(followed)
}

impl Limits {
    /// Which limit runs out next, and when.
    fn next(&self, began: Instant, last: Instant, spoke: bool) -> (Instant, Limit) {
        let quiet =
            if spoke { (last + self.idle, Limit::Idle) } else { (began + self.first_output, Limit::FirstOutput) };
        let hard = (began + self.hard, Limit::Hard);
        if quiet.0 < hard.0 { quiet } else { hard }
    }
}

/// Tells Codex to end, gives it time, then kills its group and all else below us.
async fn end(child: &mut Child, pid: u32) -> io::Result<ExitStatus> {
    let group = Pid::from_raw(pid.cast_signed());
    let _ = killpg(group, Signal::SIGINT);
    // Whoever stands around Codex takes an interrupt as meant for its command alone, and does not hear it elsewhere.
    let _ = kill(group, Signal::SIGTERM);
    if let Ok(status) = timeout(GRACE, child.wait()).await {
        return status;
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.start_kill();
    child.wait().await
}

fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, signal) => Ended::Signalled(signal.unwrap_or_default()),
    }
}

/// The signals that tell palisade to end.
struct Signals([(Stream, i32); 4]);

impl Signals {
    fn take() -> io::Result<Self> {
        let one = |kind: SignalKind| signal(kind).map(|stream| (stream, kind.as_raw_value()));
        Ok(Self([
            one(SignalKind::interrupt())?,
            one(SignalKind::terminate())?,
            one(SignalKind::hangup())?,
            one(SignalKind::quit())?,
        ]))
    }

    async fn next(&mut self) -> i32 {
        let [first, second, third, fourth] = &mut self.0;
        tokio::select! {
            _ = first.0.recv() => first.1,
            _ = second.0.recv() => second.1,
            _ = third.0.recv() => third.1,
            _ = fourth.0.recv() => fourth.1,
        }
    }
}

/// Standard error within bounds: its beginning, which says what it refused, and its end, which says what went wrong.
#[derive(Default)]
struct Errors {
    head: Vec<u8>,
    tail: Vec<u8>,
    lost: usize,
}

impl Errors {
    fn take(&mut self, chunk: &[u8]) {
        let room = KEPT.saturating_sub(self.head.len()).min(chunk.len());
        let (head, tail) = chunk.split_at(room);
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(tail);
        let excess = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..excess);
        self.lost += excess;
    }

    fn text(&self) -> String {
        let gap = if self.lost > 0 { format!("\n[{} bytes are left out]\n", self.lost) } else { String::new() };
        format!("{}{gap}{}", String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.tail))
    }
}
