//! Which Salesforce users ours are: what records told, and what an admin said against it.

use std::collections::BTreeSet;

use chassis::{Cause, Db, Failure, Unit};
use events::WorkspaceId;
use events::crm::v1::{DriftDetected, User};
use events::rpc::RpcError;
use uuid::Uuid;

use super::{SELF, broken, internal, now};
use crate::domain::drift::{Change, Kind};
use crate::domain::impact::{self, Impact};
use crate::domain::item::{Item, Status};
use crate::domain::owner::{Match, Override, Owner, normal, resolve, stood_for};
use crate::domain::publish::Problem;
use crate::store::{drift, mapping, owner, workspace};
use crate::wire;

/// Overrides of one workspace.
const OVERRIDES_MAX: usize = 1_000;
/// Characters of an address.
const EMAIL_CHARACTERS_MAX: usize = 254;
/// The kind of user that owns deals; others (portal, integration) come and go without anybody's deals being hit.
const STANDARD: &str = "Standard";

/// Takes over the users of a page of records, and reports who is no longer active. Part of the unit that stores the page.
///
/// # Errors
/// When Postgres fails.
pub(super) async fn followed(
    unit: &mut Unit,
    id: &WorkspaceId,
    users: &[User],
    cause: &Cause,
) -> Result<(), Failure> {
    let owners: Vec<Owner> = users.iter().map(wire::owner::of_row).collect();
    if owners.is_empty() {
        return Ok(());
    }
    workspace::lock(unit.connection(), id.as_str()).await?;
    let gone = owner::save(unit.connection(), id.as_str(), &owners).await?;
    let Some(published) = mapping::published(&mut *unit.connection(), id.as_str()).await? else {
        return Ok(());
    };
    let overrides = owner::overrides(&mut *unit.connection(), id.as_str()).await?;
    let mut told = Vec::new();
    for item in drift::open(&mut *unit.connection(), id.as_str()).await? {
        let back = item.change.kind == Kind::OwnerDeactivated
            && owners
                .iter()
                .any(|owner| owner.id == item.change.field && owner.active);
        if back {
            let item = item.resolved(Status::Repaired, SELF, "the user is active again", now());
            drift::resolve(unit.connection(), id.as_str(), &item).await?;
            told.push(item);
        }
    }
    for owner in owners
        .iter()
        .filter(|owner| gone.contains(&owner.id) && owner.user_type == STANDARD)
    {
        let change = Change {
            kind: Kind::OwnerDeactivated,
            object: "User".into(),
            field: owner.id.clone(),
            before: owner.name.replace('\0', "").chars().take(200).collect(),
            after: "inactive".into(),
        };
        let Some(impact) = impact::impact(&change, &published.mapping) else {
            continue;
        };
        let impact = Impact {
            people: stood_for(owner, &overrides),
            ..impact
        };
        let item = Item::found(Uuid::now_v7(), change, impact, now(), SELF);
        drift::add(unit.connection(), id.as_str(), &item).await?;
        told.push(item);
    }
    for items in told.chunks(100) {
        let event = DriftDetected {
            workspace: id.as_str().to_owned(),
            items: items.iter().map(wire::drift::message).collect(),
        };
        unit.emit(id, &event, cause);
    }
    Ok(())
}

/// Who the users of these addresses are.
///
/// # Errors
/// When Postgres fails.
pub async fn matches(
    db: &Db,
    id: &WorkspaceId,
    emails: &[String],
) -> Result<Vec<events::metadata::v1::OwnerMatch>, RpcError> {
    let overrides = owner::overrides(&db.workspace(id), id.as_str())
        .await
        .map_err(broken)?;
    let normals: Vec<String> = emails.iter().map(|email| normal(email)).collect();
    let ids: Vec<String> = overrides.iter().map(|said| said.user_id.clone()).collect();
    let owners = owner::named(&db.workspace(id), id.as_str(), &normals, &ids)
        .await
        .map_err(broken)?;
    Ok(emails
        .iter()
        .map(|email| {
            let found: Match<'_> = resolve(email, &owners, &overrides);
            wire::owner::matched(email, &found)
        })
        .collect())
}

/// Replaces what admins said, or answers every problem of it.
///
/// # Errors
/// When Postgres fails.
pub async fn save(
    db: &Db,
    id: &WorkspaceId,
    sent: Vec<Override>,
    by: &str,
) -> Result<Vec<Problem>, RpcError> {
    let ids: Vec<String> = sent.iter().map(|said| said.user_id.clone()).collect();
    let owners = owner::named(&db.workspace(id), id.as_str(), &[], &ids)
        .await
        .map_err(broken)?;
    let problems = check(&sent, &owners);
    if !problems.is_empty() {
        return Ok(problems);
    }
    let mut unit = db.begin(id).await.map_err(internal)?;
    workspace::lock(unit.connection(), id.as_str())
        .await
        .map_err(broken)?;
    owner::replace_overrides(unit.connection(), id.as_str(), &sent, by)
        .await
        .map_err(broken)?;
    unit.commit().await.map_err(internal)?;
    tracing::info!(workspace = %id, overrides = sent.len(), "owner overrides saved");
    Ok(vec![])
}

fn check(sent: &[Override], owners: &[Owner]) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut push = |email: &str, field, message: String, fix: &str| {
        found.push(Problem {
            entry_id: email.to_owned(),
            field,
            message,
            fix: fix.to_owned(),
        });
    };
    if sent.len() > OVERRIDES_MAX {
        push(
            "",
            "overrides",
            format!(
                "there are {} overrides and the limit is {OVERRIDES_MAX}",
                sent.len()
            ),
            "remove some",
        );
        return found;
    }
    let mut named = BTreeSet::new();
    for said in sent {
        let email = said.email.as_str();
        let plausible = email.contains('@')
            && !email.contains(char::is_whitespace)
            && !email.contains('\0')
            && email.chars().count() <= EMAIL_CHARACTERS_MAX;
        if !plausible {
            push(
                email,
                "email",
                "this is no e-mail address".into(),
                "write our user's address",
            );
        } else if !named.insert(email) {
            push(
                email,
                "email",
                "the address is there twice".into(),
                "keep one of them",
            );
        }
        match owners.iter().find(|owner| owner.id == said.user_id) {
            None => push(
                email,
                "user_id",
                format!("no Salesforce user has the id {:?}", said.user_id),
                "choose a user of the org",
            ),
            Some(owner) if !owner.active => push(
                email,
                "user_id",
                format!("{} is not active", owner.name),
                "choose an active user",
            ),
            Some(_) => {}
        }
    }
    found
}
