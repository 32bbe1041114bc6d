//! What others may ask. Reading needs a viewer, changing an admin.

use std::sync::Arc;

use chassis::{Cause, Db};
use events::WorkspaceId;
use events::metadata::v1::{
    DescribeStagesRequest, DescribeStagesResponse, DiffMappingRequest, DiffMappingResponse,
    ExportMappingRequest, ExportMappingResponse, GetAccessReviewRequest, GetAccessReviewResponse,
    GetMappingRequest, GetMappingResponse, GetObjectRequest, GetObjectResponse,
    ImportMappingRequest, ImportMappingResponse, ListDriftRequest, ListDriftResponse,
    ListMappingVersionsRequest, ListMappingVersionsResponse, ListObjectsRequest,
    ListObjectsResponse, ListOwnersRequest, ListOwnersResponse, ListPipelinesRequest,
    ListPipelinesResponse, ListPropertiesRequest, ListPropertiesResponse,
    ListSelectableObjectsRequest, ListSelectableObjectsResponse, ListSyncRunsRequest,
    ListSyncRunsResponse, MappingDifference, MappingVersion, MetadataSync, ObjectSummary,
    PublishMappingRequest, PublishMappingResponse, RepairDriftRequest, RepairDriftResponse,
    ResolveDriftRequest, ResolveDriftResponse, ResolveOwnersRequest, ResolveOwnersResponse,
    SaveMappingDraftRequest, SaveMappingDraftResponse, SaveOwnerOverridesRequest,
    SaveOwnerOverridesResponse, SelectObjectsRequest, SelectObjectsResponse,
    StartAccessReviewRequest, StartAccessReviewResponse, StartSyncRequest, StartSyncResponse,
};
use events::rpc::{CallContext, Code, Role, RpcError};
use salesforce::Org;
use tokio::sync::Notify;
use uuid::Uuid;

use super::mapping::Outcome;
use super::{broken, document, internal, now, objects, owners, pipelines};
use crate::adapters::orgs::Orgs;
use crate::adapters::writeback::Writeback;
use crate::app::{drift as decide, mapping as edit};
use crate::domain::difference::{self, What};
use crate::domain::drift_target;
use crate::domain::item::Status;
use crate::domain::mapping::Mapping;
use crate::domain::owner::{Override, normal};
use crate::domain::run::Kind;
use crate::store::{access, drift, mapping, owner, run, snapshot, workspace};
use crate::wire;

/// Runs listed when the request names no limit.
const RUNS_DEFAULT: i64 = 20;
/// Drift items listed when the request names no limit.
const DRIFT_DEFAULT: i64 = 100;
/// Mapping versions and owners listed when the request names no limit.
const LISTED_DEFAULT: i64 = 50;
/// Addresses resolved in one request.
const EMAILS_MAX: usize = 200;
/// Characters of a search.
const SEARCH_CHARACTERS_MAX: usize = 100;
/// Most earlier access reviews answered.
const REVIEWS_MAX: u32 = 50;
/// Most rows listed.
const ROWS_MAX: i64 = 200;

/// Answers requests.
pub struct Rpc {
    db: Db,
    orgs: Orgs,
    writeback: Writeback,
    wake: Arc<Notify>,
}

impl Rpc {
    /// Answers from `db`, asks orgs and writeback for what only they know, and wakes the runner through `wake`.
    #[must_use]
    pub fn new(db: Db, orgs: Orgs, writeback: Writeback, wake: Arc<Notify>) -> Self {
        Self {
            db,
            orgs,
            writeback,
            wake,
        }
    }

    /// The org of a connected workspace.
    async fn org(&self, id: &WorkspaceId) -> Result<Org, RpcError> {
        let known = workspace::load(&self.db.workspace(id), id.as_str())
            .await
            .map_err(broken)?;
        match known {
            Some(known) if known.connected => Ok(self.orgs.of(id, known.epoch)),
            Some(_) | None => Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            )),
        }
    }
}

