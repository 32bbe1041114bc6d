//! What console decides by itself: who may ask, and whether a secret looks like one. Pure.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod grants;
pub(crate) mod id_token;
pub(crate) mod secret;
pub(crate) mod setup;
pub(crate) mod throttle;
