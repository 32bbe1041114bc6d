//! Streams and consumers: declared by `migrate`, compared by everyone else. The comparison is pure.
//!
//! `get_or_create` of the client library does not reconcile, and older servers drop what they do not know, so what
//! the server returned is always held against what was wanted.

use anyhow::Context as _;
use async_nats::jetstream::{
    consumer::{PullConsumer, pull},
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
};
use events::topology::{STREAMS, StreamSpec};
use std::{collections::BTreeSet, time::Duration};

use super::{Bus, ConsumerSpec};
use crate::config::Options;

/// What one stream should look like here.
fn wanted(spec: &StreamSpec, options: &Options) -> Config {
    Config {
        name: spec.name.to_owned(),
        description: Some(spec.description.to_owned()),
        subjects: spec
            .subjects
            .iter()
            .map(|&subject| subject.to_owned())
            .collect(),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        max_age: Duration::from_secs(spec.age_s_max),
        max_bytes: options
            .nats_stream_bytes_max
            .map_or(spec.bytes_max, |most| most.min(spec.bytes_max)),
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: spec.message_bytes_max,
        duplicate_window: Duration::from_secs(spec.duplicate_window_s),
        discard: if spec.discard_new {
            DiscardPolicy::New
        } else {
            DiscardPolicy::Old
        },
        num_replicas: options.nats_stream_replicas,
        allow_direct: true,
        ..Config::default()
    }
}

/// The oldest server accepted (design section 3): older ones silently drop settings they do not know.
const SERVER_MIN: (i64, i64, i64) = (2, 12, 0);

fn check_server(bus: &Bus) -> anyhow::Result<()> {
    let (major, minor, patch) = SERVER_MIN;
    anyhow::ensure!(
        bus.client().is_server_compatible(major, minor, patch),
        "nats-server {} is too old: {major}.{minor} or newer is needed",
        bus.client().server_info().version
    );
    Ok(())
}

/// Declares all streams and this service's consumers.
///
/// # Errors
/// When JetStream refuses, or kept something else than it was told.
pub(crate) async fn ensure(
    bus: &Bus,
    options: &Options,
    consumers: &[ConsumerSpec],
) -> anyhow::Result<()> {
    check_server(bus)?;
    for spec in &STREAMS {
        let config = wanted(spec, options);
        bus.jetstream()
            .create_or_update_stream(config.clone())
            .await
            .with_context(|| {
                format!(
                    "stream {} of {} bytes cannot be declared; if storage is short, set NATS_STREAM_BYTES_MAX",
                    spec.name, config.max_bytes
                )
            })?;
        let found = stream_config(bus, spec.name).await?;
        refuse(
            &format!("stream {}", spec.name),
            &stream_differences(&config, &found),
        )?;
    }
    for spec in consumers {
        let config = spec
            .clone()
            .tuned(options)
            .config(options.nats_stream_replicas);
        bus.jetstream()
            .create_consumer_on_stream(config.clone(), spec.stream)
            .await
            .with_context(|| format!("consumer {} cannot be declared", spec.durable))?;
        let found = consumer_config(bus, spec).await?;
        refuse(
            &format!("consumer {}", spec.durable),
            &consumer_differences(&config, &found),
        )?;
    }
    Ok(())
}

/// Compares what is there with what this binary needs; nothing is changed.
///
/// # Errors
/// Listing every difference, or naming what is missing.
pub(crate) async fn check(
    bus: &Bus,
    options: &Options,
    consumers: &[ConsumerSpec],
) -> anyhow::Result<()> {
    check_server(bus)?;
    let mut differences = Vec::new();
    for spec in &STREAMS {
        let found = stream_config(bus, spec.name).await?;
        differences.extend(
            stream_differences(&wanted(spec, options), &found)
                .into_iter()
                .map(|difference| format!("stream {}: {difference}", spec.name)),
        );
    }
    for spec in consumers {
        let found = consumer_config(bus, spec).await?;
        differences.extend(
            consumer_differences(
                &spec
                    .clone()
                    .tuned(options)
                    .config(options.nats_stream_replicas),
                &found,
            )
            .into_iter()
            .map(|difference| format!("consumer {}: {difference}", spec.durable)),
        );
    }
    refuse("jetstream", &differences)
}

fn refuse(what: &str, differences: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(
        differences.is_empty(),
        "{what} is not what this version needs, run migrate: {}",
        differences.join("; ")
    );
    Ok(())
}

async fn stream_config(bus: &Bus, name: &str) -> anyhow::Result<Config> {
    let mut stream = bus
        .jetstream()
        .get_stream(name)
        .await
        .with_context(|| format!("stream {name} cannot be read, run migrate"))?;
    Ok(stream
        .info()
        .await
        .with_context(|| format!("stream {name} cannot be read"))?
        .config
        .clone())
}

