//! Verification: rehearses the mapping on a few real records, leaving nothing behind, and opens the gate when all passes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chassis::Cause;
use chrono::Utc;
use events::crm::v1::RecordRef;
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1::{
    GetVerificationRequest, GetVerificationResponse, StartVerificationRequest,
    StartVerificationResponse, VerificationResult, VerificationRun,
};
use salesforce::soql::{Condition, Direction, Nulls, Query};
use salesforce::{Composite, Error, FieldName, Id, Org, SubAnswer, Subrequest};
use uuid::Uuid;

use super::{Api, failed, workspace};
use crate::adapters::{answers, records};
use crate::domain::mapping::{ActivityKind, Mapping};
use crate::domain::rehearsal::{self, FieldResult};
use crate::domain::settings::{Mode, Settings};
use crate::domain::value::{FieldValue, Fields};
use crate::store::audit::{self, Entry};
use crate::store::usage::{self, Spent};
use crate::store::verification::{self, Run};
use crate::store::workspace_id;
use crate::wire;

/// Records of one run (design section 8).
const RECORDS_MAX: usize = 5;
/// Recent records looked at to find different record types.
const RECENT_MAX: u32 = 50;
/// Longest wait for a mapped object's schema that is still on its way, in milliseconds.
const SCHEMA_WAIT_MS_MAX: u64 = 5_000;
/// Time between two looks, in milliseconds.
const SCHEMA_POLL_MS: u64 = 50;
const FIELDS: FieldName = FieldName::fixed("fields");
const ACTIVITY: FieldName = FieldName::fixed("activity");
const STOP: FieldName = FieldName::fixed("stop");

impl Api {
    pub(super) async fn verify(
        &self,
        context: &CallContext,
        request: StartVerificationRequest,
    ) -> Result<StartVerificationResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let unmet = |message: &str| RpcError::new(Code::FailedPrecondition, message);
        // Read before anything else: what moves later makes this run one of the past.
        let basis = verification::basis(&self.scope(workspace)?, workspace)
            .await
            .map_err(failed)?
            .ok_or_else(|| unmet("the workspace is not connected"))?;
        let settings = self.settled(workspace).await?;
        if !settings.connection.usable {
            return Err(unmet("salesforce is not connected; connect first"));
        }
        let Some(mapping) = &settings.mapping else {
            return Err(unmet("no mapping is published; publish one first"));
        };
        if request.records.len() > RECORDS_MAX {
            return Err(RpcError::invalid(
                "records",
                format!("names more than {RECORDS_MAX}"),
            ));
        }
        let org = self.orgs.of(
            &workspace_id(workspace).map_err(failed)?,
            settings.connection.epoch,
        );
        let mut calls = 0;
        let chosen = if request.records.is_empty() {
            self.suggest(&org, &settings, mapping, &mut calls).await?
        } else {
            named(&request.records, &settings)?
        };
        if chosen.is_empty() {
            return Err(unmet("no record was found to rehearse on; name one"));
        }
        let mut results = Vec::new();
        for (object, id) in &chosen {
            results.extend(
                rehearse(&org, &settings, mapping, object, id, &mut calls)
                    .await
                    .map_err(|error| org_failed(&error))?,
            );
        }
        let run = Run {
            id: Uuid::now_v7(),
            passed: !results.is_empty() && results.iter().all(|result| result.accepted),
            results,
            basis,
            started_by: context.caller.actor.clone(),
            at: Utc::now(),
        };
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        verification::store(unit.connection(), workspace, &run)
            .await
            .map_err(failed)?;
        let spent = Spent {
            calls,
            org: org.usage().map(|usage| (usage.used, usage.max)),
        };
        usage::spend(unit.connection(), workspace, spent)
            .await
            .map_err(failed)?;
        let entry = Entry {
            workspace,
            action: "verification.run",
            subject: run.id.to_string(),
            before: None,
            after: Some(format!(r#"{{"passed":{}}}"#, run.passed)),
        };
        audit::add(
            unit.connection(),
            &context.caller,
            &Cause::current(),
            vec![entry],
        )
        .await
        .map_err(failed)?;
        unit.commit().await.map_err(failed)?;
        tracing::info!(
            workspace.id = workspace,
            passed = run.passed,
            "the mapping was rehearsed"
        );
        self.wake.gates();
        self.wake.executor();
        Ok(StartVerificationResponse {
            run: Some(sent(run, true)),
        })
    }

    pub(super) async fn verification(
        &self,
        request: GetVerificationRequest,
    ) -> Result<GetVerificationResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let scope = self.scope(workspace)?;
        let basis = verification::basis(&scope, workspace)
            .await
            .map_err(failed)?;
        let run = verification::newest(&scope, workspace)
            .await
            .map_err(failed)?;
        Ok(GetVerificationResponse {
            run: run.map(|run| {
                let current = basis == Some(run.basis);
                sent(run, current)
            }),
        })
    }

