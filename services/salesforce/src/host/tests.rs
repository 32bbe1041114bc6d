//! The rules of section 12 of the reference, one table per rule, and the laws behind them.

use proptest::prelude::*;

use super::*;

fn salesforce_only() -> AllowList {
    AllowList::new(&[], &[]).expect("an empty list")
}

fn with_extra(entries: &[&str]) -> AllowList {
    let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    AllowList::new(&entries, &[]).expect("valid entries")
}

#[test]
fn salesforce_hosts_are_accepted_and_normalised() {
    let list = salesforce_only();
    for (url, base) in [
        (
            "https://login.salesforce.com",
            "https://login.salesforce.com",
        ),
        (
            "https://acme.my.salesforce.com/",
            "https://acme.my.salesforce.com",
        ),
        (
            "https://ACME--uat.sandbox.my.salesforce.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        (
            "https://na1.salesforce.com:443",
            "https://na1.salesforce.com",
        ),
        ("https://salesforce.com", "https://salesforce.com"),
    ] {
        assert_eq!(
            list.api(url).map(|base| base.to_string()),
            Ok(base.to_owned()),
            "{url}"
        );
        assert_eq!(
            list.login(url).map(|base| base.to_string()),
            Ok(base.to_owned()),
            "{url}"
        );
    }
}

#[test]
fn look_alikes_and_tricks_are_refused() {
    let list = salesforce_only();
    for url in [
        "http://login.salesforce.com",
        "ftp://login.salesforce.com",
        "javascript:alert(1)",
        "login.salesforce.com",
        "//login.salesforce.com",
        "https://",
        "https:///login.salesforce.com",
        "https://evil.com",
        "https://evilsalesforce.com",
        "https://salesforce.com.evil.com",
        "https://login.salesforce.com.",
        "https://login.salesforce.com@evil.com",
        "https://user@login.salesforce.com",
        "https://user:pass@login.salesforce.com",
        "https://@login.salesforce.com",
        "https://login.salesforce.com:8443",
        "https://login.salesforce.com:80",
        "https://evil.com\\.salesforce.com",
        "https:\\\\login.salesforce.com",
        "https://evil.com#.salesforce.com",
        "https://evil.com?.salesforce.com",
        "https://evil.com/.salesforce.com",
        "https://login.salesforce.com/path",
        "https://login.salesforce.com?x=1",
        "https://login.salesforce.com#x",
        "https://login.sаlesforce.com",
        "https://xn--lesforce-4fg.salesforce.com",
        "https://login。salesforce.com",
        "https://login%2esalesforce.com",
        "https://lo\tgin.salesforce.com",
        "https://login.salesforce.com\n",
        " https://login.salesforce.com",
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://169.254.169.254",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "https://.salesforce.com",
        "https://a..salesforce.com",
        "https://-a.salesforce.com",
        "https://a_b.salesforce.com",
        "https://*.salesforce.com",
    ] {
        assert!(list.api(url).is_err(), "api accepted {url:?}");
        assert!(list.login(url).is_err(), "login accepted {url:?}");
    }
}

#[test]
fn customer_controlled_and_special_domains_do_not_receive_api_calls() {
    let list = salesforce_only();
    for url in [
        "https://acme.force.com",
        "https://acme.my.site.com",
        "https://login.database.com",
        "https://acme.my.salesforce.mil",
        "https://acme.my.sfcrmproducts.cn",
    ] {
        assert!(
            matches!(list.api(url), Err(HostError::NotAllowed(_))),
            "{url}"
        );
    }
    assert!(list.login("https://login.database.com").is_ok());
    let list = AllowList::new(&[], &[SpecialCloud::UsDefence]).expect("a flag");
    assert!(list.api("https://acme.my.salesforce.mil").is_ok());
    assert!(list.api("https://acme.my.sfcrmproducts.cn").is_err());
}

#[test]
fn an_extra_host_is_allowed_exactly() {
    let list = with_extra(&[
        "sim.example.com",
        "sim.example.com:8443",
        "127.0.0.1:9000",
        "localhost:9000",
    ]);
    for url in [
        "https://sim.example.com",
        "https://sim.example.com:8443",
        "https://127.0.0.1:9000",
        "http://127.0.0.1:9000",
        "http://localhost:9000",
    ] {
        assert!(list.api(url).is_ok(), "{url}");
    }
    for url in [
        "http://sim.example.com",
        "http://sim.example.com:8443",
        "https://sim.example.com:8444",
        "https://a.sim.example.com",
        "http://127.0.0.1:9001",
        "http://127.0.0.1",
        "http://127.0.0.2:9000",
        "http://user@127.0.0.1:9000",
        "http://localhost.evil.com:9000",
        "http://2130706433:9000",
    ] {
        assert!(list.api(url).is_err(), "{url}");
    }
}

#[test]
fn an_extra_entry_must_be_a_host() {
    for entry in [
        "https://sim",
        "a/b",
        "user@host",
        "host:port",
        "xn--a.com",
        "host.",
    ] {
        let outcome = AllowList::new(&[entry.to_owned()], &[]);
        assert!(outcome.is_err(), "{entry}");
    }
}

