//! The wiring of auth, top to bottom.

use std::sync::Arc;

use anyhow::Context as _;
use chassis::{ConsumerSpec, Rig, Service, Store};
use events::auth::v1::AuthServer;
use events::crm::v1::AccessReviewed;
use salesforce::Salesforce;
use salesforce::oauth::ClientCredentials;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::app::accept_grant::AcceptGrant;
use crate::app::access_token::AccessTokens;
use crate::app::complete_connect::CompleteConnect;
use crate::app::connect_jwt::ConnectJwt;
use crate::app::keep_alive::KeepAlive;
use crate::app::on_access_reviewed::{self, OnAccessReviewed};
use crate::app::open_link::OpenLink;
use crate::app::probe::Prober;
use crate::app::revoke::Revoker;
use crate::app::sweep;
use crate::config::{self, Options};
use crate::http::{self, Routes};
use crate::rpc::AuthRpc;
use crate::seal::Ring;
use crate::store;
use crate::telemetry::Telemetry;

/// Auth's migrations, run by the `migrate` verb.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Between rounds over idle grants, in milliseconds.
const KEEP_ALIVE_POLL_MS: u64 = 600_000;

/// The service.
pub struct Auth;

impl Service for Auth {
    const NAME: &'static str = "auth";
    const STORE: Option<Store> = Some(Store {
        schema: "auth",
        migrator: &MIGRATOR,
        // Known texts sealed under each key, of no workspace.
        open_tables: &["canary"],
    });
    type Options = Options;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![ConsumerSpec {
            // One at a time keeps a workspace's reviews in order; there are few.
            concurrency: 1,
            ..ConsumerSpec::of::<AccessReviewed>(on_access_reviewed::DURABLE)
        }]
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        let public_url = config::public_url("AUTH_PUBLIC_URL", &options.auth_public_url)?;
        let console_url = options
            .console_public_url
            .as_deref()
            .map(|text| config::public_url("CONSOLE_PUBLIC_URL", text))
            .transpose()?;
        let limits = options.limits();
        let call_ms = limits.call_ms;
        let ring = Arc::new(Ring::load(&options.seal)?);
        let db = rig.db().clone();
        // The keys must open what every workspace has sealed.
        store::keys::verify(&db.all_workspaces(), &ring)
            .await
            .context(
                "these seal keys are not the ones the database was sealed with; refusing to start",
            )?;
        let salesforce = Salesforce::new(&options.salesforce)?;
        let endpoint = salesforce.token_endpoint(ClientCredentials {
            key: options.salesforce_consumer_key.clone(),
            secret: options.salesforce_consumer_secret.clone(),
        });
        let telemetry = Telemetry::new(&rig.metrics().meter());
        let tasks = TaskTracker::new();
        let redirect_uri = format!("{public_url}/oauth/callback");

        let tokens = AccessTokens::new(
            db.clone(),
            salesforce.clone(),
            endpoint.clone(),
            Arc::clone(&ring),
            limits,
            telemetry.clone(),
            tasks.clone(),
        );
        let revoker = Revoker {
            db: db.clone(),
            salesforce: salesforce.clone(),
            endpoint: endpoint.clone(),
            ring: Arc::clone(&ring),
            call_ms,
            wake: Arc::new(Notify::new()),
        };
        let keep_alive = KeepAlive {
            db: db.clone(),
            tokens: tokens.clone(),
            days: options.auth_keep_alive_days,
            poll_ms: KEEP_ALIVE_POLL_MS,
        };
        let prober = Prober {
            db: db.clone(),
            salesforce: salesforce.clone(),
            tokens: tokens.clone(),
            poll_ms: options.auth_probe_poll_ms.max(2),
        };
        let accept = AcceptGrant {
            db: db.clone(),
            salesforce: salesforce.clone(),
            endpoint: endpoint.clone(),
            ring: Arc::clone(&ring),
            call_ms,
        };
        rig.http(http::router(Routes {
            open: OpenLink {
                db: db.clone(),
                salesforce: salesforce.clone(),
                endpoint,
                ring: Arc::clone(&ring),
                redirect_uri: redirect_uri.clone(),
            },
            complete: CompleteConnect {
                accept: accept.clone(),
                redirect_uri,
                tasks: tasks.clone(),
                telemetry: telemetry.clone(),
            },
            console_url,
            secure: public_url.starts_with("https://"),
        }));
        rig.serve_rpc(AuthServer(AuthRpc {
            db: db.clone(),
            connect_jwt: ConnectJwt {
                salesforce: salesforce.clone(),
                accept,
                telemetry: telemetry.clone(),
            },
            salesforce,
            ring,
            tokens,
            revoker: revoker.clone(),
            public_url,
        }));
        for spec in Self::consumers() {
            rig.consume(&spec, OnAccessReviewed::new(db.clone()));
        }
        rig.task("revoke", move |stop| revoker.run(stop));
        rig.task("probe", move |stop| prober.run(stop));
        rig.task("sweep", move |stop| sweep::run(db, telemetry, stop));
        rig.task("keep_alive", move |stop| keep_alive.run(stop));
        // Refreshes and code exchanges in the air end before the process does: each may hold the only copy of a token.
        rig.task("flights", move |stop| async move {
            stop.cancelled().await;
            tasks.close();
            tasks.wait().await;
            Ok(())
        });
        Ok(())
    }
}
