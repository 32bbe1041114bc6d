//! The rehearsal on a few records, and what Salesforce said of each field.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::settings;
use crate::http::Desk;
use crate::wire::settings::{Record, Verification, Verify};

/// Records of one run, as writeback takes them.
const RECORDS_MAX: usize = 5;

#[derive(Template)]
#[template(path = "verification.html")]
struct Page {
    chrome: Chrome,
    run: Option<Verification>,
    records_max: usize,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, run) = futures::join!(
        visitor.step(&desk, "verification"),
        settings::verification(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        run: run.map_err(|error| visitor.trouble(error))?,
        records_max: RECORDS_MAX,
    };
    Ok(render(StatusCode::OK, &page))
}

/// On the records named, one a line as `Opportunity 006...`, or on recent ones.
pub(super) async fn run(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Verify {
        records: records(fields.get("records")),
    };
    settings::verify(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("verification")))
}

/// A line without a blank is an id alone: writeback says that it needs the object.
fn records(text: &str) -> Vec<Record> {
    let record = |line: &str| {
        let (object, id) = line.split_once(char::is_whitespace).unwrap_or(("", line));
        Record {
            object: object.trim().to_owned(),
            id: id.trim().to_owned(),
        }
    };
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(record)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_named_one_a_line() {
        let read: Vec<_> = records(" Opportunity  0061\n\nContact\t0031\r\n0062")
            .into_iter()
            .map(|record| (record.object, record.id))
            .collect();
        let pair = |object: &str, id: &str| (object.to_owned(), id.to_owned());
        assert_eq!(
            read,
            [
                pair("Opportunity", "0061"),
                pair("Contact", "0031"),
                pair("", "0062")
            ]
        );
    }
}
