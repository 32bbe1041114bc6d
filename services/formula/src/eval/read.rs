//! Reading inputs: fields now and before, with each type's way of reading.

use super::{Cause, Eval, Machine, Truth};
use crate::builtin::text::id15;
use crate::context::{Disputes, Facts};
use crate::kind::Kind;
use crate::number::Number;
use crate::program::NodeId;
use crate::trouble::Question;
use crate::value::Value;

impl<'a> Machine<'a> {
    /// A field's value now; `zero`: a blank number reads as zero.
    pub(super) fn field(&mut self, reference: u32, zero: bool) -> Eval<'a> {
        let value = self.read(reference, self.context.record, false)?;
        Ok(if zero && value.is_null() {
            Value::Number(Number::zero())
        } else {
            value
        })
    }

    fn read(&mut self, reference: u32, facts: &'a dyn Facts, prior: bool) -> Eval<'a> {
        let named = &self.program.references[reference as usize];
        let hidden = self.hidden.get(reference as usize) == Some(&true);
        let Some(value) = facts.value(named).filter(|_| !hidden) else {
            return Err(self.unknown(Cause::NotLoaded { reference, prior }, false));
        };
        if !value.fits(named.kind) {
            return Err(self.unknown(Cause::WrongType { reference }, false));
        }
        Ok(match (named.kind, value.borrowed()) {
            // A checkbox is never blank (section 4.2).
            (Kind::Boolean, Value::Null) => Value::Bool(false),
            (Kind::Percent, Value::Number(number)) => Value::Number(number.percent()),
            (Kind::Id, Value::Text(id)) => Value::Text(id15(id)),
            (_, Value::Text(text)) if text.is_empty() => Value::Null,
            (_, value) => value,
        })
    }

    fn old(&mut self, reference: u32) -> Eval<'a> {
        match self.context.prior {
            Some(facts) => self.read(reference, facts, true),
            None => Err(self.unknown(
                Cause::NotLoaded {
                    reference,
                    prior: true,
                },
                false,
            )),
        }
    }

    /// `PRIORVALUE`: on insert the current value.
    pub(super) fn prior(&mut self, current: NodeId, reference: u32) -> Eval<'a> {
        match self.context.is_new {
            Some(true) => self.eval(current),
            Some(false) => self.old(reference),
            None => Err(self.unknown(Cause::NewOrUpdate, false)),
        }
    }

    /// `ISNEW`.
    pub(super) fn is_new(&mut self) -> Truth {
        match self.context.is_new {
            Some(flag) => Ok(Some(flag)),
            None => Err(self.unknown(Cause::NewOrUpdate, false)),
        }
    }

    /// `ISCHANGED`: false on insert; blank and zero differ; texts with either line break are equal.
    pub(super) fn changed(&mut self, current: NodeId, reference: u32, node: NodeId) -> Truth {
        match self.context.is_new {
            Some(true) => return Ok(Some(false)),
            Some(false) => {}
            None => return Err(self.unknown(Cause::NewOrUpdate, false)),
        }
        let now = self.eval(current);
        let old = self.old(reference);
        let Some((now, old)) = self.pair(now, old, false)? else {
            return Ok(None);
        };
        if let (Value::Text(now), Value::Text(old)) = (&now, &old) {
            let equal = now == old
                || (now.contains('\r') || old.contains('\r'))
                    && now.replace("\r\n", "\n") == old.replace("\r\n", "\n");
            if !equal
                && self.context.disputes == Disputes::CannotTell
                && now.to_lowercase() == old.to_lowercase()
            {
                let cause = Cause::Disputed {
                    question: Question::ChangedCase,
                    node,
                };
                return Err(self.unknown(cause, false));
            }
            return Ok(Some(!equal));
        }
        Ok(Some(now != old))
    }
}
