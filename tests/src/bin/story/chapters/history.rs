//! A backfill: a past meeting published again as history, sampled, approved by month, written, and taken back.

use super::stage::{SHOWN_MAX, Stage};
use crate::tale::{label, state_word};
use crate::tell::step;
use anyhow::{Context, ensure};
use events::Timestamp;
use events::meeting::v1::Origin;
use events::rpc::RpcError;
use events::writeback::v1::{
    ApproveSliceRequest, Backfill, BackfillMove, BackfillState, ChangeSet, ChangeState,
    CreateBackfillRequest, GetBackfillRequest, MoveBackfillRequest, UndoBackfillRequest,
    WritebackClient,
};
use testkit::eventually::within;
use testkit::publish::Trace;
use testkit::rpc::{NatsTransport, as_admin};

/// The sample meeting that is published again as history.
const SAMPLE: &str = "clean-match";
/// 2024-03-12, 09:00 UTC: more than a year ago.
const BEGAN_AT: i64 = 1_710_234_000;
const SLICE: &str = "2024-03";
/// The window: the first half of 2024.
const FROM: i64 = 1_704_067_200;
const UNTIL: i64 = 1_719_792_000;

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let set = republish(stage).await?;
    let states: Vec<String> = set
        .changes
        .iter()
        .map(|change| format!("{} {}", label(change), state_word(change.state())))
        .collect();
    step(&format!(
        "a meeting of March 2024 is published again as history: {}",
        states.join(", ")
    ));
    let id = sampled(stage).await?;
    let written = approved(stage, &id, &set).await?;
    taken_back(stage, &id, &set, &written).await?;
    go(stage, &id, BackfillMove::Cancel).await?;
    step("the backfill is cancelled: what was not written is dismissed");
    Ok(())
}

