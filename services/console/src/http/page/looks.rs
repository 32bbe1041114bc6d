//! How states and values look: a tone, which is a colour, and always words besides, because not everybody sees colours.

use events::crm::v1::ConnectionState;
use events::matching::v1::Outcome;
use events::metadata::v1::SyncState;
use events::writeback::v1::{Action, ChangeSetState, ChangeState, Verdict};

use crate::domain::setup::{self, Step};
use crate::wire::access::MissedMeeting;
use crate::wire::change::{Change, Count, Quote, Reason, Writeback};
use crate::wire::connection::Connection;
use crate::wire::drift::DriftItem;
use crate::wire::mapping::Entry;
use crate::wire::matching::{Candidate, Decision, Evidence, ListedMeeting, RunnerUp, Story};
use crate::wire::rule::Flip;
use crate::wire::shown::{self, Shown};
use crate::wire::sync::SyncRun;
use crate::wire::word::Word;

/// A state as shown.
pub(super) struct Badge {
    /// `good`, `busy`, `warn`, `bad` or `calm`: a class of the stylesheet.
    pub(super) tone: &'static str,
    pub(super) words: String,
}

fn badge(tone: &'static str, word: impl Word) -> Badge {
    Badge {
        tone,
        words: word.word().replace('_', " "),
    }
}

fn change_state(state: ChangeState) -> Badge {
    let tone = match state {
        ChangeState::Applied => "good",
        ChangeState::Proposed | ChangeState::Approved | ChangeState::Executing => "busy",
        ChangeState::Held | ChangeState::Uncertain => "warn",
        ChangeState::Blocked | ChangeState::Refused | ChangeState::Failed => "bad",
        ChangeState::Unspecified
        | ChangeState::Dismissed
        | ChangeState::Expired
        | ChangeState::Superseded
        | ChangeState::Undone => "calm",
    };
    badge(tone, state)
}

