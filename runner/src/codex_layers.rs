//! A scene of Codex's layers, gathered from the files of a machine or from files that are named.
//!
//! Whether a file counts is the resolver's question; here it is only found and read. A file that is there and cannot be read
//! is an error, as it is for Codex; one that is not there is none, unless it was named.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use policy::diagnostic::Diagnostic;
use policy::requirements::flags::{self, CommandLine, Surface};
use policy::requirements::layers::markers;
use policy::requirements::release::newest;
use policy::requirements::scene::{Client, Document, Folder, Kind, Machine, Scene, absolute};
use policy::requirements::value::Node;
use policy::source::{Source, Sources, Span};

use crate::cli::{LayerArgs, MachineArgs};
use crate::refused::Refused;

/// No config is larger; what is larger is a mistake, or a device.
const LARGEST: u64 = 64 << 20;

/// The surface and the flags of an invocation written out.
#[must_use]
pub fn invocation(words: &[String]) -> (Surface, Vec<String>) {
    let mut words = words;
    if let Some((first, rest)) = words.split_first()
        && (first == "codex" || first.ends_with("/codex"))
    {
        words = rest;
    }
    match words.iter().position(|word| matches!(word.as_str(), "exec" | "e" | "app-server")) {
        // Only flags may stand before the sub-command; a value that is spelled like one is not it.
        Some(at) if is_subcommand(words, at) => {
            let surface =
                if words.get(at).is_some_and(|word| word == "app-server") { Surface::AppServer } else { Surface::Exec };
            let before = words.get(..at).unwrap_or_default();
            let after = words.get(at + 1..).unwrap_or_default();
            let before = if surface == Surface::Exec { without_ask(before) } else { before.to_vec() };
            (surface, before.into_iter().chain(after.iter().cloned()).collect())
        }
        _ => (Surface::Interactive, words.to_vec()),
    }
}

/// The flags before `exec` without that of approvals, which is taken there and without effect.
fn without_ask(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-a" | "--ask-for-approval" => {
                words.next();
            }
            word if word.starts_with("--ask-for-approval=") => {}
            _ => kept.push(word.clone()),
        }
    }
    kept
}

/// Whether the word at `at` is the first that is neither a flag nor a flag's value.
fn is_subcommand(words: &[String], at: usize) -> bool {
    let before = words.get(..at).unwrap_or_default();
    let mut sources = Sources::default();
    let line = CommandLine::new(&mut sources, Surface::Interactive, before);
    flags::only_flags(&line, newest())
}

/// An app server is asked for a thread; what the client says beyond that is not known here.
#[must_use]
pub fn client(surface: Surface) -> Option<Client> {
    (surface == Surface::AppServer).then(Client::default)
}

