//! Plans and gates a batch of meetings: settings once per workspace, one read per object, everything else pure.
//! Used for meetings that just arrived and for those that waited.

mod facts;
mod pass;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chassis::{Db, Failure};

use super::unclaim;
use crate::adapters::claims::Claims;
use crate::adapters::orgs::Orgs;
use crate::domain::change::Gated;
use crate::domain::decision::Match;
use crate::domain::marker;
use crate::domain::meeting::Meeting;
use crate::domain::owner::{self, Owners};
use crate::domain::plan::{self, Created, Frame, Plan};
use crate::domain::settings::Settings;
use crate::store::earlier::Place;
use crate::store::settings::SettingsCache;
use crate::store::usage::Spent;
use crate::store::{self, earlier};
use pass::gate_all;

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
}

fn settings_of<'a>(
    settings: &'a HashMap<String, Arc<Settings>>,
    workspace: &str,
) -> Result<&'a Arc<Settings>, Failure> {
    settings
        .get(workspace)
        .ok_or_else(|| Failure::transient("the workspace's settings are not readable"))
}
