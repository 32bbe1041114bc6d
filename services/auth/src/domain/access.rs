//! What an access review means for the connection. metadata-sync makes the review; auth owns the state it leads to.

use serde::{Deserialize, Serialize};

/// One thing the mapping or matching needs and the connected user cannot reach. The words are the reviewer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its kind's number in the contract (`ergo.crm.v1.AccessKind`).
    pub kind: i32,
    /// sObject; empty for the API.
    pub object: String,
    /// Field; empty unless it is about one.
    pub field: String,
    /// Id of a record type or user; empty otherwise.
    pub subject_id: String,
    /// What is missing.
    pub message: String,
    /// Where an admin sets it.
    pub fix: String,
    /// Mapping entries that need it.
    pub entry_ids: Vec<String>,
}

/// A review, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Grows with each review of the workspace.
    pub revision: i64,
    /// Epoch of the connection it was made on.
    pub epoch: i64,
    /// Everything missing; empty when access is complete.
    pub missing: Vec<Gap>,
}

/// Whether a review speaks about the connection as it is: of this user and org, and no older than what was applied.
#[must_use]
pub fn speaks_of(review: &Review, epoch: i64, applied_revision: i64) -> bool {
    // The same revision again is told after a reconnect, which forgets what was missing.
    review.epoch == epoch && review.revision >= applied_revision
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_of_another_user_or_an_older_one_says_nothing() {
        for (revision, epoch, expected) in [
            (5, 2, true),
            (4, 2, true),
            (3, 2, false),
            (5, 1, false),
            (5, 3, false),
        ] {
            let review = Review {
                revision,
                epoch,
                missing: vec![],
            };
            assert_eq!(speaks_of(&review, 2, 4), expected, "{revision} {epoch}");
        }
    }
}
