//! SELECT statements as data.

use std::fmt;

use super::condition::Condition;
use crate::name::{FieldName, FieldPath, ObjectName};

/// Sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// Where rows without a value sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Before all others, Salesforce's default.
    First,
    /// After all others.
    Last,
}

#[derive(Debug, Clone, PartialEq)]
enum Column {
    Field(FieldPath),
    Count,
    Children(Subquery),
}

/// The rows of a child relationship, selected with their parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    relationship: FieldName,
    fields: Vec<FieldPath>,
    filter: Option<Condition>,
    limit: Option<u32>,
}

impl Subquery {
    /// Selects `fields` of the rows of `relationship`, such as `OpportunityContactRoles`.
    pub fn new(
        relationship: FieldName,
        fields: impl IntoIterator<Item = impl Into<FieldPath>>,
    ) -> Self {
        Self {
            relationship,
            fields: fields.into_iter().map(Into::into).collect(),
            filter: None,
            limit: None,
        }
    }

    /// Only rows for which `condition` holds as well.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.filter = Some(match self.filter {
            Some(existing) => existing.and(condition),
            None => condition,
        });
        self
    }

    /// At most `rows` per parent.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }
}

/// A SELECT statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    columns: Vec<Column>,
    object: ObjectName,
    filter: Option<Condition>,
    order: Vec<(FieldPath, Direction, Nulls)>,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl Query {
    /// Selects from `object`; without a field or count it selects `Id`.
    pub fn from(object: ObjectName) -> Self {
        Self {
            columns: Vec::new(),
            object,
            filter: None,
            order: Vec::new(),
            limit: None,
            offset: None,
        }
    }

    /// Also selects `field`. A field selected twice is a syntax error, so it is taken once.
    #[must_use]
    pub fn field(mut self, field: impl Into<FieldPath>) -> Self {
        let field = field.into();
        let known = self.columns.iter().any(|column| {
            matches!(column, Column::Field(known)
                if known.as_str().eq_ignore_ascii_case(field.as_str()))
        });
        if !known {
            self.columns.push(Column::Field(field));
        }
        self
    }

    /// Also selects `fields`.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<FieldPath>>) -> Self {
        for field in fields {
            self = self.field(field);
        }
        self
    }

    /// Selects `count()` only: the answer is the page's total size.
    #[must_use]
    pub fn count(mut self) -> Self {
        self.columns = vec![Column::Count];
        self
    }

    /// Also selects child rows.
    #[must_use]
    pub fn children(mut self, subquery: Subquery) -> Self {
        self.columns.push(Column::Children(subquery));
        self
    }

    /// Only rows for which `condition` holds as well.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.filter = Some(match self.filter {
            Some(existing) => existing.and(condition),
            None => condition,
        });
        self
    }

    /// Sorts by `field`, after earlier sort fields.
    #[must_use]
    pub fn order_by(
        mut self,
        field: impl Into<FieldPath>,
        direction: Direction,
        nulls: Nulls,
    ) -> Self {
        self.order.push((field.into(), direction, nulls));
        self
    }

    /// At most `rows`.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out the first `rows`; Salesforce refuses more than 2,000.
    #[must_use]
    pub fn offset(mut self, rows: u32) -> Self {
        self.offset = Some(rows);
        self
    }

    /// The object selected from.
    pub fn object(&self) -> &ObjectName {
        &self.object
    }

    /// The statement.
    pub fn to_soql(&self) -> String {
        self.to_string()
    }
}

fn comma(f: &mut fmt::Formatter<'_>, at: usize) -> fmt::Result {
    if at > 0 { f.write_str(", ") } else { Ok(()) }
}

impl fmt::Display for Subquery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(SELECT ")?;
        if self.fields.is_empty() {
            f.write_str("Id")?;
        }
        for (at, field) in self.fields.iter().enumerate() {
            comma(f, at)?;
            write!(f, "{field}")?;
        }
        write!(f, " FROM {}", self.relationship)?;
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        if self.columns.is_empty() {
            f.write_str("Id")?;
        }
        for (at, column) in self.columns.iter().enumerate() {
            comma(f, at)?;
            match column {
                Column::Field(field) => write!(f, "{field}")?,
                Column::Count => f.write_str("count()")?,
                Column::Children(subquery) => write!(f, "{subquery}")?,
            }
        }
        write!(f, " FROM {}", self.object)?;
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        for (at, (field, direction, nulls)) in self.order.iter().enumerate() {
            f.write_str(if at == 0 { " ORDER BY " } else { ", " })?;
            write!(f, "{field}")?;
            f.write_str(match direction {
                Direction::Ascending => " ASC",
                Direction::Descending => " DESC",
            })?;
            f.write_str(match nulls {
                Nulls::First => " NULLS FIRST",
                Nulls::Last => " NULLS LAST",
            })?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " OFFSET {offset}")?;
        }
        Ok(())
    }
}
