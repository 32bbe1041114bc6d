//! The routes a browser sees. Each answer is complete in itself: no script, no state but the cookie that binds the
//! browser, nothing that could be framed or cached.
//!
//! | route | does |
//! |---|---|
//! | `GET /oauth/connect/{ticket}` | binds the browser, sends it to Salesforce |
//! | `GET /oauth/callback` | takes Salesforce's answer |
//! | `GET /oauth/connected` | says that it worked, where there is no console to return to |
//! | `GET /oauth/page.css` | the looks of these pages |

pub mod callback;
mod cookie;
mod page;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::complete_connect::CompleteConnect;
use crate::app::connect_problem::Problem;
use crate::app::open_link::OpenLink;
use crate::domain::attempt::Refusal;
use cookie::Cookies;

/// What cannot belong to any attempt.
const UNKNOWN: Problem = Problem::Refused(Refusal::Unknown);

/// What the routes need.
#[derive(Clone)]
pub struct Routes {
    /// Opens links.
    pub open: OpenLink,
    /// Takes answers.
    pub complete: CompleteConnect,
    /// Where the console is, without a trailing slash; without it our own page says that it worked.
    pub console_url: Option<String>,
    /// Whether cookies travel on https only.
    pub secure: bool,
}

/// The router.
pub fn router(routes: Routes) -> Router {
    Router::new()
        // A preview that only wants the head must not open the link.
        .route("/oauth/connect/{ticket}", get(connect).head(nothing))
        .route("/oauth/callback", get(returned).head(nothing))
        .route("/oauth/connected", get(connected))
        .route("/oauth/page.css", get(stylesheet))
        .with_state(routes)
}

async fn nothing() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("../../assets/page.css")).into_response()
}

async fn connected() -> Response {
    page::connected()
}

async fn connect(
    State(routes): State<Routes>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    let cookies = Cookies::new(&headers, routes.secure);
    if ticket.len() > callback::PARAMETER_BYTES_MAX {
        return page::problem(&UNKNOWN);
    }
    match routes
        .open
        .open(&ticket, |attempt| cookies.get(attempt))
        .await
    {
        Ok(Ok(departure)) => {
            let cookie = cookies.bind(departure.attempt, &departure.browser);
            page::redirect(&departure.authorize_url, Some(cookie))
        }
        Ok(Err(refusal)) => page::problem(&Problem::Refused(refusal)),
        Err(failure) => {
            tracing::error!(error = failure.chain(), "connect link cannot be opened");
            page::problem(&Problem::Unavailable)
        }
    }
}

async fn returned(State(routes): State<Routes>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(answer) = callback::answer(&uri) else {
        return page::problem(&UNKNOWN);
    };
    let cookies = Cookies::new(&headers, routes.secure);
    let (attempt, outcome) = routes
        .complete
        .complete(answer, |attempt| cookies.get(attempt))
        .await;
    let mut response = match outcome {
        Ok(connected) => page::redirect(
            &destination(routes.console_url.as_deref(), &connected.return_path),
            None,
        ),
        Err(problem) => page::problem(&problem),
    };
    if let Some(cookie) = attempt.map(|attempt| cookies.clear(attempt))
        && let Ok(value) = HeaderValue::from_str(&cookie)
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The console's page with `connected=1`, or our own.
fn destination(console_url: Option<&str>, return_path: &str) -> String {
    match console_url {
        Some(console) => {
            let separator = if return_path.contains('?') { '&' } else { '?' };
            format!("{console}{return_path}{separator}connected=1")
        }
        None => "/oauth/connected".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::destination;

    #[test]
    fn the_browser_returns_to_the_console_or_stays() {
        for (console, path, expected) in [
            (
                Some("https://c.example"),
                "/settings",
                "https://c.example/settings?connected=1",
            ),
            (
                Some("https://c.example"),
                "/s?tab=crm",
                "https://c.example/s?tab=crm&connected=1",
            ),
            (None, "/settings", "/oauth/connected"),
        ] {
            assert_eq!(destination(console, path), expected);
        }
    }
}
