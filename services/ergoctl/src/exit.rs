//! Exit codes, so that scripts can tell a refusal from an outage. The numbers are those of sysexits.h where it has one.

use crate::api::Error;

/// Done.
pub(crate) const DONE: u8 = 0;
/// Understood and answered with no: problems were found, a change was refused, the verification did not pass.
pub(crate) const NO: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 64;
/// The console or an owner behind it does not answer; try again.
pub(crate) const UNAVAILABLE: u8 = 69;
/// The token is not accepted or may not do this.
pub(crate) const DENIED: u8 = 77;

/// The code of a failure.
pub(crate) fn of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Error>() {
        Some(Error::Refused(problem)) => match problem.status {
            401 | 403 => DENIED,
            429 | 503 | 504 => UNAVAILABLE,
            _ => NO,
        },
        Some(Error::Away { .. } | Error::Unreadable { .. }) => UNAVAILABLE,
        Some(Error::Usage(_)) => USAGE,
        None => NO,
    }
}
