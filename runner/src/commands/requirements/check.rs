//! `palisade requirements check`: what is wrong with files of requirements, as findings with codes.

use std::path::Path;

use policy::diagnostic::{Diagnostic, Severity};
use policy::requirements::failure::{CLASSES, app_server};
use policy::requirements::flags::{CommandLine, Surface};
use policy::requirements::lints::{LINTS, check, find, unreadable};
use policy::requirements::scene::{Document, Kind, Machine, Scene};
use policy::source::{Place, Sources};
use serde::Serialize;

use super::super::sandbox::{complain, print};
use crate::cli::{AnswerFormat, RequirementsCheckArgs};
use crate::codex_layers::read;
use crate::exit;
use crate::render::{self, Colour};

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    place: Option<Place>,
    help: Option<&'a str>,
}

/// Prints the findings; 0 without any that matter, 1 with an error or a warning, 2 for what cannot be read.
pub(super) fn run(args: &RequirementsCheckArgs) -> u8 {
    if args.list {
        let row = |lint: &policy::requirements::lints::Lint| format!("{:28}  {}\n", lint.code, lint.says);
        print(&LINTS.iter().map(row).collect::<String>());
        return exit::OK;
    }
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let mut sources = Sources::default();
    let mut documents: Vec<Document> = Vec::new();
    let mut wrong = Vec::new();
    for path in &args.files {
        match one(path, &mut sources) {
            Ok(document) if documents.iter().any(|other| other.kind == document.kind) => {
                wrong
                    .push(Diagnostic::error("usage", format!("`{}` is a second file of its kind", path.display())).help(
                    "check one machine's files at a time: one of requirements, one managed config, one `config.toml`",
                ));
            }
            Ok(document) => documents.push(document),
            Err(why) => wrong.push(why),
        }
    }
    if !wrong.is_empty() {
        complain(&wrong, &sources);
        return exit::USAGE;
    }
    let line = CommandLine::new(&mut sources, Surface::Interactive, &[]);
    let machine = Machine { home: "/home".into(), codex_home: "/home/.codex".into(), ..Machine::default() };
    let scene = Scene { sources, documents, machine, line, client: None };
    let mut found = check(&scene, args.codex_version);
    found.retain(|one| !args.allow.contains(&one.code));
    show(&found, &scene.sources, args.format);
    if found.iter().any(|one| one.severity == Severity::Error && unreadable(one)) {
        exit::USAGE
    } else if found.iter().any(|one| one.severity >= Severity::Warning) {
        exit::FINDINGS
    } else {
        exit::OK
    }
}

fn one(path: &Path, sources: &mut Sources) -> Result<Document, Diagnostic> {
    let kind = match path.file_name().and_then(|name| name.to_str()) {
        Some("managed_config.toml") => Kind::Managed,
        Some("config.toml") => Kind::System,
        _ => Kind::Requirements,
    };
    let text = read(path).map_err(|why| why.placed(sources))?.ok_or_else(|| {
        Diagnostic::error("read-missing", format!("`{}` does not exist", path.display())).help("name a file that does")
    })?;
    Ok(Document::new(sources, kind, &path.to_string_lossy(), "/etc/codex", text))
}

fn show(found: &[Diagnostic], sources: &Sources, format: AnswerFormat) {
    match format {
        AnswerFormat::Text => print(&render::diagnostics(found, sources, Colour::of(&std::io::stdout()))),
        AnswerFormat::Json => {
            let finding = |one: &'_ Diagnostic| one.labels.first().map(|label| sources.place(label.span));
            let findings: Vec<Finding<'_>> = found
                .iter()
                .map(|one| Finding {
                    code: &one.code,
                    severity: one.severity,
                    message: &one.message,
                    place: finding(one),
                    help: one.help.as_deref(),
                })
                .collect();
            let mut text = serde_json::to_string_pretty(&findings).unwrap_or_default();
            text.push('\n');
            print(&text);
        }
    }
}

fn explain(code: &str) -> u8 {
    if let Some(lint) = find(code) {
        let severity = format!("{:?}", lint.severity).to_lowercase();
        print(&format!("{} ({severity}): {}\n\n{}\n\n{}\n", lint.code, lint.says, lint.why, lint.instead));
        return exit::OK;
    }
    if let Some((class, cause)) = CLASSES.iter().find(|(class, _)| class.replace('_', "-") == code) {
        let server = app_server(class);
        print(&format!("{} (error): {cause}\n\nCodex does not start. {server}\n", class.replace('_', "-")));
        return exit::OK;
    }
    let known = LINTS.iter().map(|lint| lint.code);
    let near = policy::likeness::nearest(code, known);
    let wrong = Diagnostic::error("usage", format!("there is no code `{code}`"));
    let help = near.map_or_else(|| "`--list` shows every code".to_owned(), |near| format!("did you mean `{near}`?"));
    complain(&[wrong.help(help)], &Sources::default());
    exit::USAGE
}
