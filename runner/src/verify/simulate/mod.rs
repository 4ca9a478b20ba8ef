//! `verify --backend seatbelt --simulate`: the probes as questions to the generated profile, decided here and run nowhere.
//!
//! Each trial's profile becomes SBPL as on macOS, for bait that is only named. What a probe would do is a row of [`asks`]; the
//! act works when everything it asks for is allowed. The same questions to a profile that allows everything stand for no
//! sandbox. What cannot be told is an error and never a pass, and every line that comes of it is marked ([`marked`]).

mod asks;
pub mod marked;
mod scenarios;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policy::profile::{Profile as Wish, Tree};
use policy::seatbelt::{Loaded, Outcome, Profile, Query, Settings, decide, load, resolve};
use policy::source::{Source, Sources};

use super::Trial;
use super::report::{Answer, Report, Run};
use crate::plan::dangerous;
use crate::probe::expect::{Wanted, Word};
use crate::probe::judge::{Held, Verdict};
use crate::probe::need::Facts;
use crate::probe::scene::place;
use crate::probe::{Class, Probe, catalogue};
use crate::seatbelt::generate::{Generated, Layout, from_profile, generate};
use crate::site::{Name, Object, Root, Site, State};
use asks::Asks;
use scenarios::{Ground, Row};

/// Part of every name that a probe would make outside of the bait.
const TOKEN: &str = "simulated";

/// What no sandbox would decide.
const OPEN: &str = "(version 1)\n(allow default)\n";

/// Decides every trial and reports. `parent` is where the bait would lie; nothing is made there.
///
/// # Errors
/// A profile that cannot be generated, or that the simulator does not read.
pub fn simulate(subject: &str, trials: &[Trial], parent: &Path, only: &[String], uid: u32) -> Result<Report, String> {
    let bait = Bait::below(parent, uid, Ground::Usual);
    let open = read("no sandbox", OPEN.to_owned(), &[])?;
    let mut runs = Vec::new();
    for trial in trials {
        let subject = match made(&trial.profile, &bait)? {
            Some(generated) => read("generated profile", generated.text, &generated.parameters)?,
            None => read("no sandbox", OPEN.to_owned(), &[])?,
        };
        let wanted = catalogue().filter(|probe| only.is_empty() || only.iter().any(|id| id == probe.id));
        let answers = wanted.map(|probe| answer(trial, &bait, &subject, &open, probe)).collect::<Result<_, _>>()?;
        runs.push(Run::new(&trial.name, None, answers));
    }
    Ok(Report::new(subject, uid, runs))
}

/// The SBPL that a profile becomes for the bait below `parent`; none where it confines nothing.
///
/// # Errors
/// Why it cannot be generated.
pub fn generated(profile: &Wish, parent: &Path, uid: u32) -> Result<Option<Generated>, String> {
    made(profile, &Bait::below(parent, uid, Ground::Usual))
}

fn made(profile: &Wish, bait: &Bait) -> Result<Option<Generated>, String> {
    if from_profile::is_bare(profile) {
        return Ok(None);
    }
    let wanted = from_profile::wanted(profile, &bait.site(profile))?;
    generate(&wanted, Layout::Hardened).map(Some)
}

/// A profile as it was read, with its text.
struct Read {
    profile: Profile,
    sources: Sources,
}

fn read(name: &str, text: String, parameters: &[(String, String)]) -> Result<Read, String> {
    let parameters: BTreeMap<String, String> = parameters.iter().cloned().collect();
    let source = Source { name: name.to_owned(), text };
    let Loaded { sources, profile, .. } = load(source, &Settings { parameters: &parameters, import: &|_| None });
    let profile = profile.map_err(|why| format!("the {name} cannot be simulated: {}", why.found.message))?;
    Ok(Read { profile, sources })
}

/// Where the bait would lie.
struct Bait {
    root: PathBuf,
    uid: u32,
    /// The symbolic links of the fixture.
    links: BTreeMap<String, String>,
    ground: Ground,
}

