//! Which given names stand for each other: `data/nicknames.txt`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

struct Table {
    /// Names of each line.
    lines: Vec<Vec<&'static str>>,
    /// Lines a name is on, ascending.
    of: HashMap<&'static str, Vec<u16>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut lines: Vec<Vec<&'static str>> = Vec::new();
    let mut of: HashMap<&'static str, Vec<u16>> = HashMap::new();
    let text = include_str!("../../../data/nicknames.txt");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let names: Vec<&'static str> = line.split_whitespace().collect();
        let number = u16::try_from(lines.len()).expect("the file has some hundred lines");
        for name in &names {
            let on = of.entry(name).or_default();
            if on.last() != Some(&number) {
                on.push(number);
            }
        }
        lines.push(names);
    }
    Table { lines, of }
});

/// Whether two folded given names may be one: equal, or on one line of the table.
#[must_use]
pub fn compatible(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    match (TABLE.of.get(a), TABLE.of.get(b)) {
        (Some(a), Some(b)) => a.iter().any(|line| b.contains(line)),
        _ => false,
    }
}

/// Everything a folded given name may stand for, itself first, at most `names_max`.
#[must_use]
pub fn variants(name: &str, names_max: usize) -> Vec<String> {
    let mut found = vec![name.to_owned()];
    for line in TABLE.of.get(name).into_iter().flatten() {
        for other in &TABLE.lines[usize::from(*line)] {
            if found.len() < names_max && !found.iter().any(|known| known == other) {
                found.push((*other).to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_and_spellings_meet_and_strangers_do_not() {
        for (a, b) in [
            ("robert", "bob"),
            ("bob", "robert"),
            ("dmitry", "dima"),
            ("mohammed", "muhammad"),
            ("sally", "sarah"),
        ] {
            assert!(compatible(a, b), "{a} {b}");
        }
        assert!(!compatible("robert", "alice"));
        assert!(variants("bob", 40).contains(&"robert".to_owned()));
        assert_eq!(variants("unheardof", 40), ["unheardof"]);
    }
}
