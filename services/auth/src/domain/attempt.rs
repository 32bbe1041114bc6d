//! The checks an attempt to connect has to pass, in the order in which they say most to the person waiting.
//!
//! The link, the browser and the answer belong together: whoever opens the link gets a cookie, and only that browser
//! may bring the answer, once, within ten minutes. Otherwise a stranger could make an admin connect the stranger's org.

use chrono::{DateTime, Utc};

/// Minutes from asking for a link to the answer.
pub const ATTEMPT_MINUTES_MAX: i64 = 10;
/// Longest path to return to, in characters.
pub const RETURN_PATH_CHARACTERS_MAX: usize = 512;

/// What is known about an attempt when somebody comes with its link or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether an answer was taken already.
    pub used: bool,
    /// Whether a browser is bound to it.
    pub bound: bool,
    /// Whether the browser at hand is that browser. Compared in constant time by the shell.
    pub same_browser: bool,
}

/// Why an attempt does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No attempt has this link or state.
    Unknown,
    /// Its ten minutes are over.
    Expired,
    /// Its answer was taken before.
    Replayed,
    /// Another browser than the one that opened the link.
    WrongBrowser,
}

/// May this browser open the link?
///
/// # Errors
/// The first reason why not.
pub fn may_open(standing: Standing, now: DateTime<Utc>) -> Result<(), Refusal> {
    if standing.used {
        return Err(Refusal::Replayed);
    }
    if now >= standing.expires_at {
        return Err(Refusal::Expired);
    }
    // The same browser may start over with its link; a second browser may not take it away.
    if standing.bound && !standing.same_browser {
        return Err(Refusal::WrongBrowser);
    }
    Ok(())
}

/// May this browser bring the answer?
///
/// The browser is checked first: a stranger learns nothing about the attempt and cannot use it up.
///
/// # Errors
/// The first reason why not.
pub fn may_return(standing: Standing, now: DateTime<Utc>) -> Result<(), Refusal> {
    if !standing.bound || !standing.same_browser {
        return Err(Refusal::WrongBrowser);
    }
    if standing.used {
        return Err(Refusal::Replayed);
    }
    if now >= standing.expires_at {
        return Err(Refusal::Expired);
    }
    Ok(())
}

/// How a new grant relates to the connection before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The first grant, or the same org and user.
    Same,
    /// Another user of the same org: accepted, verified again.
    OtherUser,
    /// Another org, and the admin starts over.
    StartsOver,
    /// Another org: refused, because mappings hold the ids of the connected one.
    OtherOrg,
}

/// Compares the org and user of a new grant with those connected before (empty when there were none).
#[must_use]
pub fn relation(before: (&str, &str), granted: (&str, &str), start_over: bool) -> Relation {
    let ((org_before, user_before), (org, user)) = (before, granted);
    if org_before.is_empty() || (org_before == org && user_before == user) {
        Relation::Same
    } else if org_before == org {
        Relation::OtherUser
    } else if start_over {
        Relation::StartsOver
    } else {
        Relation::OtherOrg
    }
}

/// A path on the console's own host to return to: begins with one slash, printable ASCII, nothing a browser could read
/// as another host. `None` when `text` is anything else.
#[must_use]
pub fn return_path(text: &str) -> Option<&str> {
    if text.is_empty() {
        return Some("/");
    }
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\\\"<>#".contains(&byte));
    (plain
        && text.len() <= RETURN_PATH_CHARACTERS_MAX
        && text.starts_with('/')
        && !text.starts_with("//"))
    .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    const FRESH: fn() -> Standing = || Standing {
        expires_at: at(600),
        used: false,
        bound: false,
        same_browser: false,
    };

    #[test]
    fn a_link_opens_for_one_browser_until_it_is_used_or_expired() {
        let mine = Standing {
            bound: true,
            same_browser: true,
            ..FRESH()
        };
        for (name, standing, now, expected) in [
            ("first", FRESH(), 0, Ok(())),
            ("again in the same browser", mine, 10, Ok(())),
            (
                "in another browser",
                Standing {
                    same_browser: false,
                    ..mine
                },
                10,
                Err(Refusal::WrongBrowser),
            ),
            ("too late", FRESH(), 600, Err(Refusal::Expired)),
            (
                "after the answer",
                Standing { used: true, ..mine },
                10,
                Err(Refusal::Replayed),
            ),
        ] {
            assert_eq!(may_open(standing, at(now)), expected, "{name}");
        }
    }

    #[test]
    fn an_answer_is_taken_once_in_time_from_the_browser_that_asked() {
        let mine = Standing {
            bound: true,
            same_browser: true,
            ..FRESH()
        };
        for (name, standing, now, expected) in [
            ("in time", mine, 599, Ok(())),
            ("too late", mine, 600, Err(Refusal::Expired)),
            (
                "twice",
                Standing { used: true, ..mine },
                10,
                Err(Refusal::Replayed),
            ),
            (
                "other browser",
                Standing {
                    same_browser: false,
                    ..mine
                },
                10,
                Err(Refusal::WrongBrowser),
            ),
            (
                "other browser learns nothing",
                Standing {
                    same_browser: false,
                    used: true,
                    ..mine
                },
                900,
                Err(Refusal::WrongBrowser),
            ),
            ("link never opened", FRESH(), 10, Err(Refusal::WrongBrowser)),
        ] {
            assert_eq!(may_return(standing, at(now)), expected, "{name}");
        }
    }

    #[test]
    fn another_org_is_refused_unless_started_over() {
        for (before, granted, start_over, expected) in [
            (("", ""), ("o1", "u1"), false, Relation::Same),
            (("o1", "u1"), ("o1", "u1"), false, Relation::Same),
            (("o1", "u1"), ("o1", "u2"), false, Relation::OtherUser),
            (("o1", "u1"), ("o2", "u1"), false, Relation::OtherOrg),
            (("o1", "u1"), ("o2", "u9"), true, Relation::StartsOver),
        ] {
            assert_eq!(relation(before, granted, start_over), expected);
        }
    }

    #[test]
    fn a_return_path_stays_on_the_console() {
        for good in ["/", "/settings/connection", "/w/acme?tab=crm&x=1"] {
            assert_eq!(return_path(good), Some(good));
        }
        assert_eq!(return_path(""), Some("/"));
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil",
            "settings",
            "/a b",
            "/a\nb",
            "/é",
            "/a#b",
            "/<script>",
        ] {
            assert_eq!(return_path(bad), None, "{bad:?}");
        }
        assert_eq!(return_path(&format!("/{}", "x".repeat(600))), None);
    }

    proptest! {
        #[test]
        fn an_accepted_path_joined_to_the_console_keeps_its_host(text in "[/\\\\a-z:@?.%]{0,12}") {
            if let Some(path) = return_path(&text) {
                let joined = url::Url::parse(&format!("https://console.example{path}")).expect("parses");
                prop_assert_eq!(joined.host_str(), Some("console.example"));
            }
        }
    }
}
