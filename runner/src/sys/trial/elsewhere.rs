//! Trials on systems that are not Linux: nothing of it exists there.

use super::{Refused, Trial};

/// Refuses every trial.
///
/// # Errors
/// Always.
pub fn attempt(_: Trial) -> Result<(), Refused> {
    Err(Refused { doing: "run on Linux", errno: Some(libc::ENOSYS) })
}

/// The Landlock ABI; there is none.
///
/// # Errors
/// Always ENOSYS.
pub fn landlock_abi() -> Result<u32, i32> {
    Err(libc::ENOSYS)
}

/// The fixed Landlock errata; there are none.
#[must_use]
pub fn landlock_errata() -> Vec<u32> {
    Vec::new()
}
