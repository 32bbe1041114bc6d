//! What is told of one rule: to a person as a sentence, to a machine as conditions and values.
//!
//! Everything here holds record values and what a meeting said, so it is stored with the change and shown to those who
//! may see it, and never sent with outcome events or counted in metrics.

use formula::{Explanation, Responsible, Value};

/// Conditions kept of one explanation.
const CONDITIONS_MAX: usize = 20;
/// Values kept of one condition.
const VALUES_MAX: usize = 20;
/// Longest value, condition or sentence kept, in characters.
const CHARACTERS_MAX: usize = 2_000;

/// What one rule would do to one field's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the rule in its book.
    pub rule: usize,
    /// What it would do.
    pub said: Said,
}

/// What a rule would do; silent ones are not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It refuses the save, whatever is written with it.
    Fires(RuleFinding),
    /// Whether it refuses depends on which of the record's other changes are written with it.
    DependsOnSiblings,
    /// Not known, and why.
    CannotTell(String),
}

/// Why a rule fires.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct RuleFinding {
    /// Developer name of the rule.
    pub rule: String,
    /// The rule's own message, verbatim.
    pub message: String,
    /// One sentence: the conditions, the values, and which field would have to change.
    #[serde(default)]
    pub explanation: String,
    /// The smallest set of conditions that make it fire.
    #[serde(default)]
    pub because: Vec<Condition>,
    /// Fields of the change: putting back any one of them would lift it. Empty when no single one would.
    #[serde(default)]
    pub would_lift: Vec<String>,
}

/// One condition at work.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Condition {
    /// The rule author's words.
    pub text: String,
    /// Whether it is true; the rule may want it false.
    pub holds: bool,
    /// The values it hangs on.
    pub values: Vec<SeenValue>,
}

/// A value that was read.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct SeenValue {
    /// Field, path or global.
    pub path: String,
    /// What the save would put there; `None` when it is not known.
    pub value: Option<String>,
    /// What is there now, where the condition reads that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl RuleFinding {
    pub(super) fn new(
        rule: &super::Rule,
        explanation: Option<&Explanation>,
        responsible: &Responsible,
    ) -> Self {
        let would_lift = match responsible {
            Responsible::Fields(fields) => fields.clone(),
            Responsible::Combination | Responsible::PreExisting | Responsible::Undetermined => {
                Vec::new()
            }
        };
        Self::with(rule, explanation, &responsible.to_string(), would_lift)
    }

    /// Of a new record; `would_lift` are the fields of which leaving out any one silences the rule.
    pub(super) fn created(
        rule: &super::Rule,
        explanation: Option<&Explanation>,
        would_lift: Vec<String>,
    ) -> Self {
        let lift = if would_lift.is_empty() {
            "leaving out no single field of the new record lifts it.".to_owned()
        } else {
            format!("leaving out {} would lift it.", would_lift.join(" or "))
        };
        Self::with(rule, explanation, &lift, would_lift)
    }

    fn with(
        rule: &super::Rule,
        explanation: Option<&Explanation>,
        lift: &str,
        would_lift: Vec<String>,
    ) -> Self {
        let because = explanation.map_or(&[][..], |known| known.because.as_slice());
        Self {
            rule: rule.name.clone(),
            message: rule.message.clone(),
            explanation: sentence(explanation, lift),
            because: because.iter().take(CONDITIONS_MAX).map(condition).collect(),
            would_lift,
        }
    }
}

/// One sentence out of two: why, and what would lift it.
fn sentence(explanation: Option<&Explanation>, lift: &str) -> String {
    let why = explanation.map_or_else(|| "The rule fires.".to_owned(), ToString::to_string);
    let mut first = lift.chars();
    let lowered: String = first
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(first)
        .collect();
    cut(&format!("{}; {lowered}", why.trim_end_matches('.')))
}

fn condition(condition: &formula::Condition) -> Condition {
    Condition {
        text: cut(&condition.text),
        holds: condition.holds,
        values: condition
            .seen
            .iter()
            .take(VALUES_MAX)
            .map(|seen| SeenValue {
                path: seen.path.clone(),
                value: seen.value.as_ref().map(shown),
                before: seen.prior.as_ref().map(shown),
            })
            .collect(),
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
