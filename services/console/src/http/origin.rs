//! Whether a request that changes something comes from one of our own pages.
//!
//! A browser says so by itself and no page can make it lie: `Sec-Fetch-Site`, or `Origin` in older ones. A request that
//! says neither is refused: it comes from no browser that could be signed in.

use axum::http::{HeaderMap, Method, header};

/// Whether the method may change something.
pub(super) fn changes(method: &Method) -> bool {
    !(method == Method::GET || method == Method::HEAD || method == Method::OPTIONS)
}

/// Whether the browser says that one of our pages asks. `own` is our origin.
pub(super) fn is_own(headers: &HeaderMap, own: &str) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    match text("sec-fetch-site") {
        // `none`: typed, or sent again, by the person themselves.
        Some(site) => site == "same-origin" || site == "none",
        None => text(header::ORIGIN.as_str()) == Some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_something() {
        let own = "https://console.example.com";
        for (pairs, expected) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (
                vec![("sec-fetch-site", "cross-site"), ("origin", own)],
                false,
            ),
            (vec![("origin", own)], true),
            (vec![("origin", "https://evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![], false),
        ] {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| {
                    (
                        name.parse().expect("is a name"),
                        value.parse().expect("is a value"),
                    )
                })
                .collect();
            assert_eq!(is_own(&headers, own), expected, "{pairs:?}");
        }
    }
}
