//! The one place where a decision is made: total, pure, the same for the tester and the runner.
//!
//! Two matchings. Strict, the default: a rule that prompts or forbids follows the program under every name it is known
//! by and the meaning of its options however they are spelled (`meaning`), an allowing rule applies only where the
//! program is certain and its words are there as written. Codex's own: exact heads first, and a fallback to the
//! last component that a matching exact head hides. Which names a program has is in `Request::identity`; nothing is
//! looked up here.

use smallvec::SmallVec;

use crate::decision::Decision;
use crate::index::{Hit, Hits};
use crate::meaning::{Found, Meant};
use crate::pattern::{Comparison, canonical};
use crate::program_text;
use crate::programs;
use crate::programs::reading::{Extent, Seen, Words};
use crate::request::{BasenameFallback, CodexMatching, Identity, Matching, Request, absolute, last_component};
use crate::ruleset::RuleSet;
use crate::tokens::Token;
use crate::verdict::{By, Reason, RuleId, Verdict};

/// The verdict on one command.
#[must_use]
pub fn judge(rules: &RuleSet, request: &Request<'_>) -> Verdict {
    let Some(word) = request.argv.first() else { return Verdict::new([Reason::Empty]) };
    let mut because: SmallVec<[Reason; 1]> = SmallVec::new();
    let opaque = match request.matching {
        Matching::Strict => {
            let names = names(rules, word, request.identity);
            let facts = Facts { word, names: &names, identity: request.identity };
            strict(rules, request.argv, facts, &mut because);
            program_text::opaque(request.argv, &names, &because)
        }
        Matching::Codex(codex) => {
            as_codex(rules, request, codex, word, &mut because);
            Vec::new()
        }
    };
    if because.is_empty() {
        because.push(Reason::NoRule { decision: request.default });
    }
    because.extend(opaque);
    Verdict::from_reasons(because)
}

/// All rules that match when the program is called `head`, in load order.
#[inline]
fn hits_under<'a, W: Words + ?Sized>(rules: &RuleSet, head: &'a str, words: &'a W, hits: &mut Hits) {
    let spelled = |at: usize| if at == 0 { Some(head) } else { words.whole(at) };
    rules.exact().walk(|at| rules.find(spelled(at)?), hits);
    if !rules.canonical().is_empty() {
        let mut known: SmallVec<[Option<Token>; 8]> = SmallVec::new();
        let walk = |at: usize| {
            while known.len() <= at {
                known.push(rules.find(&canonical(spelled(known.len())?)));
            }
            known.get(at).copied().flatten()
        };
        rules.canonical().walk(walk, hits);
    }
    hits.retain(|hit| rules.takes_length(hit.id, hit.matched, words.count()));
    hits.sort_unstable_by_key(|hit| hit.id);
}

/// Adds the rules that prompt or forbid and that the command falls under by its meaning only; the order stays.
/// Those it may fall under come back.
fn hits_by_meaning<W: Words + ?Sized>(rules: &RuleSet, head: &str, words: &W, hits: &mut Hits) -> SmallVec<[Meant; 4]> {
    let mut found = Found::default();
    rules.meant(head, words, &mut found);
    if !found.hits.is_empty() {
        let hit = |meant: &Meant| Hit { id: meant.rule, matched: meant.matched, by: By::Meaning };
        hits.extend(found.hits.iter().map(hit));
        hits.sort_unstable_by_key(|hit| (hit.id, hit.by, hit.matched));
        hits.dedup_by_key(|hit| hit.id);
    }
    found.possible
}

fn reason(hit: Hit, decision: Decision, program: Option<&str>) -> Reason {
    let program = program.map(str::to_owned);
    Reason::Rule { id: hit.id, decision, matched: hit.matched, program, by: hit.by }
}

/// What is known of a command's program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The first word.
    pub(crate) word: &'a str,
    /// Every name it is known by, from [`names`].
    pub(crate) names: &'a [&'a str],
    /// What else is known.
    pub(crate) identity: Option<&'a Identity>,
}

/// The reasons of the rules, strictly. Rules that a word which is not known may bring in come back.
pub(crate) fn strict<W: Words + ?Sized>(
    rules: &RuleSet,
    words: &W,
    facts: Facts<'_>,
    because: &mut SmallVec<[Reason; 1]>,
) -> Vec<RuleId> {
    let mut hits = Hits::new();
    let mut possible = Vec::new();
    // Without an option or a sign (`git push origin +main`) a command says what it says in one way only.
    let says_more = |seen: Seen<'_>| {
        seen.extent != Extent::Whole || matches!(seen.text.as_bytes().first(), Some(b'-' | b'+' | b':'))
    };
    let has_options = (1..words.count()).any(|at| words.at(at).is_some_and(says_more));
    for (at, name) in facts.names.iter().enumerate() {
        hits.clear();
        hits_under(rules, name, words, &mut hits);
        // Nothing is stricter than what its spelling already forbids.
        let decided = |hit: &Hit| rules.call_of(hit.id).is_some_and(|call| call.decision == Decision::Forbidden);
        if (has_options || programs::has_bare_options(name)) && !hits.iter().any(decided) {
            possible.extend(hits_by_meaning(rules, name, words, &mut hits).iter().map(|meant| meant.rule));
        }
        for hit in &hits {
            let Some(call) = rules.call_of(hit.id) else { continue };
            // A rule that was reached under an earlier name is not named twice.
            let known =
                at > 0 && because.iter().any(|reason| matches!(reason, Reason::Rule { id, .. } if *id == hit.id));
            let applies = call.decision > Decision::Allow
                || certain(rules, rules.head_of(hit.id), name, facts.word, facts.identity);
            if applies && !known {
                because.push(reason(*hit, call.decision, (at > 0).then_some(*name)));
            }
        }
    }
    possible
}

