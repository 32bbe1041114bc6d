//! How long the pure comparison of two snapshots takes, for an org of 2,000 fields in ten objects of which a twentieth
//! changed, and how long deciding whom that hits takes for a mapping of 500 entries. Prints two lines; `make bench` shows
//! them beside its other figures.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use metadata_sync::domain::drift::drift;
use metadata_sync::domain::impact::impact;
use metadata_sync::domain::mapping::{Entry, Mapping, Overwrite};
use metadata_sync::domain::schema::{Field, Object, PicklistValue, Schema};

const OBJECTS: usize = 10;
const FIELDS: usize = 200;
const VALUES: usize = 20;
const ROUNDS: usize = 101;

fn field(object: usize, number: usize, changed: bool) -> (String, Field) {
    let value = |at: usize| PicklistValue {
        value: format!("Value {at}"),
        label: format!("Value {at}"),
        active: true,
        ..PicklistValue::default()
    };
    let is_list = number.is_multiple_of(4);
    let field = Field {
        id: format!("00N{object:03}{number:06}"),
        label: format!("Field {number} of {object}"),
        kind: if is_list { "picklist" } else { "string" }.into(),
        length: if changed && !is_list { 80 } else { 255 },
        createable: true,
        updateable: true,
        picklist: if is_list {
            (0..VALUES - usize::from(changed)).map(value).collect()
        } else {
            vec![]
        },
        ..Field::default()
    };
    let moved = changed && number.is_multiple_of(3);
    let name = if moved { "Moved" } else { "Field" };
    (format!("{name}_{number}__c"), field)
}

fn org(changed: bool) -> Schema {
    let object = |at: usize| Object {
        name: format!("Object_{at}__c"),
        label: format!("Object {at}"),
        createable: true,
        updateable: true,
        fields: (0..FIELDS)
            .map(|number| field(at, number, changed && number.is_multiple_of(20)))
            .collect::<BTreeMap<_, _>>(),
        ..Object::default()
    };
    (0..OBJECTS)
        .map(object)
        .map(|object| (object.name.clone(), object))
        .collect()
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

fn main() {
    let (before, after) = (org(false), org(true));
    let entry = |number: usize| Entry {
        id: format!("e{number}"),
        property: format!("p{number}"),
        object: format!("Object_{}__c", number % OBJECTS),
        field: format!("Field_{}__c", number / OBJECTS * 4),
        overwrite: Some(Overwrite::OnlyIfEmpty),
        ..Entry::default()
    };
    let mapping = Mapping {
        entries: (0..500).map(entry).collect(),
        ..Mapping::default()
    };
    let mut compared = Vec::with_capacity(ROUNDS);
    let mut decided = Vec::with_capacity(ROUNDS);
    let mut changes = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        changes = drift(black_box(&before), black_box(&after));
        compared.push(began.elapsed());
        let began = Instant::now();
        let hit = changes
            .iter()
            .filter_map(|change| impact(change, black_box(&mapping)));
        black_box(hit.count());
        decided.push(began.elapsed());
    }
    println!(
        "drift: {} fields compared in {:.2} ms (median of {ROUNDS}), {} differences",
        OBJECTS * FIELDS,
        median(compared).as_secs_f64() * 1000.0,
        changes.len()
    );
    println!(
        "drift: whom they hit among {} mapping entries decided in {:.2} ms",
        mapping.entries.len(),
        median(decided).as_secs_f64() * 1000.0
    );
}