/// Reads everything an answer needs.
///
/// # Errors
/// Every file that is there and cannot be read.
pub fn gather(machine: &MachineArgs, files: &LayerArgs, words: &[String]) -> Result<Scene, Refused> {
    let mut sources = Sources::default();
    let (surface, words) = invocation(words);
    let line = CommandLine::new(&mut sources, surface, &words);
    let (mut facts, named_home) = facts(machine);
    let read = flags::read(&line, newest()).ok();
    if let Some(cd) = read.as_ref().and_then(|flags| flags.cd.as_ref()) {
        facts.cwd = absolute(&cd.value, &facts.cwd, &facts.home);
    }
    let root = machine.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    let mut gathering =
        Gathering { root, only_named: files.only_named, sources, documents: Vec::new(), wrong: Vec::new() };
    if !gathering.root.is_dir() {
        // Without this every file would only be missing, and the answer that of a machine that says nothing.
        let what = format!("`{}`, given as `--root`, is not a folder that can be entered", gathering.root.display());
        return Err(Diagnostic::error("read-missing", what).help("name the folder that holds `etc` and `home`").into());
    }
    let codex = below(&gathering.root, &facts.codex_home);
    if named_home && !files.only_named && !codex.is_dir() {
        let what = format!("Codex's folder is said to be `{}`, which is none", codex.display());
        let help = "Codex does not start with a `CODEX_HOME` that is no folder; make it, or leave the variable out";
        return Err(Diagnostic::error("read-missing", what).help(help).into());
    }
    let overrides = read.as_ref().map(|flags| flags.overrides.clone()).unwrap_or_default();
    let etc = |file: &str| format!("/etc/codex/{file}");
    gathering.one(Kind::CloudRequirements, files.cloud_requirements.as_deref(), None);
    gathering.one(Kind::MdmRequirements, files.mdm_requirements.as_deref(), None);
    gathering.one(Kind::Requirements, files.requirements.as_deref(), Some(etc("requirements.toml")));
    gathering.one(Kind::MdmManaged, files.mdm_config.as_deref(), None);
    gathering.one(Kind::Managed, files.managed_config.as_deref(), Some(etc("managed_config.toml")));
    gathering.one(Kind::System, files.system_config.as_deref(), Some(etc("config.toml")));
    let home = facts.codex_home.clone();
    gathering.one(Kind::User, files.user_config.as_deref(), Some(format!("{home}/config.toml")));
    if let Some(profile) = read.and_then(|flags| flags.profile).filter(|profile| !profile.value.contains('/')) {
        let path = format!("{home}/{}.config.toml", profile.value);
        gathering.one(Kind::Profile(profile.value), None, Some(path));
    }
    let mut scene = Scene {
        sources: std::mem::take(&mut gathering.sources),
        documents: std::mem::take(&mut gathering.documents),
        machine: facts,
        line,
        client: client(surface),
    };
    let wanted = markers(&scene);
    (gathering.sources, gathering.documents) =
        (std::mem::take(&mut scene.sources), std::mem::take(&mut scene.documents));
    for path in ancestors(&scene.machine.cwd) {
        let named = files.project_config.as_deref().filter(|_| path == scene.machine.cwd);
        let found = wanted.iter().filter(|marker| gathering.exists(&format!("{path}/{marker}"))).cloned().collect();
        // Codex's own folder is no project's.
        if named.is_some() || format!("{}/.codex", path.trim_end_matches('/')) != scene.machine.codex_home {
            gathering.project(&path, named);
        }
        scene.machine.folders.push(Folder { path, markers: found });
    }
    scene.machine.checkout = checkout(&gathering.root, &scene.machine.folders);
    scene.machine.catalogs = Some(catalogs(&gathering, &scene.machine, &overrides));
    if !gathering.wrong.is_empty() {
        return Err(Refused { found: gathering.wrong, sources: gathering.sources });
    }
    scene.sources = gathering.sources;
    scene.documents = gathering.documents;
    Ok(scene)
}

/// The facts, and whether somebody has named Codex's folder.
fn facts(args: &MachineArgs) -> (Machine, bool) {
    let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let text = |path: &Path| absolute(&path.to_string_lossy(), &current.to_string_lossy(), "");
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = args.home.clone().or_else(|| variable("HOME")).unwrap_or_else(|| PathBuf::from("/root"));
    let home = text(&home);
    // A home that was named has its own folder of Codex's; the variable speaks of the caller's.
    let inherited = if args.home.is_none() && args.root.is_none() { variable("CODEX_HOME") } else { None };
    let named = args.codex_home.clone().or(inherited);
    let is_named = named.is_some();
    let codex = named.map_or_else(|| format!("{home}/.codex"), |path| text(&path));
    let cwd = text(args.cwd.as_deref().unwrap_or(&current));
    let host = args.host.clone().unwrap_or_else(|| {
        nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    });
    (Machine { home, codex_home: codex, cwd, host, ..Machine::default() }, is_named)
}

/// The catalogs of models that layers and flags name, as far as they are files.
fn catalogs(gathering: &Gathering, machine: &Machine, overrides: &[(Vec<String>, Node)]) -> BTreeSet<String> {
    let of_files = gathering.documents.iter().filter_map(|document| {
        let named = document.read.as_ref().ok()?.get("model_catalog_json")?.value.text()?;
        Some(absolute(named, &document.folder, &machine.home))
    });
    let of_flags = overrides.iter().filter_map(|(path, node)| {
        let named = node
            .value
            .text()
            .filter(|_| path.len() == 1 && path.first().is_some_and(|key| key == "model_catalog_json"))?;
        Some(absolute(named, &machine.cwd, &machine.home))
    });
    of_files.chain(of_flags).filter(|path| below(&gathering.root, path).is_file()).collect()
}

