//! What writeback is asked: how many waiting changes a difference hits, and which pipelines and exits an admin chose. It
//! owns both; an answer that does not come is not known, and stops nothing.

use std::time::Duration;

use chassis::RpcTransport;
use events::WorkspaceId;
use events::rpc::{CallContext, Caller, RpcError};
use events::writeback::v1::{
    ChangeTarget, CountQueuedChangesRequest, GetStageControlsRequest, GetStageControlsResponse,
    SetStageControlsRequest, StageControl, WritebackClient,
};

/// How long an answer may take: a person waits for the page it is on.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks writeback.
#[derive(Clone)]
pub struct Writeback {
    client: WritebackClient<RpcTransport>,
}

impl Writeback {
    /// Over `transport`.
    #[must_use]
    pub fn new(transport: RpcTransport) -> Self {
        Self {
            client: WritebackClient::new(transport),
        }
    }

    fn context() -> CallContext {
        CallContext {
            caller: Caller::service("metadata-sync"),
            timeout: TIMEOUT,
        }
    }

    /// Unwritten changes by target (object, field or nothing), in order; none when writeback does not answer.
    pub async fn queued(
        &self,
        workspace: &WorkspaceId,
        targets: Vec<(String, String)>,
    ) -> Option<Vec<u64>> {
        if targets.is_empty() {
            return Some(vec![]);
        }
        let asked = targets.len();
        let request = CountQueuedChangesRequest {
            workspace: workspace.as_str().to_owned(),
            targets: targets
                .into_iter()
                .map(|(object, field)| ChangeTarget { object, field })
                .collect(),
        };
        match self
            .client
            .count_queued_changes(&Self::context(), request)
            .await
        {
            Ok(answer) if answer.counts.len() == asked => Some(answer.counts),
            Ok(_) => None,
            Err(error) => {
                tracing::info!(%error, "writeback did not say how many changes wait");
                None
            }
        }
    }

    /// Sets the pipelines and exits, as the admin who imports them.
    ///
    /// # Errors
    /// What writeback says against it, or that it does not answer.
    pub async fn set_controls(
        &self,
        workspace: &WorkspaceId,
        caller: &Caller,
        controls: Vec<StageControl>,
        pipeline_record_type_ids: Vec<String>,
    ) -> Result<(), RpcError> {
        let context = CallContext {
            caller: caller.clone(),
            timeout: TIMEOUT,
        };
        let request = SetStageControlsRequest {
            workspace: workspace.as_str().to_owned(),
            controls,
            pipeline_record_type_ids,
        };
        self.client.set_stage_controls(&context, request).await?;
        Ok(())
    }

    /// The pipelines and exits an admin chose; none when writeback does not answer.
    pub async fn controls(&self, workspace: &WorkspaceId) -> Option<GetStageControlsResponse> {
        let request = GetStageControlsRequest {
            workspace: workspace.as_str().to_owned(),
        };
        match self
            .client
            .get_stage_controls(&Self::context(), request)
            .await
        {
            Ok(controls) => Some(controls),
            Err(error) => {
                tracing::info!(%error, "writeback did not say which pipelines are chosen");
                None
            }
        }
    }
}
