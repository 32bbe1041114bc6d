//! Normal forms of e-mail addresses and domains (matching guide, section 2). All are idempotent.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Longest address taken, in bytes (RFC 5321 path limit less brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;

/// An e-mail address in canonical form: two spellings of one mailbox are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
    key: Option<String>,
}

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over [`ADDRESS_BYTES_MAX`].
    #[error("is longer than 254 bytes")]
    TooLong,
    /// Control characters or spaces inside.
    #[error("contains control characters or spaces")]
    Control,
    /// No `@`, or nothing on one side of it.
    #[error("is not of the form name@host")]
    Shape,
    /// The host is an IP address, has no dot or is no domain name.
    #[error("has no domain name after the @")]
    Host,
}

impl Address {
    /// Parses `Name <a@b>`, `mailto:a@b` or `a@b`: lower case, host as A-label, `+tag` removed, and the dots of Gmail's
    /// local parts (`gmail.com` and `googlemail.com` are one domain).
    ///
    /// # Errors
    /// [`AddressError`] when the text cannot be a mailbox.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = match (text.rfind('<'), text.ends_with('>')) {
            (Some(open), true) => &text[open + 1..text.len() - 1],
            _ => text,
        };
        let text = text.trim();
        let text = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &text[7..],
            _ => text,
        };
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(AddressError::Control);
        }
        let (local, host) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        let host = canonical_host(host).ok_or(AddressError::Host)?;
        let local: String = unicode_normalization::UnicodeNormalization::nfc(local).collect();
        let local = local.to_lowercase();
        let local = match local.find('+') {
            Some(tag) if tag > 0 => &local[..tag],
            _ => local.as_str(),
        };
        let (local, host) = if host == "gmail.com" || host == "googlemail.com" {
            (local.replace('.', ""), "gmail.com".to_owned())
        } else {
            (local.to_owned(), host)
        };
        if local.is_empty() {
            return Err(AddressError::Shape);
        }
        let at = local.len();
        Ok(Self {
            key: registrable(&host),
            text: format!("{local}@{host}"),
            at,
        })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands after the `@`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The registrable domain, which stands for an organisation; see [`domain_key`].
    #[must_use]
    pub fn domain_key(&self) -> Option<String> {
        self.key.clone()
    }
}

/// Lower case, A-label, no trailing dot; `None` when it cannot be a domain name.
fn canonical_host(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.');
    if host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let host = idna::domain_to_ascii_strict(&host.to_lowercase()).ok()?;
    let dotted = host.contains('.') && !host.starts_with('.') && !host.contains("..");
    dotted.then_some(host)
}

/// The registrable domain of a host: public-suffix aware with the private section, one label more for the tenants of
/// `onmicrosoft.com`. `None` for a bare public suffix.
#[must_use]
pub fn domain_key(host: &str) -> Option<String> {
    registrable(&canonical_host(host)?)
}

/// Of a host in canonical form.
fn registrable(host: &str) -> Option<String> {
    let registrable = psl::domain_str(host)?;
    if registrable != "onmicrosoft.com" {
        return Some(registrable.to_owned());
    }
    let tenant = host.strip_suffix(".onmicrosoft.com")?.rsplit('.').next()?;
    Some(format!("{tenant}.onmicrosoft.com"))
}

/// The domain key of a website as people type it: with or without scheme, path, port, user or `www.`.
#[must_use]
pub fn website_domain(website: &str) -> Option<String> {
    let text = website.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or(text);
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let host = text.split_once(':').map_or(text, |(host, _)| host);
    domain_key(host)
}

/// Whether anybody may have a mailbox there, so that the domain says nothing about a company.
#[must_use]
pub fn is_free_mail(domain: &str) -> bool {
    static FREE: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        let lines = include_str!("../../data/free_mail_domains.txt").lines();
        lines
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    });
    FREE.contains(domain)
}

/// Providers of consumer mail that are companies too: their people and anybody have a mailbox there (guide, section 3).
#[must_use]
pub fn is_mixed(domain: &str) -> bool {
    const MIXED: [&str; 14] = [
        "bt.com",
        "telstra.com",
        "telstra.com.au",
        "orange.com",
        "telenet.be",
        "kpn.com",
        "swisscom.ch",
        "telus.com",
        "rogers.com",
        "verizon.net",
        "sky.com",
        "virginmedia.com",
        "vodafone.com",
        "telefonica.com",
    ];
    MIXED.contains(&domain)
}

