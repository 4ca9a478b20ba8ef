//! `palisade seatbelt`: what a macOS sandbox profile would decide, simulated on any system.

use std::collections::BTreeMap;
use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::seatbelt::{LABEL, Loaded, MODEL, Outcome, Query, decide, explain, lint};
use policy::source::{Source, Sources};
use serde_json::json;

use super::sandbox::{complain, print, say};
use crate::cli::{Format, SeatbeltArgs, SeatbeltAsk, SeatbeltLint, SeatbeltProfile, SeatbeltTest, SeatbeltVerb};
use crate::exit;
use crate::seatbelt::answer::{Shown, Way, refused};
use crate::seatbelt::{cases, read};

/// Runs the verb.
pub(super) fn main(args: &SeatbeltArgs) -> u8 {
    match &args.verb {
        SeatbeltVerb::Check(args) => ask(args, false),
        SeatbeltVerb::Explain(args) => ask(args, true),
        SeatbeltVerb::Lint(args) => look(args),
        SeatbeltVerb::Test(args) => test(args),
    }
}

fn source(path: &Path) -> Result<Source, u8> {
    read::text(path).map_err(|found| {
        complain(&[found], &Sources::default());
        exit::USAGE
    })
}

fn parameters(args: &SeatbeltProfile) -> BTreeMap<String, String> {
    args.define.iter().cloned().collect()
}

/// Reads the profile that is named.
fn load(args: &SeatbeltProfile) -> Result<Loaded, u8> {
    let source = source(&args.profile)?;
    let loaded = read::profile(source, &parameters(args), &args.import_dir);
    if !loaded.warnings.is_empty() {
        complain(&loaded.warnings, &loaded.sources);
    }
    Ok(loaded)
}

fn ask(args: &SeatbeltAsk, way: bool) -> u8 {
    let (query, links) = match question(args) {
        Ok(asked) => asked,
        Err(why) => {
            say(why);
            return exit::USAGE;
        }
    };
    let loaded = match load(&args.profile) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let profile = match &loaded.profile {
        Ok(profile) => profile,
        Err(why) => {
            complain(std::slice::from_ref(&why.found), &loaded.sources);
            let word = refused(why.by);
            match args.format {
                Format::Json => print(&format!(
                    "{:#}\n",
                    json!({
                        "simulated": true, "label": LABEL, "model": MODEL, "decision": word,
                        "operation": query.operation.name(), "unknown": [why.found.message],
                    })
                )),
                Format::Text => print(&format!("{LABEL}\n\n{word}\n")),
            }
            return exit::USAGE;
        }
    };
    let verdict = decide(profile, &query, links.as_ref());
    let shown = Shown { profile, sources: &loaded.sources, query: &query, verdict: &verdict };
    let way = way.then(|| {
        let mut asked = query.clone();
        if let Some(resolved) = &verdict.resolved {
            asked.path = Some(resolved.path.clone());
        }
        let (_, steps, lost) = explain(profile, &asked);
        Way { steps, lost }
    });
    match args.format {
        Format::Json => print(&format!("{:#}\n", shown.json(way.as_ref()))),
        Format::Text => print(&shown.text(way.as_ref())),
    }
    if verdict.outcome == Outcome::Allow { exit::OK } else { exit::FINDINGS }
}

/// The question the arguments ask, and the links to be followed first.
fn question(args: &SeatbeltAsk) -> Result<(Query, Option<BTreeMap<String, String>>), String> {
    let mut query = Query::new(&args.operation)?;
    for word in &args.argument {
        match word.split_once('=') {
            Some((name, value)) if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => {
                query.tell(name, value)?;
            }
            _ => query.tell_main(word)?,
        }
    }
    let mut links = BTreeMap::new();
    for (link, target) in &args.link {
        if !link.starts_with('/') {
            return Err(format!("`--link {link}={target}`: the link is no absolute path"));
        }
        links.insert(link.trim_end_matches('/').to_owned(), target.clone());
    }
    Ok((query, (args.resolve || !links.is_empty()).then_some(links)))
}

