//! Our own writes: what we did after a meeting, or on account of an earlier one, must not decide it.

use super::maker::{Maker, REP_ID, day, shown, truth, with_deal};
use chrono::{NaiveDate, TimeDelta};
use matching::domain::facts::{Opportunity, PastState};

pub(super) fn ours(m: &mut Maker) {
    let title = m.vague();
    let far = (day() + TimeDelta::days(60)).date_naive();
    // We closed one of two deals after the meeting that was about it: at the meeting both were open, one with its roles.
    let c = m.company();
    let (p, q) = (m.contact(&c), m.contact(&c));
    m.deal(&c, "Other", "New Business", &[&q]);
    let closed = Opportunity {
        is_closed: true,
        close_date: (day() - TimeDelta::days(40)).date_naive(),
        past: vec![until(3, false, far)],
        ..own(m, &c.id, "Closed by us", &[&p.id])
    };
    m.org.deal(closed.clone());
    m.add(
        "our own writes: closed after the meeting",
        &title,
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &closed),
    );
    // We moved a deal closed long before the meeting back to open: it was no candidate, the other one is.
    let c = m.company();
    let p = m.contact(&c);
    let meant = m.deal(&c, "Meant", "New Business", &[&p]);
    let reopened = Opportunity {
        past: vec![until(3, true, (day() - TimeDelta::days(90)).date_naive())],
        ..own(m, &c.id, "Reopened by us", &[&p.id])
    };
    m.org.deal(reopened);
    m.add(
        "our own writes: reopened after the meeting",
        &title,
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &meant),
    );
    // Two deals nothing tells apart, one of which we touched since: still nothing tells them apart.
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "Phase one", "New Business", &[]);
    let touched = Opportunity {
        owner_id: "005000000000009AAA".into(),
        past: vec![until(3, false, far)],
        ..own(m, &c.id, "Phase two", &[])
    };
    m.org.deal(touched);
    let mut open = truth(&c, &[&p]);
    open.deal_unclear = true;
    m.add(
        "our own writes: touched after the meeting",
        &title,
        vec![shown(&p)],
        open,
    );
}

fn own(m: &mut Maker, account_id: &str, name: &str, roles: &[&String]) -> Opportunity {
    Opportunity {
        id: m.id("006"),
        account_id: account_id.to_owned(),
        name: name.to_owned(),
        owner_id: REP_ID.into(),
        owner_active: true,
        created_at: day() - TimeDelta::days(120),
        close_date: (day() + TimeDelta::days(60)).date_naive(),
        role_contact_ids: roles.iter().map(|id| (*id).clone()).collect(),
        ..Opportunity::default()
    }
}

fn until(days: i64, is_closed: bool, close_date: NaiveDate) -> PastState {
    PastState {
        until: day() + TimeDelta::days(days),
        is_closed,
        close_date,
        owner_id: REP_ID.into(),
        record_type_id: String::new(),
    }
}
