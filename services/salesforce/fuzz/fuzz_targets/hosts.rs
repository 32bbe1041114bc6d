//! Any text as an address or a link Salesforce names, or as what comes back to the OAuth callback: nothing but a listed
//! host is accepted, and nothing but a path is taken from a link.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salesforce::host::{AllowList, DomainKind, data_path};

fuzz_target!(|input: &str| {
    let list = AllowList::new(&[], &[]).expect("the built-in list");
    for accepted in [list.login(input), list.api(input), list.custom_domain(input, DomainKind::Production)] {
        let Ok(base) = accepted else { continue };
        let host = base.as_str().strip_prefix("https://").expect("https only");
        assert!(!host.contains(['@', ':', '/', '?', '#', '\\', ' ']), "{host:?}");
        let listed = [".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com", ".sfcrmproducts.cn"];
        assert!(listed.iter().any(|suffix| host.ends_with(suffix)), "{host:?}");
    }
    if let Ok(path) = data_path(input) {
        assert!(path.starts_with("/services/data/"), "{path:?}");
        assert!(!path.contains(".."), "{path:?}");
    }
    if let Some((error, description)) = input.split_once('&') {
        let _ = salesforce::oauth::classify_authorize_error(error, description);
    }
});
