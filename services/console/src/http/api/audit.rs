//! `/audit`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::Parameters;
use crate::ask::audit::{self, ENTRIES_MAX, Wanted};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::audit::AuditEntry;

/// Entries on a page when no number is asked for.
const ENTRIES: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Narrow {
    /// Entries on a page.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u32>,
    /// From `next_page_token` of the page before; absent for the first.
    #[serde(default)]
    page_token: String,
    /// As `permission.set`, or `backfill.` for all that begin so.
    #[serde(default)]
    #[param(max_length = 200)]
    action: String,
    /// Part of who did it.
    #[serde(default)]
    #[param(max_length = 200)]
    actor: String,
    /// Part of what it was done to.
    #[serde(default)]
    #[param(max_length = 200)]
    subject: String,
    /// From this moment on.
    since: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
}

/// Who or what changed which setting or decision, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    params(Narrow),
    responses((status = 200, body = Page<AuditEntry>))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(narrow): Parameters<Narrow>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let size = match narrow.page_size {
        None => ENTRIES,
        Some(size) if (1..=ENTRIES_MAX).contains(&size) => size,
        Some(_) => {
            return Err(Problem::invalid(
                "page_size",
                &format!("is not 1 to {ENTRIES_MAX}; ask for further pages with page_token"),
            ));
        }
    };
    let wanted = Wanted {
        action: narrow.action,
        actor: narrow.actor,
        subject: narrow.subject,
        since: narrow.since,
        until: narrow.until,
    };
    let page = audit::list(&desk.owners, asking, &wanted, size, &narrow.page_token).await?;
    Ok(Json(page))
}
