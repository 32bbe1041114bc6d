//! The control port: commands on tokens, faults and logs; the rest goes to the org.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as JsonBody, Router};
use http::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::change;
use super::command::{Command, Stats};
use crate::api::Request;
use crate::config::ADMIN_USERNAME;
use crate::http::shared::Shared;
use crate::id::Id;
use crate::log;
use crate::oauth::authorize;
use crate::org::Org;
use crate::seed;
use crate::soql::cursor;
use crate::soql::plan::Context;

/// Routes of the control port.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/command", post(command))
        .route("/health", get(|| async { "ok" }))
        .layer(axum::extract::DefaultBodyLimit::max(512 * 1024 * 1024))
        .with_state(shared)
}

async fn command(
    State(shared): State<Arc<Shared>>,
    JsonBody(command): JsonBody<Command>,
) -> (StatusCode, JsonBody<Json>) {
    match apply(&shared, command) {
        Ok(result) => (StatusCode::OK, JsonBody(result)),
        Err(error) => (StatusCode::BAD_REQUEST, JsonBody(json!({"error": error}))),
    }
}

/// An access token for a user.
pub fn token_for(shared: &Shared, username: &str) -> Result<String, String> {
    let org = shared.read();
    let user = user_id(&org, username)?;
    let app = first_app(&org);
    Ok(shared
        .oauth()
        .start_session(org.org_id, user, &app, "api id", None, org.now_ms()))
}

/// Consumer key of the app commands mean.
fn first_app(org: &Org) -> String {
    let app = org.config.apps.first();
    app.map(|app| app.consumer_key.clone()).unwrap_or_default()
}

pub(super) fn user_id(org: &Org, username: &str) -> Result<Id, String> {
    org.user_by_name(username)
        .map(|row| row.id)
        .ok_or_else(|| format!("no user {username}"))
}

pub(super) fn parse_id(text: &str) -> Result<Id, String> {
    Id::parse(text).ok_or_else(|| format!("not an id: {text}"))
}

fn apply(shared: &Shared, command: Command) -> Result<Json, String> {
    let done = Ok(Json::Null);
    match command {
        Command::Reset => reset(shared),
        Command::AddFault { fault } => {
            shared.faults().add(fault);
            done
        }
        Command::ClearFaults => {
            shared.faults().clear();
            shared.write().refusals.clear();
            done
        }
        Command::AddRefusal { refusal } => {
            shared.write().refusals.add(refusal);
            done
        }
        Command::ExpireSessions { username } => {
            let user = username
                .map(|name| user_id(&shared.read(), &name))
                .transpose()?;
            Ok(json!(shared.oauth().expire_sessions(user)))
        }
        Command::RevokeGrants { username } => {
            let user = username
                .map(|name| user_id(&shared.read(), &name))
                .transpose()?;
            Ok(json!(shared.oauth().revoke_grants(user)))
        }
        Command::Preauthorize { username, on } => {
            let org = shared.read();
            let user = user_id(&org, &username)?;
            let app = first_app(&org);
            shared.oauth().preauthorize(user, &app, on);
            done
        }
        Command::UploadCertificate { pem } => {
            let app = first_app(&shared.read());
            shared.oauth().upload_certificate(&app, pem);
            done
        }
        Command::SetRotation { on } => {
            shared.oauth().rotate = on;
            done
        }
        Command::RotateSilently => Ok(json!(shared.oauth().rotate_silently())),
        Command::SetApiLimit { max, used } => {
            if let Some(max) = max {
                shared.calls_max.store(max, Ordering::Relaxed);
                shared.write().config.api_requests_max = max;
            }
            if let Some(used) = used {
                shared.calls.store(used, Ordering::Relaxed);
            }
            done
        }
        Command::AdvanceClock { by_ms } => {
            shared.clock.advance_ms(by_ms);
            done
        }
        Command::LoseCursors => {
            let org = shared.read();
            if let Ok(mut cursors) = org.cursors.lock() {
                cursors.clear();
            }
            if let Ok(mut jobs) = org.jobs.lock() {
                jobs.clear();
            }
            drop(org);
            done
        }
        Command::Approve {
            url,
            username,
            allow,
        } => approve(shared, &url, &username, allow),
        Command::TokenFor { username } => token_for(shared, &username).map(Json::from),
        Command::Stats => {
            let (refreshes, replays) = {
                let oauth = shared.oauth();
                (oauth.refreshes, oauth.replays)
            };
            Ok(json!(Stats {
                requests: shared.requests.load(Ordering::Relaxed),
                api_calls: shared.calls_total.load(Ordering::Relaxed),
                api_calls_today: shared.calls.load(Ordering::Relaxed),
                writes: shared.read().log.committed(),
                fault_hits: shared.faults().hits(),
                refreshes,
                replays,
            }))
        }
        Command::WriteLog { after_seq, limit } => {
            Ok(json!(log::entries(&shared.read(), after_seq, limit)))
        }
        Command::Attempts { after_seq, limit } => {
            Ok(json!(shared.read().log.attempts(after_seq, limit)))
        }
        Command::ClearLogs => {
            shared.write().log.clear();
            done
        }
        Command::Record { id } => record(&shared.read(), parse_id(&id)?),
        Command::Query { soql, all_rows } => query(&shared.read(), &soql, all_rows),
        other => change::apply(&mut shared.write(), other),
    }
}

