//! Plans and gates a batch of meetings: settings once per workspace, one read per object, everything else pure.
//! Used for meetings that just arrived and for those that waited.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chassis::{Db, Failure, backoff};
use chrono::{TimeDelta, Utc};
use salesforce::Org;

use super::unclaim;
use crate::adapters::claims::Claims;
use crate::adapters::orgs::Orgs;
use crate::adapters::{answers, records};
use crate::domain::change::Gated;
use crate::domain::confirmed::Standing;
use crate::domain::decision::Match;
use crate::domain::gate::{self, Surroundings, Target};
use crate::domain::marker;
use crate::domain::meeting::Meeting;
use crate::domain::note;
use crate::domain::outcome::{self, CallFailure};
use crate::domain::owner::{self, Owners};
use crate::domain::plan::{self, Created, Frame, Plan, Proposal};
use crate::domain::prediction::{self, Foreseen, Save};
use crate::domain::settings::Settings;
use crate::domain::value::{FieldValue, Fields};
use crate::store::earlier::Place;
use crate::store::provenance::{self, Known};
use crate::store::settings::SettingsCache;
use crate::store::usage::{self, Spent};
use crate::store::{self, earlier};

/// Longest time all reads of one workspace may take, in seconds: far below the handler's own limit, so that an org that
/// hangs makes changes wait and never costs a message its deliveries.
const READ_TIMEOUT_S: u64 = 15;

/// A meeting to be planned and gated.
#[derive(Debug)]
pub struct Item {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting: Meeting,
    /// Its match.
    pub matched: Match,
}

/// A meeting planned and gated.
#[derive(Debug)]
pub struct Judged {
    /// The proposals.
    pub plan: Plan,
    /// What the gates say of each.
    pub gated: Vec<Gated>,
    /// There was a mapping to plan with.
    pub planned: bool,
    /// Its version.
    pub mapping_version: u64,
}

/// A whole batch, judged.
#[derive(Debug)]
pub struct Batch {
    /// By item.
    pub judged: Vec<Judged>,
    /// Generation of each workspace it was judged on.
    pub generations: HashMap<String, i64>,
    /// Calls it took, by workspace.
    pub spent: HashMap<String, Spent>,
}

/// Judges batches.
#[derive(Clone)]
pub struct Gating {
    db: Db,
    settings: SettingsCache,
    orgs: Orgs,
    budget_share: f64,
    claims: Claims,
    history_after_days: i32,
}

/// What was read for one workspace.
#[derive(Default)]
struct Facts {
    records: HashMap<(String, String), Option<Fields>>,
    ours: Known,
    budget_spent: bool,
    schema_moved: bool,
    spent: Spent,
}

