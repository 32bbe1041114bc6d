//! One read of an org's schema: everything is read first, then one unit stores what changed, tells the others, finds the
//! drift and suspends the entries it breaks. An unchanged org costs three calls: the list of objects says that none of
//! them changed, stages and rules are looked at.

use std::collections::BTreeMap;

use chassis::{Cause, Unit};
use chrono::{DateTime, TimeDelta, Utc};
use events::crm::v1::DriftDetected;
use events::topology::EVENT_BYTES_MAX;
use futures::future::try_join_all;
use salesforce::{Conditional, Id, ObjectName};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::runner::{Stop, Work};
use super::{SELF, access, globals, now, suspend};
use crate::adapters::describe;
use crate::adapters::org::Described;
use crate::adapters::refusal::Offered;
use crate::domain::access::Seen as Reach;
use crate::domain::drift as diff;
use crate::domain::impact;
use crate::domain::item::{Item, Status};
use crate::domain::schedule;
use crate::domain::schema::{Object, Schema, ValidationRule};
use crate::store::snapshot::{Current, Version};
use crate::store::{drift, mapping, setting, snapshot, workspace};
use crate::wire;

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
/// Objects a host may lack altogether.
const SPARE: [&str; 4] = [
    "OpportunityTeamMember",
    "OpportunityLineItem",
    "ContentNote",
    "ContentDocumentLink",
];
/// Objects whose picklists may differ per record type and are written to.
const PER_RECORD_TYPE: [&str; 4] = ["Account", "Contact", "Lead", "Opportunity"];
/// Record types asked about per object; one call each.
const RECORD_TYPES_MAX: usize = 50;
/// Describes asked for at the same time.
const DESCRIBES_AT_ONCE: usize = 4;
/// Room for the envelope of a message.
const PART_BYTES_MAX: usize = EVENT_BYTES_MAX - 4 * 1024;

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

async fn describes(
    work: &Work,
    known: &BTreeMap<String, Current>,
    wanted: &[ObjectName],
    whole: bool,
    read: &mut Read,
) -> Result<(), Stop> {
    work.step("reading objects", wanted.len() as u64).await?;
    for names in wanted.chunks(DESCRIBES_AT_ONCE) {
        work.within_budget()?;
        let asked = names.iter().map(|name| {
            let before = known.get(name.as_str()).filter(|current| !current.removed);
            let since = before
                .filter(|_| !whole)
                .and_then(|current| current.last_modified);
            let spare = SPARE.contains(&name.as_str()) || !OBJECTS.contains(name);
            work.reader.describe(name, since, spare)
        });
        let answers = try_join_all(asked).await?;
        for (name, answer) in names.iter().zip(answers) {
            match (answer, known.get(name.as_str())) {
                (Described::Unchanged, Some(before)) => {
                    let (object, last_modified) = (before.object.clone(), before.last_modified);
                    read.objects.insert(
                        name.as_str().to_owned(),
                        Seen {
                            object,
                            last_modified,
                        },
                    );
                }
                (Described::Unchanged, None) => {
                    return Err(Stop::Failed(format!(
                        "salesforce says {name} is unchanged though it was never read"
                    )));
                }
                (
                    Described::Changed {
                        object,
                        last_modified,
                    },
                    _,
                ) => {
                    let object = per_record_type(work, name, *object, read).await?;
                    let object = identified(work, name, object).await?;
                    let last_modified = schedule::trusted(last_modified, now());
                    read.objects.insert(
                        name.as_str().to_owned(),
                        Seen {
                            object,
                            last_modified,
                        },
                    );
                }
                (Described::Absent, _) => read.notes.push(format!(
                    "{name} is not in the org or hidden from the connected user"
                )),
            }
        }
        let mut connection = work.scope().acquire().await?;
        work.still_ours(&mut connection, names.len()).await?;
    }
    Ok(())
}

/// Adds what the describe does not tell: ids of the fields, which outlive a rename, and the sales processes.
async fn identified(work: &Work, name: &ObjectName, mut object: Object) -> Result<Object, Stop> {
    let ids = work.reader.field_ids(name).await?;
    for (field, id) in ids {
        if let Some(field) = object.fields.get_mut(&field) {
            field.id = id;
        }
    }
    if *name == ObjectName::OPPORTUNITY {
        let found = work.reader.sales_processes().await?;
        for record_type in &mut object.record_types {
            if let Some(process) = found.of_record_type.get(&record_type.id) {
                record_type.sales_process.clone_from(process);
            }
        }
        object.sales_processes = found.processes;
    }
    Ok(object)
}

