//! Meetings: matching says what was decided, writeback what became of it.

use events::matching::v1 as matching;
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1 as writeback;
use events::writeback::v1::WritebackClient;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::Page;
use crate::wire::change::{ChangeSet, Writeback};
use crate::wire::matching::{Decision, ListedMeeting, Meeting, Story};
use crate::wire::word;

/// Meetings asked about at the same time.
const CALLS_MAX: usize = 8;

/// Newest first.
pub(crate) async fn recent(
    owners: &Owners,
    asking: &Asking,
    page_size: u32,
    page_token: String,
    outcomes: &str,
) -> Result<Page<ListedMeeting>, RpcError> {
    let outcomes = outcomes
        .split(',')
        .filter(|word| !word.is_empty())
        .map(|word| word::parse::<matching::Outcome>("outcome", word).map(i32::from))
        .collect::<Result<_, _>>()?;
    let request = matching::ListDecisionsRequest {
        workspace: asking.workspace(),
        page_size,
        page_token,
        outcomes,
    };
    let answer = owners
        .matching
        .list_decisions(&asking.context, request)
        .await?;
    let asks: Vec<_> =
        answer
            .decisions
            .into_iter()
            .map(|summary| {
                let meeting_id = summary
                    .decision
                    .as_ref()
                    .map(|decision| decision.meeting_id.clone())
                    .unwrap_or_default();
                let set = newest_set(
                    owners.writeback.clone(),
                    asking.context.clone(),
                    asking.workspace(),
                    meeting_id,
                );
                async move {
                    Ok::<_, RpcError>(ListedMeeting::new(summary, set.await?.map(Writeback::new)))
                }
            })
            .collect();
    let items = stream::iter(asks).buffered(CALLS_MAX).try_collect().await?;
    Ok(Page::new(items, answer.next_page_token))
}

/// One meeting from event to records.
pub(crate) async fn story(
    owners: &Owners,
    asking: &Asking,
    meeting_id: &str,
) -> Result<Story, RpcError> {
    let request = matching::GetDecisionRequest {
        workspace: asking.workspace(),
        meeting_id: meeting_id.to_owned(),
    };
    let decided = owners.matching.get_decision(&asking.context, request);
    let set = newest_set(
        owners.writeback.clone(),
        asking.context.clone(),
        asking.workspace(),
        meeting_id.to_owned(),
    );
    let (decided, set) = futures::join!(decided, set);
    let decided = decided?;
    let decision = decided
        .decision
        .ok_or_else(|| incomplete("matching", "a decision"))?;
    Ok(Story {
        meeting_id: meeting_id.to_owned(),
        meeting: decided.meeting.map(Meeting::new),
        decision: Decision::new(decision),
        change_set: set?.map(ChangeSet::new),
        trace_id: decided.trace_id,
    })
}

/// `None` while writeback has nothing of it.
async fn newest_set(
    client: WritebackClient<chassis::RpcTransport>,
    context: CallContext,
    workspace: String,
    meeting_id: String,
) -> Result<Option<writeback::ChangeSet>, RpcError> {
    let request = writeback::GetChangeSetRequest {
        workspace,
        meeting_id,
        change_set_id: String::new(),
    };
    match client.get_change_set(&context, request).await {
        Ok(answer) => Ok(answer.change_set),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
