//! One run of the drill: everything started, the workspace live, the meetings published, and in a rough run trouble until
//! they are; then everything is left to settle and counted.

use super::effects::{self, Counts};
use super::meetings::{Meetings, WORKSPACE, id};
use super::trouble::Trouble;
use super::{Options, finale};
use crate::count;
use crate::upstream::{Plan, Upstream};
use anyhow::Context;
use chrono::{DateTime, Utc};
use events::crm::v1::{Destination, destination};
use events::writeback::v1::{
    ChangeDecision, ChangeSet, ChangeState, DecideChangesRequest, Decision, PermissionMode,
    PropertyPermission, WritebackClient,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::publish::Publisher;
use testkit::rpc::as_admin;
use testkit::setup::{Admin, Settings};
use testkit::stack::{ServiceName, Stack, StackOptions};

/// Longest one meeting may still take after the last trouble: a timeout, a lease, a look, and a few repeats.
const SETTLED_MAX: Duration = Duration::from_secs(240);
/// How long a meeting is watched before waits are shortened again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Troubles at once at most.
const AT_ONCE_MAX: usize = 3;

/// Which run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Without faults.
    Calm,
    /// With them.
    Rough {
        /// Draws them.
        seed: u64,
    },
}

/// What a run left.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) counts: Counts,
    pub(super) finale: BTreeSet<String>,
    pub(super) troubles: Vec<String>,
    /// Changes whose tries were used up and that a person put back on the queue.
    pub(super) released: usize,
}

