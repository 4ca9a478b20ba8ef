//! Where there is no guard: it stops processes at exec as Linux lets a tracer do. What the command line says of it is still read.

mod alone;
mod kill;

pub use alone::without_what_it_executes;
pub use kill::Kill;
