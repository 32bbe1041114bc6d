//! The rules of an org, compiled once per schema snapshot, and what has to be read before they can be asked.

use std::collections::{BTreeMap, BTreeSet};

use formula::{Blanks, Fields as Declared, Formula, Kind, Mention, Schema as _, Value};

use super::{created, facts, globals};
use crate::domain::schema::{Field, Object, Schema};

/// Relations a path may follow (language section 10).
const HOPS_MAX: usize = 5;

/// The rules of every object.
pub type Books = BTreeMap<String, Book>;

/// The active rules of one object.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// The rules, in the org's order.
    pub rules: Vec<Rule>,
    /// Fields of the record, and paths to fields of its parents, that the rules read and the user sees.
    pub reads: Vec<String>,
    /// Types of the parents' fields among them, by path.
    pub(super) parents: BTreeMap<String, Kind>,
    /// What fields of a new record start with, where that is not a blank; `None` where it is not known.
    pub(super) initial: BTreeMap<String, Option<Value<'static>>>,
}

/// One rule, ready to be asked.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Developer name.
    pub name: String,
    /// What Salesforce shows.
    pub message: String,
    /// Where it shows it; empty for top of page.
    pub field: String,
    /// The condition, or why it cannot be evaluated.
    pub formula: Result<Formula, String>,
    /// Everything of the record and its parents it reads, in the form formulas keep names.
    pub keys: BTreeSet<String>,
}

/// Compiles the rules of every object that has any.
#[must_use]
pub fn compile(schema: &Schema) -> Books {
    schema
        .values()
        .filter(|object| !object.rules.is_empty())
        .map(|object| (object.name.clone(), book(object, schema)))
        .collect()
}

fn book(object: &Object, schema: &Schema) -> Book {
    let mut own = Declared::default();
    for field in object.fields.values() {
        declare(&mut own, &field.name, field);
    }
    own.declare("Id", formula::Field::stored(Kind::Id));
    globals::declare(object, &mut own);
    let mut reads = BTreeSet::new();
    let mut parents = BTreeMap::new();
    let mut rules = Vec::with_capacity(object.rules.len());
    for rule in &object.rules {
        let formula = if rule.formula.is_empty() {
            Err("its formula is hidden".to_owned())
        } else {
            let mut names = own.clone();
            for mention in mentioned(&rule.formula, object) {
                let path = &mention.name;
                if mention.is_function || names.field(&formula::key(path)).is_some() {
                    continue;
                }
                // A parent's formula field does not depend on our change: its stored value holds.
                if let Some((spelled, field)) = resolve(path, object, schema)
                    && let Some(kind) = facts::kind(field.kind)
                {
                    names.declare(path, formula::Field::stored(kind));
                    parents.insert(spelled, kind);
                } else if mention.is_condition {
                    // Not shown to the user, or not read: the rest of the rule may decide without it.
                    names.declare(path, formula::Field::stored(Kind::Boolean));
                }
            }
            formula::compile_rule(&rule.formula, &names).map_err(|error| error.to_string())
        };
        let mut keys = BTreeSet::new();
        if let Ok(formula) = &formula {
            let needs = formula.needs();
            for reference in needs
                .fields
                .iter()
                .chain(&needs.prior)
                .chain(&needs.relations)
            {
                keys.insert(reference.key.to_string());
                reads.extend(read_of(&reference.path, object, schema));
            }
        }
        rules.push(Rule {
            name: rule.name.clone(),
            message: rule.message.clone(),
            field: rule.field.clone(),
            formula,
            keys,
        });
    }
    let initial = object.fields.values().filter_map(|field| {
        let value = created::initial(object, field)?;
        Some((field.name.clone(), value))
    });
    Book {
        initial: initial.collect(),
        rules,
        reads: reads.into_iter().collect(),
        parents,
    }
}

fn declare(declared: &mut Declared, name: &str, field: &Field) {
    let Some(kind) = facts::kind(field.kind) else {
        return;
    };
    let formula = (!field.formula.is_empty()).then(|| {
        let blanks = if field.formula_blank_as_zero {
            Blanks::Zero
        } else {
            Blanks::Blank
        };
        (field.formula.clone(), blanks)
    });
    declared.declare(name, formula::Field { kind, formula });
}

/// The names in a rule, and in the formula fields of the record it reads.
fn mentioned(source: &str, object: &Object) -> Vec<Mention> {
    let mut found = formula::mentions(source);
    let mut followed = BTreeSet::new();
    let mut next = 0;
    while next < found.len() {
        let key = formula::key(&found[next].name);
        next += 1;
        let mut fields = object.fields.values();
        let field = fields.find(|field| formula::key(&field.name) == key);
        if let Some(field) = field
            && !field.formula.is_empty()
            && followed.insert(&field.name)
        {
            found.extend(formula::mentions(&field.formula));
        }
    }
    found
}

/// A path as Salesforce spells it, and the field it ends at; `None` when it leaves what the user sees, or goes over a
/// lookup that may point to several objects.
fn resolve<'a>(path: &str, object: &'a Object, schema: &'a Schema) -> Option<(String, &'a Field)> {
    let (relations, name) = path.rsplit_once('.')?;
    let mut at = object;
    let mut spelled = String::new();
    let mut hops = 0;
    for relation in relations.split('.') {
        hops += 1;
        let lookup = at.fields.values().find(|field| {
            !field.relationship.is_empty() && field.relationship.eq_ignore_ascii_case(relation)
        })?;
        let [target] = lookup.reference_to.as_slice() else {
            return None;
        };
        at = schema.get(target)?;
        spelled.push_str(&lookup.relationship);
        spelled.push('.');
    }
    let field = at
        .fields
        .values()
        .find(|field| field.name.eq_ignore_ascii_case(name))?;
    spelled.push_str(&field.name);
    (hops <= HOPS_MAX).then_some((spelled, field))
}

/// What is read of Salesforce for one name of a formula; nothing when it is known otherwise or cannot be read. With a
/// parent's field comes the lookup, which tells no parent from one that is not shared.
fn read_of(path: &str, object: &Object, schema: &Schema) -> Vec<String> {
    let key = formula::key(path);
    if key.starts_with("recordtype.") {
        let known = object.has("RecordTypeId");
        return known
            .then(|| "RecordTypeId".to_owned())
            .into_iter()
            .collect();
    }
    if path.contains('.') {
        let Some((spelled, _)) = resolve(path, object, schema) else {
            return Vec::new();
        };
        let lookup = facts::lookup(object, &spelled).map(|lookup| lookup.name.clone());
        return std::iter::once(spelled).chain(lookup).collect();
    }
    let own = object.fields.keys().find(|name| formula::key(name) == key);
    own.cloned().into_iter().collect()
}
