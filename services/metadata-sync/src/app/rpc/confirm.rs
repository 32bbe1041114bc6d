//! Whether the org still looks as the newest snapshot says, asked right before somebody writes by it. The scheduled reads
//! are minutes apart: without this, a field taken away in between would be found out by a refused write.

use chassis::Cause;
use events::WorkspaceId;
use events::metadata::v1::{
    ConfirmSchemaRequest, ConfirmSchemaResponse, ObjectVersion, SchemaStanding,
};
use events::rpc::{CallContext, Role, RpcError};
use salesforce::Conditional;

use super::{Rpc, workspace_id};
use crate::app::{broken, internal};
use crate::domain::run::Kind;
use crate::domain::standing::{self, Answer, Standing};
use crate::store::{mapping, run, snapshot, workspace};

impl Rpc {
    pub(super) async fn confirm_schema(
        &self,
        context: &CallContext,
        request: ConfirmSchemaRequest,
    ) -> Result<ConfirmSchemaResponse, RpcError> {
        context.require(Role::Operator)?;
        let id = workspace_id(&request.workspace)?;
        let scope = self.db.workspace(&id);
        // Read before the org is asked: what it then says holds for these versions and for newer ones.
        let versions = snapshot::versions(&scope, id.as_str())
            .await
            .map_err(broken)?;
        let published = mapping::standing(&scope, id.as_str())
            .await
            .map_err(broken)?;
        let known = workspace::load(&scope, id.as_str()).await.map_err(broken)?;
        let (standing, api_calls) = match known {
            Some(known) if known.connected => {
                let answer = self.ask(&id, &known).await;
                let review_due = known.review_due();
                let standing = standing::of(
                    known.objects_seen_modified,
                    answer,
                    review_due,
                    known.schema_failures > 0,
                );
                (standing, 1)
            }
            Some(_) | None => (Standing::Unknown, 0),
        };
        if standing == Standing::Moved {
            self.read_soon(&id, &context.caller.actor).await?;
        }
        let (mapping_version, mapping_revision) = published.unwrap_or_default();
        Ok(ConfirmSchemaResponse {
            standing: match standing {
                Standing::Current => SchemaStanding::Current,
                Standing::Moved => SchemaStanding::Moved,
                Standing::Unknown => SchemaStanding::Unknown,
            }
            .into(),
            objects: versions
                .into_iter()
                .map(|(object, version)| ObjectVersion {
                    object,
                    version: version.unsigned_abs(),
                })
                .collect(),
            mapping_version: mapping_version.unsigned_abs(),
            mapping_revision: mapping_revision.unsigned_abs(),
            api_calls,
        })
    }

    /// One conditional call for all objects together.
    async fn ask(&self, id: &WorkspaceId, known: &workspace::Workspace) -> Answer {
        let org = self.orgs.of(id, known.epoch);
        match org.describe_global(known.objects_seen_modified).await {
            Ok(Conditional::NotModified) => Answer::NotModified,
            Ok(Conditional::Modified { last_modified, .. }) => Answer::Modified(last_modified),
            Err(error) => {
                tracing::info!(workspace = %id, %error, "whether the org moved cannot be told for now");
                Answer::None
            }
        }
    }

    /// Queues a read, unless one waits already: one that runs may have begun before the org moved.
    async fn read_soon(&self, id: &WorkspaceId, by: &str) -> Result<(), RpcError> {
        let mut unit = self.db.begin(id).await.map_err(internal)?;
        let trace = Cause::current();
        run::ask(
            unit.connection(),
            id.as_str(),
            Kind::Schema,
            by,
            trace.traceparent.as_deref(),
        )
        .await
        .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
        self.wake.notify_one();
        tracing::info!(workspace = %id, "the org moved since its schema was read; it is read again");
        Ok(())
    }
}
