//! One sample meeting: published, followed to its end, and compared with what its file expects.

use events::matching::v1::{Decision, Outcome};
use events::writeback::v1::{Action, Change, ChangeSet, ChangeState, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::fixtures::{Meeting, OneOrMany, Setting};
use testkit::org::{Rest, quoted};
use testkit::otlp::Sink;
use testkit::publish::{Publisher, Trace};
use testkit::setup::Admin;

/// Longest one meeting may take from publication to its end.
const SETTLED_MAX: Duration = Duration::from_secs(60);
/// Longest shown of a value.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// What became of a meeting.
pub(crate) struct Tale {
    pub(crate) meeting: Meeting,
    /// Why it was not told at all.
    pub(crate) skipped: Option<String>,
    pub(crate) decision: Option<Decision>,
    pub(crate) set: Option<ChangeSet>,
    pub(crate) trace_id: String,
    /// Spans of its trace and the services they came from.
    pub(crate) spans: (usize, BTreeSet<String>),
    /// What Salesforce holds, read back; by change, in order.
    pub(crate) salesforce: Vec<String>,
    /// Where it ended otherwise than its file expects.
    pub(crate) differences: Vec<String>,
}

/// What telling needs.
pub(crate) struct Teller<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) publisher: Publisher,
    pub(crate) rest: &'a Rest,
    /// `Object.Field` the connected user may write.
    pub(crate) fields: BTreeSet<String>,
    pub(crate) setting: &'a Setting<'a>,
}

impl Teller<'_> {
    pub(crate) async fn tell(&self, meeting: Meeting) -> anyhow::Result<Tale> {
        let trace = Trace::begin();
        let mut tale = Tale {
            meeting,
            skipped: None,
            decision: None,
            set: None,
            trace_id: trace.trace_id.clone(),
            spans: (0, BTreeSet::new()),
            salesforce: Vec::new(),
            differences: Vec::new(),
        };
        if let Some(needed) = tale
            .meeting
            .needs
            .clone()
            .filter(|needed| !self.fields.contains(needed))
        {
            tale.skipped = Some(format!(
                "skipped: the org has no {needed} this user may write"
            ));
            return Ok(tale);
        }
        let publications = tale.meeting.publications(self.setting)?;
        let mut revision = 0;
        for publication in &publications {
            if publication.event.revision > revision && revision > 0 {
                // The newer revision is to meet changes of the older one that wait.
                self.admin
                    .settled(&publication.event.id, revision, SETTLED_MAX)
                    .await?;
            }
            revision = publication.event.revision;
            self.publisher.publish(publication, &trace).await?;
        }
        let id = &publications[0].event.id;
        let set = self.admin.settled(id, revision, SETTLED_MAX).await?;
        tale.decision = self.admin.decision(id).await?.map(|(decision, _)| decision);
        for change in &set.changes {
            tale.salesforce.push(self.read_back(change).await);
        }
        tale.set = Some(set);
        tale.differences = self.differences(&tale).await?;
        Ok(tale)
    }

    /// What Salesforce holds now, asked of Salesforce and not of the product.
    async fn read_back(&self, change: &Change) -> String {
        let Some(record) = change
            .record
            .as_ref()
            .filter(|record| !record.id.is_empty())
        else {
            return String::new();
        };
        match (change.action(), change.state()) {
            (Action::UpdateField, ChangeState::Applied) => {
                match self
                    .rest
                    .record(&record.object, &record.id, &[&change.field])
                    .await
                {
                    Ok(found) => format!("{} = {}", change.field, shown(&found[&change.field])),
                    Err(error) => error.to_string(),
                }
            }
            (Action::CreateTask, ChangeState::Applied) => {
                match self
                    .rest
                    .record("Task", &record.id, &["Subject", "Status"])
                    .await
                {
                    Ok(found) => format!(
                        "Task {}: {}, {}",
                        record.id,
                        shown(&found["Subject"]),
                        shown(&found["Status"])
                    ),
                    Err(error) => error.to_string(),
                }
            }
            _ => String::new(),
        }
    }

    async fn differences(&self, tale: &Tale) -> anyhow::Result<Vec<String>> {
        let expect = &tale.meeting.expect;
        let mut found = Vec::new();
        let mut compare = |what: &str, expected: &OneOrMany, got: String| {
            if !expected.allows(&got) {
                found.push(format!("{what} is {got}, expected {}", expected.text()));
            }
        };
        compare("outcome", &expect.outcome, tale.outcome());
        if let Some(opportunity) = &expect.opportunity {
            let decided = tale
                .decision
                .as_ref()
                .map(|decision| outcome_word(decision.opportunity_outcome()));
            compare(
                "opportunity",
                &OneOrMany::One(opportunity.clone()),
                decided.unwrap_or("undecided").to_owned(),
            );
        }
        for (what, expected) in &expect.changes {
            let state = tale
                .changes()
                .iter()
                .find(|change| label(change) == *what)
                .map(|change| state_word(change.state()));
            compare(what, expected, state.unwrap_or("absent").to_owned());
        }
        let twice: Vec<String> = tale.changes().iter().map(label).collect();
        let distinct: BTreeSet<&String> = twice.iter().collect();
        if distinct.len() < twice.len() && tale.opportunity_matched() {
            found.push(format!("changes are doubled: {}", twice.join(", ")));
        }
        if let (Some(revision), Some(set)) = (expect.revision, &tale.set)
            && set.meeting_revision != revision
        {
            found.push(format!(
                "revision is {}, expected {revision}",
                set.meeting_revision
            ));
        }
        if let Some(words) = &expect.not_in_salesforce
            && let Some(place) = self.turned_up(tale, words).await?
        {
            found.push(format!("{place} holds what must not leave"));
        }
        Ok(found)
    }

    /// Where words turned up in the records of a meeting, if anywhere.
    async fn turned_up(&self, tale: &Tale, words: &str) -> anyhow::Result<Option<String>> {
        let Some(decision) = &tale.decision else {
            return Ok(None);
        };
        let account = quoted(&decision.account_id);
        let queries = [
            format!("SELECT Id, Subject, Description FROM Task WHERE AccountId = {account}"),
            format!(
                "SELECT Id, NextStep, Description FROM Opportunity WHERE AccountId = {account}"
            ),
        ];
        for soql in queries {
            for record in self.rest.query(&soql).await? {
                if record.to_string().contains(words) {
                    return Ok(Some(shown(&record["Id"])));
                }
            }
        }
        Ok(None)
    }
}

