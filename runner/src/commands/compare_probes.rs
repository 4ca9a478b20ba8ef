//! `palisade compare --probes`: what full-auto adds to bypass, act by act, told as `verify --against none` tells it.

use std::path::Path;

use policy::source::Sources;
use serde_json::json;

use super::sandbox::{complain, print, say};
use super::verify::shipped;
use crate::cli::{CompareArgs, CompareFormat};
use crate::exit;
use crate::probe::drive::usual_parent;
use crate::probe::expect::Mode;
use crate::probe::judge::Held;
use crate::probe::subject::{OWN_BOOKS, Subject};
use crate::refused::Refused;
use crate::report::{Format, Item, Outcome, Page, written};
use crate::verify::against::{self, Added};
use crate::verify::{Setting, Trial, run};

/// Runs the probes on both sides and tells the difference; gives the exit status.
pub(super) fn main(args: &CompareArgs) -> u8 {
    let mode = Mode::WorkspaceWrite;
    let profile = match shipped(mode) {
        Ok(profile) => profile,
        Err(Refused { found, sources }) => {
            complain(&found, &sources);
            return exit::USAGE;
        }
    };
    let palisade = match std::env::current_exe() {
        Ok(palisade) => palisade,
        Err(error) => {
            let found =
                policy::diagnostic::Diagnostic::error("own-program", format!("this program cannot be found: {error}"));
            complain(&[found], &Sources::default());
            return exit::USAGE;
        }
    };
    let subject = Subject::palisade("native", mode, OWN_BOOKS);
    let trials = [Trial { name: "full-auto".to_owned(), profile, subject, held: Held::Sandboxed }];
    let setting = Setting { parent: Path::to_owned(usual_parent()), palisade, only: Vec::new(), heard: None };
    let report = match run("native", &trials, &setting) {
        Ok(report) => report,
        Err(why) => {
            say(format_args!("nothing was compared: {why}"));
            return exit::SETUP;
        }
    };
    let added = against::none(&report);
    let open: Vec<String> = added.iter().flat_map(left_open).collect();
    print(&match args.format {
        CompareFormat::Text => against::text(&added),
        CompareFormat::Json => format!("{:#}\n", json!({ "schema": 1, "uid": report.uid, "against_none": added })),
        CompareFormat::Junit | CompareFormat::Html => written(&page(&added), Format::Junit),
    });
    if open.is_empty() && report.runs.iter().all(|run| run.not_started.is_none()) { exit::OK } else { exit::FINDINGS }
}

/// The classes in which something works that must be refused.
fn left_open(added: &Added) -> Vec<String> {
    let open = added.classes.iter().filter(|share| share.must.refused < share.must.applicable);
    open.map(|share| share.class.name().to_owned()).collect()
}

fn page(added: &[Added]) -> Page {
    let items = added.iter().flat_map(|one| {
        one.classes.iter().map(|share| {
            let told = format!("must {}/{}", share.must.refused, share.must.applicable);
            let name =
                format!("{}: {told}, should {}/{}", share.class.name(), share.should.refused, share.should.applicable);
            let mut item = match share.must.refused < share.must.applicable {
                false => Item::passed(name),
                true => Item::told(name, Outcome::Fail, format!("not all of what must be refused is: {told}")),
            };
            item.group.clone_from(&one.profile);
            item
        })
    });
    Page { verb: "compare", items: items.collect(), kinds: Vec::new(), summary: String::new() }
}
