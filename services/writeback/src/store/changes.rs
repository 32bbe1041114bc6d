//! Rows of `change` as they are inserted and updated in bulk: one statement for a whole batch.

use std::borrow::Cow;

use chassis::Failure;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::reasons_json;
use crate::domain::change::{self, Gated, Write};
use crate::domain::lane;
use crate::domain::plan::Proposal;
use crate::domain::value::fields_to_json;

/// What a change writes, as stored.
pub(crate) fn write_json(write: &Write) -> String {
    match write {
        Write::Value(value) => value.to_json(),
        Write::Record(fields) => fields_to_json(fields),
    }
}

/// A change about to be stored.
#[derive(Debug)]
pub struct New<'a> {
    /// UUIDv7.
    pub id: Uuid,
    /// Its set.
    pub change_set_id: Uuid,
    /// The workspace.
    pub workspace: &'a str,
    /// The meeting.
    pub meeting_id: &'a str,
    /// When the meeting began.
    pub meeting_at: DateTime<Utc>,
    /// When it ended.
    pub meeting_ended_at: DateTime<Utc>,
    /// From history.
    pub backfill: bool,
    /// What it is.
    pub proposal: &'a Proposal,
    /// What the gates said.
    pub gated: &'a Gated,
    /// Version of the mapping it comes from.
    pub mapping_version: u64,
    /// The meeting's trace.
    pub traceparent: Option<&'a str>,
}

/// Inserts changes with one statement.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(connection: &mut PgConnection, changes: &[New<'_>]) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut rows = Columns::with_capacity(changes.len());
    for change in changes {
        rows.push(change);
    }
    sqlx::query!(
        "insert into writeback.change (id, change_set_id, workspace, meeting_id, state, regate, priority, action, object,
           record_id, field, entry_id, mapping_version, overwrite, lane, creation_key, related, contents, baseline, piece,
           proposed, observed, reasons, confidence, evidence, traceparent, meeting_at, meeting_ended_at, risk, owner_id)
         select id, change_set_id, workspace, meeting_id, state, regate, priority, action, object,
           record_id, field, entry_id, mapping_version, overwrite, lane, creation_key,
           string_to_array(related, ','), string_to_array(contents, ','), baseline::jsonb, piece::jsonb,
           proposed::jsonb, case when state = 'applied' then baseline::jsonb end, reasons::jsonb, confidence,
           evidence::jsonb, traceparent, meeting_at, meeting_ended_at, risk, owner_id
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::smallint[], $8::text[],
           $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[], $16::text[],
           $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::double precision[],
           $24::text[], $25::text[], $26::timestamptz[], $27::timestamptz[], $28::smallint[], $29::text[])
           as row (id, change_set_id, workspace, meeting_id, state, regate, priority, action, object, record_id, field,
             entry_id, mapping_version, overwrite, lane, creation_key, related, contents, baseline, piece, proposed,
             reasons, confidence, evidence, traceparent, meeting_at, meeting_ended_at, risk, owner_id)",
        &rows.ids,
        &rows.change_set_ids,
        &rows.workspaces,
        &rows.meeting_ids,
        &rows.states,
        &rows.regates,
        &rows.priorities,
        &rows.actions,
        &rows.objects,
        &rows.record_ids,
        &rows.fields,
        &rows.entry_ids,
        &rows.mapping_versions,
        &rows.overwrites,
        &rows.lanes,
        &rows.creation_keys,
        &rows.related,
        &rows.contents,
        &rows.baselines as &[Option<String>],
        &rows.pieces as &[Option<String>],
        &rows.proposed as &[Option<String>],
        &rows.reasons,
        &rows.confidences,
        &rows.evidence,
        &rows.traceparents as &[Option<String>],
        &rows.meeting_ats,
        &rows.meeting_ended_ats,
        &rows.risks,
        &rows.owners,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    change_set_ids: Vec<Uuid>,
    workspaces: Vec<String>,
    meeting_ids: Vec<String>,
    states: Vec<String>,
    regates: Vec<bool>,
    priorities: Vec<i16>,
    actions: Vec<String>,
    objects: Vec<String>,
    record_ids: Vec<String>,
    fields: Vec<String>,
    entry_ids: Vec<String>,
    mapping_versions: Vec<i64>,
    overwrites: Vec<String>,
    lanes: Vec<String>,
    creation_keys: Vec<String>,
    related: Vec<String>,
    contents: Vec<String>,
    baselines: Vec<Option<String>>,
    pieces: Vec<Option<String>>,
    proposed: Vec<Option<String>>,
    reasons: Vec<String>,
    confidences: Vec<f64>,
    evidence: Vec<String>,
    traceparents: Vec<Option<String>>,
    meeting_ats: Vec<DateTime<Utc>>,
    meeting_ended_ats: Vec<DateTime<Utc>>,
    risks: Vec<i16>,
    owners: Vec<String>,
}

