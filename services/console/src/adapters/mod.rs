//! The outside: the identity provider.

pub(crate) mod provider;
