//! Right before a write is sent: what the org's validation rules would do to it, on the record as it was just read, or
//! on the record to be created.
//! What Salesforce answers is held against it, so that each org shows how far predictions can be trusted there.

use chrono::{DateTime, Utc};

use super::prepare::Present;
use crate::domain::batching::{Call, Kind};
use crate::domain::change::{Queued, Write};
use crate::domain::outcome::Row;
use crate::domain::prediction::compare::Answer;
use crate::domain::prediction::score::{Foretold, Score};
use crate::domain::prediction::{self, Save, Scene};
use crate::domain::settings::Settings;
use crate::domain::value::Fields;

/// What is foretold of each row; nothing of rows whose object has no rules, or that were not read.
pub(super) fn foretell(
    settings: &Settings,
    present: &Present,
    call: &Call,
    changes: &[Queued],
    now: DateTime<Utc>,
) -> Vec<Option<Foretold>> {
    call.rows
        .iter()
        .map(|row| {
            let book = settings.rules.get(&row.object)?;
            let object = settings.schema.get(&row.object)?;
            let members = || row.members.iter().map(|at| &changes[*at]);
            let (before, changed) = match call.kind {
                Kind::Update => {
                    let mut changed = Fields::new();
                    for change in members() {
                        if let Write::Value(value) = &change.proposed {
                            changed.insert(change.field.clone(), value.clone());
                        }
                    }
                    (present.record(&row.record_id)?.clone(), changed)
                }
                Kind::Create => match &members().next()?.proposed {
                    Write::Record(fields) => (Fields::new(), fields.clone()),
                    Write::Value(_) => return None,
                },
                // No org has rules for notes, or for deletions.
                Kind::Note | Kind::Delete => return None,
            };
            let save = match call.kind {
                Kind::Create => Save::Create(&changed),
                Kind::Update | Kind::Note | Kind::Delete => Save::Update {
                    before: &before,
                    changed: &changed,
                },
            };
            let scene = Scene {
                user_id: &settings.connection.user_id,
                now,
            };
            Some(Foretold {
                predicted: prediction::answers(book, object, save, scene),
                record_id: row.record_id.clone(),
                change_ids: row.members.iter().map(|at| changes[*at].id).collect(),
                before,
                changed,
            })
        })
        .collect()
}

/// Holds what Salesforce answered against what was foretold.
pub(super) fn hold_against(
    settings: &Settings,
    object: &str,
    foretold: Option<&Foretold>,
    answer: &Row,
    score: &mut Score,
) {
    let (Some(foretold), Some(book)) = (foretold, settings.rules.get(object)) else {
        return;
    };
    let answer = match answer {
        Row::Saved { .. } => Answer::Accepted,
        Row::Refused(problems) => Answer::Refused(problems),
    };
    score.add(object, book, foretold, answer);
}
