//! A decision in one line for a person: bits with one digit, and never a probability without the runner-up.

use super::account::{Candidate, Evidence};
use super::decide::{Decision, Outcome};
use super::weight;
use std::fmt::Write;

/// Evidence and left-out items named in the line; the rest is in the structured decision.
const NAMED_MAX: usize = 4;

/// The line.
#[must_use]
pub fn explain(decision: &Decision) -> String {
    let mut line = match decision.outcome {
        Outcome::Internal => "Internal: nobody from outside.".to_owned(),
        Outcome::PartnerOnly => "Partner only: everybody from outside is a partner.".to_owned(),
        Outcome::Matched => match decision.candidates.first() {
            Some(best) => format!("{}.", weighed(best, decision.total)),
            None => "Matched.".to_owned(),
        },
        Outcome::Ambiguous => match decision.candidates.first() {
            Some(best) => format!("Ambiguous: {}.", weighed(best, decision.total)),
            None => "Ambiguous.".to_owned(),
        },
        Outcome::Unmatched if decision.chosen_by.is_some() => {
            "No account, chosen by a person.".to_owned()
        }
        Outcome::Unmatched => "Unmatched.".to_owned(),
    };
    if let (Some(next), Outcome::Matched | Outcome::Ambiguous) =
        (decision.candidates.get(1), decision.outcome)
    {
        let _ = write!(
            line,
            " Next: {} {:.2}, {:.1} bits behind.",
            next.name,
            weight::probability(next.total),
            (decision.candidates[0].total - next.total) as f64 / 1_000.0
        );
    }
    opportunity(decision, &mut line);
    if let Some(settle) = &decision.would_settle {
        let _ = write!(line, " Would settle: {settle}.");
    }
    if !decision.ignored.is_empty() {
        let named: Vec<String> = decision
            .ignored
            .iter()
            .take(NAMED_MAX)
            .map(|ignored| format!("{} ({})", ignored.what, ignored.why))
            .collect();
        let _ = write!(line, " Ignored: {}", named.join(", "));
        if decision.ignored.len() > NAMED_MAX {
            let _ = write!(line, " and {} more", decision.ignored.len() - NAMED_MAX);
        }
        line.push('.');
    }
    line
}

fn opportunity(decision: &Decision, line: &mut String) {
    match (decision.opportunity_outcome, decision.opportunities.first()) {
        (Outcome::Matched, Some(best)) => {
            let _ = write!(
                line,
                " Opportunity: {}.",
                weighed(best, decision.opportunity_total)
            );
        }
        (Outcome::Ambiguous, Some(best)) => {
            let next = decision
                .opportunities
                .get(1)
                .map(|next| format!(" or {}", next.name))
                .unwrap_or_default();
            let _ = write!(
                line,
                " Opportunity ambiguous: {}{next}.",
                weighed(best, decision.opportunity_total)
            );
        }
        _ => {}
    }
}

fn weighed(candidate: &Candidate, total: weight::Millibits) -> String {
    let named: Vec<String> = candidate
        .evidence
        .iter()
        .take(NAMED_MAX)
        .map(evidence)
        .collect();
    let reasons = if named.is_empty() {
        "open at the time".to_owned()
    } else {
        named.join(", ")
    };
    format!(
        "{}, {:.2}: {reasons}",
        candidate.name,
        weight::probability(total)
    )
}

fn evidence(evidence: &Evidence) -> String {
    let value = &evidence.value;
    let text = match evidence.signal {
        "record_id_from_upstream" => return format!("upstream names {value}"),
        "chosen_by_person" => return "chosen by a person".to_owned(),
        "contact_mail" => format!("{value} is a contact"),
        "contact_mail_other_employer" => {
            format!("{value} is a contact whose domain belongs to another account")
        }
        "converted_lead_mail" => format!("{value} is a converted lead"),
        "lead_mail" => format!("{value} is a lead"),
        "account_domain" => format!("{value} is the account's domain"),
        "alternate_domain" => format!("{value} is another domain of the account"),
        "colleague_domain" => format!("a contact uses {value}"),
        "contact_phone" => format!("{value} is a contact's number"),
        "domain_label" => format!("the domain {value} reads as the account's name"),
        "known_name" => format!("{value} is the name of a contact there"),
        "unique_name" => format!("{value} is the name of one contact only"),
        "shared_name" => format!("{value} is the name of a contact"),
        "title_company" => format!("\"{value}\" in the title"),
        "mentioned_company" => format!("\"{value}\" was mentioned"),
        "dormant_sibling" => "without activity while another has some".to_owned(),
        "look_alike_domain" => format!("{value} only looks like the account's domain"),
        "deal_named" => format!("\"{value}\" names it"),
        "product_named" => format!("\"{value}\" is a product on it"),
        "title_phrase" => format!("\"{value}\" means it, an admin says"),
        "earlier_in_series" => format!("{value} of the same series was about it"),
        "calendar_event_in_crm" => return format!("a calendar event in Salesforce is for {value}"),
        "team_member_on_call" => "a member of its team is on the call".to_owned(),
        "organizer_owns_account" => "the organizer owns the account".to_owned(),
        "owner_on_call" => "the account's owner is on the call".to_owned(),
        "organizer_owns_opportunity" => "the organizer owns it".to_owned(),
        "opportunity_owner_on_call" => "its owner is on the call".to_owned(),
        "opportunity_owner_absent" => "its owner is absent".to_owned(),
        "contact_role" | "contact_roles_absent" => value.clone(),
        "deal_type_in_title" => "the title names its type or another".to_owned(),
        "window" => "not open on the day".to_owned(),
        other => format!("{other} {value}"),
    };
    format!("{text} ({:+.1})", evidence.weight as f64 / 1_000.0)
}
