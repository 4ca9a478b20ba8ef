//! Programs of this host that a file may turn out to be, whatever it is called: by inode, and by content for a copy.
//!
//! Looked up once, for the programs that rules restrict and for those that are many programs in one file. A file is read
//! only where its size is that of one of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use policy::request::last_component;
use policy::ruleset::RuleSet;

use super::image::FileId;
use crate::identity;

/// Many programs in one file: which one it is, the first word says, or the second when the first is its own name.
const MANY_IN_ONE: &[&str] = &["busybox", "toybox", "coreutils"];

/// Where dynamic loaders are: programs that load and run the file that their first argument names.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-armhf.so.3",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// What a known file is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// What a rule restricts, under the name the rule gives it.
    Restricted {
        name: String,
        /// Whether the file behind it is called so too; otherwise it may be one name of many for that file.
        own_name: bool,
    },
    /// One of `MANY_IN_ONE`.
    ManyInOne,
    /// One of `LOADERS`.
    Loader,
}

#[derive(Debug)]
struct Program {
    what: What,
    path: PathBuf,
    file: FileId,
}

/// What a file turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recognised {
    /// Names of restricted programs whose file or content it is.
    pub(super) names: Vec<String>,
    pub(super) many_in_one: bool,
    pub(super) loader: bool,
}

/// The programs of this host that matter.
#[derive(Debug)]
pub(super) struct Known {
    search: Vec<PathBuf>,
    cwd: PathBuf,
    programs: Vec<Program>,
    contents: HashMap<FileId, Option<blake3::Hash>>,
    /// Where search of PATH gives a file under a name, found out once: a file that is installed later is not trusted for it.
    proofs: HashMap<(String, FileId), Option<PathBuf>>,
}

impl Known {
    pub(super) fn new(rules: &RuleSet, search: Vec<PathBuf>, cwd: PathBuf) -> Self {
        let mut known = Self { search, cwd, programs: Vec::new(), contents: HashMap::new(), proofs: HashMap::new() };
        for head in rules.restricted_heads() {
            for path in known.places(head) {
                let name = last_component(head).unwrap_or(head);
                let own_name = path
                    .canonicalize()
                    .is_ok_and(|real| real.file_name().is_some_and(|real| real.to_string_lossy().starts_with(name)));
                known.add(What::Restricted { name: head.to_owned(), own_name }, path);
            }
        }
        for name in MANY_IN_ONE {
            for path in known.places(name) {
                known.add(What::ManyInOne, path);
            }
        }
        for path in LOADERS {
            known.add(What::Loader, path.into());
        }
        known
    }

    /// Every executable file of that name: a path is one, a bare name has as many as directories of PATH hold it.
    fn places(&self, name: &str) -> Vec<PathBuf> {
        if name.contains('/') {
            return vec![self.cwd.join(name)];
        }
        let one = |directory: &PathBuf| identity::search(name, &self.cwd, std::slice::from_ref(directory));
        self.search.iter().filter_map(one).map(|(path, _)| path).collect()
    }

    fn add(&mut self, what: What, path: PathBuf) {
        let Some(file) = FileId::at(&path) else { return };
        if !self.programs.iter().any(|known| known.what == what && known.file == file) {
            self.programs.push(Program { what, path, file });
        }
    }

    /// What a file is. `called` is a name that search of PATH proves to be this very file: a file with several names is
    /// then what it is called, and not each of them.
    pub(super) fn recognise(
        &mut self,
        file: FileId,
        called: Option<&str>,
        open: &dyn Fn() -> Option<File>,
    ) -> Recognised {
        let mut recognised = Recognised::default();
        for at in 0..self.programs.len() {
            let Some(known) = self.programs.get(at) else { continue };
            let (known_file, path) = (known.file, known.path.clone());
            let same = known_file.same_file(file)
                || (known_file.size == file.size && {
                    let content = self.content(known_file, &|| File::open(&path).ok());
                    content.is_some() && content == self.content(file, open)
                });
            if !same {
                continue;
            }
            match self.programs.get(at).map(|known| &known.what) {
                Some(What::Restricted { name, own_name })
                    if *own_name || called.is_none_or(|called| called == name) =>
                {
                    recognised.names.push(name.clone());
                }
                Some(What::ManyInOne) => recognised.many_in_one = true,
                Some(What::Loader) => recognised.loader = true,
                Some(What::Restricted { .. }) | None => {}
            }
        }
        recognised
    }

    fn content(&mut self, file: FileId, open: &dyn Fn() -> Option<File>) -> Option<blake3::Hash> {
        *self.contents.entry(file).or_insert_with(|| {
            let (mut file, mut hasher, mut part) = (open()?, blake3::Hasher::new(), vec![0; 1 << 16]);
            loop {
                match file.read(&mut part) {
                    Ok(0) => return Some(hasher.finalize()),
                    Ok(length) => hasher.update(part.get(..length)?),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => return None,
                };
            }
        })
    }

    /// Where search of PATH finds this very file under that name, if it does.
    pub(super) fn proof(&mut self, name: &str, file: FileId) -> Option<PathBuf> {
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let key = (name.to_owned(), file);
        if let Some(proof) = self.proofs.get(&key) {
            return proof.clone();
        }
        let proof = identity::search(name, &self.cwd, &self.search)
            .filter(|(path, relative)| !relative && FileId::at(path).is_some_and(|found| found.same_file(file)))
            .map(|(path, _)| path);
        self.proofs.insert(key, proof.clone());
        proof
    }
}
