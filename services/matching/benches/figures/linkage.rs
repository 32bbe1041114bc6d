//! The person matcher on the FEBRL half: with everything but the number, and with names and places only.

use crate::data;
use crate::report::Report;
use matching::domain::linkage::{Field, Key, Kind, Record, candidates, link};
use matching::domain::name::fold::fold;
use matching::domain::name::sound::sound;
use std::collections::{HashMap, HashSet};

const GIVEN: usize = 0;
const SURNAME: usize = 1;
const SUBURB: usize = 2;
const POSTCODE: usize = 3;
const STATE: usize = 4;
const NUMBER: usize = 5;
const ADDRESS_1: usize = 6;
const ADDRESS_2: usize = 7;
const BIRTH: usize = 8;
const COLUMNS: [&str; 9] = [
    "given_name",
    "surname",
    "suburb",
    "postcode",
    "state",
    "street_number",
    "address_1",
    "address_2",
    "date_of_birth",
];

fn joined(parts: &[&str]) -> Option<String> {
    parts
        .iter()
        .all(|part| !part.is_empty())
        .then(|| parts.join("|"))
}

fn head(text: &str, letters: usize) -> &str {
    text.get(..letters).unwrap_or("")
}

fn same(key: Key) -> (Key, Key) {
    (key, key)
}

fn name_and_place_keys() -> Vec<(Key, Key)> {
    vec![
        same(|r| joined(&[&r[GIVEN], &r[SURNAME]])),
        (
            |r| joined(&[&r[GIVEN], &r[SURNAME]]),
            |r| joined(&[&r[SURNAME], &r[GIVEN]]),
        ),
        same(|r| joined(&[&r[SURNAME], &r[POSTCODE]])),
        same(|r| joined(&[&r[GIVEN], &r[POSTCODE]])),
        (
            |r| joined(&[&r[SURNAME], &r[POSTCODE]]),
            |r| joined(&[&r[GIVEN], &r[POSTCODE]]),
        ),
        (
            |r| joined(&[&r[GIVEN], &r[POSTCODE]]),
            |r| joined(&[&r[SURNAME], &r[POSTCODE]]),
        ),
        same(|r| joined(&[head(&r[SURNAME], 4), head(&r[GIVEN], 3)])),
        same(|r| joined(&[&sound(&r[SURNAME]), &r[SUBURB]])),
        same(|r| joined(&[&sound(&r[SURNAME]), &sound(&r[GIVEN])])),
        same(|r| joined(&[&r[SUBURB], &r[POSTCODE]])),
        same(|r| joined(&[&r[GIVEN], &r[SUBURB]])),
        same(|r| joined(&[&r[SURNAME], head(&r[SUBURB], 4)])),
        same(|r| joined(&[head(&r[GIVEN], 4), &r[STATE], head(&r[SUBURB], 4)])),
        same(|r| joined(&[head(&r[SURNAME], 3), head(&r[SUBURB], 4), &r[STATE]])),
        same(|r| joined(&[&r[POSTCODE], head(&r[SUBURB], 3)])),
        same(|r| joined(&[&r[POSTCODE], head(&r[SURNAME], 2)])),
        same(|r| joined(&[&r[POSTCODE], head(&r[GIVEN], 2)])),
        same(|r| joined(&[&r[SURNAME]])),
        (|r| joined(&[&r[SURNAME]]), |r| joined(&[&r[GIVEN]])),
        (|r| joined(&[&r[GIVEN]]), |r| joined(&[&r[SURNAME]])),
        same(|r| joined(&[&r[SUBURB]])),
        same(|r| joined(&[&r[POSTCODE]])),
    ]
}

fn full_keys() -> Vec<(Key, Key)> {
    let mut keys = name_and_place_keys();
    keys.extend([
        same(|r| joined(&[&r[BIRTH]])),
        same(|r| joined(&[&r[SUBURB], &r[NUMBER]])),
        same(|r| joined(&[&r[ADDRESS_1], &r[NUMBER]])),
        (
            |r| joined(&[&r[ADDRESS_1], &r[NUMBER]]),
            |r| joined(&[&r[ADDRESS_2], &r[NUMBER]]),
        ),
        (
            |r| joined(&[&r[ADDRESS_2], &r[NUMBER]]),
            |r| joined(&[&r[ADDRESS_1], &r[NUMBER]]),
        ),
    ]);
    keys
}

fn fields(count: usize) -> Vec<Field> {
    let field = |kind, swapped_with| Field { kind, swapped_with };
    let all = [
        field(Kind::Text, Some(SURNAME)),
        field(Kind::Text, Some(GIVEN)),
        field(Kind::Text, None),
        field(Kind::Code, None),
        field(Kind::Code, None),
        field(Kind::Code, None),
        field(Kind::Text, Some(ADDRESS_2)),
        field(Kind::Text, Some(ADDRESS_1)),
        field(Kind::Date, None),
    ];
    all[..count].to_vec()
}

fn table(text: &str, columns: usize) -> (Vec<Record>, HashMap<String, usize>) {
    let mut records = Vec::new();
    let mut ids = HashMap::new();
    for row in data::rows(text) {
        ids.insert(row["id"].to_owned(), records.len());
        records.push(
            COLUMNS[..columns]
                .iter()
                .map(|column| fold(row.get(column).copied().unwrap_or("")))
                .collect(),
        );
    }
    (records, ids)
}

pub(crate) fn run(report: &mut Report) {
    let (Some(a), Some(b), Some(truth)) = (
        data::file("febrl4_a.tsv"),
        data::file("febrl4_b.tsv"),
        data::file("febrl4_truth.tsv"),
    ) else {
        report.skipped(
            "person matcher, febrl4 half",
            "the data set is not beside the project",
        );
        return;
    };
    for (what, columns, keys, bar) in [
        (
            "everything but the number",
            COLUMNS.len(),
            full_keys(),
            0.997,
        ),
        (
            "names and places only",
            STATE + 1,
            name_and_place_keys(),
            0.97,
        ),
    ] {
        let (left, left_ids) = table(&a, columns);
        let (right, right_ids) = table(&b, columns);
        let truth: HashSet<(usize, usize)> = data::rows(&truth)
            .iter()
            .map(|row| (left_ids[row["id_a"]], right_ids[row["id_b"]]))
            .collect();
        let pairs = candidates(&keys, &left, &right);
        let reached = pairs
            .iter()
            .filter(|(i, j)| truth.contains(&(*i as usize, *j as usize)))
            .count();
        let links = link(&fields(columns), &left, &right, &pairs);
        let right_links = links
            .iter()
            .filter(|link| truth.contains(&(link.a, link.b)))
            .count();
        let (precision, recall) = (
            right_links as f64 / links.len().max(1) as f64,
            right_links as f64 / truth.len() as f64,
        );
        report.at_least(
            &format!("person matcher, febrl4 half, {what}: F1"),
            2.0 * precision * recall / (precision + recall),
            bar,
            "",
        );
        report.says(
            &format!("  precision, recall; pairs compared, of the true ones {what}"),
            format!(
                "{precision:.4}, {recall:.4}; {}, {:.4}",
                pairs.len(),
                reached as f64 / truth.len() as f64
            ),
        );
    }
}
