//! The way from nothing to live: its steps in their order, which are done, which comes next, and why others wait.
//!
//! The order is the product's: connect, review access, map, permit, verify, then live. This only shows it; each owner
//! enforces it, whoever asks.

/// How connected a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reach {
    /// Not, or not any more.
    #[default]
    None,
    /// Connected, and something is out of reach or it is interrupted.
    Limited,
    /// Everything needed is in reach.
    Full,
}

/// What the owners say, as far as the steps depend on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) reach: Reach,
    /// Differences in the org nobody decided about.
    pub(crate) drift_open: usize,
    /// The org's records are known to matching.
    pub(crate) records_known: bool,
    pub(crate) stage_controls: usize,
    /// Version of the published mapping; 0 for none.
    pub(crate) mapping_version: u64,
    /// Objects and fields that may be written after review or by themselves.
    pub(crate) permitted: usize,
    pub(crate) verified: bool,
    pub(crate) live: bool,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing to do.
    Done,
    /// The first that is to be done.
    Next,
    /// Can be done, now or later.
    Open,
    /// Done, and something is wrong with it.
    Attention,
    /// Needs another step first.
    Locked,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Below the workspace's own path.
    pub(crate) path: &'static str,
    pub(crate) title: &'static str,
    pub(crate) state: State,
    /// How it stands, in words.
    pub(crate) words: String,
}

/// All steps, in order. At most one is next.
pub(crate) fn steps(facts: &Facts) -> Vec<Step> {
    let connected = facts.reach != Reach::None;
    let mapped = facts.mapping_version > 0;
    let permitted = facts.permitted > 0;
    let needs_connection = (!connected).then_some("connect first");
    let needs_mapping = needs_connection.or((!mapped).then_some("publish a mapping first"));
    let needs_permissions = needs_mapping.or((!permitted).then_some("permit a field first"));
    let needs_verification = needs_permissions.or((!facts.verified).then_some("verify first"));
    let mut steps = vec![
        match facts.reach {
            Reach::None => step("connection", "Connection", State::Open, "not connected"),
            Reach::Limited => step("connection", "Connection", State::Attention, "needs a look"),
            Reach::Full => step("connection", "Connection", State::Done, "connected"),
        },
        match (facts.drift_open, needs_connection) {
            (0, None) => step("properties", "Properties", State::Done, "as mapped"),
            (open, None) => step(
                "properties",
                "Properties",
                State::Attention,
                format!("{open} changed in the org"),
            ),
            (_, Some(why)) => step("properties", "Properties", State::Locked, why),
        },
        optional(
            "stages",
            "Pipeline stages",
            facts.stage_controls > 0,
            needs_connection,
            format!("{} controlled", facts.stage_controls),
        ),
        required(
            "mapping",
            "Field mapping",
            mapped,
            needs_connection,
            format!("version {} published", facts.mapping_version),
        ),
        required(
            "permissions",
            "Permissions",
            permitted,
            needs_mapping,
            format!("{} permitted", facts.permitted),
        ),
        optional(
            "matching",
            "Matching",
            facts.records_known,
            needs_connection,
            "records loaded".to_owned(),
        ),
        required(
            "verification",
            "Verification",
            facts.verified,
            needs_permissions,
            "passed".to_owned(),
        ),
        required(
            "live",
            "Go live",
            facts.live,
            needs_verification,
            "writing".to_owned(),
        ),
    ];
    let must = |step: &&mut Step| step.state == State::Open && step.words != OPTIONAL;
    if let Some(next) = steps.iter_mut().find(must) {
        next.state = State::Next;
    }
    steps
}

/// How a step that may be left out stands before it was done.
const OPTIONAL: &str = "optional";

fn step(path: &'static str, title: &'static str, state: State, words: impl Into<String>) -> Step {
    Step {
        path,
        title,
        state,
        words: words.into(),
    }
}

fn required(
    path: &'static str,
    title: &'static str,
    done: bool,
    waits_for: Option<&str>,
    done_words: String,
) -> Step {
    match (done, waits_for) {
        // What was done before and lost its ground since is not done: live without a connection writes nothing.
        (true, None) => step(path, title, State::Done, done_words),
        (true, Some(why)) => step(path, title, State::Attention, why),
        (false, None) => step(path, title, State::Open, "to do"),
        (false, Some(why)) => step(path, title, State::Locked, why),
    }
}

fn optional(
    path: &'static str,
    title: &'static str,
    done: bool,
    waits_for: Option<&str>,
    done_words: String,
) -> Step {
    match required(path, title, done, waits_for, done_words) {
        Step {
            state: State::Open, ..
        } => step(path, title, State::Open, OPTIONAL),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(facts: &Facts) -> String {
        let one = |step: Step| format!("{}: {:?}, {}", step.title, step.state, step.words);
        steps(facts)
            .into_iter()
            .map(one)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn nothing_but_connecting_is_open_at_first() {
        insta::assert_snapshot!(told(&Facts::default()), @r"
        Connection: Next, not connected
        Properties: Locked, connect first
        Pipeline stages: Locked, connect first
        Field mapping: Locked, connect first
        Permissions: Locked, connect first
        Matching: Locked, connect first
        Verification: Locked, connect first
        Go live: Locked, connect first
        ");
    }

    #[test]
    fn each_gate_opens_the_next_step() {
        let connected = Facts {
            reach: Reach::Full,
            ..Facts::default()
        };
        let mapped = Facts {
            mapping_version: 2,
            ..connected.clone()
        };
        let permitted = Facts {
            permitted: 3,
            ..mapped.clone()
        };
        let verified = Facts {
            verified: true,
            ..permitted.clone()
        };
        let live = Facts {
            live: true,
            ..verified.clone()
        };
        for (facts, next) in [
            (connected, Some("Field mapping")),
            (mapped, Some("Permissions")),
            (permitted, Some("Verification")),
            (verified, Some("Go live")),
            (live, None),
        ] {
            let steps = steps(&facts);
            let found: Vec<_> = steps
                .iter()
                .filter(|step| step.state == State::Next)
                .map(|step| step.title)
                .collect();
            assert_eq!(found, Vec::from_iter(next), "{facts:?}");
        }
    }

    #[test]
    fn what_lost_its_ground_asks_for_attention() {
        let facts = Facts {
            reach: Reach::Limited,
            drift_open: 2,
            mapping_version: 1,
            permitted: 1,
            live: true,
            ..Facts::default()
        };
        insta::assert_snapshot!(told(&facts), @r"
        Connection: Attention, needs a look
        Properties: Attention, 2 changed in the org
        Pipeline stages: Open, optional
        Field mapping: Done, version 1 published
        Permissions: Done, 1 permitted
        Matching: Open, optional
        Verification: Next, to do
        Go live: Attention, verify first
        ");
    }
}
