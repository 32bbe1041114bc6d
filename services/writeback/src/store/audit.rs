//! The audit trail: who or what changed which setting or decision, before and after. Rows are only ever added.

use chassis::{Cause, Failure, Scope};
use chrono::{DateTime, Utc};
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

/// One thing that was done, as it was noted.
#[derive(Debug, Clone)]
pub struct Noted {
    /// Grows with each entry.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who or what.
    pub actor: String,
    /// With which role.
    pub role: String,
    /// By which request.
    pub request_id: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// As it was, JSON, cut.
    pub before: Option<String>,
    /// As it is, JSON, cut.
    pub after: Option<String>,
    /// In which trace.
    pub trace_id: String,
}

/// A place in the trail.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// When.
    pub at: DateTime<Utc>,
    /// Which of that moment.
    pub id: i64,
}

/// Which entries; empty words and absent moments leave none out.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// Only those after this place, going back in time.
    pub before: Option<Place>,
    /// This action; a word that ends with a point stands for all that begin with it.
    pub action: &'a str,
    /// Part of the actor, in any case.
    pub actor: &'a str,
    /// Part of the subject, in any case.
    pub subject: &'a str,
    /// From then on.
    pub since: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
}

/// Entries, newest first, at most `rows_max`. Values are cut after 800 characters: a page has many of them.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    scope: &Scope,
    workspace: &str,
    filter: &Filter<'_>,
    rows_max: i64,
) -> Result<Vec<Noted>, Failure> {
    let (at, id) = filter
        .before
        .map_or((None, None), |place| (Some(place.at), Some(place.id)));
    let found = sqlx::query_as!(
        Noted,
        r#"select id, at, actor, role, request_id, action, subject, trace_id,
             left(before::text, 800) as before, left(after::text, 800) as after
           from writeback.audit
           where workspace = $1
             and ($2::timestamptz is null or (at, id) < ($2, $3::bigint))
             and ($4::text = '' or action = $4 or (right($4, 1) = '.' and starts_with(action, $4)))
             and ($5::text = '' or strpos(lower(actor), lower($5)) > 0)
             and ($6::text = '' or strpos(lower(subject), lower($6)) > 0)
             and ($7::timestamptz is null or at >= $7)
             and ($8::timestamptz is null or at < $8)
           order by at desc, id desc
           limit $9"#,
        workspace,
        at,
        id,
        filter.action,
        filter.actor,
        filter.subject,
        filter.since,
        filter.until,
        rows_max,
    )
    .fetch_all(scope)
    .await?;
    Ok(found)
}
