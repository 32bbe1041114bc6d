//! What each program tells a metrics store is what deploy/METRICS.md says, and nothing else.

use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use testkit::eventually;
use testkit::eventually::within;
use testkit::http::client;
use testkit::stack::{SERVICES, ServiceName};
use testkit::tools::root;

/// Some gauges are looked up in the database every fifteen seconds.
const SHOWN_MAX: Duration = Duration::from_secs(60);

/// One line of the table.
struct Documented {
    kind: String,
    /// Values where they are listed; `None` where they are bounded otherwise.
    labels: BTreeMap<String, Option<BTreeSet<String>>>,
    programs: BTreeSet<String>,
    always: bool,
}

/// One family of an endpoint.
#[derive(Default)]
struct Shown {
    kind: String,
    labels: BTreeMap<String, BTreeSet<String>>,
}

fn backticked(text: &str) -> Option<&str> {
    text.trim().strip_prefix('`')?.split('`').next()
}

fn table() -> BTreeMap<String, Documented> {
    let file = root().join("deploy/METRICS.md");
    let text = std::fs::read_to_string(file).expect("the table of metrics is readable");
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, programs, seen, _] = cells[..] else {
            panic!("a line of the table has six cells: {line}");
        };
        let name = backticked(name).expect("a name");
        let labels = labels
            .split('`')
            .skip(1)
            .collect::<Vec<_>>()
            .chunks(2)
            .map(|pair| {
                let listed = pair.get(1).and_then(|rest| rest.trim().strip_prefix('('));
                let values = listed.and_then(|rest| rest.split(')').next());
                let values =
                    values.map(|text| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>());
                (pair[0].to_owned(), values)
            })
            .collect();
        let programs = match programs {
            "all" => SERVICES.iter().map(|one| one.as_str().to_owned()).collect(),
            listed => listed.split(", ").map(str::to_owned).collect(),
        };
        assert!(["always", "once"].contains(&seen), "{line}");
        let documented = Documented {
            kind: kind.to_owned(),
            labels,
            programs,
            always: seen == "always",
        };
        assert!(
            found.insert(name.to_owned(), documented).is_none(),
            "{name} is listed twice"
        );
    }
    found
}

/// Reads Prometheus' text format: families with their kinds and labels.
fn families(text: &str) -> BTreeMap<String, Shown> {
    let mut found: BTreeMap<String, Shown> = BTreeMap::new();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').expect("a name and a kind");
            found.entry(name.to_owned()).or_default().kind = kind.to_owned();
            continue;
        }
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let series = line.rsplit_once(' ').expect("a value").0;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let name = found
            .keys()
            .filter(|family| {
                let rest = name.strip_prefix(family.as_str());
                rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
            })
            .max_by_key(|family| family.len())
            .unwrap_or_else(|| panic!("{name} has no family"))
            .clone();
        let family = found.get_mut(&name).expect("was just found");
        for label in labels.trim_end_matches('}').split("\",") {
            if let Some((key, value)) = label.split_once("=\"") {
                let values = family.labels.entry(key.to_owned()).or_default();
                values.insert(value.trim_end_matches('"').to_owned());
            }
        }
    }
    found
}

fn problems(
    program: &str,
    shown: &BTreeMap<String, Shown>,
    table: &BTreeMap<String, Documented>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, shown) in shown {
        let Some(documented) = table.get(name) else {
            let labels: Vec<_> = shown.labels.iter().collect();
            problems.push(format!(
                "{program}: {name} ({}, {labels:?}) is not in the table",
                shown.kind
            ));
            continue;
        };
        if !documented.programs.contains(program) {
            problems.push(format!("{program}: {name} is not listed for it"));
        }
        if documented.kind != shown.kind {
            problems.push(format!(
                "{program}: {name} is a {}, not a {}",
                shown.kind, documented.kind
            ));
        }
        for (label, values) in &shown.labels {
            let added = ["otel_scope_name", "le"].contains(&label.as_str());
            match documented.labels.get(label) {
                None if added => {}
                None => problems.push(format!("{program}: {name} has a label {label}")),
                Some(None) => {}
                Some(Some(listed)) => {
                    let strange: Vec<_> = values.difference(listed).collect();
                    if !strange.is_empty() {
                        problems.push(format!(
                            "{program}: {name} has {label} = {strange:?}, which are not listed"
                        ));
                    }
                }
            }
        }
    }
    for (name, documented) in table {
        if documented.always && documented.programs.contains(program) && !shown.contains_key(name) {
            problems.push(format!("{program}: {name} is not shown"));
        }
    }
    problems
}

async fn scraped(world: &World, service: ServiceName) -> String {
    let admin = world.stack.service(service).admin_url();
    let url = format!("{}/metrics", admin.expect("every service has one"));
    let answer = client().get(url).send().await.expect("metrics are served");
    answer.text().await.expect("as text")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_agrees_with_the_table_of_metrics() {
    let table = table();
    let world = World::live().await;
    let meeting = world.meeting(0);
    world.publish(&meeting).await;
    world.settled(&meeting).await;
    let asked = async || {
        let mut found = Vec::new();
        for service in SERVICES {
            let shown = families(&scraped(&world, service).await);
            found.extend(problems(service.as_str(), &shown, &table));
        }
        found
    };
    let agreed = within(SHOWN_MAX, || async {
        asked().await.is_empty().then_some(())
    })
    .await;
    if agreed.is_none() {
        panic!("{}", asked().await.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_when_is_told_by_workspace() {
    let world = World::live().await;
    let meeting = world.meeting(0);
    world.publish(&meeting).await;
    world.settled(&meeting).await;
    let shown = eventually(SHOWN_MAX, async || {
        let text = scraped(&world, ServiceName::Writeback).await;
        text.contains("ergo_writeback_last_effect_seconds{")
            .then_some(text)
    })
    .await;
    let value = |name: &str, labels: &[&str]| -> f64 {
        let line = shown
            .lines()
            .filter(|line| line.starts_with(&format!("{name}{{")))
            .find(|line| labels.iter().all(|label| line.contains(label)));
        let line = line.unwrap_or_else(|| panic!("{name} {labels:?} is not in {shown}"));
        let value = line.rsplit_once(' ').expect("a value").1;
        value.parse().expect("a number")
    };
    let workspace = "workspace=\"e2e\"";
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs_f64();
    let effect = value("ergo_writeback_last_effect_seconds", &[workspace]);
    assert!(effect > now - 600.0 && effect <= now + 1.0, "{effect}");
    let applied = value("ergo_writeback_settled_changes_total", &["\"applied\""]);
    assert!(applied >= 2.0, "{applied}");
    let usage = value("ergo_writeback_api_budget_usage_ratio", &[workspace]);
    assert!(usage > 0.0 && usage < 1.0, "{usage}");
    let live = [workspace, "work=\"live\""];
    assert!(value("ergo_writeback_queue_depth", &live) >= 0.0);
}