impl Facts {
    /// Puts what stands for the content of a note we created beside what was read of it.
    fn note_stands(&mut self, created: &Created, user_id: &str) {
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
    /// Over the service's parts.
    #[must_use]
    pub fn new(
        db: Db,
        settings: SettingsCache,
        orgs: Orgs,
        budget_share: f64,
        claims: Claims,
        history_after_days: i32,
    ) -> Self {
        Self {
            db,
            settings,
            orgs,
            budget_share,
            claims,
            history_after_days,
        }
    }

    /// Days after which what upstream calls live counts as history; 0 for never.
    #[must_use]
    pub fn history_after_days(&self) -> i32 {
        self.history_after_days
    }

    /// The settings kept.
    #[must_use]
    pub fn settings(&self) -> &SettingsCache {
        &self.settings
    }

    /// Plans and gates every item. No transaction is open meanwhile.
    ///
    /// # Errors
    /// When Postgres fails; a Salesforce that cannot be read makes changes wait instead.
    pub async fn judge(&self, items: &[Item]) -> Result<Batch, Failure> {
        let workspaces: BTreeSet<String> =
            items.iter().map(|item| item.workspace.clone()).collect();
        let workspaces: Vec<String> = workspaces.into_iter().collect();
        let settings = self.settings.load(&workspaces).await?;
        let created = self.created(items, &workspaces).await?;
        let whole = unclaim::fetch(&self.claims, items, &settings).await;
        let mut plans = Vec::with_capacity(items.len());
        for (item, whole) in items.iter().zip(&whole) {
            let of = settings_of(&settings, &item.workspace)?;
            let meeting = whole.as_ref().unwrap_or(&item.meeting);
            plans.push(of.mapping.as_ref().map(|mapping| {
                let frame = Frame {
                    workspace: &item.workspace,
                    time_zone: of.time_zone,
                    created: &created,
                    creates: &of.creates,
                };
                plan::plan(meeting, &item.matched, mapping, frame)
            }));
        }
        let owners = self.owners(items, &plans, &settings).await?;
        let mut facts = self.read(items, &plans, &settings).await?;
        let pieces = self.pieces(items, &workspaces).await?;
        for facts in facts.values_mut() {
            for created in created.values() {
                facts.ours.add(earlier::provenance(created));
            }
        }
        for created in created.values() {
            for (workspace, facts) in &mut facts {
                let user_id = &settings_of(&settings, workspace)?.connection.user_id;
                facts.note_stands(created, user_id);
            }
        }
        let nobody = Owners::new();
        let mut judged = Vec::with_capacity(items.len());
        for ((item, whole), plan) in items.iter().zip(&whole).zip(plans) {
            let of = settings_of(&settings, &item.workspace)?;
            judged.push(match plan {
                Some(plan) => {
                    let unfetched = whole.as_ref().map_or("", |whole| &whole.unfetched);
                    let facts = facts.get(&item.workspace);
                    let people = owners.get(&item.workspace).unwrap_or(&nobody);
                    let gated = gate_all(item, unfetched, &plan, of, facts, &pieces, people);
                    Judged {
                        plan,
                        gated,
                        planned: true,
                        mapping_version: of.mapping.as_ref().map_or(0, |mapping| mapping.version),
                    }
                }
                None => Judged {
                    plan: Plan {
                        proposals: Vec::new(),
                        empty_reason: "no mapping is published; publish one".to_owned(),
                    },
                    gated: Vec::new(),
                    planned: false,
                    mapping_version: 0,
                },
            });
        }
        Ok(Batch {
            judged,
            generations: settings
                .iter()
                .map(|(name, of)| (name.clone(), of.generation))
                .collect(),
            spent: facts
                .into_iter()
                .map(|(name, facts)| (name, facts.spent))
                .collect(),
        })
    }

    /// Keys of records an older revision or decision created; first ones cannot have any.
    async fn created(
        &self,
        items: &[Item],
        workspaces: &[String],
    ) -> Result<BTreeMap<String, Created>, Failure> {
        let keys: Vec<String> = items
            .iter()
            .filter(|item| item.meeting.revision > 1 || item.matched.sequence > 1)
            .flat_map(|item| {
                ["task", "event", "note", "opportunity"]
                    .map(|kind| marker::key(&item.workspace, &item.meeting.id, kind))
            })
            .collect();
        let scope = store::scope(&self.db, workspaces.iter().map(String::as_str))?;
        earlier::created(&scope, workspaces, &keys).await
    }

    /// What older revisions of the same meetings added to fields; first ones cannot have added anything.
    async fn pieces(
        &self,
        items: &[Item],
        workspaces: &[String],
    ) -> Result<HashMap<Place, String>, Failure> {
        let meetings: Vec<String> = items
            .iter()
            .filter(|item| item.meeting.revision > 1 || item.matched.sequence > 1)
            .map(|item| item.meeting.id.clone())
            .collect();
        let scope = store::scope(&self.db, workspaces.iter().map(String::as_str))?;
        earlier::pieces(&scope, workspaces, &meetings).await
    }

    /// Who the addresses stand for that a mapping puts into a field for users; most mappings have none.
    async fn owners(
        &self,
        items: &[Item],
        plans: &[Option<Plan>],
        settings: &HashMap<String, Arc<Settings>>,
    ) -> Result<HashMap<String, Owners>, Failure> {
        let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (item, plan) in items.iter().zip(plans) {
            let schema = &settings_of(settings, &item.workspace)?.schema;
            let proposals = plan.iter().flat_map(|plan| &plan.proposals);
            let of = wanted.entry(&item.workspace).or_default();
            of.extend(owner::wanted(proposals, schema));
        }
        let mut owners = HashMap::new();
        for (workspace, addresses) in wanted {
            let id = store::workspace_id(workspace)?;
            // What is beyond the limit waits, and is asked when it is judged again.
            let addresses = addresses.into_iter().take(owner::ADDRESSES_MAX).collect();
            owners.insert(workspace.to_owned(), self.orgs.owners(&id, addresses).await);
        }
        Ok(owners)
    }

    async fn read(
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

fn settings_of<'a>(
    settings: &'a HashMap<String, Arc<Settings>>,
    workspace: &str,
) -> Result<&'a Arc<Settings>, Failure> {
    settings
        .get(workspace)
        .ok_or_else(|| Failure::transient("the workspace's settings are not readable"))
}

/// What an older revision of the meeting added to the proposal's field; most batches have no older revisions.
fn earlier_piece<'a>(
    item: &Item,
    proposal: &Proposal,
    pieces: &'a HashMap<Place, String>,
) -> Option<&'a str> {
    if pieces.is_empty() {
        return None;
    }
    let place = (
        item.workspace.clone(),
        item.meeting.id.clone(),
        proposal.record_id.clone(),
        proposal.field.clone(),
    );
    pieces.get(&place).map(String::as_str)
}

