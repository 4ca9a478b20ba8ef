//! `palisade profile`: the plan a profile becomes, for this host or for one described in a file.

use serde_json::json;

use super::run_seatbelt;
use super::sandbox::{self, complain, print, say};
use crate::backend::Backend;
use crate::cli::{Format, ProfileArgs};
use crate::exit;
use crate::host::Host;
use crate::launch::Launch;
use crate::seatbelt::generate::SANDBOX_EXEC;

/// Prints it.
pub(super) fn main(args: &ProfileArgs) -> u8 {
    let launch = match sandbox::launch(&args.sandbox, Vec::new(), None) {
        Ok(launch) => launch,
        Err(refused) => {
            complain(&refused.found, &refused.sources);
            return exit::USAGE;
        }
    };
    if args.sandbox.backend == Backend::Seatbelt {
        return seatbelt(&launch, args);
    }
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
            if let Some(line) = args.sandbox.backend.line(&plan) {
                print(&format!("\n{line}\n"));
            }
        }
    }
    exit::OK
}

/// The SBPL a profile becomes, with its parameters and what it does not carry.
fn seatbelt(launch: &Launch, args: &ProfileArgs) -> u8 {
    let made = match run_seatbelt::made(launch, None) {
        Ok(made) => made,
        Err(found) => {
            complain(&found, &policy::source::Sources::default());
            return exit::SETUP;
        }
    };
    let Some((_, generated, gaps)) = made else {
        match args.format {
            Format::Json => print(&format!(
                "{:#}\n",
                json!({ "profile": launch.profile, "backend": Backend::Seatbelt, "sbpl": null })
            )),
            Format::Text => print("; nothing is confined: this profile runs without sandbox-exec\n"),
        }
        return exit::OK;
    };
    match args.format {
        Format::Json => {
            let parameters: serde_json::Map<String, serde_json::Value> =
                generated.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let value = json!({
                "profile": launch.profile, "backend": Backend::Seatbelt, "sbpl": generated.text,
                "parameters": parameters, "gaps": gaps,
            });
            print(&format!("{value:#}\n"));
        }
        Format::Text => {
            let mut out = generated.text.clone();
            out.push_str("\n; ---- how it is applied\n");
            let parameters: Vec<String> = generated
                .parameters
                .iter()
                .map(|(name, value)| crate::verdict_text::shell_words(&[format!("-D{name}={value}")]))
                .collect();
            out.push_str(&format!("; {SANDBOX_EXEC} -f FILE {} -- COMMAND\n", parameters.join(" ")));
            for gap in &gaps {
                out.push_str(&format!("; not carried: {}: not sure that {}: {}\n", gap.line, gap.claim, gap.why));
            }
            print(&out);
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
