//! What surrounds a meeting: mentions, everyday words, rooms, robots, interviews, look-alikes, hostile input.

use super::maker::{Maker, guest, outcome, shown, truth, unclear};
use matching::domain::meeting::{Kind, Participant};

pub(super) fn surroundings(m: &mut Maker) {
    let title = m.vague();
    let (c, other) = (m.company(), m.company());
    let p = m.contact(&c);
    m.add(
        "distractor company mentioned",
        &title,
        vec![shown(&p)],
        truth(&c, &[&p]),
    );
    m.mention(other.name.clone());
    let c = m.company();
    let p = m.contact(&c);
    m.add(
        "name is an everyday word",
        "Target account review with Orange team",
        vec![shown(&p)],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let noise = vec![
        guest("Room Fjord (8)", "c_1@resource.calendar.google.com"),
        guest("Notetaker", "fred@fireflies.ai"),
        guest("", "noreply@zoom.us"),
        Participant {
            kind: Kind::Group,
            ..guest("All sales", "sales@ours.example")
        },
        shown(&p),
    ];
    m.add("rooms, bots, groups", &title, noise, truth(&c, &[&p]));
    let c = m.company();
    let p = m.contact(&c);
    m.add(
        "forwarded invite",
        &title,
        vec![shown(&p), guest("", "somebody77@gmail.com")],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.add(
        "internal meeting naming a customer",
        &format!("{} pipeline", c.name),
        vec![guest("Jo", "jo@ours.example")],
        outcome("internal"),
    );
    m.add(
        "interview",
        "Interview: Nora New",
        vec![guest("Nora New", &format!("nora{}@gmx.de", m.number))],
        outcome("unmatched"),
    );
    let (_, vendor) = m.invented();
    m.add(
        "vendor",
        "Tool demo",
        vec![guest("Vic Vendor", &format!("vic@{vendor}"))],
        outcome("unmatched"),
    );
    m.add(
        "press",
        "Briefing",
        vec![guest("Pia Press", &format!("pia@the{vendor}"))],
        outcome("unmatched"),
    );
    let word = m.word(2);
    let c = m.account(
        &format!("{word}mer Foods Inc."),
        &format!("{}mer.com", word.to_lowercase()),
        "customer",
        true,
    );
    m.contact(&c);
    let fake = format!("ceo@{}rner.com", word.to_lowercase());
    m.add(
        "look-alike domain",
        &format!("{word}mer Foods"),
        vec![guest("The Boss", &fake)],
        unclear(&c),
    );
    m.add(
        "mixed consumer and corporate domain",
        &title,
        vec![guest("Al Any", &format!("al{}@telus.com", m.number))],
        outcome("unmatched"),
    );
    let c = m.company();
    let p = m.contact(&c);
    let mut crowd: Vec<Participant> = (0..490)
        .map(|n| guest(&"\u{202e}x\u{0}".repeat(100), &format!("{n}@@bad")))
        .collect();
    crowd.push(shown(&p));
    m.add(
        "oversized and hostile input",
        &"A".repeat(4_096),
        crowd,
        truth(&c, &[&p]),
    );
}
