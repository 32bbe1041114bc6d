//! GROUP BY, aggregates and HAVING.

use std::collections::{BTreeMap, HashSet};

use rust_decimal::Decimal;

use super::ast::{Aggregate, Comparison, Expr, Literal, Operand, Query, Select};
use super::filter::{self, Right};
use super::plan::{Context, FieldRef, Leaf, Plan};
use super::resolve::Resolver;
use super::run;
use crate::error::ApiError;
use crate::schema::FieldType;
use crate::store::Row;
use crate::value::{Value, write_string};

/// How to group, and what to print per group.
#[derive(Debug, Clone)]
pub struct Grouping {
    keys: Vec<FieldRef>,
    columns: Vec<(String, Column)>,
    having: Option<Having>,
    order: Vec<(Column, bool)>,
}

#[derive(Debug, Clone)]
enum Column {
    Key(usize),
    Count,
    Of(Aggregate, FieldRef),
}

#[derive(Debug, Clone)]
enum Having {
    And(Vec<Having>),
    Or(Vec<Having>),
    Not(Box<Having>),
    Compare(Column, Comparison, Right),
}

/// Resolves the grouped part of a query.
pub fn resolve(resolver: &Resolver<'_>, query: &Query) -> Result<Grouping, ApiError> {
    let keys: Vec<FieldRef> = query
        .group_by
        .iter()
        .map(|path| resolver.field(path))
        .collect::<Result<_, _>>()?;
    for (path, key) in query.group_by.iter().zip(&keys) {
        if let Leaf::Slot(object, slot) = key.leaf {
            let field = &resolver.context.org.schema.object(object).fields[usize::from(slot)];
            if field.long_text()
                || matches!(
                    field.kind,
                    FieldType::Currency
                        | FieldType::Double
                        | FieldType::Percent
                        | FieldType::DateTime
                )
            {
                let reason = format!("field '{}' can not be grouped in a query call", field.name);
                let message = super::lexer::located(resolver.context.text, path.at, &reason);
                return Err(ApiError::bare(400, "INVALID_FIELD", message));
            }
        }
    }
    let key_of = |field: &FieldRef| keys.iter().position(|key| key.names == field.names);
    let mut columns = Vec::new();
    let mut unnamed = 0;
    let mut name = |alias: &Option<String>| {
        alias.clone().unwrap_or_else(|| {
            unnamed += 1;
            format!("expr{}", unnamed - 1)
        })
    };
    for item in &query.select {
        match item {
            Select::Field(path) | Select::Aliased(path, _) => {
                let field = resolver.field(path)?;
                let key = key_of(&field).ok_or_else(|| {
                    let reason = format!(
                        "Field must be grouped or aggregated: {}",
                        field.names.join(".")
                    );
                    ApiError::malformed_query(super::lexer::located(
                        resolver.context.text,
                        path.at,
                        &reason,
                    ))
                })?;
                let alias = match item {
                    Select::Aliased(_, alias) => alias.clone(),
                    _ => field.names.last().cloned().unwrap_or_default(),
                };
                columns.push((alias, Column::Key(key)));
            }
            Select::CountAll => columns.push((name(&None), Column::Count)),
            Select::Aggregate(function, path, alias) => {
                columns.push((name(alias), Column::Of(*function, resolver.field(path)?)));
            }
            Select::Children(_) | Select::Fields(_) => {
                return Err(ApiError::malformed_query(
                    "Grouped query cannot use child relationships in the SELECT list",
                ));
            }
        }
    }
    let mut order = Vec::new();
    for key in &query.order_by {
        let field = resolver.field(&key.path)?;
        let column = match key.aggregate {
            Some(function) => Column::Of(function, field),
            None => Column::Key(key_of(&field).ok_or_else(|| {
                ApiError::malformed_query(format!(
                    "Ordered field must be grouped or aggregated: {}",
                    field.names.join(".")
                ))
            })?),
        };
        order.push((column, key.descending));
    }
    let having = query
        .having
        .as_ref()
        .map(|expr| self::having(resolver, expr, &keys))
        .transpose()?;
    Ok(Grouping {
        keys,
        columns,
        having,
        order,
    })
}

fn having(resolver: &Resolver<'_>, expr: &Expr, keys: &[FieldRef]) -> Result<Having, ApiError> {
    let all = |terms: &[Expr]| {
        terms
            .iter()
            .map(|term| having(resolver, term, keys))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        Expr::And(terms) => Having::And(all(terms)?),
        Expr::Or(terms) => Having::Or(all(terms)?),
        Expr::Not(inner) => Having::Not(Box::new(having(resolver, inner, keys)?)),
        Expr::Compare(
            Operand::Aggregate(function, path, _),
            comparison,
            Literal::Number(number),
        ) => {
            let column = match path {
                None => Column::Count,
                Some(path) => Column::Of(*function, resolver.field(path)?),
            };
            let number = number
                .parse()
                .map_err(|_| ApiError::malformed_query("HAVING needs a number"))?;
            Having::Compare(column, *comparison, Right::Number(number))
        }
        Expr::Compare(Operand::Field(path), comparison, Literal::Text(text)) => {
            let field = resolver.field(path)?;
            let key = keys.iter().position(|key| key.names == field.names);
            let key =
                key.ok_or_else(|| ApiError::malformed_query("HAVING needs a grouped field"))?;
            Having::Compare(
                Column::Key(key),
                *comparison,
                Right::Text(text.to_lowercase()),
            )
        }
        _ => return Err(ApiError::malformed_query("unsupported HAVING clause")),
    })
}

