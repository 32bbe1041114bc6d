//! The access review, as part of every schema run: looks at what the schema does not tell, compares purely, and tells
//! auth in the same unit that stores it. Auth moves the connection to `access_limited`, or back.

use std::collections::BTreeMap;

use chassis::{Cause, Unit};
use events::WorkspaceId;
use events::crm::v1::AccessReviewed;
use salesforce::ObjectName;

use super::runner::{Stop, Work};
use super::{SELF, now};
use crate::adapters::refusal::Offered;
use crate::domain::access::{self, Seen};
use crate::domain::schema::Schema;
use crate::store::access::Stored;
use crate::store::workspace::Workspace;
use crate::store::{access as store, mapping, snapshot, workspace};
use crate::wire;

/// Objects whose records have owners matching cares about.
const OWNED: [ObjectName; 4] = [
    ObjectName::ACCOUNT,
    ObjectName::CONTACT,
    ObjectName::LEAD,
    ObjectName::OPPORTUNITY,
];

/// Looks at what no describe tells. Owners and opportunities cost calls, so they are looked at again only in a run that
/// trusts nothing (`whole`); in between what was seen stands.
///
/// # Errors
/// When Salesforce cannot answer for now.
pub async fn look(
    work: &Work,
    visible: &BTreeMap<String, bool>,
    whole: bool,
) -> Result<Seen, Stop> {
    let before = store::newest(&work.scope(), work.id.as_str())
        .await?
        .filter(|stored| stored.epoch == work.workspace.epoch)
        .map(|stored| stored.review.seen);
    let mut seen = match before {
        Some(before) if !whole => Seen {
            api_enabled: true,
            ..before
        },
        before => fresh(work, visible, before).await?,
    };
    // What was chosen before is the best there is when writeback does not answer.
    if let Some(controls) = work.writeback.controls(&work.id).await {
        seen.pipelines = Some(controls.pipeline_record_type_ids);
    }
    Ok(seen)
}

async fn fresh(
    work: &Work,
    visible: &BTreeMap<String, bool>,
    before: Option<Seen>,
) -> Result<Seen, Stop> {
    work.within_budget()?;
    let mut seen = Seen {
        api_enabled: true,
        pipelines: before.and_then(|before| before.pipelines),
        ..Seen::default()
    };
    let sees = |name: &ObjectName| visible.get(name.as_str()).copied().unwrap_or(false);
    let owned: Vec<ObjectName> = OWNED.into_iter().filter(sees).collect();
    if sees(&ObjectName::USER) && !owned.is_empty() {
        match work.reader.owners(&owned).await? {
            Offered::Yes(owners) => seen.owners = Some(owners),
            Offered::No(reason) => {
                seen.notes
                    .push(format!("owners could not be looked at: {reason}"));
            }
        }
    }
    if sees(&ObjectName::OPPORTUNITY) {
        match work.reader.open_opportunities().await? {
            Offered::Yes(count) => seen.open_opportunities = Some(count),
            Offered::No(reason) => {
                seen.notes
                    .push(format!("open opportunities could not be counted: {reason}"));
            }
        }
    }
    Ok(seen)
}

/// Compares, stores and tells. The caller holds the workspace's lock, and `present` is what it read under it; `asked_by`
/// names whoever wished for this review, none when it is a matter of course.
///
/// # Errors
/// When Postgres fails.
pub async fn record(
    unit: &mut Unit,
    id: &WorkspaceId,
    present: &Workspace,
    asked_by: Option<&str>,
    schema: &Schema,
    seen: &Seen,
) -> Result<(), sqlx::Error> {
    let (stored, news) = compare(unit, id, present, asked_by, schema, seen).await?;
    if news {
        let event = AccessReviewed {
            review: Some(wire::access::review(id.as_str(), &stored)),
        };
        unit.emit(id, &event, &Cause::current());
    }
    Ok(())
}

