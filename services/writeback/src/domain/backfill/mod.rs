//! Writing history: how a backfill may move, what a sample of it says about the whole, how much of it may be written
//! now, and when it will be done. History is always reviewed, and never goes before live work.

pub mod course;
pub mod estimate;
pub mod forecast;
pub mod room;
