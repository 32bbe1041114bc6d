//! What finds a decided meeting again: its keys, the account it was matched to, and the series it is of.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What is kept of one decided meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its keys.
    pub keys: Vec<String>,
    /// How it was decided.
    pub outcome: &'static str,
    /// Until when it is decided again; `None` for never.
    pub open_until: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Keys of the series it is of.
    pub series: Vec<String>,
    /// The account; `None` for none.
    pub account_id: Option<String>,
    /// The opportunity; `None` for none.
    pub opportunity_id: Option<String>,
    /// A person said so.
    pub by_person: bool,
}

/// Replaces the keys of meetings and notes how they were decided.
///
/// # Errors
/// When Postgres does not answer.
pub async fn keep(connection: &mut PgConnection, kept: &[Kept]) -> Result<(), sqlx::Error> {
    if kept.is_empty() {
        return Ok(());
    }
    let (mut workspaces, mut meetings, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for row in kept.iter().filter(|row| row.open_until.is_some()) {
        for key in &row.keys {
            workspaces.push(row.workspace.clone());
            meetings.push(row.meeting_id.clone());
            keys.push(key.clone());
        }
    }
    let mut series = Series::default();
    for row in kept {
        for key in &row.series {
            series.workspaces.push(row.workspace.clone());
            series.keys.push(key.clone());
            series.meetings.push(row.meeting_id.clone());
            series
                .accounts
                .push(row.account_id.clone().unwrap_or_default());
            series
                .opportunities
                .push(row.opportunity_id.clone().unwrap_or_default());
            series.by_person.push(row.by_person);
            series.started_at.push(row.started_at);
        }
    }
    sqlx::query!(
        "with decided as (
             update matching.meeting m set outcome = t.outcome, open_until = t.open_until, account_id = t.account_id
             from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $15::text[])
                  as t (workspace, id, outcome, open_until, account_id)
             where m.workspace = t.workspace and m.id = t.id
         ),
         wanted as (select * from unnest($5::text[], $6::text[], $7::text[]) as t (workspace, meeting_id, key)),
         gone as (
             delete from matching.meeting_key k
             using unnest($1::text[], $2::text[]) as t (workspace, id)
             where k.workspace = t.workspace and k.meeting_id = t.id
               and not exists (
                   select 1 from wanted w where w.workspace = k.workspace and w.meeting_id = k.meeting_id and w.key = k.key
               )
         ),
         said as (
             select * from unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::timestamptz[])
                           as t (workspace, key, meeting_id, account_id, opportunity_id, by_person, started_at)
         ),
         unsaid as (
             delete from matching.series s using said t
             where s.workspace = t.workspace and s.key = t.key and s.meeting_id = t.meeting_id and t.opportunity_id = ''
         ),
         series as (
             insert into matching.series (workspace, key, meeting_id, account_id, opportunity_id, by_person, started_at)
             select workspace, key, meeting_id, account_id, opportunity_id, by_person, started_at from said
             where opportunity_id <> ''
             on conflict (workspace, key, meeting_id) do update set
                 account_id = excluded.account_id, opportunity_id = excluded.opportunity_id, by_person = excluded.by_person,
                 started_at = excluded.started_at
         )
         insert into matching.meeting_key (workspace, key, meeting_id)
         select workspace, key, meeting_id from wanted
         on conflict do nothing",
        &kept.iter().map(|r| r.workspace.clone()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.meeting_id.clone()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.outcome.to_owned()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.open_until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &workspaces,
        &meetings,
        &keys,
        &series.workspaces,
        &series.keys,
        &series.meetings,
        &series.accounts,
        &series.opportunities,
        &series.by_person,
        &series.started_at,
        &kept.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows of series as parallel arrays.
#[derive(Default)]
struct Series {
    workspaces: Vec<String>,
    keys: Vec<String>,
    meetings: Vec<String>,
    accounts: Vec<String>,
    opportunities: Vec<String>,
    by_person: Vec<bool>,
    started_at: Vec<DateTime<Utc>>,
}
