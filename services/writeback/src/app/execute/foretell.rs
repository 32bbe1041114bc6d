//! Right before an update is sent: what the org's validation rules would do to it, on the record as it was just read.
//! What Salesforce answers is held against it, so that each org shows how far predictions can be trusted there.

use chrono::{DateTime, Utc};

use super::prepare::Present;
use crate::domain::batching::{Call, Kind};
use crate::domain::change::{Queued, Write};
use crate::domain::outcome::Row;
use crate::domain::prediction::compare::Answer;
use crate::domain::prediction::score::{Foretold, Score};
use crate::domain::prediction::{self, Scene};
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
            if call.kind != Kind::Update {
                return None;
            }
            let book = settings.rules.get(&row.object)?;
            let object = settings.schema.get(&row.object)?;
            let before = present.record(&row.record_id)?.clone();
            let mut changed = Fields::new();
            for member in &row.members {
                if let Write::Value(value) = &changes[*member].proposed {
                    changed.insert(changes[*member].field.clone(), value.clone());
                }
            }
            let scene = Scene {
                user_id: &settings.connection.user_id,
                now,
                zone: settings.time_zone,
            };
            Some(Foretold {
                predicted: prediction::answers(book, object, &before, &changed, scene),
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
