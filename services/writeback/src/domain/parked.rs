//! When a change that was approved, and then held because its target went out of the connected user's reach, goes on.

use super::change::{Action, Reason, Verdict};
use super::gate;
use super::schema::Schema;

/// The reasons that are left when the user can reach the target again; `None` while they cannot.
#[must_use]
pub fn reachable_again(
    schema: &Schema,
    action: Action,
    object: &str,
    field: &str,
    reasons: &[Reason],
) -> Option<Vec<Reason>> {
    let known = schema.get(object)?;
    if !gate::reach(known, object, action, field).is_empty() {
        return None;
    }
    let left = reasons
        .iter()
        .filter(|reason| reason.verdict == Verdict::Pass)
        .cloned();
    Some(left.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::Object;

    #[test]
    fn it_goes_on_when_the_object_may_be_created_again() {
        let held = Reason::new("connection", Verdict::Hold, "object_not_createable", "no");
        let noted = Reason::new("validation_rules", Verdict::Pass, "cannot_tell", "maybe");
        let reasons = [held, noted.clone()];
        let again = |createable: bool| {
            let object = Object {
                createable,
                ..Object::default()
            };
            let schema: Schema = [("Task".to_owned(), object)].into();
            reachable_again(&schema, Action::CreateTask, "Task", "", &reasons)
        };
        assert_eq!(again(false), None);
        assert_eq!(again(true), Some(vec![noted]));
        assert_eq!(
            reachable_again(&Schema::new(), Action::CreateTask, "Task", "", &reasons),
            None
        );
    }
}
