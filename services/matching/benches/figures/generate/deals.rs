//! Deals: several, types, windows, owners, names.

use super::maker::{Maker, REP_ID, day, shown, truth, with_deal};
use chrono::TimeDelta;
use matching::domain::facts::Opportunity;

pub(super) fn deals(m: &mut Maker) {
    let title = m.vague();
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "Phase one", "New Business", &[]);
    m.deal(&c, "Phase two", "New Business", &[]);
    let mut open = truth(&c, &[&p]);
    open.deal_unclear = true;
    m.add(
        "several open deals with one owner",
        &title,
        vec![shown(&p)],
        open,
    );
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "New business", "New Business", &[]);
    let renewal = m.deal(&c, "Renewal", "Renewal", &[]);
    m.add(
        "renewal beside new business",
        "Renewal call",
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &renewal),
    );
    for (tag, closed, created, close) in [
        ("deal closed just before", true, -90, -6),
        ("deal opened just after", false, 6, 90),
    ] {
        let c = m.company();
        let p = m.contact(&c);
        let deal = Opportunity {
            id: m.id("006"),
            is_closed: closed,
            created_at: day() + TimeDelta::days(created),
            close_date: (day() + TimeDelta::days(close)).date_naive(),
            role_contact_ids: vec![p.id.clone()],
            account_id: c.id.clone(),
            name: "Deal".into(),
            owner_id: REP_ID.into(),
            owner_active: true,
            ..Opportunity::default()
        };
        m.org.deal(deal.clone());
        m.add(
            tag,
            &title,
            vec![shown(&p)],
            with_deal(truth(&c, &[&p]), &deal),
        );
    }
    let c = m.company();
    let p = m.contact(&c);
    m.add("no deal", &title, vec![shown(&p)], truth(&c, &[&p]));
    let c = m.company();
    let p = m.contact(&c);
    let deal = Opportunity {
        id: m.id("006"),
        account_id: c.id.clone(),
        name: "Rollout".into(),
        owner_id: "005000000000009AAA".into(),
        created_at: day() - TimeDelta::days(60),
        close_date: (day() + TimeDelta::days(60)).date_naive(),
        role_contact_ids: vec![p.id.clone()],
        ..Opportunity::default()
    };
    m.org.deal(deal.clone());
    m.add(
        "inactive owner",
        &title,
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &deal),
    );
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "Falcon", "New Business", &[]);
    let named = m.deal(&c, "Heron", "New Business", &[]);
    m.add(
        "deal or product named",
        "Heron: open points",
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &named),
    );
}
