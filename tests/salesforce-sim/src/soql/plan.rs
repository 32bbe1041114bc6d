//! A query ready to run: its object, what to print, filter, order and limits.

use std::collections::HashSet;
use std::sync::Arc;

use super::ast::{Comparison, Query, Select};
use super::filter::{Condition, Right};
use super::resolve::{Resolver, not_usable};
use super::{aggregate, lexer};
use crate::access::Access;
use crate::error::ApiError;
use crate::id::Id;
use crate::org::Org;
use crate::schema::FieldType;
use crate::store::{Key, Row};

/// What a query needs besides its text.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The org.
    pub org: &'a Org,
    /// The caller's permissions.
    pub access: &'a Access,
    /// Whether rows in the recycle bin count (queryAll).
    pub all_rows: bool,
    /// Whether this is the Tooling API.
    pub tooling: bool,
    /// The query's text, for errors.
    pub text: &'a str,
}

/// A field reached through zero or more parents.
#[derive(Debug, Clone)]
pub struct FieldRef {
    /// References to follow.
    pub hops: Vec<Hop>,
    /// The field at the end.
    pub leaf: Leaf,
    /// Its type; text when only known at run time.
    pub kind: FieldType,
    /// Canonical names, for output.
    pub names: Vec<String>,
}

/// A reference on the way to a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// The reference's slot.
    pub slot: u16,
    /// The parent's object; none when the reference may point to several.
    pub target: Option<u16>,
}

impl Hop {
    /// The parent this row points to.
    pub fn follow<'a>(self, org: &'a Org, object: u16, row: &Row) -> Option<(u16, &'a Arc<Row>)> {
        let id = org.value(object, row, self.slot).as_id()?;
        match self.target {
            // Two objects may share a key prefix, so a known target beats the prefix.
            Some(target) => org
                .table(target)
                .get(id)
                .filter(|row| !row.deleted)
                .map(|row| (target, row)),
            None => org.live(id),
        }
    }
}

/// The end of a path.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// A slot of a known object.
    Slot(u16, u16),
    /// A field of whatever object the polymorphic reference points to.
    Dynamic(String),
}

/// A printable part of a record.
#[derive(Debug, Clone)]
pub enum Node {
    /// A field of the row itself.
    Field(String, u16),
    /// A field looked up by name on a polymorphic parent.
    Dynamic(String),
    /// A parent record.
    Parent(String, Hop, Vec<Node>),
    /// A parent of a derived row, flattened into it.
    Flat(String, Vec<(String, u16)>),
    /// A child subquery.
    Children(String, Box<Plan>, u16),
}

/// A sort key, resolved.
#[derive(Debug, Clone)]
pub struct SortKey {
    /// Field.
    pub field: FieldRef,
    /// Largest first.
    pub descending: bool,
    /// Empty values last.
    pub nulls_last: bool,
}

/// A query ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Object.
    pub object: u16,
    /// What to print.
    pub nodes: Vec<Node>,
    /// Filter.
    pub filter: Option<Condition>,
    /// Order.
    pub order: Vec<SortKey>,
    /// Row limit.
    pub limit: Option<u64>,
    /// Rows to skip.
    pub offset: u64,
    /// `COUNT()`.
    pub count_only: bool,
    /// Grouping, when aggregates are selected.
    pub groups: Option<aggregate::Grouping>,
    /// Number of long text fields selected, which shrinks pages.
    pub long_texts: usize,
    /// Selects fields that only one row at a time may have (Tooling `Metadata`, `FullName`).
    pub single_row: bool,
}

/// Resolves a query.
///
/// # Errors
/// `INVALID_TYPE`, `INVALID_FIELD`, `MALFORMED_QUERY` and their kin.
pub fn query(context: Context<'_>, query: &Query) -> Result<Plan, ApiError> {
    let schema = &context.org.schema;
    let number = schema
        .number(&query.from)
        .filter(|number| context.access.sees(schema, *number))
        .filter(|number| context.tooling || !schema.object(*number).tooling)
        .ok_or_else(|| {
            let reason = format!(
                "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the \
                 '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
                query.from
            );
            ApiError::bare(400, "INVALID_TYPE", lexer::located(context.text, query.from_at, &reason))
        })?;
    build(context, query, number)
}

