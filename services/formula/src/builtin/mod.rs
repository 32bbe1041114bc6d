//! The ordinary functions as pure functions of their arguments, grouped by what they work on.

pub(crate) mod calendar;
pub(crate) mod math;
pub(crate) mod text;
