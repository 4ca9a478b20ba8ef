//! Who refused: the layer that answered, and how many would each have done so alone.
//!
//! For palisade's own sandboxes this is measured: every probe again with each layer alone, and with each layer missing.
//! For others it is a guess from the errno, and called one. What the host refuses by itself is nobody's merit.
//!
//! What looks odd and is right: Landlock and the filter come with `no_new_privs`, so each alone refuses CP-01. `mm_access` lets
//! CAP_PERFMON read without asking Landlock, so for uid 0 dropping capabilities refuses FR-07 and Landlock does not; for an
//! ordinary user it is the other way round. DV rows open for reading, which Landlock permits everywhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ablate::{Answers, Bench, each};
use super::report::{Answer, Report};
use super::{Setting, Trial};
use crate::ablation::Layer;
use crate::probe::Class;
use crate::probe::drive::{Driver, NotRun};
use crate::probe::judge::Verdict;
use crate::probe::subject::{Identity, Subject};

/// Who refused an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// The layers that answer first, as far as can be told; several where they answer alike.
    pub refused_by: Vec<&'static str>,
    /// The layers of which each alone refuses; null where that was not measured.
    pub alone: Option<Vec<&'static str>>,
    /// The layers without which it works.
    pub needed: Vec<&'static str>,
    /// How many layers each refuse alone; at least one where it is refused at all. Null where that was not measured.
    pub depth: Option<usize>,
    /// Whether it is only concluded from the errno.
    pub guess: bool,
}

impl std::fmt::Display for Attribution {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |layers: &[&str]| if layers.is_empty() { "none".to_owned() } else { layers.join(", ") };
        write!(out, "{}", list(&self.refused_by))?;
        if self.guess {
            return out.write_str(" (a guess from the errno)");
        }
        write!(out, "; depth {}", self.depth.unwrap_or(0))?;
        write!(out, ", alone {}", list(self.alone.as_deref().unwrap_or_default()))?;
        if self.needed.is_empty() { Ok(()) } else { write!(out, "; works without {}", list(&self.needed)) }
    }
}

/// Adds to a report of palisade's own sandboxes who refused what, by taking layers away.
///
/// # Errors
/// When the bait cannot be laid out, or a subject does not start whole.
pub fn measured(
    report: &mut Report,
    trials: &[Trial],
    setting: &Setting,
    done: &(dyn Fn() + Sync),
) -> Result<(), NotRun> {
    let driver = Driver {
        parent: setting.parent.clone(),
        palisade: setting.palisade.clone(),
        only: setting.only.clone(),
        heard: None,
    };
    let identity = Identity::own();
    let control = driver.run(&Subject::bypass(), identity)?;
    for (run, trial) in report.runs.iter_mut().zip(trials) {
        let bench = Bench::new(&driver, trial, &control, identity)?;
        let mut layers: Vec<Layer> = bench.parts()?.into_iter().map(|part| part.layer).collect();
        layers.push(Layer::Namespaces);
        layers.sort_unstable();
        layers.dedup();
        let names = layers.iter().flat_map(|layer| [format!("only {layer}"), layer.whole()]).collect::<Vec<_>>();
        let answers = each(&names, |name| {
            let answers = bench.answers(std::slice::from_ref(name), &[]);
            done();
            answers
        });
        let mut found: BTreeMap<Layer, (Option<Answers>, Option<Answers>)> = BTreeMap::new();
        for (layer, pair) in layers.iter().zip(answers.chunks(2)) {
            let [alone, missing] = pair else { continue };
            let known = |answers: &Result<Answers, NotRun>| answers.as_ref().ok().cloned();
            found.insert(*layer, (known(alone), known(missing)));
        }
        for answer in run.answers.iter_mut().filter(|answer| is_refused(answer)) {
            answer.attribution = Some(measure(answer, &found));
        }
    }
    Ok(())
}

