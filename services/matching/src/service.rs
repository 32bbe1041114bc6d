//! The wiring, top to bottom.

use crate::app::{
    DecideWaiting, Names, OnMeetingProcessed, OnRecordsChanged, Reconsider, Reconsidered, forget,
};
use crate::rpc::MatchingRpc;
use crate::telemetry::Telemetry;
use chassis::{ConsumerSpec, Rig, Service, Store};
use events::crm::v1::RecordsChanged;
use events::matching::v1::MatchingServer;
use events::meeting::v1::MeetingProcessed;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// This service's own options.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// How often meetings that waited for a workspace's first load are looked for, in seconds; the load itself wakes it too.
    #[arg(long, env = "MATCHING_WAITING_INTERVAL_S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub matching_waiting_interval_s: u64,

    /// How many days a decided meeting is decided again when a record, role, alias or rule under one of its keys changes; 0 for
    /// never.
    #[arg(long, env = "MATCHING_RECONSIDER_DAYS", default_value_t = 30, value_parser = clap::value_parser!(i64).range(0..=365))]
    pub matching_reconsider_days: i64,

    /// Most memory for the account names of all workspaces, in bytes; the least recently used go first.
    #[arg(long, env = "MATCHING_NAMES_BYTES_MAX", default_value_t = 64 * 1024 * 1024)]
    pub matching_names_bytes_max: usize,

    /// Changed account names are read again no sooner than this after the last time, in seconds.
    #[arg(long, env = "MATCHING_NAMES_REFRESH_S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub matching_names_refresh_s: u64,

    /// Days a decided meeting and the evidence of its decisions are kept; decisions and labels stay.
    #[arg(long, env = "MATCHING_CONTENT_KEPT_DAYS", default_value_t = 365, value_parser = clap::value_parser!(i32).range(1..=3650))]
    pub matching_content_kept_days: i32,
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
        open_tables: &[],
    });
    type Options = Options;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![meetings(), records()]
    }

    async fn build(options: Options, rig: &mut Rig) -> anyhow::Result<()> {
        let db = rig.db().clone();
        let telemetry = Telemetry::new(&rig.metrics().meter());
        let (loaded, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let names = Arc::new(Names::new(
            options.matching_names_bytes_max,
            Duration::from_secs(options.matching_names_refresh_s),
        ));
        let reconsidered = Reconsidered {
            days: options.matching_reconsider_days,
        };
        let interval_s = options.matching_waiting_interval_s;
        rig.consume(
            &meetings(),
            OnMeetingProcessed::new(
                db.clone(),
                Arc::clone(&names),
                reconsidered,
                telemetry.clone(),
            ),
        );
        rig.consume(
            &records(),
            OnRecordsChanged::new(db.clone(), Arc::clone(&loaded), Arc::clone(&changed)),
        );
        let rpc = MatchingRpc::new(
            db.clone(),
            Arc::clone(&names),
            Arc::clone(&changed),
            reconsidered,
        );
        rig.serve_rpc(MatchingServer(rpc));
        let waiting = DecideWaiting::new(
            db.clone(),
            Arc::clone(&names),
            loaded,
            interval_s,
            reconsidered,
            telemetry.clone(),
        );
        rig.task("decide-waiting", move |stop| waiting.run(stop));
        let (kept_days, kept) = (options.matching_content_kept_days, db.clone());
        rig.task("forget", move |stop| forget::run(kept, kept_days, stop));
        let again = Reconsider::new(db, names, changed, interval_s, reconsidered, telemetry);
        rig.task("reconsider", move |stop| again.run(stop));
        Ok(())
    }
}
