//! The conclusion from where the candidates stand (matching guide, section 6): a function of integers, drawn again bit for bit
//! from what is frozen with a decision.

use super::account::Candidate;
use super::decide::Outcome;
use super::facts::{Facts, Settings};
use super::name::company;
use super::weight::{self, Millibits};

/// What the conclusion needs of a candidate: kept with the decision, so that it can be drawn again bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Prior plus evidence.
    pub total: Millibits,
    /// Why it may not be taken without a person.
    pub never_automatic: Option<Never>,
}

/// Why a candidate is never taken automatically (matching guide, section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {
    /// It is a partner.
    Partner,
    /// Nothing but texts, or a name seen once, speaks for it, or for it rather than for one that shares its domain.
    Hearsay,
    /// Another record has its name and its domain, and nobody in the room is a contact of either.
    EnteredTwice,
}

impl Never {
    /// The word it is kept by.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Hearsay => "hearsay",
            Self::EnteredTwice => "entered_twice",
        }
    }

    /// The reason a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Partner, Self::Hearsay, Self::EnteredTwice]
            .into_iter()
            .find(|never| never.word() == word)
    }
}

/// Where the candidates stand, in their order.
#[must_use]
pub fn standing(candidates: &[Candidate], facts: &Facts) -> Vec<Standing> {
    let mut standing: Vec<Standing> = candidates
        .iter()
        .map(|candidate| Standing {
            total: candidate.total,
            never_automatic: if facts
                .accounts
                .get(&candidate.id)
                .is_some_and(|account| account.is_partner)
            {
                Some(Never::Partner)
            } else {
                hearsay(candidate).then_some(Never::Hearsay)
            },
        })
        .collect();
    if let (Some(first), Some(best)) = (standing.first_mut(), candidates.first())
        && first.never_automatic.is_none()
    {
        let others = &candidates[1..];
        first.never_automatic = if others.iter().any(|other| entered_twice(best, other, facts)) {
            Some(Never::EnteredTwice)
        } else {
            others
                .iter()
                .any(|other| told_apart_by_a_name(best, other))
                .then_some(Never::Hearsay)
        };
    }
    standing
}

/// One name and one domain are one company with two records (matching guide, section 5.1). Which of them is used shows only
/// by somebody who is a contact of one; that one has a website says nothing.
fn entered_twice(best: &Candidate, other: &Candidate, facts: &Facts) -> bool {
    // What is cheap to see first: few candidates share a domain.
    if !share_a_domain(best, other) || has_contact(best) {
        return false;
    }
    let (Some(one), Some(two)) = (facts.accounts.get(&best.id), facts.accounts.get(&other.id))
    else {
        return false;
    };
    let related = one.parent_id == two.id || two.parent_id == one.id;
    !related && company::core(&one.name) == company::core(&two.name)
}

/// Whether only a name seen once tells an account from another one of its domain: people share names, and a colleague may
/// work for either (matching guide, section 6).
fn told_apart_by_a_name(best: &Candidate, other: &Candidate) -> bool {
    let by_name: Millibits = best
        .evidence
        .iter()
        .filter(|evidence| matches!(evidence.signal, "unique_name" | "shared_name"))
        .map(|evidence| evidence.weight)
        .sum();
    let lead = best.total - other.total;
    by_name > 0
        && lead >= weight::MARGIN
        && lead - by_name < weight::MARGIN
        && !has_contact(best)
        && share_a_domain(best, other)
}

fn has_contact(candidate: &Candidate) -> bool {
    let groups = ["identity", "mail", "phone"];
    let mut evidence = candidate.evidence.iter();
    evidence.any(|evidence| groups.contains(&evidence.group) && evidence.weight > 0)
}

fn share_a_domain(one: &Candidate, other: &Candidate) -> bool {
    let mut ours = one
        .evidence
        .iter()
        .filter(|evidence| evidence.group == "domain");
    ours.any(|our| {
        let mut theirs = other
            .evidence
            .iter()
            .filter(|evidence| evidence.group == "domain");
        theirs.any(|their| their.value == our.value)
    })
}

/// Whether an address, a domain, a number or an id speaks for it, or a name and a text together.
#[must_use]
pub fn hearsay(candidate: &Candidate) -> bool {
    let has = |group: &str| {
        candidate
            .evidence
            .iter()
            .any(|evidence| evidence.group == group && evidence.weight > 0)
    };
    let hard = ["identity", "mail", "domain", "phone"].into_iter().any(has);
    let both = has("name") && has("text");
    !hard && !both
}

/// What follows from where the candidates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Matched, ambiguous or unmatched.
    pub outcome: Outcome,
    /// What the posterior is computed from.
    pub total: Millibits,
    /// Whether the best is far enough from the next.
    pub margin: bool,
}

/// Concludes from candidates, best first.
#[must_use]
pub fn conclude(candidates: &[Standing], settings: &Settings) -> Verdict {
    let Some(best) = candidates
        .first()
        .filter(|best| best.total >= weight::FLOOR)
    else {
        return Verdict {
            outcome: Outcome::Unmatched,
            total: candidates
                .first()
                .map_or(weight::ACCOUNT_PRIOR, |best| best.total),
            margin: false,
        };
    };
    let second = candidates.get(1).map(|candidate| candidate.total);
    // Only a runner-up worth a question lowers the posterior; the margin is asked of every runner-up.
    let posterior = match second {
        Some(second) if second > weight::FLOOR => best.total.min(best.total - second),
        _ => best.total,
    };
    let margin = second.is_none_or(|second| best.total - second >= weight::MARGIN);
    let mut total = settings.calibration.apply(posterior);
    if best.never_automatic.is_some() {
        total = total.min(weight::NEVER_AUTOMATIC);
    }
    let matched = total >= settings.account_matched && margin && best.never_automatic.is_none();
    Verdict {
        outcome: if matched {
            Outcome::Matched
        } else {
            Outcome::Ambiguous
        },
        total,
        margin,
    }
}
