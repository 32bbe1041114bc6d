//! What an answer of Salesforce means for each change in the request.
//!
//! Deterministic refusals are never repeated, transient failures always, up to a limit after which a person sees the
//! change. A refusal of several changes together is taken apart until the culprit stands alone. A lost answer is
//! never repeated before somebody has looked.

use salesforce::{Class, Outcome};

use super::change::{Isolation, Reason, Verdict};

/// One error of one row or call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Salesforce's code.
    pub code: String,
    /// Salesforce's words, verbatim.
    pub message: String,
    /// Fields it names.
    pub fields: Vec<String>,
    /// Who or what resolves it.
    pub class: Class,
    /// When repeating may help: tries, shortest and longest delay in milliseconds.
    pub retry: Option<(u32, u64, u64)>,
    /// What a duplicate rule found, one line each.
    pub matches: Vec<String>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Written.
    Saved {
        /// Id of the record; empty when the answer did not say.
        id: String,
    },
    /// Not written.
    Refused(Vec<Problem>),
}

/// One change of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// The field; empty for creations.
    pub field: &'a str,
    /// It creates a record.
    pub creates: bool,
    /// Tries before this one.
    pub attempts: u32,
    /// How far it is kept from its neighbours.
    pub isolation: Isolation,
}

/// What happens to a change next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is in Salesforce.
    Applied {
        /// The record.
        record_id: String,
    },
    /// Salesforce refused; everything it said.
    Refused(Vec<Reason>),
    /// Again after a delay; one try is used up.
    Retry {
        /// Milliseconds.
        delay_ms: u64,
        /// What was said.
        reasons: Vec<Reason>,
    },
    /// Again at once, without its refused neighbours; no try is used up.
    Again(Isolation),
    /// Again when the org answers; no try is used up.
    Later,
    /// Tries are used up.
    Failed(Vec<Reason>),
    /// The answer was lost.
    Uncertain {
        /// How long Salesforce may still be working on it, in milliseconds.
        look_after_ms: u64,
    },
}

/// A reset or a 5xx ends the transaction or came after it; a second covers replication to the query side.
const LOOK_AFTER_RESET_MS: u64 = 1_000;
/// After a timeout the transaction may still run; saves of one batch end well within this.
const LOOK_AFTER_TIMEOUT_MS: u64 = 15_000;
/// Tries whose answer was lost before a person is told; each was looked up and had not happened.
pub const LOST_ATTEMPTS_MAX: u32 = 10;

/// What is said of a change whose answers were lost too often.
#[must_use]
pub fn lost_too_often() -> Vec<Reason> {
    vec![Reason::new(
        "executor",
        Verdict::Block,
        "no_answer",
        format!(
            "salesforce gave no usable answer {LOST_ATTEMPTS_MAX} times; nothing was written, approve it to try again"
        ),
    )]
}

/// Salesforce's codes for an object or field the connected user may not reach. `CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY` is
/// a failed trigger far more often, so a lack of access that it stands for is left to the next scheduled review.
const NO_ACCESS: [&str; 6] = [
    "INSUFFICIENT_ACCESS",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_TYPE",
];

/// Whether Salesforce said, among `reasons`, that the connected user lacks access.
#[must_use]
pub fn lacks_access(reasons: &[Reason]) -> bool {
    reasons
        .iter()
        .any(|reason| reason.gate == "salesforce" && NO_ACCESS.contains(&reason.code.as_str()))
}

/// Salesforce's codes for a value or field that the schema we know lets through: the org is not what it was.
const SCHEMA_MOVED: [&str; 9] = [
    "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_TYPE",
    "INVALID_TYPE_ON_FIELD_IN_RECORD",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    // A value of another type than the field has now.
    "JSON_PARSER_ERROR",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "REQUIRED_FIELD_MISSING",
    "STRING_TOO_LONG",
];

/// Code of a change that Salesforce refused against the schema we know.
pub const SCHEMA_DOUBTED: &str = "schema_doubted";

