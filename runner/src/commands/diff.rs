//! `palisade diff`: which commands get another verdict from a changed policy.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::diff::{Change, Difference, Entry, Extent, Position, Prefix, Settings, Side, TooMany, Way, World, diff};
use policy::load::{Banned, File, Language};
use policy::source::{Place, Sources};
use policy::verdict::RuleId;
use serde::Serialize;

use super::sandbox::{complain, print};
use crate::cli::{Compat, DiffArgs, FailOnChange, ReportFormat};
use crate::files::{self, Rules};
use crate::report::{Item, Kind, Outcome, Page};
use crate::verdict_text::shell_words;
use crate::{exit, packs, report, revision};

/// Compares the two policies and prints what differs.
pub(super) fn main(args: &DiffArgs) -> u8 {
    let banned = if args.compat == Compat::Codex { Banned::Ignore } else { super::banned(args.accept_banned) };
    let load = |name: &OsStr| {
        let texts = match texts(name) {
            Ok(texts) => texts,
            Err(wrong) => {
                complain(&[wrong], &Sources::default());
                return None;
            }
        };
        match files::load_files(texts, Language::Extended, banned) {
            Ok(rules) => {
                complain(&rules.warnings, &rules.sources);
                Some(rules)
            }
            Err(refusal) => {
                complain(&refusal.diagnostics, &refusal.sources);
                None
            }
        }
    };
    let (Some(old), Some(new)) = (load(&args.old), load(&args.new)) else { return exit::USAGE };
    let world = match args.compat {
        Compat::Strict => World::Strict,
        Compat::Codex => World::Codex,
    };
    let difference = match diff(&old.set, &new.set, Settings { world, default: args.default }) {
        Ok(difference) => difference,
        Err(TooMany { places }) => {
            let message =
                format!("the policies differ in more than {places} places, and the answer would not be whole");
            let help = "rules with many overlapping alternatives multiply; write them as fewer, or compare in parts";
            complain(&[Diagnostic::error("too-many-rules", message).help(help)], &Sources::default());
            return exit::USAGE;
        }
    };
    print(&match args.format {
        ReportFormat::Text => text(&difference, args, &old, &new),
        ReportFormat::Json => json(&difference, args, &old, &new),
        ReportFormat::Ci(format) => report::written(&page(&difference, args, &old, &new), format),
    });
    let fails = [Way::Looser, Way::Stricter].into_iter().any(|way| fails(args, way) && difference.goes(way));
    if fails { exit::FINDINGS } else { exit::OK }
}

/// Whether a change this way is to fail.
fn fails(args: &DiffArgs, way: Way) -> bool {
    match args.fail_on {
        FailOnChange::Looser => way == Way::Looser,
        FailOnChange::Stricter => way == Way::Stricter,
        FailOnChange::Any => true,
        FailOnChange::Never => false,
    }
}

/// The rule files that a name on the command line stands for.
pub(super) fn texts(name: &OsStr) -> Result<Vec<File>, Diagnostic> {
    match name.to_str() {
        Some(text) if revision::is_one(name) => match text.strip_prefix("pack:") {
            Some(pack) => packs::find(pack).map(|file| vec![file]),
            None => revision::texts(text),
        },
        _ => files::texts(Path::new(name)),
    }
}

/// The word for the whole.
fn result(difference: &Difference) -> &'static str {
    match (difference.goes(Way::Looser), difference.goes(Way::Stricter)) {
        (false, false) => "equal",
        (true, false) => "looser",
        (false, true) => "stricter",
        (true, true) => "looser and stricter",
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::Looser => "looser",
        Way::Stricter => "stricter",
    }
}

fn place(rules: &Rules, id: RuleId) -> Option<Place> {
    rules.set.rule(id).and_then(|rule| rule.at()).map(|at| rules.sources.place(at))
}

// -------------------------------------------------------------------------------------------------------- for people

