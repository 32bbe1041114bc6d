//! `asyncapi.yaml` describes the bus for people and tools; this holds it against the code.

use serde_yaml_ng::Value;
use std::path::Path;

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi.yaml");
    let text = std::fs::read_to_string(path).expect("the document is there");
    serde_yaml_ng::from_str(&text).expect("the document is YAML")
}

/// `crm::v1::RecordsChanged` is `ergo.crm.v1.RecordsChanged` in protobuf.
fn protobuf_name(rust: &str) -> String {
    format!("ergo.{}", rust.replace([' ', '\n'], "").replace("::", "."))
}

#[test]
fn every_event_is_described_on_its_subject_and_stream() {
    let document = document();
    assert_eq!(document["asyncapi"].as_str(), Some("3.0.0"));
    let channels = document["channels"].as_mapping().expect("channels");
    let mut described = Vec::new();
    for channel in channels.values() {
        if let Some(event) = channel["x-ergo-event"].as_str() {
            let stream = channel["x-ergo-stream"]
                .as_str()
                .expect("each event channel names its stream");
            let subject = format!("{event}.{{workspace}}");
            assert_eq!(channel["address"].as_str(), Some(subject.as_str()));
            let messages = channel["messages"].as_mapping().expect("messages");
            let reference = messages.values().next().expect("one message")["$ref"]
                .as_str()
                .expect("a reference");
            let name = reference.rsplit('/').next().expect("a name");
            let full =
                document["components"]["messages"][name]["payload"]["x-protobuf-message"].as_str();
            described.push((
                event.to_owned(),
                stream.to_owned(),
                full.expect("a protobuf name").to_owned(),
            ));
        }
    }
    described.sort();
    let mut events: Vec<_> = events::event::EVENTS
        .iter()
        .map(|(event, stream, name)| {
            (
                (*event).to_owned(),
                (*stream).to_owned(),
                protobuf_name(name),
            )
        })
        .collect();
    events.sort();
    assert_eq!(described, events);
}

#[test]
fn every_stream_is_described_with_its_limits() {
    let document = document();
    let streams = document["x-ergo-streams"]
        .as_mapping()
        .expect("x-ergo-streams");
    assert_eq!(streams.len(), events::topology::STREAMS.len());
    for stream in events::topology::STREAMS {
        let described = &streams[stream.name];
        let subjects: Vec<&str> = described["subjects"]
            .as_sequence()
            .expect("subjects")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(subjects, stream.subjects, "{}", stream.name);
        assert_eq!(
            described["age_s_max"].as_u64(),
            Some(stream.age_s_max),
            "{}",
            stream.name
        );
        assert_eq!(
            described["message_bytes_max"].as_i64(),
            Some(i64::from(stream.message_bytes_max)),
            "{}",
            stream.name
        );
    }
}
