//! Forgets what was said in meetings after its retention.

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use events::matching::v1::Decision;
use prost::Message;

use crate::store::retention;

/// Time between two sweeps, in seconds.
const EVERY_S: u64 = 3_600;
/// Rows of one statement: a sweep is many short ones.
const ROWS_MAX: i64 = 500;

/// Sweeps until told to stop; a failure is logged and the next sweep does the work.
///
/// # Errors
/// Never.
pub async fn run(db: Db, kept_days: i32, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        match sweep(&db, kept_days).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "the content of old meetings was purged"),
            Err(failure) => {
                tracing::warn!(
                    error = failure.chain(),
                    "the content of old meetings was not purged"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}

/// One sweep over everything that is old enough; answers how many meetings were purged.
///
/// # Errors
/// When Postgres fails.
pub async fn sweep(db: &Db, kept_days: i32) -> Result<u64, Failure> {
    // Age is the same for all workspaces.
    let all = db.all_workspaces();
    let mut purged = 0;
    loop {
        let meetings = retention::meetings(&all, kept_days, ROWS_MAX).await?;
        let decisions = retention::frozen(&all, kept_days, ROWS_MAX).await?;
        let mut thawed = Vec::with_capacity(decisions.len());
        for decision in &decisions {
            thawed.push((decision.id, without_evidence(&decision.body)));
        }
        retention::thawed(&all, &thawed).await?;
        purged += meetings;
        if meetings == 0 && decisions.is_empty() {
            return Ok(purged);
        }
    }
}

/// A decision without what it was drawn from. One this version cannot read is emptied: its outcome is in its row.
fn without_evidence(body: &[u8]) -> Vec<u8> {
    let mut decision = Decision::decode(body).unwrap_or_default();
    decision.candidates.clear();
    decision.ignored.clear();
    decision.explanation = "purged after its retention".to_owned();
    decision.would_settle.clear();
    decision.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::matching::v1::{Candidate, Ignored};

    #[test]
    fn a_purged_decision_says_what_was_decided_and_not_from_what() {
        let decision = Decision {
            id: "d".into(),
            account_id: "001A".into(),
            probability: 0.9,
            candidates: vec![Candidate {
                name: "Acme".into(),
                ..Candidate::default()
            }],
            ignored: vec![Ignored {
                what: "ann@acme.example".into(),
                why: "declined".into(),
            }],
            explanation: "ann@acme.example is a contact".into(),
            ..Decision::default()
        };
        let left = Decision::decode(without_evidence(&decision.encode_to_vec()).as_slice())
            .expect("is a decision");
        assert_eq!((left.account_id.as_str(), left.probability), ("001A", 0.9));
        assert!(left.candidates.is_empty() && left.ignored.is_empty());
        assert!(!format!("{left:?}").contains("acme.example"));
    }
}
