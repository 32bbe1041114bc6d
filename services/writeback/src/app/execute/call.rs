//! The calls: intents recorded first, then one request after the other, then the written records read back.

use std::collections::{HashMap, HashSet};

use chassis::Scope;
use salesforce::{
    Composite, Error, FieldName, Id, ObjectName, Org, Record, Reference, Subrequest, Value,
    WriteOptions,
};
use uuid::Uuid;

use super::settle::Round;
use super::{Executor, Target, Trouble, foretell, gone};
use crate::adapters::{answers, records};
use crate::domain::batching::{self, Call, Kind};
use crate::domain::change::{Action, Queued, Write};
use crate::domain::outcome::{self, Member, Row};
use crate::store::live;
use crate::store::queue::{self, Claim, Intent};
use crate::store::workspace_id;

const NOTE: FieldName = FieldName::fixed("note");
const CONTENT_DOCUMENT_LINK: ObjectName = ObjectName::fixed("ContentDocumentLink");
/// Subrequests of one composite, less the note itself.
const LINKS_MAX: usize = 24;

impl Executor {
    /// Writes what may go, and records what came of it in the round.
    pub(super) async fn write(
        &self,
        claim: &Claim,
        target: Target<'_>,
        changes: Vec<Queued>,
        round: &mut Round,
    ) -> Result<(), Trouble> {
        let Target {
            org,
            settings,
            present,
        } = target;
        let calls = batching::group(&changes);
        if calls.is_empty() {
            return Ok(());
        }
        let mut intents = Vec::with_capacity(changes.len());
        for call in &calls {
            let request_id = Uuid::now_v7();
            for member in call.rows.iter().flat_map(|row| &row.members) {
                intents.push(Intent {
                    change: &changes[*member],
                    request_id,
                });
            }
        }
        let mut unit = claim.scope(&self.db)?.begin().await?;
        let going: HashSet<Uuid> = queue::intend(unit.connection(), claim, &intents)
            .await?
            .into_iter()
            .collect();
        unit.commit().await?;
        let scope = claim.scope(&self.db)?;
        let mut closed = false;
        let mut written = Vec::new();
        for call in calls {
            let call = only(call, &changes, &going);
            if call.rows.is_empty() {
                continue;
            }
            // A batch is many calls: whoever stops writing stops it before its next one.
            closed = closed || !still_open(&scope, &claim.workspace).await;
            if closed || round.is_troubled() {
                // What was not sent stays approved, its intent is taken back.
                for member in call.rows.iter().flat_map(|row| &row.members) {
                    round.not_sent(&changes[*member]);
                }
                continue;
            }
            let foretold = foretell::foretell(settings, present, &call, &changes, round.now);
            round.spent.calls += 1;
            match send(org, &call, &changes).await {
                Ok(rows) => {
                    round.answered();
                    let rows = self.follow(org, &call, &changes, rows, round).await?;
                    for ((row, answer), foretold) in call.rows.iter().zip(rows).zip(&foretold) {
                        let Some(answer) = answer else { continue };
                        foretell::hold_against(
                            settings,
                            &row.object,
                            foretold.as_ref(),
                            &answer,
                            &mut round.score,
                        );
                        judge(row, &answer, &changes, round, &mut written, self.jitter());
                    }
                }
                Err(error) => {
                    let failure = answers::failure(&error);
                    let next = outcome::call(&failure, call.rows.len());
                    for member in call.rows.iter().flat_map(|row| &row.members) {
                        round.next(&changes[*member], next.clone(), 1);
                    }
                    if matches!(next, outcome::Next::Later | outcome::Next::Uncertain { .. }) {
                        self.orgs
                            .report(&workspace_id(&claim.workspace)?, &error)
                            .await;
                        round.trouble(&failure, &answers::chain(&error));
                    }
                }
            }
        }
        if !written.is_empty() && !round.is_troubled() {
            read_back(org, &written, round).await;
        }
        Ok(())
    }
}

