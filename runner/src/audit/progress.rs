//! How far an audit is, on standard error: share, rate and time left.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// On a terminal.
    Auto,
    /// On a terminal, and else as a line every second.
    Always,
    /// Not.
    Never,
}

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(1);

/// The display.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// When the last line was written, where lines are.
    lines: Option<Instant>,
    start: Instant,
    total: Option<u64>,
}

impl Progress {
    /// For so many bytes, where that is known.
    #[must_use]
    pub fn new(show: Show, total: Option<u64>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal && show != Show::Never {
            ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(5))
        } else {
            ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden())
        };
        let template = if total.is_some() { "{bar:30} {percent:>3} %  {msg}, {eta} left" } else { "{spinner} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let lines = (show == Show::Always && !terminal).then(Instant::now);
        Self { bar, lines, start: Instant::now(), total }
    }

    /// So many bytes were read by an earlier run.
    pub fn from(&self, bytes: u64) {
        self.bar.set_position(bytes);
        self.bar.reset_eta();
    }

    /// So many bytes were read, and so many commands judged in this run.
    pub fn at(&mut self, bytes: u64, commands: u64) {
        self.bar.set_position(bytes);
        let rate = commands as f64 / self.start.elapsed().as_secs_f64().max(0.001);
        let text = || format!("{} commands, {} a second", HumanCount(commands), HumanCount(rate as u64));
        match &mut self.lines {
            Some(last) if last.elapsed() >= EVERY => {
                *last = Instant::now();
                let share = self.total.map_or(String::new(), |total| {
                    format!("{} %, ", (bytes * 100).checked_div(total).unwrap_or(100).min(100))
                });
                let left = self.total.map_or(String::new(), |_| format!(", {} left", HumanDuration(self.bar.eta())));
                let _ = writeln!(std::io::stderr(), "palisade: {share}{}{left}", text());
            }
            Some(_) => {}
            None if !self.bar.is_hidden() => self.bar.set_message(text()),
            None => {}
        }
    }

    /// It is over.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
