//! What goes wrong, chosen by a seeded generator: processes killed, ways cut or slowed, the org broken in every way a real
//! one breaks.

use anyhow::Context;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use testkit::stack::{ServiceName, Stack};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A service dies and is started again.
    Killed(ServiceName),
    /// nats-server dies and is started again.
    NatsKilled,
    /// Nothing passes between services and NATS.
    NatsCut,
    /// Everything between services and NATS is late, in milliseconds.
    NatsSlow(u64),
    /// Connections to NATS are reset in the middle of an answer, after so many bytes.
    NatsReset(usize),
    /// Postgres crashes and recovers.
    DatabaseCrashed,
    /// Nothing passes between services and Postgres.
    DatabaseCut,
    /// Everything between services and Postgres is late, in milliseconds.
    DatabaseSlow(u64),
    /// Connections to Postgres are reset in the middle of an answer, after so many bytes.
    DatabaseReset(usize),
    /// All sessions of the services are ended.
    SessionsEnded,
    /// Requests to the org fail in one way, so many of them.
    Org(&'static str, Value, u32),
    /// Rows of an object are locked by others for so many saves.
    Locked(&'static str, u32),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(service) => write!(f, "{} killed", service.as_str()),
            Self::NatsKilled => f.write_str("nats killed"),
            Self::NatsCut => f.write_str("nats cut off"),
            Self::NatsSlow(ms) => write!(f, "nats late by {ms} ms"),
            Self::NatsReset(bytes) => write!(f, "nats reset after {bytes} bytes"),
            Self::DatabaseCrashed => f.write_str("postgres crashed"),
            Self::DatabaseCut => f.write_str("postgres cut off"),
            Self::DatabaseSlow(ms) => write!(f, "postgres late by {ms} ms"),
            Self::DatabaseReset(bytes) => write!(f, "postgres reset after {bytes} bytes"),
            Self::SessionsEnded => f.write_str("sessions of postgres ended"),
            Self::Org(what, _, times) => write!(f, "org {what}, {times} times"),
            Self::Locked(object, times) => write!(f, "{object} rows locked, {times} times"),
        }
    }
}

impl Trouble {
    /// One at random; half of them are the org's, which is where an effect may be doubled or lost.
    pub(crate) fn any(random: &mut impl Rng, own_database: bool) -> Self {
        if random.random_bool(0.5) {
            return Self::of_the_org(random);
        }
        match random.random_range(0..13) {
            0..=2 => Self::Killed(ServiceName::Writeback),
            3 => Self::Killed(ServiceName::Matching),
            4 => Self::Killed(ServiceName::Auth),
            5 => Self::NatsKilled,
            6 => Self::NatsCut,
            7 => Self::NatsSlow(random.random_range(5..60)),
            8 => Self::NatsReset(random.random_range(200..40_000)),
            9 if own_database => Self::DatabaseCrashed,
            9 | 10 => Self::SessionsEnded,
            11 => Self::DatabaseCut,
            _ => match random.random_bool(0.5) {
                true => Self::DatabaseSlow(random.random_range(1..15)),
                false => Self::DatabaseReset(random.random_range(200..40_000)),
            },
        }
    }

    fn of_the_org(random: &mut impl Rng) -> Self {
        let times = random.random_range(1..8);
        let status = *[500, 502, 503, 504].choose(random).unwrap_or(&500);
        let body = *["empty", "html", "json"].choose(random).unwrap_or(&"empty");
        let (what, kind) = match random.random_range(0..12) {
            0 => (
                "late",
                json!({ "latency_ms": random.random_range(100..1_500) }),
            ),
            1 => (
                "silent after it committed",
                json!({ "commit_then_delay_ms": 6_000 }),
            ),
            2 | 3 => (
                "answers an error",
                json!({ "status": { "status": status, "body": body } }),
            ),
            4 => ("resets before it commits", json!("reset_before_commit")),
            5..=7 => ("resets after it committed", json!("commit_then_reset")),
            8 => match random.random_bool(0.5) {
                true => ("at its concurrent limit", json!("concurrent_limit")),
                false => ("at its daily limit", json!("daily_limit")),
            },
            9 => ("under maintenance", json!("maintenance")),
            10 => ("rejects the session", json!("reject_session")),
            _ => {
                let object = *[
                    "Opportunity",
                    "Task",
                    "Event",
                    "ContentNote",
                    "Contact",
                    "OpportunityContactRole",
                ]
                .choose(random)
                .unwrap_or(&"Task");
                return Self::Locked(object, random.random_range(1..40));
            }
        };
        Self::Org(what, kind, times)
    }

