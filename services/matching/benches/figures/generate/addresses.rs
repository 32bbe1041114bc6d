//! Noise in addresses and numbers.

use super::maker::{Maker, guest, truth, unclear};
use matching::domain::phone;

pub(super) fn addresses(m: &mut Maker) {
    let c = m.company();
    let (_, first, last) = m.name();
    let mails = [
        format!("{}@{}", last.to_lowercase(), c.domain),
        format!("{}@{}.net", first.to_lowercase(), last.to_lowercase()),
    ];
    let p = m.contact_named(&c, &first, &last, &mails, &[]);
    let title = m.vague();
    m.add(
        "alias or second address",
        &title,
        vec![guest("", &mails[1])],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let title = m.vague();
    m.add(
        "plus tag",
        &title,
        vec![guest("", &p.email.replace('@', "+zoom@"))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let (_, first, last) = m.name();
    let last = format!("{last}{}", m.number);
    let p = m.contact_named(
        &c,
        &first,
        &last,
        &[format!("{first}.{last}@gmail.com")],
        &[],
    );
    m.add(
        "Gmail dots",
        &title,
        vec![guest("", &format!("{first}{last}@googlemail.com"))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.contact(&c);
    m.add(
        "subdomain",
        &title,
        vec![guest("Ina Neu", &format!("ina@mail.emea.{}", c.domain))],
        truth(&c, &[]),
    );
    let c = m.company();
    let (_, first, last) = m.name();
    m.contact_named(&c, &first, &last, &[format!("x@{}", c.domain)], &[]);
    let personal = guest(
        &format!("{first} {last}"),
        &format!("{last}{}@icloud.com", m.number),
    );
    m.add(
        "personal address, name seen once",
        &title,
        vec![personal],
        unclear(&c),
    );
    let c = m.company();
    m.add(
        "role address",
        &title,
        vec![guest("", &format!("info@{}", c.domain))],
        truth(&c, &[]),
    );
    let c = m.company();
    let p = m.contact_named(
        &c,
        "Ines",
        "Vogel",
        &[],
        &["+49 30 901820".replace("901820", &format!("{:07}", 1_000_000 + m.number))],
    );
    let mut caller = guest("", "");
    caller.phones = phone::keys(&format!("0049 30 {:07}", 1_000_000 + m.number - 1), None)
        .into_iter()
        .collect();
    m.add("telephone", &title, vec![caller], truth(&c, &[]));
    let _ = p;
}
