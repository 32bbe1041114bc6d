//! `ergoctl audit`.

use super::{Out, items, page};
use crate::api::Api;
use crate::arguments::Audit;
use crate::exit;
use crate::show::table;

const COLUMNS: [(&str, &str); 7] = [
    ("WHEN", "/at"),
    ("WHO", "/actor"),
    ("ROLE", "/role"),
    ("WHAT", "/action"),
    ("TO WHAT", "/subject"),
    ("BEFORE", "/before"),
    ("AFTER", "/after"),
];

pub(super) async fn run(api: &Api, out: &Out, audit: Audit) -> anyhow::Result<u8> {
    let Audit::List {
        action,
        actor,
        subject,
        since,
        until,
        page_size,
        page_token,
    } = audit;
    let mut query: Vec<(&str, String)> = [
        ("action", action),
        ("actor", actor),
        ("subject", subject),
        ("since", since.unwrap_or_default()),
        ("until", until.unwrap_or_default()),
        ("page_token", page_token.unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .collect();
    if let Some(size) = page_size {
        query.push(("page_size", size.to_string()));
    }
    let answer = api.get(&["audit"], &query).await?;
    out.answer(&answer, |list| Ok(page(list, table(items(list), &COLUMNS))))?;
    Ok(exit::DONE)
}