/// A folder and all above it, nearest first.
fn ancestors(path: &str) -> Vec<String> {
    Path::new(path).ancestors().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The root of the main checkout: a linked worktree's `.git` is a file that names a folder below it.
fn checkout(root: &Path, folders: &[Folder]) -> Option<String> {
    let folder = folders.iter().find(|folder| folder.markers.iter().any(|marker| marker == ".git"))?;
    let text = read(&below(root, &format!("{}/.git", folder.path)));
    let Some(named) =
        text.ok().flatten().and_then(|text| text.strip_prefix("gitdir:").map(|rest| rest.trim().to_owned()))
    else {
        return Some(folder.path.clone());
    };
    let named = absolute(&named, &folder.path, "");
    Some(named.split("/.git/worktrees/").next().map_or_else(|| folder.path.clone(), str::to_owned))
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

struct Gathering {
    root: PathBuf,
    only_named: bool,
    sources: Sources,
    documents: Vec<Document>,
    wrong: Vec<Diagnostic>,
}

impl Gathering {
    fn exists(&self, path: &str) -> bool {
        below(&self.root, path).symlink_metadata().is_ok()
    }

    /// A file by its name, or else where Codex looks for it.
    fn one(&mut self, kind: Kind, named: Option<&Path>, usual: Option<String>) {
        let at = usual.clone().unwrap_or_else(|| "/etc/codex/-".into());
        let folder = at.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned());
        let (path, must) = match (named, usual) {
            (Some(path), _) => (path.to_owned(), true),
            (None, Some(usual)) if !self.only_named => (below(&self.root, &usual), false),
            (None, _) => return,
        };
        match read(&path) {
            Ok(Some(text)) => {
                let name = path.to_string_lossy();
                self.documents.push(Document::new(&mut self.sources, kind, &name, &folder, text));
            }
            Ok(None) if must => self.wrong.push(
                Diagnostic::error("read-missing", format!("`{}` does not exist", path.display()))
                    .help("a file that is named must exist; leave the option out to use the machine's"),
            ),
            Ok(None) => {}
            Err(why) => self.wrong.push(why.placed(&mut self.sources)),
        }
    }

    fn project(&mut self, folder: &str, named: Option<&Path>) {
        let usual = format!("{}/.codex/config.toml", folder.trim_end_matches('/'));
        self.one(Kind::Project(folder.to_owned()), named, Some(usual));
    }
}

/// Why a file has no text.
#[derive(Clone, Debug)]
pub struct Unread {
    why: Diagnostic,
    /// What it holds all the same, with a sign where its bytes are none, and where the first of them is.
    drawn: Option<Box<(Source, usize)>>,
}

impl From<Diagnostic> for Unread {
    fn from(why: Diagnostic) -> Self {
        Self { why, drawn: None }
    }
}

impl Unread {
    /// The way out.
    fn help(mut self, help: &str) -> Self {
        self.why = self.why.help(help);
        self
    }

    /// The finding with its place, which these sources hold from now on.
    #[must_use]
    pub fn placed(self, sources: &mut Sources) -> Diagnostic {
        let Some(drawn) = self.drawn else { return self.why };
        let (source, at) = *drawn;
        let source = sources.add(source);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let sign = char::REPLACEMENT_CHARACTER.len_utf8();
        self.why.at(Span { source, start: place(at), end: place(at + sign) }, "")
    }
}

/// The text of a file, or nothing where there is none.
///
/// # Errors
/// A directory, no permission, not UTF-8, larger than any config.
pub fn read(path: &Path) -> Result<Option<String>, Unread> {
    let shown = path.display();
    let wrong = |code: &str, what: String| Unread::from(Diagnostic::error(code, format!("`{shown}` {what}")));
    // A pipe that this process was given ends with whoever writes into it; one with a name may wait for ever.
    let given = ["/dev/fd", "/dev/stdin", "/proc"].iter().any(|folder| path.starts_with(folder));
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(if given { 0 } else { OFlag::O_NONBLOCK.bits() });
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(wrong("read-permission", "may not be read".into())
                .help("Codex does not start with a file it may not read; run this as the user who runs Codex"));
        }
        Err(error) => return Err(wrong("read-other", format!("could not be opened: {error}"))),
    };
    if file.metadata().is_ok_and(|about| about.is_dir()) {
        return Err(wrong("read-directory", "is a directory".into()).help("Codex does not start with it; name a file"));
    }
    if !given && file.metadata().is_ok_and(|about| about.file_type().is_fifo()) {
        return Err(wrong("read-other", "is a named pipe, which may never end".into()).help("name a file"));
    }
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong("read-other", format!("could not be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong("read-other", format!("is larger than {} MiB", LARGEST >> 20)));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let unread = wrong("read-not-utf8", format!("is not UTF-8 text, at {line}:{column}"));
        Unread { drawn: Some(Box::new((Source { name: shown.to_string(), text }, at))), ..unread }
            .help("TOML is UTF-8; save it as such")
    })
}
