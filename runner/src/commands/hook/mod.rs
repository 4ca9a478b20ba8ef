//! `palisade hook`: the policy as a live hook of a coding agent.

mod install;
mod overdue;
mod run;
mod status;

use std::path::PathBuf;

use policy::diagnostic::Diagnostic;
use policy::source::Sources;

use super::sandbox::complain;
use crate::cli::hook::{HookArgs, HookPlaceArgs, HookVerb};
use crate::exit;
use crate::hook::Refused;
use crate::hook::place::{Agent, Place, project_of};
use crate::launch::absolute;

/// Does what was asked; gives the status.
pub(super) fn main(args: &HookArgs) -> u8 {
    let done = match &args.verb {
        HookVerb::Run(args) => return run::main(&args.policy),
        HookVerb::Install(args) => install::install(args),
        HookVerb::Uninstall(args) => install::uninstall(args),
        HookVerb::Status(args) => status::main(args),
    };
    done.unwrap_or_else(|status| status)
}

/// The place that the options name.
fn place(args: &HookPlaceArgs, agent: Agent) -> Result<Place, u8> {
    let wrong = |what: String, help: &str| {
        complain(&[Diagnostic::error("hook", what).help(help)], &Sources::default());
        exit::USAGE
    };
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below_home = |folder: &str| variable("HOME").map(|home| home.join(folder));
    let home = match agent {
        Agent::Codex => args.codex_home.clone().or_else(|| variable("CODEX_HOME")).or_else(|| below_home(".codex")),
        Agent::Claude => variable("CLAUDE_CONFIG_DIR").or_else(|| below_home(".claude")),
    };
    let Some(home) = home else {
        return Err(wrong("HOME is not set".into(), "set it, or CODEX_HOME or CLAUDE_CONFIG_DIR"));
    };
    let here = || std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let project = match &args.project {
        None => None,
        Some(None) => Some(project_of(&here())),
        Some(Some(folder)) if folder.is_dir() => Some(absolute(folder)),
        Some(Some(folder)) => {
            let what = format!("`{}` is no directory", folder.display());
            return Err(wrong(what, "name the directory of a project with `--project=DIR`"));
        }
    };
    Ok(Place::new(agent, &absolute(&home), project.as_deref()))
}

/// Says why a file cannot be used; gives the status.
fn unusable(refused: &Refused) -> u8 {
    complain(std::slice::from_ref(refused.found.as_ref()), &refused.sources);
    exit::USAGE
}