/// Asks which values each record type offers. A host without the UI API leaves the values of the describe.
async fn per_record_type(
    work: &Work,
    name: &ObjectName,
    mut object: Object,
    read: &mut Read,
) -> Result<Object, Stop> {
    if !PER_RECORD_TYPE.contains(&name.as_str()) {
        return Ok(object);
    }
    let offered: Vec<Id> = object
        .record_types
        .iter()
        .filter(|known| known.available && !known.master)
        .filter_map(|known| Id::parse(&known.id).ok())
        .collect();
    if offered.len() > RECORD_TYPES_MAX {
        read.notes.push(format!("{name} has more than {RECORD_TYPES_MAX} record types; values of the others are not restricted"));
    }
    let mut lists = BTreeMap::new();
    for record_type in offered.iter().take(RECORD_TYPES_MAX) {
        match work.reader.picklists(name, record_type).await? {
            Offered::Yes(list) => {
                lists.insert(record_type.as_str().to_owned(), list);
            }
            Offered::No(reason) => {
                read.notes.push(format!(
                    "picklists per record type of {name} are not offered: {reason}"
                ));
                break;
            }
        }
    }
    if lists.len() == offered.len().min(RECORD_TYPES_MAX) && !lists.is_empty() {
        describe::restrict(&mut object, &lists);
    }
    Ok(object)
}

async fn stages(
    work: &Work,
    known: &BTreeMap<String, Current>,
    read: &mut Read,
) -> Result<(), Stop> {
    let name = ObjectName::OPPORTUNITY;
    if !read.objects.contains_key(name.as_str()) {
        return Ok(());
    }
    let stages = match work.reader.stages().await? {
        Offered::Yes(stages) => {
            read.stages_known = true;
            stages
        }
        Offered::No(reason) => {
            read.notes
                .push(format!("stages are not readable: {reason}"));
            known
                .get(name.as_str())
                .map(|before| before.object.stages.clone())
                .unwrap_or_default()
        }
    };
    if let Some(seen) = read.objects.get_mut(name.as_str()) {
        seen.object.stages = stages;
    }
    Ok(())
}

/// Without "View Setup" there are no rules to predict with; then none are kept, because an old rule may be gone.
async fn rules(
    work: &Work,
    known: &BTreeMap<String, Current>,
    read: &mut Read,
) -> Result<(), Stop> {
    let known: BTreeMap<String, ValidationRule> = known
        .values()
        .flat_map(|before| &before.object.validation_rules)
        .map(|rule| (rule.id.clone(), rule.clone()))
        .collect();
    let names: Vec<ObjectName> = read
        .objects
        .keys()
        .filter_map(|name| ObjectName::parse(name).ok())
        .collect();
    let mut rules = match work.reader.validation_rules(&names, &known).await? {
        Offered::Yes(rules) => {
            read.rules_known = true;
            rules
        }
        Offered::No(reason) => {
            read.notes.push(format!("validation rules are not readable (the permission View Setup and Configuration shows them): {reason}"));
            BTreeMap::new()
        }
    };
    for (name, seen) in &mut read.objects {
        seen.object.validation_rules = rules.remove(name).unwrap_or_default();
    }
    Ok(())
}

