//! Recorded commands replayed against a policy: reading what recorded them, judging on all cores, adding up.
//!
//! `source` finds files and opens them, compressed or not; `input` has one row and one file for each format; `drive` moves blocks
//! of lines to the workers and their sums back, and can stop and go on (`state`); `filter` answers line by line; `report`
//! writes the sums, one file a format. What decides, and what the sums are, is `policy::audit`.

pub mod cache;
pub mod drive;
pub mod filter;
pub mod input;
pub mod lines;
pub mod notes;
pub mod progress;
pub mod report;
pub mod select;
pub mod source;
pub mod state;
pub mod work;
