//! A service that fails, hangs and panics on request, and records what took effect.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use chassis::{ConsumerSpec, Db, Delivery, Failure, Handler, Rig, Service, Store};
use events::{
    meeting::v1::MeetingProcessed,
    rpc::{CallContext, Code, Dispatch, RpcError},
    writeback::v1::ChangesApproved,
};
use tokio::sync::Semaphore;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("tests/it/migrations");

pub(crate) const DURABLE: &str = "probe__meeting_processed";

/// What the handler does with one message.
pub(crate) enum Step {
    Done,
    Fail(Failure),
    Panic,
    /// Never answers, before anything was stored.
    Hang,
    /// Stores and commits, then never answers: a crash before the acknowledgement.
    HangAfterCommit,
    /// Waits for a permit before it stores.
    Wait(Arc<Semaphore>),
}

type Decide = dyn Fn(&Delivery<MeetingProcessed>) -> Step + Send + Sync;

/// The handler's behaviour; can be changed while the service runs.
#[derive(Clone)]
pub(crate) struct Script {
    decide: Arc<Mutex<Arc<Decide>>>,
    calls: Arc<AtomicUsize>,
    broken_task: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self::new(|_| Step::Done)
    }
}

impl Script {
    pub(crate) fn new(
        decide: impl Fn(&Delivery<MeetingProcessed>) -> Step + Send + Sync + 'static,
    ) -> Self {
        Self {
            decide: Arc::new(Mutex::new(Arc::new(decide))),
            calls: Arc::default(),
            broken_task: false,
        }
    }

    pub(crate) fn with_broken_task() -> Self {
        Self {
            broken_task: true,
            ..Self::default()
        }
    }

    pub(crate) fn change(
        &self,
        decide: impl Fn(&Delivery<MeetingProcessed>) -> Step + Send + Sync + 'static,
    ) {
        *self.decide.lock().expect("script") = Arc::new(decide);
    }

    /// How often the handler was called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn step(&self, delivery: &Delivery<MeetingProcessed>) -> Step {
        let decide = Arc::clone(&self.decide.lock().expect("script"));
        decide(delivery)
    }
}

#[derive(Clone, Default, clap::Args)]
pub(crate) struct ProbeOptions {
    #[arg(skip)]
    pub(crate) script: Script,
}

pub(crate) struct Probe;

/// Small limits, so that the tests need not wait for the usual ones.
pub(crate) fn spec() -> ConsumerSpec {
    ConsumerSpec {
        ack_wait_s: 4,
        attempts_max: 3,
        ..ConsumerSpec::of::<MeetingProcessed>(DURABLE)
    }
}

impl Service for Probe {
    const NAME: &'static str = "probe";
    const STORE: Option<Store> = Some(Store {
        schema: "probe",
        migrator: &MIGRATOR,
        // What took effect, whoever's it was: tests look at it.
        open_tables: &["seen"],
    });
    type Options = ProbeOptions;

    fn consumers() -> Vec<ConsumerSpec> {
        vec![spec()]
    }

    async fn build(options: ProbeOptions, rig: &mut Rig) -> anyhow::Result<()> {
        let handler = OnMeeting {
            db: rig.db().clone(),
            script: options.script.clone(),
        };
        rig.consume(&spec(), handler);
        rig.serve_rpc(Echo);
        rig.http(axum::Router::new().route("/hello", axum::routing::get(|| async { "hello" })));
        if options.script.broken_task {
            rig.task("broken", |_| async { anyhow::bail!("out of ideas") });
        }
        Ok(())
    }
}

struct OnMeeting {
    db: Db,
    script: Script,
}

impl Handler for OnMeeting {
    type Event = MeetingProcessed;

    async fn handle(&self, batch: &[Delivery<MeetingProcessed>]) -> Result<(), Failure> {
        self.script.calls.fetch_add(1, Ordering::SeqCst);
        let mut hang_after_commit = false;
        for delivery in batch {
            match self.script.step(delivery) {
                Step::Done => {}
                Step::Fail(failure) => return Err(failure),
                Step::Panic => panic!("told to"),
                Step::Hang => std::future::pending().await,
                Step::HangAfterCommit => hang_after_commit = true,
                Step::Wait(gate) => gate.acquire().await.expect("gate").forget(),
            }
        }
        let (mut unit, fresh) = self
            .db
            .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
            .await?;
        for index in fresh.indexes() {
            let delivery = &batch[index];
            sqlx::query("insert into probe.seen values ($1, $2, $3, $4)")
                .bind(delivery.id.as_str())
                .bind(i64::try_from(delivery.attempt).expect("small"))
                .bind(i64::try_from(batch.len()).expect("small"))
                .bind(delivery.cause.trace_id())
                .execute(unit.connection())
                .await?;
            let announcement = ChangesApproved {
                workspace: delivery.workspace.to_string(),
                count: 1,
            };
            unit.emit(&delivery.workspace, &announcement, &delivery.cause);
        }
        unit.commit().await?;
        if hang_after_commit {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

struct Echo;

impl Dispatch for Echo {
    const SERVICE: &'static str = "probe";
    const METHODS: &'static [&'static str] = &["echo", "whoami", "slow", "refuse", "big", "panic"];

    async fn dispatch(
        &self,
        method: &str,
        context: CallContext,
        payload: Bytes,
    ) -> Result<Bytes, RpcError> {
        match method {
            "echo" => Ok(payload),
            "whoami" => Ok(format!(
                "{} {} {}",
                context.caller.actor, context.caller.role, context.caller.request_id
            )
            .into()),
            "slow" => std::future::pending().await,
            "refuse" => Err(RpcError::invalid(
                "stage",
                "is not in the picklist\r\nof this record type",
            )),
            "big" => Ok(Bytes::from(vec![0; chassis::rpc::PAYLOAD_BYTES_MAX + 1])),
            "panic" => panic!("told to"),
            other => Err(RpcError::new(Code::NotFound, other)),
        }
    }
}
