//! Which changes may never run at the same time: those of one record, and those of records under one account
//! (Salesforce locks the account while a child is saved, and order matters to a reader).

/// The lane of a change: the account when the match knows it, else the lead, else the record itself.
#[must_use]
pub fn of(account_id: &str, lead_id: &str, record_id: &str) -> String {
    [account_id, lead_id, record_id]
        .into_iter()
        .find(|id| !id.is_empty())
        .unwrap_or("none")
        .to_owned()
}

/// Whose turn it is: live work, then late decisions, then history.
#[must_use]
pub fn priority(backfill: bool, decided: bool) -> i16 {
    match (backfill, decided) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_widest_lane() {
        assert_eq!(of("001A", "", "006B"), "001A");
        assert_eq!(of("", "00QA", "00QA"), "00QA");
        assert_eq!(of("", "", "006B"), "006B");
        assert_eq!(of("", "", ""), "none");
    }
}
