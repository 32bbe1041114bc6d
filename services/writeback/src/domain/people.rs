//! Proposals of records that tie people and deals together: contacts who are new, their roles in the deal, further people
//! of an activity, a deal where there is none. Only where the admin lets records of the kind be created at all.

use super::change::Action;
use super::decision::{Match, Outcome};
use super::lane;
use super::mapping::{Mapping, Overwrite};
use super::marker;
use super::meeting::{Meeting, Typed};
use super::newcomer;
use super::plan::{Frame, Proposal, Source};
use super::reference;
use super::schema::Schema;
use super::settings::{Mode, Permissions};
use super::text;
use super::value::{FieldValue, Fields};

/// Longest name of an opportunity (stock orgs).
const OPPORTUNITY_NAME_UNITS_MAX: usize = 120;
/// Contacts one activity takes beside its first one (`salesforce-api.md` 8.1: 50 in all).
const FURTHER_CONTACTS_MAX: usize = 49;

/// What may be created, beside activities and notes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Creates {
    /// Contacts.
    pub contact: bool,
    /// Contact roles of opportunities.
    pub role: bool,
    /// Opportunities, in this stage: the first open one of the org.
    pub opportunity: Option<String>,
    /// Relations of a Task to further contacts: the org shares activities.
    pub task_relation: bool,
    /// Relations of an Event to further contacts.
    pub event_relation: bool,
}

impl Creates {
    /// What a workspace's permissions and org let be created.
    #[must_use]
    pub fn of(permissions: &Permissions, schema: &Schema) -> Self {
        let may = |object: &str| permissions.create(object) >= Mode::Review;
        let there = |object: &str| schema.get(object).is_some_and(|object| object.createable);
        let first_stage = || {
            let stages = &schema.get("Opportunity")?.stages;
            let open = stages.iter().find(|stage| stage.active && !stage.closed);
            open.map(|stage| stage.api_name.clone())
        };
        // Only an org that shares activities has the relations of a Task; those of an Event are also its invitees.
        let shared = there("TaskRelation");
        Self {
            contact: may("Contact"),
            role: may("OpportunityContactRole"),
            opportunity: may("Opportunity").then(first_stage).flatten(),
            task_relation: shared && may("Task"),
            event_relation: shared && there("EventRelation") && may("Event"),
        }
    }
}

/// Adds the proposals of a meeting whose account is settled.
pub fn propose(
    meeting: &Meeting,
    matched: &Match,
    mapping: &Mapping,
    frame: Frame<'_>,
    proposals: &mut Vec<Proposal>,
) {
    if matched.account_id.is_empty() {
        return;
    }
    let creation = |action, object: &str, fields: Fields, key: String| Proposal {
        action,
        object: object.to_owned(),
        record_id: String::new(),
        field: String::new(),
        entry_id: String::new(),
        overwrite: Overwrite::OnlyIfEmpty,
        source: Source::Record {
            fields,
            missing: Vec::new(),
        },
        contents: Vec::new(),
        creation_key: key,
        related: Vec::new(),
        lane: lane::of(&matched.account_id, &matched.lead_id, ""),
        confidence: 1.0,
        evidence: Vec::new(),
    };
    if let Some(stage) = &frame.creates.opportunity
        && matched.opportunity_id.is_empty()
        && matched.opportunity_outcome == Outcome::Unmatched
    {
        let key = marker::key(frame.workspace, &meeting.id, "opportunity");
        let fields = opportunity(meeting, matched, mapping, stage);
        proposals.push(creation(
            Action::CreateOpportunity,
            "Opportunity",
            fields,
            key,
        ));
    }
    let mut in_the_deal: Vec<(String, FieldValue)> = matched
        .contact_ids
        .iter()
        .map(|id| (id.clone(), FieldValue::Text(id.clone())))
        .collect();
    if frame.creates.contact {
        for person in newcomer::newcomers(meeting, matched) {
            // One person, one key, in whatever meeting they are met first.
            let key = marker::key(frame.workspace, &person.email, "contact");
            in_the_deal.push((person.email.clone(), reference::to(&key)));
            let mut fields = Fields::new();
            for (name, value) in [
                ("FirstName", person.first_name),
                ("LastName", person.last_name),
                ("Email", person.email),
                ("AccountId", matched.account_id.clone()),
            ] {
                if !value.is_empty() {
                    fields.insert(name.to_owned(), FieldValue::Text(value));
                }
            }
            proposals.push(creation(Action::CreateContact, "Contact", fields, key));
        }
    }
    if frame.creates.role && !matched.opportunity_id.is_empty() {
        for (who, contact) in &in_the_deal {
            let of = format!("{}/{who}", matched.opportunity_id);
            let key = marker::key(frame.workspace, &of, "role");
            let deal = FieldValue::Text(matched.opportunity_id.clone());
            let fields = Fields::from([
                ("OpportunityId".to_owned(), deal),
                ("ContactId".to_owned(), contact.clone()),
            ]);
            let role = creation(Action::CreateRole, "OpportunityContactRole", fields, key);
            proposals.push(role);
        }
    }
    relations(matched, frame, &creation, proposals);
}

