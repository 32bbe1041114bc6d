//! What was missed without a connection: listed, and released by a person.

use std::collections::HashMap;

use events::rpc::{CallContext, RpcError};
use events::writeback::v1::{
    ConnectionGap, ListMissedRequest, ListMissedResponse, MissedMeeting, ReleaseMissedRequest,
    ReleaseMissedResponse,
};
use uuid::Uuid;

use super::conclude::Conclusion;
use super::{Api, failed, workspace};
use crate::store::audit::Entry;
use crate::store::config;
use crate::store::gap::{self, Gap, Meeting};
use crate::wire;

/// Gaps listed when nobody says how many.
const GAPS_DEFAULT: u32 = 10;
/// Most gaps listed.
const GAPS_MAX: u32 = 50;
/// Meetings released by one request.
const MEETINGS_MAX: usize = 500;

impl Api {
    pub(super) async fn missed(
        &self,
        request: ListMissedRequest,
    ) -> Result<ListMissedResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rows = match request.limit {
            0 => GAPS_DEFAULT,
            rows if rows <= GAPS_MAX => rows,
            _ => {
                return Err(RpcError::invalid("limit", format!("is above {GAPS_MAX}")));
            }
        };
        let scope = self.scope(workspace)?;
        let gaps = gap::list(&scope, workspace, i64::from(rows))
            .await
            .map_err(failed)?;
        let ids: Vec<Uuid> = gaps.iter().map(|gap| gap.id).collect();
        let mut meetings: HashMap<Uuid, Vec<MissedMeeting>> = HashMap::new();
        for meeting in gap::meetings(&scope, workspace, &ids)
            .await
            .map_err(failed)?
        {
            meetings
                .entry(meeting.gap)
                .or_default()
                .push(shown_meeting(meeting));
        }
        let waiting = gap::waiting(&scope, workspace).await.map_err(failed)?;
        Ok(ListMissedResponse {
            gaps: gaps
                .into_iter()
                .map(|gap| {
                    let meetings = meetings.remove(&gap.id).unwrap_or_default();
                    shown(gap, meetings)
                })
                .collect(),
            changes_waiting: waiting.unsigned_abs(),
        })
    }

    /// Nothing is written by this that the gates do not let through: what an admin has not allowed stays where it is.
    pub(super) async fn release(
        &self,
        context: &CallContext,
        request: ReleaseMissedRequest,
    ) -> Result<ReleaseMissedResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id: Uuid = request
            .gap_id
            .parse()
            .map_err(|_| RpcError::invalid("gap_id", "is not a gap's id"))?;
        if request.meeting_ids.len() > MEETINGS_MAX {
            return Err(RpcError::invalid(
                "meeting_ids",
                format!("has more than {MEETINGS_MAX} entries"),
            ));
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let released = gap::release(unit.connection(), workspace, id, &request.meeting_ids)
            .await
            .map_err(failed)?;
        config::moved(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        let lanes: Vec<(String, String, i16)> = released
            .iter()
            .filter(|change| change.queued)
            .map(|change| (workspace.to_owned(), change.lane.clone(), change.priority))
            .collect();
        let count = released.len() as u64;
        let entry = Entry {
            workspace,
            action: "missed.released",
            subject: id.to_string(),
            before: None,
            after: Some(serde_json::json!({ "changes": count }).to_string()),
        };
        let conclusion = Conclusion {
            lanes,
            sets: released.iter().map(|change| change.change_set_id).collect(),
            entries: vec![entry],
        };
        self.conclude(unit, context, workspace, conclusion).await?;
        self.wake.gates();
        Ok(ReleaseMissedResponse {
            changes_released: count,
        })
    }
}

fn shown(gap: Gap, meetings: Vec<MissedMeeting>) -> ConnectionGap {
    ConnectionGap {
        id: gap.id.to_string(),
        since: Some(wire::timestamp(gap.since)),
        until: Some(wire::timestamp(gap.until)),
        state: wire::connection_state_sent(&gap.state).into(),
        detail: gap.detail,
        other_user: gap.other_user,
        meetings_arrived: gap.meetings_arrived.unsigned_abs(),
        changes_resumed: gap.changes_resumed.unsigned_abs(),
        changes_missed: gap.changes_missed.unsigned_abs(),
        changes_waiting: gap.changes_waiting.unsigned_abs(),
        meetings,
    }
}

fn shown_meeting(meeting: Meeting) -> MissedMeeting {
    MissedMeeting {
        meeting_id: meeting.meeting_id,
        change_set_id: meeting.change_set_id.to_string(),
        title: meeting.title,
        started_at: Some(wire::timestamp(meeting.started_at)),
        changes_waiting: u32::try_from(meeting.changes_waiting).unwrap_or(u32::MAX),
    }
}
