//! Noise in companies and their domains; partners; two customers.

use super::maker::{Maker, Person, guest, outcome, shown, truth, unclear};

pub(super) fn companies(m: &mut Maker) {
    let title = m.vague();
    let (name, domain) = m.invented();
    let core = name
        .rsplit_once(' ')
        .map_or("", |(core, _)| core)
        .to_owned();
    let live = m.account(&name, &domain, "customer", true);
    m.account(
        &format!("{core} Limited"),
        &format!("http://www.{domain}/"),
        "customer",
        false,
    );
    let p = m.contact(&live);
    m.add(
        "duplicate account",
        &title,
        vec![shown(&p)],
        truth(&live, &[&p]),
    );
    m.add(
        "duplicate account, stranger",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        unclear(&live),
    );
    // One of the records has the website, the other the people, and the title names both.
    let (name, domain) = m.invented();
    let core = name
        .rsplit_once(' ')
        .map_or("", |(core, _)| core)
        .to_owned();
    let with_website = m.account(&name, &domain, "customer", false);
    let with_people = m.account(&format!("{core} Limited"), "", "customer", true);
    m.contact_named(
        &with_people,
        "Kai",
        "Twice",
        &[format!("kai@{domain}")],
        &[],
    );
    m.add(
        "duplicate account, website and people apart",
        &core,
        vec![guest("Nora New", &format!("n@{domain}"))],
        unclear(&with_website),
    );
    // Two companies of one group use a domain; somebody without mail has a name seen once, at one of them.
    let (name, domain) = m.invented();
    let one = m.account(&name, &domain, "customer", true);
    let word = name.split(' ').next().unwrap_or("").to_owned();
    m.account(&format!("{word} Iberia S.A."), &domain, "customer", true);
    let (_, first, last) = m.name();
    m.contact_named(&one, &first, &last, &[], &[]);
    m.add(
        "one domain, told apart by a name seen once",
        &title,
        vec![
            guest("Nora New", &format!("n@{domain}")),
            guest(&format!("{first} {last}"), ""),
        ],
        unclear(&one),
    );
    let (name, domain) = m.invented();
    let parent = m.account(&name, &domain, "customer", true);
    let word = name.split(' ').next().unwrap_or("").to_owned();
    let child = m.account(&format!("{word} Nordics AB"), &domain, "customer", true);
    let p = m.contact(&child);
    m.add(
        "parent and subsidiary sharing a domain",
        &title,
        vec![shown(&p)],
        truth(&child, &[&p]),
    );
    m.add(
        "parent and subsidiary, stranger",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        unclear(&parent),
    );
    let c = m.company();
    let other = format!("{}-group.com", c.domain.trim_end_matches(".com"));
    for n in 0..3 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Berg{n}"),
            &[format!("k{n}@{other}")],
            &[],
        );
    }
    m.add(
        "one company, several domains",
        &title,
        vec![guest("Nora New", &format!("n@{other}"))],
        truth(&c, &[]),
    );
    let (name, domain) = m.invented();
    let c = m.account(&name, "", "customer", true);
    for n in 0..4 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Tal{n}"),
            &[format!("k{n}@{domain}")],
            &[],
        );
    }
    m.add(
        "website missing",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        truth(&c, &[]),
    );
    let (_, fresh) = m.invented();
    let c = m.company();
    for n in 0..4 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Hof{n}"),
            &[format!("k{n}@{fresh}")],
            &[],
        );
    }
    m.add(
        "website stale",
        &title,
        vec![guest("Nora New", &format!("n@{fresh}"))],
        truth(&c, &[]),
    );
    let (old, new) = (m.company(), m.company());
    m.contact(&new);
    let p = m.contact(&old);
    m.add(
        "job changer",
        &title,
        vec![guest(
            &format!("{} {}", p.first, p.last),
            &format!("moved@{}", new.domain),
        )],
        truth(&new, &[]),
    );
    let (name, domain) = m.invented();
    let partner = m.account(&name, &domain, "partner", true);
    let helpers: Vec<Person> = (0..3).map(|_| m.contact(&partner)).collect();
    let c = m.company();
    let p = m.contact(&c);
    let mut with_partner = truth(&c, &[&p]);
    with_partner.also_ok = helpers.iter().map(|helper| helper.id.clone()).collect();
    m.add(
        "partner present",
        &title,
        vec![shown(&helpers[0]), shown(&p)],
        with_partner.clone(),
    );
    m.add(
        "partner dominating",
        &title,
        helpers.iter().chain([&p]).map(shown).collect(),
        with_partner,
    );
    m.add(
        "partner alone",
        &title,
        vec![shown(&helpers[0]), shown(&helpers[1])],
        outcome("partner_only"),
    );
    let (one, two) = (m.company(), m.company());
    let (a, b, x) = (m.contact(&one), m.contact(&one), m.contact(&two));
    m.add(
        "two customers, one of each",
        &title,
        vec![shown(&a), shown(&x)],
        unclear(&one),
    );
    let third = m.contact(&one);
    let mut main = truth(&one, &[&a, &b, &third]);
    main.also_ok.insert(x.id.clone());
    m.add(
        "two customers, one with more people",
        &title,
        [&a, &b, &third, &x].map(shown).into(),
        main,
    );
}
