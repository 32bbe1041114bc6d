//! A match decision as writeback needs it.

/// How a decision about one kind of record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// One record wins.
    #[default]
    Matched,
    /// Several could be it.
    Ambiguous,
    /// None is likely enough.
    Unmatched,
    /// Nobody from outside.
    Internal,
    /// Only partners from outside.
    PartnerOnly,
}

/// Which records a meeting belongs to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Match {
    /// Its id.
    pub id: String,
    /// Grows when the same revision is decided again.
    pub sequence: u64,
    /// Of the account or lead.
    pub outcome: Outcome,
    /// Account; empty when none.
    pub account_id: String,
    /// Contacts in the meeting, primary first.
    pub contact_ids: Vec<String>,
    /// Lead; empty when none.
    pub lead_id: String,
    /// Of the opportunity.
    pub opportunity_outcome: Outcome,
    /// Opportunity; empty when none.
    pub opportunity_id: String,
    /// Its record type; empty when none.
    pub opportunity_record_type_id: String,
    /// Probability of the account or lead, 0 to 1.
    pub probability: f64,
    /// Probability of the opportunity, 0 to 1.
    pub opportunity_probability: f64,
    /// A calendar Event found in Salesforce; empty when none.
    pub event_id: String,
    /// One line for a person.
    pub explanation: String,
    /// What would settle it; empty when settled.
    pub would_settle: String,
    /// Names of contacts that were weighed, by id, for texts a person reads.
    pub contact_names: Vec<(String, String)>,
    /// Domains of addresses that led to the account.
    pub account_domains: Vec<String>,
    /// Addresses that contacts or converted leads have, in lower case.
    pub known_addresses: Vec<String>,
}

impl Match {
    /// Whether a person could still make it a match.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.outcome == Outcome::Ambiguous
    }
}
