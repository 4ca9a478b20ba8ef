//! From a program in place to what is judged: its words, and who it is under every name that counts.
//!
//! What it calls itself counts against it and never for it. For it counts only what was shown: that this very file is what
//! a path, or a search of PATH, gives on this host.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use policy::request::{Identity, absolute, last_component};

use super::image::{FileId, Image};
use super::known::{Known, Recognised};

/// Words with what is known about the program they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// The words; the first is the file's path where there is one.
    pub(super) argv: Vec<String>,
    pub(super) identity: Identity,
}

/// Everything that is judged about one exec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) program: Subject,
    /// For a script: its own path and the words it gets.
    pub(super) script: Option<Subject>,
    /// What the program starts within itself: the file given to a dynamic loader, the part of a many-in-one program.
    pub(super) within: Option<Subject>,
    /// Whether it is a dynamic loader, started as a program.
    pub(super) loader: bool,
    /// Whether it is many programs in one file.
    pub(super) many_in_one: bool,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Facts {
    /// Gathers them.
    pub(super) fn of(image: &Image, known: &mut Known) -> Self {
        let words: Vec<String> = image.words().into_iter().map(text).collect();
        let itself = words.first().map_or("", String::as_str);
        let (mut subject, recognised) = program(image, itself, known);
        let script = script(image, &words, known);
        let own_name = last_component(&subject.argv[0]).unwrap_or_default().to_owned();
        let loader = recognised.loader || is_loader_name(&own_name);
        let called = last_component(itself).unwrap_or_default();
        let many_in_one = recognised.many_in_one || ["busybox", "toybox"].iter().any(|name| own_name.starts_with(name));
        let within = if loader {
            Some(loaded(&words, image, known))
        } else if many_in_one && (known_as_whole(called) || subject.identity.proven.is_empty()) {
            Some(applet(&words))
        } else {
            None
        };
        subject.argv.extend(words.into_iter().skip(1));
        Self { program: subject, script, within: within.filter(|within| !within.argv.is_empty()), loader, many_in_one }
    }

    /// Names and paths under which an allowing rule may apply.
    pub(super) fn proven(&self) -> Vec<String> {
        let subjects = self.script.iter().chain(std::iter::once(&self.program));
        subjects.flat_map(|subject| subject.identity.proven.iter().cloned()).collect()
    }
}

/// Whether a program of that name is the whole of a many-in-one program.
fn known_as_whole(called: &str) -> bool {
    ["busybox", "toybox", "coreutils"].iter().any(|name| called.starts_with(name))
}

fn is_loader_name(name: &str) -> bool {
    (name.starts_with("ld-") || name.starts_with("ld.") || name.starts_with("ld64.")) && name.contains(".so")
}

/// Who the program is; its words hold the first only.
fn program(image: &Image, itself: &str, known: &mut Known) -> (Subject, Recognised) {
    let path = image.program.as_ref().map(|path| text(path.as_os_str().as_bytes()));
    let called = text(&image.called);
    let mut also = vec![itself.to_owned()];
    also.extend(last_component(itself).map(str::to_owned));
    if !image.by_descriptor() && image.called != itself.as_bytes() {
        also.extend(last_component(&called).map(str::to_owned));
    }
    let mut identity = Identity::default();
    let mut recognised = Recognised::default();
    if let Some(file) = image.file {
        prove(&mut identity, file, &[path.as_deref().unwrap_or_default(), itself], known);
        let named = last_component(itself).filter(|name| known.proof(name, file).is_some()).map(str::to_owned);
        recognised = known.recognise(file, named.as_deref(), &|| image.open());
        also.extend(recognised.names.iter().cloned());
    }
    identity.also = also;
    // A path that does not lead to this file on this host is a name like any other.
    let word = match path {
        Some(path) if identity.proven.contains(&path) => path,
        Some(path) => {
            identity.also.extend(last_component(path.strip_suffix(" (deleted)").unwrap_or(&path)).map(str::to_owned));
            identity.also.push(path);
            itself.to_owned()
        }
        None => itself.to_owned(),
    };
    (Subject { argv: vec![word], identity }, recognised)
}

