//! Finds the shared fixtures beside the workspace, and reads the real validation rules from them.
//! The rules come without their objects' fields, so declarations are inferred from use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use formula::{Expr, Fields, Infix, Kind, Node, Prefix, Value, key};

/// The fixtures folder, or `None` (with a message) where it is absent.
pub(crate) fn fixtures() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: the shared fixtures are absent");
    None
}

/// One real rule.
pub(crate) struct RealRule {
    pub(crate) name: String,
    pub(crate) formula: String,
}

/// Every validation rule of the fixtures, in a fixed order.
pub(crate) fn real_rules(fixtures: &Path) -> Vec<RealRule> {
    let mut files = Vec::new();
    let mut folders = vec![fixtures.join("salesforce")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".validationRule-meta.xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|path| {
            let xml = fs::read_to_string(path).expect("a readable rule");
            let (_, rest) = xml
                .split_once("<errorConditionFormula>")
                .expect("a condition");
            let (condition, _) = rest
                .split_once("</errorConditionFormula>")
                .expect("its end");
            RealRule {
                name: path
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .replace(".validationRule-meta.xml", ""),
                formula: unescape(condition),
            }
        })
        .collect()
}

fn unescape(xml: &str) -> String {
    xml.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Declares each name of a formula by how it is used.
pub(crate) fn declared(tree: &Expr) -> (Fields, BTreeMap<String, Kind>) {
    let mut kinds = BTreeMap::new();
    walk(tree, None, &mut kinds);
    // Names only tested for blankness or change may be anything; a text is the plainest.
    let kinds: BTreeMap<String, Kind> = kinds
        .into_iter()
        .map(|(name, kind)| (name, kind.unwrap_or(Kind::Text)))
        .collect();
    (
        kinds.iter().map(|(name, kind)| (name, *kind)).collect(),
        kinds,
    )
}

/// A value that lets most rules go past their first condition.
pub(crate) fn plausible(path: &str, kind: Kind) -> Value<'static> {
    match kind {
        // The switch of the real rules: validation is on, the record is not locked.
        Kind::Boolean => Value::Bool(path.starts_with("$setup")),
        Kind::Number | Kind::Percent => Value::Number(42.into()),
        Kind::Date => NaiveDate::from_ymd_opt(2026, 1, 15).map_or(Value::Null, Value::Date),
        Kind::DateTime => Value::DateTime(1_768_478_400_000),
        Kind::Id => Value::text("001A0000006Vm9u"),
        Kind::Picklist | Kind::MultiPicklist => Value::text("Formal"),
        _ if path.contains("recordtype") => Value::text("Scope_Inquiry"),
        _ => Value::text("Advocacy"),
    }
}

type Kinds = BTreeMap<String, Option<Kind>>;

fn walk(expr: &Expr, wanted: Option<Kind>, kinds: &mut Kinds) {
    match &expr.node {
        Node::Field(name) => {
            let slot = kinds.entry(key(&name.0)).or_insert(None);
            if slot.is_none() {
                *slot = wanted;
            }
        }
        Node::Call(name, arguments) => {
            let name = name.0.to_ascii_uppercase();
            for (index, argument) in arguments.iter().enumerate() {
                let wanted = match (name.as_str(), index) {
                    ("AND" | "OR" | "NOT", _) | ("IF", 0) => Some(Kind::Boolean),
                    ("IF", _) => wanted,
                    ("ISPICKVAL" | "TEXT", 0) => Some(Kind::Picklist),
                    ("CASE", 0) if !matches!(&argument.node, Node::Field(name) if name.0.contains("Record")) => {
                        Some(Kind::Picklist)
                    }
                    ("INCLUDES", 0) => Some(Kind::MultiPicklist),
                    ("LEN" | "CONTAINS" | "BEGINS" | "REGEX", _) => Some(Kind::Text),
                    ("PRIORVALUE", 0) => wanted,
                    _ => None,
                };
                walk(argument, wanted, kinds);
            }
        }
        Node::Prefix(prefix, operand) => {
            let wanted = if *prefix == Prefix::Not {
                Kind::Boolean
            } else {
                Kind::Number
            };
            walk(operand, Some(wanted), kinds);
        }
        Node::Chain(first, rest) => {
            let operands =
                || std::iter::once(first.as_ref()).chain(rest.iter().map(|(_, operand)| operand));
            let wanted = match rest[0].0 {
                Infix::And | Infix::Or => Some(Kind::Boolean),
                Infix::Concat => Some(Kind::Text),
                Infix::Equal | Infix::NotEqual => operands().find_map(evident).or(Some(Kind::Id)),
                Infix::Less | Infix::LessEqual | Infix::Greater | Infix::GreaterEqual => {
                    operands().find_map(evident).or_else(|| {
                        let dated = operands().any(|operand| {
                            let text = operand.to_string().to_ascii_lowercase();
                            text.contains("date")
                                || text.contains("signature")
                                || text.contains("release")
                        });
                        Some(if dated { Kind::Date } else { Kind::Number })
                    })
                }
                _ => Some(Kind::Number),
            };
            for operand in operands() {
                walk(operand, wanted, kinds);
            }
        }
        _ => {}
    }
}

/// The kind an operand shows by itself.
fn evident(expr: &Expr) -> Option<Kind> {
    match &expr.node {
        Node::Bool(_) => Some(Kind::Boolean),
        Node::Number(_) => Some(Kind::Number),
        Node::Text(_) => Some(Kind::Text),
        Node::Call(name, arguments) => match name.0.to_ascii_uppercase().as_str() {
            "NOW" => Some(Kind::DateTime),
            "TODAY" => Some(Kind::Date),
            "ISBLANK" | "ISNULL" => Some(Kind::Boolean),
            "IF" => arguments[1..].iter().find_map(evident),
            "CASE" => arguments.last().and_then(evident),
            "LEN" => Some(Kind::Number),
            _ => None,
        },
        Node::Chain(first, rest) => match rest[0].0 {
            Infix::Add | Infix::Subtract => evident(first)
                .filter(|kind| *kind != Kind::Text)
                .or(Some(Kind::Number)),
            _ => None,
        },
        _ => None,
    }
}
