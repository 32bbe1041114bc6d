//! What console decides by itself: who may ask, and whether a secret looks like one. Pure.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod secret;
pub(crate) mod throttle;
