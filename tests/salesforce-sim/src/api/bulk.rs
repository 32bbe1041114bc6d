//! Query jobs of Bulk API 2.0: created, polled, read as CSV page by page (salesforce-api.md 5.4).
//!
//! A job takes the rows as they are when it is created, as the platform does when it runs it. It is done at the second
//! look: a caller that asks for results before looking meets the refusal it would meet in a real org.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Method, Request, Response};
use crate::error::ApiError;
use crate::id::Id;
use crate::org::API_VERSION;
use crate::save::View;
use crate::soql::csv::{self, Columns};
use crate::soql::plan::{self, Context, Plan};
use crate::soql::{parse, run};
use crate::store::Row;
use crate::value::format_datetime;

/// How long a job and its results are kept, in ms.
const JOB_AGE_MS_MAX: i64 = 7 * 86_400_000;
/// Rows of one page when the caller names no limit.
const PAGE_ROWS_DEFAULT: usize = 50_000;
/// Rows of one page at most.
const PAGE_ROWS_MAX: usize = 250_000;
/// Looks after which a job is done.
const LOOKS: u32 = 2;

/// One query job.
#[derive(Debug, Clone)]
struct Job {
    user: Id,
    operation: &'static str,
    object: String,
    all_rows: bool,
    plan: Arc<Plan>,
    columns: Arc<Columns>,
    rows: Arc<Vec<Arc<Row>>>,
    created_ms: i64,
    looks: u32,
    aborted: bool,
}

impl Job {
    fn state(&self) -> &'static str {
        match (self.aborted, self.looks) {
            (true, _) => "Aborted",
            (false, 0) => "UploadComplete",
            (false, looks) if looks < LOOKS => "InProgress",
            (false, _) => "JobComplete",
        }
    }
}

/// Jobs by id.
#[derive(Debug, Default)]
pub struct Jobs {
    kept: HashMap<Id, Job>,
    created: u64,
}

impl Jobs {
    /// Loses every job, as the end of the seven days they are kept would.
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}

/// Answers a request below `/jobs/query`.
pub fn run(view: &View<'_>, request: &Request, rest: &[&str]) -> Response {
    let answer = match (request.method, rest) {
        (Method::Post, []) => create(view, request),
        (Method::Get, [id]) => look(view, id),
        (Method::Get, [id, "results"]) => results(view, request, id),
        (Method::Patch, [id]) => abort(view, request, id),
        (Method::Delete, [id]) => forget(view, id),
        (Method::Get, []) => list(view),
        _ => Err(ApiError::no_resource()),
    };
    answer.unwrap_or_else(|error| Response::error(&error))
}

fn invalid_job(message: impl Into<String>) -> ApiError {
    ApiError::bare(400, "INVALIDJOB", message)
}

fn create(view: &View<'_>, request: &Request) -> Result<Response, ApiError> {
    let body = request.object()?;
    const KNOWN: [&str; 5] = [
        "operation",
        "query",
        "contentType",
        "columnDelimiter",
        "lineEnding",
    ];
    if let Some(unknown) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(ApiError::json(format!("Unrecognized field \"{unknown}\"")));
    }
    let text = |key: &str| body.get(key).and_then(Json::as_str).unwrap_or_default();
    let (operation, all_rows) = match text("operation") {
        "query" => ("query", false),
        "queryAll" => ("queryAll", true),
        other => return Err(invalid_job(format!("Unknown operation: {other}"))),
    };
    for (key, only) in [
        ("contentType", "CSV"),
        ("columnDelimiter", "COMMA"),
        ("lineEnding", "LF"),
    ] {
        if !matches!(text(key), "" | "CSV" | "COMMA" | "LF") {
            return Err(invalid_job(format!("{key} must be {only} here")));
        }
    }
    let context = Context {
        org: view.org,
        access: view.access,
        all_rows,
        tooling: false,
        text: text("query"),
    };
    let query = parse::query(context.text)?;
    let plan = plan::query(context, &query)?;
    if plan.count_only || plan.groups.is_some() || plan.offset > 0 {
        return Err(ApiError::bare(
            400,
            "API_ERROR",
            "Aggregate functions, GROUP BY and OFFSET are not supported in Bulk Query",
        ));
    }
    let columns = csv::columns(view.org, &plan)?;
    let rows = run::rows(context, &plan)?;
    let job = Job {
        user: view.access.user,
        operation,
        object: view.org.schema.object(plan.object).name.clone(),
        all_rows,
        plan: Arc::new(plan),
        columns: Arc::new(columns),
        rows: Arc::new(rows),
        created_ms: view.now_ms,
        looks: 0,
        aborted: false,
    };
    let mut jobs = view.org.jobs.lock().map_err(|_| gone())?;
    let oldest_ms = view.now_ms - JOB_AGE_MS_MAX;
    jobs.kept.retain(|_, job| job.created_ms >= oldest_ms);
    jobs.created += 1;
    let id = Id::numbered("750", jobs.created);
    let answer = Response::json(&info(id, &job));
    jobs.kept.insert(id, job);
    Ok(answer)
}

