//! Where there is no containment: what a comparison on the host itself needs of it, its bait and its look at a tree.

#[expect(dead_code, reason = "where it is shown in a containment is asked by one alone")]
mod bait;
#[expect(dead_code, reason = "layers that catch are Linux's")]
mod walk;

pub(super) use walk::snapshot;

/// Lays the bait out in a directory of the host.
pub(super) fn lay_bait(top: &std::path::Path) -> std::io::Result<()> {
    bait::lay(top)
}

/// The verb under which there would be one.
pub const VERB: &str = "__contain";

/// Whether this system has what a containment is made of.
pub const BUILT: bool = false;
