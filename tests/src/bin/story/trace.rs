//! One meeting's trace as a tree: `make trace`.

use crate::options::Options;
use crate::{tale, tell};
use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt::Write;
use testkit::fixtures;
use testkit::otlp::{Sink, Span};

/// The sample meeting whose trace is shown.
const SAMPLE: &str = "clean-match";
/// Attributes worth a place beside a span's name; all of them are safe to show.
const SHOWN: [&str; 5] = [
    "http.response.status_code",
    "messaging.batch.message_count",
    "rpc.method",
    "outcome",
    "error.type",
];
/// Deepest nesting shown; a deeper one is a cycle.
const DEPTH_MAX: usize = 32;

/// Runs one meeting through everything and prints its spans.
pub(crate) async fn print(options: &Options) -> anyhow::Result<()> {
    let sink = Sink::start().await;
    let mut ready = tell::set_up(options, &sink, None).await?;
    let meeting = fixtures::meetings()?
        .into_iter()
        .find(|meeting| meeting.id() == SAMPLE)
        .context("the sample meeting is gone")?;
    let tale = {
        let setting = ready.setting();
        let teller = tale::Teller {
            admin: &ready.admin,
            publisher: ready.publisher().await,
            rest: &ready.connected.rest,
            fields: tell::fields(&ready.connected).await?,
            setting: &setting,
        };
        teller.tell(meeting).await?
    };
    // A service that stops sends the spans it still has.
    ready.stack.stop().await;
    let spans = sink.of_trace(&tale.trace_id);
    println!("\n{}", tale.line());
    println!("\ntrace {}, {} spans", tale.trace_id, spans.len());
    print!("{}", tree(&tale.trace_id, &spans));
    Ok(())
}

/// Spans below their parents, in the order they began; spans that only link to the trace come last, under their own roots.
fn tree(trace_id: &str, spans: &[Span]) -> String {
    let mut children: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    let known: Vec<&str> = spans.iter().map(|span| span.span_id.as_str()).collect();
    let mut roots = Vec::new();
    let mut sorted: Vec<&Span> = spans.iter().collect();
    sorted.sort_by_key(|span| (span.trace_id != trace_id, span.began_at_ns));
    let began = sorted.first().map_or(0, |span| span.began_at_ns);
    for span in sorted {
        if known.contains(&span.parent_id.as_str()) {
            children.entry(&span.parent_id).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let mut text = String::new();
    for root in roots {
        line(&mut text, root, trace_id, began, 0, &children);
    }
    text
}

fn line(
    text: &mut String,
    span: &Span,
    trace_id: &str,
    began: u64,
    depth: usize,
    children: &BTreeMap<&str, Vec<&Span>>,
) {
    let shown: Vec<String> = SHOWN
        .iter()
        .filter_map(|key| {
            span.attributes
                .get(*key)
                .map(|value| format!("{key}={value}"))
        })
        .collect();
    let name = format!("{}{}", "  ".repeat(depth), span.name);
    let at = (span.began_at_ns.saturating_sub(began)) as f64 / 1e6;
    let _ = writeln!(
        text,
        "{at:>9.1} ms {:>9.1} ms  {:<15} {:<9} {name}{}{}{}",
        span.took.as_secs_f64() * 1e3,
        span.service.trim_start_matches("ergo-"),
        span.kind,
        if span.trace_id == trace_id {
            ""
        } else {
            " (linked)"
        },
        if span.failed { " FAILED" } else { "" },
        if shown.is_empty() {
            String::new()
        } else {
            format!("  [{}]", shown.join(" "))
        },
    );
    if depth == DEPTH_MAX {
        return;
    }
    for child in children.get(span.span_id.as_str()).into_iter().flatten() {
        line(text, child, trace_id, began, depth + 1, children);
    }
}