fn gone() -> ApiError {
    ApiError::bare(404, "NOT_FOUND", "The requested resource does not exist")
}

/// The job, changed by `change`; another user's is not there.
fn with<T>(
    view: &View<'_>,
    id: &str,
    change: impl FnOnce(Id, &mut Job) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let id = Id::parse(id).ok_or_else(gone)?;
    let mut jobs = view.org.jobs.lock().map_err(|_| gone())?;
    let job = jobs.kept.get_mut(&id).ok_or_else(gone)?;
    if job.user != view.access.user || view.now_ms - job.created_ms > JOB_AGE_MS_MAX {
        return Err(gone());
    }
    change(id, job)
}

fn look(view: &View<'_>, id: &str) -> Result<Response, ApiError> {
    with(view, id, |id, job| {
        job.looks = job.looks.saturating_add(1);
        Ok(Response::json(&whole(id, job)))
    })
}

fn list(view: &View<'_>) -> Result<Response, ApiError> {
    let jobs = view.org.jobs.lock().map_err(|_| gone())?;
    let mut mine: Vec<(&Id, &Job)> = jobs
        .kept
        .iter()
        .filter(|(_, job)| job.user == view.access.user)
        .collect();
    mine.sort_unstable_by_key(|(id, _)| **id);
    let records: Vec<Json> = mine.into_iter().map(|(id, job)| info(*id, job)).collect();
    Ok(Response::json(
        &json!({"done": true, "records": records, "nextRecordsUrl": null}),
    ))
}

fn abort(view: &View<'_>, request: &Request, id: &str) -> Result<Response, ApiError> {
    if request.object()?.get("state").and_then(Json::as_str) != Some("Aborted") {
        return Err(invalid_job("only the state Aborted can be asked for"));
    }
    with(view, id, |id, job| {
        if job.state() == "JobComplete" {
            return Err(ApiError::bare(
                400,
                "INVALIDJOBSTATE",
                "Aborting already Completed Job not allowed",
            ));
        }
        job.aborted = true;
        Ok(Response::json(&info(id, job)))
    })
}

fn forget(view: &View<'_>, id: &str) -> Result<Response, ApiError> {
    let id = with(view, id, |id, job| match job.state() {
        "JobComplete" | "Aborted" => Ok(id),
        state => Err(ApiError::bare(
            400,
            "INVALIDJOBSTATE",
            format!("A job in state {state} cannot be deleted"),
        )),
    })?;
    if let Ok(mut jobs) = view.org.jobs.lock() {
        jobs.kept.remove(&id);
    }
    Ok(Response::empty(204))
}

fn results(view: &View<'_>, request: &Request, id: &str) -> Result<Response, ApiError> {
    let job = with(view, id, |_, job| match job.state() {
        "JobComplete" => Ok(job.clone()),
        state => Err(ApiError::bare(
            400,
            "INVALIDJOBSTATE",
            format!("Results are not available while the job is {state}"),
        )),
    })?;
    let rows = match request.parameter("maxRecords") {
        None => PAGE_ROWS_DEFAULT,
        Some(text) => match text.parse::<usize>() {
            Ok(rows) if rows > 0 => rows.min(PAGE_ROWS_MAX),
            Ok(_) | Err(_) => {
                return Err(ApiError::bare(
                    400,
                    "INVALID_ARGUMENT",
                    "maxRecords must be a positive number",
                ));
            }
        },
    };
    let from = match request.parameter("locator") {
        None => 0,
        Some(locator) => position(locator)
            .filter(|from| *from < job.rows.len())
            .ok_or_else(|| ApiError::bare(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))?,
    };
    let to = (from + rows).min(job.rows.len());
    let context = Context {
        org: view.org,
        access: view.access,
        all_rows: job.all_rows,
        tooling: false,
        text: "",
    };
    let text = csv::page(context, &job.plan, &job.columns, &job.rows[from..to]);
    let next = if to < job.rows.len() {
        locator(to)
    } else {
        "null".to_owned()
    };
    Ok(Response::csv(text)
        .with("Sforce-Locator", next)
        .with("Sforce-NumberOfRecords", (to - from).to_string()))
}

/// Locators are opaque to callers; the platform's own look like these.
fn locator(position: usize) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(position.to_string())
}

fn position(locator: &str) -> Option<usize> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(locator)
        .ok()?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

fn info(id: Id, job: &Job) -> Json {
    json!({
        "id": id.to_string(),
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user.to_string(),
        "createdDate": format_datetime(job.created_ms),
        "systemModstamp": format_datetime(job.created_ms),
        "state": job.state(),
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": API_VERSION.parse::<f64>().unwrap_or_default(),
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    })
}

fn whole(id: Id, job: &Job) -> Json {
    let mut info = info(id, job);
    let done = job.state() == "JobComplete";
    info["jobType"] = json!("V2Query");
    info["retries"] = json!(0);
    info["totalProcessingTime"] = json!(if done { 100 } else { 0 });
    info["numberRecordsProcessed"] = json!(if done { job.rows.len() } else { 0 });
    info
}
