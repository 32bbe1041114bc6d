//! The gates (design section 6): each a pure function from a change and its surroundings to reasons. All run, so
//! that a person sees everything that stands in the way at once; the worst verdict wins.

mod backfill;
mod budget;
mod confidence;
mod connection;
mod egress;
mod match_certainty;
mod overwrite_policy;
mod property_permission;
mod setup;
mod stage_control;
mod validation_rules;
mod value;
mod verification;

#[cfg(test)]
mod tests;

pub use connection::reach;
pub use property_permission::PERMISSION_OFF;
pub use setup::SCHEMA_MOVED;
pub use value::OWNER_NOT_TOLD;

use chrono::{DateTime, Utc};

use super::change::{Action, Gated, Reason, State, Verdict, Write};
use super::compare::same;
use super::decision::Match;
use super::fit::{self, Fitted, Unfit};
use super::mapping::{Entry, Overwrite};
use super::meeting::Typed;
use super::note;
use super::overwrite::{self, Decision, Present, Provenance};
use super::owner::{self, Owners};
use super::plan::{Proposal, Source};
use super::prediction::Foreseen;
use super::reference;
use super::revision;
use super::risk::{self, Risk};
use super::schema::{Field, Kind, Object};
use super::settings::Settings;
use super::text;
use super::value::{FieldValue, Fields};
use super::verdict;

/// A gate's name and its function.
type Gate = (&'static str, fn(&Subject<'_>) -> Vec<Reason>);

/// Every gate, in the order of the design's table.
const GATES: [Gate; 13] = [
    ("connection", connection::gate),
    ("setup", setup::gate),
    ("verification", verification::gate),
    ("property_permission", property_permission::gate),
    ("egress", egress::gate),
    ("match", match_certainty::gate),
    ("confidence", confidence::gate),
    ("overwrite_policy", overwrite_policy::gate),
    ("value", value::gate),
    ("stage_control", stage_control::gate),
    ("validation_rules", validation_rules::gate),
    ("backfill", backfill::gate),
    ("budget", budget::gate),
];

/// What is known of the record a change writes to.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// A creation, or no record is settled.
    None,
    /// It could not be read for now.
    NotRead,
    /// Salesforce does not show it to us: deleted, merged or not shared.
    Gone,
    /// Its fields.
    Read(&'a Fields),
}

/// What the gates look at.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The workspace.
    pub settings: &'a Settings,
    /// The match.
    pub matched: &'a Match,
    /// The meeting comes from history.
    pub backfill: bool,
    /// When the meeting ended.
    pub meeting_ended_at: DateTime<Utc>,
    /// Why a text of the meeting kept elsewhere could not be fetched; empty otherwise.
    pub unfetched: &'a str,
    /// The record.
    pub target: Target<'a>,
    /// What we last wrote into the field; `None` when never.
    pub ours: Option<&'a Provenance>,
    /// What an older revision of the meeting added to the field; `None` when nothing.
    pub earlier: Option<&'a str>,
    /// What else the meeting proposes for the same record, fitted.
    pub siblings: &'a Fields,
    /// What the org's validation rules would do to the record's changes.
    pub foreseen: &'a Foreseen,
    /// Who the addresses in the meeting stand for, where a field takes a user.
    pub owners: &'a Owners,
    /// The workspace's share of the org's daily calls is spent.
    pub budget_spent: bool,
    /// The org moved since its schema was read, and is being read again.
    pub schema_moved: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

/// One change before the gates, with everything looked up once.
pub(crate) struct Subject<'a> {
    proposal: &'a Proposal,
    around: Surroundings<'a>,
    entry: Option<&'a Entry>,
    object: Option<&'a Object>,
    field: Option<&'a Field>,
    fitted: Option<Result<Fitted, Unfit>>,
    decision: Option<Decision>,
}

impl<'a> Subject<'a> {
    fn new(proposal: &'a Proposal, around: Surroundings<'a>) -> Self {
        let object = around.settings.schema.get(&proposal.object);
        let field = object.and_then(|object| object.fields.get(&proposal.field));
        let entry = around
            .settings
            .mapping
            .as_ref()
            .and_then(|mapping| mapping.entry(&proposal.entry_id));
        let mut subject = Self {
            proposal,
            around,
            entry,
            object,
            field,
            fitted: None,
            decision: None,
        };
        subject.fitted = subject.fit();
        subject.decision = subject.decide();
        subject
    }

