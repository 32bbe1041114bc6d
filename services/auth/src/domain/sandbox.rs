//! Whether an org is a sandbox, as far as its address tells.

/// What the host of `instance_url` says; `None` when it leaves it open and the org itself has to be asked.
///
/// `{domain}--{name}.sandbox.my.salesforce.com` is a sandbox. A plain `{domain}.my.salesforce.com` without `--` is
/// production. Older hosts (`cs92`, `na1`), scratch and developer orgs and everything else do not tell.
#[must_use]
pub fn told_by(instance_url: &str) -> Option<bool> {
    let host = instance_url.strip_prefix("https://")?;
    let label = host.strip_suffix(".my.salesforce.com")?;
    match label.split_once('.') {
        Some((_, "sandbox")) => Some(true),
        Some(_) => None,
        None if label.contains("--") => None,
        None => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::told_by;

    #[test]
    fn only_addresses_of_today_tell() {
        for (url, expected) in [
            ("https://acme.my.salesforce.com", Some(false)),
            ("https://acme--uat.sandbox.my.salesforce.com", Some(true)),
            ("https://acme--uat.cs92.my.salesforce.com", None),
            ("https://acme--uat.my.salesforce.com", None),
            ("https://acme-dev-ed.develop.my.salesforce.com", None),
            ("https://acme.scratch.my.salesforce.com", None),
            ("https://na1.salesforce.com", None),
            ("http://127.0.0.1:8080", None),
        ] {
            assert_eq!(told_by(url), expected, "{url}");
        }
    }
}
