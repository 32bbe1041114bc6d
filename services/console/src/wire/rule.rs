//! What an admin says about matching, what it would change, and what a person corrects.

use chrono::{DateTime, Utc};
use events::matching::v1 as proto;
use events::rpc::RpcError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::matching::{Decision, DomainRule};

/// Words in a title, or among the companies mentioned, that mean an account or a deal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TitlePhrase {
    pub(crate) phrase: String,
    #[serde(default)]
    pub(crate) account_id: String,
    /// The deal meant; its account is meant too.
    #[serde(default)]
    pub(crate) opportunity_id: String,
}

impl From<proto::TitlePhrase> for TitlePhrase {
    fn from(phrase: proto::TitlePhrase) -> Self {
        Self {
            phrase: phrase.phrase,
            account_id: phrase.account_id,
            opportunity_id: phrase.opportunity_id,
        }
    }
}

impl From<TitlePhrase> for proto::TitlePhrase {
    fn from(phrase: TitlePhrase) -> Self {
        Self {
            phrase: phrase.phrase,
            account_id: phrase.account_id,
            opportunity_id: phrase.opportunity_id,
        }
    }
}

/// A phrase to be looked at before it is saved, or removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhrasePreview {
    pub(crate) phrase: String,
    #[serde(default)]
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) opportunity_id: String,
    /// As if it were removed instead.
    #[serde(default)]
    pub(crate) remove: bool,
}

/// A rule to be looked at before it is saved, or removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulePreview {
    pub(crate) domain: String,
    #[serde(default)]
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) account_id: String,
    /// As if it were removed instead; the class is then not needed.
    #[serde(default)]
    pub(crate) remove: bool,
}

impl RulePreview {
    /// The rule, and whether it is removed.
    pub(crate) fn rule(self) -> Result<(proto::DomainRule, bool), RpcError> {
        if self.remove {
            let rule = proto::DomainRule {
                domain: self.domain,
                account_id: self.account_id,
                ..proto::DomainRule::default()
            };
            return Ok((rule, true));
        }
        let rule = DomainRule {
            domain: self.domain,
            class: self.class,
            account_id: self.account_id,
        };
        Ok((rule.try_into()?, false))
    }
}

/// What a rule or phrase would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Meetings decided again.
    pub(crate) looked_at: u32,
    /// There are more than were looked at.
    pub(crate) truncated: bool,
    /// Decisions that would come out differently, newest first.
    pub(crate) flips: Vec<Flip>,
}

/// A decision that would come out differently.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Flip {
    pub(crate) meeting_id: String,
    pub(crate) title: String,
    pub(crate) before: Decision,
    pub(crate) after: Decision,
    /// Where a person has said what is right: whether the new decision would agree, `right` or `wrong`; else empty.
    pub(crate) labelled: String,
}

impl Preview {
    pub(crate) fn new(flips: Vec<proto::Flip>, looked_at: u32, truncated: bool) -> Self {
        let flip = |flip: proto::Flip| Flip {
            meeting_id: flip.meeting_id,
            title: flip.title,
            before: Decision::new(flip.before.unwrap_or_default()),
            after: Decision::new(flip.after.unwrap_or_default()),
            labelled: flip.labelled,
        };
        Self {
            looked_at,
            truncated,
            flips: flips.into_iter().map(flip).collect(),
        }
    }
}

/// A better match for a matched meeting: never taken by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoveProposal {
    pub(crate) id: String,
    pub(crate) meeting_id: String,
    pub(crate) title: String,
    /// What appeared or changed.
    pub(crate) reason: String,
    /// What would change, one line each.
    pub(crate) changes: Vec<String>,
    pub(crate) current: Decision,
    pub(crate) proposed: Decision,
    pub(crate) proposed_at: Option<DateTime<Utc>>,
}

impl From<proto::MoveProposal> for MoveProposal {
    fn from(proposal: proto::MoveProposal) -> Self {
        Self {
            id: proposal.id,
            meeting_id: proposal.meeting_id,
            title: proposal.title,
            reason: proposal.reason,
            changes: proposal.changes,
            current: Decision::new(proposal.current.unwrap_or_default()),
            proposed: Decision::new(proposal.proposed.unwrap_or_default()),
            proposed_at: super::time(proposal.proposed_at),
        }
    }
}

/// What to do with a proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settle {
    /// Takes the move: a person's choice from then on; otherwise declines it.
    pub(crate) accept: bool,
}

/// A proposal settled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settled {
    /// The new decision when it was accepted.
    pub(crate) decision: Option<Decision>,
}

/// A person's choice for one meeting: sticks until it is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    /// Empty to say that none fits.
    #[serde(default)]
    pub(crate) account_id: String,
    /// Empty for none.
    #[serde(default)]
    pub(crate) opportunity_id: String,
}

/// How meetings are matched in this workspace.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchingSettings {
    /// Probability from which an account is taken, 0.8 to 0.995; 0 for the default.
    #[serde(default)]
    pub(crate) account_threshold: f64,
    /// Probability from which an opportunity is taken, 0.8 to 0.995; 0 for the default.
    #[serde(default)]
    pub(crate) opportunity_threshold: f64,
    /// Days around opening and closing in which an opportunity may be meant, 1 to 365; 0 for the default.
    #[serde(default)]
    pub(crate) window_days: u32,
    /// Record types of the selected pipelines; none for all.
    #[serde(default)]
    pub(crate) pipeline_record_type_ids: Vec<String>,
    /// Deals of the parent account and of subsidiaries may be meant too.
    #[serde(default)]
    pub(crate) group_deals: bool,
    /// ISO 3166 country of telephone numbers typed without one; empty for none.
    #[serde(default)]
    pub(crate) phone_region: String,
}

impl From<proto::MatchingSettings> for MatchingSettings {
    fn from(settings: proto::MatchingSettings) -> Self {
        Self {
            account_threshold: settings.account_threshold,
            opportunity_threshold: settings.opportunity_threshold,
            window_days: settings.window_days,
            pipeline_record_type_ids: settings.pipeline_record_type_ids,
            group_deals: settings.group_deals,
            phone_region: settings.phone_region,
        }
    }
}

impl From<MatchingSettings> for proto::MatchingSettings {
    fn from(settings: MatchingSettings) -> Self {
        Self {
            account_threshold: settings.account_threshold,
            opportunity_threshold: settings.opportunity_threshold,
            window_days: settings.window_days,
            pipeline_record_type_ids: settings.pipeline_record_type_ids,
            group_deals: settings.group_deals,
            phone_region: settings.phone_region,
        }
    }
}
