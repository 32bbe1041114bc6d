//! Groups of refusals as messages.

use events::writeback::v1 as proto;

use super::timestamp;
use crate::domain::refusal::{self, Cause, Place};
use crate::domain::schema::Schema;
use crate::store::refusals::Group;

fn scope(place: Place) -> proto::RefusalScope {
    match place {
        Place::Rule => proto::RefusalScope::Rule,
        Place::Field => proto::RefusalScope::Field,
        Place::Object => proto::RefusalScope::Object,
        Place::Record => proto::RefusalScope::Record,
        Place::Org => proto::RefusalScope::Org,
    }
}

/// One group, with the rule it is about where the schema has it.
#[must_use]
pub fn group(group: Group, cause: &Cause, schema: &Schema) -> proto::RefusalGroup {
    let said = group
        .reasons
        .iter()
        .find(|reason| reason.gate == "salesforce")
        .or_else(|| {
            group
                .reasons
                .iter()
                .find(|reason| reason.code == cause.code)
        });
    let advice = group.reasons.iter().find(|reason| reason.gate == "advice");
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    proto::RefusalGroup {
        scope: scope(cause.place).into(),
        object: cause.object.clone(),
        code: cause.code.clone(),
        rule: refusal::rule(cause, schema).unwrap_or_default().to_owned(),
        fields: said.map(|said| said.fields.clone()).unwrap_or_default(),
        message: said.map(|said| said.message.clone()).unwrap_or_default(),
        advice: advice
            .map(|advice| advice.message.clone())
            .unwrap_or_default(),
        changes: number(group.changes),
        meetings: number(group.meetings),
        first_at: Some(timestamp(group.first_at)),
        newest_at: Some(timestamp(group.newest_at)),
        watched: !group.print.is_empty(),
        cause: group.cause,
    }
}
