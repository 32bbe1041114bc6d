//! Resolves field paths and filters against the schema and the user's permissions.
//!
//! Hidden and missing fields give the same error, as on the platform.

use rust_decimal::Decimal;

use super::ast::{Comparison, Expr, Literal, Operand, Path};
use super::filter::{Condition, Like, Right, Set};
use super::plan::{self, Context, FieldRef, Hop, Leaf};
use super::{dates, lexer};
use crate::error::ApiError;
use crate::id::Id;
use crate::schema::{Field, FieldType};
use crate::store::Key;
use crate::value::{day_start_ms, parse_date, parse_datetime};

/// A field that exists but cannot be used this way.
pub(super) fn not_usable(
    context: &Context<'_>,
    path: &Path,
    field: &Field,
    use_: &str,
) -> ApiError {
    let reason = format!("field '{}' can not be {use_} in a query call", field.name);
    ApiError::bare(
        400,
        "INVALID_FIELD",
        lexer::located(context.text, path.at, &reason),
    )
}

/// Resolves paths and filters of one query level.
pub struct Resolver<'a> {
    /// Shared context.
    pub context: Context<'a>,
    /// Object of FROM.
    pub root: u16,
    /// Its alias; empty when it has none.
    pub alias: String,
}

impl Resolver<'_> {
    /// Resolves a path.
    pub fn field(&self, path: &Path) -> Result<FieldRef, ApiError> {
        let Context { org, access, .. } = self.context;
        let schema = &org.schema;
        let mut segments = path.segments.as_slice();
        let root_name = &schema.object(self.root).name;
        // A leading alias or object name is optional.
        if segments.len() > 1
            && (segments[0].eq_ignore_ascii_case(&self.alias)
                || (segments[0].eq_ignore_ascii_case(root_name)
                    && self.relationship(self.root, &segments[0]).is_none()))
        {
            segments = &segments[1..];
        }
        // Derived rows carry their parents' names flattened.
        let joined = segments.join(".");
        if segments.len() > 1
            && let Some(slot) = schema.object(self.root).slot(&joined)
        {
            let field = &schema.object(self.root).fields[usize::from(slot)];
            let leaf = Leaf::Slot(self.root, slot);
            return Ok(FieldRef {
                hops: Vec::new(),
                leaf,
                kind: field.kind,
                names: vec![field.name.clone()],
            });
        }
        let (mut hops, mut names) = (Vec::new(), Vec::new());
        let mut current = self.root;
        let (last, parents) = segments
            .split_last()
            .ok_or_else(|| self.missing(path, "", current))?;
        for (depth, segment) in parents.iter().enumerate() {
            let Some((slot, field)) = self.relationship(current, segment) else {
                let reason = format!(
                    "Didn't understand relationship '{segment}' in field path. If you are attempting to use a custom \
                     relationship, be sure to append the '__r' after the custom relationship name. Please reference your \
                     WSDL or the describe call for the appropriate names."
                );
                return Err(ApiError::bare(
                    400,
                    "INVALID_FIELD",
                    lexer::located(self.context.text, path.at, &reason),
                ));
            };
            names.push(field.relationship.clone().unwrap_or_default());
            if field.reference_to.len() > 1 {
                hops.push(Hop { slot, target: None });
                if depth + 1 != parents.len()
                    || !NAME_FIELDS
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(last))
                {
                    return Err(self.missing_on(path, last, "Name"));
                }
                let canonical = NAME_FIELDS
                    .iter()
                    .find(|name| name.eq_ignore_ascii_case(last))
                    .unwrap_or(&"Name");
                names.push((*canonical).into());
                let kind = if *canonical == "Id" {
                    FieldType::Id
                } else {
                    FieldType::String
                };
                return Ok(FieldRef {
                    hops,
                    leaf: Leaf::Dynamic((*canonical).into()),
                    kind,
                    names,
                });
            }
            current = field
                .reference_to
                .first()
                .and_then(|target| schema.number(target))
                .filter(|target| access.sees(schema, *target))
                .ok_or_else(|| self.missing(path, segment, current))?;
            hops.push(Hop {
                slot,
                target: Some(current),
            });
        }
        let object = schema.object(current);
        let slot = object
            .slot(last)
            .filter(|slot| {
                access
                    .field(current, *slot, &object.fields[usize::from(*slot)])
                    .read
            })
            .ok_or_else(|| self.missing(path, last, current))?;
        let field = &object.fields[usize::from(slot)];
        names.push(field.name.clone());
        Ok(FieldRef {
            hops,
            leaf: Leaf::Slot(current, slot),
            kind: field.kind,
            names,
        })
    }

    fn relationship(&self, object: u16, name: &str) -> Option<(u16, &Field)> {
        let mut fields = self
            .context
            .access
            .visible(object, self.context.org.schema.object(object));
        fields.find(|(_, field)| {
            field
                .relationship
                .as_deref()
                .is_some_and(|found| found.eq_ignore_ascii_case(name))
        })
    }

    fn missing(&self, path: &Path, field: &str, object: u16) -> ApiError {
        self.missing_on(path, field, &self.context.org.schema.object(object).name)
    }

    fn missing_on(&self, path: &Path, field: &str, object: &str) -> ApiError {
        let reason = format!(
            "No such column '{field}' on entity '{object}'. If you are attempting to use a custom field, be sure to append \
             the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
        );
        ApiError::bare(
            400,
            "INVALID_FIELD",
            lexer::located(self.context.text, path.at, &reason),
        )
    }

    fn filterable(&self, path: &Path) -> Result<FieldRef, ApiError> {
        let field = self.field(path)?;
        if let Leaf::Slot(object, slot) = &field.leaf {
            let described = &self.context.org.schema.object(*object).fields[usize::from(*slot)];
            if !described.can_filter() {
                return Err(not_usable(&self.context, path, described, "filtered"));
            }
        }
        Ok(field)
    }

    /// Resolves a filter.
    pub fn condition(&self, expr: &Expr) -> Result<Condition, ApiError> {
        Ok(match expr {
            Expr::And(terms) => Condition::And(
                terms
                    .iter()
                    .map(|term| self.condition(term))
                    .collect::<Result<_, _>>()?,
            ),
            Expr::Or(terms) => Condition::Or(
                terms
                    .iter()
                    .map(|term| self.condition(term))
                    .collect::<Result<_, _>>()?,
            ),
            Expr::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            Expr::Compare(Operand::Field(path), comparison, literal) => {
                let field = self.filterable(path)?;
                let right = self.right(path, &field, *comparison, literal)?;
                Condition::Compare(field, *comparison, right)
            }
            Expr::Compare(Operand::Aggregate(_, _, at), ..) => {
                return Err(lexer::error_at(
                    self.context.text,
                    *at,
                    "aggregates are only allowed in HAVING",
                ));
            }
            Expr::In(path, positive, literals) => {
                let field = self.filterable(path)?;
                let mut set = Set::default();
                for literal in literals {
                    set.add(self.right(path, &field, Comparison::Equal, literal)?);
                }
                Condition::In(field, *positive, set)
            }
            Expr::InQuery(path, positive, query) => {
                let field = self.filterable(path)?;
                if !matches!(field.kind, FieldType::Id | FieldType::Reference) {
                    return Err(lexer::error_at(
                        self.context.text,
                        path.at,
                        "semi join sub-selects can only query id fields, cannot use: 'other'",
                    ));
                }
                let plan = plan::query(self.context, query)?;
                let ids = super::run::id_set(self.context, &plan)?;
                Condition::In(
                    field,
                    *positive,
                    Set {
                        keys: ids.into_iter().map(Key::Id).collect(),
                        ..Set::default()
                    },
                )
            }
            Expr::Includes(path, positive, literals) => {
                let field = self.filterable(path)?;
                if field.kind != FieldType::MultiPicklist {
                    let reason = "includes and excludes operators can only be used with multi-select picklists";
                    return Err(lexer::error_at(self.context.text, path.at, reason));
                }
                let mut sets = Vec::new();
                for literal in literals {
                    let Literal::Text(text) = literal else {
                        return Err(self.wrong_type(
                            path,
                            &field,
                            "string and should be enclosed in quotes",
                        ));
                    };
                    sets.push(
                        text.split(';')
                            .map(|part| part.trim().to_lowercase())
                            .collect(),
                    );
                }
                Condition::Includes(field, *positive, sets)
            }
        })
    }

    fn wrong_type(&self, path: &Path, field: &FieldRef, wanted: &str) -> ApiError {
        let name = field.names.last().cloned().unwrap_or_default();
        let reason =
            format!("value of filter criterion for field '{name}' must be of type {wanted}");
        ApiError::bare(
            400,
            "INVALID_FIELD",
            lexer::located(self.context.text, path.at, &reason),
        )
    }

    fn right(
        &self,
        path: &Path,
        field: &FieldRef,
        comparison: Comparison,
        literal: &Literal,
    ) -> Result<Right, ApiError> {
        use FieldType as T;
        if *literal == Literal::Null {
            return Ok(Right::Null);
        }
        if comparison == Comparison::Like {
            let text_like = field.kind.is_text();
            return match literal {
                Literal::Text(pattern) if text_like => Ok(Right::Like(Like::new(pattern))),
                _ => {
                    let reason = format!("invalid operator on {} field", field.kind.name());
                    Err(ApiError::bare(
                        400,
                        "INVALID_QUERY_FILTER_OPERATOR",
                        lexer::located(self.context.text, path.at, &reason),
                    ))
                }
            };
        }
        match field.kind {
            T::Id | T::Reference => match literal {
                Literal::Text(text) if text.is_empty() => Ok(Right::Null),
                Literal::Text(text) => Id::parse(text).map(Right::Id).ok_or_else(|| {
                    let reason = format!("invalid ID field: {text}");
                    ApiError::bare(
                        400,
                        "INVALID_QUERY_FILTER_OPERATOR",
                        lexer::located(self.context.text, path.at, &reason),
                    )
                }),
                _ => Err(self.wrong_type(path, field, "string and should be enclosed in quotes")),
            },
            T::Boolean => match literal {
                Literal::Bool(flag) => Ok(Right::Bool(*flag)),
                _ => Err(self.wrong_type(
                    path,
                    field,
                    "boolean and should not be enclosed in quotes",
                )),
            },
            T::Double | T::Currency | T::Percent | T::Int => match literal {
                Literal::Number(number) => number
                    .parse::<Decimal>()
                    .or_else(|_| Decimal::from_scientific(number))
                    .map(Right::Number)
                    .map_err(|_| {
                        self.wrong_type(path, field, "double and should not be enclosed in quotes")
                    }),
                _ => {
                    Err(self.wrong_type(path, field, "double and should not be enclosed in quotes"))
                }
            },
            T::Date | T::DateTime => self.moment(path, field, literal),
            T::Address => Err(lexer::error_at(
                self.context.text,
                path.at,
                "compound fields cannot be filtered",
            )),
            _ => match literal {
                Literal::Text(text) if text.is_empty() => Ok(Right::Null),
                Literal::Text(text) => Ok(Right::Text(text.to_lowercase())),
                _ => Err(self.wrong_type(path, field, "string and should be enclosed in quotes")),
            },
        }
    }

    fn moment(&self, path: &Path, field: &FieldRef, literal: &Literal) -> Result<Right, ApiError> {
        let is_date = field.kind == FieldType::Date;
        let wanted = if is_date {
            "date and should not be enclosed in quotes"
        } else {
            "dateTime and should not be enclosed in quotes"
        };
        match literal {
            Literal::Named(name, count) => {
                let (from, to) = dates::range(name, *count, self.context.org.clock.today())
                    .ok_or_else(|| self.wrong_type(path, field, wanted))?;
                Ok(if is_date {
                    Right::Days(from, to)
                } else {
                    Right::Span(day_start_ms(from), day_start_ms(to))
                })
            }
            Literal::Date(text) if is_date => parse_date(text)
                .map(Right::Date)
                .ok_or_else(|| self.wrong_type(path, field, wanted)),
            Literal::Date(text) if text.len() > 10 => parse_datetime(text)
                .map(Right::DateTime)
                .ok_or_else(|| self.wrong_type(path, field, wanted)),
            _ => Err(self.wrong_type(path, field, wanted)),
        }
    }
}

/// Fields every record a polymorphic reference may point to can be asked for.
const NAME_FIELDS: [&str; 12] = [
    "Id",
    "Name",
    "Type",
    "FirstName",
    "LastName",
    "Email",
    "Phone",
    "Title",
    "Username",
    "IsActive",
    "ProfileId",
    "Alias",
];
