//! What a formula reads, known without evaluating it (language section 11.2): so that one query per
//! object can be planned, and so that a change touching none of it can reuse the last answer.

use crate::function::Function;
use crate::program::{Op, Program, Reference};

/// The static needs of a formula.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Fields of the record itself.
    pub fields: Vec<Reference>,
    /// Fields of the record whose value before the change is read.
    pub prior: Vec<Reference>,
    /// Fields of parents, by path.
    pub relations: Vec<Reference>,
    /// Names that start with `$`.
    pub globals: Vec<Reference>,
    /// It reads the current time, so its answer may expire.
    pub clock: bool,
    /// It depends on the running user's time zone.
    pub zone: bool,
    /// It depends on whether the record is new.
    pub is_new: bool,
}

impl Needs {
    pub(crate) fn of(program: &Program) -> Self {
        let mut needs = Self::default();
        let mut current = vec![false; program.references.len()];
        let mut prior = vec![false; program.references.len()];
        for op in &program.nodes {
            match op {
                Op::Field { reference, .. } => current[*reference as usize] = true,
                Op::Prior { reference, .. } | Op::Changed { reference, .. } => {
                    prior[*reference as usize] = true;
                    needs.is_new = true;
                }
                Op::IsNew => needs.is_new = true,
                Op::Call { function, .. } => {
                    needs.clock |= matches!(
                        function,
                        Function::Now | Function::Today | Function::TimeNow
                    );
                    needs.zone |= matches!(function, Function::Today | Function::DateValue);
                }
                _ => {}
            }
        }
        for (index, reference) in program.references.iter().enumerate() {
            if prior[index] {
                needs.prior.push(reference.clone());
            }
            if !current[index] {
                continue;
            }
            let list = if reference.key.starts_with('$') {
                &mut needs.globals
            } else if reference.key.contains('.') {
                &mut needs.relations
            } else {
                &mut needs.fields
            };
            list.push(reference.clone());
        }
        needs
    }

    /// Whether an earlier answer may be reused for a change that touches none of the fields.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        !self.clock && !self.is_new && self.prior.is_empty()
    }
}
