//! What goes with a refused program.

/// What is killed when a program is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kill {
    /// The process that was about to run it; whoever started it sees it end by SIGKILL.
    #[default]
    Process,
    /// The command and everything below it.
    Tree,
}
