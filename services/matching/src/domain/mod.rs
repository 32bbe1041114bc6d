//! Pure: which records a meeting belongs to. Data in, data out; no clock, no store, no bus.
//!
//! `address` and `person` bring what upstream sends into normal form, `facts` is what the projection knows about it,
//! `account` and `opportunity` weigh, `decide` decides, `explain` puts it into words.

pub mod account;
pub mod address;
pub mod affected;
pub mod calendar;
pub mod calibrate;
pub mod conclude;
pub mod decide;
#[cfg(test)]
mod decide_tests;
pub mod explain;
pub mod facts;
pub mod keys;
pub mod linkage;
pub mod meeting;
pub mod name;
pub mod named;
pub mod opportunity;
pub mod person;
pub mod phone;
pub mod phrase;
pub mod projection;
pub mod reconsider;
pub mod series;
pub mod settings;
pub mod weight;