    /// The record's fields, when they were read.
    fn record(&self) -> Option<&'a Fields> {
        match self.around.target {
            Target::Read(fields) => Some(fields),
            Target::None | Target::NotRead | Target::Gone => None,
        }
    }

    fn fit(&self) -> Option<Result<Fitted, Unfit>> {
        let Source::Value(value) = &self.proposal.source else {
            return None;
        };
        let field = self.field?;
        // The links of an activity we created come from the match, not from what was said.
        if let (true, Kind::Reference, Typed::Text(id)) =
            (self.proposal.entry_id.is_empty(), field.kind, value)
        {
            return Some(Ok(Fitted {
                value: FieldValue::Text(id.clone()),
                truncated: false,
            }));
        }
        // A note's content was drafted as the HTML it is.
        if let (true, Typed::Text(html)) = (
            self.proposal.entry_id.is_empty()
                && note::is_content(&self.proposal.object, &self.proposal.field),
            value,
        ) {
            return Some(Ok(Fitted {
                value: FieldValue::Text(html.clone()),
                truncated: false,
            }));
        }
        if self.names_owner() {
            return owner::fit(value, self.around.owners);
        }
        let record = self.record();
        let text = |name: &str| {
            record
                .and_then(|record| record.get(name))
                .and_then(FieldValue::text)
        };
        let controlling_index = field.controller.as_ref().and_then(|controller| {
            let object = self.object?;
            controlling_index(object.fields.get(controller)?, record?.get(controller)?)
        });
        let none: &[(String, String)] = &[];
        let is_stage = self.proposal.object == "Opportunity" && self.proposal.field == "StageName";
        let rules = fit::Rules {
            truncate: self.entry.is_none_or(|entry| entry.truncate),
            synonyms: self.entry.map_or(none, |entry| &entry.synonyms),
            list_separator: self.entry.map_or("", |entry| entry.list_separator.as_str()),
            time_zone: self.around.settings.time_zone,
            record_type_id: text("RecordTypeId"),
            currency: text("CurrencyIsoCode"),
            controlling_index,
            stages: match self.object {
                Some(object) if is_stage => &object.stages,
                Some(_) | None => &[],
            },
        };
        Some(fit::fit(value, field, rules))
    }

    /// Whether the mapping fills a field that takes a user.
    fn names_owner(&self) -> bool {
        !self.proposal.entry_id.is_empty() && self.field.is_some_and(owner::takes_users)
    }

    fn decide(&self) -> Option<Decision> {
        let fitted = self.fitted.as_ref()?.as_ref().ok()?;
        let record = self.record()?;
        let value = record
            .get(&self.proposal.field)
            .unwrap_or(&FieldValue::Null);
        let adds = matches!(
            self.proposal.overwrite,
            Overwrite::Append | Overwrite::Prepend
        );
        if let (true, Some(earlier), FieldValue::Text(there), FieldValue::Text(piece)) =
            (adds, self.around.earlier, value, &fitted.value)
            && let Some(text) = revision::replaced(there, earlier, piece)
        {
            let newer = FieldValue::Text(text);
            return Some(if same(value, &newer) {
                Decision::AlreadyThere
            } else {
                Decision::Write(newer)
            });
        }
        Some(overwrite::decide(
            self.proposal.overwrite,
            Present {
                value,
                ours: self.around.ours,
                meeting_ended_at: self.around.meeting_ended_at,
            },
            &fitted.value,
        ))
    }

    /// The fields of a record to be created, of which the org's rules can be asked; a note has none, and a text that is
    /// kept elsewhere is not what would be written.
    fn new_record(&self) -> Option<Fields> {
        let Source::Record { fields, missing } = &self.proposal.source else {
            return None;
        };
        let asked = self.proposal.action.creates()
            && self.proposal.action != Action::CreateNote
            && self.proposal.record_id.is_empty()
            && missing.is_empty();
        (asked && self.object.is_some()).then(|| record_fields(fields, self.object, self))
    }

    /// Whether the write would do away with a value that is not ours.
    fn replaces_others(&self) -> bool {
        let Some(present) = self
            .record()
            .and_then(|record| record.get(&self.proposal.field))
        else {
            return false;
        };
        let is_ours = |ours: &Provenance| same(&ours.value, present);
        let kept = matches!(
            self.proposal.overwrite,
            Overwrite::Append | Overwrite::Prepend
        );
        !present.is_empty()
            && !kept
            && !self.around.ours.is_some_and(is_ours)
            && self.proposed().is_some_and(|value| !same(&value, present))
    }

    /// The value that would be in the field afterwards.
    fn proposed(&self) -> Option<FieldValue> {
        match self.decision.as_ref() {
            Some(Decision::Write(value)) => Some(value.clone()),
            // A reviewer who approves replaces what is there.
            Some(Decision::AlreadyThere | Decision::Hold { .. }) | None => self
                .fitted
                .as_ref()?
                .as_ref()
                .ok()
                .map(|fitted| fitted.value.clone()),
        }
    }
}

