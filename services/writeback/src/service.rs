//! The wiring, top to bottom.

use std::sync::Arc;

use anyhow::Context as _;
use chassis::{ConsumerSpec, Rig, Service, Store};
use events::crm::v1::{ConnectionChanged, MappingChanged, SchemaChanged};
use events::matching::v1::MatchDecided;
use events::writeback::v1::{ChangesApproved, WritebackServer};
use salesforce::Salesforce;

use crate::adapters::claims::Claims;
use crate::adapters::orgs::Orgs;
use crate::app::api::Api;
use crate::app::backfill::Backfills;
use crate::app::execute::Executor;
use crate::app::gating::Gating;
use crate::app::on_approved::{self, OnApproved};
use crate::app::on_connection_changed::{self, OnConnectionChanged};
use crate::app::on_mapping_changed::{self, OnMappingChanged};
use crate::app::on_match_decided::{self, OnMatchDecided};
use crate::app::on_schema_changed::{self, OnSchemaChanged};
use crate::app::regate::Regate;
use crate::app::sweep;
use crate::app::wake::Wake;
use crate::app::watch;
use crate::config::Options;
use crate::store::settings::SettingsCache;
use crate::telemetry::Telemetry;

/// The writeback service.
#[derive(Debug)]
pub struct Writeback;

/// Enough that one batch commits while another reads Salesforce; each takes a connection of the pool.
fn matches() -> ConsumerSpec {
    let mut spec = ConsumerSpec::of::<MatchDecided>(on_match_decided::DURABLE);
    spec.concurrency = 3;
    spec
}

/// Settings arrive rarely and in order: one batch at a time.
fn in_order(mut spec: ConsumerSpec) -> ConsumerSpec {
    spec.concurrency = 1;
    spec.batch_messages_max = 16;
    spec
}

fn connections() -> ConsumerSpec {
    in_order(ConsumerSpec::of::<ConnectionChanged>(
        on_connection_changed::DURABLE,
    ))
}

fn schemas() -> ConsumerSpec {
    in_order(ConsumerSpec::of::<SchemaChanged>(
        on_schema_changed::DURABLE,
    ))
}

fn mappings() -> ConsumerSpec {
    in_order(ConsumerSpec::of::<MappingChanged>(
        on_mapping_changed::DURABLE,
    ))
}

fn approvals() -> ConsumerSpec {
    let mut spec = ConsumerSpec::of::<ChangesApproved>(on_approved::DURABLE);
    spec.concurrency = 1;
    spec
}

impl Service for Writeback {
    const NAME: &'static str = "writeback";
    const STORE: Option<Store> = Some(Store {
        schema: "writeback",
        migrator: &crate::MIGRATOR,
        open_tables: &[],
    });
    type Options = Options;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![matches(), connections(), schemas(), mappings(), approvals()]
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        anyhow::ensure!(
            options.executor_workers > 0
                && options.executor_lanes_max > 0
                && options.executor_lease_s > 0,
            "WRITEBACK_EXECUTOR_WORKERS, WRITEBACK_EXECUTOR_LANES_MAX and WRITEBACK_EXECUTOR_LEASE_S must be at least 1"
        );
        let options = Arc::new(options);
        let salesforce =
            Salesforce::new(&options.salesforce).context("salesforce options are not usable")?;
        let db = rig.db().clone();
        let orgs = Orgs::new(salesforce, rig.rpc());
        let wake = Wake::default();
        let telemetry = Telemetry::new(&rig.metrics().meter());
        let settings = SettingsCache::new(
            db.clone(),
            options.time_zone,
            options.external_id_field.clone(),
        );
        let claims = Claims::new(rig.bus().clone(), options.claim_hosts.clone())
            .context("no client can fetch texts kept outside their events")?;
        let gating = Gating::new(
            db.clone(),
            settings.clone(),
            orgs.clone(),
            options.api_budget_share,
            claims,
            options.history_after_days,
        );

        rig.consume(
            &connections(),
            OnConnectionChanged::new(
                db.clone(),
                orgs.clone(),
                wake.clone(),
                options.missed_after_s,
            ),
        );
        rig.consume(&schemas(), OnSchemaChanged::new(db.clone(), wake.clone()));
        rig.consume(&mappings(), OnMappingChanged::new(db.clone(), wake.clone()));
        rig.consume(
            &matches(),
            OnMatchDecided::new(db.clone(), gating.clone(), wake.clone(), telemetry.clone()),
        );
        rig.consume(&approvals(), OnApproved::new(wake.clone()));
        rig.serve_rpc(WritebackServer(Api::new(
            db.clone(),
            settings.clone(),
            orgs.clone(),
            wake.clone(),
            options.api_budget_share,
            telemetry.clone(),
        )));

        let backfills = Backfills::new(
            db.clone(),
            settings.clone(),
            wake.clone(),
            options.api_budget_share,
        );
        rig.task("backfill", move |stop| backfills.run(stop));
        let regate = Regate::new(db.clone(), gating, wake.clone(), telemetry.clone());
        rig.task("regate", move |stop| regate.run(stop));
        let swept = db.clone();
        let kept = sweep::Kept {
            disagreements_days: options.disagreements_kept_days,
            content_days: options.content_kept_days,
            held_days: options.held_expires_days,
        };
        rig.task("sweep", move |stop| sweep::run(swept, kept, stop));
        let (watched, share) = (db.clone(), options.api_budget_share);
        let told = telemetry.clone();
        rig.task("watch", move |stop| watch::run(watched, share, told, stop));
        let executor = Executor::new(db, orgs, settings, wake, Arc::clone(&options), telemetry);
        for _ in 0..options.executor_workers {
            let worker = executor.clone();
            rig.task("executor", move |stop| worker.run(stop));
        }
        Ok(())
    }
}
