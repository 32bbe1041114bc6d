//! What an org contains at the start.

pub mod base;
pub mod demo;
pub mod generate;
pub mod load;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Seed, SimConfig};
use crate::org::Org;
use crate::schema::parse;

/// A problem with the compiled-in seed data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An object text cannot be read.
    #[error("reading the standard objects")]
    Objects(#[from] parse::Error),
    /// A seed record does not fit its object.
    #[error("loading {object}: {reason}")]
    Record {
        /// Object.
        object: String,
        /// What is wrong.
        reason: String,
    },
}

/// How long ago the setup last changed when an org begins, in seconds.
const SETUP_AGE_S: i64 = 3_600;

/// Builds an org from its settings.
///
/// # Errors
/// Seed data that does not fit the schema, which is a bug here.
pub fn org(config: &SimConfig, clock: Arc<Clock>) -> Result<Org, Error> {
    let schema = base::schema(config)?;
    let mut org = Org::new(config.clone(), clock, schema);
    org.touch();
    base::rows(&mut org)?;
    if config.seed == Seed::Demo {
        demo::rows(&mut org)?;
    }
    // Once more, now that there are rules to compile.
    org.touch();
    // Nobody worked on its setup in the second it is first read.
    org.schema.modified_s -= SETUP_AGE_S;
    Ok(org)
}
