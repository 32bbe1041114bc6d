//! `ergoctl status`.

use serde_json::{Value, json};

use super::{Out, line};
use crate::api::Api;
use crate::exit;
use crate::show::{pairs, value};

pub(super) async fn run(api: &Api, out: &Out) -> anyhow::Result<u8> {
    let connection: Value = api.get(&["connection"], &[]).await?.read()?;
    let status: Value = api.get(&["status"], &[]).await?.read()?;
    let access = beside(api, "access").await;
    let missed = beside(api, "missed").await;
    if out.json {
        let all =
            json!({"connection": connection, "status": status, "access": access, "missed": missed});
        line(&all.to_string())?;
    } else {
        line(&shown(&connection, &status, &access, &missed))?;
    }
    Ok(exit::DONE)
}

/// What another owner answers; null when it does not, because the rest is worth showing all the same.
async fn beside(api: &Api, path: &str) -> Value {
    match api.get(&[path], &[]).await {
        Ok(answer) => answer.read().unwrap_or_default(),
        Err(_) => Value::Null,
    }
}

fn shown(connection: &Value, status: &Value, access: &Value, missed: &Value) -> String {
    let review = &access["review"];
    let reach = match (
        review["complete"].as_bool(),
        review["missing_count"].as_u64(),
    ) {
        (Some(true), _) => "complete".to_owned(),
        (Some(false), Some(count)) => {
            format!("{count} missing; see them with `ergoctl access show`")
        }
        (Some(false) | None, _) if access.is_null() => "not known right now".to_owned(),
        (Some(false) | None, _) => "not reviewed yet".to_owned(),
    };
    let waiting = match missed["changes_waiting"].as_u64() {
        Some(count) if count > 0 => {
            format!("{count} changes wait; see them with `ergoctl missed list`")
        }
        Some(_) | None => String::new(),
    };
    let counts: Vec<String> = status["counts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|count| format!("{} {}", value(&count["count"]), value(&count["state"])))
        .collect();
    let budget = format!(
        "{} of {}",
        value(&status["api_calls_used"]),
        value(&status["api_calls_max"])
    );
    pairs(&[
        ("connection", value(&connection["state"])),
        ("why", value(&connection["detail"])),
        ("user", value(&connection["username"])),
        ("org", value(&connection["organization_id"])),
        ("since", value(&connection["since"])),
        ("access", reach),
        ("missed", waiting),
        ("live", value(&status["live"])),
        ("verified", value(&status["verified"])),
        ("mapping version", value(&status["mapping_version"])),
        ("changes", counts.join(", ")),
        ("api calls, 24 h", budget),
        ("last write", value(&status["last_applied_at"])),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_from_top_to_bottom() {
        let connection = json!({"state": "connected", "username": "a@b.c", "detail": ""});
        let status = json!({"live": true, "verified": false, "mapping_version": 3, "api_calls_used": 12,
            "api_calls_max": 1000, "last_applied_at": null,
            "counts": [{"state": "held", "count": 2}, {"state": "applied", "count": 40}]});
        let access = json!({"review": {"complete": false, "missing_count": 2}});
        let missed = json!({"changes_waiting": 3});
        insta::assert_snapshot!(shown(&connection, &status, &access, &missed), @r"
        connection       connected
        user             a@b.c
        access           2 missing; see them with `ergoctl access show`
        missed           3 changes wait; see them with `ergoctl missed list`
        live             yes
        verified         no
        mapping version  3
        changes          2 held, 40 applied
        api calls, 24 h  12 of 1000
        ");
    }
}
