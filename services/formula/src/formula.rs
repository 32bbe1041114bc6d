//! A compiled formula and its answers.

use std::fmt::{self, Display, Formatter};

use crate::compile::{self, CompileError};
use crate::context::Context;
use crate::eval::{Machine, Stop};
use crate::kind::{Blanks, Kind};
use crate::needs::Needs;
use crate::program::Program;
use crate::reason::Reason;
use crate::schema::Schema;
use crate::token::Span;
use crate::trouble::ErrorKind;
use crate::value::Value;

/// A compiled formula: immutable, cheap to share between tasks.
#[derive(Clone, Debug)]
pub struct Formula {
    source: Box<str>,
    kind: Kind,
    needs: Needs,
    pub(crate) program: Program,
}

/// What a validation rule would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The rule blocks the save.
    Fires,
    /// It does not: false or blank.
    Silent,
    /// We do not know, for these reasons.
    CannotTell(Vec<Reason>),
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Fires => f.write_str("fires"),
            Outcome::Silent => f.write_str("silent"),
            Outcome::CannotTell(reasons) => {
                f.write_str("cannot tell")?;
                for (index, reason) in reasons.iter().enumerate() {
                    write!(f, "{} {reason}", if index == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
        }
    }
}

/// The value of a formula of any type.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It has this value, or is blank.
    Value(Value<'static>),
    /// Evaluating it fails.
    Error {
        /// How.
        kind: ErrorKind,
        /// Where.
        span: Span,
    },
    /// We do not know, for these reasons.
    Unknown(Vec<Reason>),
}

/// Compiles a formula of any type.
///
/// # Errors
/// [`CompileError`] when it does not parse, names what `schema` does not know, or does not type.
pub fn compile(source: &str, schema: &dyn Schema, blanks: Blanks) -> Result<Formula, CompileError> {
    let (program, kind) = compile::program(source, schema, blanks)?;
    Ok(Formula {
        source: source.into(),
        kind,
        needs: Needs::of(&program),
        program,
    })
}

/// Compiles a validation rule's condition: blanks stay blank, and the value is true or false.
///
/// # Errors
/// As [`compile`], and when the value is of another type.
pub fn compile_rule(source: &str, schema: &dyn Schema) -> Result<Formula, CompileError> {
    let formula = compile(source, schema, Blanks::Blank)?;
    match formula.kind {
        Kind::Boolean | Kind::Null => Ok(formula),
        other => Err(CompileError::Type {
            message: format!("the rule gives {other}, not true or false").into(),
            span: Span::default(),
        }),
    }
}

impl Formula {
    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The type of its value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What evaluating it reads.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// What the rule would do.
    #[must_use]
    pub fn outcome(&self, context: &Context<'_>) -> Outcome {
        let mut machine = Machine::new(&self.program, *context);
        match machine.truth(self.program.root) {
            Ok(Some(true)) => Outcome::Fires,
            Ok(_) => Outcome::Silent,
            Err(stop) => Outcome::CannotTell(machine.reasons(stop)),
        }
    }

    /// The value of the formula.
    #[must_use]
    pub fn answer(&self, context: &Context<'_>) -> Answer {
        let mut machine = Machine::new(&self.program, *context);
        match machine.eval(self.program.root) {
            Ok(value) => Answer::Value(value.into_owned()),
            Err(Stop::Failed { kind, node }) => Answer::Error {
                kind,
                span: self.program.spans[node as usize],
            },
            Err(stop) => Answer::Unknown(machine.reasons(stop)),
        }
    }
}
