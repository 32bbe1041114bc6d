//! Which refusals are answers: an object that is not there, a resource a host does not offer. Everything else is trouble
//! and fails the run.

use salesforce::{Class, Code, Error};

/// An answer a run can do without.
#[derive(Debug)]
pub enum Offered<T> {
    /// Here it is.
    Yes(T),
    /// The host does not have it or does not let the connected user see it; for a person.
    No(String),
}

/// A refusal that asking again will not change.
pub(super) fn is_lasting(error: &Error) -> bool {
    let lasting = match error.class() {
        Class::Retry | Class::RetrySlowly | Class::Quota | Class::Session => false,
        Class::User
        | Class::Admin
        | Class::RetryNarrower
        | Class::RestartQuery
        | Class::Stale
        | Class::StaleThenAdmin
        | Class::Bug
        | Class::Follow
        | Class::Final => true,
    };
    match error {
        Error::Refused { http_status, .. } => lasting && (400..500).contains(http_status),
        // The host answers something else under this address.
        Error::Decode { .. } => true,
        _ => false,
    }
}

/// The object is not in the org, or hidden: Salesforce does not tell them apart.
pub(super) fn is_absent(error: &Error) -> bool {
    match error {
        Error::Refused { http_status, .. } => {
            *http_status == 404 || error.has_code(&Code::InvalidType)
        }
        _ => false,
    }
}

/// Turns a refusal that will not change by asking again into "not offered".
pub(super) fn optional<T>(answer: Result<T, Error>) -> Result<Offered<T>, Error> {
    let error = match answer {
        Ok(value) => return Ok(Offered::Yes(value)),
        Err(error) => error,
    };
    if !is_lasting(&error) {
        return Err(error);
    }
    Ok(Offered::No(match &error {
        Error::Refused {
            http_status, first, ..
        } => format!("{} ({http_status})", first.code.as_str()),
        other => other.to_string(),
    }))
}
