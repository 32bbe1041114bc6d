//! What a browser brings back from Salesforce: read from an address anybody can write.

use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;

use crate::app::complete_connect::Answer;

/// Longest ticket, state or code looked at, in bytes. Salesforce's codes have about 100.
pub const PARAMETER_BYTES_MAX: usize = 4_096;

#[derive(Deserialize)]
struct Callback {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    #[serde(default)]
    error_description: String,
}

/// The answer in an address; nothing when its query is not one, or a part of it is longer than any answer is.
#[must_use]
pub fn answer(uri: &Uri) -> Option<Answer> {
    let Query(query) = Query::<Callback>::try_from_uri(uri).ok()?;
    let parts = [
        Some(&query.state),
        query.code.as_ref(),
        query.error.as_ref(),
        Some(&query.error_description),
    ];
    let fits = parts
        .into_iter()
        .flatten()
        .all(|part| part.len() <= PARAMETER_BYTES_MAX);
    fits.then_some(Answer {
        state: query.state,
        code: query.code,
        error: query.error,
        error_description: query.error_description,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_and_within_bounds() {
        let read = |query: &str| {
            let uri: Uri = format!("/oauth/callback?{query}")
                .parse()
                .expect("an address");
            answer(&uri).map(|answer| (answer.state, answer.code, answer.error))
        };
        let code = Some("a b".to_owned());
        assert_eq!(
            read("state=s&code=a%20b"),
            Some(("s".to_owned(), code, None))
        );
        let denied = Some("access_denied".to_owned());
        assert_eq!(
            read("error=access_denied"),
            Some((String::new(), None, denied))
        );
        // Two of one name, bytes that are no text, and what is too long.
        assert_eq!(read("state=a&state=b"), None);
        assert_eq!(
            read(&format!("state={}", "x".repeat(PARAMETER_BYTES_MAX + 1))),
            None
        );
    }

    #[test]
    fn a_code_is_never_shown() {
        let uri: Uri = "/oauth/callback?state=tied&code=granted"
            .parse()
            .expect("an address");
        let shown = format!("{:?}", answer(&uri).expect("is read"));
        assert_eq!(shown, "Answer { code_given: true, error: None, .. }");
    }
}