fn look(args: &SeatbeltLint) -> u8 {
    let loaded = match load(&args.profile) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let (found, status): (Vec<Diagnostic>, u8) = match &loaded.profile {
        Ok(profile) => {
            let found = lint::lint(profile, &parameters(&args.profile));
            let status = if found.iter().any(lint::is_finding) { exit::FINDINGS } else { exit::OK };
            (found, status)
        }
        Err(why) => (vec![(*why.found).clone()], exit::USAGE),
    };
    match args.format {
        Format::Text => {
            print(&format!("{LABEL}\n\n"));
            print(&crate::render::diagnostics(&found, &loaded.sources, crate::render::Colour::of(&std::io::stdout())));
            if found.is_empty() {
                print("nothing found\n");
            }
        }
        Format::Json => {
            let findings: Vec<serde_json::Value> = found
                .iter()
                .map(|found| {
                    let place = found.labels.first().map(|label| loaded.sources.place(label.span));
                    json!({
                        "code": found.code, "severity": found.severity, "message": found.message, "help": found.help,
                        "file": place.as_ref().map(|place| &place.file), "line": place.as_ref().map(|place| place.line),
                        "column": place.as_ref().map(|place| place.column),
                    })
                })
                .collect();
            let word = loaded.profile.as_ref().map_or_else(|why| refused(why.by), |_| "read");
            print(&format!(
                "{:#}\n",
                json!({ "simulated": true, "label": LABEL, "model": MODEL, "profile": word, "findings": findings })
            ));
        }
    }
    status
}

fn test(args: &SeatbeltTest) -> u8 {
    let profile = match args.profile.as_deref().map(source).transpose() {
        Ok(profile) => profile,
        Err(status) => return status,
    };
    let parameters: BTreeMap<String, String> = args.define.iter().cloned().collect();
    let options = cases::Options {
        profile: profile.as_ref(),
        parameters: &parameters,
        imports: &args.import_dir,
        layout: args.layout,
    };
    let mut results = Vec::new();
    for path in &args.cases {
        let file = match source(path) {
            Ok(file) => file,
            Err(status) => return status,
        };
        match cases::run(&file, &options) {
            Ok(found) => results.extend(found.into_iter().map(|result| (file.name.clone(), result))),
            Err(wrong) => {
                let mut sources = Sources::default();
                sources.add(file);
                complain(&[*wrong], &sources);
                return exit::USAGE;
            }
        }
    }
    if results.is_empty() {
        say("there are no cases: a case is one JSON object on a line");
        return exit::USAGE;
    }
    let failed = results.iter().filter(|(_, result)| !result.passed).count();
    match args.format {
        Format::Json => {
            let cases: Vec<serde_json::Value> = results
                .iter()
                .map(|(file, result)| {
                    let mut case = json!(result);
                    if let Some(object) = case.as_object_mut() {
                        object.insert("file".into(), json!(file));
                    }
                    case
                })
                .collect();
            print(&format!(
                "{:#}\n",
                json!({
                    "simulated": true, "label": LABEL, "model": MODEL, "passed": results.len() - failed,
                    "failed": failed, "cases": cases,
                })
            ));
        }
        Format::Text => {
            let mut out = format!("{LABEL}\n\n");
            for (file, result) in results.iter().filter(|(_, result)| !result.passed) {
                out.push_str(&format!("FAILED {file}:{}: {}: {}\n", result.line, result.id, result.why));
                for problem in &result.problems {
                    out.push_str(&format!("  {problem}\n"));
                }
            }
            out.push_str(&format!("{} cases, {} passed, {failed} failed\n", results.len(), results.len() - failed));
            print(&out);
        }
    }
    if failed == 0 { exit::OK } else { exit::FINDINGS }
}