/// Further contacts of the activities proposed so far; a lead stands alone.
fn relations(
    matched: &Match,
    frame: Frame<'_>,
    creation: &impl Fn(Action, &str, Fields, String) -> Proposal,
    proposals: &mut Vec<Proposal>,
) {
    let mut found = Vec::new();
    for activity in proposals.iter() {
        let (object, own, shared) = match activity.action {
            Action::CreateTask => ("TaskRelation", "TaskId", frame.creates.task_relation),
            Action::CreateEvent => ("EventRelation", "EventId", frame.creates.event_relation),
            Action::UpdateField
            | Action::CreateNote
            | Action::CreateContact
            | Action::CreateRole
            | Action::CreateRelation
            | Action::CreateOpportunity
            | Action::DeleteRecord => continue,
        };
        // An activity of an older revision has the people it was created with.
        if !shared || activity.creation_key.is_empty() {
            continue;
        }
        let further = matched.contact_ids.iter().skip(1);
        for contact in further.take(FURTHER_CONTACTS_MAX) {
            let of = format!("{}/{contact}", activity.creation_key);
            let key = marker::key(frame.workspace, &of, "relation");
            let mut fields = Fields::from([
                (own.to_owned(), reference::to(&activity.creation_key)),
                ("RelationId".to_owned(), FieldValue::Text(contact.clone())),
            ]);
            if activity.action == Action::CreateTask {
                fields.insert("IsWhat".to_owned(), FieldValue::Bool(false));
            } else {
                fields.insert("IsParent".to_owned(), FieldValue::Bool(true));
                fields.insert("IsInvitee".to_owned(), FieldValue::Bool(false));
            }
            found.push(creation(Action::CreateRelation, object, fields, key));
        }
    }
    proposals.extend(found);
}

