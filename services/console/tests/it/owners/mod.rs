//! The owners console asks, answering from a script: one process that serves all four.

mod auth_rpc;
mod matching_rpc;
mod metadata_sync_rpc;
mod writeback_rpc;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chassis::{ConsumerSpec, Rig, Service, Store};
use events::auth::v1::{self as auth, AuthServer};
use events::crm::v1::{self as crm, ConnectionState, OverwritePolicy, RecordRef};
use events::matching::v1::{self as matching, MatchingServer, Outcome};
use events::meeting::v1::{Evidence, MeetingProcessed};
use events::metadata::v1::{self as metadata, MetadataSyncServer};
use events::rpc::{CallContext, Code, Role, RpcError};
use events::writeback::v1::{self as writeback, ChangeState, Verdict, WritebackServer};

/// The meeting every owner knows.
pub(crate) const MEETING: &str = "m-1/α";
/// Where auth sends browsers.
pub(crate) const CONNECT_URL: &str = "https://auth.example.com/oauth/connect/abc?x=1&y=2";

/// What the owners say, and how often they were asked to change something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Text put wherever an owner answers text of strangers.
    pub(crate) text: Arc<str>,
    /// How many changes wait; 0 for the one every test knows.
    pub(crate) queued: u64,
    changed: Arc<AtomicUsize>,
    draft: Arc<Mutex<Option<crm::Mapping>>>,
}

impl Script {
    pub(crate) fn saying(text: &str) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// With so many changes waiting.
    pub(crate) fn with_queue(mut self, changes: u64) -> Self {
        self.queued = changes;
        self
    }

    /// Wishes that reached an owner.
    pub(crate) fn changes(&self) -> usize {
        self.changed.load(Ordering::SeqCst)
    }

    /// The draft of the mapping that was saved last.
    pub(crate) fn draft(&self) -> Option<crm::Mapping> {
        self.draft.lock().expect("nobody panicked").clone()
    }

    fn change(&self, context: &CallContext) -> Result<(), RpcError> {
        context.require(Role::Admin)?;
        self.changed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn said(&self) -> String {
        self.text.to_string()
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OwnersOptions {
    #[arg(skip)]
    pub(crate) script: Script,
}

pub(crate) struct Owners;

impl Service for Owners {
    const NAME: &'static str = "owners";
    const STORE: Option<Store> = None;
    type Options = OwnersOptions;

    fn consumers() -> Vec<ConsumerSpec> {
        Vec::new()
    }

    async fn build(options: OwnersOptions, rig: &mut Rig) -> anyhow::Result<()> {
        rig.serve_rpc(AuthServer(options.script.clone()));
        rig.serve_rpc(MetadataSyncServer(options.script.clone()));
        rig.serve_rpc(MatchingServer(options.script.clone()));
        rig.serve_rpc(WritebackServer(options.script));
        Ok(())
    }
}

fn unasked<T>() -> Result<T, RpcError> {
    Err(RpcError::new(Code::Internal, "no test asks this"))
}

impl Script {
    fn decision(&self) -> matching::Decision {
        let evidence = matching::Evidence {
            signal: "contact_email".into(),
            group: "identity".into(),
            value: self.said(),
            millibits: 9_500,
            ..matching::Evidence::default()
        };
        let candidate = matching::Candidate {
            object: "Account".into(),
            record_id: "001000000000001AAA".into(),
            name: self.said(),
            millibits: 9_500,
            probability: 0.991,
            evidence: vec![evidence],
            ..matching::Candidate::default()
        };
        matching::Decision {
            id: "d-1".into(),
            workspace: "acme".into(),
            meeting_id: MEETING.into(),
            meeting_revision: 1,
            outcome: Outcome::Matched.into(),
            account_id: "001000000000001AAA".into(),
            opportunity_outcome: Outcome::Ambiguous.into(),
            probability: 0.991,
            candidates: vec![candidate],
            explanation: self.said(),
            ..matching::Decision::default()
        }
    }

    fn change_of(&self, state: ChangeState) -> writeback::Change {
        let text = serde_json::to_string(&self.said()).expect("is written");
        let reason = |gate: &str, verdict: Verdict| writeback::Reason {
            gate: gate.into(),
            verdict: verdict.into(),
            code: "human_edit_newer".into(),
            message: self.said(),
            fields: Vec::new(),
            rule: None,
        };
        let value = |value: &str| writeback::RuleValue {
            path: "NextStep".into(),
            value: Some(value.into()),
            before: None,
        };
        let predicted = writeback::Reason {
            code: "predicted_block".into(),
            rule: Some(writeback::RuleFinding {
                rule: "Agreed".into(),
                message: self.said(),
                explanation: format!("The rule fires because {}.", self.said()),
                because: vec![writeback::RuleCondition {
                    text: "NOT(ISBLANK(NextStep))".into(),
                    holds: true,
                    values: vec![value(&self.said())],
                }],
                would_lift: vec!["NextStep".into()],
            }),
            ..reason("validation_rules", Verdict::Hold)
        };
        let doubt = writeback::Reason {
            code: "cannot_tell".into(),
            ..reason("validation_rules", Verdict::Pass)
        };
        writeback::Change {
            id: "c-1".into(),
            meeting_id: MEETING.into(),
            action: writeback::Action::UpdateField.into(),
            record: Some(RecordRef {
                object: "Opportunity".into(),
                id: "006000000000001AAA".into(),
            }),
            field: "NextStep".into(),
            baseline_json: "null".into(),
            proposed_json: text,
            confidence: 0.92,
            evidence: vec![Evidence {
                quote: self.said(),
                speaker: "Ann".into(),
                offset_ms: 872_000,
            }],
            state: state.into(),
            reasons: vec![
                reason("connection", Verdict::Pass),
                reason("overwrite_policy", Verdict::Hold),
                predicted,
                doubt,
            ],
            version: 4,
            rehearsal: Some(writeback::Rehearsal {
                accepted: false,
                said: vec![reason("salesforce", Verdict::Block)],
                together: vec!["Amount".into()],
                by: "user:ann@acme.example".into(),
                at: None,
            }),
            ..writeback::Change::default()
        }
    }

    fn set(&self) -> writeback::ChangeSet {
        writeback::ChangeSet {
            id: "s-1".into(),
            meeting_id: MEETING.into(),
            meeting_revision: 1,
            state: writeback::ChangeSetState::Waiting.into(),
            changes: vec![
                self.change_of(ChangeState::Held),
                writeback::Change {
                    id: "c-2".into(),
                    state: ChangeState::Applied.into(),
                    ..writeback::Change::default()
                },
            ],
            ..writeback::ChangeSet::default()
        }
    }
}