/// One unit: snapshots, events, drift, suspensions.
async fn store(
    work: &Work,
    known: &BTreeMap<String, Current>,
    read: &Read,
    reach: &Reach,
    whole: Option<DateTime<Utc>>,
) -> Result<(), Stop> {
    let id = work.id.as_str();
    let mut unit = work.scope().begin().await?;
    let present = workspace::lock(unit.connection(), id).await?;
    let Some(present) = present.filter(|present| present.epoch == work.workspace.epoch) else {
        return Err(Stop::Failed(
            "the connection changed while the schema was read; it is read again".into(),
        ));
    };
    work.still_ours(unit.connection(), 0).await?;
    let cause = Cause::current();
    let moment = now();
    let mut current = Schema::new();
    for (name, seen) in &read.objects {
        let object = seen.object.clone().in_order();
        add_version(
            work,
            &mut unit,
            known.get(name),
            &object,
            seen.last_modified,
            moment,
            &cause,
        )
        .await?;
        current.insert(name.clone(), object);
    }
    let before: Schema = known
        .iter()
        .filter(|(_, known)| !known.removed)
        .map(|(name, known)| (name.clone(), comparable(&known.object, read)))
        .collect();
    for name in before
        .keys()
        .filter(|name| !read.objects.contains_key(*name))
    {
        let organization = &work.workspace.organization_id;
        let version =
            snapshot::remove(unit.connection(), id, &known[name], organization, moment).await?;
        unit.emit(
            &work.id,
            &wire::schema::removed(id, version.unsigned_abs(), name, wire::timestamp(moment)),
            &cause,
        );
    }
    drifted(work, &mut unit, &before, &current, &cause).await?;
    suspend::refresh(&mut unit, &work.id, &current, &cause).await?;
    let (trusted, seen) = (read.objects_modified, read.objects_seen_modified);
    workspace::objects_modified(unit.connection(), id, trusted, seen).await?;
    let asked_by = work.workspace.asked_by();
    access::record(&mut unit, &work.id, &present, asked_by, &current, reach).await?;
    if let Some(at) = whole {
        workspace::read_whole(unit.connection(), id, at).await?;
    }
    unit.commit().await?;
    Ok(())
}

/// What could not be read this time is no difference.
fn comparable(before: &Object, read: &Read) -> Object {
    let mut object = before.clone();
    if !read.rules_known {
        object.validation_rules.clear();
    }
    object
}

async fn add_version(
    work: &Work,
    unit: &mut Unit,
    known: Option<&Current>,
    object: &Object,
    last_modified: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    cause: &Cause,
) -> Result<(), Stop> {
    let id = work.id.as_str();
    let content = object.canonical();
    let content_hash = Sha256::digest(&content);
    if known.is_some_and(|known| !known.removed && known.content_hash == content_hash.as_slice()) {
        snapshot::touch(unit.connection(), id, &object.name, last_modified, now).await?;
        return Ok(());
    }
    let version = known.map_or(1, |known| known.version + 1);
    let new = Version {
        object,
        version,
        content: &content,
        content_hash: &content_hash,
        organization_id: &work.workspace.organization_id,
        last_modified,
        observed_at: now,
    };
    snapshot::add(unit.connection(), id, &new).await?;
    for part in wire::schema::changed(
        id,
        version.unsigned_abs(),
        object,
        wire::timestamp(now),
        PART_BYTES_MAX,
    ) {
        unit.emit(&work.id, &part, cause);
    }
    tracing::info!(
        schema.object = object.name,
        schema.version = version,
        "object changed"
    );
    Ok(())
}

/// Finds what changed for the mapping, closes what changed back, and tells the others.
async fn drifted(
    work: &Work,
    unit: &mut Unit,
    before: &Schema,
    current: &Schema,
    cause: &Cause,
) -> Result<(), Stop> {
    let id = work.id.as_str();
    let Some(published) = mapping::published(&mut *unit.connection(), id).await? else {
        return Ok(());
    };
    let mut told = Vec::new();
    for item in drift::open(&mut *unit.connection(), id).await? {
        if diff::undone(&item.change, current) {
            let reason = "the org is as it was before";
            let item = item.resolved(Status::Repaired, SELF, reason, now());
            drift::resolve(unit.connection(), id, &item).await?;
            told.push(item);
        }
    }
    let moment = now();
    for change in diff::drift(before, current) {
        let Some(impact) = impact::impact(&change, &published.mapping) else {
            continue;
        };
        let item = Item::found(Uuid::now_v7(), change, impact, moment, SELF);
        tracing::info!(
            drift.id = %item.id,
            drift.kind = ?item.change.kind,
            drift.object = item.change.object,
            drift.field = item.change.field,
            drift.entries = item.entry_ids.len(),
            "drift found"
        );
        drift::add(unit.connection(), id, &item).await?;
        told.push(item);
    }
    // One message per hundred items: a large change in the org must not make a message too large to publish.
    for items in told.chunks(100) {
        let event = DriftDetected {
            workspace: id.to_owned(),
            items: items.iter().map(wire::drift::message).collect(),
        };
        unit.emit(&work.id, &event, cause);
    }
    Ok(())
}
