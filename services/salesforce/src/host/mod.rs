//! Which hosts may receive a token, decided purely.
//!
//! `instance_url`, the identity URL and every URL inside an answer are untrusted input: a wrong host
//! there hands an org to whoever runs it. All URLs we call come out of [`AllowList`], as a [`Base`].

use std::fmt;

use url::{Host, Url};

use crate::options::SpecialCloud;

/// Longest host name accepted (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// Where browsers log in and tokens are issued. Beside `salesforce.com` some orgs still answer from
/// these older suffixes; all of them are Salesforce's own.
const LOGIN_SUFFIXES: &[&str] = &[
    "salesforce.com",
    "salesforce-setup.com",
    "cloudforce.com",
    "database.com",
];

/// Where API calls go. `force.com` is left out on purpose: customers control pages there.
const API_SUFFIXES: &[&str] = &["salesforce.com"];

/// A scheme, host and optional port that passed the allow-list; never carries a path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Base(String);

impl Base {
    /// The address without a trailing slash, such as `https://acme.my.salesforce.com`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This base followed by `path`, which must start with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        debug_assert!(path.starts_with('/'), "paths are absolute");
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base({})", self.0)
    }
}

/// Which kind of org a custom login domain belongs to; decides the suffix we append to the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DomainKind {
    /// `{label}.my.salesforce.com`
    Production,
    /// `{label}.sandbox.my.salesforce.com`, where the label is `{domain}--{sandbox}`
    Sandbox,
    /// `{label}.develop.my.salesforce.com`
    Developer,
    /// `{label}.scratch.my.salesforce.com`
    Scratch,
    /// `{label}.trailblaze.my.salesforce.com`
    Trailblaze,
    /// `{label}.demo.my.salesforce.com`
    Demo,
    /// `{label}.patch.my.salesforce.com`
    Patch,
    /// `{label}.free.my.salesforce.com`
    Free,
}

impl DomainKind {
    /// The kind a bare label usually means: `acme--uat` a sandbox, `acme-dev-ed` a Developer Edition.
    pub fn of_label(label: &str) -> Self {
        if label.contains("--") {
            Self::Sandbox
        } else if label.ends_with("-dev-ed") {
            Self::Developer
        } else {
            Self::Production
        }
    }

    /// The fixed suffix of this kind.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Production => "my.salesforce.com",
            Self::Sandbox => "sandbox.my.salesforce.com",
            Self::Developer => "develop.my.salesforce.com",
            Self::Scratch => "scratch.my.salesforce.com",
            Self::Trailblaze => "trailblaze.my.salesforce.com",
            Self::Demo => "demo.my.salesforce.com",
            Self::Patch => "patch.my.salesforce.com",
            Self::Free => "free.my.salesforce.com",
        }
    }
}

/// Why a host or URL is refused. Never contains user information of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It does not parse as an absolute URL or host.
    #[error("not a valid address; expected https://host")]
    Malformed,
    /// Neither https nor http to an allowed loopback host.
    #[error("scheme must be https (http is accepted for loopback hosts only)")]
    Scheme,
    /// User name or password before the host.
    #[error("address must not contain user information")]
    UserInfo,
    /// A port other than 443 on a host that was not listed with that port.
    #[error("port {0} is not allowed; add host:port to SALESFORCE_ALLOWED_HOSTS if it is meant")]
    Port(u16),
    /// An IP address that was not listed.
    #[error("host must be a name, not an IP address")]
    Ip,
    /// Punycode, non-ASCII, a trailing dot, or characters no Salesforce host has.
    #[error("host contains characters no Salesforce host has")]
    Characters,
    /// A well-formed host outside the list.
    #[error(
        "host {0:?} is not a Salesforce host; add it to SALESFORCE_ALLOWED_HOSTS if it is meant"
    )]
    NotAllowed(String),
    /// A path, query or fragment where only a host is expected.
    #[error("address must have no path, query or fragment")]
    Path,
    /// A custom domain label with forbidden characters.
    #[error(
        "domain must be the part before .my.salesforce.com: letters, digits and single hyphens"
    )]
    Label,
    /// A relative URL in an answer that does not stay under the data API.
    #[error("link in the answer does not start with /services/data/")]
    Link,
}