fn text(difference: &Difference, args: &DiffArgs, old: &Rules, new: &Rules) -> String {
    let mut out = format!("{}\n", result(difference));
    if difference.is_equal() {
        let _ = writeln!(
            out,
            "  proven: no command, script or connection gets another decision ({} rules against {}, default {})",
            old.set.len(),
            new.set.len(),
            args.default
        );
        return out;
    }
    for side in [Way::Looser, Way::Stricter] {
        for entry in difference.entries.iter().filter(|entry| entry.way == side) {
            group(&mut out, entry, old, new);
        }
        for gate in difference.gates.iter().filter(|gate| gate.ways.contains(&side)) {
            let places = |places: &Option<Vec<String>>| match places {
                None => "anywhere".to_owned(),
                Some(paths) if paths.is_empty() => "nowhere".to_owned(),
                Some(paths) => paths.join(", "),
            };
            let _ = writeln!(out, "\n{}  where `{}` may live", way(side), gate.name);
            let _ = writeln!(out, "  old: {}\n  new: {}", places(&gate.old), places(&gate.new));
        }
        for connection in difference.connections.iter().filter(|connection| connection.way == side) {
            let said = |decision: Option<Decision>| decision.map_or("no rule", Decision::as_str);
            let _ = writeln!(
                out,
                "\n{}  connections to {} by {}: {} -> {}",
                way(side),
                connection.host,
                connection.protocol.as_str(),
                said(connection.old),
                said(connection.new)
            );
        }
        for unproven in difference.unproven.iter().filter(|unproven| unproven.way == side) {
            let (rules, name) = if side == Way::Looser { (old, "old") } else { (new, "new") };
            let _ = writeln!(
                out,
                "\n{}  perhaps, in other spellings: no rule of the other policy is shown to restrict as much\n  {name}: {}",
                way(side),
                deciding(rules, Some(unproven.rule))
            );
        }
    }
    let count = |side: Way| difference.entries.iter().filter(|entry| entry.way == side).count();
    let _ = writeln!(
        out,
        "\n{} looser and {} stricter groups of commands ({} rules against {}, default {})",
        count(Way::Looser),
        count(Way::Stricter),
        old.set.len(),
        new.set.len(),
        args.default
    );
    out
}

fn group(out: &mut String, entry: &Entry, old: &Rules, new: &Rules) {
    let change = match entry.change {
        Change::Decision => format!("{} -> {}", entry.old.decision, entry.new.decision),
        Change::Beyond => {
            format!("beyond its own decision ({}): with options that do more, or inside wrappers", entry.old.decision)
        }
    };
    let _ = writeln!(out, "\n{}  {change}", way(entry.way));
    let _ = writeln!(out, "  {}", prefix(&entry.prefix));
    for except in &entry.except {
        let _ = writeln!(out, "    but not {}", prefix(except));
    }
    let _ = writeln!(out, "  witness: {}", shell_words(&entry.witness));
    let _ = writeln!(out, "  old: {}", deciding(old, entry.old.rule));
    let _ = writeln!(out, "  new: {}", deciding(new, entry.new.rule));
}

/// A prefix as people read it: `git [push|pull] …`.
fn prefix(prefix: &Prefix) -> String {
    let mut words: Vec<String> = prefix.positions.iter().map(position).collect();
    match prefix.extent {
        Extent::AtLeast => words.push("…".into()),
        Extent::Exactly => words.push("and nothing more".into()),
        Extent::Longer => words.push("and at least one word more".into()),
    }
    words.join(" ")
}

fn position(position: &Position) -> String {
    let one = |word: &String| shell_words(std::slice::from_ref(word));
    let mut words: Vec<String> = position.words.iter().map(one).collect();
    words.extend(position.any_case.iter().map(|folded| {
        let except: Vec<String> = folded.except.iter().map(one).collect();
        let except = if except.is_empty() { String::new() } else { format!(" but {}", except.join(", ")) };
        format!("({} in any case{except})", one(&folded.like))
    }));
    match words.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join("|")),
    }
}

fn deciding(rules: &Rules, id: Option<RuleId>) -> String {
    let Some(id) = id else { return "no rule; the default".into() };
    let Some(rule) = rules.set.rule(id) else { return "a rule without a place".into() };
    let place = place(rules, id).map_or_else(|| "a rule without a place".to_owned(), |place| place.to_string());
    let why = rule.justification().map(|why| format!("  ({})", why.trim())).unwrap_or_default();
    format!("{place}  {}{why}", rule.decision())
}

// ------------------------------------------------------------------------------------------------------ for machines

/// `--format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// `equal`, `looser`, `stricter`, or `looser and stricter`.
    result: &'static str,
    /// Whether it is proven that no command, script or connection gets another decision.
    equal: bool,
    /// What a command gets that no rule matches.
    default: Decision,
    /// How many rules each side has.
    rules: Sizes,
    /// Every command whose verdict changes is in one of these.
    groups: Vec<GroupAnswer<'a>>,
    /// Programs that may live elsewhere.
    places: Vec<PlaceAnswer<'a>>,
    /// Connections that are decided otherwise.
    connections: Vec<ConnectionAnswer<'a>>,
    /// Rules without a counterpart that is shown to restrict as much.
    unproven: Vec<UnprovenAnswer>,
}

#[derive(Debug, Serialize)]
struct Sizes {
    old: usize,
    new: usize,
}

#[derive(Debug, Serialize)]
struct GroupAnswer<'a> {
    /// `looser` or `stricter`.
    way: &'static str,
    /// `decision`, or `beyond` where only options that do more, or wrappers, tell the policies apart.
    change: &'static str,
    /// The commands: those that begin so,
    prefix: &'a Prefix,
    /// and not so.
    except: &'a [Prefix],
    /// One of them.
    witness: &'a [String],
    old: SideAnswer,
    new: SideAnswer,
}

