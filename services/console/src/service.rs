//! The wiring of console, top to bottom.

use anyhow::Context as _;
use axum::http::HeaderName;
use chassis::{ConsumerSpec, Rig, Service, Store};

use crate::app::{bootstrap, password::Passwords, single_sign_on::SingleSignOn, sweep};
use crate::ask::pulse::Pulses;
use crate::config::{Options, PublicUrl};
use crate::http::{self, Desk, Rates};
use crate::owners::Owners;

/// Console's migrations, run by the `migrate` verb.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service.
#[derive(Debug)]
pub struct Console;

impl Service for Console {
    const NAME: &'static str = "console";
    const STORE: Option<Store> = Some(Store {
        schema: "console",
        migrator: &MIGRATOR,
        // People sign in as themselves; which workspaces they see is in `membership`, which has its policy.
        open_tables: &[
            "user_account",
            "session",
            "invitation",
            "sign_in_failure",
            "kept_answer",
            "single_sign_on_identity",
            "single_sign_on_attempt",
        ],
    });
    type Options = Options;

    /// None: what a person sees is asked of its owner, so it is never older than the answer.
    fn consumers() -> Vec<ConsumerSpec> {
        Vec::new()
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        let public_url = match &options.console_public_url {
            Some(text) => PublicUrl::parse(text)?,
            None => PublicUrl::parse(&format!("http://{}", rig.http_addr()))?,
        };
        let address_header = options
            .console_client_address_header
            .as_deref()
            .map(|name| name.parse::<HeaderName>())
            .transpose()
            .context("CONSOLE_CLIENT_ADDRESS_HEADER is not a header name")?;
        // Users, sessions and tokens belong to no workspace, and a caller is looked up before it is known which workspaces
        // they may see: the answer is what decides. Nothing of a workspace itself is stored here.
        let scope = rig.db().all_workspaces();
        let passwords = Passwords::new();
        bootstrap::run(&options, &public_url, &scope, &passwords).await?;
        let single_sign_on = SingleSignOn::new(&options.single_sign_on, &public_url.origin)?;
        let rates = Rates::new(options.console_caller_requests_per_minute);
        rig.task("rates", {
            let rates = rates.clone();
            move |stop| rates.forget(stop)
        });
        rig.http(http::router(Desk {
            scope: scope.clone(),
            owners: Owners::new(&rig.rpc()),
            quarantine: rig.bus().quarantine(),
            passwords,
            single_sign_on,
            rates,
            pulses: Pulses::new(),
            stop: rig.shutdown(),
            public_url,
            address_header,
        }));
        rig.task("sweep", move |stop| sweep::run(scope, stop));
        Ok(())
    }
}
