//! `ergoctl domains`.

use serde_json::json;

use super::matching::previewed;
use super::{Out, items};
use crate::api::Api;
use crate::arguments::{Domains, word};
use crate::exit;
use crate::show::table;

pub(super) async fn run(api: &Api, out: &Out, domains: Domains) -> anyhow::Result<u8> {
    match domains {
        Domains::List => {
            let columns = [
                ("DOMAIN", "/domain"),
                ("CLASS", "/class"),
                ("ACCOUNT", "/account_id"),
            ];
            let answer = api.get(&["domains"], &[]).await?;
            out.answer(&answer, |list| Ok(table(items(list), &columns)))?;
        }
        Domains::Set {
            domain,
            class,
            account,
        } => {
            let rule = json!({"domain": domain, "class": word(class), "account_id": account});
            api.put(&["domains"], rule).await?;
        }
        Domains::Remove { domain, account } => {
            api.delete(&["domains", &domain], &[("account_id", account)])
                .await?;
        }
        Domains::Preview {
            domain,
            class,
            account,
            remove,
        } => {
            let class = class.map(word).unwrap_or_default();
            let wish =
                json!({"domain": domain, "class": class, "account_id": account, "remove": remove});
            let answer = api.post(&["domains", "preview"], wish).await?;
            out.answer(&answer, |preview| Ok(previewed(preview)))?;
        }
    }
    Ok(exit::DONE)
}
