//! A version of Codex among the npm packages that are installed. palisade opens no connection and starts no npm: what is not
//! there is named with the command that would install it.
//!
//! The native program is taken, not the launcher, which needs Node.js and leaves the program behind when it is killed. Packages of
//! the working directory are not looked at, since a workspace must not say which Codex judges it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::binary::executable;
use super::invocation::Release;

/// What the search needs to know of the environment.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Folders that were named: npm prefixes, projects, `node_modules` folders, or folders of such by version.
    pub named: Vec<PathBuf>,
    /// Where palisade's own copies are: `$XDG_DATA_HOME/palisade/codex`.
    pub data: Option<PathBuf>,
    /// The home directory, for the cache of npx.
    pub home: Option<PathBuf>,
    /// npm's prefix, where a variable names it.
    pub prefix: Option<PathBuf>,
    /// The `codex` on PATH, which is in some package.
    pub on_path: Option<PathBuf>,
}

impl Around {
    /// As this process sees it.
    #[must_use]
    pub fn here(named: &[PathBuf]) -> Self {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
        let home = variable("HOME");
        let share = variable("XDG_DATA_HOME").or_else(|| Some(home.as_ref()?.join(".local/share")));
        Self {
            named: named.to_vec(),
            data: share.map(|share| share.join("palisade/codex")),
            prefix: variable("NPM_CONFIG_PREFIX").or_else(|| variable("npm_config_prefix")),
            on_path: variable("PATH").and_then(|path| super::binary::on(path.as_os_str())),
            home,
        }
    }

    /// The command that would install a version where it is found.
    #[must_use]
    pub fn install(&self, release: Release) -> String {
        let folder = self.named.first().map(|named| named.join(release.to_string()));
        let folder = folder.or_else(|| Some(self.data.as_ref()?.join(release.to_string())));
        let folder = folder.unwrap_or_else(|| PathBuf::from("FOLDER"));
        format!("npm install --prefix {} @openai/codex@{release}", folder.display())
    }

    /// The folders of packages, most wanted first.
    fn modules(&self, release: Release) -> Vec<PathBuf> {
        let version = release.to_string();
        let mut found = Vec::new();
        let mut prefix = |folder: &Path| {
            found.extend([folder.join("node_modules"), folder.join("lib/node_modules")]);
        };
        for folder in self.named.iter().chain(&self.data) {
            prefix(&folder.join(&version));
            prefix(folder);
        }
        self.prefix.iter().for_each(|folder| prefix(folder));
        prefix(Path::new("/usr/local"));
        prefix(Path::new("/usr"));
        found.extend(self.named.iter().cloned());
        if let Some(program) = self.on_path.as_ref().and_then(|program| program.canonicalize().ok()) {
            found.extend(program.ancestors().filter(|folder| folder.ends_with("node_modules")).map(Path::to_owned));
        }
        if let Some(home) = &self.home {
            let mut cached = entries(&home.join(".npm/_npx"));
            cached.sort();
            found.extend(cached.into_iter().map(|folder| folder.join("node_modules")));
        }
        found
    }
}

/// The native program of a version.
///
/// # Errors
/// What is missing, in words.
pub fn find(release: Release, around: &Around) -> Result<PathBuf, String> {
    let mut without_program = None;
    for modules in around.modules(release) {
        for package in packages(&modules) {
            if version_of(&package, "@openai/codex") != Some(release) {
                continue;
            }
            match native(&package, &modules, release) {
                Some(program) => return Ok(program),
                None => without_program = Some(package),
            }
        }
    }
    Err(match without_program {
        Some(package) => format!("`{}` has no program for {}", package.display(), platform()),
        None => format!("no package of Codex {release} is installed"),
    })
}

/// The packages of Codex in a folder of packages, under its own name or another (`npm:` aliases).
fn packages(modules: &Path) -> Vec<PathBuf> {
    let mut found = vec![modules.join("@openai/codex")];
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains("codex"));
    let mut others: Vec<PathBuf> = entries(modules).into_iter().filter(named).collect();
    others.sort();
    found.extend(others);
    found
}

