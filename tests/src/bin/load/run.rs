//! What is measured, in order: start, memory, single meetings on an idle system, bulk, bulk against a slow org.

use crate::Options;
use crate::disk::Disk;
use crate::report::{Figures, percentile, rate};
use crate::watch::Watch;
use crate::{first_load, queued};
use anyhow::{Context, bail, ensure};
use chrono::Utc;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::fixtures::{CrowdMeeting, Publication, crowd_meeting};
use testkit::org::Rest;
use testkit::publish::{Publisher, Trace};
use testkit::setup::{Admin, Connected, Settings};
use testkit::stack::{SERVICES, Stack, StackOptions};

/// The workspace of the benchmark.
const WORKSPACE: &str = "bench";
/// Messages sent before the first is known to be stored.
pub(crate) const IN_FLIGHT_MAX: usize = 256;
/// Longest one bulk run may take.
const BULK_MAX: Duration = Duration::from_secs(600);
/// Longest one single meeting may take.
const SINGLE_MAX: Duration = Duration::from_secs(30);

/// Measures everything.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    println!("Starting");
    let stack_options = StackOptions {
        org: options.org.target()?,
        auth_port: options.org.auth_port(),
        ..StackOptions::default()
    };
    let mut stack = Stack::start(stack_options).await?;
    measure_start(&mut stack, &mut figures).await?;
    println!("Seeding {} accounts by REST", options.accounts);
    let admin = Admin {
        rpc: stack.rpc().await,
        workspace: WORKSPACE.to_owned(),
    };
    let connected = set_up(&stack, &admin, options).await?;
    measure_memory(&stack, "idle memory of", "<= 30 MB", &mut figures);

    let bench = Bench {
        watch: Watch::start(&stack.nats().client().await, WORKSPACE).await?,
        publisher: Publisher::new(stack.nats().client().await),
        rest: &connected.rest,
        our_email: connected.email().await?,
        accounts: options.accounts,
        run: format!("{:x}", Utc::now().timestamp()),
    };
    println!("Single meetings");
    bench.singles(options.single_meetings, &mut figures).await?;
    println!("Bulk");
    let before = Disk::taken(&stack).await?;
    bench
        .bulk(
            "bulk",
            options.meetings,
            &mut figures,
            [">= 1500 /s", "", "<= 0.05"],
        )
        .await?;
    let meetings = u64::try_from(options.meetings).unwrap_or(u64::MAX);
    before
        .since(&stack, "meeting", meetings, &mut figures)
        .await?;
    measure_memory(&stack, "memory after bulk of", "", &mut figures);
    if options.queued_changes > 0 {
        println!("{} changes queue", options.queued_changes);
        let name = "queue";
        queued::measure(
            &bench,
            &stack,
            &admin,
            name,
            options.queued_changes,
            &mut figures,
        )
        .await?;
    }
    match stack.simulator() {
        Some(simulator) => {
            println!(
                "Bulk with {} ms added to each Salesforce call",
                options.latency_ms
            );
            let fault = json!({ "kind": { "latency_ms": options.latency_ms }, "path_contains": "/services/data/" });
            simulator
                .command(&json!({ "command": "add_fault", "fault": fault }))
                .await?;
            let name = format!("bulk at {} ms", options.latency_ms);
            bench
                .bulk(
                    &name,
                    options.meetings,
                    &mut figures,
                    ["not lower by a fifth", "", "<= 0.05"],
                )
                .await?;
            if options.queued_changes > 0 {
                let name = format!("queue at {} ms", options.latency_ms);
                let changes = options.queued_changes / 5;
                queued::measure(&bench, &stack, &admin, &name, changes, &mut figures).await?;
            }
        }
        None => println!("Bulk against a slow org: skipped, it needs the simulator's control API"),
    }
    let simulated = stack.simulator().is_some();
    stack.stop().await;
    drop(stack);
    if simulated && options.first_load_contacts > 0 {
        println!("First load of {} contacts", options.first_load_contacts);
        first_load::measure(options.first_load_contacts, &mut figures).await?;
    }
    Ok(figures)
}

async fn measure_start(stack: &mut Stack, figures: &mut Figures) -> anyhow::Result<()> {
    for service in SERVICES {
        stack.kill(service);
        let took = stack.start_again(service).await?;
        figures.add(
            format!("start to ready of {}", service.as_str()),
            format!("{} ms", took.as_millis()),
            "<= 500 ms",
        );
    }
    Ok(())
}

fn measure_memory(stack: &Stack, what: &str, target: &str, figures: &mut Figures) {
    for service in SERVICES {
        let process = stack.service(service);
        if let (Some(kib), Some(own)) = (process.resident_kib(), process.own_kib()) {
            figures.add(
                format!("{what} {}", service.as_str()),
                format!(
                    "{:.1} MB, {:.1} of it allocated",
                    kib as f64 / 1024.0,
                    own as f64 / 1024.0
                ),
                target,
            );
        }
    }
}