/// One extra host an operator allows, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Extra {
    host: String,
    /// `None` allows the default port of the scheme only.
    port: Option<u16>,
}

/// Salesforce's hosts plus those an operator added.
#[derive(Debug, Clone)]
pub struct AllowList {
    extra: Vec<Extra>,
    clouds: Vec<&'static str>,
}

impl AllowList {
    /// Builds the list; `extra` entries are `host` or `host:port`, matched exactly.
    ///
    /// # Errors
    /// The first entry that is not a plain host with an optional port.
    pub fn new(extra: &[String], clouds: &[SpecialCloud]) -> Result<Self, HostError> {
        let extra = extra
            .iter()
            .map(|entry| entry.trim())
            .filter(|entry| !entry.is_empty())
            .map(parse_extra)
            .collect::<Result<_, _>>()?;
        let clouds = clouds
            .iter()
            .map(|cloud| match cloud {
                SpecialCloud::UsDefence => "my.salesforce.mil",
                SpecialCloud::China => "sfcrmproducts.cn",
            })
            .collect();
        Ok(Self { extra, clouds })
    }

    /// The `host:port` of an address when it is loopback: such an address needs no further permission.
    pub(crate) fn loopback_authority(url: &str) -> Option<String> {
        let parsed = Url::parse(url).ok().filter(is_loopback)?;
        let host = parsed.host_str()?.to_owned();
        Some(match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        })
    }

    /// A host that serves the OAuth endpoints: `url` must be a bare `scheme://host[:port]`.
    ///
    /// # Errors
    /// The first rule the address breaks.
    pub fn login(&self, url: &str) -> Result<Base, HostError> {
        bare(&self.check(url, LOGIN_SUFFIXES)?)
    }

    /// A host that serves the data API, such as a token response's `instance_url`.
    ///
    /// # Errors
    /// The first rule the address breaks.
    pub fn api(&self, url: &str) -> Result<Base, HostError> {
        bare(&self.check(url, API_SUFFIXES)?)
    }

    /// The identity URL of a token response, path kept: it must be `/id/{org}/{user}`.
    ///
    /// # Errors
    /// The first rule the address breaks.
    pub(crate) fn identity(&self, url: &str) -> Result<Url, HostError> {
        let url = self.check(url, LOGIN_SUFFIXES)?;
        if !url.path().starts_with("/id/") || url.query().is_some() || url.fragment().is_some() {
            return Err(HostError::Path);
        }
        Ok(url)
    }

    /// The login address of a customer's own domain, built from a label the user typed.
    ///
    /// # Errors
    /// [`HostError::Label`] when the label is not a plain domain label.
    pub fn custom_domain(&self, label: &str, kind: DomainKind) -> Result<Base, HostError> {
        let label = label.trim().to_ascii_lowercase();
        if !is_domain_label(&label) {
            return Err(HostError::Label);
        }
        self.login(&format!("https://{label}.{}", kind.suffix()))
    }

    /// Whether `host` was added by the operator: such hosts may resolve to private addresses.
    pub(crate) fn is_extra(&self, host: &str) -> bool {
        self.extra.iter().any(|extra| extra.host == host)
    }

    fn check(&self, text: &str, suffixes: &[&str]) -> Result<Url, HostError> {
        // The URL parser repairs much (backslashes, tabs, percent-encoded hosts, IPv4 in octal). What
        // it would repair is refused first, so that the text and what we call are the same thing.
        let authority = authority_of(text)?;
        let url = Url::parse(text).map_err(|_| HostError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
            return Err(HostError::UserInfo);
        }
        let host = match url.host() {
            Some(Host::Domain(host)) => host.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => format!("[{ip}]"),
            None => return Err(HostError::Malformed),
        };
        let written = authority
            .strip_suffix(&format!(":{}", url.port().unwrap_or(0)))
            .or_else(|| authority.strip_suffix(":443"))
            .or_else(|| authority.strip_suffix(":80"))
            .unwrap_or(authority);
        if !written.eq_ignore_ascii_case(&host) {
            return Err(HostError::Characters);
        }
        let extra = self
            .extra
            .iter()
            .any(|extra| extra.host == host && extra.port == url.port());
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) && extra => return Ok(url),
            _ => return Err(HostError::Scheme),
        }
        if extra {
            return Ok(url);
        }
        if !matches!(url.host(), Some(Host::Domain(_))) {
            return Err(HostError::Ip);
        }
        if let Some(port) = url.port() {
            return Err(HostError::Port(port));
        }
        if !is_plain_host(&host) {
            return Err(HostError::Characters);
        }
        let mut allowed = suffixes.iter().chain(&self.clouds);
        if !allowed.any(|suffix| is_under(&host, suffix)) {
            return Err(HostError::NotAllowed(host));
        }
        Ok(url)
    }
}