#[test]
fn a_custom_domain_is_built_from_a_label_only() {
    let list = salesforce_only();
    for (label, url) in [
        ("acme", "https://acme.my.salesforce.com"),
        (" Acme ", "https://acme.my.salesforce.com"),
        ("acme--uat", "https://acme--uat.sandbox.my.salesforce.com"),
        (
            "my-acme-dev-ed",
            "https://my-acme-dev-ed.develop.my.salesforce.com",
        ),
    ] {
        let kind = DomainKind::of_label(label);
        let base = list.custom_domain(label, kind).map(|base| base.to_string());
        assert_eq!(base, Ok(url.to_owned()), "{label}");
    }
    for label in [
        "",
        "acme.evil",
        "acme/",
        "acme@evil",
        "https://acme",
        "-acme",
        "acme-",
        "a---b",
        "a--b--c",
        "ac\nme",
        "acmé",
        "xn--acme",
        "a b",
        "acme:443",
    ] {
        let outcome = list.custom_domain(label, DomainKind::Production);
        assert_eq!(
            outcome.map(|base| base.to_string()),
            Err(HostError::Label),
            "{label:?}"
        );
    }
}

#[test]
fn links_in_answers_keep_their_path_only() {
    for (link, path) in [
        (
            "/services/data/v67.0/query/01g-2000",
            "/services/data/v67.0/query/01g-2000",
        ),
        (
            "https://evil.com/services/data/v67.0/query/01g-2000",
            "/services/data/v67.0/query/01g-2000",
        ),
        (
            "/services/data/v67.0/query?q=SELECT%20Id",
            "/services/data/v67.0/query?q=SELECT%20Id",
        ),
    ] {
        assert_eq!(data_path(link), Ok(path.to_owned()), "{link}");
    }
    for link in [
        "",
        "https://evil.com",
        "//evil.com/services/data/x",
        "/services/oauth2/token",
        "/services/data/../oauth2/token",
        "/services/data/%2e%2e/oauth2/token",
        "/services/data/%2E./oauth2",
        "/services/data/a%2fb",
        "/services/data/v67.0/a b",
        "/services/data/v67.0/a\r\nHost: evil",
        "/services/data/v67.0/\\..\\",
        "services/data/v67.0",
        "@evil.com/services/data/",
        "/services/data/v67.0#x",
    ] {
        assert_eq!(data_path(link), Err(HostError::Link), "{link:?}");
    }
}

#[test]
fn an_identity_url_is_an_id_path_on_a_login_host() {
    let list = salesforce_only();
    assert!(
        list.identity("https://login.salesforce.com/id/00D1a000000H3O9EAK/0051a000000UGT8AAO")
            .is_ok()
    );
    for url in [
        "https://evil.com/id/00D/005",
        "https://login.salesforce.com/services/oauth2/revoke",
        "https://login.salesforce.com/id/00D/005?next=https://evil.com",
    ] {
        assert!(list.identity(url).is_err(), "{url}");
    }
}

proptest! {
    /// Whatever the text, an accepted address is https and its host ends in Salesforce's domain.
    #[test]
    fn nothing_outside_salesforce_is_accepted(text in "(https?|ftp)://[a-zA-Z0-9.@:/?#%_\\\\\\[\\]-]{0,40}(salesforce\\.com|evil\\.com)[a-z0-9.:@/]{0,8}") {
        if let Ok(base) = salesforce_only().api(&text) {
            let url = Url::parse(base.as_str()).expect("a base is a URL");
            prop_assert_eq!(url.scheme(), "https");
            prop_assert_eq!(url.port(), None);
            prop_assert!(url.username().is_empty());
            let host = url.host_str().unwrap_or("").to_owned();
            prop_assert!(host == "salesforce.com" || host.ends_with(".salesforce.com"), "{}", host);
            // The text itself named that host: nothing was repaired on the way.
            let named = text.to_ascii_lowercase().starts_with(&format!("https://{host}"));
            prop_assert!(named, "{}", text);
        }
    }

    #[test]
    fn any_accepted_address_is_accepted_again_unchanged(label in "[a-z0-9]{1,12}(-[a-z0-9]{1,5})?") {
        let list = salesforce_only();
        let base = list.api(&format!("https://{label}.my.salesforce.com")).expect("a valid host");
        prop_assert_eq!(list.api(base.as_str()), Ok(base));
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let list = salesforce_only();
        let _api = list.api(&text);
        let _link = data_path(&text);
        let _domain = list.custom_domain(&text, DomainKind::Production);
        let _extra = AllowList::new(&[text], &[]);
    }

    #[test]
    fn a_link_never_leaves_the_data_api(text in "[/a-z.%0-9A-F:?@\\\\]{0,50}") {
        if let Ok(path) = data_path(&format!("/services/data/{text}")) {
            let url = Url::parse("https://acme.my.salesforce.com").expect("a URL").join(&path).expect("a path");
            prop_assert_eq!(url.host_str(), Some("acme.my.salesforce.com"));
            prop_assert!(url.path().starts_with("/services/data/"), "{}", url.path());
        }
    }
}
