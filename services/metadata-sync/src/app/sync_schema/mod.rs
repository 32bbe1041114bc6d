//! One read of an org's schema: everything is read first, then one unit stores what changed, tells the others, finds the
//! drift and suspends the entries it breaks. An unchanged org costs three calls: the list of objects says that none of
//! them changed, stages and rules are looked at.

mod objects;
mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use salesforce::{Conditional, ObjectName};

use objects::{describes, rules, stages};
use store::store;

use crate::adapters::refusal::Offered;
use crate::app::runner::{Stop, Work};
use crate::app::{access, globals, now};
use crate::domain::schedule;
use crate::domain::schema::Object;
use crate::store::snapshot::Current;
use crate::store::{setting, snapshot};

/// Objects read: those written to, those matching reads, and those a note needs.
const OBJECTS: [ObjectName; 12] = [
    ObjectName::ACCOUNT,
    ObjectName::CONTACT,
    ObjectName::LEAD,
    ObjectName::OPPORTUNITY,
    ObjectName::OPPORTUNITY_CONTACT_ROLE,
    ObjectName::TASK,
    ObjectName::EVENT,
    ObjectName::USER,
    ObjectName::fixed("OpportunityTeamMember"),
    ObjectName::fixed("OpportunityLineItem"),
    ObjectName::fixed("ContentNote"),
    ObjectName::fixed("ContentDocumentLink"),
];
/// An object as this run saw it.
struct Seen {
    object: Object,
    last_modified: Option<DateTime<Utc>>,
}

/// What this run saw.
#[derive(Default)]
struct Read {
    objects: BTreeMap<String, Seen>,
    /// Last-Modified of the list of objects, when it may be named next time.
    objects_modified: Option<DateTime<Utc>>,
    /// The same, however recent.
    objects_seen_modified: Option<DateTime<Utc>>,
    stages_known: bool,
    rules_known: bool,
    notes: Vec<String>,
}

/// Reads and stores; answers notes for a person.
///
/// # Errors
/// When the run cannot go on.
pub async fn run(work: &Work) -> Result<Vec<String>, Stop> {
    let began_at = now();
    let known: BTreeMap<String, Current> = snapshot::all(&work.scope(), work.id.as_str())
        .await?
        .into_iter()
        .map(|current| (current.object.name.clone(), current))
        .collect();
    let whole_s = i64::try_from(work.options.sync_schema_whole_interval_s).unwrap_or(i64::MAX);
    let whole = work.workspace.schema_read_whole_at.is_none_or(|at| {
        began_at - at >= TimeDelta::try_seconds(whole_s).unwrap_or(TimeDelta::MAX)
    }) || work.workspace.review_due();
    let mut read = Read::default();
    let names = wanted(work, &mut read).await?;
    if unchanged(work, &known, &names, whole, &mut read).await? {
        for name in &names {
            if let Some(before) = known.get(name.as_str()).filter(|before| !before.removed) {
                let (object, last_modified) = (before.object.clone(), before.last_modified);
                let seen = Seen {
                    object,
                    last_modified,
                };
                read.objects.insert(name.as_str().to_owned(), seen);
            }
        }
    } else {
        describes(work, &known, &names, whole, &mut read).await?;
    }
    if read.objects.is_empty() {
        access::nothing_visible(work).await?;
        return Err(Stop::Failed(
            "the connected user sees none of the objects; give it access to Account, Contact and Opportunity".into(),
        ));
    }
    stages(work, &known, &mut read).await?;
    rules(work, &known, &mut read).await?;
    let mut objects: Vec<&mut Object> = read
        .objects
        .values_mut()
        .map(|seen| &mut seen.object)
        .collect();
    globals::read(work, &mut objects).await?;
    let visible = read
        .objects
        .iter()
        .map(|(name, seen)| (name.clone(), seen.object.queryable))
        .collect();
    let reach = access::look(work, &visible, whole).await?;
    store(work, &known, &read, &reach, whole.then_some(began_at)).await?;
    Ok(read.notes)
}

/// The objects to read: those always read, and those an admin selected.
async fn wanted(work: &Work, read: &mut Read) -> Result<Vec<ObjectName>, Stop> {
    let mut names = OBJECTS.to_vec();
    for object in setting::selected_objects(&work.scope(), work.id.as_str()).await? {
        match ObjectName::parse(&object) {
            Ok(name) if !names.contains(&name) => names.push(name),
            Ok(_) => {}
            Err(_) => read.notes.push(format!(
                "the selected object {object} has an impossible name"
            )),
        }
    }
    Ok(names)
}

/// Whether the list of objects says that none of them changed since it was last read, and nothing was selected since.
async fn unchanged(
    work: &Work,
    known: &BTreeMap<String, Current>,
    names: &[ObjectName],
    whole: bool,
    read: &mut Read,
) -> Result<bool, Stop> {
    work.within_budget()?;
    let since = work
        .workspace
        .objects_modified
        .filter(|_| !whole && names.iter().all(|name| known.contains_key(name.as_str())));
    match work.reader.objects(since).await? {
        Offered::Yes(Conditional::NotModified) => {
            read.objects_modified = since;
            read.objects_seen_modified = work.workspace.objects_seen_modified;
            Ok(true)
        }
        Offered::Yes(Conditional::Modified {
            last_modified,
            answered_at,
            ..
        }) => {
            if let Some(wait) = schedule::closes_in(last_modified, answered_at) {
                tokio::time::sleep(wait).await;
            }
            read.objects_modified = schedule::trusted(last_modified, now());
            read.objects_seen_modified = last_modified;
            Ok(false)
        }
        // A host without the list: every object is asked about.
        Offered::No(_) => Ok(false),
    }
}
