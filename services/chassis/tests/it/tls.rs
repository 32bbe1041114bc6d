//! TLS to NATS and Postgres: with the right certificates everything works, with wrong ones nothing is said in clear and
//! the error names the reason.

use async_nats::jetstream;
use chassis::Options;
use testkit::{
    nats::Nats,
    postgres::Database,
    tls::{self, Authority, Identity, Terminator},
};

use crate::{
    probe::{Probe, Script},
    world::World,
};

/// Both servers behind TLS that wants a client's certificate too.
struct Guarded {
    authority: Authority,
    client: Identity,
    nats: Nats,
    database: Database,
    postgres: Terminator,
}

impl Guarded {
    async fn new() -> Self {
        // The services' own start does this; here the servers need it first.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let authority = Authority::new().expect("an authority");
        let database = Database::create().await;
        Self {
            client: authority.issue("client").expect("a client certificate"),
            nats: tls::nats(&authority).await.expect("nats-server starts"),
            postgres: Terminator::before(database.server(), &authority)
                .await
                .expect("a port is free"),
            database,
            authority,
        }
    }

    /// Options of a service that trusts `authority` and shows `client`, if any.
    fn options(&self, authority: &Authority, client: Option<&Identity>) -> Options {
        let ca = authority.file();
        let mut url = format!(
            "{}?sslmode=verify-full&sslrootcert={}",
            self.database.url_through(self.postgres.port()),
            ca.display()
        );
        if let Some(client) = client {
            url += &format!(
                "&sslcert={}&sslkey={}",
                client.certificate.display(),
                client.key.display()
            );
        }
        let nats = self.nats.url().replace("nats://", "tls://");
        let mut options = Options::new(Some(&url), &nats);
        options.nats_tls_required = true;
        options.nats_tls_ca_file = Some(ca);
        options.nats_tls_cert_file = client.map(|client| client.certificate.clone());
        options.nats_tls_key_file = client.map(|client| client.key.clone());
        options.startup_timeout_s = 1;
        options
    }

    /// The same, with a Postgres in clear: what is refused is then NATS.
    fn nats_only(&self, authority: &Authority, client: Option<&Identity>) -> Options {
        let mut options = self.options(authority, client);
        let plain = Options::new(Some(&self.database.url()), "nats://unused:1");
        options.database_url = plain.database_url;
        options
    }
}

async fn refusal(options: &Options) -> String {
    let refused = chassis::migrate::<Probe>(options).await;
    format!("{:#}", refused.expect_err("is refused")).to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_mutual_tls_a_service_migrates_starts_and_consumes() {
    let guarded = Guarded::new().await;
    let mut options = guarded.options(&guarded.authority, Some(&guarded.client));
    options.startup_timeout_s = 30;
    chassis::migrate::<Probe>(&options)
        .await
        .expect("migrates over TLS");
    let client = async_nats::ConnectOptions::new()
        .require_tls(true)
        .add_root_certificates(guarded.authority.file())
        .add_client_certificate(
            guarded.client.certificate.clone(),
            guarded.client.key.clone(),
        )
        .connect(&options.nats_url)
        .await
        .expect("the test's own client is let in");
    let admin = guarded.database.pool().await;
    let world = World {
        jetstream: jetstream::new(client),
        admin,
        nats: guarded.nats,
        database: guarded.database,
    };
    let running = world.start_with(options, &Script::default()).await;
    world.publish("e1").await;
    world.until_seen(1).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_another_authority_are_refused_and_the_error_says_so() {
    let guarded = Guarded::new().await;
    let stranger = Authority::new().expect("another authority");
    let client = Some(&guarded.client);
    let postgres = refusal(&guarded.options(&stranger, client)).await;
    assert!(
        postgres.contains("postgres") && postgres.contains("certificate"),
        "{postgres}"
    );
    let nats = refusal(&guarded.nats_only(&stranger, client)).await;
    assert!(
        nats.contains("nats") && nats.contains("certificate"),
        "{nats}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_certificate_is_turned_away() {
    let guarded = Guarded::new().await;
    let postgres = refusal(&guarded.options(&guarded.authority, None)).await;
    assert!(postgres.contains("postgres"), "{postgres}");
    let nats = refusal(&guarded.nats_only(&guarded.authority, None)).await;
    assert!(nats.contains("nats"), "{nats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tls_is_demanded_nothing_is_said_in_clear() {
    let guarded = Guarded::new().await;
    let plain = World::bare().await;
    let mut options = guarded.nats_only(&guarded.authority, Some(&guarded.client));
    options.nats_url = plain.nats.url();
    let nats = refusal(&options).await;
    assert!(nats.contains("nats") && nats.contains("tls"), "{nats}");

    let url = format!("{}?sslmode=require", plain.database.url());
    let mut options = Options::new(Some(&url), &plain.nats.url());
    options.startup_timeout_s = 1;
    let postgres = refusal(&options).await;
    assert!(
        postgres.contains("postgres") && postgres.contains("tls"),
        "{postgres}"
    );
}
