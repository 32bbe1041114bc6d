//! What the gates have to know of the org: the records changes are about, read once per object, within a time and a budget.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chassis::{Failure, backoff};
use chrono::{TimeDelta, Utc};
use salesforce::Org;

use super::{Gating, Item, settings_of};
use crate::adapters::{answers, records};
use crate::domain::confirmed::Standing;
use crate::domain::note;
use crate::domain::outcome::{self, CallFailure};
use crate::domain::plan::{Created, Plan};
use crate::domain::settings::Settings;
use crate::domain::value::Fields;
use crate::store;
use crate::store::provenance::{self, Known};
use crate::store::usage::{self, Spent};

/// Longest time all reads of one workspace may take, in seconds: far below the handler's own limit, so that an org that
/// hangs makes changes wait and never costs a message its deliveries.
const READ_TIMEOUT_S: u64 = 15;

/// What was read for one workspace.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) records: HashMap<(String, String), Option<Fields>>,
    pub(super) ours: Known,
    pub(super) budget_spent: bool,
    pub(super) schema_moved: bool,
    pub(super) spent: Spent,
}

impl Facts {
    /// Puts what stands for the content of a note we created beside what was read of it.
    pub(super) fn note_stands(&mut self, created: &Created, user_id: &str) {
        let key = (note::OBJECT.to_owned(), created.record_id.clone());
        if let (Some(Some(fields)), Some(ours)) = (
            self.records.get_mut(&key),
            created.fields.get(note::CONTENT),
        ) {
            let stands = note::present(fields, user_id, ours);
            fields.insert(note::CONTENT.to_owned(), stands);
        }
    }
}

impl Gating {
    pub(super) async fn read(
        &self,
        items: &[Item],
        plans: &[Option<Plan>],
        settings: &HashMap<String, Arc<Settings>>,
    ) -> Result<HashMap<String, Facts>, Failure> {
        let mut wanted: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
        for (item, plan) in items.iter().zip(plans) {
            for proposal in plan.iter().flat_map(|plan| &plan.proposals) {
                if !proposal.record_id.is_empty() && !proposal.action.creates() {
                    wanted
                        .entry(&item.workspace)
                        .or_default()
                        .entry(&proposal.object)
                        .or_default()
                        .insert(&proposal.record_id);
                }
            }
        }
        let mut facts: HashMap<String, Facts> = HashMap::new();
        for (workspace, objects) in wanted {
            let of = settings_of(settings, workspace)?;
            facts.insert(
                workspace.to_owned(),
                self.read_workspace(of, objects).await?,
            );
        }
        Ok(facts)
    }

    async fn read_workspace(
        &self,
        settings: &Settings,
        objects: BTreeMap<&str, BTreeSet<&str>>,
    ) -> Result<Facts, Failure> {
        let mut facts = Facts::default();
        let ids: Vec<String> = objects
            .values()
            .flatten()
            .map(|id| (*id).to_owned())
            .collect();
        if !settings.connection.usable {
            return Ok(facts);
        }
        let workspace = store::workspace_id(&settings.workspace)?;
        let scope = self.db.workspace(&workspace);
        let standing = usage::standing(&scope, &settings.workspace).await?;
        facts.budget_spent = standing.budget.is_spent(self.budget_share);
        if facts.budget_spent || standing.paused {
            return Ok(facts);
        }
        let org = self.orgs.of(&workspace, settings.connection.epoch);
        let before = provenance::of_records(&scope, &settings.workspace, &ids).await?;
        let reading = self.read_records(&org, settings, objects, &mut facts);
        let reading = tokio::time::timeout(Duration::from_secs(READ_TIMEOUT_S), reading);
        // Asked beside the read, so that it costs no time: what is judged by a schema the org has left is judged again.
        let (read, confirmed) = tokio::join!(reading, self.orgs.confirmed_schema(&workspace));
        facts.spent.calls += confirmed.calls;
        let versions = &settings.schema_versions;
        facts.schema_moved =
            confirmed.against(versions, settings.mapping_standing()) == Standing::Moved;
        match read {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.orgs.report(&workspace, &error).await;
                if !outcome::is_about_the_org(&answers::failure(&error)) {
                    self.orgs.review_access(&workspace).await;
                }
                self.leave_alone(settings, &answers::failure(&error), &answers::chain(&error))
                    .await?;
            }
            Err(_elapsed) => {
                let failure = CallFailure {
                    outcome: salesforce::Outcome::NotSent,
                    timed_out: true,
                    http_status: 0,
                    problems: Vec::new(),
                    class: salesforce::Class::Retry,
                };
                self.leave_alone(settings, &failure, "salesforce did not answer in time")
                    .await?;
            }
        }
        // Asked on both sides of the read: what the read saw of ours is known to one of them, whatever was settled between.
        facts.ours = provenance::of_records(&scope, &settings.workspace, &ids).await?;
        facts.ours.merge(before);
        facts.spent.org = org.usage().map(|usage| (usage.used, usage.max));
        Ok(facts)
    }
}

impl Gating {
    async fn read_records(
        &self,
        org: &Org,
        settings: &Settings,
        objects: BTreeMap<&str, BTreeSet<&str>>,
        facts: &mut Facts,
    ) -> Result<(), salesforce::Error> {
        for (object, ids) in objects {
            let Some(fields) = settings.reads.get(object) else {
                continue;
            };
            // Counted before it is made: a call that fails costs the org as much.
            facts.spent.calls += 1;
            let fields = fields.iter().map(String::as_str);
            let (read, calls) = records::read(org, object, ids.iter().copied(), fields).await?;
            facts.spent.calls += calls.saturating_sub(1);
            facts.records.extend(
                read.into_iter()
                    .map(|(id, fields)| ((object.to_owned(), id), fields)),
            );
        }
        Ok(())
    }

    /// What could not be read waits and is read again; nothing is dropped. Meanwhile nobody runs into the same wall.
    async fn leave_alone(
        &self,
        settings: &Settings,
        failure: &CallFailure,
        what: &str,
    ) -> Result<(), Failure> {
        let workspace = &settings.workspace;
        if !outcome::is_about_the_org(failure) {
            // A field that was hidden since the schema was read: the next schema tells, and changes are judged again.
            tracing::warn!(
                workspace.id = workspace,
                error = what,
                "records could not be read before judging changes"
            );
            return Ok(());
        }
        let scope = store::scope(&self.db, [workspace.as_str()])?;
        let failures = usage::failures_in_a_row(&scope, workspace).await?;
        let delay = outcome::pause_ms(failure, failures, backoff::jitter());
        let until = Utc::now() + TimeDelta::milliseconds(i64::try_from(delay).unwrap_or(i64::MAX));
        tracing::warn!(
            workspace.id = workspace,
            error = what,
            "records could not be read before judging changes; the org is left alone for a while"
        );
        let mut connection = scope.acquire().await?;
        usage::pause(&mut connection, workspace, until, what).await
    }
}
