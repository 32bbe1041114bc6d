//! A cluster of three NATS servers under load: each is killed and cut off, two and then all are killed, and afterwards every
//! service is restarted in turn. Upstream never stops publishing.

use crate::count;
use crate::upstream::{Plan, Upstream};
use anyhow::{Context, bail, ensure};
use async_nats::jetstream;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};
use testkit::cluster::SERVERS;
use testkit::eventually::within;
use testkit::fixtures::{CrowdMeeting, Publication, crowd_meeting};
use testkit::publish::Publisher;
use testkit::setup::{Admin, Settings};
use testkit::stack::{SERVICES, Stack, StackOptions};

const WORKSPACE: &str = "drill";
/// Longest the cluster may take to have a leader and every copy in step again.
const IN_STEP_MAX: Duration = Duration::from_secs(60);
/// Longest one meeting may still take after the last trouble: an ack wait, a lease, and then some.
const SETTLED_MAX: Duration = Duration::from_secs(180);
/// Longest a partitioned server may take to notice that it is alone.
const ALONE_MAX: Duration = Duration::from_secs(30);

/// How hard the drill is.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Meetings upstream publishes per second
    #[arg(long, env = "DRILL_MEETINGS_PER_SECOND", default_value_t = 10)]
    meetings_per_second: u32,

    /// Longest each trouble lasts, in seconds
    #[arg(long, env = "DRILL_TROUBLE_S_MAX", default_value_t = 6)]
    trouble_s_max: u64,

    /// Customers seeded; the drill ends when each has met us once
    #[arg(long, env = "DRILL_CUSTOMERS", default_value_t = 1_500)]
    customers: usize,

    /// Repeats a drill; printed by every one
    #[arg(long, env = "DRILL_SEED")]
    seed: Option<u64>,
}

/// Holds the drill and prints its counts.
pub(crate) async fn hold(options: &Options) -> anyhow::Result<()> {
    let seed = options.seed.unwrap_or_else(rand::random);
    println!(
        "Seed {seed}; starting three NATS servers, Postgres, five services and a simulated org"
    );
    let mut stack = Stack::start(StackOptions {
        clustered: true,
        ..StackOptions::default()
    })
    .await?;
    let admin = Admin {
        rpc: stack.rpc().await,
        workspace: WORKSPACE.to_owned(),
    };
    let mut settings = Settings::read()?;
    settings
        .mapping
        .entries
        .retain(|entry| entry.id == "next_step");
    let crowd = admin
        .live_with_crowd(&stack, options.customers, &settings, |text| {
            println!("  {text}");
        })
        .await?;
    let our_email = crowd.connected.email().await?;
    let plan = Plan {
        meetings_max: options.customers,
        pace: Duration::from_secs(1) / options.meetings_per_second.max(1),
        meeting: Box::new(move |number| meeting(number, &our_email)),
    };
    let mut drill = Drill {
        upstream: Upstream::start(Publisher::new(stack.client().await?), plan),
        random: StdRng::seed_from_u64(seed),
        trouble_s_max: options.trouble_s_max.max(1),
        rows: Vec::new(),
    };
    drill.cluster_troubles(&mut stack).await?;
    drill.rolling_restart(&mut stack).await?;
    let rows = std::mem::take(&mut drill.rows);
    let published = drill.upstream.stop().await?;
    println!("Upstream stops; {published} meetings are published");
    for number in 0..published {
        let settled = admin
            .settled(&format!("drill-{number}"), 1, SETTLED_MAX)
            .await;
        settled?;
    }
    let simulator = stack.simulator().context("a drill has a simulator")?;
    let counts = count::count(simulator, &crowd.opportunities, published).await?;
    println!("\n{}", table(&rows));
    println!(
        "seed {seed}: {} meetings published, {} written exactly once, {} effects missing, {} doubled",
        counts.meetings,
        counts.exactly_once,
        counts.missing.len(),
        counts.doubled.len()
    );
    ensure!(
        counts.missing.is_empty() && counts.doubled.is_empty(),
        "missing: {}; doubled: {}",
        counts.missing.join(", "),
        counts.doubled.join(", ")
    );
    let visible: usize = rows
        .iter()
        .filter(|row| row.rolling)
        .map(|row| row.repeated)
        .sum();
    ensure!(
        visible == 0,
        "upstream saw {visible} errors while services restarted in turn"
    );
    Ok(())
}

/// The meeting of a number, with the customer of that number.
fn meeting(number: usize, our_email: &str) -> Publication {
    crowd_meeting(&CrowdMeeting {
        workspace: WORKSPACE,
        id: &format!("drill-{number}"),
        customer: number,
        our_email,
        title: &count::title(number),
        notes: "",
        next_step: &count::next_step(number),
    })
}

struct Drill {
    upstream: Upstream,
    random: StdRng,
    trouble_s_max: u64,
    rows: Vec<Row>,
}