/// The path of a link found in an answer, safe to join to our own base.
///
/// # Errors
/// [`HostError::Link`] unless the link is, or points to, a path under `/services/data/`.
pub fn data_path(link: &str) -> Result<String, HostError> {
    // An absolute link keeps its path only: the host in an answer is never followed.
    let path = match link.split_once("://") {
        Some((_, rest)) => match rest.find('/') {
            Some(at) => &rest[at..],
            None => return Err(HostError::Link),
        },
        None => link,
    };
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~?=&%+,:!$'()*;@".contains(&byte));
    let (route, _query) = path.split_once('?').unwrap_or((path, ""));
    let lower = route.to_ascii_lowercase();
    let climbs = route.split('/').any(|part| part == "." || part == "..")
        || lower.contains("%2e")
        || lower.contains("%2f")
        || lower.contains("%5c");
    if !plain || climbs || !route.starts_with("/services/data/") {
        return Err(HostError::Link);
    }
    Ok(path.to_owned())
}

fn bare(url: &Url) -> Result<Base, HostError> {
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(HostError::Path);
    }
    Ok(Base(url.as_str().trim_end_matches('/').to_owned()))
}

/// The authority as written, with everything the URL parser would quietly repair refused.
fn authority_of(text: &str) -> Result<&str, HostError> {
    if text
        .bytes()
        .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
    {
        return Err(HostError::Characters);
    }
    let (_, rest) = text.split_once("://").ok_or(HostError::Malformed)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.is_empty() {
        return Err(HostError::Malformed);
    }
    Ok(authority)
}

fn parse_extra(entry: &str) -> Result<Extra, HostError> {
    if entry.contains('/') || entry.contains('@') {
        return Err(HostError::Malformed);
    }
    // Parsed as http so that a port 443 that was written stays; both default ports mean "none".
    let url = Url::parse(&format!("http://{entry}")).map_err(|_| HostError::Malformed)?;
    let host = url.host_str().ok_or(HostError::Malformed)?.to_owned();
    if host.starts_with("xn--") || host.contains(".xn--") || host.ends_with('.') {
        return Err(HostError::Characters);
    }
    let port = url.port().filter(|port| *port != 443);
    Ok(Extra { host, port })
}

/// Loopback by name or address; the only hosts plain http may reach.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Equal to the suffix or below it, with a dot between.
fn is_under(host: &str, suffix: &str) -> bool {
    host == suffix
        || host
            .strip_suffix(suffix)
            .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}

fn is_plain_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= HOST_BYTES_MAX
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with("xn--")
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// `^[a-z0-9](-?[a-z0-9])*(--[a-z0-9]+)?$`, the shape of a My Domain label with an optional sandbox.
fn is_domain_label(label: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let (domain, sandbox) = match label.split_once("--") {
        Some((domain, sandbox)) => (domain, Some(sandbox)),
        None => (label, None),
    };
    label.len() <= 63
        && label != "xn"
        && !label.starts_with("xn--")
        && domain.split('-').all(word)
        && sandbox.is_none_or(word)
}

#[cfg(test)]
mod tests;
