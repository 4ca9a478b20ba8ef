//! The same command under full-auto and under bypass, side by side, each in a containment that catches every effect.
//!
//! `list` says which commands; `ground` looks at the host once and says what a containment is made of; `contain` is that
//! containment, palisade executed again, one process tree per command and side; `drive` starts several at once;
//! `difference` puts the two sides together and `report` shows them. Effects are found by looking at what the layers
//! caught and never by believing the command.

#[cfg(target_os = "linux")]
pub mod contain;
#[cfg(not(target_os = "linux"))]
#[path = "contain/elsewhere.rs"]
pub mod contain;
pub mod difference;
pub mod drive;
pub mod effect;
pub mod ground;
pub mod list;
pub mod on_host;
pub mod report;
pub mod told;
