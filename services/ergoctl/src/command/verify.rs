//! `ergoctl verify`.

use serde_json::{Value, json};

use super::Out;
use super::progress::Progress;
use crate::api::{Answer, Api};
use crate::arguments::{Record, Verify};
use crate::exit;
use crate::show::{table, value};

const COLUMNS: [(&str, &str); 6] = [
    ("OBJECT", "/object"),
    ("RECORD", "/record_id"),
    ("FIELD", "/field"),
    ("ACCEPTED", "/accepted"),
    ("CODE", "/code"),
    ("MESSAGE", "/message"),
];

pub(super) async fn run(api: &Api, out: &Out, verify: Verify) -> anyhow::Result<u8> {
    let answer = if verify.last {
        let mut newest: Value = api.get(&["verification"], &[]).await?.read()?;
        let run = newest["run"].take();
        anyhow::ensure!(
            !run.is_null(),
            "there was no verification; run `ergoctl verify`"
        );
        Answer {
            text: run.to_string(),
        }
    } else {
        let record = |record: &Record| json!({"object": record.object, "id": record.id});
        let records: Vec<Value> = verify.records.iter().map(record).collect();
        let _progress =
            Progress::begin("rehearses the mapping in Salesforce, leaving nothing behind");
        api.post(&["verification"], json!({ "records": records }))
            .await?
    };
    let run: Value = answer.read()?;
    out.answer(&answer, |run| Ok(shown(run)))?;
    Ok(if run["passed"] == true {
        exit::DONE
    } else {
        exit::NO
    })
}

fn shown(run: &Value) -> String {
    let results = run["results"].as_array().map_or(&[][..], Vec::as_slice);
    let passed = if run["passed"] == true {
        "passed"
    } else {
        "not passed"
    };
    let limits = value(&run["limits"]);
    let text = format!("{}\n{passed}", table(results, &COLUMNS));
    if limits.is_empty() {
        text
    } else {
        format!("{text}; {limits}")
    }
}