/// Whether Salesforce refused, among `reasons`, what the schema we know lets through.
#[must_use]
pub fn doubts_schema(reasons: &[Reason]) -> bool {
    reasons
        .iter()
        .any(|reason| reason.gate == "salesforce" && SCHEMA_MOVED.contains(&reason.code.as_str()))
}

/// Why such a change is held once instead of being refused.
#[must_use]
pub fn doubted() -> Reason {
    Reason::new(
        "setup",
        Verdict::Hold,
        SCHEMA_DOUBTED,
        "salesforce refused what the schema we know lets through; the org is read again, and the change goes on if it may",
    )
}

/// The code of a second record with a unique key: our own first try succeeded.
const DUPLICATE_VALUE: &str = "DUPLICATE_VALUE";
/// A rule's display field is where the message is shown, not what caused it.
const VALIDATION: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";

/// What becomes of the changes that shared one row; in their order. `jitter` is in 0..1.
#[must_use]
pub fn row(row: &Row, members: &[Member<'_>], jitter: f64) -> Vec<Next> {
    let problems = match row {
        Row::Saved { id } => {
            return members
                .iter()
                .map(|_| Next::Applied {
                    record_id: id.clone(),
                })
                .collect();
        }
        Row::Refused(problems) => problems,
    };
    let reasons = explain(problems);
    if let Some(advice) = retry_advice(problems) {
        return members
            .iter()
            .map(|member| retry(advice, member.attempts, &reasons, jitter))
            .collect();
    }
    let duplicate = problems
        .iter()
        .any(|problem| problem.code == DUPLICATE_VALUE);
    if let [member] = members {
        return vec![if member.creates && duplicate {
            Next::Uncertain { look_after_ms: 0 }
        } else {
            Next::Refused(reasons)
        }];
    }
    let culprit = |member: &Member<'_>| {
        problems
            .iter()
            .any(|problem| problem.fields.iter().any(|field| field == member.field))
    };
    let by_rule = problems.iter().any(|problem| problem.code == VALIDATION);
    let named = members.iter().filter(|member| culprit(member)).count();
    if by_rule || named == 0 || named == members.len() {
        return members
            .iter()
            .map(|_| Next::Again(Isolation::OwnRow))
            .collect();
    }
    members
        .iter()
        .map(|member| {
            if culprit(member) {
                Next::Refused(reasons.clone())
            } else {
                Next::Again(member.isolation)
            }
        })
        .collect()
}

/// The advice that lets the whole row be repeated: the row is as transient as its least transient error.
fn retry_advice(problems: &[Problem]) -> Option<(u32, u64, u64)> {
    let mut advice = None;
    for problem in problems {
        // "Rolled back because of another" says nothing about this row.
        if problem.class == Class::Follow {
            continue;
        }
        let own = problem.retry?;
        advice = Some(advice.map_or(own, |(tries, min, max): (u32, u64, u64)| {
            (tries.min(own.0), min.max(own.1), max.max(own.2))
        }));
    }
    // Only followers: the culprit is elsewhere, so this row deserves its own try.
    advice.or((!problems.is_empty()).then_some((5, 500, 8_000)))
}

fn retry(advice: (u32, u64, u64), attempts: u32, reasons: &[Reason], jitter: f64) -> Next {
    let (attempts_max, min, max) = advice;
    if attempts >= attempts_max {
        return Next::Failed(reasons.to_vec());
    }
    Next::Retry {
        delay_ms: delay_ms(attempts, min, max, jitter),
        reasons: reasons.to_vec(),
    }
}

/// Doubles with each attempt from `min` to `max`, then spreads over the upper half.
#[must_use]
pub fn delay_ms(attempts: u32, min: u64, max: u64, jitter: f64) -> u64 {
    let grown = min
        .saturating_mul(1_u64 << attempts.min(30))
        .min(max)
        .max(min);
    let half = grown / 2;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "delays stay far below 2^52 ms and jitter is in 0..1"
    )]
    let spread = (half as f64 * jitter.clamp(0.0, 1.0)) as u64;
    half + spread
}

