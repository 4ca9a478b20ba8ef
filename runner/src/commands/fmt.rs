//! `palisade fmt`: rule files in one layout.

use std::io::Read;
use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::format;
use policy::load::{Banned, File, Language, Loaded};
use policy::source::{Source, Sources};

use super::sandbox::{complain, print, say};
use crate::cli::FmtArgs;
use crate::{exit, files, replace, wall};

/// Lays out what is named.
pub(super) fn main(args: &FmtArgs) -> u8 {
    let (mut found, mut wrong) = (Vec::new(), false);
    for path in &args.paths {
        match given(path) {
            Ok(files) => found.extend(files),
            Err(why) => {
                complain(&[why], &Sources::default());
                wrong = true;
            }
        }
    }
    let mut other = 0;
    for file in found {
        let is_input = file.name == INPUT;
        let text = match &file.text {
            Ok(text) => text,
            Err(why) => {
                complain(std::slice::from_ref(why), &Sources::default());
                wrong = true;
                continue;
            }
        };
        let mut sources = Sources::default();
        let id = sources.add(Source { name: file.name.clone(), text: text.clone() });
        let laid_out = format::format(text, id).and_then(|out| {
            let name = file.name.clone();
            if out == *text || load(file.clone()).says_the_same(&load(File { name, text: Ok(out.clone()) })) {
                Ok(out)
            } else {
                let message =
                    format!("`{}` would not load to the same in another layout; nothing was written", file.name);
                Err(Diagnostic::error("format", message).help("does a rule hang on where it stands in the file?"))
            }
        });
        let out = match laid_out {
            Ok(out) => out,
            Err(why) => {
                complain(&[why], &sources);
                wrong = true;
                continue;
            }
        };
        let changed = out != *text;
        other += usize::from(changed);
        match (args.check, is_input) {
            (true, _) if changed => print(&format!("{}\n", file.name)),
            (false, true) => print(&out),
            (false, false) if changed => match replace::text(Path::new(&file.name), &out) {
                Ok(()) => say(format_args!("laid out {}", file.name)),
                Err(error) => {
                    let message = format!("`{}` cannot be written: {error}", file.name);
                    complain(&[Diagnostic::error("format", message)], &Sources::default());
                    wrong = true;
                }
            },
            _ => {}
        }
    }
    match (wrong, args.check && other > 0) {
        (true, _) => exit::USAGE,
        (false, true) => exit::FINDINGS,
        (false, false) => exit::OK,
    }
}

const INPUT: &str = "(standard input)";

fn given(path: &Path) -> Result<Vec<File>, Diagnostic> {
    if path != Path::new("-") {
        return files::texts(path);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(64 << 20).read_to_end(&mut bytes);
    let text = read.map_err(|error| format!("standard input cannot be read: {error}"));
    let text = text.and_then(|_| String::from_utf8(bytes).map_err(|_| "standard input is not UTF-8".to_owned()));
    let text = text.map_err(|why| Diagnostic::error("read-other", why));
    Ok(vec![File { name: INPUT.to_owned(), text }])
}

fn load(file: File) -> Loaded {
    let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned));
    let home = std::env::var("HOME").ok();
    wall::load(vec![file], Language::Extended, Banned::Warn, cwd.as_deref().unwrap_or("/"), home.as_deref())
}
