//! Where there are no plans whose parts could be taken away: only the names of the mechanisms, which reports know.

mod layer;

pub use layer::Layer;
