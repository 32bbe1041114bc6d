//! The questions of a batch as the statement takes them.

use super::Question;
use chrono::{DateTime, NaiveDate, Utc};

/// The questions as parallel arrays.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) workspaces: Vec<String>,
    pub(super) address_workspaces: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) domain_workspaces: Vec<String>,
    pub(super) domains: Vec<String>,
    pub(super) record_workspaces: Vec<String>,
    pub(super) record_objects: Vec<String>,
    pub(super) record_ids: Vec<String>,
    pub(super) meeting_workspaces: Vec<String>,
    pub(super) meeting_ids: Vec<String>,
    pub(super) earliest: NaiveDate,
    pub(super) last_keys: Vec<String>,
    pub(super) first_keys: Vec<String>,
    pub(super) key_workspaces: Vec<String>,
    pub(super) key_meetings: Vec<String>,
    pub(super) key_kinds: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) started_at: Vec<DateTime<Utc>>,
}

impl Asked {
    pub(super) fn of(questions: &[Question]) -> Self {
        let mut asked = Self::default();
        let earliest = questions
            .iter()
            .map(|question| question.started_at)
            .min()
            .unwrap_or_default();
        asked.earliest = earliest.date_naive();
        for question in questions {
            let workspace = question.workspace.as_str();
            asked.workspaces.push(workspace.to_owned());
            asked.meeting_workspaces.push(workspace.to_owned());
            asked.meeting_ids.push(question.meeting_id.clone());
            asked.started_at.push(question.started_at);
            for address in &question.keys.addresses {
                asked.address_workspaces.push(workspace.to_owned());
                asked.addresses.push(address.clone());
            }
            for domain in &question.keys.domains {
                asked.domain_workspaces.push(workspace.to_owned());
                asked.domains.push(domain.clone());
            }
            let lines = |keys: &std::collections::BTreeSet<String>| {
                keys.iter().cloned().collect::<Vec<_>>().join("\n")
            };
            asked.last_keys.push(lines(&question.keys.last_keys));
            asked.first_keys.push(lines(&question.keys.first_keys));
            let kinds = [
                ("address", &question.keys.addresses),
                ("domain", &question.keys.domains),
                ("phone", &question.keys.phones),
                ("skeleton", &question.keys.skeletons),
                ("full_name", &question.keys.full_names),
                ("account", &question.keys.named_accounts),
                ("opportunity", &question.keys.named_opportunities),
                ("series", &question.keys.series),
            ];
            for (kind, keys) in kinds {
                for key in keys {
                    asked.key_workspaces.push(workspace.to_owned());
                    asked.key_meetings.push(question.meeting_id.clone());
                    asked.key_kinds.push(kind.to_owned());
                    asked.keys.push(key.clone());
                }
            }
            for (object, id) in &question.keys.records {
                asked.record_workspaces.push(workspace.to_owned());
                asked.record_objects.push(object.api_name().to_owned());
                asked.record_ids.push(id.clone());
            }
        }
        asked.workspaces.sort_unstable();
        asked.workspaces.dedup();
        asked
    }
}
