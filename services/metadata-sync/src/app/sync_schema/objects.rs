//! Asks the org for what changed: objects with their picklists, stages, rules.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use salesforce::{Id, ObjectName};

use super::{OBJECTS, Read, Seen};
use crate::adapters::describe;
use crate::adapters::org::Described;
use crate::adapters::refusal::Offered;
use crate::app::now;
use crate::app::runner::{Stop, Work};
use crate::domain::schedule;
use crate::domain::schema::{Object, ValidationRule};
use crate::store::snapshot::Current;

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
pub(super) async fn describes(
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

pub(super) async fn stages(
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
pub(super) async fn rules(
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