    /// The settings once the schema of every mapped object is there: schema and mapping arrive on consumers of their
    /// own, and an admin who just published may be faster than the schema that was published before.
    async fn settled(&self, workspace: &str) -> Result<Arc<Settings>, RpcError> {
        let mut waited_ms = 0;
        loop {
            let settings = self.settings.one(workspace).await.map_err(failed)?;
            let complete = settings.mapping.as_ref().is_none_or(|mapping| {
                mapping
                    .entries
                    .iter()
                    .all(|entry| settings.schema.contains_key(&entry.object))
            });
            if complete || waited_ms >= SCHEMA_WAIT_MS_MAX {
                return Ok(settings);
            }
            tokio::time::sleep(Duration::from_millis(SCHEMA_POLL_MS)).await;
            waited_ms += SCHEMA_POLL_MS;
        }
    }

    /// Recent records of the mapped objects, different record types first.
    async fn suggest(
        &self,
        org: &Org,
        settings: &Settings,
        mapping: &Mapping,
        calls: &mut u64,
    ) -> Result<Vec<(String, String)>, RpcError> {
        let mut objects: Vec<String> = mapping
            .entries
            .iter()
            .map(|entry| entry.object.clone())
            .collect();
        if objects.is_empty() {
            objects = vec!["Opportunity".to_owned(), "Account".to_owned()];
        }
        objects.sort_unstable();
        objects.dedup();
        objects.retain(|object| settings.schema.contains_key(object));
        let scope = self.scope(&settings.workspace)?;
        let rows_max = i64::try_from(RECORDS_MAX).unwrap_or(i64::MAX);
        let known = verification::suggested(&scope, &settings.workspace, &objects, rows_max)
            .await
            .map_err(failed)?;
        let mut by_object: Vec<Vec<(String, String)>> = Vec::new();
        for object in &objects {
            let mut of_object: Vec<(String, String)> = known
                .iter()
                .filter(|(name, _)| name == object)
                .cloned()
                .collect();
            let recent = recent(org, settings, object)
                .await
                .map_err(|error| org_failed(&error))?;
            *calls += 1;
            of_object.extend(recent.into_iter().map(|id| (object.clone(), id)));
            by_object.push(of_object);
        }
        let mut chosen: Vec<(String, String)> = Vec::new();
        let longest = by_object.iter().map(Vec::len).max().unwrap_or(0);
        // One of each object in turn, so that none is left out.
        for position in 0..longest {
            for of_object in &by_object {
                if let Some(record) = of_object.get(position)
                    && chosen.len() < RECORDS_MAX
                    && !chosen.contains(record)
                {
                    chosen.push(record.clone());
                }
            }
        }
        Ok(chosen)
    }
}

fn named(sent: &[RecordRef], settings: &Settings) -> Result<Vec<(String, String)>, RpcError> {
    let mut chosen = Vec::with_capacity(sent.len());
    for record in sent {
        let id = Id::parse(&record.id)
            .map_err(|error| RpcError::invalid("records.id", error.to_string()))?;
        if !settings.schema.contains_key(&record.object) {
            return Err(RpcError::invalid(
                "records.object",
                "is not an object of this org that is mapped",
            ));
        }
        chosen.push((record.object.clone(), id.as_str().to_owned()));
    }
    Ok(chosen)
}