/// Runs a grouped plan and prints its records.
pub fn records(
    context: Context<'_>,
    plan: &Plan,
    grouping: &Grouping,
) -> Result<Vec<String>, ApiError> {
    let unlimited = Plan {
        limit: None,
        offset: 0,
        ..plan.clone()
    };
    let rows = run::rows(context, &unlimited)?;
    let org = context.org;
    // Groups come out in key order, empty keys first, which is what the platform does unordered.
    let mut groups: BTreeMap<Vec<SortText>, (Vec<Value>, Vec<&Row>)> = BTreeMap::new();
    for row in &rows {
        let values: Vec<Value> = grouping
            .keys
            .iter()
            .map(|key| filter::read(org, plan.object, row, key))
            .collect();
        let key = values
            .iter()
            .map(|value| SortText(value.to_json().to_string().to_lowercase()))
            .collect();
        groups
            .entry(key)
            .or_insert_with(|| (values, Vec::new()))
            .1
            .push(row);
    }
    if grouping.keys.is_empty() && groups.is_empty() {
        groups.insert(Vec::new(), (Vec::new(), Vec::new()));
    }
    let value = |column: &Column, keys: &[Value], rows: &[&Row]| match column {
        Column::Key(key) => keys[*key].clone(),
        Column::Count => Value::Int(rows.len() as i64),
        Column::Of(function, field) => {
            let values: Vec<Value> = rows
                .iter()
                .map(|row| filter::read(org, plan.object, row, field))
                .collect();
            fold(*function, values)
        }
    };
    let mut kept: Vec<(Vec<Value>, Vec<&Row>)> = groups
        .into_values()
        .filter(|(keys, rows)| {
            grouping
                .having
                .as_ref()
                .is_none_or(|having| passes(having, &|column| value(column, keys, rows)))
        })
        .collect();
    if !grouping.order.is_empty() {
        kept.sort_by(|left, right| {
            for (column, descending) in &grouping.order {
                let ordering = filter::order(
                    &value(column, &left.0, &left.1),
                    &value(column, &right.0, &right.1),
                );
                let ordering = if *descending {
                    ordering.reverse()
                } else {
                    ordering
                };
                if ordering.is_ne() {
                    return ordering;
                }
            }
            std::cmp::Ordering::Equal
        });
    }
    let skip = usize::try_from(plan.offset).unwrap_or(usize::MAX);
    let take = plan.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let print = |(keys, rows): (Vec<Value>, Vec<&Row>)| {
        let mut out = String::from(r#"{"attributes":{"type":"AggregateResult"}"#);
        for (name, column) in &grouping.columns {
            out.push(',');
            write_string(name, &mut out);
            out.push(':');
            value(column, &keys, &rows).write_json(&mut out);
        }
        out.push('}');
        out
    };
    Ok(kept.into_iter().skip(skip).take(take).map(print).collect())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SortText(String);

fn passes(having: &Having, value: &impl Fn(&Column) -> Value) -> bool {
    match having {
        Having::And(terms) => terms.iter().all(|term| passes(term, value)),
        Having::Or(terms) => terms.iter().any(|term| passes(term, value)),
        Having::Not(inner) => !passes(inner, value),
        Having::Compare(column, comparison, right) => {
            filter::compare(&value(column), *comparison, right)
        }
    }
}

fn fold(function: Aggregate, values: Vec<Value>) -> Value {
    let present: Vec<Value> = values
        .into_iter()
        .filter(|value| !value.is_null())
        .collect();
    match function {
        Aggregate::Count => Value::Int(present.len() as i64),
        Aggregate::CountDistinct => {
            let distinct: HashSet<String> = present
                .iter()
                .map(|value| value.to_json().to_string().to_lowercase())
                .collect();
            Value::Int(distinct.len() as i64)
        }
        Aggregate::Min => present
            .into_iter()
            .min_by(filter::order)
            .unwrap_or(Value::Null),
        Aggregate::Max => present
            .into_iter()
            .max_by(filter::order)
            .unwrap_or(Value::Null),
        Aggregate::Sum | Aggregate::Avg => {
            let numbers: Vec<Decimal> = present.iter().filter_map(Value::as_number).collect();
            if numbers.is_empty() {
                return Value::Null;
            }
            let sum: Decimal = numbers.iter().sum();
            Value::Number(if function == Aggregate::Sum {
                sum
            } else {
                sum / Decimal::from(numbers.len())
            })
        }
    }
}
