//! The same verification with something taken away from the sandbox: which parts there are, and what then comes of the
//! probes.
//!
//! Only for palisade's own sandboxes, whose plans are data. Several run at once, each with a fixture of its own; those
//! that would leave shared names in `/tmp` open run alone.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use super::report::Answer;
use super::{Seen, Trial, answered};
use crate::ablation::Layer;
use crate::probe::all;
use crate::probe::drive::{Driver, NotRun, environment};
use crate::probe::fixture::Fixture;
use crate::probe::subject::{Identity, fill};

/// The hidden verb.
pub const VERB: &str = "__ablated";
/// Asks it for the list of parts.
pub const LIST: &str = "--list";

/// Probes that could hurt the host where too little stands in their way: they are asked only of what keeps at least two
/// of the walls that stop them.
pub(super) const PERILOUS: &[&str] = &["KS-15", "KS-24", "KS-25"];

/// A part of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name; `{root}` stands for the fixture.
    pub(super) name: String,
    /// Its layer.
    pub(super) layer: Layer,
}

/// Answers by probe.
pub(super) type Answers = BTreeMap<&'static str, Answer>;

/// Where one subject is run again and again.
pub(super) struct Bench<'a> {
    driver: &'a Driver,
    trial: &'a Trial,
    control: &'a Seen,
    identity: Identity,
    /// Stands as long as the bench, so that what fixtures share in `/tmp` is not made and removed by each.
    stage: Fixture,
    tmp: RwLock<()>,
    /// What comes of the probes when nothing is taken away.
    pub(super) whole: Answers,
}

impl<'a> Bench<'a> {
    /// Puts a subject on the bench.
    ///
    /// # Errors
    /// When it does not even start whole.
    pub(super) fn new(
        driver: &'a Driver,
        trial: &'a Trial,
        control: &'a Seen,
        identity: Identity,
    ) -> Result<Self, NotRun> {
        let stage = Fixture::build(&driver.parent, &driver.palisade, &trial.subject, identity);
        let stage = stage.map_err(NotRun::Fixture)?;
        let mut bench = Self { driver, trial, control, identity, stage, tmp: RwLock::new(()), whole: Answers::new() };
        bench.whole = bench.answers(&[], &[])?;
        Ok(bench)
    }

    /// The parts of the plan, as the subject itself tells them.
    pub(super) fn parts(&self) -> Result<Vec<Part>, NotRun> {
        let root = self.stage.scene.root.to_string_lossy().into_owned();
        let subject = self.trial.subject.through(&[VERB.to_owned(), LIST.to_owned()]);
        let words = fill(&subject.prefix, &root, &["true".to_owned()]);
        let Some((program, arguments)) = words.split_first() else { return Ok(Vec::new()) };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(&self.stage)).current_dir(self.stage.at("ws"));
        let output = command.stdin(Stdio::null()).output().map_err(NotRun::Fixture)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(NotRun::NotStarted { status: Some(output.status), said });
        }
        let text = String::from_utf8_lossy(&output.stdout).replace(&root, "{root}");
        let part = |line: &str| {
            let (layer, name) = line.split_once('\t')?;
            let layer = Layer::ALL.into_iter().find(|known| known.name() == layer)?;
            Some(Part { name: name.to_owned(), layer })
        };
        Ok(text.lines().filter_map(part).collect())
    }

    /// What comes of the probes, all or only some, with the parts of these names taken away.
    ///
    /// # Errors
    /// When the subject then does not start.
    pub(super) fn answers(&self, names: &[String], only: &[&str]) -> Result<Answers, NotRun> {
        let subject = if names.is_empty() {
            self.trial.subject.clone()
        } else {
            let words: Vec<String> = std::iter::once(VERB.to_owned()).chain(names.iter().cloned()).collect();
            self.trial.subject.through(&words)
        };
        let mut only: Vec<String> = only.iter().map(|id| (*id).to_owned()).collect();
        if only.is_empty() {
            only.clone_from(&self.driver.only);
        }
        if is_deep(names) {
            if only.is_empty() {
                only = all().map(|probe| probe.id.to_owned()).collect();
            }
            only.retain(|id| !PERILOUS.contains(&id.as_str()));
            // Nobody named would be everybody.
            if only.is_empty() {
                return Ok(Answers::new());
            }
        }
        // From the stage's own place a fixture gets the program by a link and not by a copy.
        let palisade = self.stage.at("bin/palisade");
        let driver = Driver { only, heard: None, palisade, ..self.driver.clone() };
        // Whoever leaves the shared names of `/tmp` open must find nobody else's stand-ins there.
        let opens = names.iter().any(|name| {
            name.contains("protect /tmp")
                || name.starts_with("only ")
                || ["namespace mount", "layer mounts", "layer namespaces"].contains(&name.as_str())
        });
        let (_alone, _shared);
        if opens {
            _alone = self.tmp.write().unwrap_or_else(PoisonError::into_inner);
        } else {
            _shared = self.tmp.read().unwrap_or_else(PoisonError::into_inner);
        }
        let seen = driver.run(&subject, self.identity)?;
        let run = answered(self.trial, &self.stage.scene.root, self.identity, &seen, self.control);
        Ok(run.answers.into_iter().map(|answer| (answer.id, answer)).collect())
    }
}

/// Whether so much is taken away that a perilous probe could come through.
fn is_deep(names: &[String]) -> bool {
    let walls = [Layer::Namespaces, Layer::Capabilities, Layer::Seccomp];
    let gone = |layer: &Layer| names.contains(&layer.whole()) || names.contains(&layer.name().to_owned());
    let of_seccomp = names.iter().any(|name| name.starts_with("seccomp "));
    let gone = walls.iter().filter(|layer| gone(layer)).count() + usize::from(of_seccomp);
    gone > 1 || names.iter().any(|name| name.starts_with("only "))
}

/// Does some work for each item, several at once; the results are in the order of the items.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    // One more than there are processors: an attempt that waits leaves its processor to another.
    let workers = std::thread::available_parallelism().map_or(2, usize::from) + 1;
    std::thread::scope(|scope| {
        for _ in 0..workers.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::{each, is_deep};

    #[test]
    fn work_shared_out_comes_back_in_order() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(each(&items, |item| item * 2), (0..200).step_by(2).collect::<Vec<_>>());
        assert_eq!(each(&[] as &[u32], |item| *item), Vec::<u32>::new());
    }

    #[test]
    fn perilous_probes_keep_two_walls() {
        let deep = |names: &[&str]| is_deep(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert!(!deep(&["capabilities"]) && !deep(&["layer seccomp"]) && !deep(&["layer landlock", "capabilities"]));
        assert!(deep(&["capabilities", "seccomp clock_settime"]) && deep(&["only landlock"]));
        assert!(deep(&["layer namespaces", "layer capabilities"]) && deep(&["seccomp vhangup", "layer namespaces"]));
    }
}
