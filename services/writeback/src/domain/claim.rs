//! A text too long for its event: where it is kept, and whether what was fetched is it.

use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::mapping::Content;
use super::text;

/// Largest text fetched, in bytes: more than any field takes, and a note this long is read by nobody.
pub const TEXT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A claim check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which text.
    pub content: Content,
    /// Where it is.
    pub url: String,
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// Where a text is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On a host an operator allowed.
    Web(Url),
    /// In an object store of our own NATS.
    Bucket {
        /// The store.
        bucket: String,
        /// The object.
        key: String,
    },
}

/// Where a claim may be fetched from. Addresses come from outside: only hosts that are named may be asked, by https, or by
/// http on this machine.
///
/// # Errors
/// Why it is not fetched, for a person.
pub fn place(claim: &Claim, hosts: &[String]) -> Result<Place, String> {
    if claim.size_bytes > TEXT_BYTES_MAX {
        return Err(format!(
            "it has {} bytes and at most {TEXT_BYTES_MAX} are fetched",
            claim.size_bytes
        ));
    }
    let url = Url::parse(&claim.url).map_err(|_| "its address is none".to_owned())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    match url.scheme() {
        "nats" => {
            let key = url.path().trim_start_matches('/').to_owned();
            let is_name = |text: &str| {
                !text.is_empty()
                    && text.len() <= 128
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            if !is_name(&host) || key.is_empty() || key.len() > 512 {
                return Err("its address is not nats://bucket/key".to_owned());
            }
            Ok(Place::Bucket { bucket: host, key })
        }
        "https" | "http" => {
            let loopback = match url.host() {
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                Some(Host::Domain(_)) | None => false,
            };
            if url.scheme() == "http" && !loopback {
                return Err("its address is not https".to_owned());
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err("its address carries credentials".to_owned());
            }
            let named = match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            };
            if !hosts.contains(&named) {
                return Err(format!(
                    "{named} is not in WRITEBACK_CLAIM_HOSTS; an operator adds it"
                ));
            }
            Ok(Place::Web(url))
        }
        _ => Err("its address is neither https nor nats".to_owned()),
    }
}

/// The text, when the bytes are the ones that were claimed.
///
/// # Errors
/// What is wrong with them, for a person.
pub fn verified(claim: &Claim, bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 != claim.size_bytes {
        return Err(format!(
            "{} bytes were there instead of {}",
            bytes.len(),
            claim.size_bytes
        ));
    }
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if !digest.eq_ignore_ascii_case(&claim.sha256) {
        return Err("what was there has another digest".to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text::clean(&text)),
        Err(_) => Err("what was there is no text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(url: &str, text: &str) -> Claim {
        Claim {
            content: Content::Notes,
            url: url.into(),
            sha256: Sha256::digest(text)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            size_bytes: text.len() as u64,
        }
    }

    #[test]
    fn only_named_hosts_and_our_own_object_stores_are_asked() {
        let hosts = ["texts.example".to_owned(), "127.0.0.1:81".to_owned()];
        for (url, expected) in [
            ("https://texts.example/a?b", "web"),
            ("https://TEXTS.example/a", "web"),
            ("http://127.0.0.1:81/a", "web"),
            ("nats://meetings/m-1/notes", "bucket"),
            ("https://texts.example:444/a", "WRITEBACK_CLAIM_HOSTS"),
            ("https://texts.example.evil/a", "WRITEBACK_CLAIM_HOSTS"),
            ("https://texts.example@evil.example/", "credentials"),
            ("https://169.254.169.254/latest", "WRITEBACK_CLAIM_HOSTS"),
            ("http://texts.example/a", "not https"),
            ("nats://meetings", "nats://bucket/key"),
            ("nats://a.b/key", "nats://bucket/key"),
            ("file:///etc/passwd", "neither"),
            ("not an address", "none"),
        ] {
            let placed = match place(&claim(url, "x"), &hosts) {
                Ok(Place::Web(_)) => "web".to_owned(),
                Ok(Place::Bucket { .. }) => "bucket".to_owned(),
                Err(why) => why,
            };
            assert!(placed.contains(expected), "{url}: {placed}");
        }
        let huge = Claim {
            size_bytes: TEXT_BYTES_MAX + 1,
            ..claim("nats://meetings/m-1", "x")
        };
        assert!(place(&huge, &hosts).is_err());
    }

    #[test]
    fn what_was_fetched_is_what_was_claimed_or_nothing() {
        let claimed = claim("nats://b/k", "what was said");
        let fetched = |text: &str| verified(&claimed, text.as_bytes().to_vec());
        assert_eq!(fetched("what was said").as_deref(), Ok("what was said"));
        assert!(fetched("what was SAID").is_err());
        assert!(fetched("what was").is_err());
        let binary = Claim {
            sha256: "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89".into(),
            size_bytes: 1,
            ..claimed
        };
        assert!(verified(&binary, vec![0xff]).is_err());
    }
}