/// How a whole call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// What is known of its effect.
    pub outcome: Outcome,
    /// No answer came in time.
    pub timed_out: bool,
    /// The answer's status; 0 when there was none.
    pub http_status: u16,
    /// Everything said.
    pub problems: Vec<Problem>,
    /// Who or what resolves it.
    pub class: Class,
}

/// Whether a failed call says something about the org as a whole, so that others would fail as well; otherwise the
/// request itself is at fault.
#[must_use]
pub fn is_about_the_org(failure: &CallFailure) -> bool {
    match failure.outcome {
        Outcome::Ambiguous | Outcome::NotSent => true,
        Outcome::Answered => {
            matches!(failure.http_status, 401 | 403 | 420 | 429)
                || failure.http_status >= 500
                || failure.class.retryable()
        }
    }
}

/// What becomes of every change of a failed call of `rows` rows.
#[must_use]
pub fn call(failure: &CallFailure, rows: usize) -> Next {
    match failure.outcome {
        Outcome::Ambiguous => Next::Uncertain {
            look_after_ms: if failure.timed_out {
                LOOK_AFTER_TIMEOUT_MS
            } else {
                LOOK_AFTER_RESET_MS
            },
        },
        Outcome::NotSent => Next::Later,
        Outcome::Answered => {
            if is_about_the_org(failure) {
                Next::Later
            } else if rows > 1 {
                Next::Again(Isolation::OwnCall)
            } else {
                Next::Refused(explain(&failure.problems))
            }
        }
    }
}

/// How long the org is left alone after a failed call, in milliseconds; `failures` in a row before this one.
#[must_use]
pub fn pause_ms(failure: &CallFailure, failures: u32, jitter: f64) -> u64 {
    let advice = failure.problems.iter().find_map(|problem| problem.retry);
    match (failure.class, advice) {
        (Class::Quota, Some((_, min, max))) => delay_ms(failures, min, max, jitter),
        (Class::Quota, None) => delay_ms(failures, 900_000, 1_800_000, jitter),
        // An admin has to act; probing once a minute finds out soon enough.
        (Class::Admin | Class::RetrySlowly, _) => delay_ms(failures, 15_000, 300_000, jitter),
        _ => delay_ms(failures, 500, 60_000, jitter),
    }
}

/// What Salesforce said, as reasons: verbatim, with our advice.
#[must_use]
pub fn explain(problems: &[Problem]) -> Vec<Reason> {
    problems
        .iter()
        .map(|problem| {
            Reason::new(
                "salesforce",
                Verdict::Block,
                &problem.code,
                problem.message.clone(),
            )
            .about(problem.fields.iter().cloned())
        })
        .chain(
            problems
                .iter()
                .filter(|problem| !problem.matches.is_empty())
                .map(|problem| {
                    Reason::new(
                        "advice",
                        Verdict::Pass,
                        "duplicates",
                        format!("a duplicate rule found {}", problem.matches.join(", ")),
                    )
                }),
        )
        .chain(problems.first().map(|problem| {
            Reason::new(
                "advice",
                Verdict::Pass,
                problem.class.as_str(),
                advice(problem.class),
            )
        }))
        .collect()
}

/// The next step for a person.
fn advice(class: Class) -> &'static str {
    match class {
        Class::User => "correct the value, or the rule in Salesforce, and propose it again",
        Class::Admin => {
            "a Salesforce admin has to change a permission, an automation or the configuration"
        }
        Class::Retry | Class::RetrySlowly | Class::Quota => "it is repeated by itself",
        Class::Stale | Class::StaleThenAdmin => {
            "the record or field is not what it was; read the schema again and look at the record"
        }
        Class::RetryNarrower | Class::RestartQuery => "a read is repeated by itself",
        Class::Bug => "this is a fault of ours; report it with the trace id",
        Class::Session => "the connection is renewed by itself",
        Class::Follow => "another row of the same request failed",
        Class::Final => "nothing can make this write succeed",
    }
}

#[cfg(test)]
mod tests;
