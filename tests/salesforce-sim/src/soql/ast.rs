//! The syntax tree of a query. Positions are byte offsets into the text, for error messages.

/// A dotted field path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Segments, as written.
    pub segments: Vec<String>,
    /// Where it starts.
    pub at: usize,
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is selected.
    pub select: Vec<Select>,
    /// Object, or relationship in a subquery.
    pub from: String,
    /// Where the object's name starts.
    pub from_at: usize,
    /// Alias of the object.
    pub alias: Option<String>,
    /// Filter.
    pub filter: Option<Expr>,
    /// Grouping.
    pub group_by: Vec<Path>,
    /// Filter of groups.
    pub having: Option<Expr>,
    /// Ordering.
    pub order_by: Vec<Order>,
    /// Row limit.
    pub limit: Option<u64>,
    /// Rows to skip.
    pub offset: Option<u64>,
}

/// One selected thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Select {
    /// A field.
    Field(Path),
    /// `COUNT()`.
    CountAll,
    /// An aggregate of a field, with its alias.
    Aggregate(Aggregate, Path, Option<String>),
    /// A field of an aggregate query with an alias.
    Aliased(Path, String),
    /// A child subquery.
    Children(Box<Query>),
    /// `FIELDS(ALL | STANDARD | CUSTOM)`.
    Fields(String),
}

/// Aggregate functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in SOQL")]
pub enum Aggregate {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

/// A sort key.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Field.
    pub path: Path,
    /// Aggregate over it, when ordering groups.
    pub aggregate: Option<Aggregate>,
    /// Largest first.
    pub descending: bool,
    /// Empty values last; SOQL puts them first unless told.
    pub nulls_last: bool,
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them.
    And(Vec<Expr>),
    /// Any of them.
    Or(Vec<Expr>),
    /// Not it.
    Not(Box<Expr>),
    /// Field compared with a value.
    Compare(Operand, Comparison, Literal),
    /// Field in a list.
    In(Path, bool, Vec<Literal>),
    /// Field in a subquery's result.
    InQuery(Path, bool, Box<Query>),
    /// Multi-select contains all values of one of the sets; false negates.
    Includes(Path, bool, Vec<Literal>),
}

/// Left side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A field.
    Field(Path),
    /// An aggregate, in HAVING.
    Aggregate(Aggregate, Option<Path>, usize),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual six, and LIKE")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Like,
}

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// Number, as written.
    Number(String),
    /// Quoted string, unescaped. For LIKE the wildcard escapes are kept.
    Text(String),
    /// Date or datetime, as written.
    Date(String),
    /// Date literal such as `LAST_N_DAYS:7`, upper case.
    Named(String, Option<i64>),
}
