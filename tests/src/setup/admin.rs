//! The admin of one workspace, asking services.

use super::settings::Settings;
use crate::eventually::within;
use crate::rpc::{NatsTransport, as_admin};
use anyhow::{Context, bail, ensure};
use events::crm::v1::Mapping;
use events::matching::v1::{
    DomainClass, DomainRule, GetProjectionRequest, GetProjectionResponse, MatchingClient,
    SetDomainRuleRequest,
};
use events::metadata::v1::{
    ListSyncRunsRequest, MetadataSyncClient, PublishMappingRequest, SaveMappingDraftRequest,
    StartSyncRequest, SyncKind, SyncRun, SyncState,
};
use events::rpc::Code;
use events::writeback::v1::{
    SetLiveRequest, SetPermissionsRequest, SetStageControlsRequest, StartVerificationRequest,
    VerificationRun, WritebackClient,
};
use std::time::Duration;

/// Longest a sync of a sample org may take.
const SYNC_MAX: Duration = Duration::from_secs(120);
/// Longest what one service published may take to arrive at the next.
pub(super) const ARRIVAL_MAX: Duration = Duration::from_secs(30);

/// Asks as the admin of one workspace.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The bus.
    pub rpc: NatsTransport,
    /// The workspace.
    pub workspace: String,
}

/// A passed verification.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The run.
    pub run: VerificationRun,
}

impl Admin {
    /// Reads the org's schema or records and waits for the end of the run.
    ///
    /// # Errors
    /// When the run fails or takes too long.
    pub async fn sync(&self, kind: SyncKind) -> anyhow::Result<SyncRun> {
        let sync = MetadataSyncClient::new(self.rpc.clone());
        let request = StartSyncRequest {
            workspace: self.workspace.clone(),
            kind: kind.into(),
        };
        // That the workspace is connected reaches metadata-sync as an event, a moment after auth knows it.
        let started = within(ARRIVAL_MAX, || async {
            let started = sync.start_sync(&as_admin(), request.clone()).await;
            let early = matches!(&started, Err(error) if error.code == Code::FailedPrecondition);
            (!early).then_some(started)
        });
        let started = started
            .await
            .context("metadata-sync has not heard of the connection")?;
        let started = started.context("start a sync")?;
        let id = started
            .run
            .context("metadata-sync answered without a run")?
            .id;
        let ended = within(SYNC_MAX, || async {
            let request = ListSyncRunsRequest {
                workspace: self.workspace.clone(),
                limit: 50,
            };
            let runs = sync.list_sync_runs(&as_admin(), request).await.ok()?.runs;
            let run = runs.into_iter().find(|run| run.id == id)?;
            matches!(run.state(), SyncState::Done | SyncState::Failed).then_some(run)
        });
        let run = ended
            .await
            .with_context(|| format!("the sync did not end within {SYNC_MAX:?}"))?;
        ensure!(
            run.state() == SyncState::Done,
            "the sync failed: {}",
            run.error
        );
        Ok(run)
    }

    /// Waits until matching holds at least these many accounts and contacts.
    ///
    /// # Errors
    /// When they do not arrive in time.
    pub async fn projected(
        &self,
        accounts: u64,
        contacts: u64,
    ) -> anyhow::Result<GetProjectionResponse> {
        let matching = MatchingClient::new(self.rpc.clone());
        let arrived = within(ARRIVAL_MAX, || async {
            let request = GetProjectionRequest {
                workspace: self.workspace.clone(),
            };
            let projection = matching.get_projection(&as_admin(), request).await.ok()?;
            let enough = projection.accounts >= accounts && projection.contacts >= contacts;
            (projection.loaded_at.is_some() && enough).then_some(projection)
        });
        arrived.await.with_context(|| {
            format!("matching has not received the records within {ARRIVAL_MAX:?}")
        })
    }

