//! The functions of the language and their signatures (sections 5 to 9): one table, which the
//! compiler checks calls against. Functions with a shape of their own (`AND`, `CASE`, `ISCHANGED`, …)
//! are compiled by hand and are not listed here.

use crate::kind::Kind;

/// An ordinary function: its arguments are evaluated first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    Round,
    Ceiling,
    Floor,
    Mceiling,
    Mfloor,
    Trunc,
    Mod,
    Sqrt,
    Exp,
    Ln,
    Log,
    Pi,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Max,
    Min,
    Len,
    Left,
    Right,
    Mid,
    Find,
    Contains,
    Begins,
    Substitute,
    Trim,
    Upper,
    Lower,
    Initcap,
    Reverse,
    Ascii,
    Chr,
    Lpad,
    Rpad,
    Br,
    Text,
    Value,
    IsNumber,
    CaseSafeId,
    Hyperlink,
    Image,
    PicklistCount,
    Date,
    DateValue,
    DateTimeValue,
    TimeValue,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Weekday,
    IsoWeek,
    IsoYear,
    DayOfYear,
    AddMonths,
    UnixTimestamp,
    FromUnixTime,
    FormatDuration,
    Today,
    Now,
    TimeNow,
    Distance,
    Geolocation,
    IsClone,
}

/// A set of kinds.
pub(crate) type Kinds = u16;

/// The set with one kind.
pub(crate) const fn only(kind: Kind) -> Kinds {
    1 << kind as u16
}

const N: Kinds = only(Kind::Number);
const T: Kinds = only(Kind::Text) | only(Kind::Id);
const B: Kinds = only(Kind::Boolean);
const D: Kinds = only(Kind::Date);
const I: Kinds = only(Kind::DateTime);
const H: Kinds = only(Kind::Time);
const P: Kinds = only(Kind::Picklist);
const M: Kinds = only(Kind::MultiPicklist);
const L: Kinds = only(Kind::Location);

/// Most arguments an ordinary function takes, `MAX` and `MIN` aside.
pub(crate) const PARAMETERS_MAX: usize = 4;

/// What a call must look like and what it gives.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) function: Function,
    /// Accepted kinds, by position. `NULL` is accepted everywhere.
    pub(crate) parameters: &'static [Kinds],
    /// How many of them must be given.
    pub(crate) required: usize,
    /// `None`: the kind of the first argument.
    pub(crate) returns: Option<Kind>,
}

const fn f(
    name: &'static str,
    function: Function,
    parameters: &'static [Kinds],
    required: usize,
    returns: Kind,
) -> Signature {
    Signature {
        name,
        function,
        parameters,
        required,
        returns: Some(returns),
    }
}

use Function as F;
use Kind::{Boolean, Date, DateTime, Id, Location, Number, Text, Time};

