//! Where the creations stand that other new records refer to by key.

use std::collections::HashMap;

use chassis::{Failure, Scope};

use crate::domain::change::State;
use crate::domain::twin::Standing;

/// The standing of each key that is known, with the record once it is there.
///
/// # Errors
/// When Postgres fails.
pub async fn standings(
    scope: &Scope,
    workspace: &str,
    keys: &[String],
) -> Result<HashMap<String, (Standing, String)>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select creation_key, record_id, state from writeback.change
         where workspace = $1 and creation_key = any($2) and creation_key <> ''",
        workspace,
        keys
    )
    .fetch_all(scope)
    .await?;
    let mut found: HashMap<String, (Standing, String)> = HashMap::new();
    for row in rows {
        let standing = standing(State::parse(&row.state), &row.record_id);
        let known = found
            .entry(row.creation_key)
            .or_insert((Standing::NotComing, String::new()));
        match (known.0, standing) {
            (Standing::There, _) | (Standing::Coming, Standing::Coming | Standing::NotComing) => {}
            (_, standing) => *known = (standing, row.record_id),
        }
    }
    Ok(found)
}

fn standing(state: Option<State>, record_id: &str) -> Standing {
    match state {
        Some(State::Applied) if !record_id.is_empty() => Standing::There,
        Some(State::Proposed | State::Approved | State::Executing | State::Uncertain) => {
            Standing::Coming
        }
        Some(
            State::Applied
            | State::Held
            | State::Blocked
            | State::Refused
            | State::Failed
            | State::Dismissed
            | State::Expired
            | State::Superseded
            | State::Undone,
        )
        | None => Standing::NotComing,
    }
}
