//! What console does by itself: signing in and out, invitations, the first start, tidying up.

pub(crate) mod bootstrap;
pub(crate) mod invite;
pub(crate) mod password;
pub(crate) mod people;
pub(crate) mod random;
pub(crate) mod sign_in;
pub(crate) mod single_sign_on;
pub(crate) mod sweep;
pub(crate) mod tokens;
