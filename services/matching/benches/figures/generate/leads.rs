//! Leads, open and converted.

use super::maker::{Maker, guest, outcome, truth};
use matching::domain::facts::{Converted, Lead};

pub(super) fn leads(m: &mut Maker) {
    let title = m.vague();
    let (company, domain) = m.invented();
    let id = m.id("00Q");
    let lead = Lead {
        id: id.clone(),
        name: "Lea Lead".into(),
        company,
        converted: None,
    };
    m.org.lead(lead.clone(), &format!("lea@{domain}"));
    let mut right = outcome("matched");
    right.lead = Some(id);
    m.add(
        "lead",
        &title,
        vec![guest("Lea Lead", &format!("lea@{domain}"))],
        right,
    );
    let c = m.company();
    let p = m.contact_named(&c, "Lea", "Became", &[], &[]);
    let converted = Converted {
        account_id: c.id.clone(),
        contact_id: p.id.clone(),
    };
    let email = format!("lea{}@web.de", m.number);
    m.org.lead(
        Lead {
            id: m.number.to_string(),
            converted: Some(converted),
            ..lead
        },
        &email,
    );
    m.add(
        "converted lead",
        &title,
        vec![guest("Lea Became", &email)],
        truth(&c, &[&p]),
    );
}