/// Compares and stores; true when auth does not know it yet.
async fn compare(
    unit: &mut Unit,
    id: &WorkspaceId,
    present: &Workspace,
    asked_by: Option<&str>,
    schema: &Schema,
    seen: &Seen,
) -> Result<(Stored, bool), sqlx::Error> {
    let published = mapping::published(&mut *unit.connection(), id.as_str()).await?;
    let version = published.as_ref().map_or(0, |published| published.version);
    let mapping = published.as_ref().map(|published| &published.mapping);
    let review = access::review(schema, mapping, version, seen);
    let last = store::newest(&mut *unit.connection(), id.as_str()).await?;
    let at = now();
    let by = asked_by.unwrap_or(SELF);
    let same = last.as_ref().filter(|last| {
        last.epoch == present.epoch && last.user_id == present.user_id && last.review == review
    });
    // A person who asked sees that there was an answer; for a service the same again is no news.
    if let Some(same) = same
        && by.starts_with("service:")
    {
        let generation = present.connection_generation;
        store::confirm(
            unit.connection(),
            id.as_str(),
            same.revision,
            generation,
            at,
        )
        .await?;
        let stored = Stored {
            confirmed_at: at,
            ..same.clone()
        };
        return Ok((stored, same.connection_generation != generation));
    }
    let stored = Stored {
        revision: last.map_or(1, |last| last.revision + 1),
        epoch: present.epoch,
        user_id: present.user_id.clone(),
        connection_generation: present.connection_generation,
        reviewed_at: at,
        confirmed_at: at,
        requested_by: by.to_owned(),
        review,
    };
    store::add(unit.connection(), id.as_str(), &stored).await?;
    tracing::info!(
        workspace = %id,
        access.revision = stored.revision,
        access.missing = stored.review.missing_count,
        requested_by = by,
        "access reviewed"
    );
    Ok((stored, true))
}

/// A mapping was published: what it needs is compared with what was seen last, without asking the org.
///
/// # Errors
/// When Postgres fails.
pub async fn published(
    unit: &mut Unit,
    id: &WorkspaceId,
    present: &Workspace,
    schema: &Schema,
) -> Result<(), sqlx::Error> {
    let last = store::newest(&mut *unit.connection(), id.as_str()).await?;
    match last.filter(|last| last.epoch == present.epoch) {
        Some(last) => record(unit, id, present, None, schema, &last.review.seen).await,
        // The first run has not ended: it will compare.
        None => Ok(()),
    }
}

/// The org was read and shows nothing at all: that is a review too, though there is no schema to keep.
///
/// # Errors
/// When Postgres fails.
pub async fn nothing_visible(work: &Work) -> Result<(), Stop> {
    let mut unit = work.scope().begin().await?;
    let Some(present) = work.present(&mut unit).await? else {
        return Ok(());
    };
    let seen = Seen {
        api_enabled: true,
        ..Seen::default()
    };
    let asked_by = work.workspace.asked_by();
    record(
        &mut unit,
        &work.id,
        &present,
        asked_by,
        &Schema::new(),
        &seen,
    )
    .await?;
    unit.commit().await?;
    Ok(())
}

/// The API is off for the user or the org. Auth suspends the connection by the report it got; the review says it to
/// whoever looks there, and changes no state.
///
/// # Errors
/// When Postgres fails.
pub async fn api_disabled(work: &Work) -> Result<(), Stop> {
    let mut unit = work.scope().begin().await?;
    let Some(present) = work.present(&mut unit).await? else {
        return Ok(());
    };
    let schema = snapshot::schema(&mut *unit.connection(), work.id.as_str()).await?;
    let last = store::newest(&mut *unit.connection(), work.id.as_str()).await?;
    let seen = Seen {
        api_enabled: false,
        ..last
            .filter(|last| last.epoch == present.epoch)
            .map(|last| last.review.seen)
            .unwrap_or_default()
    };
    let asked_by = work.workspace.asked_by();
    compare(&mut unit, &work.id, &present, asked_by, &schema, &seen).await?;
    unit.commit().await?;
    Ok(())
}

impl Work {
    /// The workspace under its lock; `None` when the connection moved on since the run began.
    async fn present(&self, unit: &mut Unit) -> Result<Option<Workspace>, Stop> {
        let present = workspace::lock(unit.connection(), self.id.as_str()).await?;
        self.still_ours(unit.connection(), 0).await?;
        Ok(present.filter(|present| present.epoch == self.workspace.epoch))
    }
}