fn controlling_index(controller: &Field, value: &FieldValue) -> Option<u32> {
    match value {
        FieldValue::Bool(flag) => Some(u32::from(*flag)),
        FieldValue::Text(text) => controller
            .values
            .iter()
            .position(|known| known.value == *text)
            .and_then(|index| u32::try_from(index).ok()),
        FieldValue::Null | FieldValue::Number(_) => None,
    }
}

/// The fitted value of a proposal, for its siblings' validation rules; `None` when it has none.
#[must_use]
pub fn fitted(proposal: &Proposal, around: Surroundings<'_>) -> Option<FieldValue> {
    Subject::new(proposal, around).proposed()
}

/// The fields a proposal creates a record with, for the org's rules; `None` when it creates none they could be asked of.
#[must_use]
pub fn new_record(proposal: &Proposal, around: Surroundings<'_>) -> Option<Fields> {
    Subject::new(proposal, around).new_record()
}

/// Passes one proposal through every gate.
#[must_use]
pub fn run(proposal: &Proposal, around: Surroundings<'_>) -> Gated {
    let subject = Subject::new(proposal, around);
    if proposal.action.creates() && !proposal.record_id.is_empty() {
        return already_created(proposal);
    }
    let mut reasons = Vec::new();
    for (name, gate) in GATES {
        for mut reason in gate(&subject) {
            name.clone_into(&mut reason.gate);
            reasons.push(reason);
        }
    }
    let mut summed = verdict::sum(reasons);
    // Nothing is left to do: what we would write is there, whoever wrote it.
    if summed.state == State::Approved && subject.decision == Some(Decision::AlreadyThere) {
        summed.state = State::Applied;
    }
    let baseline = subject
        .record()
        .map(|record| {
            record
                .get(&proposal.field)
                .cloned()
                .unwrap_or(FieldValue::Null)
        })
        .filter(|_| !proposal.field.is_empty());
    let (piece, proposed) = match &proposal.source {
        Source::Value(_) => (
            subject
                .fitted
                .as_ref()
                .and_then(|fitted| fitted.as_ref().ok())
                .map(|fitted| Write::Value(fitted.value.clone())),
            subject.proposed().map(Write::Value),
        ),
        Source::Record { fields, .. } => {
            let record = Write::Record(record_fields(fields, subject.object, &subject));
            (Some(record.clone()), Some(record))
        }
    };
    let risk = risk::of(risk::Subject {
        object: &proposal.object,
        field: &proposal.field,
        money: subject
            .field
            .is_some_and(|field| field.kind == Kind::Currency),
        replaces_others: subject.replaces_others(),
        reasons: &summed.reasons,
    });
    let owner = subject.record().and_then(|record| record.get("OwnerId"));
    Gated {
        risk,
        owner_id: owner
            .and_then(FieldValue::text)
            .unwrap_or_default()
            .to_owned(),
        state: summed.state,
        reasons: summed.reasons,
        regate: summed.regate,
        baseline,
        piece,
        proposed,
    }
}

/// A record an older revision of the meeting created: there is nothing left to do.
fn already_created(proposal: &Proposal) -> Gated {
    Gated {
        state: State::Applied,
        reasons: vec![Reason::new(
            "executor",
            Verdict::Pass,
            "already_created",
            format!(
                "an earlier revision of the meeting created this {}",
                proposal.object
            ),
        )],
        regate: false,
        baseline: None,
        piece: None,
        proposed: None,
        risk: Risk::default(),
        owner_id: String::new(),
    }
}

/// A new record's fields as this org takes them: those the user may set, cut to their length, with our key where the
/// org has a field for it.
fn record_fields(fields: &Fields, object: Option<&Object>, subject: &Subject<'_>) -> Fields {
    let Some(object) = object else {
        return fields.clone();
    };
    let mut out = Fields::new();
    for (name, value) in fields {
        let Some(field) = object.fields.get(name) else {
            continue;
        };
        if !field.createable {
            continue;
        }
        let value = match value {
            // The marker is the description's last line, so a description is cut when it is drafted, not here.
            FieldValue::Text(text)
                if field.length > 0
                    && name != "Description"
                    && name != "Content"
                    && !reference::is(value) =>
            {
                FieldValue::Text(text::cut(text, field.length))
            }
            other => other.clone(),
        };
        out.insert(name.clone(), value);
    }
    let key_field = &subject.around.settings.key_field;
    if object
        .fields
        .get(key_field)
        .is_some_and(|field| field.external_id && field.createable)
    {
        out.insert(
            key_field.clone(),
            FieldValue::Text(subject.proposal.creation_key.clone()),
        );
    }
    out
}