/// Adds guesses to a report of somebody else's sandbox.
pub fn guessed(report: &mut Report) {
    for run in &mut report.runs {
        for answer in run.answers.iter_mut().filter(|answer| is_refused(answer)) {
            answer.attribution = Some(guess(answer));
        }
    }
}

/// What a sandbox refused: nothing else is anybody's merit.
fn is_refused(answer: &Answer) -> bool {
    !answer.worked && matches!(answer.result, Verdict::Pass | Verdict::Unproven)
}

type Found = BTreeMap<Layer, (Option<Answers>, Option<Answers>)>;

fn measure(answer: &Answer, found: &Found) -> Attribution {
    // What was asked and did not work is refused.
    let refused = |answers: &Option<Answers>| {
        let other = answers.as_ref()?.get(answer.id)?;
        let asked = !matches!(other.result, Verdict::Skip | Verdict::Error);
        asked.then_some((!other.worked && other.worked_without != Some(false), other.happened.clone()))
    };
    let base = found.get(&Layer::Namespaces).and_then(|(alone, _)| refused(alone)).is_some_and(|(refused, _)| refused);
    let mut alone = Vec::new();
    let mut alike = Vec::new();
    let mut needed = Vec::new();
    for (layer, (only, missing)) in found {
        // A layer that stands on the user namespace is given credit for what that does not refuse by itself.
        if let Some((true, happened)) = refused(only)
            && !(base && layer.needs_namespaces())
        {
            alone.push(layer.name());
            if happened == answer.happened {
                alike.push(layer.name());
            }
        }
        if let Some((false, _)) = refused(missing)
            && missing.as_ref().and_then(|answers| answers.get(answer.id)).is_some_and(|other| other.worked)
        {
            needed.push(layer.name());
        }
    }
    let refused_by = match (alike.is_empty(), needed.is_empty()) {
        (false, _) => alike,
        (true, false) => needed.clone(),
        // Several that only together stand in the way, and none that does alone.
        (true, true) => alone.clone(),
    };
    Attribution { refused_by, depth: Some(alone.len()), alone: Some(alone), needed, guess: false }
}

/// From the errno alone, in the order in which layers answer: a filter before anything, a mount before Landlock.
fn guess(answer: &Answer) -> Attribution {
    let happened = answer.happened.as_str();
    let says = |errno: &str| happened.contains(errno);
    let files = matches!(answer.class, Class::FilesWrite | Class::FilesRead | Class::Protected | Class::KernelFiles);
    let refused_by: &[&'static str] = if says("SIGSYS") {
        &["seccomp"]
    } else if says("EROFS") || says("EBUSY") {
        &["mounts"]
    } else if says("EXDEV") {
        &["mounts", "landlock"]
    } else if files && says("EACCES") {
        &["landlock", "mounts"]
    } else if says("ESRCH") || answer.class == Class::Processes && says("ENOENT") {
        &["processes"]
    } else if says("ECONNREFUSED") || says("ENETUNREACH") {
        &["network"]
    } else if says("ENXIO") || says("ENOTTY") {
        &["session"]
    } else if says("EBADF") {
        &["descriptors"]
    } else if answer.class == Class::Devices && says("ENOENT") {
        &["mounts"]
    } else if answer.class == Class::Network && (says("EPERM") || says("ENOSYS")) {
        &["seccomp"]
    } else if answer.class == Class::Processes && says("EPERM") {
        &["landlock", "seccomp"]
    } else if answer.class == Class::Namespaces && says("EINVAL") {
        &["mounts"]
    } else if answer.class == Class::Privilege && says("EPERM") {
        &["capabilities", "no-new-privileges"]
    } else if says("ENOSYS") {
        &["seccomp"]
    } else if says("ENOKEY") {
        &["keyring"]
    } else if says("EPERM") {
        &["capabilities", "seccomp"]
    } else {
        &[]
    };
    Attribution { refused_by: refused_by.to_vec(), alone: None, needed: Vec::new(), depth: None, guess: true }
}
