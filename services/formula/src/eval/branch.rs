//! Choices: `IF`, `CASE` and the blank defaults, where an unknown choice between equal values is no
//! unknown at all.

use super::logic::case_equal;
use super::{Eval, Machine, Stop};
use crate::program::{Class, Kids, NodeId};
use crate::value::Value;

impl<'a> Machine<'a> {
    /// `IF`: one branch is evaluated, both when the condition is unknown.
    pub(super) fn branch(&mut self, condition: NodeId, yes: NodeId, no: NodeId) -> Eval<'a> {
        let unknown = match self.truth(condition) {
            Ok(Some(true)) => return self.eval(yes),
            Ok(_) => return self.eval(no),
            Err(stop @ Stop::Failed { .. }) => return Err(stop),
            Err(unknown) => unknown,
        };
        let yes = self.eval(yes);
        let no = self.eval(no);
        match (yes, no) {
            (Ok(yes), Ok(no)) => {
                if yes == no
                    && matches!(
                        unknown,
                        Stop::Unknown {
                            may_fail: false,
                            ..
                        }
                    )
                {
                    Ok(yes)
                } else {
                    Err(unknown)
                }
            }
            (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(self.both(unknown, stop)),
            (Err(a), Err(b)) => {
                let joined = self.both(unknown, a);
                Err(self.both(joined, b))
            }
        }
    }

    /// `CASE`: not lazy, so an error anywhere is an error of the whole (section 8).
    pub(super) fn case(&mut self, kids: Kids, class: Class, _node: NodeId) -> Eval<'a> {
        let program = self.program;
        let nodes = program.kids(kids);
        let mut parts: Vec<Eval<'a>> = Vec::with_capacity(nodes.len());
        let mut unknown: Option<Stop> = None;
        for node in nodes {
            let part = self.eval(*node);
            match &part {
                Err(stop @ Stop::Failed { .. }) => return Err(*stop),
                Err(stop) => {
                    unknown = Some(match unknown {
                        Some(earlier) => self.both(earlier, *stop),
                        None => *stop,
                    });
                }
                Ok(_) => {}
            }
            parts.push(part);
        }
        // Results the platform may pick, in order: those behind unknown values, then the first match.
        let mut candidates: Vec<usize> = Vec::new();
        let subject = &parts[0];
        let mut settled = false;
        for value in (1..parts.len() - 1).step_by(2) {
            match (subject, &parts[value]) {
                (Ok(subject), Ok(value_at)) => {
                    if case_equal(class, subject, value_at) {
                        candidates.push(value + 1);
                        settled = true;
                        break;
                    }
                }
                _ => candidates.push(value + 1),
            }
        }
        if !settled {
            candidates.push(parts.len() - 1);
        }
        if let Some(Stop::Unknown { may_fail: true, .. }) = unknown {
            return unknown.map_or(Ok(Value::Null), Err);
        }
        let first = candidates[0];
        let agree = candidates
            .iter()
            .all(|at| parts[*at].is_ok() && parts[*at] == parts[first]);
        if agree {
            return parts.swap_remove(first);
        }
        unknown.map_or(Ok(Value::Null), Err)
    }

    /// `BLANKVALUE`: the default is evaluated in any case.
    pub(super) fn blank_value(&mut self, value: NodeId, default: NodeId) -> Eval<'a> {
        let value = self.eval(value);
        let default = self.eval(default);
        match (value, default) {
            (Err(failed @ Stop::Failed { .. }), _) | (_, Err(failed @ Stop::Failed { .. })) => {
                Err(failed)
            }
            (Ok(Value::Null), default) => default,
            (
                Ok(value),
                Ok(_)
                | Err(Stop::Unknown {
                    may_fail: false, ..
                }),
            ) => Ok(value),
            (Ok(_), Err(unknown)) | (Err(unknown), Ok(_)) => Err(unknown),
            (Err(a), Err(b)) => Err(self.both(a, b)),
        }
    }

    /// `NULLVALUE` of a text: the text as it is, but the default's errors surface.
    pub(super) fn text_value(&mut self, value: NodeId, default: NodeId) -> Eval<'a> {
        let value = self.eval(value);
        let default = self.eval(default);
        match (value, default) {
            (Err(failed @ Stop::Failed { .. }), _) | (_, Err(failed @ Stop::Failed { .. })) => {
                Err(failed)
            }
            (Ok(_), Err(unknown @ Stop::Unknown { may_fail: true, .. })) => Err(unknown),
            (Err(a), Err(b)) => Err(self.both(a, b)),
            (value, _) => value,
        }
    }
}
