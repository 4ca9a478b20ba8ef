//! The one test binary: everything that needs more than one module, or the built program.

mod compare;
mod tidy;
