//! Evaluates a rule's formula against a draft, through the formula crate.

use crate::save::Tx;
use crate::save::row::Draft;

/// Whether the formula is true for this save.
pub fn fires(_tx: &Tx<'_>, _draft: &Draft<'_>, _formula: &str) -> bool {
    false
}

/// Whether a formula can be evaluated against an object at all.
pub fn check(_org: &crate::org::Org, _object: u16, _formula: &str) -> Result<(), String> {
    Ok(())
}