/// Fills in which of these spellings, paths or the last components of any, are this very file on this host.
fn prove(identity: &mut Identity, file: FileId, spellings: &[&str], known: &mut Known) {
    for (at, spelling) in spellings.iter().enumerate() {
        // Most programs are called by their whole path.
        if spellings.get(..at).is_some_and(|before| before.contains(spelling)) {
            continue;
        }
        let tidy = spelling.starts_with('/') && absolute(spelling, "/") == **spelling;
        if tidy && FileId::at(spelling).is_some_and(|found| found.same_file(file)) {
            identity.real.get_or_insert_with(|| (*spelling).to_owned());
            identity.proven.push((*spelling).to_owned());
        }
        if let Some(name) = last_component(spelling)
            && let Some(found) = known.proof(name, file)
        {
            let found = found.to_string_lossy().into_owned();
            identity.resolved.get_or_insert(found);
            identity.proven.push(name.to_owned());
        }
    }
    identity.proven.sort();
    identity.proven.dedup();
}

/// The script an interpreter was started for by its `#!` line: the kernel puts the path exec was called with after the
/// interpreter and its one optional argument.
fn script(image: &Image, words: &[String], known: &mut Known) -> Option<Subject> {
    let at = (1..=2).find(|at| image.words().get(*at).is_some_and(|word| *word == image.called))?;
    let outside = image.outside_path(&image.called);
    let file = FileId::at(&outside);
    if file.is_some() && file == image.file {
        return None;
    }
    let path = if image.by_descriptor() {
        std::fs::read_link(&outside).ok()?
    } else {
        image.cwd().unwrap_or_default().join(std::ffi::OsStr::from_bytes(&image.called))
    };
    let mut subject = of_file(&path, file, &|| File::open(&outside).ok(), known);
    subject.identity.also.extend(last_component(&text(&image.called)).map(str::to_owned));
    subject.argv.extend(words.iter().skip(at + 1).cloned());
    Some(subject)
}

/// Who a file is that the kernel did not itself start; its words hold its path only.
fn of_file(path: &Path, file: Option<FileId>, open: &dyn Fn() -> Option<File>, known: &mut Known) -> Subject {
    let path = absolute(&path.to_string_lossy(), "/");
    let mut identity = Identity::default();
    identity.also.extend(last_component(&path).map(str::to_owned));
    if let Some(file) = file {
        prove(&mut identity, file, &[&path], known);
        let named = last_component(&path).filter(|name| known.proof(name, file).is_some()).map(str::to_owned);
        identity.also.extend(known.recognise(file, named.as_deref(), open).names);
        let real = std::fs::canonicalize(&path).ok();
        if let Some(real) = real.filter(|real| FileId::at(real).is_some_and(|real| real.same_file(file))) {
            identity.also.extend(real.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Subject { argv: vec![path], identity }
}

/// What a dynamic loader is told to load (`ld.so(8)`).
fn loaded(words: &[String], image: &Image, known: &mut Known) -> Subject {
    const WITH_A_WORD: &[&str] = &[
        "--library-path",
        "--inhibit-rpath",
        "--preload",
        "--audit",
        "--argv0",
        "--glibc-hwcaps-prepend",
        "--glibc-hwcaps-mask",
    ];
    let mut rest = words.iter().skip(1);
    let mut given: Option<&String> = None;
    while let Some(word) = rest.next() {
        if !word.starts_with('-') {
            given = Some(word);
            break;
        }
        if WITH_A_WORD.contains(&word.as_str()) {
            rest.next();
        }
    }
    let Some(given) = given else { return Subject { argv: Vec::new(), identity: Identity::default() } };
    let outside = image.outside_path(given.as_bytes());
    let path = image.cwd().unwrap_or_default().join(given);
    // A link is followed here and not by the kernel.
    let path = std::fs::canonicalize(&outside).unwrap_or(path);
    let mut subject = of_file(&path, FileId::at(&outside), &|| File::open(&outside).ok(), known);
    subject.identity.also.extend(last_component(given).map(str::to_owned));
    subject.argv.extend(rest.cloned());
    subject
}

/// The part of a many-in-one program that its second word asks for.
fn applet(words: &[String]) -> Subject {
    let mut argv: Vec<String> = words.iter().skip(1).cloned().collect();
    if let Some(first) = argv.first_mut()
        && let Some(name) = first.strip_prefix("--coreutils-prog=")
    {
        *first = name.to_owned();
    }
    Subject { argv, identity: Identity::default() }
}