impl Tale {
    pub(crate) fn changes(&self) -> &[Change] {
        self.set
            .as_ref()
            .map(|set| set.changes.as_slice())
            .unwrap_or_default()
    }

    pub(crate) fn outcome(&self) -> String {
        let decided = self
            .decision
            .as_ref()
            .map(|decision| outcome_word(decision.outcome()));
        decided.unwrap_or("undecided").to_owned()
    }

    fn opportunity_matched(&self) -> bool {
        self.decision
            .as_ref()
            .is_some_and(|decision| !decision.opportunity_id.is_empty())
    }

    /// The tale in one line, while the story runs.
    pub(crate) fn line(&self) -> String {
        if let Some(skipped) = &self.skipped {
            return format!("{:<22} {skipped}", self.meeting.id());
        }
        let changes: Vec<String> = self
            .changes()
            .iter()
            .map(|change| format!("{} {}", label(change), state_word(change.state())))
            .collect();
        let changes = if changes.is_empty() {
            "nothing to write".to_owned()
        } else {
            changes.join(", ")
        };
        let mark = if self.differences.is_empty() {
            ""
        } else {
            "  (not as expected)"
        };
        format!(
            "{:<22} {:<12} {changes}{mark}",
            self.meeting.id(),
            self.outcome()
        )
    }
}

/// `Opportunity.NextStep`, or the kind of activity.
pub(crate) fn label(change: &Change) -> String {
    match change.action() {
        Action::UpdateField => {
            let object = change
                .record
                .as_ref()
                .map(|record| record.object.as_str())
                .unwrap_or_default();
            format!("{object}.{}", change.field)
        }
        Action::CreateTask => "Task".to_owned(),
        Action::CreateEvent => "Event".to_owned(),
        Action::CreateNote => "Note".to_owned(),
        Action::CreateContact => "Contact".to_owned(),
        Action::CreateRole => "Role".to_owned(),
        Action::CreateRelation => "Relation".to_owned(),
        Action::CreateOpportunity => "Opportunity".to_owned(),
        Action::DeleteRecord => "Delete".to_owned(),
        Action::Unspecified => "?".to_owned(),
    }
}

/// The reasons that decided, for a person: the worst, or Salesforce's own.
pub(crate) fn reasons(change: &Change) -> Vec<String> {
    let telling =
        |verdict: Verdict| matches!(verdict, Verdict::Wait | Verdict::Hold | Verdict::Block);
    let told = change
        .reasons
        .iter()
        .filter(|reason| telling(reason.verdict()) || reason.gate == "salesforce");
    told.map(|reason| format!("{}: {}", reason.gate, reason.message))
        .collect()
}

pub(crate) fn state_word(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Unspecified => "unknown",
        ChangeState::Proposed => "proposed",
        ChangeState::Approved => "approved",
        ChangeState::Held => "held",
        ChangeState::Blocked => "blocked",
        ChangeState::Executing => "executing",
        ChangeState::Applied => "applied",
        ChangeState::Refused => "refused",
        ChangeState::Failed => "failed",
        ChangeState::Uncertain => "uncertain",
        ChangeState::Dismissed => "dismissed",
        ChangeState::Expired => "expired",
        ChangeState::Superseded => "superseded",
        ChangeState::Undone => "undone",
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unspecified => "undecided",
        Outcome::Matched => "matched",
        Outcome::Ambiguous => "ambiguous",
        Outcome::Unmatched => "unmatched",
        Outcome::Internal => "internal",
        Outcome::PartnerOnly => "partner_only",
    }
}

/// Counts the spans of each tale's trace that were collected.
pub(crate) fn count_spans(tales: &mut [Tale], sink: &Sink) {
    for tale in tales {
        let spans = sink.of_trace(&tale.trace_id);
        let services = spans.iter().map(|span| span.service.clone()).collect();
        tale.spans = (spans.len(), services);
    }
}

/// A JSON value short enough for a table.
pub(crate) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN_CHARACTERS_MAX {
        return text;
    }
    let short: String = text.chars().take(SHOWN_CHARACTERS_MAX - 3).collect();
    format!("{short}...")
}