fn reset(shared: &Shared) -> Result<Json, String> {
    let mut org = shared.write();
    let (config, base_url) = (org.config.clone(), org.base_url.clone());
    let version = org.schema.version;
    let modified_s = org.schema.modified_s;
    *org = seed::org(&config, Arc::clone(&shared.clock)).map_err(|error| error.to_string())?;
    org.base_url = base_url;
    // Describes cached before the reset must not look current.
    org.schema.version += version;
    org.schema.modified_s = org.schema.modified_s.max(modified_s + 1);
    shared.faults().clear();
    let mut oauth = shared.oauth();
    oauth.expire_sessions(None);
    oauth.revoke_grants(None);
    oauth.rotate = config.rotate_refresh_tokens;
    shared.calls.store(0, Ordering::Relaxed);
    Ok(Json::Null)
}

fn approve(shared: &Shared, url: &str, username: &str, allow: bool) -> Result<Json, String> {
    let (_, query) = Request::split_url(url);
    let parameters: authorize::Parameters = query.into_iter().collect();
    let org = shared.read();
    let mut oauth = shared.oauth();
    let shown = authorize::show(&org, &mut oauth, &parameters);
    let location = |response: &crate::api::Response| {
        response
            .headers
            .iter()
            .find(|(name, _)| *name == "Location")
            .map(|(_, value)| json!(value))
    };
    if let Some(location) = location(&shown) {
        return Ok(location);
    }
    let crate::api::Body::Html(page) = &shown.body else {
        return Err(format!("the page answered {:?}", shown.body));
    };
    let ticket = page
        .split("name=\"ticket\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let ticket = ticket.ok_or_else(|| format!("the page answered {}", shown.status))?;
    let form = authorize::Parameters::from([
        ("ticket".to_owned(), ticket.to_owned()),
        ("username".to_owned(), username.to_owned()),
        (
            "password".to_owned(),
            org.passwords
                .get(&username.to_lowercase())
                .cloned()
                .unwrap_or_default(),
        ),
        (
            "decision".to_owned(),
            if allow { "allow" } else { "deny" }.to_owned(),
        ),
    ]);
    let decided = authorize::decide(&org, &mut oauth, &form);
    location(&decided).ok_or_else(|| format!("user {username} could not log in"))
}

fn record(org: &Org, id: Id) -> Result<Json, String> {
    let (number, row) = org.find(id).ok_or_else(|| format!("no record {id}"))?;
    let object = org.schema.object(number);
    let fields = object
        .live_fields()
        .map(|(slot, field)| (field.name.clone(), org.value(number, row, slot).to_json()));
    Ok(Json::Object(fields.collect::<Map<_, _>>()))
}

fn query(org: &Org, soql: &str, all_rows: bool) -> Result<Json, String> {
    let access = org.access(user_id(org, ADMIN_USERNAME)?);
    let context = Context {
        org,
        access: &access,
        all_rows,
        tooling: true,
        text: soql,
    };
    let text = cursor::first_page(context, None).map_err(|error| error.message)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
