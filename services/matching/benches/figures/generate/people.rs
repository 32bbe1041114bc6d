//! Noise in the names of people.

use super::maker::{Company, Maker, guest, shown, truth};
use super::words::NICK;

pub(super) fn people(m: &mut Maker) {
    let title = m.vague();
    let c = m.company();
    let p = m.contact(&c);
    let core = c
        .name
        .rsplit_once(' ')
        .map_or("", |(core, _)| core)
        .to_owned();
    m.add(
        "name only, no mail",
        &format!("{core} <> Ours"),
        vec![guest(&format!("{} {}", p.first, p.last), "")],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.contact(&c);
    m.add(
        "unknown colleague at a known domain",
        &title,
        vec![guest("Nora New", &format!("nora.new@{}", c.domain))],
        truth(&c, &[]),
    );
    let unlisted = |c: &Company, n: usize| format!("u{n}@{}", c.domain);
    let c = m.company();
    let (index, first, last) = m.name();
    let p = m.contact_named(&c, &first, &last, &[format!("{last}@{}", c.domain)], &[]);
    m.add(
        "nickname",
        &title,
        vec![guest(
            &format!("{} {last}", NICK[index]),
            &unlisted(&c, index),
        )],
        truth(&c, &[&p]),
    );
    m.add(
        "initial",
        &title,
        vec![guest(
            &format!("{}. {last}", &first[..1]),
            &unlisted(&c, 99),
        )],
        truth(&c, &[&p]),
    );
    m.add(
        "swapped first and last name",
        &title,
        vec![guest(&format!("{last}, {first}"), &unlisted(&c, 98))],
        truth(&c, &[&p]),
    );
    m.add(
        "swapped first and last name",
        &title,
        vec![guest(&format!("{last} {first}"), &unlisted(&c, 97))],
        truth(&c, &[&p]),
    );
    let mut misspelt = last.clone();
    misspelt.remove(last.len() / 2);
    m.add(
        "misspelt name",
        &title,
        vec![guest(&format!("{first} {misspelt}"), &unlisted(&c, 96))],
        truth(&c, &[&p]),
    );
    for (tag, of_record, as_shown) in [
        ("transliteration", ("Jürgen", "Müller"), "Juergen Mueller"),
        ("transliteration", ("Dmitry", "Sokolov"), "Dmitriy Sokolow"),
        ("other script", ("Дмитрий", "Соколов"), "Dmitry Sokolov"),
        ("other script", ("Łukasz", "Wójcik"), "Lukasz Wojcik"),
    ] {
        let c = m.company();
        let p = m.contact_named(
            &c,
            of_record.0,
            of_record.1,
            &[format!("a@{}", c.domain)],
            &[],
        );
        m.add(
            tag,
            &title,
            vec![guest(as_shown, &unlisted(&c, 1))],
            truth(&c, &[&p]),
        );
    }
    let c = m.company();
    let (_, first, last) = m.name();
    let p = m.contact_named(&c, &first, &last, &[], &[]);
    m.add(
        "contact without mail",
        &title,
        vec![guest(&format!("{first} {last}"), &unlisted(&c, 2))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let twin = m.contact_named(
        &c,
        &p.first.clone(),
        &p.last.clone(),
        std::slice::from_ref(&p.email),
        &[],
    );
    let mut twins = truth(&c, &[]);
    twins.also_ok = [p.id.clone(), twin.id].into();
    m.add("duplicate contact", &title, vec![shown(&p)], twins);
}