async fn consumer_config(bus: &Bus, spec: &ConsumerSpec) -> anyhow::Result<pull::Config> {
    let consumer: PullConsumer = bus
        .jetstream()
        .get_consumer_from_stream(spec.durable, spec.stream)
        .await
        .with_context(|| {
            format!(
                "consumer {} of stream {} cannot be read, run migrate",
                spec.durable, spec.stream
            )
        })?;
    use async_nats::jetstream::consumer::FromConsumer;
    pull::Config::try_from_consumer_config(consumer.cached_info().config.clone()).map_err(|error| {
        anyhow::anyhow!("consumer {} is not a pull consumer: {error}", spec.durable)
    })
}

/// Every difference that would change which messages are kept or accepted, as sentences. Size and copies are the
/// operator's to change while we run, so they are not compared.
#[must_use]
pub fn stream_differences(wanted: &Config, found: &Config) -> Vec<String> {
    let mut list = Differences::default();
    let set = |config: &Config| {
        config
            .subjects
            .iter()
            .cloned()
            .collect::<BTreeSet<String>>()
    };
    list.compare("subjects", &set(wanted), &set(found));
    list.compare("retention", &wanted.retention, &found.retention);
    list.compare("storage", &wanted.storage, &found.storage);
    list.compare("discard", &wanted.discard, &found.discard);
    list.compare("max_age", &wanted.max_age, &found.max_age);
    list.compare(
        "max_msg_size",
        &wanted.max_message_size,
        &found.max_message_size,
    );
    list.compare(
        "duplicate_window",
        &wanted.duplicate_window,
        &found.duplicate_window,
    );
    list.compare("max_msgs", &wanted.max_messages, &found.max_messages);
    list.compare(
        "max_msgs_per_subject",
        &wanted.max_messages_per_subject,
        &found.max_messages_per_subject,
    );
    list.compare("no_ack", &wanted.no_ack, &found.no_ack);
    list.compare("sealed", &wanted.sealed, &found.sealed);
    list.0
}

/// Every difference that would change which messages a consumer gets, or when again, as sentences.
#[must_use]
pub fn consumer_differences(wanted: &pull::Config, found: &pull::Config) -> Vec<String> {
    let mut list = Differences::default();
    list.compare(
        "filter_subject",
        &wanted.filter_subject,
        &found.filter_subject,
    );
    list.compare(
        "filter_subjects",
        &wanted.filter_subjects,
        &found.filter_subjects,
    );
    list.compare("ack_policy", &wanted.ack_policy, &found.ack_policy);
    list.compare("ack_wait", &wanted.ack_wait, &found.ack_wait);
    list.compare("backoff", &wanted.backoff, &found.backoff);
    list.compare("max_deliver", &wanted.max_deliver, &found.max_deliver);
    list.compare(
        "max_ack_pending",
        &wanted.max_ack_pending,
        &found.max_ack_pending,
    );
    list.compare("headers_only", &wanted.headers_only, &found.headers_only);
    list.0
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, wanted: &T, found: &T) {
        if wanted != found {
            self.0
                .push(format!("{what} is {found:?} instead of {wanted:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_stream_equals_itself_and_names_what_moved() {
        let options = Options::new(None, "nats://n:1");
        let config = wanted(&STREAMS[0], &options);
        assert_eq!(stream_differences(&config, &config), Vec::<String>::new());
        let moved = Config {
            subjects: vec!["other.>".into()],
            retention: RetentionPolicy::WorkQueue,
            max_bytes: 1,
            num_replicas: 5,
            ..config.clone()
        };
        assert_eq!(
            stream_differences(&config, &moved),
            [
                r#"subjects is {"other.>"} instead of {"ergo.meeting.processed.v1.*"}"#,
                "retention is WorkQueue instead of Limits",
            ]
        );
    }

    #[test]
    fn a_consumer_with_backoff_is_refused() {
        let spec = ConsumerSpec::of::<events::meeting::v1::MeetingProcessed>(
            "matching__meeting_processed",
        );
        let config = spec.config(1);
        let moved = pull::Config {
            backoff: vec![Duration::from_secs(1)],
            ..config.clone()
        };
        assert_eq!(consumer_differences(&config, &config), Vec::<String>::new());
        assert_eq!(
            consumer_differences(&config, &moved),
            ["backoff is [1s] instead of []"]
        );
    }

    #[test]
    fn a_configured_size_only_ever_makes_a_stream_smaller() {
        let mut options = Options::new(None, "nats://n:1");
        options.nats_stream_bytes_max = Some(1_000);
        assert_eq!(wanted(&STREAMS[0], &options).max_bytes, 1_000);
        options.nats_stream_bytes_max = Some(i64::MAX);
        assert_eq!(
            wanted(&STREAMS[0], &options).max_bytes,
            STREAMS[0].bytes_max
        );
    }
}
