//! What rehearsals of changes showed, kept on the change until it becomes another one.

use chassis::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;
use crate::domain::rehearsal::Rehearsed;

/// Keeps what was shown; a change that is on its way or done meanwhile keeps what it has.
///
/// # Errors
/// When Postgres fails.
pub async fn store(
    connection: &mut PgConnection,
    workspace: &str,
    rehearsed: &[(Uuid, Rehearsed)],
) -> Result<(), Failure> {
    if rehearsed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rehearsed.iter().map(|(id, _)| *id).collect();
    let mut shown = Vec::with_capacity(rehearsed.len());
    for (_, one) in rehearsed {
        shown.push(serde_json::to_string(one).map_err(|_| unreadable("rehearsal"))?);
    }
    sqlx::query!(
        "update writeback.change c set rehearsal = row.shown::jsonb
         from unnest($2::uuid[], $3::text[]) as row (id, shown)
         where c.workspace = $1 and c.id = row.id
           and c.state in ('proposed', 'approved', 'held', 'blocked', 'refused', 'failed')",
        workspace,
        &ids,
        &shown
    )
    .execute(connection)
    .await?;
    Ok(())
}
