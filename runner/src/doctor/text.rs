//! The doctor's answer for people: verdicts first, then every fact with a mark, each gap with the way out.

use std::fmt::Write;

use super::modes::{Assessment, Gap, Standing};
use super::{Availability, Facts};
use crate::render::Colour;

/// Draws the facts and their assessment.
#[must_use]
pub fn draw(facts: &Facts, assessment: &Assessment, colour: Colour) -> String {
    let mut page = Page { out: String::new(), colour, gaps: &assessment.gaps, advised: "" };
    let mut said: &[&str] = &[];
    for mode in &assessment.modes {
        let by = match mode.backends.as_slice() {
            [] if mode.standing == Standing::Degraded => "in part, with `--degrade`".to_owned(),
            [] => "by nothing here".to_owned(),
            ["none"] => "nothing to enforce".to_owned(),
            backends => format!("by {}", backends.join(", ")),
        };
        page.verdict(mode.standing, mode.mode, &by);
        if !mode.lost.is_empty() && mode.lost.as_slice() == said {
            page.line(&format!("{:10} lost: the same", ""));
            continue;
        }
        for claim in &mode.lost {
            page.line(&format!("{:10} lost: {claim}", ""));
        }
        said = &mode.lost;
    }
    page.verdict(assessment.contained_bypass, "contained bypass", "for `compare`");
    page.line("");
    system(&mut page, facts);
    layers(&mut page, facts);
    programs(&mut page, facts);
    let enforced = assessment.modes.iter().filter(|mode| mode.standing == Standing::Enforced).count();
    page.line("");
    page.line(&format!("{enforced} of {} modes enforced, {} gaps", assessment.modes.len(), assessment.gaps.len()));
    page.out
}

struct Page<'a> {
    out: String,
    colour: Colour,
    gaps: &'a [Gap],
    /// The advice given last, so that one cause of many gaps is not advised upon many times.
    advised: &'a str,
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";

impl<'a> Page<'a> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }

    fn verdict(&mut self, standing: Standing, what: &str, by: &str) {
        let code = match standing {
            Standing::Enforced => GREEN,
            Standing::Degraded => YELLOW,
            Standing::Refused => RED,
        };
        let word = self.paint(code, &format!("{:10}", standing.as_str()));
        self.line(&format!("{word} {what:20} {by}"));
    }

    /// One fact. A gap of that name makes it a gap, with its cost and the way out below.
    fn fact(&mut self, what: &str, says: &str) {
        let gaps: &'a [Gap] = self.gaps;
        let gap = gaps.iter().find(|gap| gap.what == what);
        let mark = if gap.is_some() { self.paint(YELLOW, "gap") } else { self.paint(GREEN, "ok ") };
        self.line(&format!("{mark} {what:16} {says}"));
        if let Some(gap) = gap {
            self.line(&format!("{:20} costs: {}", "", gap.costs));
            if gap.advice != self.advised {
                self.line(&format!("{:20} do: {}", "", gap.advice));
            }
            self.advised = &gap.advice;
        }
    }

    /// A fact that is neither good nor bad.
    fn note(&mut self, what: &str, says: &str) {
        self.line(&format!("--  {what:16} {says}"));
    }

    fn availability(&mut self, what: &str, fact: &Availability) {
        match fact {
            Availability::Allowed => self.fact(what, "allowed"),
            Availability::Forbidden { why, .. } => self.fact(what, why),
        }
    }
}

fn system(page: &mut Page<'_>, facts: &Facts) {
    let system = &facts.system;
    page.note("system", &format!("{} {} on {}, uid {}", system.os, system.kernel, system.machine, system.uid));
    let container = system.container.as_ref().map(|kind| format!("by its marks: {kind}"));
    page.note("container", container.as_deref().unwrap_or("none that shows"));
    let landlock = match (facts.landlock.abi, &facts.landlock.why) {
        (Some(abi), _) => {
            let errata: Vec<String> = facts.landlock.errata.iter().map(u32::to_string).collect();
            let fixed = if errata.is_empty() { "none".to_owned() } else { errata.join(", ") };
            format!("ABI {abi}, errata fixed: {fixed}")
        }
        (None, why) => why.clone().unwrap_or_default(),
    };
    page.fact("Landlock", &landlock);
}

fn layers(page: &mut Page<'_>, facts: &Facts) {
    for layer in super::modes::LAYERS {
        page.availability(layer.name, (layer.fact)(facts));
    }
    page.note("seccomp actions", &facts.seccomp.actions.join(" "));
    if facts.seccomp.outer_filters > 0 {
        page.note("outer filters", &format!("{} seccomp filters are already in force", facts.seccomp.outer_filters));
    }
    for (name, fact) in [("uts namespace", &facts.namespaces.uts), ("cgroup namespace", &facts.namespaces.cgroup)] {
        match fact {
            Availability::Allowed => page.note(name, "allowed"),
            Availability::Forbidden { why, .. } => page.note(name, why),
        }
    }
    page.availability("overlay", &facts.overlay);
}

fn programs(page: &mut Page<'_>, facts: &Facts) {
    match &facts.bubblewrap {
        None => page.fact("bubblewrap", "no `bwrap` on the search path"),
        Some(found) => {
            let kind = if found.setuid { ", set-user-id" } else { "" };
            let says = match &found.works {
                Availability::Allowed => format!("{}{kind}, only root can change it", named(&found.program)),
                Availability::Forbidden { why, .. } => format!("{}{kind}: {why}", found.program.path.display()),
            };
            page.fact("bubblewrap", &says);
        }
    }
    if facts.codex.is_empty() {
        page.note("codex", "none on the search path");
    }
    for found in &facts.codex {
        page.note("codex", &named(found));
    }
}

fn named(program: &super::programs::Program) -> String {
    let mut text = String::new();
    match (&program.version, &program.why_unknown) {
        (Some(version), _) => write!(text, "{version} at {}", program.path.display()),
        (None, Some(why)) => write!(text, "{}, {why}", program.path.display()),
        (None, None) => write!(text, "{}", program.path.display()),
    }
    .unwrap_or_default();
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_gap_belongs_to_a_fact_that_is_drawn() {
        let facts = super::super::gather();
        let assessment = super::super::modes::assess(&facts);
        let page = super::draw(&facts, &assessment, super::Colour::Off);
        for gap in &assessment.gaps {
            assert!(page.contains(&format!("gap {:16}", gap.what)), "{page}");
        }
        assert!(page.trim_end().ends_with(&format!("{} gaps", assessment.gaps.len())), "{page}");
        assert!(!page.contains('\x1b'));
    }
}
