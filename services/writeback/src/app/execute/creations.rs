//! Right before records are created: what another change creates comes first, references become ids, and what would be a
//! twin of a record that is there is not created.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chassis::Scope;
use salesforce::Org;

use super::Trouble;
use super::settle::Round;
use crate::adapters::{answers, twins};
use crate::domain::change::{Action, Queued, Write};
use crate::domain::looking;
use crate::domain::outcome::{self, Next};
use crate::domain::reference;
use crate::domain::settings::Settings;
use crate::domain::twin::{self, Fate, Standing};
use crate::store::{queue, references};

/// When another change with the same key is on its way, this one looks again after so long.
const OTHER_CREATION_MS: i64 = 2_000;
/// When the record it refers to is on its way: the next round.
const REFERENCE_MS: i64 = 100;

/// The creations that go out, with ids in the place of references.
pub(super) async fn prepare(
    scope: &Scope,
    org: &Org,
    creations: Vec<Queued>,
    round: &mut Round,
) -> Result<Vec<Queued>, Trouble> {
    let Some(workspace) = creations.first().map(|change| change.workspace.clone()) else {
        return Ok(creations);
    };
    let keys: Vec<String> = creations
        .iter()
        .map(|change| change.creation_key.clone())
        .collect();
    let own: Vec<uuid::Uuid> = creations.iter().map(|change| change.id).collect();
    let others = queue::others_creating(scope, &workspace, &keys, &own).await?;
    let mut first = HashSet::new();
    let mut going = Vec::with_capacity(creations.len());
    for change in creations {
        match others.get(&change.creation_key) {
            Some((record_id, true)) => round.already_created(&change, record_id),
            Some((_, false)) => round.wait(&change, OTHER_CREATION_MS),
            None if !first.insert(change.creation_key.clone()) => {
                round.wait(&change, OTHER_CREATION_MS);
            }
            None => going.push(change),
        }
    }
    let going = resolve(scope, &workspace, going, round).await?;
    without_twins(org, going, round).await
}

/// References become ids; what refers to a record that is still to come waits for it.
async fn resolve(
    scope: &Scope,
    workspace: &str,
    creations: Vec<Queued>,
    round: &mut Round,
) -> Result<Vec<Queued>, Trouble> {
    let keys: BTreeSet<String> = creations
        .iter()
        .filter_map(twin::fields)
        .flat_map(reference::keys)
        .map(str::to_owned)
        .collect();
    if keys.is_empty() {
        return Ok(creations);
    }
    let keys: Vec<String> = keys.into_iter().collect();
    let standings = references::standings(scope, workspace, &keys).await?;
    let ids: HashMap<String, String> = standings
        .iter()
        .filter(|(_, (standing, _))| *standing == Standing::There)
        .map(|(key, (_, id))| (key.clone(), id.clone()))
        .collect();
    let mut resolved = Vec::with_capacity(creations.len());
    for mut change in creations {
        let Some(fields) = twin::fields(&change) else {
            resolved.push(change);
            continue;
        };
        let of = |key: &str| {
            standings
                .get(key)
                .map_or(Standing::NotComing, |known| known.0)
        };
        let referred: Vec<Standing> = reference::keys(fields).into_iter().map(of).collect();
        if referred.contains(&Standing::NotComing) {
            round.back_to_review(&change, twin::not_coming(), None);
        } else if referred.contains(&Standing::Coming) {
            round.wait(&change, REFERENCE_MS);
        } else if let Some(fields) = reference::resolved(fields, &ids) {
            change.proposed = Write::Record(fields);
            resolved.push(change);
        }
    }
    Ok(resolved)
}

/// Leaves out what is there already, whoever made it.
async fn without_twins(
    org: &Org,
    creations: Vec<Queued>,
    round: &mut Round,
) -> Result<Vec<Queued>, Trouble> {
    let (looked_for, mut ready): (Vec<Queued>, Vec<Queued>) = creations
        .into_iter()
        .partition(|change| twin::is_looked_for(change.action));
    if looked_for.is_empty() {
        return Ok(ready);
    }
    let found = match Twins::of(org, &looked_for, round).await {
        Ok(found) => found,
        // A field or object it may not query: without a look nothing is created.
        Err(Trouble::Org(error)) if unseen(&error, &looked_for, round) => return Ok(ready),
        Err(trouble) => return Err(trouble),
    };
    for change in looked_for {
        match found.fate(&change) {
            Fate::Create => ready.push(change),
            Fate::There(record_id) => round.record_there(&change, &record_id),
            Fate::Review(reason) => round.back_to_review(&change, reason, None),
        }
    }
    Ok(ready)
}