fn outcome(outcome: Outcome) -> Badge {
    let tone = match outcome {
        Outcome::Matched => "good",
        Outcome::Ambiguous => "warn",
        Outcome::Unspecified | Outcome::Unmatched | Outcome::Internal | Outcome::PartnerOnly => {
            "calm"
        }
    };
    badge(tone, outcome)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

impl Step {
    pub(super) fn is_next(&self) -> bool {
        self.state == setup::State::Next
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == setup::State::Done
    }

    /// Whether it keeps the workspace from being live.
    pub(super) fn is_missing(&self) -> bool {
        match self.state {
            setup::State::Next | setup::State::Locked | setup::State::Attention => true,
            setup::State::Done | setup::State::Open => false,
        }
    }

    pub(super) fn is_locked(&self) -> bool {
        self.state == setup::State::Locked
    }

    /// A class of the stylesheet and the sign it shows beside the words.
    pub(super) fn mark(&self) -> (&'static str, &'static str) {
        match self.state {
            setup::State::Done => ("good", "✓"),
            setup::State::Next => ("next", "→"),
            setup::State::Open => ("calm", "○"),
            setup::State::Attention => ("warn", "!"),
            setup::State::Locked => ("calm", "·"),
        }
    }
}

impl Connection {
    /// Only a person can mend it.
    pub(super) fn needs_person(&self) -> bool {
        self.state == ConnectionState::ReconnectRequired
    }

    pub(super) fn badge(&self) -> Badge {
        let tone = match self.state {
            ConnectionState::Connected => "good",
            ConnectionState::Authorizing => "busy",
            ConnectionState::AccessLimited | ConnectionState::Suspended => "warn",
            ConnectionState::ReconnectRequired => "bad",
            ConnectionState::Unspecified
            | ConnectionState::NotConnected
            | ConnectionState::Disconnected => "calm",
        };
        badge(tone, self.state)
    }
}

impl DriftItem {
    pub(super) fn badge(&self) -> Badge {
        let tone = if self.entry_ids.is_empty() {
            "warn"
        } else {
            "bad"
        };
        badge(tone, self.kind)
    }
}

impl Flip {
    /// Its meeting's id in a path.
    pub(super) fn segment(&self) -> String {
        super::path_segment(&self.meeting_id)
    }
}

impl Story {
    /// Its id in a path.
    pub(super) fn segment(&self) -> String {
        super::path_segment(&self.meeting_id)
    }

    /// Candidates of one object, to choose from.
    pub(super) fn candidates_of(&self, object: &str) -> Vec<&Candidate> {
        let of = |candidate: &&Candidate| candidate.object == object;
        self.decision.candidates.iter().filter(of).collect()
    }
}

impl MissedMeeting {
    /// Its id in a path.
    pub(super) fn segment(&self) -> String {
        super::path_segment(&self.meeting_id)
    }
}

impl ListedMeeting {
    pub(super) fn badge(&self) -> Badge {
        outcome(self.outcome)
    }

    pub(super) fn segment(&self) -> String {
        super::path_segment(&self.meeting_id)
    }
}

impl Writeback {
    pub(super) fn badge(&self) -> Badge {
        let tone = match self.state {
            ChangeSetState::Executing => "busy",
            ChangeSetState::Waiting => "warn",
            ChangeSetState::Done => "good",
            ChangeSetState::Unspecified | ChangeSetState::Empty | ChangeSetState::Superseded => {
                "calm"
            }
        };
        badge(tone, self.state)
    }

    pub(super) fn tally(&self) -> String {
        let words: Vec<String> = self
            .counts
            .iter()
            .map(|count| format!("{} {}", count.count, count.state_words()))
            .collect();
        words.join(", ")
    }
}

impl Story {
    /// The title, or the id of a meeting whose content was purged.
    pub(super) fn heading(&self) -> &str {
        match &self.meeting {
            Some(meeting) if !meeting.title.is_empty() => &meeting.title,
            Some(_) | None => &self.meeting_id,
        }
    }
}

impl Decision {
    pub(super) fn badge(&self) -> Badge {
        outcome(self.outcome)
    }

    pub(super) fn opportunity_badge(&self) -> Badge {
        outcome(self.opportunity_outcome)
    }

    pub(super) fn sureness(&self) -> String {
        percent(self.probability)
    }

    pub(super) fn opportunity_sureness(&self) -> String {
        percent(self.opportunity_probability)
    }

    pub(super) fn by_person(&self) -> bool {
        self.decided_by.word() == "person"
    }
}

impl Candidate {
    pub(super) fn sureness(&self) -> String {
        percent(self.probability)
    }
}

impl RunnerUp {
    /// How far behind, in bits.
    pub(super) fn bits(&self) -> String {
        let size = self.margin_millibits.unsigned_abs();
        format!("{}.{}", size / 1000, size % 1000 / 100)
    }
}

impl Evidence {
    /// Weight in bits: each doubles or halves the odds.
    pub(super) fn bits(&self) -> String {
        let sign = if self.millibits < 0 { "−" } else { "+" };
        let size = self.millibits.unsigned_abs();
        format!("{sign}{}.{}", size / 1000, size % 1000 / 100)
    }

    pub(super) fn signal_words(&self) -> String {
        self.signal.replace('_', " ")
    }
}

impl Change {
    /// It is in Salesforce, and can be taken back.
    pub(super) fn is_applied(&self) -> bool {
        self.state == ChangeState::Applied
    }

    pub(super) fn is_held(&self) -> bool {
        self.state == ChangeState::Held
    }

    /// What makes it risky, in words.
    pub(super) fn risk_words(&self) -> Vec<String> {
        self.risks
            .iter()
            .map(|risk| risk.replace('_', " "))
            .collect()
    }
}

impl Change {
    pub(super) fn badge(&self) -> Badge {
        change_state(self.state)
    }

    /// `Opportunity.NextStep`, or what is created.
    pub(super) fn target(&self) -> String {
        match self.action {
            Action::Unspecified | Action::UpdateField => format!("{}.{}", self.object, self.field),
            Action::CreateTask => "New task".to_owned(),
            Action::CreateEvent => "New event".to_owned(),
            Action::CreateNote => "New note".to_owned(),
            Action::CreateContact => "New contact".to_owned(),
            Action::CreateRole => "New contact role".to_owned(),
            Action::CreateRelation => "Further contact".to_owned(),
            Action::CreateOpportunity => "New opportunity".to_owned(),
            Action::DeleteRecord => format!("Delete {}", self.object),
        }
    }

    pub(super) fn sureness(&self) -> String {
        percent(self.confidence)
    }

    pub(super) fn is_update(&self) -> bool {
        matches!(self.action, Action::UpdateField)
    }

    /// Updates and new records are; a note has no rules, and what is taken back is not asked.
    pub(super) fn can_be_rehearsed(&self) -> bool {
        !matches!(
            self.action,
            Action::Unspecified | Action::CreateNote | Action::DeleteRecord
        )
    }

    pub(super) fn baseline_shown(&self) -> Vec<Shown> {
        shown::shown(self.baseline.as_deref())
    }

    pub(super) fn proposed_shown(&self) -> Vec<Shown> {
        shown::shown(self.proposed.as_deref())
    }

    pub(super) fn observed_shown(&self) -> Vec<Shown> {
        shown::shown(self.observed.as_deref())
    }

    /// What stood in the way.
    pub(super) fn objections(&self) -> Vec<&Reason> {
        let objects = |reason: &&Reason| reason.verdict != Verdict::Pass;
        self.reasons.iter().filter(objects).collect()
    }

    /// What did not.
    pub(super) fn passes(&self) -> Vec<&Reason> {
        let passes = |reason: &&Reason| reason.verdict == Verdict::Pass && !is_doubt(reason);
        self.reasons.iter().filter(passes).collect()
    }

    /// Validation rules of which nobody knows what they will say; a rehearsal tells.
    pub(super) fn doubts(&self) -> Vec<&Reason> {
        self.reasons
            .iter()
            .filter(|reason| is_doubt(reason))
            .collect()
    }

    pub(super) fn segment(&self) -> String {
        super::path_segment(&self.meeting_id)
    }
}

/// A rule that could not be evaluated, or not for this change alone.
fn is_doubt(reason: &Reason) -> bool {
    reason.gate == "validation_rules"
        && matches!(
            reason.code.as_str(),
            "cannot_tell" | "cannot_tell_more" | "depends_on_siblings"
        )
}

impl Reason {
    pub(super) fn badge(&self) -> Badge {
        let tone = match self.verdict {
            Verdict::Pass => "good",
            Verdict::Wait => "busy",
            Verdict::Hold => "warn",
            Verdict::Block => "bad",
            Verdict::Unspecified => "calm",
        };
        badge(tone, self.verdict)
    }

    pub(super) fn gate_words(&self) -> String {
        self.gate.replace('_', " ")
    }
}

impl Quote {
    /// Minutes and seconds from the start of the recording.
    pub(super) fn at(&self) -> String {
        let seconds = self.offset_ms / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}

impl Entry {
    pub(super) fn overwrite_words(&self) -> String {
        self.overwrite.replace('_', " ")
    }
}

impl Count {
    pub(super) fn state_words(&self) -> String {
        self.state.word().replace('_', " ")
    }
}

impl SyncRun {
    pub(super) fn badge(&self) -> Badge {
        let tone = match self.state {
            SyncState::Done => "good",
            SyncState::Queued | SyncState::Running => "busy",
            SyncState::Failed => "bad",
            SyncState::Unspecified => "calm",
        };
        badge(tone, self.state)
    }

    pub(super) fn kind_words(&self) -> String {
        self.kind.word().replace('_', " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_read_as_bits() {
        let bits = |millibits| {
            let evidence = Evidence {
                signal: String::new(),
                group: String::new(),
                value: String::new(),
                record_id: String::new(),
                participant: -1,
                millibits,
            };
            evidence.bits()
        };
        assert_eq!(bits(5_250), "+5.2");
        assert_eq!(bits(-340), "−0.3");
    }

    #[test]
    fn a_moment_of_the_recording_reads_as_minutes() {
        let quote = Quote {
            quote: String::new(),
            speaker: String::new(),
            offset_ms: 872_000,
        };
        assert_eq!(quote.at(), "14:32");
    }
}
