//! What `run` and `profile` share: from the sandbox options to a launch, and saying what is wrong with them.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use policy::diagnostic::Diagnostic;
use policy::profile::{Profile, Tree};
use policy::source::Sources;

use crate::cli::{Network, SandboxArgs};
use crate::launch::{Launch, absolute};
use crate::modes::{self, Mode, Origin};
use crate::plan::Tolerance;
use crate::refused::Refused;
use crate::render::{self, Colour};

/// The launch these options ask for.
///
/// # Errors
/// A profile that cannot be had.
pub fn launch(args: &SandboxArgs, argv: Vec<OsString>, timeout: Option<Duration>) -> Result<Launch, Refused> {
    let origin = match (&args.profile, args.mode) {
        (Some(file), _) => Origin::File(file.clone()),
        (None, mode) => Origin::Mode(mode.unwrap_or(Mode::WorkspaceWrite)),
    };
    launch_of(modes::profile(&origin)?, args, argv, timeout)
}

/// The launch these options ask for, under a profile that comes from elsewhere.
///
/// # Errors
/// Options that do not go with it.
pub fn launch_of(
    mut profile: Profile,
    args: &SandboxArgs,
    argv: Vec<OsString>,
    timeout: Option<Duration>,
) -> Result<Launch, Refused> {
    adjust(&mut profile, args)?;
    let cwd = absolute(args.cwd.as_deref().unwrap_or_else(|| Path::new(".")));
    let cwd = if args.cwd.is_none() { std::env::current_dir().unwrap_or(cwd) } else { cwd };
    // Resolved once, for the workspace and for where the command starts: a link in its place would be another at each look.
    let cwd = cwd.canonicalize().unwrap_or(cwd);
    Ok(Launch {
        argv,
        workspace: cwd.clone(),
        cwd,
        profile,
        backend: args.backend,
        tolerance: if args.degrade { Tolerance::Degrade } else { Tolerance::Strict },
        timeout,
        environment: std::env::vars_os().collect(),
    })
}

/// The options that change a line of the profile.
fn adjust(profile: &mut Profile, args: &SandboxArgs) -> Result<(), Refused> {
    let tree = |path: &Path| {
        let refused =
            |why: String| Refused { found: vec![Diagnostic::error("path", why)], sources: Sources::default() };
        let path = absolute(path);
        let text = path.to_str().ok_or_else(|| refused(format!("`{}` is not UTF-8", path.display())))?;
        Tree::try_from(text.to_owned()).map_err(refused)
    };
    for path in &args.writable {
        if std::fs::symlink_metadata(path).is_err() {
            return Err(Refused {
                found: vec![
                    Diagnostic::error(
                        "writable",
                        format!("`{}` does not exist and cannot be made writable", path.display()),
                    )
                    .help("create it first, or name a directory that is there"),
                ],
                sources: Sources::default(),
            });
        }
        profile.files.write.push(tree(path)?);
    }
    for path in &args.deny_read {
        profile.files.deny_read.push(tree(path)?);
    }
    profile.environment.keep.extend(args.keep_env.iter().cloned());
    if let Some(network) = args.network {
        profile.network = match network {
            Network::Off => policy::profile::Network::Off,
            Network::Host => policy::profile::Network::Host,
        };
    }
    Ok(())
}

/// Says what is wrong, on standard error.
pub fn complain(found: &[Diagnostic], sources: &Sources) {
    let mut stderr = std::io::stderr();
    let text = render::diagnostics(found, sources, Colour::of(&stderr));
    let _ = stderr.write_all(text.as_bytes());
}

/// One line on standard error, under palisade's name.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "palisade: {line}");
}

/// Text on standard output; a reader that has gone away is no error.
pub fn print(text: &str) {
    let _ = printed(text);
}

/// The same; whether it is there, or nobody wants it. What keeps it from being written is said.
pub fn printed(text: &str) -> bool {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say(format_args!("standard output cannot be written: {error}"));
            false
        }
        _ => true,
    }
}