#[derive(Debug, Serialize)]
struct SideAnswer {
    decision: Decision,
    /// The rule that decides about the witness; absent where none matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Place>,
}

#[derive(Debug, Serialize)]
struct PlaceAnswer<'a> {
    program: &'a str,
    ways: Vec<&'static str>,
    /// Null where any place will do.
    old: &'a Option<Vec<String>>,
    new: &'a Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct ConnectionAnswer<'a> {
    way: &'static str,
    host: &'a str,
    protocol: &'static str,
    old: Option<Decision>,
    new: Option<Decision>,
}

#[derive(Debug, Serialize)]
struct UnprovenAnswer {
    way: &'static str,
    /// Of the old policy where the way is looser, else of the new one.
    rule: Option<Place>,
}

fn json(difference: &Difference, args: &DiffArgs, old: &Rules, new: &Rules) -> String {
    let side = |side: &Side, rules: &Rules| SideAnswer {
        decision: side.decision,
        rule: side.rule.and_then(|id| place(rules, id)),
    };
    let answer = Answer {
        result: result(difference),
        equal: difference.is_equal(),
        default: args.default,
        rules: Sizes { old: old.set.len(), new: new.set.len() },
        groups: difference
            .entries
            .iter()
            .map(|entry| GroupAnswer {
                way: way(entry.way),
                change: match entry.change {
                    Change::Decision => "decision",
                    Change::Beyond => "beyond",
                },
                prefix: &entry.prefix,
                except: &entry.except,
                witness: &entry.witness,
                old: side(&entry.old, old),
                new: side(&entry.new, new),
            })
            .collect(),
        places: difference
            .gates
            .iter()
            .map(|gate| PlaceAnswer {
                program: &gate.name,
                ways: gate.ways.iter().map(|side| way(*side)).collect(),
                old: &gate.old,
                new: &gate.new,
            })
            .collect(),
        connections: difference
            .connections
            .iter()
            .map(|connection| ConnectionAnswer {
                way: way(connection.way),
                host: &connection.host,
                protocol: connection.protocol.as_str(),
                old: connection.old,
                new: connection.new,
            })
            .collect(),
        unproven: difference
            .unproven
            .iter()
            .map(|unproven| UnprovenAnswer {
                way: way(unproven.way),
                rule: place(if unproven.way == Way::Looser { old } else { new }, unproven.rule),
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    text
}

/// One item a change, and one that passes where nothing changes.
fn page(difference: &Difference, args: &DiffArgs, old: &Rules, new: &Rules) -> Page {
    let item = |side: Way, name: String, details: Vec<String>, place: Option<Place>| {
        let outcome = if fails(args, side) { Outcome::Fail } else { Outcome::Warning };
        let message = format!("{}: {name}", way(side));
        Item { code: Some(way(side).to_owned()), details, place, ..Item::told(name, outcome, message) }
    };
    let mut items: Vec<Item> = Vec::new();
    for entry in &difference.entries {
        let change = match entry.change {
            Change::Decision => format!("{} -> {}", entry.old.decision, entry.new.decision),
            Change::Beyond => "beyond its own decision".to_owned(),
        };
        let except = entry.except.iter().map(|except| format!("but not {}", prefix(except)));
        let sides = [
            format!("witness: {}", shell_words(&entry.witness)),
            format!("old: {}", deciding(old, entry.old.rule)),
            format!("new: {}", deciding(new, entry.new.rule)),
        ];
        // What is new is what a reviewer looks at.
        let place = entry.new.rule.and_then(|id| place(new, id)).or_else(|| place(old, entry.old.rule?));
        items.push(item(
            entry.way,
            format!("{} ({change})", prefix(&entry.prefix)),
            except.chain(sides).collect(),
            place,
        ));
    }
    for gate in &difference.gates {
        for side in &gate.ways {
            items.push(item(*side, format!("where `{}` may live", gate.name), Vec::new(), None));
        }
    }
    for connection in &difference.connections {
        let name = format!("connections to {} by {}", connection.host, connection.protocol.as_str());
        items.push(item(connection.way, name, Vec::new(), None));
    }
    for unproven in &difference.unproven {
        let rules = if unproven.way == Way::Looser { old } else { new };
        let place = place(rules, unproven.rule);
        items.push(item(unproven.way, "perhaps, in other spellings of a rule".to_owned(), Vec::new(), place));
    }
    if items.is_empty() {
        items.push(Item::passed("equal".into()));
    }
    let kind = |side: Way, meaning: &str| Kind {
        code: way(side).to_owned(),
        meaning: meaning.to_owned(),
        explain: meaning.to_owned(),
    };
    let kinds = vec![
        kind(Way::Looser, "the new policy is milder about these commands"),
        kind(Way::Stricter, "the new policy is stricter about these commands"),
    ];
    Page { verb: "diff", items, kinds, summary: String::new() }
}