/// What is there of contacts, roles and relations.
struct Twins {
    contacts: HashMap<String, twins::Contact>,
    ties: BTreeMap<(String, String, String), String>,
}

impl Twins {
    async fn of(org: &Org, changes: &[Queued], round: &mut Round) -> Result<Self, Trouble> {
        let mut addresses = BTreeSet::new();
        let mut accounts = HashMap::new();
        let mut ones: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for change in changes {
            if let Some(email) =
                twin::text(change, "Email").filter(|_| change.action == Action::CreateContact)
            {
                addresses.insert(email);
                let account = twin::text(change, "AccountId").unwrap_or_default();
                accounts.insert(email.to_owned(), account.to_owned());
            }
            if let Some((one, _)) = twin::tie(&change.object)
                && let Some(id) = twin::text(change, one)
            {
                ones.entry(&change.object).or_default().insert(id);
            }
        }
        let (contacts, calls) = twins::contacts(org, &addresses, &accounts).await?;
        round.spent.calls += calls;
        let mut ties = BTreeMap::new();
        for (object, ids) in ones {
            let Some(fields) = twin::tie(object) else {
                continue;
            };
            let (found, calls) = twins::ties(org, object, fields, &ids).await?;
            round.spent.calls += calls;
            for ((one, other), id) in found {
                ties.insert((object.to_owned(), one, other), id);
            }
        }
        Ok(Self { contacts, ties })
    }

    fn fate(&self, change: &Queued) -> Fate {
        match twin::tie(&change.object) {
            Some(_) => self.tied(change).map_or(Fate::Create, Fate::There),
            None => twin::of_contact(
                change,
                self.contact(change)
                    .map(|found| (found.id.as_str(), found.account_id.as_str())),
            ),
        }
    }

    fn contact(&self, change: &Queued) -> Option<&twins::Contact> {
        self.contacts.get(twin::text(change, "Email")?)
    }

    fn tied(&self, change: &Queued) -> Option<String> {
        let (one, other) = twin::tie(&change.object)?;
        let key = (
            change.object.clone(),
            twin::text(change, one)?.to_owned(),
            twin::text(change, other)?.to_owned(),
        );
        self.ties.get(&key).cloned()
    }
}

/// Decides about lost creations of contacts, roles, relations and deals: what is there was ours, or need not be repeated.
pub(super) async fn look(
    scope: &Scope,
    org: &Org,
    settings: &Settings,
    lost: Vec<Queued>,
    round: &mut Round,
) -> Result<(), Trouble> {
    if lost.is_empty() {
        return Ok(());
    }
    let (tied, deals): (Vec<Queued>, Vec<Queued>) = lost
        .into_iter()
        .partition(|change| twin::is_looked_for(change.action));
    let found = Twins::of(org, &tied, round).await?;
    for change in &tied {
        let id = match twin::tie(&change.object) {
            Some(_) => found.tied(change),
            // At the same account: one elsewhere was there before and is not what we made.
            None => found
                .contact(change)
                .filter(|there| twin::text(change, "AccountId") == Some(&there.account_id))
                .map(|there| there.id.clone()),
        };
        super::lookup::decide(change, looking::after_creation(id.as_deref()), round);
    }
    for change in &deals {
        let id = super::lookup::find_deal(scope, org, settings, change, round).await?;
        super::lookup::decide(change, looking::after_creation(id.as_deref()), round);
    }
    Ok(())
}

/// What a refused look at twins means: the request is at fault, not the org, so nothing of it can be created safely.
fn unseen(error: &salesforce::Error, changes: &[Queued], round: &mut Round) -> bool {
    let failure = answers::failure(error);
    if outcome::is_about_the_org(&failure) {
        return false;
    }
    for change in changes {
        round.next(
            change,
            Next::Refused(outcome::explain(&failure.problems)),
            0,
        );
    }
    true
}
