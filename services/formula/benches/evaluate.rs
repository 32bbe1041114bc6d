//! What prediction costs: evaluations per second on the mix of real rules, checking a rule when the
//! schema changes, explaining a firing rule, and all rules of an object against one record.

#[path = "../tests/it/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use formula::{
    Blanks, Context, Fields, Formula, Kind, Outcome, Record, Value, compile, compile_rule, parse,
};

struct Mix {
    rules: Vec<Formula>,
    record: Record,
}

/// The real rules and one record that has every field they name; empty where the fixtures are absent.
fn mix() -> Mix {
    let mut rules = Vec::new();
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    if let Some(fixtures) = corpus::fixtures() {
        for rule in corpus::real_rules(&fixtures) {
            let tree = parse(&rule.formula).expect("parses");
            let (schema, declared) = corpus::declared(&tree);
            rules.push(
                compile_rule(&rule.formula, &schema)
                    .unwrap_or_else(|error| panic!("{}: {error}", rule.name)),
            );
            kinds.extend(declared);
        }
    }
    let record = kinds
        .iter()
        .map(|(path, kind)| (path, corpus::plausible(path, *kind)))
        .collect();
    Mix { rules, record }
}

fn at<'a>(record: &'a Record, prior: &'a Record) -> Context<'a> {
    let now = DateTime::<Utc>::from_timestamp(1_768_478_400, 0).expect("an instant");
    Context::new(record).updated(prior).at(now, Tz::UTC)
}

fn evaluate(criterion: &mut Criterion) {
    let mix = mix();
    let context = at(&mix.record, &mix.record);
    let count = |wanted: fn(&Outcome) -> bool| {
        mix.rules
            .iter()
            .filter(|rule| wanted(&rule.outcome(&context)))
            .count()
    };
    println!(
        "{} rules: {} fire, {} silent, {} cannot tell",
        mix.rules.len(),
        count(|outcome| *outcome == Outcome::Fires),
        count(|outcome| *outcome == Outcome::Silent),
        count(|outcome| matches!(outcome, Outcome::CannotTell(_))),
    );
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(mix.rules.len() as u64));
    group.bench_function("the mix of real rules", |bencher| {
        bencher.iter(|| {
            for rule in &mix.rules {
                black_box(rule.outcome(black_box(&context)));
            }
        });
    });
    // Every rule of an object against one record: twice the mix, cut to 300.
    let many: Vec<&Formula> = mix.rules.iter().chain(&mix.rules).take(300).collect();
    group.throughput(Throughput::Elements(many.len() as u64));
    group.bench_function("300 rules against a record", |bencher| {
        bencher.iter(|| {
            for rule in &many {
                black_box(rule.outcome(black_box(&context)));
            }
        });
    });
    group.finish();
}

/// 190 characters, of the shapes the real rules are made of.
const RULE: &str = "AND($Setup.Master__c.Rules__c == true, Locked__c == false, NOT(ISBLANK(Actual_Final__c)), \
     OR(Extension_days__c > 90, Extension_days__c < 0), ISPICKVAL(Decision_on_How_to_Proceed__c, \"Formal\"))";

fn schema() -> Fields {
    [
        ("$Setup.Master__c.Rules__c", Kind::Boolean),
        ("Locked__c", Kind::Boolean),
        ("Actual_Final__c", Kind::Date),
        ("Extension_days__c", Kind::Number),
        ("Decision_on_How_to_Proceed__c", Kind::Picklist),
    ]
    .into_iter()
    .collect()
}

fn check(criterion: &mut Criterion) {
    let schema = schema();
    criterion.bench_function("parse and check a rule of 190 characters", |bencher| {
        bencher.iter(|| compile(black_box(RULE), &schema, Blanks::Blank));
    });
}

fn explain(criterion: &mut Criterion) {
    let record: Record = [
        ("$Setup.Master__c.Rules__c", Value::Bool(true)),
        ("Locked__c", Value::Bool(false)),
        ("Actual_Final__c", corpus::plausible("", Kind::Date)),
        ("Extension_days__c", Value::Number(120.into())),
        ("Decision_on_How_to_Proceed__c", Value::text("Formal")),
    ]
    .into_iter()
    .collect();
    let rule = compile_rule(RULE, &schema()).expect("compiles");
    let context = at(&record, &record);
    criterion.bench_function("explain a firing rule", |bencher| {
        bencher.iter(|| {
            rule.explain(black_box(&context), &["Extension_days__c"])
                .map(|explanation| explanation.to_string())
        });
    });
}

criterion_group!(benches, evaluate, check, explain);
criterion_main!(benches);
