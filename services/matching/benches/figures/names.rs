//! Name pairs, company name variants, and the look-up at a million names.

use crate::data;
use crate::report::Report;
use matching::domain::name::index::NameIndex;
use matching::domain::name::pair::{self, likeness};
use std::time::Instant;

pub(crate) fn run(report: &mut Report) {
    pairs(report);
    variants(report);
    scale(report);
}

/// F1 with the threshold chosen on one half and scored on the other, both ways.
fn pairs(report: &mut Report) {
    let Some(text) = data::file("name_pairs.tsv") else {
        report.skipped("name pairs", "the data set is not beside the project");
        return;
    };
    let rows = data::rows(&text);
    for (name, kind, bar) in [
        ("org", pair::Kind::Company, 0.90),
        ("person", pair::Kind::Person, 0.76),
    ] {
        let scored: Vec<(u32, bool)> = rows
            .iter()
            .filter(|row| row["kind"] == name)
            .map(|row| {
                (
                    likeness(kind, row["name1"], row["name2"]),
                    row["is_match"] == "1",
                )
            })
            .collect();
        let part = |odd: usize| -> Vec<(u32, bool)> {
            scored
                .iter()
                .enumerate()
                .filter(|(index, _)| index % 2 == odd)
                .map(|(_, pair)| *pair)
                .collect()
        };
        let (mut hits, mut said, mut are) = (0.0, 0.0, 0.0);
        for (fit, test) in [(part(0), part(1)), (part(1), part(0))] {
            let best = (1..=1_000)
                .max_by(|x, y| f1(&fit, *x).total_cmp(&f1(&fit, *y)).then_with(|| y.cmp(x)))
                .unwrap_or(1_000);
            hits += test
                .iter()
                .filter(|(score, same)| *score >= best && *same)
                .count() as f64;
            said += test.iter().filter(|(score, _)| *score >= best).count() as f64;
            are += test.iter().filter(|(_, same)| *same).count() as f64;
            if std::env::args().any(|arg| arg == "--errors") {
                for row in rows.iter().filter(|row| row["kind"] == name) {
                    let score = likeness(kind, row["name1"], row["name2"]);
                    if (score >= best) != (row["is_match"] == "1") {
                        eprintln!(
                            "{best} {score} {} {} / {}",
                            row["is_match"], row["name1"], row["name2"]
                        );
                    }
                }
            }
        }
        report.at_least(
            &format!("name pairs, {name}: F1 on the other half"),
            2.0 * hits / (said + are),
            bar,
            "",
        );
    }
}

fn f1(pairs: &[(u32, bool)], threshold: u32) -> f64 {
    let hits = pairs
        .iter()
        .filter(|(score, same)| *score >= threshold && *same)
        .count() as f64;
    let said = pairs
        .iter()
        .filter(|(score, _)| *score >= threshold)
        .count() as f64;
    let are = pairs.iter().filter(|(_, same)| *same).count() as f64;
    2.0 * hits / (said + are)
}

fn variants(report: &mut Report) {
    let (Some(accounts), Some(variants)) = (
        data::file("company_accounts.tsv"),
        data::file("company_name_variants.tsv"),
    ) else {
        report.skipped(
            "company name variants",
            "the data set is not beside the project",
        );
        return;
    };
    let accounts = data::rows(&accounts);
    let index = NameIndex::build(accounts.iter().map(|row| row["name"]));
    let variants = data::rows(&variants);
    let mut hits = 0;
    for row in &variants {
        let best = index.find(row["variant"], 3);
        let hit = best
            .first()
            .is_some_and(|found| accounts[found.name as usize]["id"] == row["account_id"]);
        hits += usize::from(hit);
        if !hit && std::env::args().any(|arg| arg == "--errors") {
            let wanted = accounts
                .iter()
                .find(|account| account["id"] == row["account_id"])
                .map_or("", |account| account["name"]);
            let got = best
                .first()
                .map_or("", |found| accounts[found.name as usize]["name"]);
            eprintln!("{} wanted {wanted} got {got}", row["variant"]);
        }
    }
    report.at_least(
        "company name variants: top-1",
        hits as f64 / variants.len() as f64,
        0.95,
        "",
    );
}

/// Invented names of two to four words, words as frequent as in a language.
pub(crate) fn invented(count: usize) -> Vec<String> {
    const PARTS: [&str; 24] = [
        "ka", "lo", "mi", "tra", "ven", "sor", "del", "qui", "bra", "no", "fe", "gal", "her",
        "ist", "jun", "pal", "rum", "sta", "tor", "ul", "vex", "win", "zan", "cor",
    ];
    const COMMON: [&str; 20] = [
        "systems",
        "group",
        "partners",
        "solutions",
        "capital",
        "energy",
        "foods",
        "media",
        "labs",
        "logistics",
        "software",
        "health",
        "materials",
        "retail",
        "bank",
        "networks",
        "mining",
        "motors",
        "design",
        "consulting",
    ];
    const FORMS: [&str; 6] = ["Inc.", "GmbH", "Ltd", "S.A.", "AG", "LLC"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    (0..count)
        .map(|_| {
            let mut name = String::new();
            for _ in 0..1 + next(2) {
                let word: String = (0..2 + next(3)).map(|_| PARTS[next(PARTS.len())]).collect();
                name.push_str(&word);
                name.push(' ');
            }
            let common = next(COMMON.len()).min(next(COMMON.len()));
            name.push_str(COMMON[common]);
            name.push(' ');
            name.push_str(FORMS[next(FORMS.len())]);
            name
        })
        .collect()
}

fn scale(report: &mut Report) {
    const NAMES: usize = 1_000_000;
    let names = invented(NAMES);
    let started = Instant::now();
    let index = NameIndex::build(names.iter().map(String::as_str));
    let built = started.elapsed();
    let mut took = Vec::new();
    let mut hits = 0;
    const QUESTIONS: usize = 20_000;
    for question in 0..QUESTIONS {
        let number = question * 49 % NAMES;
        let mut text = names[number].to_lowercase();
        // One of three is exact, one misspelt, one without its last word.
        match question % 3 {
            1 => {
                text.remove(2 + question % 3);
            }
            2 => text.truncate(text.trim_end().rfind(' ').unwrap_or(text.len())),
            _ => {}
        }
        // The best of three: what else runs on the machine is not the look-up's.
        let mut best = std::time::Duration::MAX;
        let mut found = Vec::new();
        for _ in 0..3 {
            let begun = Instant::now();
            found = index.find(&text, 5);
            best = best.min(begun.elapsed());
        }
        took.push(best);
        let core = |name: u32| index.core(name);
        hits += usize::from(
            found
                .first()
                .is_some_and(|found| core(found.name) == core(number as u32)),
        );
    }
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    report.at_most(
        "company name look-up at 1 M names: p50",
        at(0.5),
        50.0,
        "µs",
    );
    report.says(
        "  p99, top-1, built in",
        format!(
            "{:.0} µs, {:.4}, {:.1} s",
            at(0.99),
            hits as f64 / QUESTIONS as f64,
            built.as_secs_f64()
        ),
    );
    report.says(
        "  bytes a name",
        format!("{:.0}", index.bytes() as f64 / NAMES as f64),
    );
}
