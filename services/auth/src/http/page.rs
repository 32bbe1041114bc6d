//! What a person reads when connecting ends, and what to do about it: one page per reason.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use salesforce::oauth::AuthorizeFailure;

use crate::app::connect_problem::Problem;
use crate::domain::attempt::Refusal;
use crate::domain::trouble::our_fault;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: &'a str,
    what: &'a str,
    steps: Vec<String>,
}

/// Nothing but our own stylesheet; nobody may frame, cache, or learn the address from a referrer.
const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Sends the browser on, with a cookie where there is one.
pub(super) fn redirect(location: &str, cookie: Option<String>) -> Response {
    let mut headers = headers();
    let Ok(location) = HeaderValue::from_str(location) else {
        return problem(&Problem::Unavailable);
    };
    headers.insert(header::LOCATION, location);
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// It worked.
pub(super) fn connected() -> Response {
    let what = "Salesforce is connected. You can close this window and go back to Ergo.";
    render(
        StatusCode::OK,
        &Page {
            title: "Connected",
            what,
            steps: Vec::new(),
        },
    )
}

/// It did not work.
pub(super) fn problem(problem: &Problem) -> Response {
    let (status, title, what, steps) = explain(problem);
    render(status, &Page { title, what, steps })
}

fn headers() -> HeaderMap {
    HEADERS
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}

fn render(status: StatusCode, page: &Page<'_>) -> Response {
    match page.render() {
        Ok(html) => (status, headers(), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, headers()).into_response()
        }
    }
}

const INSTALL: &str = "Ask a Salesforce admin to open Setup, Connected Apps OAuth Usage, and to install Ergo for Salesforce there.";
const APPROVE: &str =
    "Or let a user with the permission Approve Uninstalled Connected Apps connect.";
const AGAIN: &str = "Go back to Ergo and start connecting again.";
const OPERATOR: &str =
    "Tell the operator of this Ergo installation; there is nothing to change in Salesforce.";