fn build(context: Context<'_>, query: &Query, number: u16) -> Result<Plan, ApiError> {
    let resolver = Resolver {
        context,
        root: number,
        alias: query.alias.clone().unwrap_or_default(),
    };
    let object = context.org.schema.object(number);
    let aggregated = !query.group_by.is_empty()
        || query
            .select
            .iter()
            .any(|item| matches!(item, Select::Aggregate(..)));
    let count_only = query.select == [Select::CountAll] && !aggregated;
    let mut plan = Plan {
        object: number,
        nodes: Vec::new(),
        filter: query
            .filter
            .as_ref()
            .map(|filter| resolver.condition(filter))
            .transpose()?,
        order: Vec::new(),
        limit: query.limit,
        offset: query.offset.unwrap_or(0),
        count_only,
        groups: None,
        long_texts: 0,
        single_row: false,
    };
    if plan.offset > 2_000 {
        return Err(ApiError::bare(
            400,
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ));
    }
    if aggregated {
        plan.groups = Some(aggregate::resolve(&resolver, query)?);
        return Ok(plan);
    }
    for order in &query.order_by {
        let field = resolver.field(&order.path)?;
        if let Leaf::Slot(object, slot) = &field.leaf {
            let described = &context.org.schema.object(*object).fields[usize::from(*slot)];
            if !described.can_filter() {
                return Err(not_usable(&context, &order.path, described, "sorted"));
            }
        }
        plan.order.push(SortKey {
            field,
            descending: order.descending,
            nulls_last: order.nulls_last,
        });
    }
    if count_only {
        return Ok(plan);
    }
    for item in &query.select {
        match item {
            Select::Field(path) => {
                let field = resolver.field(path)?;
                if let Leaf::Slot(object, slot) = field.leaf {
                    let described = &context.org.schema.object(object).fields[usize::from(slot)];
                    plan.long_texts += usize::from(described.long_text());
                    plan.single_row |= object_is(&context, object, "ValidationRule")
                        && matches!(described.name.as_str(), "Metadata" | "FullName");
                }
                insert(&mut plan.nodes, &field.hops, &field);
            }
            Select::Children(children) => plan.nodes.push(subquery(context, children, number)?),
            Select::Fields(group) => {
                if group != "STANDARD" && query.limit.is_none_or(|limit| limit > 200) {
                    return Err(ApiError::malformed_query(format!(
                        "The SOQL FIELDS function must have a LIMIT of at most 200: FIELDS({group})"
                    )));
                }
                for (slot, field) in context.access.visible(number, object) {
                    if group == "ALL" || (group == "CUSTOM") == field.custom() {
                        plan.nodes.push(Node::Field(field.name.clone(), slot));
                    }
                }
            }
            Select::CountAll => {
                return Err(ApiError::malformed_query(
                    "COUNT() must be the only element in the SELECT list",
                ));
            }
            Select::Aggregate(..) | Select::Aliased(..) => {
                return Err(ApiError::malformed_query(
                    "only aggregate expressions use field aliasing",
                ));
            }
        }
    }
    Ok(plan)
}

fn object_is(context: &Context<'_>, object: u16, name: &str) -> bool {
    context.org.schema.object(object).name == name
}

/// Puts a field into the tree of printed nodes, creating its parents on the way.
fn insert(nodes: &mut Vec<Node>, hops: &[Hop], field: &FieldRef) {
    let depth = field.hops.len() - hops.len();
    let name = &field.names[depth];
    let Some((hop, rest)) = hops.split_first() else {
        match &field.leaf {
            Leaf::Dynamic(name) => nodes.push(Node::Dynamic(name.clone())),
            Leaf::Slot(_, slot) => match name.split_once('.') {
                Some((parent, child)) => {
                    for node in nodes.iter_mut() {
                        if let Node::Flat(found, fields) = node
                            && found == parent
                        {
                            fields.push((child.into(), *slot));
                            return;
                        }
                    }
                    nodes.push(Node::Flat(parent.into(), vec![(child.into(), *slot)]));
                }
                None => {
                    let known = nodes
                        .iter()
                        .any(|node| matches!(node, Node::Field(_, found) if found == slot));
                    if !known {
                        nodes.push(Node::Field(name.clone(), *slot));
                    }
                }
            },
        }
        return;
    };
    for node in nodes.iter_mut() {
        if let Node::Parent(_, found, children) = node
            && found == hop
        {
            insert(children, rest, field);
            return;
        }
    }
    let mut children = Vec::new();
    insert(&mut children, rest, field);
    nodes.push(Node::Parent(name.clone(), *hop, children));
}

fn subquery(context: Context<'_>, query: &Query, parent: u16) -> Result<Node, ApiError> {
    let schema = &context.org.schema;
    let parent_name = &schema.object(parent).name;
    for (number, object) in schema.objects() {
        if !context.access.sees(schema, number) {
            continue;
        }
        for (slot, field) in context.access.visible(number, object) {
            let named = field
                .child_relationship
                .as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(&query.from));
            if named && field.reference_to.contains(parent_name) {
                let plan = build(context, query, number)?;
                let name = field.child_relationship.clone().unwrap_or_default();
                return Ok(Node::Children(name, Box::new(plan), slot));
            }
        }
    }
    let reason = format!(
        "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom \
         relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the \
         describe call for the appropriate names.",
        query.from
    );
    Err(ApiError::bare(
        400,
        "INVALID_TYPE",
        lexer::located(context.text, query.from_at, &reason),
    ))
}

/// Distinct members of the conjunction's top level, for rules about required filters.
pub fn conjuncts(filter: Option<&Condition>) -> Vec<&Condition> {
    match filter {
        None => Vec::new(),
        Some(Condition::And(terms)) => terms.iter().collect(),
        Some(other) => vec![other],
    }
}

/// Ids a top-level `field = / IN` restricts to, for objects that demand such a filter.
pub fn ids_for(filter: Option<&Condition>, slot: u16) -> Option<HashSet<Id>> {
    conjuncts(filter)
        .into_iter()
        .find_map(|condition| match condition {
            Condition::Compare(field, Comparison::Equal, Right::Id(id)) if field.is_own(slot) => {
                Some(HashSet::from([*id]))
            }
            Condition::In(field, true, set) if field.is_own(slot) => Some(
                set.keys
                    .iter()
                    .filter_map(|key| {
                        if let Key::Id(id) = key {
                            Some(*id)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
            _ => None,
        })
}

impl FieldRef {
    /// Whether it is this slot of the row itself.
    pub fn is_own(&self, slot: u16) -> bool {
        self.hops.is_empty() && matches!(self.leaf, Leaf::Slot(_, found) if found == slot)
    }
}