impl Executor {
    /// Turns rows whose record, or one a new record names, is gone; answers what is left of the answers.
    async fn follow(
        &self,
        org: &Org,
        call: &Call,
        changes: &[Queued],
        answers: Vec<Row>,
        round: &mut Round,
    ) -> Result<Vec<Option<Row>>, Trouble> {
        let suspects: Vec<Queued> = call
            .rows
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| gone::may_be_gone(answer) && call.kind != Kind::Delete)
            .flat_map(|(row, _)| row.members.iter().map(|member| changes[*member].clone()))
            .collect();
        if suspects.is_empty() {
            return Ok(answers.into_iter().map(Some).collect());
        }
        let asked: HashSet<Uuid> = suspects.iter().map(|change| change.id).collect();
        // What was answered stays answered: when nobody can be asked now, the refusals stand as they are.
        let left: HashSet<Uuid> = match gone::turn(org, suspects, 1, round).await {
            Ok(unmoved) => unmoved.iter().map(|change| change.id).collect(),
            Err(Trouble::Org(_)) => asked.clone(),
            Err(trouble) => return Err(trouble),
        };
        Ok(call
            .rows
            .iter()
            .zip(answers)
            .map(|(row, answer)| {
                let turned = row.members.iter().any(|member| {
                    asked.contains(&changes[*member].id) && !left.contains(&changes[*member].id)
                });
                (!turned).then_some(answer)
            })
            .collect())
    }
}

/// Whether the next call may be made; when nobody can tell, it is not.
async fn still_open(scope: &Scope, workspace: &str) -> bool {
    match live::may_write(scope, workspace).await {
        Ok(open) => open,
        Err(failure) => {
            tracing::warn!(
                error = failure.chain(),
                "whether writing was stopped is not known, so nothing more is sent"
            );
            false
        }
    }
}

/// The part of a call whose intents were recorded.
fn only(call: Call, changes: &[Queued], going: &HashSet<Uuid>) -> Call {
    Call {
        kind: call.kind,
        rows: call
            .rows
            .into_iter()
            .filter_map(|mut row| {
                row.members
                    .retain(|member| going.contains(&changes[*member].id));
                (!row.members.is_empty()).then_some(row)
            })
            .collect(),
    }
}

async fn send(org: &Org, call: &Call, changes: &[Queued]) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::with_capacity(call.rows.len());
    for row in &call.rows {
        let fields = row.members.iter().flat_map(|member| {
            let change = &changes[*member];
            match &change.proposed {
                Write::Value(value) => vec![(change.field.as_str(), value)],
                Write::Record(fields) => fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value))
                    .collect(),
            }
        });
        rows.push(match call.kind {
            // A deletion names the record and nothing of it.
            Kind::Delete => records::record(&row.object, &row.record_id, [])?,
            // A note that is there is named by the path.
            Kind::Note => records::record(&row.object, "", fields)?,
            Kind::Update | Kind::Create => records::record(&row.object, &row.record_id, fields)?,
        });
    }
    let options = WriteOptions::default();
    let outcomes = match call.kind {
        Kind::Update => org.update_many(&rows, false, options).await?,
        Kind::Create => org.create_many(&rows, false, options).await?,
        Kind::Delete => {
            let ids: Vec<salesforce::Id> = rows.iter().filter_map(Record::id).collect();
            org.delete_many(&ids, false).await?
        }
        Kind::Note if !call.rows[0].record_id.is_empty() => {
            let id = &call.rows[0].record_id;
            return newer_note(org, id, rows.remove(0))
                .await
                .map(|row| vec![row]);
        }
        Kind::Note => {
            let related = call.rows[0]
                .members
                .iter()
                .flat_map(|member| &changes[*member].related);
            let links: Vec<String> = related.take(LINKS_MAX).cloned().collect();
            return note(org, rows.remove(0), &links).await.map(|row| vec![row]);
        }
    };
    Ok(outcomes.iter().map(answers::row).collect())
}