/// Status, title, what happened, what to do.
fn explain(problem: &Problem) -> (StatusCode, &'static str, &'static str, Vec<String>) {
    use AuthorizeFailure as A;
    let page = |status, title, what, steps: &[&str]| {
        (
            status,
            title,
            what,
            steps
                .iter()
                .map(|step| (*step).to_owned())
                .collect::<Vec<_>>(),
        )
    };
    match problem {
        Problem::Refused(Refusal::Unknown) => page(
            StatusCode::NOT_FOUND,
            "This link is not known",
            "The link is incomplete, or older than a day.",
            &[AGAIN],
        ),
        Problem::Refused(Refusal::Expired) => page(
            StatusCode::GONE,
            "This link has expired",
            "A connect link works for ten minutes. Nothing was changed.",
            &[AGAIN],
        ),
        Problem::Refused(Refusal::Replayed) => page(
            StatusCode::GONE,
            "This link was used before",
            "A connect link works once. If connecting succeeded, there is nothing left to do.",
            &[
                "Look at the connection in Ergo.",
                "If it is not connected, start connecting again.",
            ],
        ),
        Problem::Refused(Refusal::WrongBrowser) => page(
            StatusCode::FORBIDDEN,
            "Another browser started this",
            "The link was opened in another browser, or this browser does not keep cookies. For your safety only the browser that opened it may finish.",
            &[
                "Finish in the browser you started with.",
                "Or start connecting again in this one, with cookies allowed.",
            ],
        ),
        Problem::Authorize(A::Denied) => page(
            StatusCode::OK,
            "Access was denied",
            "Deny was chosen on Salesforce's page. Nothing was changed and Ergo has no access.",
            &["To connect, start again and choose Allow."],
        ),
        Problem::Authorize(A::AppNotInstalled) => page(
            StatusCode::CONFLICT,
            "The app is not installed in this org",
            "Salesforce lets users connect only apps an admin has installed.",
            &[INSTALL, APPROVE, AGAIN],
        ),
        Problem::Authorize(A::NotAdminApproved) => page(
            StatusCode::FORBIDDEN,
            "This user is not admitted to the app",
            "The org's policy admits only users an admin has approved for Ergo for Salesforce.",
            &[
                "Ask a Salesforce admin to assign the app's permission set or profile to this user.",
                AGAIN,
            ],
        ),
        Problem::Authorize(A::AppBlocked) => page(
            StatusCode::FORBIDDEN,
            "The app is blocked in this org",
            "A Salesforce admin has blocked Ergo for Salesforce.",
            &[
                "Ask the admin to unblock it: Setup, Connected Apps OAuth Usage.",
                AGAIN,
            ],
        ),
        Problem::Authorize(A::ClientUnknown) => page(
            StatusCode::CONFLICT,
            "Salesforce does not know the app here",
            "The app is not available in this environment, or was created only minutes ago.",
            &[
                "Check that you chose production or sandbox correctly.",
                "Wait ten minutes if the app is new.",
                AGAIN,
            ],
        ),
        Problem::Authorize(A::Inactive) | Problem::Suspended => page(
            StatusCode::FORBIDDEN,
            "Salesforce does not let this user in now",
            "The user or the org is inactive, or the address or hour is restricted by the user's profile.",
            &[
                "Check the user, and the profile's login hours and IP ranges, in Salesforce Setup.",
                AGAIN,
            ],
        ),
        Problem::Authorize(A::RateLimited) => page(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many logins",
            "Salesforce limits how often a user may log in within an hour.",
            &["Wait a quarter of an hour, then start connecting again."],
        ),
        Problem::Authorize(A::OurFault(cause)) => {
            let (status, title, what, mut steps) = page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Ergo is not set up correctly",
                "Salesforce refused Ergo's request. Nothing was changed.",
                &[OPERATOR],
            );
            steps.push(our_fault(*cause).to_owned());
            (status, title, what, steps)
        }
        Problem::OurFault(cause) => {
            let (status, title, what, mut steps) = page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Ergo is not set up correctly",
                "Salesforce refused Ergo's request. Nothing was changed.",
                &[OPERATOR],
            );
            steps.push((*cause).to_owned());
            (status, title, what, steps)
        }
        Problem::Authorize(A::TryAgain) => page(
            StatusCode::BAD_GATEWAY,
            "Salesforce did not finish",
            "Salesforce ended the request without a reason Ergo knows. Nothing was changed.",
            &[AGAIN],
        ),
        Problem::CodeRefused => page(
            StatusCode::GONE,
            "Salesforce refused the code",
            "The code it had just issued was late or used already. Nothing was changed.",
            &[AGAIN],
        ),
        Problem::NoAnswer => page(
            StatusCode::BAD_GATEWAY,
            "Salesforce did not answer",
            "The connection could not be checked. Nothing was changed.",
            &["Wait a minute, then start connecting again."],
        ),
        Problem::Untrusted => page(
            StatusCode::BAD_GATEWAY,
            "The answer cannot be trusted",
            "What came back is not signed by Salesforce for this app, or names a host that does not belong to Salesforce. It was not used.",
            &[
                AGAIN,
                "If it happens again, tell the operator of this Ergo installation.",
            ],
        ),
        Problem::MissingRefreshToken => page(
            StatusCode::CONFLICT,
            "Salesforce gave no lasting access",
            "The app's policy or scopes withhold the refresh token, so the connection would end within hours.",
            &[
                "In Salesforce Setup, open the app's OAuth policies.",
                "Allow the scope “Perform requests at any time”, and choose any refresh token policy but “Immediately expire”.",
                AGAIN,
            ],
        ),
        Problem::MissingScope => page(
            StatusCode::CONFLICT,
            "Salesforce gave no access to its API",
            "The scope “Manage user data via APIs” was not granted.",
            &["In Salesforce Setup, add that scope to the app.", AGAIN],
        ),
        Problem::OtherOrg => page(
            StatusCode::CONFLICT,
            "This is another Salesforce org",
            "This workspace is connected to another org, and its mappings hold that org's ids. The new access was given back.",
            &[
                "Connect again and log in to the org connected before.",
                "To move to this org for good, choose “start over” when connecting; mappings have to be set up again.",
            ],
        ),
        Problem::VersionUnsupported(version) => {
            let (status, title, what, mut steps) = page(
                StatusCode::CONFLICT,
                "The org's release is too old",
                "The org does not offer the API version this Ergo installation uses.",
                &[
                    "Connect again after Salesforce has upgraded the org.",
                    OPERATOR,
                ],
            );
            steps.push(format!("Needed version: {version}"));
            (status, title, what, steps)
        }
        Problem::ApiRefused => page(
            StatusCode::FORBIDDEN,
            "This user may not use the API",
            "Salesforce refused the first request. The user lacks the permission API Enabled, or the edition has no API.",
            &[
                "Give the user the permission API Enabled, or connect as another user.",
                AGAIN,
            ],
        ),
        Problem::Unavailable => page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Ergo cannot store the connection right now",
            "Something Ergo needs is away for a moment. Nothing was changed.",
            &["Wait a minute, then start connecting again."],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_has_its_own_page_and_says_what_to_do() {
        use AuthorizeFailure as A;
        let problems = [
            Problem::Refused(Refusal::Unknown),
            Problem::Refused(Refusal::Expired),
            Problem::Refused(Refusal::Replayed),
            Problem::Refused(Refusal::WrongBrowser),
            Problem::Authorize(A::Denied),
            Problem::Authorize(A::AppNotInstalled),
            Problem::Authorize(A::NotAdminApproved),
            Problem::Authorize(A::AppBlocked),
            Problem::Authorize(A::ClientUnknown),
            Problem::Authorize(A::RateLimited),
            Problem::Authorize(A::TryAgain),
            Problem::Suspended,
            Problem::OurFault("check X"),
            Problem::CodeRefused,
            Problem::NoAnswer,
            Problem::Untrusted,
            Problem::MissingRefreshToken,
            Problem::MissingScope,
            Problem::OtherOrg,
            Problem::VersionUnsupported("v67.0".into()),
            Problem::ApiRefused,
            Problem::Unavailable,
        ];
        let mut titles: Vec<&str> = problems.iter().map(|problem| explain(problem).1).collect();
        assert!(
            problems
                .iter()
                .all(|problem| !explain(problem).3.is_empty())
        );
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), problems.len());
    }

    #[test]
    fn what_a_page_shows_is_escaped() {
        let page = Page {
            title: "<b>",
            what: "a & b",
            steps: vec!["<script>".into()],
        };
        let html = page.render().expect("renders");
        assert!(
            !html.contains("<script>") && !html.contains("<b>"),
            "{html}"
        );
    }
}
