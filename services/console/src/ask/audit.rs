//! Who or what changed which setting or decision, merged from the owners that note it, in the order of time.

use chrono::{DateTime, Utc};
use events::metadata::v1 as metadata;
use events::rpc::RpcError;
use events::writeback::v1 as writeback;

use super::Asking;
use crate::owners::Owners;
use crate::wire::Page;
use crate::wire::audit::{AuditEntry, Owner, Place};

/// Versions of the mapping looked at: as many as metadata-sync tells of at once.
const VERSIONS_MAX: u32 = 200;
/// Most entries of a page: as many as writeback tells of at once.
pub(crate) const ENTRIES_MAX: u32 = 100;

/// Which entries. Empty words and absent moments leave none out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// An action, or with a point at the end all that begin with it.
    pub(crate) action: String,
    /// Part of who did it.
    pub(crate) actor: String,
    /// Part of what it was done to.
    pub(crate) subject: String,
    pub(crate) since: Option<DateTime<Utc>>,
    /// That moment is not in it any more.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Wanted {
    /// As the owners that cannot be asked so are narrowed.
    fn wants(&self, entry: &AuditEntry) -> bool {
        let part = |part: &str, whole: &str| whole.to_lowercase().contains(&part.to_lowercase());
        let action = self.action.is_empty()
            || entry.action == self.action
            || (self.action.ends_with('.') && entry.action.starts_with(&self.action));
        action
            && part(&self.actor, &entry.actor)
            && part(&self.subject, &entry.subject)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Newest first. `size` is 1 to [`ENTRIES_MAX`].
pub(crate) async fn list(
    owners: &Owners,
    asking: &Asking,
    wanted: &Wanted,
    size: u32,
    page_token: &str,
) -> Result<Page<AuditEntry>, RpcError> {
    let after = match page_token {
        "" => None,
        token => Some(
            Place::parse(token)
                .ok_or_else(|| RpcError::invalid("page_token", "is not one of ours"))?,
        ),
    };
    let moment = |at: DateTime<Utc>| events::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    };
    let noted = writeback::ListAuditRequest {
        workspace: asking.workspace(),
        page_size: size.min(ENTRIES_MAX),
        page_token: after.map(of_writeback).unwrap_or_default(),
        action: wanted.action.clone(),
        actor: wanted.actor.clone(),
        subject: wanted.subject.clone(),
        since: wanted.since.map(moment),
        until: wanted.until.map(moment),
    };
    let versions = metadata::ListMappingVersionsRequest {
        workspace: asking.workspace(),
        limit: VERSIONS_MAX,
    };
    let (noted, versions) = futures::join!(
        owners.writeback.list_audit(&asking.context, noted),
        owners
            .metadata
            .list_mapping_versions(&asking.context, versions),
    );
    let (noted, versions) = (noted?, versions?);
    let versions: Vec<AuditEntry> = versions
        .versions
        .into_iter()
        .filter_map(AuditEntry::of_version)
        .filter(|entry| wanted.wants(entry))
        .collect();
    let further = !noted.next_page_token.is_empty();
    let noted = noted
        .entries
        .into_iter()
        .filter_map(AuditEntry::of_writeback);
    Ok(page(
        noted.collect(),
        further,
        versions,
        after,
        size as usize,
    ))
}

/// Where writeback's own trail goes on: of the place's moment everything of its own was shown when another owner's stood
/// last, because its entries come first.
fn of_writeback(place: Place) -> String {
    let id = match place.owner {
        Owner::Writeback => place.id,
        Owner::MetadataSync => 0,
    };
    format!("{}.{id}", place.micros)
}

