//! Open query cursors and pages.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::plan::{self, Context, Plan};
use super::{aggregate, parse, render, run};
use crate::error::ApiError;
use crate::id::Id;
use crate::org::API_VERSION;
use crate::store::Row;

/// Open cursors one user may hold; the oldest gives way (salesforce-api.md 3.1).
const CURSORS_PER_USER_MAX: usize = 10;

/// A result whose later pages have not been fetched.
#[derive(Debug, Clone)]
pub struct Cursor {
    user: Id,
    plan: Arc<Plan>,
    rows: Arc<Vec<Arc<Row>>>,
    batch: usize,
    all_rows: bool,
    opened_ms: i64,
}

/// Cursors by locator.
#[derive(Debug)]
pub struct Cursors {
    open: HashMap<Id, Cursor>,
    ttl_ms: i64,
    next: u64,
}

impl Cursors {
    /// No cursors; each will live `ttl_s`.
    pub fn new(ttl_s: u64) -> Cursors {
        Cursors {
            open: HashMap::new(),
            ttl_ms: i64::try_from(ttl_s).unwrap_or(i64::MAX / 1000) * 1000,
            next: 1,
        }
    }

    fn open(&mut self, cursor: Cursor) -> Id {
        let now_ms = cursor.opened_ms;
        let ttl_ms = self.ttl_ms;
        self.open
            .retain(|_, other| now_ms - other.opened_ms < ttl_ms);
        let mut mine: Vec<(i64, Id)> = self
            .open
            .iter()
            .filter(|(_, other)| other.user == cursor.user)
            .map(|(id, other)| (other.opened_ms, *id))
            .collect();
        mine.sort_unstable();
        if mine.len() >= CURSORS_PER_USER_MAX {
            self.open.remove(&mine[0].1);
        }
        let id = Id::numbered("01g", self.next);
        self.next += 1;
        self.open.insert(id, cursor);
        id
    }

    /// Loses every cursor, as a restart of the platform would.
    pub fn clear(&mut self) {
        self.open.clear();
    }
}

/// Rows per page.
fn batch_size(plan: &Plan, asked: Option<usize>) -> usize {
    let asked = asked.unwrap_or(2_000).clamp(200, 2_000);
    if plan.long_texts >= 2 {
        asked.min(200)
    } else {
        asked
    }
}

/// Runs a query and prints its first page.
///
/// # Errors
/// Every error of parsing, planning and running.
pub fn first_page(context: Context<'_>, asked: Option<usize>) -> Result<String, ApiError> {
    let query = parse::query(context.text)?;
    let plan = plan::query(context, &query)?;
    if plan.count_only {
        let total = run::count(context, &plan)?;
        return Ok(format!(
            r#"{{"totalSize":{total},"done":true,"records":[]}}"#
        ));
    }
    if let Some(grouping) = &plan.groups {
        let records = aggregate::records(context, &plan, grouping)?;
        return Ok(format!(
            r#"{{"totalSize":{},"done":true,"records":[{}]}}"#,
            records.len(),
            records.join(",")
        ));
    }
    let rows = run::rows(context, &plan)?;
    if plan.single_row && rows.len() > 1 {
        return Err(ApiError::malformed_query(
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one \
             row for retrieval. Result size: "
                .to_owned()
                + &rows.len().to_string(),
        ));
    }
    let batch = batch_size(&plan, asked);
    if rows.len() <= batch {
        return Ok(page(context, &plan, &rows, 0, rows.len(), None));
    }
    let cursor = Cursor {
        user: context.access.user,
        plan: Arc::new(plan),
        rows: Arc::new(rows),
        batch,
        all_rows: context.all_rows,
        opened_ms: context.org.now_ms(),
    };
    let (plan, rows) = (Arc::clone(&cursor.plan), Arc::clone(&cursor.rows));
    let locator = context
        .org
        .cursors
        .lock()
        .map(|mut cursors| cursors.open(cursor))
        .map_err(|_| lost())?;
    Ok(page(context, &plan, &rows, 0, batch, Some(locator)))
}

/// Prints a later page of an open cursor.
///
/// # Errors
/// `INVALID_QUERY_LOCATOR` when the cursor is unknown, expired or someone else's.
pub fn next_page(context: Context<'_>, locator: &str) -> Result<String, ApiError> {
    let (id, from) = locator.rsplit_once('-').ok_or_else(lost)?;
    let id = Id::parse(id).ok_or_else(lost)?;
    let from: usize = from.parse().map_err(|_| lost())?;
    let cursors = context.org.cursors.lock().map_err(|_| lost())?;
    let cursor = cursors.open.get(&id).cloned().ok_or_else(lost)?;
    let expired = context.org.now_ms() - cursor.opened_ms >= cursors.ttl_ms;
    drop(cursors);
    if expired || cursor.user != context.access.user || from > cursor.rows.len() {
        return Err(lost());
    }
    let context = Context {
        all_rows: cursor.all_rows,
        ..context
    };
    let to = (from + cursor.batch).min(cursor.rows.len());
    let next = (to < cursor.rows.len()).then_some(id);
    Ok(page(context, &cursor.plan, &cursor.rows, from, to, next))
}

fn lost() -> ApiError {
    ApiError::bare(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
}

fn page(
    context: Context<'_>,
    plan: &Plan,
    rows: &[Arc<Row>],
    from: usize,
    to: usize,
    next: Option<Id>,
) -> String {
    let mut out = String::with_capacity((to - from) * 200 + 64);
    let _ = write!(
        out,
        r#"{{"totalSize":{},"done":{}"#,
        rows.len(),
        next.is_none()
    );
    if let Some(id) = next {
        let tooling = if context.tooling { "tooling/" } else { "" };
        let _ = write!(
            out,
            r#","nextRecordsUrl":"/services/data/v{API_VERSION}/{tooling}query/{id}-{to}""#
        );
    }
    out.push_str(r#","records":["#);
    for (position, row) in rows[from..to].iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        render::record(context, plan, row, &mut out);
    }
    out.push_str("]}");
    out
}