async fn recent(org: &Org, settings: &Settings, object: &str) -> Result<Vec<String>, Error> {
    let typed = settings
        .schema
        .get(object)
        .is_some_and(|object| object.has("RecordTypeId"));
    let mut query = Query::from(records::object_name(object)?).field(FieldName::fixed("Id"));
    if typed {
        query = query.field(FieldName::fixed("RecordTypeId"));
    }
    // Closed deals answer to rules of their own and are rarely written.
    if settings
        .schema
        .get(object)
        .is_some_and(|object| object.has("IsClosed"))
    {
        query = query.filter(Condition::eq(FieldName::fixed("IsClosed"), false));
    }
    let query = query
        .order_by(
            FieldName::fixed("LastModifiedDate"),
            Direction::Descending,
            Nulls::Last,
        )
        .limit(RECENT_MAX);
    let mut seen = BTreeSet::new();
    let mut first = Vec::new();
    let mut more = Vec::new();
    for record in org.query(query, RECENT_MAX as usize).await? {
        let Some(id) = record.id() else { continue };
        let record_type = record.text("RecordTypeId").unwrap_or_default().to_owned();
        if seen.insert(record_type) {
            first.push(id.as_str().to_owned());
        } else {
            more.push(id.as_str().to_owned());
        }
    }
    first.append(&mut more);
    first.truncate(RECORDS_MAX);
    Ok(first)
}

/// Rehearses on one record: the mapped fields, an activity where one is configured, and last what must fail.
async fn rehearse(
    org: &Org,
    settings: &Settings,
    mapping: &Mapping,
    object: &str,
    id: &str,
    calls: &mut u64,
) -> Result<Vec<FieldResult>, Error> {
    let Some(schema) = settings.schema.get(object) else {
        return Ok(Vec::new());
    };
    let mapped: BTreeSet<&str> = mapping
        .entries
        .iter()
        .filter(|entry| entry.object == object && entry.suspended.is_none())
        // What we would never write needs no rehearsal.
        .filter(|entry| settings.permissions.update(object, &entry.field) >= Mode::Review)
        .map(|entry| entry.field.as_str())
        .collect();
    let (visible, hidden): (Vec<&str>, Vec<&str>) =
        mapped.iter().copied().partition(|field| schema.has(field));
    let mut results: Vec<FieldResult> = hidden
        .into_iter()
        .map(|field| FieldResult {
            object: object.to_owned(),
            record_id: id.to_owned(),
            field: field.to_owned(),
            accepted: false,
            code: "INVALID_FIELD".to_owned(),
            message: "the connected user does not see this field".to_owned(),
        })
        .collect();
    let mut wanted = visible.clone();
    if schema.has("RecordTypeId") {
        wanted.push("RecordTypeId");
    }
    let (read, used) = records::read(org, object, [id], wanted).await?;
    *calls += used;
    let Some(Some(present)) = read.get(id) else {
        results.push(FieldResult {
            object: object.to_owned(),
            record_id: id.to_owned(),
            field: String::new(),
            accepted: false,
            code: "NOT_FOUND".to_owned(),
            message: "the record is deleted or not shared with the connected user".to_owned(),
        });
        return Ok(results);
    };
    let today = Utc::now().with_timezone(&settings.time_zone).date_naive();
    let record_type = present.get("RecordTypeId").and_then(FieldValue::text);
    let mut fields = Fields::new();
    for name in visible {
        let value = present.get(name).unwrap_or(&FieldValue::Null);
        if let Some(sample) = schema
            .fields
            .get(name)
            .and_then(|field| rehearsal::sample(field, value, record_type, today))
        {
            fields.insert(name.to_owned(), sample);
        }
    }
    let record_id = Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?;
    let composite = composite(settings, mapping, object, &record_id, &fields)?;
    let answers = org.composite(composite).await?;
    *calls += 1;
    results.extend(judge(object, id, &fields, &answers));
    Ok(results)
}

