//! palisade's one test binary: whole processes, and real peers beside them.

mod check;
mod execpolicy;
mod execpolicy_cases;
mod execpolicy_generator;
mod execpolicy_peer;
mod peers;
