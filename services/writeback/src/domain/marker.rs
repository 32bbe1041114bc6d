//! What a record we create carries, so that it can be found again when the answer to its creation was lost.
//!
//! The key belongs to the meeting and the kind of record, not to the revision: a newer revision must find the record
//! an older one created. Orgs that have an external-id field for it get the key there, and Salesforce itself refuses a
//! second one. Elsewhere the key is the last line of the description: that text cannot be filtered on, so a look-up
//! queries by user, time and related record and compares here, which keeps subjects clean.

use sha2::{Digest, Sha256};

/// Characters of a key: 60 bits, so that a collision within one org is out of the question.
const KEY_CHARACTERS: usize = 12;
/// Digits and lower-case letters without those a person confuses.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Starts the last line of a description.
const PREFIX: &str = "Ref: ergo:";

/// The key of one record created for one meeting.
#[must_use]
pub fn key(workspace: &str, meeting_id: &str, kind: &str) -> String {
    let mut hasher = Sha256::new();
    // Separators keep ("a", "bc") and ("ab", "c") apart.
    for part in [workspace, meeting_id, kind] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher
        .finalize()
        .iter()
        .take(KEY_CHARACTERS)
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
        .collect()
}

/// The line that carries the key.
#[must_use]
pub fn line(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// Whether a description carries the key.
#[must_use]
pub fn carries(description: &str, key: &str) -> bool {
    !key.is_empty()
        && description
            .match_indices(PREFIX)
            .any(|(at, _)| description[at + PREFIX.len()..].starts_with(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stable_and_belongs_to_one_meeting() {
        let one = key("acme", "m-1", "task");
        assert_eq!(one, key("acme", "m-1", "task"));
        assert_eq!(one.len(), KEY_CHARACTERS);
        for other in [
            key("acme", "m-2", "task"),
            key("acme", "m-1", "note"),
            key("acmem", "-1", "task"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_description_carries_its_key_and_no_other() {
        let one = key("acme", "m-1", "task");
        let description = format!("Notes\r\n\r\n{}", line(&one));
        assert!(carries(&description, &one));
        assert!(!carries(&description, &key("acme", "m-2", "task")));
        assert!(!carries(&description, ""));
    }
}
