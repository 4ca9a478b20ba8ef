//! Seatbelt at the edge: profiles read from disk, answers shown, cases run, profiles generated.
//!
//! What a profile decides is `policy::seatbelt`; nothing here decides. Every answer is labelled as simulated.

pub mod answer;
pub mod cases;
pub mod denials;
pub mod generate;
pub mod log;
pub mod read;
