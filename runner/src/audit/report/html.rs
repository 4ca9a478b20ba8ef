//! One page without scripts, from a template that escapes everything it is given.

use minijinja::{AutoEscape, Environment};

use super::{ROWS, Report, moment};

const TEMPLATE: &str = include_str!("page.html");

pub(super) fn page(report: &Report) -> String {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_filter("moment", |millis: Option<i64>| moment(millis));
    templates.add_filter("percent", |part: u64, whole: u64| super::percent(part, whole));
    let rendered = templates
        .add_template("page.html", TEMPLATE)
        .and_then(|()| templates.get_template("page.html"))
        .and_then(|page| page.render(minijinja::context! { report, rows => 10 * ROWS }));
    // The template is part of the program; that it renders is tested.
    rendered.unwrap_or_else(|error| format!("<!DOCTYPE html><title>palisade audit</title><p>no page: {error:#}"))
}
