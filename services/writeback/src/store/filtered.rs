//! Changes by what a reviewer looks for, page by page, and those that are alike.
//!
//! The queue itself is read along its own index (riskiest first); what narrows it is checked on the way. One macro
//! holds the filter, so that a page, its count and a decision about it never mean different changes.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::review::{Row, Shown};
use super::unreadable;
use crate::domain::change::Action;

/// Kinds of alike changes told of one filter.
const KINDS_MAX: i64 = 50;

/// Which changes are meant; what is empty does not narrow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// sObject.
    pub object: String,
    /// Field.
    pub field: String,
    /// A gate that said more than "pass".
    pub gate: String,
    /// A reason's code.
    pub code: String,
    /// The record.
    pub record_id: String,
    /// The meeting.
    pub meeting_id: String,
    /// Owner of the record.
    pub owner_id: String,
    /// Proposed at this time or later.
    pub proposed_from: Option<DateTime<Utc>>,
    /// Proposed before this time.
    pub proposed_until: Option<DateTime<Utc>>,
    /// Weights of facets, of which it has at least one; 0 for any.
    pub risks: i16,
    /// The highest score.
    pub risk_max: i16,
    /// Letters of the title, the quote or a value.
    pub text: String,
    /// Kind and reasons, as a key.
    pub alike: String,
    /// The backfill.
    pub backfill_id: Option<Uuid>,
    /// The meeting began at this time or later,
    pub meeting_from: Option<DateTime<Utc>>,
    /// and before this one.
    pub meeting_until: Option<DateTime<Utc>>,
    /// Not changed since.
    pub seen_at: Option<DateTime<Utc>>,
}

impl Filter {
    /// Every change.
    #[must_use]
    pub fn all() -> Self {
        Self {
            risk_max: i16::MAX,
            ..Self::default()
        }
    }
}

/// A query over the changes a filter means. `$1` is the workspace, `$2` to `$18` the filter, the rest the caller's.
macro_rules! filtered {
    ($row:ident, $head:literal, $state:literal, $tail:literal, $workspace:expr, $filter:expr $(, $more:expr)*) => {
        sqlx::query_as!(
            $row,
            $head
                + r#" from writeback.change c where c.workspace = $1
             and ($2 = '' or c.object = $2) and ($3 = '' or c.field = $3)
             and (($4 = '' and $5 = '') or jsonb_path_exists(c.reasons,
               '$[*] ? (@.verdict != "pass" && ($gate == "" || @.gate == $gate) && ($code == "" || @.code == $code))',
               jsonb_build_object('gate', $4::text, 'code', $5::text)))
             and ($6 = '' or c.record_id = $6) and ($7 = '' or c.meeting_id = $7) and ($8 = '' or c.owner_id = $8)
             and ($9::timestamptz is null or c.proposed_at >= $9) and ($10::timestamptz is null or c.proposed_at < $10)
             and ($11::smallint = 0 or (c.risk & $11::smallint) <> 0) and c.risk <= $12::smallint
             and ($13 = '' or position(lower($13) in lower(concat_ws(' ', c.object, c.field, c.baseline::text,
               c.proposed::text, c.evidence::text))) > 0
               or exists (select from writeback.change_set s where s.id = c.change_set_id
                 and position(lower($13) in lower(s.title)) > 0))
             and ($14 = '' or md5(concat_ws('|', c.action, c.object, c.field, writeback.held_for(c.reasons))) = $14)
             and ($15::uuid is null or c.backfill_id = $15)
             and ($16::timestamptz is null or c.meeting_at >= $16) and ($17::timestamptz is null or c.meeting_at < $17)
             and ($18::timestamptz is null or c.changed_at <= $18) and "#
                + $state
                + $tail,
            $workspace,
            $filter.object,
            $filter.field,
            $filter.gate,
            $filter.code,
            $filter.record_id,
            $filter.meeting_id,
            $filter.owner_id,
            $filter.proposed_from,
            $filter.proposed_until,
            $filter.risks,
            $filter.risk_max,
            $filter.text,
            $filter.alike,
            $filter.backfill_id,
            $filter.meeting_from,
            $filter.meeting_until,
            $filter.seen_at
            $(, $more)*
        )
    };
}

/// Where a page of the queue begins: after this score and id.
pub type After = (i16, Uuid);