/// Whether an address is a mailbox many read: its domain speaks for the account, nobody is met by it (guide, section 3).
#[must_use]
pub fn is_role(local: &str) -> bool {
    const ROLES: [&str; 44] = [
        "admin",
        "admins",
        "billing",
        "calendar",
        "careers",
        "contact",
        "customerservice",
        "deal-desk",
        "dealdesk",
        "dev",
        "enquiries",
        "events",
        "everyone",
        "finance",
        "frontdesk",
        "hello",
        "help",
        "helpdesk",
        "hr",
        "info",
        "invoices",
        "it",
        "jobs",
        "legal",
        "mail",
        "marketing",
        "meetings",
        "notifications",
        "office",
        "operations",
        "ops",
        "orders",
        "partners",
        "press",
        "procurement",
        "purchasing",
        "reception",
        "recruiting",
        "sales",
        "security",
        "service",
        "support",
        "team",
        "webmaster",
    ];
    ROLES.contains(&local)
}

/// What a domain looks like: characters that are read as one another are one. Two different domains with one skeleton are
/// look-alikes (UTS 39 describes the idea; this covers Latin labels, other scripts arrive as `xn--`).
#[must_use]
pub fn skeleton(domain: &str) -> String {
    let shown = domain
        .split('.')
        .map(|label| match label.strip_prefix("xn--") {
            Some(_) => idna::domain_to_unicode(label).0,
            None => label.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(".");
    let folded = super::name::fold::fold(&shown);
    folded
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
        .chars()
        .filter(|c| *c != '-')
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' | '|' => 'l',
            '5' => 's',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_mailbox_are_equal() {
        for (text, canonical) in [
            ("Ann.Lee@Acme.com", "ann.lee@acme.com"),
            ("Ann Lee <ann.lee@acme.com>", "ann.lee@acme.com"),
            ("mailto:ann+sales@acme.com.", "ann@acme.com"),
            ("A.N.N@googlemail.com", "ann@gmail.com"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ] {
            assert_eq!(Address::parse(text).unwrap().as_str(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused_with_the_reason() {
        for (text, error) in [
            ("", AddressError::Empty),
            ("ann", AddressError::Shape),
            ("@acme.com", AddressError::Shape),
            ("ann@localhost", AddressError::Host),
            ("ann@[10.0.0.1]", AddressError::Host),
            ("ann@10.0.0.1", AddressError::Host),
            ("a nn@acme.com", AddressError::Control),
            (
                &format!("{}@acme.com", "x".repeat(260)),
                AddressError::TooLong,
            ),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_domain_key_is_what_an_organisation_registers() {
        for (host, key) in [
            ("mail.emea.acme.co.uk", Some("acme.co.uk")),
            ("acme.com", Some("acme.com")),
            ("co.uk", None),
            ("tenant.onmicrosoft.com", Some("tenant.onmicrosoft.com")),
            ("shop.myshopify.com", Some("shop.myshopify.com")),
        ] {
            assert_eq!(domain_key(host).as_deref(), key, "{host}");
        }
    }

    #[test]
    fn a_website_is_read_as_people_type_it() {
        for website in [
            "https://www.acme.com/en?x=1",
            "acme.com",
            "WWW.ACME.COM:8443",
            "http://user@acme.com#top",
        ] {
            assert_eq!(
                website_domain(website).as_deref(),
                Some("acme.com"),
                "{website}"
            );
        }
        assert_eq!(website_domain("n/a"), None);
    }

    #[test]
    fn look_alikes_have_one_skeleton() {
        for (a, b) in [
            ("acme.com", "acrne.com"),
            ("paypal.com", "paypa1.com"),
            ("microsoft.com", "rnicr0soft.com"),
            ("apple.com", "xn--pple-43d.com"),
        ] {
            assert_eq!(skeleton(a), skeleton(b), "{a} {b}");
        }
        assert_ne!(skeleton("acme.com"), skeleton("acne.com"));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_idempotent(text in "[A-Za-z.+]{1,12}@[a-z]{1,8}\\.(com|co\\.uk|de)") {
            if let Ok(once) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(once.as_str()), Ok(once));
            }
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,300}") {
            let _ = Address::parse(&text);
            let _ = website_domain(&text);
        }
    }
}
