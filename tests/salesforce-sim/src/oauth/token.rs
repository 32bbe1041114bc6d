//! The token, revocation and introspection endpoints.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::authorize::{Parameters, find_app};
use super::{OAuth, challenge_of, signature};
use crate::api::Response;
use crate::config::AppConfig;
use crate::id::Id;
use crate::org::Org;

fn refuse(status: u16, error: &str, description: &str) -> Response {
    Response::text(
        status,
        json!({"error": error, "error_description": description}).to_string(),
    )
}

/// Client credentials from the form, or from HTTP Basic.
pub fn credentials(parameters: &Parameters, basic: Option<&str>) -> (String, String) {
    let decoded = basic
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((key, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        return (key.into(), secret.into());
    }
    let get = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    (get("client_id"), get("client_secret"))
}

fn authenticated<'a>(org: &'a Org, key: &str, secret: &str) -> Result<&'a AppConfig, Response> {
    let app = find_app(org, key)
        .ok_or_else(|| refuse(400, "invalid_client_id", "client identifier invalid"))?;
    if bool::from(app.consumer_secret.as_bytes().ct_eq(secret.as_bytes())) {
        Ok(app)
    } else {
        Err(refuse(400, "invalid_client", "invalid client credentials"))
    }
}

/// `POST /services/oauth2/token`.
pub fn token(
    org: &Org,
    oauth: &mut OAuth,
    parameters: &Parameters,
    basic: Option<&str>,
) -> Response {
    let (key, secret) = credentials(parameters, basic);
    let get = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let grant_type = get("grant_type");
    if grant_type == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
        return jwt_bearer(org, oauth, get("assertion"));
    }
    if !matches!(
        grant_type,
        "authorization_code" | "refresh_token" | "password"
    ) {
        return refuse(400, "unsupported_grant_type", "grant type not supported");
    }
    let app = match authenticated(org, &key, &secret) {
        Ok(app) => app,
        Err(response) => return response,
    };
    let response = match grant_type {
        "authorization_code" => exchange(
            org,
            oauth,
            app,
            get("code"),
            get("redirect_uri"),
            get("code_verifier"),
        ),
        "refresh_token" => refresh(org, oauth, app, get("refresh_token")),
        _ => password(org, oauth, app, get("username"), get("password")),
    };
    no_store(response)
}

fn no_store(response: Response) -> Response {
    response
        .with("Cache-Control", "no-cache, no-store")
        .with("Pragma", "no-cache")
}

/// The answer has no refresh token, issue time or signature (salesforce-api.md 1.8).
fn jwt_bearer(org: &Org, oauth: &mut OAuth, assertion: &str) -> Response {
    let (app, user) = match super::assertion::redeem(org, oauth, assertion) {
        Ok(found) => found,
        Err((error, description)) => return refuse(400, error, description),
    };
    let scope = "id api";
    let now_ms = org.now_ms();
    let access_token =
        oauth.start_session(org.org_id, user, &app.consumer_key, scope, None, now_ms);
    no_store(Response::json(&json!({
        "access_token": access_token,
        "scope": scope,
        "instance_url": org.base_url,
        "id": format!("{}/id/{}/{user}", org.base_url, org.org_id),
        "token_type": "Bearer",
    })))
}

struct Issued<'a> {
    user: Id,
    scope: &'a str,
    grant: Option<u64>,
    refresh_token: Option<String>,
}

fn issue(org: &Org, oauth: &mut OAuth, app: &AppConfig, issued: Issued<'_>) -> Response {
    let now_ms = org.now_ms();
    let access_token = oauth.start_session(
        org.org_id,
        issued.user,
        &app.consumer_key,
        issued.scope,
        issued.grant,
        now_ms,
    );
    let id_url = format!("{}/id/{}/{}", org.base_url, org.org_id, issued.user);
    let issued_at = now_ms.to_string();
    let mut body = json!({
        "access_token": access_token,
        "signature": signature(&app.consumer_secret, &id_url, &issued_at),
        "scope": issued.scope,
        "instance_url": org.base_url,
        "id": id_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
    });
    if let Some(refresh_token) = issued.refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    Response::json(&body)
}