/// Live, with one field and one task mapped.
async fn set_up(stack: &Stack, admin: &Admin, options: &Options) -> anyhow::Result<Connected> {
    let mut settings = Settings::read()?;
    settings
        .mapping
        .entries
        .retain(|entry| entry.id == "next_step");
    let tell = |text: &str| println!("  {text}");
    let crowd = admin
        .live_with_crowd(stack, options.accounts, &settings, tell)
        .await?;
    Ok(crowd.connected)
}

pub(crate) struct Bench<'a> {
    watch: Watch,
    pub(crate) publisher: Publisher,
    rest: &'a Rest,
    accounts: usize,
    run: String,
    our_email: String,
}

impl Bench<'_> {
    /// One meeting after another: each is published when the one before is in Salesforce.
    async fn singles(&self, meetings: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let mut took = Vec::with_capacity(meetings);
        for number in 0..meetings {
            let publication = self.publication("single", number);
            let id = publication.event.id.clone();
            let began = Instant::now();
            self.publisher
                .publish(&publication, &Trace::begin())
                .await?;
            let open = self
                .watch
                .ended(std::slice::from_ref(&id), SINGLE_MAX)
                .await;
            let seen = self.watch.of(&id);
            let Some(ended) = seen.ended.filter(|_| open == 0) else {
                bail!("single meeting {number} did not end within {SINGLE_MAX:?}");
            };
            ensure!(
                seen.applied == 2,
                "single meeting {number} had {} changes applied, not a field and a task",
                seen.applied
            );
            took.push(ended.duration_since(began));
        }
        for (percent, target) in [(50.0, "<= 60 ms"), (99.0, "<= 250 ms")] {
            let value = percentile(&took, percent);
            let shown = format!("{:.1} ms", value.as_secs_f64() * 1000.0);
            figures.add(
                format!("publish to applied, idle system, p{percent}"),
                shown,
                target,
            );
        }
        Ok(())
    }

    /// All at once.
    async fn bulk(
        &self,
        name: &str,
        meetings: usize,
        figures: &mut Figures,
        targets: [&str; 3],
    ) -> anyhow::Result<()> {
        let publications: Vec<_> = (0..meetings)
            .map(|number| self.publication(&name.replace(' ', "-"), number))
            .collect();
        let ids: Vec<String> = publications
            .iter()
            .map(|publication| publication.event.id.clone())
            .collect();
        let calls_before = self.calls().await?;
        let began = Instant::now();
        for part in publications.chunks(IN_FLIGHT_MAX) {
            let mut stored = Vec::with_capacity(part.len());
            for publication in part {
                stored.push(self.publisher.send(publication, &Trace::begin()).await?);
            }
            for stored in stored {
                stored.await.context("store a meeting")?;
            }
        }
        figures.add(
            format!("{name}: published"),
            rate(meetings, began.elapsed()),
            "",
        );
        let open = self.watch.ended(&ids, BULK_MAX).await;
        ensure!(
            open == 0,
            "{open} of {meetings} meetings did not end within {BULK_MAX:?}"
        );
        let seen: Vec<_> = ids.iter().map(|id| self.watch.of(id)).collect();
        let last = |when: Vec<Option<Instant>>| {
            when.into_iter()
                .flatten()
                .max()
                .unwrap_or(began)
                .duration_since(began)
        };
        let queued = last(seen.iter().map(|seen| seen.queued).collect());
        let ended = last(seen.iter().map(|seen| seen.ended).collect());
        let applied: usize = seen.iter().map(|seen| seen.applied).sum();
        // Reading the count is a call itself.
        let calls = self.calls().await?.saturating_sub(calls_before + 1);
        figures.add(
            format!("{name}: publish to queued"),
            rate(meetings, queued),
            targets[0],
        );
        figures.add(
            format!("{name}: publish to applied"),
            rate(meetings, ended),
            targets[1],
        );
        figures.add(
            format!("{name}: changes applied"),
            format!("{applied} of {}", meetings * 2),
            "all",
        );
        figures.add(
            format!("{name}: Salesforce calls per meeting"),
            format!("{:.3}", calls as f64 / meetings as f64),
            targets[2],
        );
        Ok(())
    }

    /// API calls of the org so far, as Salesforce counts them.
    pub(crate) async fn calls(&self) -> anyhow::Result<u64> {
        self.rest
            .get(&self.rest.path("limits"))
            .await
            .context("read the org's limits")?;
        Ok(self.rest.calls_used())
    }

    pub(crate) fn publication(&self, kind: &str, number: usize) -> Publication {
        crowd_meeting(&CrowdMeeting {
            workspace: WORKSPACE,
            id: &format!("{kind}-{}-{number}", self.run),
            customer: number % self.accounts,
            our_email: &self.our_email,
            title: &format!("Meeting {number}"),
            notes: "",
            // Not what an earlier part of the run wrote: that would be there already.
            next_step: &format!("Step {number} of {kind} {}", self.run),
        })
    }
}
