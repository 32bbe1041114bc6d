//! Backfills: drafted here, sampled, approved month by month, taken back.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use events::rpc::{Role, RpcError};
use events::writeback::v1::{BackfillState, ChangeState};

use super::looks::Badge;
use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::backfill;
use crate::http::Desk;
use crate::wire::backfill::{ApproveSlice, Backfill, Draft, Move, Slice, Sliced, UndoBackfill};
use crate::wire::word::Word as _;

/// Backfills on the page.
const BACKFILLS: u32 = 10;

#[derive(Template)]
#[template(path = "backfills.html")]
struct List {
    chrome: Chrome,
    backfills: crate::wire::Page<Backfill>,
    /// Why the last wish was not done; empty otherwise.
    problem: String,
}

#[derive(Template)]
#[template(path = "backfill.html")]
struct One {
    chrome: Chrome,
    sliced: Sliced,
    /// When the months were counted: an approval means what was seen.
    seen_at: String,
    problem: String,
}

impl One {
    fn backfill(&self) -> &Backfill {
        &self.sliced.backfill
    }

    /// The page looks again by itself while something happens.
    fn moving(&self) -> bool {
        matches!(
            self.sliced.backfill.state,
            BackfillState::Sampling | BackfillState::Running
        )
    }

    fn all(&self) -> u64 {
        let progress = &self.sliced.backfill.progress;
        (progress.open + progress.ended).max(1)
    }
}

impl Backfill {
    pub(super) fn badge(&self) -> Badge {
        let tone = match self.state {
            BackfillState::Sampling | BackfillState::Running => "busy",
            BackfillState::ReadyForReview | BackfillState::Paused => "warn",
            BackfillState::Done => "good",
            BackfillState::Unspecified | BackfillState::Draft | BackfillState::Cancelled => "calm",
        };
        Badge {
            tone,
            words: self.state.word().replace('_', " "),
        }
    }

    /// The days it is about.
    pub(super) fn window(&self) -> String {
        let day = |at: Option<DateTime<Utc>>| {
            at.map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string())
        };
        format!(
            "meetings from {} up to {}",
            day(self.window_from),
            day(self.window_until)
        )
    }
}

impl Slice {
    pub(super) fn tally(&self) -> String {
        let words: Vec<String> = self
            .counts
            .iter()
            .map(|count| format!("{} {}", count.count, count.state.word().replace('_', " ")))
            .collect();
        words.join(", ")
    }

    /// Changes in Salesforce.
    pub(super) fn written(&self) -> u64 {
        self.counts
            .iter()
            .filter(|count| count.state == ChangeState::Applied)
            .map(|count| count.count)
            .sum()
    }
}

pub(super) async fn list(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    listed(&desk, &visitor, StatusCode::OK, String::new()).await
}

async fn listed(
    desk: &Desk,
    visitor: &Visitor,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    let backfills = backfill::list(&desk.owners, &visitor.asking, BACKFILLS)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let page = List {
        chrome: visitor.chrome("backfills"),
        backfills,
        problem,
    };
    Ok(render(status, &page))
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let drafted = async {
        let draft = Draft {
            name: fields.get("name").to_owned(),
            window_from: midnight("from", fields.get("from"))?,
            window_until: midnight("until", fields.get("until"))?,
            objects: fields
                .get("objects")
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            sample_meetings_max: 0,
            meetings_expected: fields.get("expected").parse().unwrap_or(0),
        };
        backfill::create(&desk.owners, &visitor.asking, draft).await
    };
    match drafted.await {
        Ok(drafted) => Ok(see(&visitor.path(&format!("backfills/{}", drafted.id)))),
        Err(error) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            listed(&desk, &visitor, status, error.to_string()).await
        }
    }
}

/// A day of a form, from its beginning in UTC.
fn midnight(field: &str, text: &str) -> Result<DateTime<Utc>, RpcError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.and_time(NaiveTime::MIN).and_utc())
        .map_err(|_| RpcError::invalid(field, "is not a day as 2025-03-01"))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&desk, &visitor, id, StatusCode::OK, String::new()).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    id: String,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    let sliced = backfill::show(&desk.owners, &visitor.asking, id)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let seen_at = sliced.seen_at.map_or_else(String::new, |at| {
        at.to_rfc3339_opts(SecondsFormat::Nanos, true)
    });
    let page = One {
        chrome: visitor.chrome("backfills"),
        sliced,
        seen_at,
        problem,
    };
    Ok(render(status, &page))
}

/// After a wish about a backfill: its page again, with why it was not done where it was not.
async fn after(
    desk: &Desk,
    visitor: &Visitor,
    id: String,
    done: Result<(), RpcError>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(see(
            &visitor.path(&format!("backfills/{}", super::path_segment(&id)))
        )),
        Err(error) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(desk, visitor, id, status, error.to_string()).await
        }
    }
}

pub(super) async fn shift(
    State(desk): State<Desk>,
    Path((_, id)): Path<(String, String)>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Move {
        r#move: fields.get("move").to_owned(),
        reason: fields.get("reason").to_owned(),
    };
    let done = backfill::shift(&desk.owners, &visitor.asking, id.clone(), wish)
        .await
        .map(|_| ());
    after(&desk, &visitor, id, done).await
}

pub(super) async fn approve(
    State(desk): State<Desk>,
    Path((_, id)): Path<(String, String)>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let approved = async {
        let seen_at = DateTime::parse_from_rfc3339(fields.get("seen_at"))
            .map_err(|_| RpcError::invalid("seen_at", "is missing; look at the page again"))?;
        let wish = ApproveSlice {
            seen_at: Some(seen_at.with_timezone(&Utc)),
        };
        let slice = fields.get("slice").to_owned();
        backfill::approve(&desk.owners, &visitor.asking, id.clone(), slice, wish)
            .await
            .map(|_| ())
    };
    let done = approved.await;
    after(&desk, &visitor, id, done).await
}

pub(super) async fn undo(
    State(desk): State<Desk>,
    Path((_, id)): Path<(String, String)>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = UndoBackfill {
        slice: fields.get("slice").to_owned(),
        reason: fields.get("reason").to_owned(),
        changes_max: 0,
    };
    let done = backfill::undo(&desk.owners, &visitor.asking, id.clone(), wish)
        .await
        .map(|_| ());
    after(&desk, &visitor, id, done).await
}