fn composite(
    settings: &Settings,
    mapping: &Mapping,
    object: &str,
    id: &Id,
    fields: &Fields,
) -> Result<Composite, Error> {
    let name = records::object_name(object)?;
    let body = || {
        records::record(
            object,
            "",
            fields.iter().map(|(name, value)| (name.as_str(), value)),
        )
    };
    let mut composite = Composite::new(true);
    if !fields.is_empty() {
        composite = composite.push(Subrequest::update(FIELDS, &name, id, body()?));
    }
    if !mapping.contents(ActivityKind::Task).is_empty() && settings.schema.contains_key("Task") {
        let subject = FieldValue::Text("Ergo rehearsal".to_owned());
        let linked = FieldValue::Text(id.as_str().to_owned());
        let link = match object {
            "Contact" | "Lead" => "WhoId",
            _ => "WhatId",
        };
        let task = records::record("Task", "", [("Subject", &subject), (link, &linked)])?;
        composite = composite.push(Subrequest::create(
            ACTIVITY,
            &records::object_name("Task")?,
            task,
        ));
    }
    // No org has a record with this id, so this part fails everywhere and takes everything before it back.
    let absent = Id::parse(&format!("{}000000000000", id.key_prefix()))
        .map_err(|error| Error::Invalid(error.to_string()))?;
    let stop = if fields.is_empty() {
        let name = FieldValue::Text("Ergo rehearsal".to_owned());
        records::record(object, "", [("Name", &name)])?
    } else {
        body()?
    };
    Ok(composite.push(Subrequest::update(STOP, &name, &absent, stop)))
}

fn judge(object: &str, id: &str, fields: &Fields, answers: &[SubAnswer]) -> Vec<FieldResult> {
    let mut results = Vec::new();
    let mut rolled_back = false;
    for answer in answers {
        let problems: Vec<_> = answer.errors().iter().map(answers::problem).collect();
        let said = rehearsal::judge(answer.is_success(), &problems);
        match answer.reference.as_str() {
            "fields" => {
                let names: Vec<String> = fields.keys().cloned().collect();
                results.extend(rehearsal::results(object, id, &names, &said));
            }
            "activity" => results.extend(rehearsal::results("Task", "", &[String::new()], &said)),
            _ => rolled_back = !answer.is_success(),
        }
    }
    if !rolled_back {
        // Never seen, and never to be silent about: the rehearsal may have left a write behind.
        tracing::error!(
            crm.object = object,
            crm.record_id = id,
            "a rehearsal was not rolled back by salesforce"
        );
        let said = rehearsal::not_rolled_back();
        results.extend(rehearsal::results(object, id, &[], &said));
    }
    results
}

pub(super) fn org_failed(error: &Error) -> RpcError {
    tracing::warn!(
        error = answers::chain(error),
        "the mapping could not be rehearsed"
    );
    let said: BTreeMap<String, String> = error
        .api_errors()
        .map(|error| (error.code.as_str().to_owned(), error.message.clone()))
        .collect();
    let text = said
        .into_iter()
        .map(|(code, message)| format!("{code}: {message}"))
        .collect::<Vec<String>>()
        .join("; ");
    let message = if text.is_empty() {
        format!("salesforce could not be asked: {error}")
    } else {
        format!("salesforce refused the rehearsal: {text}")
    };
    RpcError::new(Code::Unavailable, message)
}

fn sent(run: Run, current: bool) -> VerificationRun {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    VerificationRun {
        id: run.id.to_string(),
        passed: run.passed,
        results: run
            .results
            .into_iter()
            .map(|result| VerificationResult {
                record: Some(RecordRef {
                    object: result.object,
                    id: result.record_id,
                }),
                field: result.field,
                accepted: result.accepted,
                code: result.code,
                message: result.message,
            })
            .collect(),
        connection_epoch: number(run.basis.epoch),
        mapping_version: number(run.basis.mapping_version),
        started_by: run.started_by,
        at: Some(wire::timestamp(run.at)),
        limits: rehearsal::LIMITS.to_owned(),
        current,
    }
}