    /// Lets it begin.
    pub(crate) async fn begin(&self, stack: &mut Stack) -> anyhow::Result<()> {
        match self {
            Self::Killed(service) => stack.kill(*service),
            Self::NatsKilled => stack.nats_mut().context("one nats-server")?.stop(),
            Self::NatsCut => nats(stack)?.cut(),
            Self::NatsSlow(ms) => nats(stack)?.delay(Duration::from_millis(*ms)),
            Self::NatsReset(bytes) => nats(stack)?.reset_after_bytes(*bytes),
            Self::DatabaseCrashed => stack.database().crash().await?,
            Self::DatabaseCut => database(stack)?.cut(),
            Self::DatabaseSlow(ms) => database(stack)?.delay(Duration::from_millis(*ms)),
            Self::DatabaseReset(bytes) => database(stack)?.reset_after_bytes(*bytes),
            Self::SessionsEnded => stack.database().end_sessions().await?,
            Self::Org(_, kind, times) => {
                let fault =
                    json!({ "kind": kind, "path_contains": "/services/data/", "remaining": times });
                tell(stack, &json!({ "command": "add_fault", "fault": fault })).await?;
            }
            Self::Locked(object, times) => {
                let refusal = json!({
                    "object": object, "code": "UNABLE_TO_LOCK_ROW",
                    "message": "unable to obtain exclusive access to this record", "remaining": times,
                });
                tell(
                    stack,
                    &json!({ "command": "add_refusal", "refusal": refusal }),
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Ends it.
    pub(crate) async fn end(&self, stack: &mut Stack) -> anyhow::Result<()> {
        match self {
            Self::Killed(service) => {
                stack.start_again(*service).await?;
            }
            Self::NatsKilled => stack.nats_mut().context("one nats-server")?.restart().await,
            Self::NatsCut | Self::NatsSlow(_) | Self::NatsReset(_) => nats(stack)?.restore(),
            Self::DatabaseCut | Self::DatabaseSlow(_) | Self::DatabaseReset(_) => {
                database(stack)?.restore();
            }
            Self::DatabaseCrashed | Self::SessionsEnded => {}
            Self::Org(..) | Self::Locked(..) => {
                tell(stack, &json!({ "command": "clear_faults" })).await?;
            }
        }
        Ok(())
    }
}

fn nats(stack: &Stack) -> anyhow::Result<&testkit::chaos::Proxy> {
    stack.nats_proxy().context("a breakable stack")
}

fn database(stack: &Stack) -> anyhow::Result<&testkit::chaos::Proxy> {
    stack.database_proxy().context("a breakable stack")
}

async fn tell(stack: &Stack, command: &Value) -> anyhow::Result<()> {
    let simulator = stack.simulator().context("a drill has a simulator")?;
    simulator.command(command).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use std::collections::BTreeSet;

    fn drawn(seed: u64) -> Vec<String> {
        let mut random = StdRng::seed_from_u64(seed);
        (0..400)
            .map(|_| Trouble::any(&mut random, true).to_string())
            .collect()
    }

    #[test]
    fn one_seed_draws_the_same_troubles_and_many_draw_all_kinds() {
        assert_eq!(drawn(7), drawn(7));
        let words: BTreeSet<String> = drawn(1)
            .into_iter()
            .map(|text| {
                text.split([',', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        assert!(words.len() >= 22, "{words:?}");
    }
}