impl Columns {
    fn with_capacity(rows: usize) -> Self {
        Self {
            ids: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    fn push(&mut self, new: &New<'_>) {
        let proposal = new.proposal;
        let gated = new.gated;
        let contents: Vec<&str> = proposal
            .contents
            .iter()
            .map(|content| content.as_str())
            .collect();
        self.ids.push(new.id);
        self.change_set_ids.push(new.change_set_id);
        self.workspaces.push(new.workspace.to_owned());
        self.meeting_ids.push(new.meeting_id.to_owned());
        self.states.push(gated.state.as_str().to_owned());
        self.regates.push(gated.regate);
        self.priorities.push(lane::priority(new.backfill, false));
        self.actions.push(proposal.action.as_str().to_owned());
        self.objects.push(proposal.object.clone());
        self.record_ids.push(proposal.record_id.clone());
        self.fields.push(proposal.field.clone());
        self.entry_ids.push(proposal.entry_id.clone());
        self.mapping_versions
            .push(i64::try_from(new.mapping_version).unwrap_or(i64::MAX));
        self.overwrites.push(proposal.overwrite.as_str().to_owned());
        self.lanes.push(proposal.lane.clone());
        self.creation_keys.push(proposal.creation_key.clone());
        self.related.push(proposal.related.join(","));
        self.contents.push(contents.join(","));
        self.baselines.push(
            gated
                .baseline
                .as_ref()
                .map(crate::domain::value::FieldValue::to_json),
        );
        self.pieces.push(gated.piece.as_ref().map(write_json));
        self.proposed.push(gated.proposed.as_ref().map(write_json));
        self.reasons.push(reasons_json(&gated.reasons));
        // Postgres stores NaN, JSON readers do not: what is no number counts as not sure at all.
        self.confidences.push(if proposal.confidence.is_finite() {
            proposal.confidence
        } else {
            0.0
        });
        self.evidence
            .push(change::evidence_json(&proposal.evidence));
        self.traceparents.push(new.traceparent.map(str::to_owned));
        self.meeting_ats.push(new.meeting_at);
        self.meeting_ended_ats.push(new.meeting_ended_at);
        self.risks.push(gated.risk.score());
        self.owners.push(gated.owner_id.clone());
    }
}

/// A change gated again.
#[derive(Debug)]
pub struct Regated<'a> {
    /// The change.
    pub id: Uuid,
    /// Its version when it was read; a newer one wins.
    pub version: i64,
    /// The field it goes to now.
    pub field: &'a str,
    /// What the gates say now.
    pub gated: Cow<'a, Gated>,
}

/// Stores what the gates say now of changes that still wait; answers the sets touched.
///
/// # Errors
/// When Postgres fails.
pub async fn regate(
    connection: &mut PgConnection,
    changes: &[Regated<'_>],
) -> Result<Vec<Uuid>, Failure> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
    let versions: Vec<i64> = changes.iter().map(|change| change.version).collect();
    let fields: Vec<String> = changes
        .iter()
        .map(|change| change.field.to_owned())
        .collect();
    let states: Vec<String> = changes
        .iter()
        .map(|change| change.gated.state.as_str().to_owned())
        .collect();
    let regates: Vec<bool> = changes.iter().map(|change| change.gated.regate).collect();
    let json = |write: &Option<Write>| write.as_ref().map(write_json);
    let baselines: Vec<Option<String>> = changes
        .iter()
        .map(|change| {
            change
                .gated
                .baseline
                .as_ref()
                .map(crate::domain::value::FieldValue::to_json)
        })
        .collect();
    let pieces: Vec<Option<String>> = changes
        .iter()
        .map(|change| json(&change.gated.piece))
        .collect();
    let proposed: Vec<Option<String>> = changes
        .iter()
        .map(|change| json(&change.gated.proposed))
        .collect();
    let reasons: Vec<String> = changes
        .iter()
        .map(|change| reasons_json(&change.gated.reasons))
        .collect();
    let risks: Vec<i16> = changes
        .iter()
        .map(|change| change.gated.risk.score())
        .collect();
    let owners: Vec<String> = changes
        .iter()
        .map(|change| change.gated.owner_id.clone())
        .collect();
    let touched = sqlx::query_scalar!(
        "update writeback.change c set state = row.state, regate = row.regate, field = row.field,
           baseline = coalesce(row.baseline::jsonb, c.baseline), piece = coalesce(row.piece::jsonb, c.piece),
           proposed = coalesce(row.proposed::jsonb, c.proposed), reasons = row.reasons::jsonb, not_before = now(),
           risk = row.risk, owner_id = case when row.owner_id = '' then c.owner_id else row.owner_id end,
           observed = case when row.state = 'applied' then row.baseline::jsonb else c.observed end,
           version = c.version + 1, changed_at = now(),
           rehearsal = case when c.proposed is not distinct from coalesce(row.proposed::jsonb, c.proposed)
             then c.rehearsal end
         from unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
             $10::smallint[], $11::text[])
           as row (id, version, state, regate, baseline, piece, proposed, reasons, field, risk, owner_id)
         where c.id = row.id and c.version = row.version and c.state in ('proposed', 'held')
           -- What did not change keeps its version, so that a reviewer's decision on it stays good.
           and (c.state <> row.state or c.regate <> row.regate or c.field <> row.field or c.reasons <> row.reasons::jsonb
             or c.proposed is distinct from coalesce(row.proposed::jsonb, c.proposed)
             or c.baseline is distinct from coalesce(row.baseline::jsonb, c.baseline))
         returning c.change_set_id",
        &ids,
        &versions,
        &states,
        &regates,
        &baselines as &[Option<String>],
        &pieces as &[Option<String>],
        &proposed as &[Option<String>],
        &reasons,
        &fields,
        &risks,
        &owners,
    )
    .fetch_all(connection)
    .await?;
    Ok(touched)
}

/// Puts lanes on the queue: they have something to do from now on.
///
/// # Errors
/// When Postgres fails.
pub async fn push_lanes(
    connection: &mut PgConnection,
    lanes: impl IntoIterator<Item = (String, String, i16)>,
) -> Result<(), Failure> {
    let mut workspaces = Vec::new();
    let mut names = Vec::new();
    let mut priorities = Vec::new();
    for (workspace, lane, priority) in lanes {
        workspaces.push(workspace);
        names.push(lane);
        priorities.push(priority);
    }
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into writeback.lane (workspace, lane, ready_at, priority)
         select workspace, lane, now(), min(priority)
         from unnest($1::text[], $2::text[], $3::smallint[]) as row (workspace, lane, priority)
         group by workspace, lane order by workspace, lane
         on conflict (workspace, lane) do update set ready_at = now(), pushes = writeback.lane.pushes + 1,
           priority = least(writeback.lane.priority, excluded.priority)",
        &workspaces,
        &names,
        &priorities,
    )
    .execute(connection)
    .await?;
    Ok(())
}