/// A deal named after the meeting. When it closes is what was said, where the mapping asks for that, or left to a person.
fn opportunity(meeting: &Meeting, matched: &Match, mapping: &Mapping, stage: &str) -> Fields {
    let title = text::clean(&meeting.title).replace('\n', " ");
    let name = if title.is_empty() {
        "Meeting".to_owned()
    } else {
        text::cut(&title, OPPORTUNITY_NAME_UNITS_MAX)
    };
    let mut fields = Fields::from([
        ("Name".to_owned(), FieldValue::Text(name)),
        (
            "AccountId".to_owned(),
            FieldValue::Text(matched.account_id.clone()),
        ),
        ("StageName".to_owned(), FieldValue::Text(stage.to_owned())),
    ]);
    let closes = mapping
        .entries
        .iter()
        .filter(|entry| entry.object == "Opportunity" && entry.field == "CloseDate")
        .find_map(|entry| {
            meeting.values.iter().find_map(|found| match &found.value {
                Typed::Date(day) if found.property == entry.property => Some(*day),
                Typed::Text(_)
                | Typed::Number(_)
                | Typed::Bool(_)
                | Typed::Date(_)
                | Typed::DateTime(_)
                | Typed::List(_)
                | Typed::Money { .. }
                | Typed::Elsewhere => None,
            })
        });
    if let Some(day) = closes {
        fields.insert("CloseDate".to_owned(), FieldValue::Text(day.to_string()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::meeting::{Extracted, Person};
    use crate::domain::plan;
    use std::collections::BTreeMap;

    fn meeting() -> Meeting {
        Meeting {
            id: "m-1".into(),
            title: "Kick-off".into(),
            people: vec![Person {
                name: "Ann Lee".into(),
                email: "ann@acme.example".into(),
                attended: true,
                declined: false,
                is_human: true,
            }],
            ..Meeting::default()
        }
    }

    fn matched() -> Match {
        Match {
            account_id: "001A".into(),
            contact_ids: vec!["003A".into(), "003B".into()],
            opportunity_id: "006A".into(),
            opportunity_outcome: Outcome::Matched,
            account_domains: vec!["acme.example".into()],
            ..Match::default()
        }
    }

    fn planned(
        matched: &Match,
        mapping: &Mapping,
        creates: &Creates,
        meeting: &Meeting,
    ) -> Vec<String> {
        let created = BTreeMap::new();
        let frame = Frame {
            workspace: "w",
            time_zone: chrono_tz::Tz::UTC,
            created: &created,
            creates,
        };
        plan::plan(meeting, matched, mapping, frame)
            .proposals
            .iter()
            .map(|proposal| {
                let Source::Record { fields, .. } = &proposal.source else {
                    return proposal.field.clone();
                };
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| {
                        let value = value.text().unwrap_or("flag");
                        let value = if value.starts_with('@') { "@" } else { value };
                        format!("{name}={value}")
                    })
                    .collect();
                format!("{} {}", proposal.object, fields.join(" "))
            })
            .collect()
    }

    #[test]
    fn people_are_proposed_only_where_the_admin_lets_them_be_created() {
        let none = Mapping::default();
        let all = Creates {
            contact: true,
            role: true,
            ..Creates::default()
        };
        assert_eq!(
            planned(&matched(), &none, &all, &meeting()),
            [
                "Contact AccountId=001A Email=ann@acme.example FirstName=Ann LastName=Lee",
                "OpportunityContactRole ContactId=003A OpportunityId=006A",
                "OpportunityContactRole ContactId=003B OpportunityId=006A",
                "OpportunityContactRole ContactId=@ OpportunityId=006A",
            ]
        );
        assert!(planned(&matched(), &none, &Creates::default(), &meeting()).is_empty());
        let roles = Creates {
            role: true,
            ..Creates::default()
        };
        assert_eq!(planned(&matched(), &none, &roles, &meeting()).len(), 2);
    }

    #[test]
    fn an_ambiguous_match_creates_nobody() {
        let unclear = Match {
            outcome: Outcome::Ambiguous,
            ..matched()
        };
        let all = Creates {
            contact: true,
            role: true,
            opportunity: Some("Prospecting".into()),
            ..Creates::default()
        };
        assert!(planned(&unclear, &Mapping::default(), &all, &meeting()).is_empty());
    }

    #[test]
    fn a_deal_is_proposed_where_there_is_none_and_closes_when_that_was_said() {
        use crate::domain::mapping::Entry;
        let without = Match {
            opportunity_id: String::new(),
            opportunity_outcome: Outcome::Unmatched,
            contact_ids: vec![],
            ..matched()
        };
        let creates = Creates {
            opportunity: Some("Prospecting".into()),
            ..Creates::default()
        };
        assert_eq!(
            planned(&without, &Mapping::default(), &creates, &meeting()),
            ["Opportunity AccountId=001A Name=Kick-off StageName=Prospecting"]
        );
        let mapping = Mapping {
            entries: vec![Entry {
                id: "close".into(),
                property: "close_date".into(),
                object: "Opportunity".into(),
                field: "CloseDate".into(),
                overwrite: Overwrite::OnlyIfEmpty,
                confidence_min: 0.0,
                truncate: false,
                synonyms: vec![],
                list_separator: String::new(),
                suspended: None,
            }],
            ..Mapping::default()
        };
        let mut said = meeting();
        said.values.push(Extracted {
            property: "close_date".into(),
            value: Typed::Date("2032-02-29".parse().expect("a leap day")),
            confidence: 1.0,
            evidence: vec![],
        });
        assert_eq!(
            planned(&without, &mapping, &creates, &said),
            ["Opportunity AccountId=001A CloseDate=2032-02-29 Name=Kick-off StageName=Prospecting"]
        );
        let unclear = Match {
            opportunity_outcome: Outcome::Ambiguous,
            ..without
        };
        assert!(planned(&unclear, &Mapping::default(), &creates, &meeting()).is_empty());
    }

    #[test]
    fn further_contacts_share_an_activity_where_the_org_shares_activities() {
        use crate::domain::mapping::{ActivityKind, Content, Destination};
        let mapping = Mapping {
            destinations: vec![Destination {
                content: Content::Meeting,
                kind: ActivityKind::Task,
            }],
            ..Mapping::default()
        };
        let shared = Creates {
            task_relation: true,
            ..Creates::default()
        };
        let lines = planned(&matched(), &mapping, &shared, &meeting());
        assert_eq!(
            lines[1..],
            ["TaskRelation IsWhat=flag RelationId=003B TaskId=@"]
        );
        let alone = planned(&matched(), &mapping, &Creates::default(), &meeting());
        assert_eq!(alone.len(), 1);
    }
}
