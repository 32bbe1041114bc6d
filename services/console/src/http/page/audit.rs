//! Who or what changed which setting or decision.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;

use super::render;
use super::visitor::{Chrome, Refusal, Visitor};
use crate::ask::audit::{self, Wanted};
use crate::http::Desk;
use crate::wire::Page as WirePage;
use crate::wire::audit::AuditEntry;

/// Entries on a page: with the longest values in the widest script it stays below 200 KB.
const PAGE_SIZE: u32 = 20;

/// What was done, as groups to choose from: the beginnings of actions, and their words.
const GROUPS: [(&str, &str); 9] = [
    ("permission.", "permissions"),
    ("mapping.", "mapping"),
    ("stage_controls.", "stages"),
    ("verification.", "verification"),
    ("live.", "going live and stopping"),
    ("change.", "decisions about changes"),
    ("refusals.", "refusals released"),
    ("missed.", "missed changes released"),
    ("backfill.", "backfills"),
];

/// What the form sends; days are whole ones, in UTC, the last one included.
#[derive(Deserialize, Default)]
pub(super) struct Narrow {
    #[serde(default)]
    page_token: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
}

impl Narrow {
    /// A day that cannot be read narrows nothing: the form's own fields send none.
    fn wanted(&self) -> Wanted {
        let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        Wanted {
            action: self.action.clone(),
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            since: day(&self.since).map(midnight),
            until: day(&self.until)
                .and_then(|last| last.checked_add_days(Days::new(1)))
                .map(midnight),
        }
    }

    /// The same, for links; empty when it narrows nothing.
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, text) in [
            ("action", &self.action),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("since", &self.since),
            ("until", &self.until),
        ] {
            if !text.is_empty() {
                query.append_pair(name, text);
            }
        }
        query.finish()
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    chrome: Chrome,
    trail: WirePage<AuditEntry>,
    narrow: Narrow,
    narrowed: String,
}

impl Page {
    fn groups(&self) -> [(&'static str, &'static str); 9] {
        GROUPS
    }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Refusal> {
    let trail = audit::list(
        &desk.owners,
        &visitor.asking,
        &narrow.wanted(),
        PAGE_SIZE,
        &narrow.page_token,
    )
    .await
    .map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome: visitor.chrome("audit"),
        trail,
        narrowed: narrow.query(),
        narrow,
    };
    Ok(render(StatusCode::OK, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_in_it_and_what_is_no_day_narrows_nothing() {
        let narrow = Narrow {
            since: "2026-03-02".into(),
            until: "2026-03-02".into(),
            actor: "ann & co".into(),
            ..Narrow::default()
        };
        let wanted = narrow.wanted();
        let (since, until) = (wanted.since, wanted.until);
        assert_eq!(
            (until.zip(since)).map(|(until, since)| (until - since).num_hours()),
            Some(24)
        );
        assert_eq!(
            narrow.query(),
            "actor=ann+%26+co&since=2026-03-02&until=2026-03-02"
        );
        let wrong = Narrow {
            since: "soon".into(),
            ..Narrow::default()
        };
        assert_eq!(wrong.wanted().since, None);
    }
}
