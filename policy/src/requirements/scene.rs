//! Everything that decides what Codex will run as, as values: documents, machine, command line, a client's parameters.

use std::collections::BTreeSet;

use super::flags::{CommandLine, Typed};
use super::value::{NotToml, Table, Value, document};
use crate::source::{Source, SourceId, Sources};

/// Which place of Codex's a document stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requirements from the cloud; given as a file, since palisade fetches nothing.
    CloudRequirements,
    /// Requirements from managed preferences, decoded.
    MdmRequirements,
    /// `requirements.toml`.
    Requirements,
    /// Managed config from managed preferences, decoded.
    MdmManaged,
    /// `managed_config.toml`.
    Managed,
    /// The system's `config.toml`.
    System,
    /// The user's `config.toml`.
    User,
    /// `NAME.config.toml` beside it.
    Profile(String),
    /// `.codex/config.toml` of this folder.
    Project(String),
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it stands for.
    pub kind: Kind,
    /// Its text.
    pub source: SourceId,
    /// The folder against which its relative paths count.
    pub folder: String,
    /// What it says.
    pub read: Result<Table, NotToml>,
}

/// A folder on the way from the working directory to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its absolute path.
    pub path: String,
    /// The project markers found in it.
    pub markers: Vec<String>,
}

/// The machine and the place on it.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The home of the user.
    pub home: String,
    /// `CODEX_HOME`.
    pub codex_home: String,
    /// The working directory.
    pub cwd: String,
    /// The host name.
    pub host: String,
    /// The working directory and every folder above it, nearest first.
    pub folders: Vec<Folder>,
    /// The root of the main checkout, if the working directory is in a repository.
    pub checkout: Option<String>,
    /// Of the catalogs of models that layers name, those that are files; nothing if nobody has looked.
    pub catalogs: Option<BTreeSet<String>>,
}

/// The home of the made-up user of cases and combinations.
pub const HOME: &str = "/home/dev";
/// The project of that user.
pub const PROJECT: &str = "/home/dev/proj";

impl Machine {
    /// A machine on which a user `dev` stands in a project with a `.git`.
    #[must_use]
    pub fn made_up(host: &str) -> Self {
        let folder = |path: &str, markers: &[&str]| Folder {
            path: path.to_owned(),
            markers: markers.iter().map(|marker| (*marker).to_owned()).collect(),
        };
        Self {
            home: HOME.into(),
            codex_home: format!("{HOME}/.codex"),
            cwd: PROJECT.into(),
            host: host.to_owned(),
            folders: vec![folder(PROJECT, &[".git"]), folder(HOME, &[]), folder("/home", &[]), folder("/", &[])],
            checkout: Some(PROJECT.into()),
            catalogs: Some(BTreeSet::new()),
        }
    }
}

/// What a client sends with `thread/start`.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// `approvalPolicy`.
    pub approval: Option<Typed<Value>>,
    /// `sandbox`.
    pub sandbox: Option<Typed<Value>>,
    /// `approvalsReviewer`.
    pub reviewer: Option<Typed<Value>>,
    /// `config`.
    pub config: Table,
}

/// The whole.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Every text.
    pub sources: Sources,
    /// The documents.
    pub documents: Vec<Document>,
    /// The machine.
    pub machine: Machine,
    /// The invocation.
    pub line: CommandLine,
    /// What a client adds, if there is one.
    pub client: Option<Client>,
}

impl Document {
    /// Reads a text as a document.
    #[must_use]
    pub fn new(sources: &mut Sources, kind: Kind, name: &str, folder: &str, text: String) -> Self {
        let source = sources.add(Source { name: name.to_owned(), text });
        let read = document(source, sources.get(source).map_or("", |source| source.text.as_str()));
        Self { kind, source, folder: folder.to_owned(), read }
    }
}

/// A path against a folder, `~/` against the home, without `.` and `..`.
#[must_use]
pub fn absolute(path: &str, folder: &str, home: &str) -> String {
    let whole = match path.strip_prefix("~/") {
        Some(rest) => format!("{home}/{rest}"),
        None if path == "~" => home.to_owned(),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{folder}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn paths_count_from_their_folder_and_a_tilde_from_home() {
        assert_eq!(absolute("cache/../x", "/a/b", "/home/dev"), "/a/b/x");
        assert_eq!(absolute("~/other", "/a", "/home/dev"), "/home/dev/other");
        assert_eq!(absolute("/srv/./x", "/a", "/home/dev"), "/srv/x");
    }
}