impl Bait {
    fn below(parent: &Path, uid: u32, ground: Ground) -> Self {
        let root = parent.canonicalize().unwrap_or_else(|_| parent.to_path_buf()).join("palisade-fixture");
        Self { root, uid, links: BTreeMap::new(), ground: Ground::Usual }.on(ground)
    }

    /// The same on another ground.
    fn on(&self, ground: Ground) -> Self {
        // Links are followed from physical paths.
        let real = physical(&self.root.to_string_lossy());
        let mut links = vec![("ws/link-to-file", "out/FW-25"), ("ws/link-to-directory", "out/directory")];
        if let Ground::Repository { link: true, to } = ground {
            links.push(("ws/.git", to.first().copied().unwrap_or("ws/nowhere")));
        }
        let links = links.into_iter().map(|(link, to)| (format!("{real}/{link}"), format!("{real}/{to}"))).collect();
        Self { root: self.root.clone(), uid: self.uid, links, ground }
    }

    /// A profile as its ground changes it.
    fn profile(&self, profile: &Wish) -> Wish {
        let mut profile = profile.clone();
        let tree = |place: &str| Tree::Path(self.at(place).to_string_lossy().into_owned());
        match self.ground {
            Ground::Usual | Ground::Workspace(_) | Ground::Tmpdir(_) | Ground::Repository { .. } => {}
            Ground::Inside { tree: around, .. } if profile.files.write.contains(&Tree::Workspace) => {
                profile.files.write.push(tree(around));
            }
            Ground::Inside { .. } => {}
            Ground::Hidden(places) => profile.files.deny_read.extend(places.iter().map(|place| tree(place))),
            Ground::Reads => profile.files.read = vec![Tree::Minimal, Tree::Workspace],
            Ground::WritesEverything => {
                profile.files.write = vec![Tree::Root];
                profile.files.accept_dangerous.push(Tree::Root);
                profile.network = policy::profile::Network::Off;
            }
            Ground::Proxy(port) => {
                profile.network = policy::profile::Network::Off;
                profile.macos.proxy_ports = vec![port];
            }
        }
        profile
    }

    fn at(&self, template: &str) -> PathBuf {
        place(&self.root, TOKEN, self.uid, template)
    }

