//! The wiring, top to bottom.

use crate::app::{DecideWaiting, OnMeetingProcessed, OnRecordsChanged};
use crate::rpc::MatchingRpc;
use chassis::{ConsumerSpec, Rig, Service, Store};
use events::crm::v1::RecordsChanged;
use events::matching::v1::MatchingServer;
use events::meeting::v1::MeetingProcessed;
use std::sync::Arc;
use tokio::sync::Notify;

/// This service's own options.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// How often meetings that waited for a workspace's first load are looked for, in seconds; the load itself wakes it too.
    #[arg(long, env = "MATCHING_WAITING_INTERVAL_S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub matching_waiting_interval_s: u64,
}

/// The matching service.
#[derive(Debug)]
pub struct Matching;

/// Batches of meetings decided at the same time: enough that one waits for Postgres while another decides.
const MEETING_BATCHES: usize = 4;

fn meetings() -> ConsumerSpec {
    let mut spec = ConsumerSpec::of::<MeetingProcessed>("matching__meeting_processed");
    spec.concurrency = MEETING_BATCHES;
    spec.ack_pending_max = spec.batch_messages_max * MEETING_BATCHES * 2;
    spec.message_bytes_max = events::topology::EVENT_BYTES_MAX;
    spec
}

/// One batch at a time: two writing the same accounts would wait for each other's rows.
fn records() -> ConsumerSpec {
    let mut spec = ConsumerSpec::of::<RecordsChanged>("matching__records_changed");
    spec.concurrency = 1;
    spec.batch_messages_max = 16;
    spec
}

impl Service for Matching {
    const NAME: &'static str = "matching";
    const STORE: Option<Store> = Some(Store {
        schema: "matching",
        migrator: &crate::MIGRATOR,
    });
    type Options = Options;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![meetings(), records()]
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        let db = rig.db().clone();
        let loaded = Arc::new(Notify::new());
        rig.consume(&meetings(), OnMeetingProcessed::new(db.clone()));
        rig.consume(
            &records(),
            OnRecordsChanged::new(db.clone(), Arc::clone(&loaded)),
        );
        rig.serve_rpc(MatchingServer(MatchingRpc::new(db.clone())));
        let waiting = DecideWaiting::new(db, loaded, options.matching_waiting_interval_s);
        rig.task("decide-waiting", move |stop| waiting.run(stop));
        Ok(())
    }
}
