//! People of the matched account who are no contacts yet: their address is of a domain that led to the account, and no
//! contact has it. What matching left out of its evidence is found by the executor, which looks before it creates.

use super::decision::Match;
use super::meeting::{Meeting, Person};

/// Newcomers proposed of one meeting: more is a webinar, not a meeting.
const NEWCOMERS_MAX: usize = 20;

/// Somebody who could become a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Given names; empty when only one name is known.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Address, in lower case.
    pub email: String,
}

/// The newcomers of a meeting, each address once, in the order of its participants.
#[must_use]
pub fn newcomers(meeting: &Meeting, matched: &Match) -> Vec<Newcomer> {
    let mut found: Vec<Newcomer> = Vec::new();
    if matched.account_id.is_empty() || matched.is_ambiguous() {
        return found;
    }
    for person in meeting.people.iter().filter(|person| took_part(person)) {
        let email = person.email.trim().to_lowercase();
        let Some((_, domain)) = email.rsplit_once('@') else {
            continue;
        };
        let is_theirs = matched.account_domains.iter().any(|known| known == domain);
        let is_known = matched.known_addresses.contains(&email);
        let is_new = !found.iter().any(|other| other.email == email);
        if !is_theirs || is_known || !is_new {
            continue;
        }
        // Without a name there is nobody to create: an address is not one.
        let Some((first_name, last_name)) = names(&person.name) else {
            continue;
        };
        found.push(Newcomer {
            first_name,
            last_name,
            email,
        });
        if found.len() == NEWCOMERS_MAX {
            break;
        }
    }
    found
}

/// Who declined and was not seen did not take part.
fn took_part(person: &Person) -> bool {
    person.is_human && (person.attended || !person.declined)
}

/// Given and family name of a name as shown: `Ann Lee`, `Lee, Ann` or `Ann`.
fn names(shown: &str) -> Option<(String, String)> {
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown.contains('@') || !shown.chars().any(char::is_alphabetic) {
        return None;
    }
    let (first, last) = match shown.split_once(',') {
        Some((last, first)) if !last.trim().is_empty() => (first.trim(), last.trim()),
        Some(_) => return None,
        None => shown.rsplit_once(' ').unwrap_or(("", &shown)),
    };
    Some((first.to_owned(), last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_name_has_a_family_name_or_is_none() {
        for (shown, expected) in [
            ("Ann Lee", Some(("Ann", "Lee"))),
            ("  Ann  Marie   Lee ", Some(("Ann Marie", "Lee"))),
            ("Lee, Ann", Some(("Ann", "Lee"))),
            ("Ann", Some(("", "Ann"))),
            ("山田 太郎", Some(("山田", "太郎"))),
            ("ann@acme.example", None),
            ("+49 30 123", None),
            (", Ann", None),
            ("", None),
        ] {
            let expected = expected.map(|(a, b): (&str, &str)| (a.to_owned(), b.to_owned()));
            assert_eq!(names(shown), expected, "{shown}");
        }
    }

    #[test]
    fn only_unknown_people_of_the_accounts_domain_who_took_part_are_newcomers() {
        let person = |name: &str, email: &str| Person {
            name: name.into(),
            email: email.into(),
            attended: true,
            declined: false,
            is_human: true,
        };
        let mut robot = person("Note Taker", "bot@acme.example");
        robot.is_human = false;
        let mut absent = person("Abe Sent", "abe@acme.example");
        (absent.attended, absent.declined) = (false, true);
        let meeting = Meeting {
            people: vec![
                person("Ann Lee", "Ann@Acme.example"),
                person("Ann Lee", "ann@acme.example"),
                person("Known Person", "known@acme.example"),
                person("Some Body", "some@elsewhere.example"),
                person("Owner", "us@ours.example"),
                robot,
                absent,
            ],
            ..Meeting::default()
        };
        let matched = Match {
            account_id: "001A".into(),
            account_domains: vec!["acme.example".into()],
            known_addresses: vec!["known@acme.example".into()],
            ..Match::default()
        };
        let found = newcomers(&meeting, &matched);
        let emails: Vec<&str> = found.iter().map(|one| one.email.as_str()).collect();
        assert_eq!(emails, ["ann@acme.example"]);
        let nobodys = Match {
            account_id: String::new(),
            ..matched
        };
        assert!(newcomers(&meeting, &nobodys).is_empty());
    }
}