    /// What the fixture of a real verification has on disk, where the words of a profile point.
    fn site(&self, profile: &Wish) -> Site {
        let workspace = self.at(match self.ground {
            Ground::Workspace(place) | Ground::Inside { workspace: place, .. } => place,
            _ => "ws",
        });
        let tmpdir = match self.ground {
            Ground::Tmpdir(place) => place.map(|place| self.at(place)),
            _ => Some(self.at("tmp")),
        };
        let locate = |tree: &Tree| match tree {
            Tree::Root => Some(PathBuf::from("/")),
            Tree::Minimal => None,
            Tree::Workspace => Some(workspace.clone()),
            Tree::Tmpdir => tmpdir.clone(),
            Tree::Home(rest) => Some(self.at("home").join(rest)),
            Tree::Path(path) => Some(PathBuf::from(path)),
        };
        let name = |path: PathBuf| {
            let there = [self.at("ws/.git"), self.at("ws/nested/.git"), self.at("ws/.codex")].contains(&path);
            let link = matches!(self.ground, Ground::Repository { link: true, to: [] }) && path == self.at("ws/.git");
            let state = match (link, there) {
                (true, _) => State::Link,
                (false, true) => State::Directory,
                (false, false) => State::Missing,
            };
            Name { path, state }
        };
        let mut writable: Vec<Root> = Vec::new();
        for tree in &profile.files.write {
            let Some(path) = locate(tree) else { continue };
            let mut names: Vec<Name> = profile.files.protect.iter().map(|own| name(path.join(own))).collect();
            if path == Path::new("/") {
                names.clear();
            }
            let git = profile.files.protect.iter().any(|own| own == ".git");
            if *tree == Tree::Workspace && git && profile.files.nested_repositories > 0 {
                names.push(name(self.at("ws/nested/.git")));
            }
            if let (Tree::Workspace, true, Ground::Repository { to, .. }) = (tree, git, self.ground) {
                names.extend(to.iter().map(|place| Name { path: self.at(place), state: State::Directory }));
            }
            let object = Object { path, device: 0, inode: 0 };
            let (mounted_read_only, writable_mounts_below) = (false, Vec::new());
            writable.push(Root { tree: tree.clone(), object, mounted_read_only, writable_mounts_below, names });
        }
        Site {
            workspace,
            home: Some(self.at("home")),
            writable,
            readable: Vec::new(),
            denied: Vec::new(),
            revealing: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A question from its row, with places filled in.
    fn question(&self, ask: &str) -> Result<Query, String> {
        let mut words = ask.split(' ');
        let mut query = Query::new(words.next().unwrap_or_default())?;
        for word in words {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is no fact"))?;
            let value = match (name, value.strip_prefix("unix:")) {
                // The kernel names a socket by its physical path, and asks about no link on the way.
                (_, Some(socket)) => format!("unix:{}", physical(&self.at(socket).to_string_lossy())),
                ("path", None) => self.at(value).to_string_lossy().into_owned(),
                (_, None) => value.replace("{token}", TOKEN),
            };
            query.tell(name, &value)?;
        }
        Ok(query)
    }
}

fn physical(path: &str) -> String {
    resolve(path, &BTreeMap::new()).map_or_else(|_| path.to_owned(), |resolved| resolved.path)
}

/// What an act comes to, and how.
struct Told {
    outcome: Outcome,
    words: String,
}

fn decided(bait: &Bait, read: &Read, asks: Asks) -> Result<Told, String> {
    let (questions, any) = match asks {
        Asks::All(questions) => (questions, false),
        Asks::Any(questions) => (questions, true),
    };
    // The first that settles it; else the last.
    let settles = if any { Outcome::Allow } else { Outcome::Deny };
    let mut told = Told { outcome: Outcome::Unknown, words: "nothing is asked".to_owned() };
    let mut unknown = None;
    for ask in questions {
        let query = bait.question(ask)?;
        let verdict = decide(&read.profile, &query, Some(&bait.links));
        told = Told { outcome: verdict.outcome, words: words(read, ask, &verdict) };
        if told.outcome == settles {
            return Ok(told);
        }
        if told.outcome == Outcome::Unknown {
            unknown = Some(Told { ..told });
            told = Told { outcome: Outcome::Unknown, words: String::new() };
        }
    }
    Ok(unknown.unwrap_or(told))
}

fn words(read: &Read, ask: &str, verdict: &policy::seatbelt::Verdict) -> String {
    let ask = ask.split(" vnode-type=").next().unwrap_or(ask);
    let word = match verdict.outcome {
        Outcome::Allow => "allowed",
        Outcome::Deny => "denied",
        Outcome::Unknown => return format!("`{ask}` cannot be told: {} is not known", verdict.missing.join(", ")),
    };
    let decided = verdict.decided;
    let rule = decided.and_then(|decided| decided.rule).and_then(|rule| read.profile.rule(rule));
    let by = match rule {
        Some(rule) => format!("rule {} at {}", rule.number, read.sources.place(rule.span)),
        None => "no rule".to_owned(),
    };
    let clause = decided.map_or("", |decided| decided.clause.sentence());
    format!("`{ask}` is {word} by {by}: {clause} (confidence {})", verdict.confidence())
}

fn answer(trial: &Trial, bait: &Bait, subject: &Read, open: &Read, probe: &'static Probe) -> Result<Answer, String> {
    let owed = Facts::new(&trial.profile, &bait.root).owes(probe.need, &probe.expect, bait.uid == 0);
    // Whatever Linux says a refusal with, Seatbelt says it with EPERM.
    let wanted = Wanted { errnos: &[], ..owed.wanted };
    let mut answer = Answer { layer: "seatbelt", because: owed.because, ..super::unanswered(probe, wanted) };
    let told = match probe.class {
        Class::Scenarios => match scenarios::of(probe.id) {
            Some(row) => played(trial, bait, open, wanted.word, row)?,
            None => return Ok(not_asked(answer, scenarios::why_not(probe.id))),
        },
        _ => match asks::of(probe.id) {
            Some(asks) => {
                let (inside, without) = (decided(bait, subject, asks)?, decided(bait, open, asks)?);
                let result = judged(wanted.word, trial.held, inside.outcome, without.outcome);
                (result, inside, without)
            }
            None => return Ok(not_asked(answer, asks::why_not(probe.id))),
        },
    };
    let (result, inside, without) = told;
    answer.result = result;
    answer.worked = inside.outcome == Outcome::Allow;
    answer.worked_without = Some(without.outcome == Outcome::Allow);
    answer.happened = inside.words;
    answer.without_sandbox = without.words;
    Ok(answer)
}

fn not_asked(mut answer: Answer, why: &str) -> Answer {
    answer.result = Verdict::NotApplicable;
    answer.happened = format!("not asked on macOS: {why}");
    answer.without_sandbox = "not asked".to_owned();
    answer
}

/// A scenario on each of its grounds: what came of it where it came out worst.
fn played(trial: &Trial, bait: &Bait, open: &Read, word: Word, row: &Row) -> Result<(Verdict, Told, Told), String> {
    let mut worst: Option<(Verdict, Told, Told)> = None;
    for ground in row.grounds {
        let bait = bait.on(*ground);
        let without = decided(&bait, open, row.asks)?;
        let inside = match started(trial, &bait) {
            Start::Bare => decided(&bait, open, row.asks)?,
            Start::Refused(why) => Told { outcome: Outcome::Deny, words: format!("nothing is started: {why}") },
            Start::Under(generated) => {
                let subject = read("generated profile", generated.text, &generated.parameters)?;
                decided(&bait, &subject, row.asks)?
            }
        };
        let told = (judged(word, trial.held, inside.outcome, without.outcome), inside, without);
        if worst.as_ref().is_none_or(|known| badness(told.0) > badness(known.0)) {
            worst = Some(told);
        }
    }
    worst.ok_or_else(|| format!("{} has no ground", row.id))
}

/// What becomes of a run on a ground of its own.
enum Start {
    /// Nothing confines it.
    Bare,
    /// palisade does not start it.
    Refused(String),
    /// It runs under this profile.
    Under(Generated),
}

fn started(trial: &Trial, bait: &Bait) -> Start {
    let profile = bait.profile(&trial.profile);
    if trial.held == Held::Bare {
        return Start::Bare;
    }
    // On the ground of the probes a profile is taken as it is; here the question is what the runner makes of the ground.
    if bait.ground != Ground::Usual
        && let Some(found) = dangerous(&profile, &bait.site(&profile)).into_iter().next()
    {
        return Start::Refused(found.message);
    }
    match made(&profile, bait) {
        Ok(Some(generated)) => Start::Under(generated),
        Ok(None) => Start::Bare,
        Err(why) => Start::Refused(why),
    }
}

/// Which of two results says more against a sandbox.
const fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Error => 6,
        Verdict::Fail => 5,
        Verdict::Weak => 4,
        Verdict::Skip => 3,
        Verdict::Pass => 1,
        _ => 2,
    }
}

/// Holds what was decided against what is owed.
fn judged(word: Word, held: Held, inside: Outcome, without: Outcome) -> Verdict {
    match (word, inside) {
        (_, Outcome::Unknown) => Verdict::Error,
        (Word::MustWork, Outcome::Allow) => Verdict::Pass,
        (Word::MustWork, Outcome::Deny) => Verdict::Fail,
        _ if held == Held::Bare => Verdict::Noted,
        (Word::Informative | Word::MayWork, _) => Verdict::Noted,
        (Word::MustRefuse, Outcome::Allow) => Verdict::Fail,
        (Word::ShouldRefuse, Outcome::Allow) => Verdict::Weak,
        (Word::MustRefuse | Word::ShouldRefuse, Outcome::Deny) if without == Outcome::Deny => Verdict::NotApplicable,
        (Word::MustRefuse | Word::ShouldRefuse, Outcome::Deny) => Verdict::Pass,
    }
}

#[cfg(test)]
mod tests;
