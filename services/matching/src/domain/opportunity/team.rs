//! Who of our own and of the customer's people on a deal was in the room.

use super::observed;
use crate::domain::account::{Evidence, Presence, owner_presence};
use crate::domain::facts::Opportunity;
use crate::domain::person::Person;
use crate::domain::weight;
use std::borrow::Cow;
use std::collections::BTreeSet;

pub(super) fn roles(
    opportunity: &Opportunity,
    present: &BTreeSet<Cow<'_, str>>,
) -> Option<Evidence> {
    let holders: Vec<&String> = opportunity
        .role_contact_ids
        .iter()
        .filter(|id| present.contains(id.as_str()))
        .collect();
    if opportunity.role_contact_ids.is_empty() {
        return None;
    }
    if holders.is_empty() {
        let value = format!(
            "{} contact roles, none present",
            opportunity.role_contact_ids.len()
        );
        return observed(
            "contact_roles_absent",
            "against",
            value,
            opportunity,
            weight::ROLE_ABSENT,
        );
    }
    let weight = weight::ROLE_PRESENT * weight::role_factor(holders.len()) / 1_000;
    let value = format!(
        "{} of {} contact roles present",
        holders.len(),
        opportunity.role_contact_ids.len()
    );
    observed("contact_role", "context", value, opportunity, weight)
}

pub(super) fn owner(
    organizer: Option<&str>,
    people: &[Person<'_>],
    opportunity: &Opportunity,
) -> Option<Evidence> {
    let (signal, group, weight) = match owner_presence(organizer, people, &opportunity.owner_id) {
        Presence::Organizer => (
            "organizer_owns_opportunity",
            "context",
            weight::ORGANIZER_OWNS_OPPORTUNITY,
        ),
        Presence::OnCall(_) => (
            "opportunity_owner_on_call",
            "context",
            weight::OPPORTUNITY_OWNER_ON_CALL,
        ),
        Presence::Absent if member_on_call(people, opportunity) => (
            "team_member_on_call",
            "context",
            weight::OPPORTUNITY_OWNER_ON_CALL,
        ),
        Presence::Absent if opportunity.owner_active => (
            "opportunity_owner_absent",
            "against",
            weight::OPPORTUNITY_OWNER_ABSENT,
        ),
        Presence::Absent => return None,
    };
    observed(
        signal,
        group,
        opportunity.owner_id.clone(),
        opportunity,
        weight,
    )
}

/// Somebody of the deal's team who took part.
fn member_on_call(people: &[Person<'_>], opportunity: &Opportunity) -> bool {
    !opportunity.team_user_ids.is_empty()
        && people
            .iter()
            .filter(|person| !person.participant.declined)
            .filter_map(|person| person.user_id.as_ref())
            .any(|user| opportunity.team_user_ids.contains(user))
}