/// One trouble, and what upstream saw of it.
struct Row {
    what: String,
    lasted: Duration,
    back_after: Duration,
    published: usize,
    repeated: usize,
    rolling: bool,
}

impl Drill {
    async fn cluster_troubles(&mut self, stack: &mut Stack) -> anyhow::Result<()> {
        for position in 0..SERVERS {
            self.killed(stack, &[position]).await?;
        }
        for position in 0..SERVERS {
            self.partitioned(stack, position).await?;
        }
        let spared = self.random.random_range(0..SERVERS);
        let others: Vec<usize> = (0..SERVERS).filter(|other| *other != spared).collect();
        self.killed(stack, &others).await?;
        self.killed(stack, &[0, 1, 2]).await
    }

    async fn killed(&mut self, stack: &mut Stack, positions: &[usize]) -> anyhow::Result<()> {
        let names: Vec<String> = positions.iter().map(|one| format!("nats-{one}")).collect();
        let what = format!("{} killed", names.join(", "));
        let before = self.before();
        let cluster = stack.cluster().context("a cluster")?;
        for position in positions {
            cluster.kill(*position);
        }
        let lasted = self.wait().await;
        for position in positions {
            cluster.restart(*position).await;
        }
        self.after(stack, what, lasted, before, false).await
    }

    async fn partitioned(&mut self, stack: &mut Stack, position: usize) -> anyhow::Result<()> {
        let before = self.before();
        let cluster = stack.cluster().context("a cluster")?;
        cluster.partition(position);
        // The trouble counts only when it is one: alone, a server must not be able to answer for the streams.
        let alone = async_nats::connect(cluster.server(position).url()).await?;
        let jetstream = jetstream::new(alone);
        let noticed = within(ALONE_MAX, || async {
            jetstream.get_stream("MEETINGS").await.err().map(drop)
        });
        if noticed.await.is_none() {
            bail!("nats-{position} answers for MEETINGS although it is cut off");
        }
        let lasted = self.wait().await;
        stack.cluster().context("a cluster")?.heal(position);
        let what = format!("nats-{position} cut off from the others");
        self.after(stack, what, lasted, before, false).await
    }

    async fn rolling_restart(&mut self, stack: &mut Stack) -> anyhow::Result<()> {
        for service in SERVICES {
            let before = self.before();
            let took = stack.roll(service).await?;
            let what = format!("{} restarted", service.as_str());
            self.after(stack, what, took, before, true).await?;
        }
        Ok(())
    }

    fn before(&self) -> (usize, usize) {
        (self.upstream.published(), self.upstream.repeated())
    }

    /// Lets the trouble last for a while.
    async fn wait(&mut self) -> Duration {
        let lasts =
            Duration::from_millis(self.random.random_range(1_000..=self.trouble_s_max * 1_000));
        tokio::time::sleep(lasts).await;
        lasts
    }

    /// Waits until everything is well again, and notes what the trouble was.
    async fn after(
        &mut self,
        stack: &mut Stack,
        what: String,
        lasted: Duration,
        (published, repeated): (usize, usize),
        rolling: bool,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        in_step(stack).await.with_context(|| what.clone())?;
        stack.ready().await.with_context(|| what.clone())?;
        let row = Row {
            what,
            lasted,
            back_after: began.elapsed(),
            published: self.upstream.published() - published,
            repeated: self.upstream.repeated() - repeated,
            rolling,
        };
        println!(
            "  {}: back after {:.1} s, {} meetings published meanwhile, {} sent again",
            row.what,
            row.back_after.as_secs_f64(),
            row.published,
            row.repeated
        );
        self.rows.push(row);
        Ok(())
    }
}

/// Waits until every stream has a leader and all copies in step.
async fn in_step(stack: &Stack) -> anyhow::Result<()> {
    let jetstream = jetstream::new(stack.client().await?);
    let in_step = within(IN_STEP_MAX, || async {
        for spec in &events::topology::STREAMS {
            let stream = jetstream.get_stream(spec.name).await.ok()?;
            let cluster = stream.cached_info().cluster.clone()?;
            let followers = cluster
                .replicas
                .iter()
                .filter(|one| one.current && !one.offline);
            if cluster.leader.is_none() || followers.count() + 1 < SERVERS {
                return None;
            }
        }
        Some(())
    });
    in_step
        .await
        .with_context(|| format!("the copies of the streams are not in step after {IN_STEP_MAX:?}"))
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header([
        "trouble",
        "lasted",
        "well again after",
        "published meanwhile",
        "sent again by upstream",
    ]);
    for row in rows {
        table.add_row([
            row.what.clone(),
            format!("{:.1} s", row.lasted.as_secs_f64()),
            format!("{:.1} s", row.back_after.as_secs_f64()),
            row.published.to_string(),
            row.repeated.to_string(),
        ]);
    }
    table.to_string()
}