/// Runs once.
pub(super) async fn run(
    options: &Options,
    first_at: DateTime<Utc>,
    kind: Kind,
) -> anyhow::Result<Ended> {
    let rough = matches!(kind, Kind::Rough { .. });
    let mut stack = Stack::start(StackOptions {
        breakable: rough,
        own_database: rough && !options.shared_database,
        // Waits that are long in production would only make the drill longer.
        environment: [
            ("SALESFORCE_REQUEST_TIMEOUT_S", "4"),
            ("WRITEBACK_EXECUTOR_LEASE_S", "5"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        ..StackOptions::default()
    })
    .await?;
    let admin = Admin {
        rpc: stack.rpc().await,
        workspace: WORKSPACE.to_owned(),
    };
    let crowd = admin
        .live_with_crowd(&stack, options.meetings(), &settings()?, |text| {
            println!("  {text}");
        })
        .await?;
    let simulator = stack.simulator().context("a drill has a simulator")?;
    let before = count::writes(simulator, 0).await?;
    let before = before.last().and_then(|last| last["seq"].as_u64());
    let meetings = Meetings {
        our_email: crowd.connected.email().await?,
        first_at,
    };
    let upstream = Upstream::start(
        Publisher::new(stack.client().await?),
        Plan {
            meetings_max: options.meetings(),
            pace: match kind {
                Kind::Calm => Duration::ZERO,
                Kind::Rough { .. } => Duration::from_secs(1) / options.meetings_per_second.max(1),
            },
            meeting: Box::new(move |number| meetings.publication(number)),
        },
    );
    let mut troubles = Vec::new();
    if let Kind::Rough { seed } = kind {
        let mut random = StdRng::seed_from_u64(seed);
        while upstream.published() < options.meetings() || troubles.len() < options.troubles_min {
            troubles.extend(afflict(&mut stack, &mut random, options).await?);
        }
        stack.ready().await?;
    }
    upstream.finished().await?;
    let released = settle(&stack, &admin, options.meetings()).await?;
    let simulator = stack.simulator().context("a drill has a simulator")?;
    let log = count::writes(simulator, before.unwrap_or_default()).await?;
    let ended = Ended {
        counts: effects::count(&log, &crowd.opportunities, options.meetings()),
        finale: finale::read(&crowd.connected.rest, &crowd.opportunities).await?,
        troubles,
        released,
    };
    stack.stop().await;
    Ok(ended)
}

/// A few troubles at once, for a while, then peace for a moment.
async fn afflict(
    stack: &mut Stack,
    random: &mut StdRng,
    options: &Options,
) -> anyhow::Result<Vec<String>> {
    let mut chosen: Vec<Trouble> = Vec::new();
    for _ in 0..random.random_range(1..=AT_ONCE_MAX) {
        let trouble = Trouble::any(random, !options.shared_database);
        if !chosen.contains(&trouble) {
            chosen.push(trouble);
        }
    }
    let lasts = Duration::from_millis(random.random_range(200..=options.trouble_ms_max.max(201)));
    let peace = Duration::from_millis(random.random_range(50..=options.trouble_ms_max.max(51)));
    let told: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    for trouble in &chosen {
        trouble
            .begin(stack)
            .await
            .with_context(|| format!("begin: {trouble}"))?;
    }
    tokio::time::sleep(lasts).await;
    // What others wait for comes back first: a service is ready only when it has its database and its bus.
    chosen.sort_by_key(|trouble| matches!(trouble, Trouble::Killed(_)));
    for trouble in &chosen {
        trouble
            .end(stack)
            .await
            .with_context(|| format!("end: {trouble}"))?;
    }
    println!("  {} for {:.1} s", told.join("; "), lasts.as_secs_f64());
    hurry(stack).await.context("shorten the waits")?;
    tokio::time::sleep(peace).await;
    Ok(told)
}

/// Limits, maintenance and a suspended connection are waited out for minutes, up to quarters of an hour; here the time has
/// passed when the trouble has.
async fn hurry(stack: &Stack) -> anyhow::Result<()> {
    let hurried = testkit::eventually::within(Duration::from_secs(30), || async {
        // A crashed server takes a moment to recover.
        let pool = sqlx::PgPool::connect(&stack.database().url()).await.ok()?;
        for statement in [
            "update writeback.usage set paused_until = now() where paused_until > now() + interval '2 seconds'",
            "update writeback.change set not_before = now() where state = 'approved' and not_before > now() + interval '20 seconds'",
            // A session rejected again and again looks like login hours: auth looks at that five minutes later.
            "update auth.connection set probe_at = now() where state = 'suspended' and probe_at > now() + interval '2 seconds'",
        ] {
            sqlx::query(statement).execute(&pool).await.ok()?;
        }
        pool.close().await;
        Some(())
    });
    hurried.await.context("postgres does not answer")
}

/// Waits until nothing of any meeting is on its way; what was parked is released once, as a person would.
async fn settle(stack: &Stack, admin: &Admin, meetings: usize) -> anyhow::Result<usize> {
    let until = Instant::now() + SETTLED_MAX;
    let mut released = 0;
    for number in 0..meetings {
        let set = settled(stack, admin, number, until).await?;
        let parked: Vec<_> = set
            .changes
            .iter()
            .filter(|change| change.state() == ChangeState::Failed)
            .map(|change| ChangeDecision {
                change_id: change.id.clone(),
                version: change.version,
                decision: Decision::Approve.into(),
                ..ChangeDecision::default()
            })
            .collect();
        if parked.is_empty() {
            continue;
        }
        released += parked.len();
        let request = DecideChangesRequest {
            workspace: WORKSPACE.to_owned(),
            decisions: parked,
        };
        WritebackClient::new(admin.rpc.clone())
            .decide_changes(&as_admin(), request)
            .await?;
        settled(
            stack,
            admin,
            number,
            until.max(Instant::now() + SETTLED_MAX / 4),
        )
        .await?;
    }
    Ok(released)
}

async fn settled(
    stack: &Stack,
    admin: &Admin,
    number: usize,
    until: Instant,
) -> anyhow::Result<ChangeSet> {
    loop {
        match admin.settled(&id(number), 1, PATIENCE).await {
            Ok(set) => return Ok(set),
            Err(late) if Instant::now() > until => {
                let why = waits_for(admin, number).await;
                return Err(late.context(format!(
                    "it waits for {why}; services' logs end with\n{}",
                    stack.service(ServiceName::Auth).log_end()
                )));
            }
            Err(_) => hurry(stack).await?,
        }
    }
}

/// What stands in the way of a meeting's changes that are not in Salesforce, each once, with the state of the connection.
async fn waits_for(admin: &Admin, number: usize) -> String {
    let set = admin.change_set(&id(number)).await.ok().flatten();
    let mut reasons: BTreeSet<String> = set
        .iter()
        .flat_map(|set| &set.changes)
        .filter(|change| change.state() != ChangeState::Applied)
        .flat_map(|change| &change.reasons)
        .map(|reason| format!("{}: {}", reason.code, reason.message))
        .collect();
    if let Ok(connection) = admin.connection().await {
        reasons.insert(format!("the connection is {connection:?}"));
    }
    reasons.into_iter().collect::<Vec<_>>().join("; ")
}

/// Every kind of change, written without asking.
fn settings() -> anyhow::Result<Settings> {
    use destination::{Content, Kind};
    let mut settings = Settings::read()?;
    settings
        .mapping
        .entries
        .retain(|entry| entry.id == "next_step");
    settings.mapping.destinations = [
        (Content::Meeting, Kind::Task),
        (Content::RecordingLink, Kind::Event),
        (Content::Notes, Kind::ContentNote),
    ]
    .map(|(content, kind)| Destination {
        content: content.into(),
        kind: kind.into(),
        ..Destination::default()
    })
    .to_vec();
    for object in ["Event", "ContentNote", "Contact", "OpportunityContactRole"] {
        settings.permissions.push(PropertyPermission {
            object: object.to_owned(),
            field: String::new(),
            mode: PermissionMode::Automatic.into(),
            create_mode: PermissionMode::Automatic.into(),
        });
    }
    Ok(settings)
}
