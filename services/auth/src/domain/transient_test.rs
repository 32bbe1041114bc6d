//! The law behind "nothing transient asks for a person", on a model of the whole refresh without any I/O: whatever Salesforce
//! and the network do for an hour, the connection is as before, and the first good answer after it is used.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use salesforce::oauth::{TokenFailure, classify_token_error};

use super::connection::{Connection, Grantee};
use super::grant::GrantKind;
use super::refresh::{AfterLook, Decision, Facts, Intent, Purpose, Sight, after_look, decide};
use super::state::{Loss, State};
use super::trouble::{Evidence, pause_ms, verdict};

/// One transient thing that happens to a call.
#[derive(Debug, Clone)]
enum Trouble {
    /// An answer that is no verdict on the grant.
    Answer(u16, String),
    /// No answer: reset, timeout, no name, no TLS.
    Silence,
}

/// Statuses and bodies that may mean anything but the end of a grant.
fn trouble() -> impl Strategy<Value = Trouble> {
    let html = Just("<html><body>Sorry</body></html>".to_owned());
    let words = prop::sample::select(vec![
        r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
        r#"{"error":"invalid_grant","error_description":"inactive user"}"#,
        r#"{"error":"invalid_client_id","error_description":"client identifier invalid"}"#,
        "{}",
        "[]",
        "",
    ])
    .prop_map(str::to_owned);
    let limited = prop::sample::select(vec![
        r#"{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}"#,
        r#"{"error":"unknown_error","error_description":"retry your request"}"#,
        r#"{"error":"server_error"}"#,
        r#"{"error":"temporarily_unavailable"}"#,
    ])
    .prop_map(str::to_owned);
    prop_oneof![
        // Behind a 5xx even the words of a refusal say nothing.
        (500_u16..600, words).prop_map(|(status, body)| Trouble::Answer(status, body)),
        (200_u16..600, html).prop_map(|(status, body)| Trouble::Answer(status, body)),
        (400_u16..500, limited).prop_map(|(status, body)| Trouble::Answer(status, body)),
        Just(Trouble::Silence),
    ]
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("in range")
}

struct Model {
    connection: Connection,
    facts: Facts,
    doubted: Option<Loss>,
    failures: u32,
    rotates: bool,
}

impl Model {
    fn new(kind_rotates: bool, doubted: Option<Loss>) -> Self {
        let grantee = Grantee {
            organization_id: "org".into(),
            user_id: "ann".into(),
            username: "ann@acme.example".into(),
            instance_url: "https://acme.my.salesforce.com".into(),
            is_sandbox: false,
        };
        let never = Connection::never("acme".parse().expect("an id"), at(0));
        Self {
            connection: never.authorized(grantee, at(0)),
            facts: Facts {
                now: at(0),
                state: State::Connected,
                generation: 1,
                has_access_token: true,
                held_until: None,
                intent: None,
                not_before: None,
            },
            doubted,
            failures: 0,
            rotates: kind_rotates,
        }
    }

    /// The call failed: what is remembered, and what becomes of the connection.
    fn fail(&mut self, failure: TokenFailure, ambiguous: bool, kind: GrantKind, jitter: f64) {
        let evidence = Evidence {
            doubted: self.doubted,
            ..Evidence::default()
        };
        let verdict = verdict(failure, evidence, kind);
        let after_s = match verdict {
            super::trouble::Verdict::Retry { after_s } => after_s,
            other => panic!("{failure:?} is no retry but {other:?}"),
        };
        if let Some(trigger) = verdict.trigger()
            && let Some(after) = self.connection.after(trigger, self.facts.now)
        {
            self.connection = after;
        }
        if ambiguous && kind.may_be_used_up() {
            self.facts.intent = Some(Intent {
                generation: self.facts.generation,
                settles_at: self.facts.now + TimeDelta::seconds(80),
            });
        }
        self.pause(after_s, jitter);
    }

    fn pause(&mut self, after_s: u64, jitter: f64) {
        self.failures += 1;
        let pause = pause_ms(after_s, self.failures, 5_000, jitter);
        let pause = TimeDelta::milliseconds(i64::try_from(pause).expect("minutes"));
        self.facts.not_before = Some(self.facts.now + pause);
    }

    /// One caller whose token was refused, at this moment, with this trouble.
    fn ask(&mut self, trouble: &Trouble, kind: GrantKind, jitter: f64) {
        match decide(&self.facts, Purpose::Serve, self.facts.generation) {
            Decision::Refresh => {
                let (failure, ambiguous) = match trouble {
                    Trouble::Answer(status, body) => {
                        let failure = classify_token_error(*status, body.as_bytes());
                        (failure, *status >= 500 || *status < 400)
                    }
                    Trouble::Silence => (TokenFailure::Retry { after_s: 5 }, true),
                };
                self.fail(failure, ambiguous, kind, jitter);
            }
            // In the same trouble a look sees nothing.
            Decision::Look => {
                assert_eq!(after_look(Sight::Unclear, self.rotates), AfterLook::Pause);
                self.pause(5, jitter);
            }
            Decision::Pause(until) => assert!(until > self.facts.now),
            other => panic!("a usable connection with nothing stored: {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn an_hour_of_any_trouble_leaves_a_connection_as_it_was(
        troubles in prop::collection::vec((trouble(), 0.0..1.0_f64), 1..200),
        rotates in any::<bool>(),
        doubted in prop::option::of(prop::sample::select(Loss::ALL.to_vec())),
        kind in prop::sample::select(vec![GrantKind::RefreshToken, GrantKind::JwtBearer]),
        step_s in 1_i64..40,
    ) {
        let mut model = Model::new(rotates, doubted);
        let before = model.connection.clone();
        for second in (0..3_600).step_by(usize::try_from(step_s).expect("small")) {
            model.facts.now = at(i64::from(second));
            let (trouble, jitter) = &troubles[usize::try_from(second).expect("small") % troubles.len()];
            model.ask(trouble, kind, *jitter);
            prop_assert_eq!(&model.connection, &before);
            // Not even a doubt is added or believed.
            prop_assert_eq!(model.doubted, doubted);
        }
        // Nobody is locked out afterwards: within the longest pause a call, or a look before it, is allowed again.
        model.facts.now = at(3_600 + 20 * 60);
        let next = decide(&model.facts, Purpose::Serve, model.facts.generation);
        prop_assert!(matches!(next, Decision::Refresh | Decision::Look), "{:?}", next);
    }
}

#[test]
fn each_state_stays_through_a_retry() {
    for status in [500, 502, 503, 504] {
        for kind in [GrantKind::RefreshToken, GrantKind::JwtBearer] {
            let failure = classify_token_error(status, b"");
            let decided = verdict(failure, Evidence::default(), kind);
            assert_eq!(decided.trigger(), None, "{status} {kind:?}");
        }
    }
}