    /// Says that a domain is our own people's.
    ///
    /// # Errors
    /// When matching refuses.
    pub async fn own_domain(&self, domain: &str) -> anyhow::Result<()> {
        let rule = DomainRule {
            domain: domain.to_owned(),
            class: DomainClass::Internal.into(),
            account_id: String::new(),
        };
        let request = SetDomainRuleRequest {
            workspace: self.workspace.clone(),
            rule: Some(rule),
            remove: false,
        };
        MatchingClient::new(self.rpc.clone())
            .set_domain_rule(&as_admin(), request)
            .await?;
        Ok(())
    }

    /// Saves and publishes the mapping.
    ///
    /// # Errors
    /// When metadata-sync finds problems, with all of them.
    pub async fn map(&self, settings: &Settings) -> anyhow::Result<Mapping> {
        let sync = MetadataSyncClient::new(self.rpc.clone());
        let draft = Mapping {
            workspace: self.workspace.clone(),
            ..settings.mapping.clone()
        };
        let request = SaveMappingDraftRequest { draft: Some(draft) };
        let saved = sync
            .save_mapping_draft(&as_admin(), request)
            .await
            .context("save the mapping")?;
        if !saved.problems.is_empty() {
            let list: Vec<String> = saved
                .problems
                .iter()
                .map(|p| format!("{} {}: {}; {}", p.entry_id, p.field, p.message, p.fix))
                .collect();
            bail!("the mapping has problems: {}", list.join(" | "));
        }
        let request = PublishMappingRequest {
            workspace: self.workspace.clone(),
        };
        let published = sync
            .publish_mapping(&as_admin(), request)
            .await
            .context("publish the mapping")?;
        let mapping = published
            .mapping
            .context("metadata-sync published nothing")?;
        let arrived = within(ARRIVAL_MAX, || async {
            let status = self.status().await.ok()?;
            (status.mapping_version >= mapping.version).then_some(())
        });
        arrived
            .await
            .context("writeback has not received the published mapping")?;
        Ok(mapping)
    }

    /// Sets property permissions and stage controls.
    ///
    /// # Errors
    /// When writeback refuses.
    pub async fn permit(&self, settings: &Settings) -> anyhow::Result<()> {
        let writeback = WritebackClient::new(self.rpc.clone());
        let request = SetPermissionsRequest {
            workspace: self.workspace.clone(),
            permissions: settings.permissions.clone(),
        };
        writeback
            .set_permissions(&as_admin(), request)
            .await
            .context("set permissions")?;
        let request = SetStageControlsRequest {
            workspace: self.workspace.clone(),
            controls: settings.stage_controls.clone(),
            pipeline_record_type_ids: Vec::new(),
        };
        writeback
            .set_stage_controls(&as_admin(), request)
            .await
            .context("set stage controls")?;
        Ok(())
    }

    /// Rehearses the mapping on a few records of the product's own choice.
    ///
    /// # Errors
    /// When it cannot run or Salesforce would refuse, with what Salesforce said.
    pub async fn verify(&self) -> anyhow::Result<Verified> {
        let request = StartVerificationRequest {
            workspace: self.workspace.clone(),
            records: Vec::new(),
        };
        let answer = WritebackClient::new(self.rpc.clone())
            .start_verification(&as_admin(), request)
            .await;
        let run = answer
            .context("run the verification")?
            .run
            .context("writeback answered without a run")?;
        let refused: Vec<String> = run
            .results
            .iter()
            .filter(|result| !result.accepted)
            .map(|result| format!("{}: {}", result.field, result.message))
            .collect();
        ensure!(
            run.passed,
            "the verification did not pass: {}",
            refused.join(" | ")
        );
        Ok(Verified { run })
    }

    /// Lets approved changes be written, or stops them.
    ///
    /// # Errors
    /// When writeback refuses.
    pub async fn live(&self, live: bool) -> anyhow::Result<()> {
        let request = SetLiveRequest {
            workspace: self.workspace.clone(),
            live,
        };
        WritebackClient::new(self.rpc.clone())
            .set_live(&as_admin(), request)
            .await
            .context("go live")?;
        Ok(())
    }
}