/// The native program of a package: in the package of its platform, which is inside it or beside it, or in itself.
fn native(package: &Path, modules: &Path, release: Release) -> Option<PathBuf> {
    let name = format!("@openai/codex-{}", platform());
    let beside = modules.join(&name);
    let beside = Some(beside).filter(|folder| version_of(folder, "@openai/codex") == Some(release));
    let homes = [Some(package.join("node_modules").join(&name)), beside, Some(package.to_owned())];
    homes.into_iter().flatten().find_map(|home| {
        let mut triples = entries(&home.join("vendor"));
        triples.retain(|triple| triple.file_name().is_some_and(|name| is_ours(&name.to_string_lossy())));
        triples.sort();
        let places = triples.into_iter().flat_map(|triple| [triple.join("bin/codex"), triple.join("codex/codex")]);
        places.into_iter().find(|file| executable(file))
    })
}

/// The platform as npm names it.
fn platform() -> String {
    let system = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{machine}")
}

/// Whether a target triple is this machine's.
fn is_ours(triple: &str) -> bool {
    let system = if std::env::consts::OS == "macos" { "apple" } else { std::env::consts::OS };
    triple.starts_with(std::env::consts::ARCH) && triple.contains(system)
}

/// The version in a package's manifest, if it has this name. A package of a platform has its platform behind the version.
fn version_of(package: &Path, name: &str) -> Option<Release> {
    let text = std::fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    (manifest.get("name")?.as_str()? == name).then(|| Release::parse(manifest.get("version")?.as_str()?))?
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.flatten().map(|entry| entry.path()).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A package with a program in this place below it.
    fn package(folder: &Path, version: &str, program: Option<&str>) {
        std::fs::create_dir_all(folder).expect("a folder");
        let manifest = format!("{{\"name\": \"@openai/codex\", \"version\": \"{version}\"}}");
        std::fs::write(folder.join("package.json"), manifest).expect("a manifest");
        if let Some(program) = program {
            let file = folder.join(program);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, "#!/bin/sh\n").expect("a program");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
        }
    }

    #[test]
    fn a_version_is_found_wherever_npm_puts_it() {
        let arch = std::env::consts::ARCH;
        let triple = if std::env::consts::OS == "macos" { "apple-darwin" } else { "unknown-linux-musl" };
        let own = format!("node_modules/@openai/codex-{}/vendor/{arch}-{triple}/bin/codex", platform());
        let other = format!("node_modules/@openai/codex-{}/vendor/other-{triple}/bin/codex", platform());
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        package(&at("prefix/lib/node_modules/@openai/codex"), "0.1.0", Some(&own));
        package(&at("project/node_modules/codex-0.2.0"), "0.2.0", Some(&own));
        package(&at("data/0.3.0/node_modules/@openai/codex"), "0.3.0", None);
        let beside = at("data/0.3.0/node_modules").join(format!("@openai/codex-{}", platform()));
        package(&beside, &format!("0.3.0-{}", platform()), Some(&format!("vendor/{arch}-{triple}/codex/codex")));
        package(&at("home/.npm/_npx/ab12/node_modules/@openai/codex"), "0.4.0", Some(&own));
        package(&at("data/node_modules/@openai/codex"), "0.5.0", Some(&other));
        let around = Around {
            named: vec![at("project")],
            data: Some(at("data")),
            home: Some(at("home")),
            prefix: Some(at("prefix")),
            on_path: None,
        };
        for minor in 1..=4 {
            let found = find(Release(0, minor, 0), &around).unwrap_or_else(|why| panic!("0.{minor}.0: {why}"));
            assert!(found.starts_with(folder.path()) && executable(&found), "{}", found.display());
        }
        assert!(find(Release(0, 5, 0), &around).expect_err("no program").contains("has no program"));
        assert!(find(Release(0, 6, 0), &around).expect_err("none").contains("no package of Codex 0.6.0"));
        assert!(around.install(Release(0, 6, 0)).starts_with("npm install --prefix "));
    }
}
