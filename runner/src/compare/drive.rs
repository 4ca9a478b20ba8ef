//! Starts containments, several at once, and gathers their answers.
//!
//! One thread on purpose: a containment ends with the thread that started it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::contain::VERB;
use super::ground::Ground;
use super::list::Entry;
use super::told::{Answer, Manner, Request, Side};

/// What every containment has in common.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is made of.
    pub ground: Ground,
    /// The workspace, as the commands see it.
    pub workspace: String,
    /// The environment of the commands.
    pub environment: Vec<(String, String)>,
    /// Seconds a command may take.
    pub timeout: f64,
    /// How many containments at once.
    pub jobs: usize,
}

/// Seconds beyond a command's own that its containment may take.
const ALLOWANCE: f64 = 30.0;

/// What the other process of the demonstration has in its environment.
const VICTIM: (&str, &str) = ("DATABASE_PASSWORD", "not-a-secret");

/// Runs these, each in a containment of its own; `done` is called after each.
///
/// # Errors
/// Why a containment could not be built; the rest is given up.
pub fn run(work: &[(&Entry, Manner)], setting: &Setting, done: impl Fn()) -> Result<Vec<Side>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| format!("finding palisade itself: {error}"))?;
    runtime.block_on(async {
        let turnstile = Arc::new(Semaphore::new(setting.jobs.max(1)));
        let mut tasks = JoinSet::new();
        for (index, (entry, manner)) in work.iter().enumerate() {
            let request = Request {
                parent: std::process::id(),
                ground: setting.ground.clone(),
                manner: *manner,
                argv: entry.argv.clone(),
                workspace: setting.workspace.clone(),
                environment: setting.environment.clone(),
                timeout: setting.timeout,
            };
            let (turnstile, program) = (Arc::clone(&turnstile), program.clone());
            tasks.spawn(async move {
                let turn = turnstile.acquire().await;
                let answer = contained(program, request).await;
                drop(turn);
                (index, answer)
            });
        }
        let mut sides: Vec<Option<Side>> = work.iter().map(|_| None).collect();
        while let Some(joined) = tasks.join_next().await {
            let (index, answer) = joined.map_err(|error| error.to_string())?;
            if let Some(place) = sides.get_mut(index) {
                *place = Some(answer?);
            }
            done();
        }
        Ok(sides.into_iter().flatten().collect())
    })
}

async fn contained(program: PathBuf, request: Request) -> Result<Side, String> {
    let limit = Duration::from_secs_f64(request.timeout + ALLOWANCE);
    let mut child = Command::new(program)
        .arg(VERB)
        .env_clear()
        .env(VICTIM.0, VICTIM.1)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("starting a containment: {error}"))?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("starting a containment: no pipes".into());
    };
    let mut line = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
    line.push(b'\n');
    let mut text = Vec::new();
    let talk = async {
        stdin.write_all(&line).await?;
        stdout.read_to_end(&mut text).await?;
        child.wait().await
    };
    let status = match tokio::time::timeout(limit, talk).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return Err(format!("talking to a containment: {error}")),
        Err(_) => return Err(format!("a containment did not answer within {} seconds", limit.as_secs())),
    };
    // The lifeline: closed only now.
    drop(stdin);
    match serde_json::from_slice(&text) {
        Ok(Answer::Ran(side)) => Ok(*side),
        Ok(Answer::NotBuilt { why }) => Err(why),
        Err(_) => Err(format!("a containment ended without an answer ({status})")),
    }
}