/// A page of held changes, the riskiest first.
///
/// # Errors
/// When Postgres fails.
pub async fn queue(
    scope: &Scope,
    workspace: &str,
    filter: &Filter,
    after: Option<After>,
    rows_max: i64,
) -> Result<Vec<Shown>, Failure> {
    let (score, id) = after.unwrap_or((i16::MAX, Uuid::nil()));
    let rows = filtered!(
        Row,
        r#"select c.id, c.change_set_id, c.meeting_id, c.action, c.object, c.record_id, c.field, c.entry_id,
             c.mapping_version, c.baseline::text as baseline, c.proposed::text as proposed, c.observed::text as observed,
             c.confidence, c.evidence::text as "evidence!", c.state, c.reasons::text as "reasons!", c.proposed_at,
             c.changed_at, c.decided_by, c.traceparent, c.version, c.lane, c.priority, c.rehearsal::text as rehearsal,
             c.undoes, c.risk, c.owner_id, c.backfill_id"#,
        "c.state = 'held'",
        " and ((-c.risk), c.id) > ($19::smallint, $20) order by (-c.risk), c.id limit $21",
        workspace,
        filter,
        -score,
        id,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter().map(Row::shown).collect()
}

/// A page of changes in some states, oldest first.
///
/// # Errors
/// When Postgres fails.
pub async fn page(
    scope: &Scope,
    workspace: &str,
    filter: &Filter,
    states: &[String],
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<Shown>, Failure> {
    let rows = filtered!(
        Row,
        r#"select c.id, c.change_set_id, c.meeting_id, c.action, c.object, c.record_id, c.field, c.entry_id,
             c.mapping_version, c.baseline::text as baseline, c.proposed::text as proposed, c.observed::text as observed,
             c.confidence, c.evidence::text as "evidence!", c.state, c.reasons::text as "reasons!", c.proposed_at,
             c.changed_at, c.decided_by, c.traceparent, c.version, c.lane, c.priority, c.rehearsal::text as rehearsal,
             c.undoes, c.risk, c.owner_id, c.backfill_id"#,
        "c.state = any($19)",
        " and c.id > $20 order by c.id limit $21",
        workspace,
        filter,
        states,
        after,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter().map(Row::shown).collect()
}

struct Count {
    count: i64,
}

/// How many held changes a filter means.
///
/// # Errors
/// When Postgres fails.
pub async fn count_held(scope: &Scope, workspace: &str, filter: &Filter) -> Result<u64, Failure> {
    let row = filtered!(
        Count,
        r#"select count(*) as "count!""#,
        "c.state = 'held'",
        "",
        workspace,
        filter
    )
    .fetch_one(scope)
    .await?;
    Ok(u64::try_from(row.count).unwrap_or(0))
}

/// How many changes in some states a filter means.
///
/// # Errors
/// When Postgres fails.
pub async fn count(
    scope: &Scope,
    workspace: &str,
    filter: &Filter,
    states: &[String],
) -> Result<u64, Failure> {
    let row = filtered!(
        Count,
        r#"select count(*) as "count!""#,
        "c.state = any($19)",
        "",
        workspace,
        filter,
        states
    )
    .fetch_one(scope)
    .await?;
    Ok(u64::try_from(row.count).unwrap_or(0))
}

/// Held changes of one kind, held for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Narrows a filter to them.
    pub alike: String,
    /// What they do.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// Field; empty for creations.
    pub field: String,
    /// Why they are held, as `gate.code`.
    pub reasons: Vec<String>,
    /// How many.
    pub changes: u64,
    /// How many of them score at most `low_max`.
    pub low: u64,
}

struct KindRow {
    alike: String,
    action: String,
    object: String,
    field: String,
    held_for: String,
    changes: i64,
    low: i64,
}

/// The kinds of held changes a filter means, the most frequent first.
///
/// # Errors
/// When Postgres fails.
pub async fn kinds(
    scope: &Scope,
    workspace: &str,
    filter: &Filter,
    low_max: i16,
) -> Result<Vec<Kind>, Failure> {
    let rows = filtered!(
        KindRow,
        r#"select md5(concat_ws('|', c.action, c.object, c.field, writeback.held_for(c.reasons))) as "alike!",
             c.action, c.object, c.field, writeback.held_for(c.reasons) as "held_for!",
             count(*) as "changes!", count(*) filter (where c.risk <= $19::smallint) as "low!""#,
        "c.state = 'held'",
        r#" group by c.action, c.object, c.field, writeback.held_for(c.reasons)
            order by count(*) desc, c.object, c.field limit $20"#,
        workspace,
        filter,
        low_max,
        KINDS_MAX
    )
    .fetch_all(scope)
    .await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    rows.into_iter()
        .map(|row| {
            Ok(Kind {
                action: Action::parse(&row.action).ok_or_else(|| unreadable("action"))?,
                alike: row.alike,
                object: row.object,
                field: row.field,
                reasons: row.held_for.split_whitespace().map(str::to_owned).collect(),
                changes: number(row.changes),
                low: number(row.low),
            })
        })
        .collect()
}

/// What time it is for the rows: seen and unseen are told apart by the clock that dates changes.
///
/// # Errors
/// When Postgres fails.
pub async fn now(scope: &Scope) -> Result<DateTime<Utc>, Failure> {
    let now = sqlx::query_scalar!(r#"select now() as "now!""#);
    Ok(now.fetch_one(scope).await?)
}

struct IdRow {
    id: Uuid,
}

/// Ids of held changes a filter means, oldest first, locked for a decision; what somebody else decides is left out.
///
/// # Errors
/// When Postgres fails.
pub async fn take(
    connection: &mut PgConnection,
    workspace: &str,
    filter: &Filter,
    rows_max: i64,
) -> Result<Vec<Uuid>, Failure> {
    let rows = filtered!(
        IdRow,
        "select c.id",
        "c.state = 'held'",
        " order by (-c.risk), c.id limit $19 for update skip locked",
        workspace,
        filter,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