fn client(stage: &Stage<'_>) -> WritebackClient<NatsTransport> {
    WritebackClient::new(stage.set.admin.rpc.clone())
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

async fn republish(stage: &Stage<'_>) -> anyhow::Result<ChangeSet> {
    let mut publication = stage.sample(SAMPLE, "history")?;
    let event = &mut publication.event;
    event.origin = Origin::Backfill.into();
    event.started_at = at(BEGAN_AT);
    event.ended_at = at(BEGAN_AT + 1_800);
    let meeting_id = event.id.clone();
    let revision = event.revision;
    stage
        .set
        .publisher
        .publish(&publication, &Trace::begin())
        .await?;
    stage
        .set
        .admin
        .settled(&meeting_id, revision, SHOWN_MAX)
        .await
}

async fn sampled(stage: &Stage<'_>) -> anyhow::Result<String> {
    let drafted = client(stage)
        .create_backfill(
            &as_admin(),
            CreateBackfillRequest {
                workspace: stage.set.admin.workspace.clone(),
                name: "spring 2024".into(),
                window_from: at(FROM),
                window_until: at(UNTIL),
                meetings_expected: 500,
                ..CreateBackfillRequest::default()
            },
        )
        .await
        .context("draft a backfill")?;
    let id = drafted.backfill.context("there is no draft")?.id;
    go(stage, &id, BackfillMove::Sample).await?;
    let ready = within(SHOWN_MAX, || async {
        let found = look(stage, &id).await.ok()?;
        (found.state() == BackfillState::ReadyForReview).then_some(found)
    });
    let ready = ready.await.context("the backfill was not sampled")?;
    let sample = ready.sample.context("there is no sample")?;
    step(&format!(
        "sampled: {} meetings with {} changes; of 500 meetings it would be {} changes in {} Salesforce calls, {} days \
         at {} calls a day",
        sample.meetings,
        sample.changes,
        sample.changes_expected,
        sample.calls_expected,
        sample.days_expected,
        sample.calls_per_day
    ));
    for warning in &sample.warnings {
        step(&format!("  {warning}"));
    }
    ensure!(
        sample.archived_activities > 0,
        "nobody was warned of activities that may be archived"
    );
    Ok(id)
}

/// The month is approved as it was seen, and written with its own dates; answers the changes written.
async fn approved(stage: &Stage<'_>, id: &str, set: &ChangeSet) -> anyhow::Result<Vec<String>> {
    let mut request = ApproveSliceRequest {
        workspace: stage.set.admin.workspace.clone(),
        backfill_id: id.to_owned(),
        slice: SLICE.into(),
        seen_at: None,
    };
    let seen = client(stage)
        .approve_slice(&as_admin(), request.clone())
        .await
        .context("count the slice")?;
    ensure!(seen.changes > 0, "nothing of the slice can be approved");
    request.seen_at = seen.seen_at;
    client(stage)
        .approve_slice(&as_admin(), request)
        .await
        .context("approve the slice")?;
    step(&format!(
        "{SLICE} is approved: {} changes that carry little risk; {} are left for a look of their own",
        seen.changes, seen.left_for_review
    ));
    go(stage, id, BackfillMove::Start).await?;
    let applied = within(SHOWN_MAX, || async {
        let set = stage.set.admin.change_set(&set.meeting_id).await.ok()??;
        let written: Vec<_> = set
            .changes
            .iter()
            .filter(|change| change.state() == ChangeState::Applied)
            .cloned()
            .collect();
        (written.len() as u64 >= seen.changes).then_some(written)
    });
    let written = applied
        .await
        .context("the approved slice was not written")?;
    for change in &written {
        let record = change.record.clone().unwrap_or_default();
        if record.object == "Task" {
            let found = stage
                .rest
                .record("Task", &record.id, &["Subject", "ActivityDate"])
                .await?;
            step(&format!(
                "Task {} keeps the meeting's own date: {}",
                record.id, found["ActivityDate"]
            ));
        } else {
            step(&format!("{} applied", label(change)));
        }
    }
    Ok(written.into_iter().map(|change| change.id).collect())
}

async fn taken_back(
    stage: &Stage<'_>,
    id: &str,
    set: &ChangeSet,
    written: &[String],
) -> anyhow::Result<()> {
    let answer = client(stage)
        .undo_backfill(
            &as_admin(),
            UndoBackfillRequest {
                workspace: stage.set.admin.workspace.clone(),
                backfill_id: id.to_owned(),
                slice: SLICE.into(),
                reason: "the wrong quarter".into(),
                changes_max: 0,
            },
        )
        .await
        .context("take the slice back")?;
    ensure!(
        answer.untaken.is_empty() && answer.undone == written.len() as u64,
        "{answer:?}"
    );
    let undone = within(SHOWN_MAX, || async {
        let set = stage.set.admin.change_set(&set.meeting_id).await.ok()??;
        let left = set
            .changes
            .iter()
            .filter(|change| written.contains(&change.id))
            .any(|change| change.state() != ChangeState::Undone);
        (!left).then_some(set)
    });
    let set = undone.await.context("the slice was not taken back")?;
    for change in set
        .changes
        .iter()
        .filter(|change| written.contains(&change.id))
    {
        step(&format!("{} {}", label(change), state_word(change.state())));
    }
    Ok(())
}

async fn go(stage: &Stage<'_>, id: &str, asked: BackfillMove) -> anyhow::Result<()> {
    client(stage)
        .move_backfill(
            &as_admin(),
            MoveBackfillRequest {
                workspace: stage.set.admin.workspace.clone(),
                backfill_id: id.to_owned(),
                r#move: asked.into(),
                reason: "the story is told".into(),
            },
        )
        .await
        .with_context(|| format!("{asked:?}"))?;
    Ok(())
}

async fn look(stage: &Stage<'_>, id: &str) -> Result<Backfill, RpcError> {
    let answer = client(stage)
        .get_backfill(
            &as_admin(),
            GetBackfillRequest {
                workspace: stage.set.admin.workspace.clone(),
                backfill_id: id.to_owned(),
            },
        )
        .await?;
    Ok(answer.backfill.unwrap_or_default())
}