/// A note and its links, all or none: a note nobody can find from a record would be a leftover.
async fn note(org: &Org, record: Record, links: &[String]) -> Result<Row, Error> {
    let object = records::object_name(&record.object)?;
    let mut composite =
        Composite::new(true).push(Subrequest::create(NOTE, &object, encoded(record)));
    for (index, linked) in links.iter().enumerate() {
        let link = Record::new(&CONTENT_DOCUMENT_LINK)
            .with(
                &FieldName::fixed("ContentDocumentId"),
                Reference::new(NOTE, FieldName::fixed("id")),
            )
            .with(&FieldName::fixed("LinkedEntityId"), linked.as_str())
            .with(&FieldName::fixed("ShareType"), "V")
            .with(&FieldName::fixed("Visibility"), "AllUsers");
        let name = records::field_name(&format!("link{index}"))?;
        composite = composite.push(Subrequest::create(name, &CONTENT_DOCUMENT_LINK, link));
    }
    written(org, composite).await
}

/// The new version of a note we created; its links stay.
async fn newer_note(org: &Org, id: &str, record: Record) -> Result<Row, Error> {
    let object = records::object_name(&record.object)?;
    let id = Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?;
    let update = Subrequest::update(NOTE, &object, &id, encoded(record));
    written(org, Composite::new(true).push(update)).await
}

/// What came of a note's requests, which stand or fall together.
async fn written(org: &Org, composite: Composite) -> Result<Row, Error> {
    let parts = org.composite(composite).await?;
    let problems: Vec<outcome::Problem> = parts
        .iter()
        .flat_map(salesforce::SubAnswer::errors)
        .map(|error| answers::problem(&error))
        .collect();
    if problems.is_empty() {
        let id = parts.first().and_then(salesforce::SubAnswer::created_id);
        return Ok(Row::Saved {
            id: id.map_or_else(String::new, |id| id.as_str().to_owned()),
        });
    }
    Ok(Row::Refused(problems))
}

/// A note's content travels as base64 of its HTML.
fn encoded(mut record: Record) -> Record {
    use base64::Engine as _;
    let content = FieldName::fixed("Content");
    if let Some(Value::Text(html)) = record.fields.get(content.as_str()).cloned() {
        record.set(
            &content,
            base64::engine::general_purpose::STANDARD.encode(html),
        );
    }
    record
}

fn judge(
    row: &batching::Row,
    answer: &Row,
    changes: &[Queued],
    round: &mut Round,
    written: &mut Vec<Queued>,
    jitter: f64,
) {
    let members: Vec<Member<'_>> = row
        .members
        .iter()
        .map(|member| {
            let change = &changes[*member];
            Member {
                field: &change.field,
                creates: change.action.creates(),
                attempts: change.attempts,
                isolation: change.isolation,
            }
        })
        .collect();
    for (member, next) in row
        .members
        .iter()
        .zip(outcome::row(answer, &members, jitter))
    {
        let change = &changes[*member];
        if let outcome::Next::Applied { record_id } = &next {
            let mut written_change = change.clone();
            if change.action.creates() {
                written_change.record_id.clone_from(record_id);
            }
            written.push(written_change);
        }
        round.next(change, next, 1);
    }
}

/// What automation made of our writes. A read that fails costs only this knowledge, never the result.
async fn read_back(org: &Org, written: &[Queued], round: &mut Round) {
    let readable: Vec<&Queued> = written
        .iter()
        .filter(|change| change.object != "ContentNote" && !change.record_id.is_empty())
        .filter(|change| change.action != Action::DeleteRecord)
        .collect();
    let mut found = HashMap::new();
    for (object, ids) in batching::records(readable.iter().copied()) {
        let mut fields: HashSet<&str> = HashSet::new();
        for change in readable.iter().filter(|change| change.object == object) {
            match &change.proposed {
                Write::Value(_) => {
                    fields.insert(change.field.as_str());
                }
                Write::Record(record) => fields.extend(record.keys().map(String::as_str)),
            }
        }
        match records::read(org, object, ids, fields).await {
            Ok((read, calls)) => {
                round.spent.calls += calls;
                found.extend(read);
            }
            Err(error) => {
                round.spent.calls += 1;
                tracing::warn!(
                    crm.object = object,
                    error = answers::chain(&error),
                    "written records could not be read back"
                );
            }
        }
    }
    for change in readable {
        if let Some(Some(fields)) = found.get(&change.record_id) {
            round.observed(change, fields);
        }
    }
}
