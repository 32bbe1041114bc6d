//! The audit trail: who or what changed which setting or decision, before and after. Rows are only ever added.

use chassis::{Cause, Failure};
use events::rpc::Caller;
use sqlx::PgConnection;

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The workspace.
    pub workspace: &'a str,
    /// What was done, for example `permissions.set`.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// As it was, JSON; `None` when there was nothing.
    pub before: Option<String>,
    /// As it is, JSON.
    pub after: Option<String>,
}

/// Adds entries in the transaction of what they tell about.
///
/// # Errors
/// When Postgres fails.
pub async fn add(
    connection: &mut PgConnection,
    caller: &Caller,
    cause: &Cause,
    entries: Vec<Entry<'_>>,
) -> Result<(), Failure> {
    let mut workspaces = Vec::with_capacity(entries.len());
    let mut actions = Vec::with_capacity(entries.len());
    let mut subjects = Vec::with_capacity(entries.len());
    let mut before = Vec::with_capacity(entries.len());
    let mut after = Vec::with_capacity(entries.len());
    for entry in entries {
        workspaces.push(entry.workspace.to_owned());
        actions.push(entry.action.to_owned());
        subjects.push(entry.subject);
        before.push(entry.before);
        after.push(entry.after);
    }
    sqlx::query!(
        "insert into writeback.audit (workspace, actor, role, request_id, trace_id, action, subject, before, after)
         select workspace, $6, $7, $8, $9, action, subject, before::jsonb, after::jsonb
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
           as row (workspace, action, subject, before, after)",
        &workspaces,
        &actions,
        &subjects,
        &before as &[Option<String>],
        &after as &[Option<String>],
        caller.actor,
        caller.role.as_str(),
        caller.request_id,
        cause.trace_id().unwrap_or_default(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
