//! The audit trail, read: newest first, narrowed by who, what, to what and when.

use chrono::{DateTime, Utc};
use events::rpc::RpcError;
use events::writeback::v1::{AuditEntry, ListAuditRequest, ListAuditResponse};

use super::{Api, failed, invalid, workspace};
use crate::store::audit::{self, Filter, Noted, Place};
use crate::wire;

/// Entries of a page when nobody says how many.
const ENTRIES_DEFAULT: u32 = 50;
/// Most entries of a page: each with both values at their longest, a page stays below what an answer may have.
const ENTRIES_MAX: u32 = 100;
/// Longest word to look for, in characters.
const WORD_CHARACTERS_MAX: usize = 200;

impl Api {
    pub(super) async fn audit(
        &self,
        request: ListAuditRequest,
    ) -> Result<ListAuditResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let size = match request.page_size {
            0 => ENTRIES_DEFAULT,
            1..=ENTRIES_MAX => request.page_size,
            _ => {
                return Err(RpcError::invalid(
                    "page_size",
                    format!("is above {ENTRIES_MAX}"),
                ));
            }
        };
        let moment = |at: Option<&_>, field| -> Result<Option<DateTime<Utc>>, RpcError> {
            at.map(|at| wire::moment(Some(at), field).map_err(invalid))
                .transpose()
        };
        let filter = Filter {
            before: place(&request.page_token)?,
            action: word("action", &request.action)?,
            actor: word("actor", &request.actor)?,
            subject: word("subject", &request.subject)?,
            since: moment(request.since.as_ref(), "since")?,
            until: moment(request.until.as_ref(), "until")?,
        };
        let scope = self.scope(workspace)?;
        // One more than asked for tells whether there is a further page.
        let mut found = audit::list(&scope, workspace, &filter, i64::from(size) + 1)
            .await
            .map_err(failed)?;
        let further = found.len() > size as usize;
        found.truncate(size as usize);
        let next_page_token = match found.last() {
            Some(last) if further => format!("{}.{}", last.at.timestamp_micros(), last.id),
            Some(_) | None => String::new(),
        };
        Ok(ListAuditResponse {
            entries: found.into_iter().map(entry).collect(),
            next_page_token,
        })
    }
}

/// A word to look for, not longer than anything that is noted of importance.
fn word<'a>(field: &str, text: &'a str) -> Result<&'a str, RpcError> {
    if text.chars().count() > WORD_CHARACTERS_MAX || text.contains('\0') {
        return Err(RpcError::invalid(
            field,
            format!("is not at most {WORD_CHARACTERS_MAX} characters of text"),
        ));
    }
    Ok(text)
}

/// Where a page begins.
fn place(token: &str) -> Result<Option<Place>, RpcError> {
    if token.is_empty() {
        return Ok(None);
    }
    let parsed = token.split_once('.').and_then(|(micros, id)| {
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(Place {
            at,
            id: id.parse().ok()?,
        })
    });
    parsed
        .map(Some)
        .ok_or_else(|| RpcError::invalid("page_token", "is not one of ours"))
}

fn entry(noted: Noted) -> AuditEntry {
    AuditEntry {
        id: u64::try_from(noted.id).unwrap_or(0),
        at: Some(wire::timestamp(noted.at)),
        actor: noted.actor,
        role: noted.role,
        request_id: noted.request_id,
        action: noted.action,
        subject: noted.subject,
        before: noted.before.unwrap_or_default(),
        after: noted.after.unwrap_or_default(),
        trace_id: noted.trace_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_any_other_is_refused() {
        let place_of = |token: &str| place(token).map(|place| place.map(|place| place.id));
        assert_eq!(place_of("").ok(), Some(None));
        assert_eq!(place_of("1772445600123456.17").ok(), Some(Some(17)));
        for wrong in [
            "17",
            "a.b",
            "1772445600123456.",
            ".1",
            "99999999999999999999.1",
        ] {
            assert!(place_of(wrong).is_err(), "{wrong}");
        }
    }
}
