//! Two people and us on one record, in every order a seeded generator finds: no edit of a person that is newer than our
//! baseline is overwritten without a reviewer having seen it.
//!
//! Salesforce has no compare-and-set for collections, so the milliseconds between the read right before a write and the
//! write are the one order nobody can close; people here edit in any other: between match and gate, gate and queue, queue
//! and write, a lost answer and the look at it, a review and its approval.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, said};
use events::crm::v1::OverwritePolicy;
use events::writeback::v1::{
    Change, ChangeDecision, ChangeState, DecideChangesRequest, Decision, ListChangesRequest,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use salesforce_sim::config::{ADMIN_USERNAME, INTEGRATION_USERNAME};
use salesforce_sim::{Fault, FaultKind, WriteLogEntry};
use serde_json::{Value as Json, json};
use testkit::eventually;
use testkit::rpc::as_admin;

/// Things that happen, in one run.
const STEPS: usize = 70;
/// Another person than the administrator.
const SECOND_PERSON: &str = "dev.okafor@northwind.example";

struct Play {
    world: World,
    random: StdRng,
    meetings: usize,
    edits: usize,
}

impl Play {
    async fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..=2 => self.meeting().await,
            3..=5 => self.edit().await,
            6 | 7 => self.review().await,
            8 => self.lose_an_answer().await,
            _ => {
                let pause = Duration::from_millis(self.random.random_range(1..120));
                // Not to wait for anything, but to let any step of the service come next.
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn meeting(&mut self) {
        let mut meeting = said(
            &format!("m-{}", self.meetings),
            &format!("ours {}", self.meetings),
        );
        meeting.started_at += 7_200 * i64::try_from(self.meetings).expect("few");
        self.meetings += 1;
        self.world.decided(&meeting).await;
    }

    /// One of two people writes the field, while no worker is between its read and its write.
    async fn edit(&mut self) {
        let who = match self.random.random_bool(0.5) {
            true => ADMIN_USERNAME,
            false => SECOND_PERSON,
        };
        let value = format!("theirs {}", self.edits);
        self.edits += 1;
        let world = &self.world;
        let unit = eventually(LIMIT, async || {
            let mut unit = world.pool.begin().await.expect("begins");
            let leased: Vec<bool> = sqlx::query_scalar(
                "select coalesce(lease_until > now(), false) from writeback.lane for update",
            )
            .fetch_all(&mut *unit)
            .await
            .expect("the lanes");
            // Rolled back when a worker has the lane: another look.
            (!leased.contains(&true)).then_some(unit)
        })
        .await;
        world
            .control
            .save_as(
                who,
                "Opportunity",
                Some(&world.opportunity),
                json!({"NextStep": value}),
            )
            .await
            .expect("a person's edit is saved");
        unit.rollback().await.expect("lets the lanes go");
    }

    async fn review(&mut self) {
        let held = self.held().await;
        if held.is_empty() {
            return;
        }
        let change = &held[self.random.random_range(0..held.len())];
        // It may have moved since: then the decision is refused, which is as good.
        let _ = self
            .world
            .client()
            .await
            .decide_changes(
                &as_admin(),
                DecideChangesRequest {
                    workspace: WORKSPACE.into(),
                    decisions: vec![ChangeDecision {
                        change_id: change.id.clone(),
                        version: change.version,
                        decision: Decision::Approve.into(),
                        ..ChangeDecision::default()
                    }],
                },
            )
            .await
            .expect("an answer");
    }

    async fn lose_an_answer(&mut self) {
        let kind = match self.random.random_bool(0.6) {
            true => FaultKind::CommitThenReset,
            false => FaultKind::ResetBeforeCommit,
        };
        let lost = Fault::new(kind).on_method("PATCH").times(1);
        self.world.control.fault(lost).await.expect("is told");
    }

    async fn held(&self) -> Vec<Change> {
        let request = ListChangesRequest {
            workspace: WORKSPACE.into(),
            states: vec![ChangeState::Held.into()],
            ..ListChangesRequest::default()
        };
        let client = self.world.client().await;
        let answer = client.list_changes(&as_admin(), request).await;
        answer.expect("the review queue").changes
    }

    /// Nothing is on its way any more.
    async fn settle(&self) {
        self.world.control.clear_faults().await.expect("is told");
        eventually(LIMIT, async || {
            let open: i64 = sqlx::query_scalar(
                "select count(*) from writeback.change
                 where state in ('proposed', 'approved', 'executing', 'uncertain')",
            )
            .fetch_one(&self.world.pool)
            .await
            .expect("the changes");
            let sets: i64 = sqlx::query_scalar("select count(*) from writeback.change_set")
                .fetch_one(&self.world.pool)
                .await
                .expect("the sets");
            let meetings = i64::try_from(self.meetings).expect("few");
            (open == 0 && sets >= meetings).then_some(())
        })
        .await;
    }

    /// Every write of ours against what it overwrote; answers how many overwrote a person's edit.
    async fn judge(&self, policy: OverwritePolicy) -> usize {
        // Whether anybody approved is asked of the audit: a change that is back in review is nobody's decision any more.
        let rows: Vec<(String, String, bool, bool)> = sqlx::query_as(
            "select coalesce(proposed #>> '{}', ''), coalesce(baseline #>> '{}', ''), state = 'applied',
               exists (select from writeback.audit a where a.subject = c.id::text and a.action = 'change.approved')
             from writeback.change c",
        )
        .fetch_all(&self.world.pool)
        .await
        .expect("the changes");
        let by_value: BTreeMap<&str, (&str, bool, bool)> = rows
            .iter()
            .map(|(proposed, baseline, applied, approved)| {
                (proposed.as_str(), (baseline.as_str(), *applied, *approved))
            })
            .collect();
        let log = self.world.control.write_log(0).await.expect("the log");
        let text = |value: Option<&Json>| value.and_then(Json::as_str).map(str::to_owned);
        let of_ours = |entry: &&WriteLogEntry| {
            entry.id == self.world.opportunity && entry.username == INTEGRATION_USERNAME
        };
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for value in log
            .iter()
            .filter(of_ours)
            .filter_map(|entry| text(entry.after.get("NextStep")))
        {
            *left.entry(value).or_default() += 1;
        }
        let mut last_by_person = false;
        let mut overwrote = 0;
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        for entry in log
            .iter()
            .filter(|entry| entry.id == self.world.opportunity)
        {
            let Some(after) = text(entry.after.get("NextStep")) else {
                continue;
            };
            let ours = entry.username == INTEGRATION_USERNAME;
            if ours {
                *written.entry(after.clone()).or_default() += 1;
                *left.entry(after.clone()).or_default() -= 1;
            }
            let before = text(entry.before.get("NextStep")).unwrap_or_default();
            if ours && last_by_person && !before.is_empty() {
                overwrote += 1;
                let (baseline, applied, approved) = by_value[after.as_str()];
                // What is back in review got another baseline since, and so did what was approved there and written again.
                assert!(
                    !applied || left[&after] > 0 || baseline == before,
                    "{after} was written over {before}, which was not its baseline {baseline}"
                );
                if policy == OverwritePolicy::ReplaceOurs {
                    assert!(
                        approved,
                        "{after} was written over {before}, which nobody saw"
                    );
                }
            }
            last_by_person = !ours;
        }
        // A meeting's value is written once, or once more when a person approved it again after an edit.
        for (value, times) in written {
            assert!(times <= 2, "{value} was written {times} times");
        }
        overwrote
    }
}

async fn play(seed: u64, policy: OverwritePolicy) -> usize {
    println!("seed {seed}, {policy:?}");
    let world = World::new().await;
    let _service = world.start().await;
    let mut next_step = entry("next_step", "NextStep");
    next_step.overwrite = policy.into();
    world.set_up(mapping(vec![next_step], vec![])).await;
    world.live(true).await;
    let mut play = Play {
        world,
        random: StdRng::seed_from_u64(seed),
        meetings: 0,
        edits: 0,
    };
    // From here on the record's lane is there, and an edit can keep workers from it.
    play.meeting().await;
    play.settle().await;
    for _ in 0..STEPS {
        play.step().await;
    }
    play.settle().await;
    play.judge(policy).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_and_us_on_one_record_and_only_a_reviewer_lets_us_overwrite_them() {
    let mut overwrote = 0;
    for seed in [3, 4] {
        overwrote += play(seed, OverwritePolicy::ReplaceOurs).await;
    }
    assert!(
        overwrote > 0,
        "no order let a reviewer overwrite an edit: the test proves nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn even_where_we_may_replace_always_an_edit_newer_than_the_baseline_stays() {
    play(rand::random(), OverwritePolicy::ReplaceAlways).await;
}