/// One page of both trails. `noted` begins after the place already and has `further` ones behind it; `versions` is whole.
fn page(
    noted: Vec<AuditEntry>,
    further: bool,
    versions: Vec<AuditEntry>,
    after: Option<Place>,
    size: usize,
) -> Page<AuditEntry> {
    // What writeback did not send yet may be newer than a version behind its last entry.
    let horizon = noted.last().filter(|_| further).map(|last| last.place);
    let versions = versions.into_iter().filter(|entry| {
        after.is_none_or(|after| entry.place < after)
            && horizon.is_none_or(|horizon| entry.place > horizon)
    });
    let mut all: Vec<AuditEntry> = versions.collect();
    let mut held_back = further;
    all.extend(noted);
    all.sort_by_key(|entry| std::cmp::Reverse(entry.place));
    held_back |= all.len() > size;
    all.truncate(size);
    let token = match all.last() {
        Some(last) if held_back => last.place.token(),
        Some(_) | None => String::new(),
    };
    Page::new(all, token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(owner: Owner, micros: i64, id: u64) -> AuditEntry {
        AuditEntry {
            at: DateTime::from_timestamp_micros(micros).expect("is a moment"),
            actor: "user:Ann@acme.com".into(),
            role: String::new(),
            action: "permission.set".into(),
            subject: "Opportunity".into(),
            before: String::new(),
            after: String::new(),
            owner: owner.name(),
            request_id: String::new(),
            trace_id: String::new(),
            place: Place { micros, owner, id },
        }
    }

    /// As writeback answers: after its token, newest first.
    fn writeback(all: &[AuditEntry], after: Option<Place>, size: usize) -> (Vec<AuditEntry>, bool) {
        let begins = after.map(of_writeback).map(|token| {
            let (micros, id) = token.split_once('.').expect("has two parts");
            (
                micros.parse::<i64>().expect("micros"),
                id.parse::<u64>().expect("id"),
            )
        });
        let mut found: Vec<AuditEntry> = all
            .iter()
            .filter(|entry| {
                begins.is_none_or(|begins| (entry.place.micros, entry.place.id) < begins)
            })
            .cloned()
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.place));
        let further = found.len() > size;
        found.truncate(size);
        (found, further)
    }

    proptest! {
        #[test]
        fn pages_hold_every_entry_of_both_once_and_in_order(
            noted in prop::collection::vec(1_i64..6, 0..20),
            versions in prop::collection::vec(1_i64..6, 0..12),
            size in 1_usize..5,
        ) {
            let make = |owner, all: &[i64]| -> Vec<AuditEntry> {
                all.iter().zip(1..).map(|(micros, id)| entry(owner, *micros, id)).collect()
            };
            let noted = make(Owner::Writeback, &noted);
            let versions = make(Owner::MetadataSync, &versions);
            let mut expected: Vec<Place> = noted.iter().chain(&versions).map(|entry| entry.place).collect();
            expected.sort_by_key(|place| std::cmp::Reverse(*place));
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let (sent, further) = writeback(&noted, after, size);
                let page = page(sent, further, versions.clone(), after, size);
                prop_assert!(page.items.len() <= size);
                seen.extend(page.items.iter().map(|entry| entry.place));
                let Some(token) = page.next_page_token else { break };
                after = Place::parse(&token);
                prop_assert!(after.is_some());
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_is_wanted_is_compared_as_writeback_compares() {
        let at = |micros| DateTime::from_timestamp_micros(micros);
        let entry = entry(Owner::MetadataSync, 5, 1);
        let of = |change: fn(&mut Wanted)| {
            let mut wanted = Wanted::default();
            change(&mut wanted);
            wanted.wants(&entry)
        };
        assert!(of(|_| ()));
        assert!(of(|wanted| wanted.action = "permission.".into()));
        assert!(!of(|wanted| wanted.action = "permission".into()));
        assert!(of(|wanted| wanted.actor = "ANN@".into()));
        assert!(!of(|wanted| wanted.subject = "Account".into()));
        for (since, until, wants) in [(5, 6, true), (6, 7, false), (4, 5, false)] {
            let wanted = Wanted {
                since: at(since),
                until: at(until),
                ..Wanted::default()
            };
            assert_eq!(wanted.wants(&entry), wants, "{since} {until}");
        }
    }
}
