//! What a read saw becomes one unit of work: snapshots, events, drift, and the suspension of the entries it breaks.

use std::collections::BTreeMap;

use chassis::{Cause, Unit};
use chrono::{DateTime, Utc};
use events::crm::v1::DriftDetected;
use events::topology::EVENT_BYTES_MAX;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Read;
use crate::app::runner::{Stop, Work};
use crate::app::{SELF, access, now, suspend};
use crate::domain::access::Seen as Reach;
use crate::domain::drift as diff;
use crate::domain::impact;
use crate::domain::item::{Item, Status};
use crate::domain::schema::{Object, Schema};
use crate::store::snapshot::{Current, Version};
use crate::store::{drift, mapping, snapshot, workspace};
use crate::wire;

/// Room for the envelope of a message.
const PART_BYTES_MAX: usize = EVENT_BYTES_MAX - 4 * 1024;

/// One unit: snapshots, events, drift, suspensions.
pub(super) async fn store(
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
