//! The wiring, top to bottom.

use std::sync::Arc;

use chassis::{ConsumerSpec, Rig, Service, Store};
use events::crm::v1::ConnectionChanged;
use events::metadata::v1::MetadataSyncServer;
use salesforce::Salesforce;
use tokio::sync::Notify;

use crate::adapters::orgs::Orgs;
use crate::adapters::writeback::Writeback;
use crate::app::on_connection_changed::OnConnectionChanged;
use crate::app::rpc::Rpc;
use crate::app::runner::Runner;
use crate::app::watch;
use crate::config::Options;
use crate::telemetry::Telemetry;

/// The service.
#[derive(Debug)]
pub struct MetadataSync;

pub(crate) const CONNECTION_CHANGED: &str = "metadata-sync__connection_changed";

impl Service for MetadataSync {
    const NAME: &'static str = "metadata-sync";
    const STORE: Option<Store> = Some(Store {
        schema: "metadata_sync",
        migrator: &crate::MIGRATOR,
        open_tables: &[],
    });
    type Options = Options;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![ConsumerSpec {
            // Connections change a few times a year: one batch at a time keeps them in order.
            concurrency: 1,
            ..ConsumerSpec::of::<ConnectionChanged>(CONNECTION_CHANGED)
        }]
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        let wake = Arc::new(Notify::new());
        let orgs = Orgs::new(Salesforce::new(&options.salesforce)?, rig.rpc());
        let telemetry = Telemetry::new(&rig.metrics().meter());
        let db = rig.db().clone();
        for spec in Self::consumers() {
            rig.consume(
                &spec,
                OnConnectionChanged::new(db.clone(), options.sync.clone(), Arc::clone(&wake)),
            );
        }
        let writeback = Writeback::new(rig.rpc());
        rig.serve_rpc(MetadataSyncServer(Rpc::new(
            db.clone(),
            orgs.clone(),
            writeback.clone(),
            Arc::clone(&wake),
        )));
        let (watched, told) = (db.clone(), telemetry.clone());
        rig.task("watch", |stop| watch::run(watched, told, stop));
        let runner = Runner::new(db, orgs, writeback, options.sync, telemetry, wake);
        rig.task("runs", |stop| runner.run(stop));
        Ok(())
    }
}
