//! The authorisation endpoint: checks the request, shows the consent page, redirects with a code.

use std::collections::HashMap;

use super::{Code, OAuth, Ticket, page, random_text};
use crate::api::{Body, Response};
use crate::config::{AppConfig, INTEGRATION_USERNAME, PASSWORD};
use crate::org::Org;

/// Scopes an app may ask for.
const SCOPES: [&str; 14] = [
    "api",
    "refresh_token",
    "offline_access",
    "id",
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "web",
    "full",
    "chatter_api",
    "custom_permissions",
    "lightning",
];

/// Query or form parameters.
pub type Parameters = HashMap<String, String>;

fn html(status: u16, text: String) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: Body::Html(text),
    }
}

fn redirect(uri: &str, parameters: &[(&str, &str)]) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    Response::empty(302).with("Location", format!("{uri}{separator}{query}"))
}

fn fail(uri: &str, state: Option<&str>, error: &str, description: &str) -> Response {
    let mut parameters = vec![("error", error), ("error_description", description)];
    parameters.extend(state.map(|state| ("state", state)));
    redirect(uri, &parameters)
}

/// `GET /services/oauth2/authorize`.
pub fn show(org: &Org, oauth: &mut OAuth, parameters: &Parameters) -> Response {
    let get = |name: &str| {
        parameters
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let Some(app) = get("client_id").and_then(|key| find_app(org, key)) else {
        return html(
            400,
            page::problem("invalid_client_id", "client identifier invalid"),
        );
    };
    let Some(uri) = get("redirect_uri") else {
        return html(
            400,
            page::problem("redirect_uri_missing", "redirect_uri missing"),
        );
    };
    if !app.callback_urls.iter().any(|known| known == uri) {
        return html(
            400,
            page::problem(
                "redirect_uri_mismatch",
                "redirect_uri must match configuration",
            ),
        );
    }
    let state = get("state");
    if get("response_type") != Some("code") {
        return fail(
            uri,
            state,
            "unsupported_response_type",
            "response type not supported",
        );
    }
    let scope = get("scope").unwrap_or("api refresh_token id");
    if scope
        .split_whitespace()
        .any(|scope| !SCOPES.contains(&scope))
    {
        return fail(
            uri,
            state,
            "invalid_scope",
            "the requested scope is not allowed",
        );
    }
    let challenge = get("code_challenge");
    if challenge.is_none() && app.require_pkce {
        // No content type, as on the real thing: browsers offer a download.
        let text = "error=invalid_request&error_description=missing%20required%20code%20challenge";
        return Response {
            status: 400,
            headers: Vec::new(),
            body: Body::Text(text.into()),
        };
    }
    if get("code_challenge_method").is_some_and(|method| method != "S256") {
        return fail(
            uri,
            state,
            "invalid_request",
            "unsupported code challenge method",
        );
    }
    let now_ms = org.now_ms();
    oauth.prune(now_ms);
    let ticket = random_text(40);
    let request = Ticket {
        app: app.consumer_key.clone(),
        scope: scope.into(),
        redirect_uri: uri.into(),
        state: state.map(str::to_owned),
        challenge: challenge.map(str::to_owned),
        issued_ms: now_ms,
    };
    oauth.tickets.insert(ticket.clone(), request);
    let username = get("login_hint").unwrap_or(INTEGRATION_USERNAME);
    let password = org.config.login_needs_password.then_some(PASSWORD);
    html(
        200,
        page::consent(&app.name, scope, &ticket, username, password, None),
    )
}

/// `POST /services/oauth2/authorize`: the form of the page above.
pub fn decide(org: &Org, oauth: &mut OAuth, form: &Parameters) -> Response {
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let now_ms = org.now_ms();
    oauth.prune(now_ms);
    let Some(ticket) = oauth.tickets.get(get("ticket")).cloned() else {
        return html(
            400,
            page::problem("invalid_request", "this page has expired, start again"),
        );
    };
    let state = ticket.state.as_deref();
    if get("decision") != "allow" {
        oauth.tickets.remove(get("ticket"));
        return fail(
            &ticket.redirect_uri,
            state,
            "access_denied",
            "end-user denied authorization",
        );
    }
    let user = org.user_by_name(get("username"));
    let password = org.passwords.get(&get("username").to_lowercase());
    let right = !org.config.login_needs_password
        || password.is_some_and(|password| password == get("password"));
    let Some(user) = user.filter(|_| right) else {
        let name = find_app(org, &ticket.app)
            .map(|app| app.name.clone())
            .unwrap_or_default();
        let problem = "Please check your username and password.";
        let password = org.config.login_needs_password.then_some("");
        return html(
            200,
            page::consent(
                &name,
                &ticket.scope,
                get("ticket"),
                get("username"),
                password,
                Some(problem),
            ),
        );
    };
    oauth.tickets.remove(get("ticket"));
    if !org.is_active(user.id) {
        return fail(
            &ticket.redirect_uri,
            state,
            "inactive_user",
            "user is inactive",
        );
    }
    let code = format!("aPrx{}==", random_text(56));
    oauth.codes.insert(
        code.clone(),
        Code {
            user: user.id,
            app: ticket.app,
            scope: ticket.scope,
            redirect_uri: ticket.redirect_uri.clone(),
            challenge: ticket.challenge,
            issued_ms: now_ms,
        },
    );
    let mut parameters = vec![("code", code.as_str())];
    parameters.extend(state.map(|state| ("state", state)));
    redirect(&ticket.redirect_uri, &parameters)
}

/// The app with a consumer key.
pub fn find_app<'a>(org: &'a Org, consumer_key: &str) -> Option<&'a AppConfig> {
    org.config
        .apps
        .iter()
        .find(|app| app.consumer_key == consumer_key)
}