fn workspace_id(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|_| {
        RpcError::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })
}

fn limit(asked: u32, default: i64) -> Result<i64, RpcError> {
    match i64::from(asked) {
        0 => Ok(default),
        rows if rows <= ROWS_MAX => Ok(rows),
        _ => Err(RpcError::invalid(
            "limit",
            format!("is more than {ROWS_MAX}"),
        )),
    }
}

impl MetadataSync for Rpc {
    async fn start_sync(
        &self,
        context: &CallContext,
        request: StartSyncRequest,
    ) -> Result<StartSyncResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let kind = wire::run::kind(request.kind())?;
        let known = workspace::load(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        if !known.is_some_and(|known| known.connected) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            ));
        }
        if let Some(running) = run::running(&self.db.workspace(&id), id.as_str(), kind)
            .await
            .map_err(broken)?
        {
            return Ok(StartSyncResponse {
                run: Some(wire::run::message(&running)),
            });
        }
        let mut unit = self.db.begin(&id).await.map_err(internal)?;
        let (actor, trace) = (&context.caller.actor, Cause::current());
        run::ask(
            unit.connection(),
            id.as_str(),
            kind,
            actor,
            trace.traceparent.as_deref(),
        )
        .await
        .map_err(broken)?;
        let queued = run::queued(&mut *unit.connection(), id.as_str(), kind)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
        self.wake.notify_one();
        let queued = queued.ok_or_else(|| {
            RpcError::new(
                Code::Unavailable,
                "the run started meanwhile; list the runs",
            )
        })?;
        Ok(StartSyncResponse {
            run: Some(wire::run::message(&queued)),
        })
    }

    async fn start_access_review(
        &self,
        context: &CallContext,
        request: StartAccessReviewRequest,
    ) -> Result<StartAccessReviewResponse, RpcError> {
        // Who checks that permissions suffice need not be allowed to configure anything.
        context.require(Role::Operator)?;
        let id = workspace_id(&request.workspace)?;
        let mut unit = self.db.begin(&id).await.map_err(internal)?;
        let present = workspace::lock(unit.connection(), id.as_str())
            .await
            .map_err(broken)?;
        if !present.is_some_and(|present| present.connected) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            ));
        }
        let actor = &context.caller.actor;
        access::ask(unit.connection(), id.as_str(), actor, now())
            .await
            .map_err(broken)?;
        // A run that is under way began before the wish: one more is made.
        let trace = Cause::current();
        run::ask(
            unit.connection(),
            id.as_str(),
            Kind::Schema,
            actor,
            trace.traceparent.as_deref(),
        )
        .await
        .map_err(broken)?;
        let queued = run::queued(&mut *unit.connection(), id.as_str(), Kind::Schema)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
        self.wake.notify_one();
        Ok(StartAccessReviewResponse {
            run: queued.as_ref().map(wire::run::message),
        })
    }

    async fn get_access_review(
        &self,
        context: &CallContext,
        request: GetAccessReviewRequest,
    ) -> Result<GetAccessReviewResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        if request.history_limit > REVIEWS_MAX {
            return Err(RpcError::invalid(
                "history_limit",
                format!("is more than {REVIEWS_MAX}"),
            ));
        }
        let newest = access::newest(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let rows = i64::from(request.history_limit);
        let history = access::history(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        Ok(GetAccessReviewResponse {
            review: newest.map(|stored| wire::access::review(id.as_str(), &stored)),
            history: history.iter().map(wire::access::step).collect(),
        })
    }

    async fn list_sync_runs(
        &self,
        context: &CallContext,
        request: ListSyncRunsRequest,
    ) -> Result<ListSyncRunsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, RUNS_DEFAULT)?;
        let runs = run::list(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        Ok(ListSyncRunsResponse {
            runs: runs.iter().map(wire::run::message).collect(),
        })
    }

    async fn get_object(
        &self,
        context: &CallContext,
        request: GetObjectRequest,
    ) -> Result<GetObjectResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let found = snapshot::one(&self.db.workspace(&id), id.as_str(), &request.object)
            .await
            .map_err(broken)?;
        let (object, version) = found.ok_or_else(|| RpcError::not_found("the object"))?;
        Ok(GetObjectResponse {
            object: Some(wire::schema::object(&object)),
            version: version.unsigned_abs(),
        })
    }

    async fn list_objects(
        &self,
        context: &CallContext,
        request: ListObjectsRequest,
    ) -> Result<ListObjectsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let known = snapshot::summaries(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let summary = |known: snapshot::Summary| ObjectSummary {
            name: known.object,
            label: known.label,
            version: known.version.unsigned_abs(),
            fields: known.fields.unsigned_abs(),
            updateable: known.updateable,
            createable: known.createable,
        };
        let has = async |object: &str, field: &str| {
            let found = snapshot::one(&self.db.workspace(&id), id.as_str(), object).await;
            found.map(|found| found.is_some_and(|(known, _)| known.fields.contains_key(field)))
        };
        Ok(ListObjectsResponse {
            multi_currency: has("Opportunity", "CurrencyIsoCode")
                .await
                .map_err(broken)?,
            person_accounts: has("Account", "IsPersonAccount").await.map_err(broken)?,
            objects: known.into_iter().map(summary).collect(),
        })
    }

    async fn get_mapping(
        &self,
        context: &CallContext,
        request: GetMappingRequest,
    ) -> Result<GetMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let draft = mapping::draft(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let published = mapping::published(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(GetMappingResponse {
            draft: draft.map(|draft| wire::mapping::draft_message(id.as_str(), &draft)),
            published: published.map(|published| wire::mapping::message(id.as_str(), &published)),
        })
    }

    async fn save_mapping_draft(
        &self,
        context: &CallContext,
        request: SaveMappingDraftRequest,
    ) -> Result<SaveMappingDraftResponse, RpcError> {
        context.require(Role::Admin)?;
        let sent = request
            .draft
            .ok_or_else(|| RpcError::invalid("draft", "is missing; send the whole draft"))?;
        let id = workspace_id(&sent.workspace)?;
        let draft = wire::mapping::draft(&sent)?;
        let problems = edit::save_draft(&self.db, &id, &draft, &context.caller.actor).await?;
        Ok(SaveMappingDraftResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    async fn publish_mapping(
        &self,
        context: &CallContext,
        request: PublishMappingRequest,
    ) -> Result<PublishMappingResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        Ok(
            match edit::publish(&self.db, &id, &context.caller.actor).await? {
                Ok(published) => PublishMappingResponse {
                    mapping: Some(wire::mapping::message(id.as_str(), &published)),
                    problems: vec![],
                },
                Err(problems) => PublishMappingResponse {
                    mapping: None,
                    problems: problems.iter().map(wire::mapping::problem).collect(),
                },
            },
        )
    }

    async fn list_drift(
        &self,
        context: &CallContext,
        request: ListDriftRequest,
    ) -> Result<ListDriftResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, DRIFT_DEFAULT)?;
        let items = drift::list(
            &self.db.workspace(&id),
            id.as_str(),
            request.include_resolved,
            rows,
        )
        .await
        .map_err(broken)?;
        let mut messages: Vec<_> = items.iter().map(wire::drift::message).collect();
        // How much waits is writeback's to know, and of interest while somebody can still decide.
        let open: Vec<usize> = (0..items.len())
            .filter(|at| items[*at].status == Status::Open)
            .collect();
        let targets = open
            .iter()
            .map(|at| drift_target::of(&items[*at].change))
            .collect();
        if let Some(counts) = self.writeback.queued(&id, targets).await {
            for (at, count) in open.into_iter().zip(counts) {
                messages[at].queued_changes = count;
                messages[at].queued_changes_known = true;
            }
        }
        Ok(ListDriftResponse { items: messages })
    }

    async fn resolve_drift(
        &self,
        context: &CallContext,
        request: ResolveDriftRequest,
    ) -> Result<ResolveDriftResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let decision = wire::drift::decision(request.status())?;
        let item =
            Uuid::parse_str(&request.id).map_err(|_| RpcError::invalid("id", "is not a UUID"))?;
        let actor = &context.caller.actor;
        let item = decide::resolve(&self.db, &id, item, decision, &request.reason, actor).await?;
        Ok(ResolveDriftResponse {
            item: Some(wire::drift::message(&item)),
        })
    }

    async fn repair_drift(
        &self,
        context: &CallContext,
        request: RepairDriftRequest,
    ) -> Result<RepairDriftResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let item =
            Uuid::parse_str(&request.id).map_err(|_| RpcError::invalid("id", "is not a UUID"))?;
        let (item, outcome) = decide::repair(&self.db, &id, item, &context.caller.actor).await?;
        let (mapping, problems) = match outcome {
            Outcome::Published(published) => (
                Some(wire::mapping::message(id.as_str(), &published)),
                vec![],
            ),
            Outcome::Problems(problems) => {
                (None, problems.iter().map(wire::mapping::problem).collect())
            }
        };
        Ok(RepairDriftResponse {
            item: Some(wire::drift::message(&item)),
            mapping,
            problems,
        })
    }

    async fn list_properties(
        &self,
        context: &CallContext,
        request: ListPropertiesRequest,
    ) -> Result<ListPropertiesResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let published = mapping::published(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(ListPropertiesResponse {
            properties: published
                .iter()
                .flat_map(|published| &published.mapping.properties)
                .map(wire::mapping::property)
                .collect(),
            built_in: wire::mapping::built_in(),
            mapping_version: published.map_or(0, |published| published.version),
        })
    }

    async fn list_mapping_versions(
        &self,
        context: &CallContext,
        request: ListMappingVersionsRequest,
    ) -> Result<ListMappingVersionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, LISTED_DEFAULT)?;
        let versions = mapping::versions(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        let message = |known: mapping::Listed| MappingVersion {
            version: known.version.unsigned_abs(),
            revision: known.revision.unsigned_abs(),
            published_by: known.published_by,
            published_at: Some(wire::timestamp(known.published_at)),
            entries: known.entries.unsigned_abs(),
            suspended: u32::try_from(known.suspended).unwrap_or(u32::MAX),
        };
        Ok(ListMappingVersionsResponse {
            versions: versions.into_iter().map(message).collect(),
        })
    }

    async fn diff_mapping(
        &self,
        context: &CallContext,
        request: DiffMappingRequest,
    ) -> Result<DiffMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let version = async |version: u64| -> Result<Mapping, RpcError> {
            let found = mapping::version(&self.db.workspace(&id), id.as_str(), version)
                .await
                .map_err(broken)?;
            let missing = || RpcError::not_found("the mapping version");
            Ok(found.ok_or_else(missing)?.mapping)
        };
        let before = match request.from_version {
            0 => Mapping::default(),
            number => version(number).await?,
        };
        let after = match request.to_version {
            0 => mapping::draft(&self.db.workspace(&id), id.as_str())
                .await
                .map_err(broken)?
                .ok_or_else(|| RpcError::not_found("the draft"))?,
            number => version(number).await?,
        };
        let message = |found: difference::Difference| MappingDifference {
            what: match found.what {
                What::Property => "property",
                What::Entry => "entry",
                What::Destination => "destination",
            }
            .to_owned(),
            id: found.id,
            field: found.field.to_owned(),
            before: found.before,
            after: found.after,
        };
        let found = difference::between(&before, &after);
        Ok(DiffMappingResponse {
            differences: found.into_iter().map(message).collect(),
        })
    }

    async fn export_mapping(
        &self,
        context: &CallContext,
        request: ExportMappingRequest,
    ) -> Result<ExportMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let (yaml, version) = document::export(&self.db, &id, request.version).await?;
        Ok(ExportMappingResponse { yaml, version })
    }

    async fn import_mapping(
        &self,
        context: &CallContext,
        request: ImportMappingRequest,
    ) -> Result<ImportMappingResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let actor = &context.caller.actor;
        let (stored, problems) = document::import(&self.db, &id, &request.yaml, actor).await?;
        Ok(ImportMappingResponse {
            stored,
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    async fn list_pipelines(
        &self,
        context: &CallContext,
        request: ListPipelinesRequest,
    ) -> Result<ListPipelinesResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        pipelines::list(&self.db, &self.writeback, &id).await
    }

    async fn describe_stages(
        &self,
        context: &CallContext,
        request: DescribeStagesRequest,
    ) -> Result<DescribeStagesResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let actor = &context.caller.actor;
        let unknown_stages = pipelines::describe(&self.db, &id, &request.stages, actor).await?;
        Ok(DescribeStagesResponse { unknown_stages })
    }

    async fn list_owners(
        &self,
        context: &CallContext,
        request: ListOwnersRequest,
    ) -> Result<ListOwnersResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, LISTED_DEFAULT)?;
        let search = request.search.trim();
        if search.contains('\0') || search.chars().count() > SEARCH_CHARACTERS_MAX {
            return Err(RpcError::invalid(
                "search",
                format!("is longer than {SEARCH_CHARACTERS_MAX} characters or contains a NUL"),
            ));
        }
        let owners = owner::list(&self.db.workspace(&id), id.as_str(), search, rows)
            .await
            .map_err(broken)?;
        let overrides = owner::overrides(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(ListOwnersResponse {
            owners: owners.iter().map(wire::owner::message).collect(),
            overrides: overrides.iter().map(wire::owner::said).collect(),
        })
    }

    async fn resolve_owners(
        &self,
        context: &CallContext,
        request: ResolveOwnersRequest,
    ) -> Result<ResolveOwnersResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let bad = request.emails.iter().any(|email| email.contains('\0'));
        if bad || request.emails.len() > EMAILS_MAX {
            return Err(RpcError::invalid(
                "emails",
                format!("has more than {EMAILS_MAX} items, or one with a NUL"),
            ));
        }
        let matches = owners::matches(&self.db, &id, &request.emails).await?;
        Ok(ResolveOwnersResponse { matches })
    }

    async fn save_owner_overrides(
        &self,
        context: &CallContext,
        request: SaveOwnerOverridesRequest,
    ) -> Result<SaveOwnerOverridesResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let sent: Vec<Override> = request
            .overrides
            .into_iter()
            .map(|said| Override {
                email: normal(&said.email),
                user_id: salesforce::Id::parse(&said.user_id)
                    .map_or(said.user_id, |id| id.as_str().to_owned()),
            })
            .collect();
        let problems = owners::save(&self.db, &id, sent, &context.caller.actor).await?;
        Ok(SaveOwnerOverridesResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    async fn list_selectable_objects(
        &self,
        context: &CallContext,
        request: ListSelectableObjectsRequest,
    ) -> Result<ListSelectableObjectsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let org = self.org(&id).await?;
        Ok(ListSelectableObjectsResponse {
            objects: objects::selectable(&self.db, &org, &id).await?,
        })
    }

    async fn select_objects(
        &self,
        context: &CallContext,
        request: SelectObjectsRequest,
    ) -> Result<SelectObjectsResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let org = self.org(&id).await?;
        let actor = &context.caller.actor;
        let problems = objects::select(&self.db, &org, &id, &request.objects, actor).await?;
        self.wake.notify_one();
        Ok(SelectObjectsResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }
}
