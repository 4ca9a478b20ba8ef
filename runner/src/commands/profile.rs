//! `palisade profile`: the plan a profile becomes, for this host or for one described in a file.

use serde_json::json;

use super::sandbox::{self, complain, print, say};
use crate::backend::Backend;
use crate::backend::linux::bwrap;
use crate::cli::{Format, ProfileArgs};
use crate::exit;
use crate::host::Host;

/// Prints it.
pub(super) fn main(args: &ProfileArgs) -> u8 {
    let launch = match sandbox::launch(&args.sandbox, Vec::new(), None) {
        Ok(launch) => launch,
        Err(refused) => {
            complain(&refused.found, &refused.sources);
            return exit::USAGE;
        }
    };
    let host = match &args.host {
        None => Host::here(),
        Some(path) => match described(path) {
            Ok(host) => host,
            Err(why) => {
                say(why);
                return exit::USAGE;
            }
        },
    };
    let plan = match launch.plan(&host) {
        Ok(plan) => plan,
        Err(found) => {
            complain(&found, &policy::source::Sources::default());
            return exit::SETUP;
        }
    };
    let profile = &launch.profile;
    match args.format {
        Format::Json => {
            let value = json!({ "profile": profile, "host": host, "plan": plan, "backend": args.sandbox.backend });
            print(&format!("{value:#}\n"));
        }
        Format::Text => {
            let kernel = &host.kernel;
            print(&format!(
                "{}: {}\non Linux {kernel}, {}\n\n{plan}",
                profile.name, profile.description, args.sandbox.backend
            ));
            if args.sandbox.backend == Backend::Bwrap {
                print(&format!("\n{}\n", bwrap::line(&plan)));
            }
        }
    }
    exit::OK
}

fn described(path: &std::path::Path) -> Result<Host, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the host file `{}` cannot be read: {error}", path.display()))?;
    let whole: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("{}:{}:{}: {error}", path.display(), error.line(), error.column()))?;
    let host = whole.get("host").cloned().unwrap_or(whole);
    serde_json::from_value(host).map_err(|error| {
        format!("`{}` describes no host: {error}; `palisade profile --format json` prints one", path.display())
    })
}
