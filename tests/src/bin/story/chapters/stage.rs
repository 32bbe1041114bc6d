//! What a chapter is told with: the running product, the org, and the sample meetings under other names.

use anyhow::Context;
use events::writeback::v1::{Change, ChangeSet};
use std::time::Duration;
use testkit::eventually::within;
use testkit::fixtures::{self, Publication, Setting};
use testkit::org::{Rest, Target};
use testkit::publish::{Publisher, Trace};
use testkit::setup::Admin;
use testkit::stack::Simulator;

use crate::tale::label;

/// Longest anything may take to show.
pub(crate) const SHOWN_MAX: Duration = Duration::from_secs(60);

/// What all chapters share.
#[derive(Clone, Copy)]
pub(crate) struct Set<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) publisher: &'a Publisher,
    pub(crate) setting: &'a Setting<'a>,
    /// The org, and who logs in to it.
    pub(crate) org: &'a Target,
    /// The simulator's control, unless the org existed already.
    pub(crate) simulator: Option<&'a Simulator>,
    /// Where the browser comes back to after connecting.
    pub(crate) console_url: &'a str,
}

/// What one chapter is told with.
pub(crate) struct Stage<'a> {
    pub(crate) set: &'a Set<'a>,
    /// The org by ordinary REST, with a token asked for when the chapter began: an earlier one may have ended it.
    pub(crate) rest: Rest,
}

impl<'a> Stage<'a> {
    pub(crate) async fn open(set: &'a Set<'a>) -> anyhow::Result<Self> {
        let connection = set.admin.connection().await?;
        let rest = set.admin.rest(&connection, &set.org.api_version).await?;
        Ok(Self { set, rest })
    }

    /// The first publication of a sample meeting under an id of its own, `<sample>-<name>-<run>`.
    pub(crate) fn sample(&self, sample: &str, name: &str) -> anyhow::Result<Publication> {
        let meetings = fixtures::meetings()?;
        let meeting = meetings
            .iter()
            .find(|meeting| meeting.id() == sample)
            .with_context(|| format!("there is no sample meeting {sample}"))?;
        let mut publication = meeting
            .publications(self.set.setting)?
            .into_iter()
            .next()
            .context("a meeting is published at least once")?;
        let id = format!("{sample}-{name}-{}", self.set.setting.run);
        publication.event_id = format!("{id}-r1");
        publication.event.id = id;
        Ok(publication)
    }

    /// Publishes a sample meeting whose first value is `value`, and waits for its change set.
    pub(crate) async fn publish(
        &self,
        sample: &str,
        name: &str,
        value: &str,
    ) -> anyhow::Result<ChangeSet> {
        let mut publication = self.sample(sample, name)?;
        let first = publication.event.extracted_values.first_mut();
        first.context("the sample meeting has no value")?.value = Some(fixtures::text_value(value));
        let meeting_id = publication.event.id.clone();
        self.set
            .publisher
            .publish(&publication, &Trace::begin())
            .await?;
        let set = within(SHOWN_MAX, || async {
            self.set.admin.change_set(&meeting_id).await.ok()?
        });
        set.await
            .with_context(|| format!("meeting {meeting_id} has no change set after {SHOWN_MAX:?}"))
    }

    /// The same change set once nothing of it is on its way any more.
    pub(crate) async fn settled(&self, set: &ChangeSet) -> anyhow::Result<ChangeSet> {
        let admin = self.set.admin;
        admin
            .settled(&set.meeting_id, set.meeting_revision, SHOWN_MAX)
            .await
    }
}

/// The change of one field, by `Object.Field`.
pub(crate) fn change_of<'a>(set: &'a ChangeSet, field: &str) -> anyhow::Result<&'a Change> {
    let change = set.changes.iter().find(|change| label(change) == field);
    change.with_context(|| format!("meeting {} does not change {field}", set.meeting_id))
}