fn exchange(
    org: &Org,
    oauth: &mut OAuth,
    app: &AppConfig,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Response {
    let now_ms = org.now_ms();
    // Single use: whatever happens next, the code is spent.
    let Some(found) = oauth.codes.remove(code) else {
        return refuse(400, "invalid_grant", "invalid authorization code");
    };
    if now_ms - found.issued_ms >= super::CODE_TTL_MS {
        return refuse(400, "invalid_grant", "expired authorization code");
    }
    if found.app != app.consumer_key {
        return refuse(400, "invalid_grant", "invalid authorization code");
    }
    if found.redirect_uri != redirect_uri {
        return refuse(
            400,
            "redirect_uri_mismatch",
            "redirect_uri must match configuration",
        );
    }
    match &found.challenge {
        Some(challenge) if *challenge != challenge_of(verifier) => {
            return refuse(400, "invalid_grant", "invalid code verifier");
        }
        None if !verifier.is_empty() => {
            return refuse(400, "invalid_grant", "invalid code verifier");
        }
        _ => {}
    }
    if let Some(refusal) = user_problem(org, found.user) {
        return refusal;
    }
    let lasting = found
        .scope
        .split_whitespace()
        .any(|scope| matches!(scope, "refresh_token" | "offline_access" | "full"));
    let (grant, refresh_token) = if lasting {
        let (number, token) = oauth.grant(found.user, &app.consumer_key, &found.scope);
        (Some(number), Some(token))
    } else {
        (None, None)
    };
    issue(
        org,
        oauth,
        app,
        Issued {
            user: found.user,
            scope: &found.scope,
            grant,
            refresh_token,
        },
    )
}

fn refresh(org: &Org, oauth: &mut OAuth, app: &AppConfig, refresh_token: &str) -> Response {
    let Ok(grant) = oauth.redeem(refresh_token, &app.consumer_key) else {
        return refuse(400, "invalid_grant", "expired access/refresh token");
    };
    if let Some(refusal) = user_problem(org, grant.user) {
        return refusal;
    }
    oauth.refreshes += 1;
    let rotated = if oauth.rotate {
        oauth.rotate(grant.number)
    } else {
        None
    };
    issue(
        org,
        oauth,
        app,
        Issued {
            user: grant.user,
            scope: &grant.scope,
            grant: Some(grant.number),
            refresh_token: rotated,
        },
    )
}

fn password(
    org: &Org,
    oauth: &mut OAuth,
    app: &AppConfig,
    username: &str,
    password: &str,
) -> Response {
    let user = org.user_by_name(username);
    let right = org
        .passwords
        .get(&username.to_lowercase())
        .is_some_and(|known| known == password);
    let Some(user) = user.filter(|_| right) else {
        return refuse(400, "invalid_grant", "authentication failure");
    };
    if let Some(refusal) = user_problem(org, user.id) {
        return refusal;
    }
    issue(
        org,
        oauth,
        app,
        Issued {
            user: user.id,
            scope: "api id",
            grant: None,
            refresh_token: None,
        },
    )
}

fn user_problem(org: &Org, user: Id) -> Option<Response> {
    if !org.is_active(user) {
        return Some(refuse(400, "invalid_grant", "inactive user"));
    }
    None
}

/// `POST /services/oauth2/revoke`.
pub fn revoke(oauth: &mut OAuth, parameters: &Parameters) -> Response {
    match parameters.get("token") {
        Some(token) if oauth.revoke(token) => Response::empty(200),
        _ => refuse(400, "invalid_token", "invalid token"),
    }
}

/// `POST /services/oauth2/introspect`.
pub fn introspect(
    org: &Org,
    oauth: &mut OAuth,
    parameters: &Parameters,
    basic: Option<&str>,
) -> Response {
    let (key, secret) = credentials(parameters, basic);
    if let Err(response) = authenticated(org, &key, &secret) {
        return response;
    }
    let token = parameters
        .get("token")
        .map(String::as_str)
        .unwrap_or_default();
    let now_ms = org.now_ms();
    let username = |user: Id| {
        let users = org.number("User");
        org.table(users)
            .get(user)
            .map(|row| org.value_of(users, row, "Username").to_json())
            .unwrap_or_default()
    };
    let sub = |user: Id| format!("{}/id/{}/{user}", org.base_url, org.org_id);
    if let Some((user, app, scope)) = oauth.refresh_owner(token) {
        return Response::json(
            &json!({"active": true, "scope": scope, "client_id": app, "username": username(user),
            "sub": sub(user), "token_type": "refresh_token"}),
        );
    }
    let Some(session) = oauth.session(token, now_ms) else {
        return Response::json(&json!({"active": false}));
    };
    Response::json(&json!({
        "active": true,
        "scope": session.scope,
        "client_id": session.app,
        "username": username(session.user),
        "sub": sub(session.user),
        "token_type": "access_token",
        "exp": oauth.session_end_ms(&session) / 1000,
        "iat": session.issued_ms / 1000,
        "nbf": session.issued_ms / 1000,
    }))
}