fn gate_all(
    item: &Item,
    unfetched: &str,
    plan: &Plan,
    settings: &Settings,
    facts: Option<&Facts>,
    pieces: &HashMap<Place, String>,
    owners: &Owners,
) -> Vec<Gated> {
    let now = Utc::now();
    let none = Fields::new();
    let nothing = Foreseen::default();
    let around = |proposal: &Proposal| {
        let key = (proposal.object.clone(), proposal.record_id.clone());
        let target = if proposal.record_id.is_empty() {
            Target::None
        } else {
            match facts.and_then(|facts| facts.records.get(&key)) {
                None => Target::NotRead,
                Some(None) => Target::Gone,
                Some(Some(fields)) => Target::Read(fields),
            }
        };
        Surroundings {
            settings,
            matched: &item.matched,
            backfill: item.meeting.backfill,
            meeting_ended_at: item.meeting.ended_at,
            unfetched,
            target,
            ours: match target {
                Target::Read(fields) => {
                    let present = fields.get(&proposal.field).unwrap_or(&FieldValue::Null);
                    facts.and_then(|facts| {
                        facts.ours.of(&proposal.record_id, &proposal.field, present)
                    })
                }
                Target::None | Target::NotRead | Target::Gone => None,
            },
            earlier: earlier_piece(item, proposal, pieces),
            siblings: &none,
            foreseen: &nothing,
            owners,
            budget_spent: facts.is_some_and(|facts| facts.budget_spent),
            schema_moved: facts.is_some_and(|facts| facts.schema_moved),
            now,
        }
    };
    // Fields of one record are saved together, so each is judged knowing what the others would become.
    let mut together: HashMap<(&str, &str), Fields> = HashMap::new();
    for proposal in plan
        .proposals
        .iter()
        .filter(|proposal| !proposal.record_id.is_empty())
    {
        if let Some(value) = gate::fitted(proposal, around(proposal)) {
            together
                .entry((proposal.object.as_str(), proposal.record_id.as_str()))
                .or_default()
                .insert(proposal.field.clone(), value);
        }
    }
    let scene = prediction::Scene {
        user_id: &settings.connection.user_id,
        now,
    };
    let mut foreseen: HashMap<(&str, &str), Foreseen> = HashMap::new();
    for ((object, record_id), proposed) in &together {
        let key = ((*object).to_owned(), (*record_id).to_owned());
        let record = facts.and_then(|facts| facts.records.get(&key));
        if let (Some(Some(record)), Some(book), Some(described)) = (
            record,
            settings.rules.get(*object),
            settings.schema.get(*object),
        ) {
            let save = Save::Update {
                before: record,
                changed: proposed,
            };
            let found = prediction::foresee(book, described, save, scene);
            foreseen.insert((object, record_id), found);
        }
    }
    let created = |proposal: &Proposal| {
        let book = settings.rules.get(&proposal.object)?;
        let described = settings.schema.get(&proposal.object)?;
        let fields = gate::new_record(proposal, around(proposal))?;
        let save = Save::Create(&fields);
        Some(prediction::foresee(book, described, save, scene))
    };
    plan.proposals
        .iter()
        .map(|proposal| {
            let key = (proposal.object.as_str(), proposal.record_id.as_str());
            let siblings = together.get(&key).unwrap_or(&none);
            let of_creation = created(proposal);
            let of_record = || foreseen.get(&key).unwrap_or(&nothing);
            gate::run(
                proposal,
                Surroundings {
                    siblings,
                    foreseen: of_creation.as_ref().unwrap_or_else(of_record),
                    ..around(proposal)
                },
            )
        })
        .collect()
}