/// Every name the program is known by, the word as written first. Whole paths are left out where no rule's head is one.
pub(crate) fn names<'a>(rules: &'a RuleSet, word: &'a str, identity: Option<&'a Identity>) -> SmallVec<[&'a str; 6]> {
    let paths_too = rules.path_heads();
    let mut names: SmallVec<[&str; 6]> = SmallVec::new();
    names.push(word);
    let mut add = |name: &'a str| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let paths = identity.map(|known| [known.resolved.as_deref(), known.real.as_deref()]);
    for path in std::iter::once(word).chain(paths.into_iter().flatten().flatten()) {
        if paths_too {
            add(path);
        }
        // Most programs are what they are called; nothing is to be taken apart then.
        if path.strip_suffix(word).is_none_or(|folder| !folder.ends_with('/'))
            && let Some(name) = last_component(path)
        {
            add(name);
        }
    }
    for name in identity.into_iter().flat_map(|known| known.also.iter().chain(&known.proven)) {
        if paths_too || !name.contains('/') {
            add(name);
        }
    }
    if identity.is_some_and(|known| known.case_folds) {
        // Names come in folded form as well; a rule may be written in another.
        for head in rules.cased_heads() {
            let folded = canonical(head);
            if names.iter().any(|name| *name == folded) {
                names.push(head);
            }
        }
    }
    names
}

/// Whether an allowing rule for `head`, reached under `name`, may trust that `word` starts that very program.
fn certain(rules: &RuleSet, head: &str, name: &str, word: &str, identity: Option<&Identity>) -> bool {
    // A canonical rule that was reached under another spelling names another file.
    if head != name {
        return false;
    }
    if let Some(known) = identity.filter(|known| known.proven.iter().any(|proven| proven == head)) {
        let found = [known.resolved.as_ref(), known.real.as_ref()];
        return rules
            .host_executables()
            .get(head)
            .is_none_or(|gate| found.into_iter().flatten().any(|path| gate.paths.contains(path)));
    }
    if word.contains('/') {
        // A path with `..` may lead elsewhere through a link than its text says.
        let path = absolute(word, "/");
        if word != path || (head.contains('/') && head != word) {
            return false;
        }
        if head != word && identity.is_some_and(|known| known.changeable) {
            return false;
        }
        return head == word
            || match rules.host_executables().get(head) {
                Some(gate) => gate.paths.contains(&path),
                None => {
                    last_component(word) == Some(head)
                        && identity.is_some_and(|known| {
                            known.lookup.as_deref() == Some(&*path) && !known.through_relative_path
                        })
                }
            };
    }
    if head != word || identity.is_some_and(|known| known.through_relative_path || known.changeable) {
        return false;
    }
    match rules.host_executables().get(head) {
        None => true,
        Some(gate) => {
            identity.and_then(|known| known.resolved.as_ref()).is_some_and(|resolved| gate.paths.contains(resolved))
        }
    }
}

fn as_codex(
    rules: &RuleSet,
    request: &Request<'_>,
    codex: CodexMatching<'_>,
    word: &str,
    because: &mut SmallVec<[Reason; 1]>,
) {
    let mut hits = Hits::new();
    hits_under(rules, word, request.argv, &mut hits);
    let mut program = None;
    let mut key = word;
    let path;
    if hits.is_empty() && codex.basename_fallback == BasenameFallback::On {
        path = codex_path(word, codex);
        let Some(name) = last_component(&path) else { return };
        key = name;
        hits_under(rules, key, request.argv, &mut hits);
        let listed = |name: &str| rules.host_executables().get(name).is_none_or(|gate| gate.paths.contains(&path));
        hits.retain(|hit| {
            let canonically = rules.call_of(hit.id).is_some_and(|call| call.comparison == Comparison::Canonical);
            listed(key) && (!canonically || listed(rules.head_of(hit.id)))
        });
        program = Some(path.as_str());
    }
    // Heads spelled as in the command come first, then the other spellings.
    hits.sort_by_key(|hit| rules.head_of(hit.id) != key);
    for hit in hits {
        let Some(call) = rules.call_of(hit.id) else { continue };
        because.push(reason(hit, call.decision, program));
    }
}

/// The absolute path Codex takes a first word for: `~` and the working directory, by text alone.
pub(crate) fn codex_path(word: &str, codex: CodexMatching<'_>) -> String {
    let home = codex.home.filter(|home| !home.is_empty());
    match (word.strip_prefix('~'), home) {
        (Some(""), Some(home)) => absolute(home, codex.cwd),
        (Some(below), Some(home)) if below.starts_with('/') => {
            absolute(below.trim_start_matches('/'), &absolute(home, codex.cwd))
        }
        _ => absolute(word, codex.cwd),
    }
}

#[cfg(test)]
mod tests;