/// Sorted by name, so that a call is found by binary search.
static SIGNATURES: &[Signature] = &[
    f("ABS", F::Abs, &[N], 1, Number),
    f("ACOS", F::Acos, &[N], 1, Number),
    Signature {
        name: "ADDMONTHS",
        function: F::AddMonths,
        parameters: &[D | I, N],
        required: 2,
        returns: None,
    },
    f("ASCII", F::Ascii, &[T], 1, Number),
    f("ASIN", F::Asin, &[N], 1, Number),
    f("ATAN", F::Atan, &[N], 1, Number),
    f("ATAN2", F::Atan2, &[N, N], 2, Number),
    f("BEGINS", F::Begins, &[T, T], 2, Boolean),
    f("BR", F::Br, &[], 0, Text),
    f("CASESAFEID", F::CaseSafeId, &[T], 1, Id),
    f("CEILING", F::Ceiling, &[N], 1, Number),
    f("CHR", F::Chr, &[N], 1, Text),
    f("CONTAINS", F::Contains, &[T, T], 2, Boolean),
    f("COS", F::Cos, &[N], 1, Number),
    f("DATE", F::Date, &[N, N, N], 3, Date),
    f("DATETIMEVALUE", F::DateTimeValue, &[T | D | I], 1, DateTime),
    f("DATEVALUE", F::DateValue, &[T | D | I], 1, Date),
    f("DAY", F::Day, &[D], 1, Number),
    f("DAYOFYEAR", F::DayOfYear, &[D], 1, Number),
    f("DISTANCE", F::Distance, &[L, L, T], 3, Number),
    f("EXP", F::Exp, &[N], 1, Number),
    f("FIND", F::Find, &[T, T, N], 2, Number),
    f("FLOOR", F::Floor, &[N], 1, Number),
    f(
        "FORMATDURATION",
        F::FormatDuration,
        &[N | I | H, B | I | H],
        1,
        Text,
    ),
    f("FROMUNIXTIME", F::FromUnixTime, &[N], 1, DateTime),
    f("GEOLOCATION", F::Geolocation, &[N, N], 2, Location),
    f("HOUR", F::Hour, &[H], 1, Number),
    f("HYPERLINK", F::Hyperlink, &[T, T, T], 2, Text),
    f("IMAGE", F::Image, &[T, T, N, N], 2, Text),
    f("INITCAP", F::Initcap, &[T], 1, Text),
    f("ISCLONE", F::IsClone, &[], 0, Boolean),
    f("ISNUMBER", F::IsNumber, &[T], 1, Boolean),
    f("ISOWEEK", F::IsoWeek, &[D], 1, Number),
    f("ISOYEAR", F::IsoYear, &[D], 1, Number),
    f("LEFT", F::Left, &[T, N], 2, Text),
    f("LEN", F::Len, &[T], 1, Number),
    f("LN", F::Ln, &[N], 1, Number),
    f("LOG", F::Log, &[N], 1, Number),
    f("LOWER", F::Lower, &[T, T], 1, Text),
    f("LPAD", F::Lpad, &[T, N, T], 2, Text),
    f("MAX", F::Max, &[N], 1, Number),
    f("MCEILING", F::Mceiling, &[N], 1, Number),
    f("MFLOOR", F::Mfloor, &[N], 1, Number),
    f("MID", F::Mid, &[T, N, N], 3, Text),
    f("MILLISECOND", F::Millisecond, &[H], 1, Number),
    f("MIN", F::Min, &[N], 1, Number),
    f("MINUTE", F::Minute, &[H], 1, Number),
    f("MOD", F::Mod, &[N, N], 2, Number),
    f("MONTH", F::Month, &[D], 1, Number),
    f("NOW", F::Now, &[], 0, DateTime),
    f("PI", F::Pi, &[], 0, Number),
    f("PICKLISTCOUNT", F::PicklistCount, &[M], 1, Number),
    f("REVERSE", F::Reverse, &[T], 1, Text),
    f("RIGHT", F::Right, &[T, N], 2, Text),
    f("ROUND", F::Round, &[N, N], 2, Number),
    f("RPAD", F::Rpad, &[T, N, T], 2, Text),
    f("SECOND", F::Second, &[H], 1, Number),
    f("SIN", F::Sin, &[N], 1, Number),
    f("SQRT", F::Sqrt, &[N], 1, Number),
    f("SUBSTITUTE", F::Substitute, &[T, T, T], 3, Text),
    f("TAN", F::Tan, &[N], 1, Number),
    f("TEXT", F::Text, &[N | D | I | H | P], 1, Text),
    f("TIMENOW", F::TimeNow, &[], 0, Time),
    f("TIMEVALUE", F::TimeValue, &[T | I | H], 1, Time),
    f("TODAY", F::Today, &[], 0, Date),
    f("TRIM", F::Trim, &[T], 1, Text),
    f("TRUNC", F::Trunc, &[N, N], 1, Number),
    f("UNIXTIMESTAMP", F::UnixTimestamp, &[D | I | H], 1, Number),
    f("UPPER", F::Upper, &[T, T], 1, Text),
    f("VALUE", F::Value, &[T], 1, Number),
    f("WEEKDAY", F::Weekday, &[D], 1, Number),
    f("YEAR", F::Year, &[D], 1, Number),
];

/// The signature of an ordinary function, by upper-case name.
pub(crate) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES
        .binary_search_by(|signature| signature.name.cmp(name))
        .ok()
        .map(|at| &SIGNATURES[at])
}

/// Platform functions that need more than a record to answer, with what they give: a call compiles,
/// and evaluating it is "cannot tell".
pub(crate) fn not_evaluated(name: &str) -> Option<(&'static str, Kind)> {
    Some(match name {
        "VLOOKUP" => ("VLOOKUP", Text),
        "GETSESSIONID" => ("GETSESSIONID", Text),
        "IMAGEPROXYURL" => ("IMAGEPROXYURL", Text),
        "LINKTO" => ("LINKTO", Text),
        "URLFOR" => ("URLFOR", Text),
        "REQUIRESCRIPT" => ("REQUIRESCRIPT", Text),
        "CURRENCYRATE" => ("CURRENCYRATE", Number),
        "PREDICT" => ("PREDICT", Number),
        _ => return None,
    })
}

impl Function {
    /// Whether one blank argument makes the result blank, whatever the others are.
    pub(crate) fn is_strict(self) -> bool {
        !matches!(
            self,
            F::Len
                | F::Find
                | F::Contains
                | F::Begins
                | F::Substitute
                | F::Upper
                | F::Lower
                | F::Lpad
                | F::Rpad
                | F::IsNumber
                | F::Hyperlink
                | F::Image
                | F::PicklistCount
                | F::FormatDuration
                | F::Distance
                | F::Geolocation
                | F::Text
        )
    }

    /// Whether some arguments make it fail, so that an unknown argument may hide an error.
    pub(crate) fn may_fail(self) -> bool {
        matches!(
            self,
            F::Mod
                | F::Sqrt
                | F::Exp
                | F::Ln
                | F::Log
                | F::Asin
                | F::Acos
                | F::Tan
                | F::Find
                | F::Value
                | F::Date
                | F::DateValue
                | F::DateTimeValue
                | F::TimeValue
                | F::Geolocation
                | F::Distance
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_within_its_limits() {
        assert!(SIGNATURES.is_sorted_by(|a, b| a.name < b.name));
        for signature in SIGNATURES {
            assert!(signature.required <= signature.parameters.len());
            assert!(signature.parameters.len() <= PARAMETERS_MAX);
        }
    }
}
