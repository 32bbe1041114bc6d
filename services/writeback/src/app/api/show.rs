//! Stored sets and changes as messages.

use std::collections::BTreeMap;

use chassis::Cause;
use events::crm::v1::RecordRef;
use events::writeback::v1::{Change, ChangeSet};
use uuid::Uuid;

use crate::store::review::Shown;
use crate::store::sets::Set;
use crate::wire;

fn trace_id(traceparent: Option<String>) -> String {
    Cause::restored(traceparent, None)
        .trace_id()
        .unwrap_or_default()
        .to_owned()
}

/// One change.
pub(super) fn change(shown: Shown) -> Change {
    Change {
        id: shown.id.to_string(),
        change_set_id: shown.change_set_id.to_string(),
        meeting_id: shown.meeting_id,
        action: wire::action(shown.action).into(),
        record: Some(RecordRef {
            object: shown.object,
            id: shown.record_id,
        }),
        field: shown.field,
        mapping_entry_id: shown.entry_id,
        mapping_version: u64::try_from(shown.mapping_version).unwrap_or(0),
        baseline_json: shown.baseline.unwrap_or_default(),
        proposed_json: shown.proposed.unwrap_or_default(),
        observed_json: shown.observed.unwrap_or_default(),
        confidence: shown.confidence,
        evidence: wire::evidence_sent(shown.evidence),
        state: wire::state(shown.state).into(),
        reasons: wire::reasons(shown.reasons),
        proposed_at: Some(wire::timestamp(shown.proposed_at)),
        changed_at: Some(wire::timestamp(shown.changed_at)),
        decided_by: shown.decided_by,
        trace_id: trace_id(shown.traceparent),
        version: u64::try_from(shown.version).unwrap_or(0),
        undoes: shown.undoes.map(|id| id.to_string()).unwrap_or_default(),
        rehearsal: shown.rehearsal.map(wire::rehearsal),
        risks: wire::review::risks(shown.risk),
        risk: u32::try_from(shown.risk.score()).unwrap_or(0),
        owner_id: shown.owner_id,
        backfill_id: shown
            .backfill_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
    }
}

/// One set with its changes.
pub(super) fn set(
    workspace: &str,
    set: Set,
    changes: &mut BTreeMap<Uuid, Vec<Shown>>,
) -> ChangeSet {
    ChangeSet {
        id: set.id.to_string(),
        workspace: workspace.to_owned(),
        meeting_id: set.meeting_id,
        meeting_revision: u64::try_from(set.meeting_revision).unwrap_or(0),
        state: wire::set_state(set.state).into(),
        changes: changes
            .remove(&set.id)
            .unwrap_or_default()
            .into_iter()
            .map(change)
            .collect(),
        decision_id: set.decision_id,
        created_at: Some(wire::timestamp(set.created_at)),
        trace_id: trace_id(set.traceparent),
        title: set.title,
        empty_reason: set.empty_reason,
    }
}
