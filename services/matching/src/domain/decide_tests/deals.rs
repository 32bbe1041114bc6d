//! Opportunities: windows, words, teams, series, phrases, groups.

use super::*;

#[test]
fn two_open_deals_are_ambiguous_unless_the_title_names_one() {
    let mut facts = world();
    deal(&mut facts, RENEWAL, "Acme renewal", &[ANN]);
    let mut weekly = meeting(&["rep@ours.example", "ann@acme.com"]);
    let decision = decide(&weekly, &facts);
    assert_eq!(
        (decision.outcome, decision.opportunity_outcome),
        (Outcome::Matched, Outcome::Ambiguous)
    );
    assert_eq!(decision.opportunity_id, None);
    weekly.title = "Acme renewal talk".into();
    assert_eq!(
        decide(&weekly, &facts).opportunity_id.as_deref(),
        Some(RENEWAL)
    );
}

#[test]
fn a_deal_entered_later_that_day_was_open_and_one_entered_next_week_was_not() {
    let weekly = meeting(&["rep@ours.example", "ann@acme.com"]);
    let total = |created_after: TimeDelta| {
        let mut facts = world();
        let deals = facts.opportunities_by_account.get_mut(ACME).unwrap();
        deals[0].created_at = day() + created_after;
        decide(&weekly, &facts)
            .opportunities
            .first()
            .map(|deal| deal.total)
    };
    let open = total(TimeDelta::days(-40));
    assert_eq!(total(TimeDelta::hours(3)), open);
    assert_eq!(total(TimeDelta::days(7)), open.map(|total| total - 1_500));
    assert_eq!(total(TimeDelta::days(15)), None);
}

fn second(change: impl FnOnce(&mut Opportunity)) -> Facts {
    let mut facts = world();
    deal(&mut facts, RENEWAL, "Acme renewal", &[]);
    let deals = facts.opportunities_by_account.get_mut(ACME).unwrap();
    for deal in deals.iter_mut() {
        deal.role_contact_ids.clear();
    }
    change(deals.iter_mut().find(|deal| deal.id == RENEWAL).unwrap());
    facts
}

fn chosen(facts: &Facts) -> (Outcome, Option<String>) {
    let decision = decide(&meeting(&["rep@ours.example", "ann@acme.com"]), facts);
    (decision.opportunity_outcome, decision.opportunity_id)
}

#[test]
fn a_team_a_product_a_phrase_or_the_series_tells_two_deals_apart() {
    assert_eq!(chosen(&second(|_| {})), (Outcome::Ambiguous, None));
    let is_renewal = (Outcome::Matched, Some(RENEWAL.to_owned()));

    let mut facts = second(|deal| deal.owner_id = "005000000000009AAA".into());
    for deal in facts.opportunities_by_account.get_mut(ACME).unwrap() {
        deal.owner_id = "005000000000009AAA".into();
    }
    facts.opportunities_by_account.get_mut(ACME).unwrap()[1].team_user_ids = vec![REP.into()];
    let with_member = decide(&meeting(&["rep@ours.example", "ann@acme.com"]), &facts);
    assert_eq!(with_member.opportunities[0].id, RENEWAL);
    assert_eq!(
        with_member.opportunities[0].evidence[0].signal,
        "team_member_on_call"
    );

    let mut titled = meeting(&["rep@ours.example", "ann@acme.com"]);
    titled.title = "Gyroscope pricing".into();
    let facts = second(|deal| deal.products = vec!["Acme renewal Gyroscope X1 GYR-1".into()]);
    let by_product = decide(&titled, &facts);
    assert_eq!(by_product.opportunity_id.as_deref(), Some(RENEWAL));
    assert!(explain(&by_product).contains("\"gyroscope\" is a product on it (+4.5)"));

    let mut facts = second(|_| {});
    let phrase = Phrase {
        words: "project falcon".into(),
        account_id: String::new(),
        opportunity_id: RENEWAL.into(),
    };
    facts.phrases.insert("m-1".into(), vec![phrase]);
    assert_eq!(chosen(&facts), is_renewal);

    for (by_person, decided) in [(false, true), (true, true)] {
        let mut facts = second(|_| {});
        let earlier = SeriesMeeting {
            meeting_id: "m-0".into(),
            opportunity_id: RENEWAL.into(),
            by_person,
            started_at: day() - TimeDelta::days(7),
        };
        facts.series.insert("m-1".into(), vec![earlier]);
        assert_eq!(chosen(&facts) == is_renewal, decided, "{by_person}");
    }
}

#[test]
fn a_deal_is_weighed_as_it_was_at_the_meeting() {
    let far = (day() + TimeDelta::days(40)).date_naive();
    let past = |is_closed, until| PastState {
        until: day() + TimeDelta::days(until),
        is_closed,
        close_date: if is_closed {
            (day() - TimeDelta::days(90)).date_naive()
        } else {
            far
        },
        owner_id: REP.into(),
        record_type_id: String::new(),
    };
    // Closed after the meeting: still a contender. Reopened after it: none.
    let closed_since = second(|deal| {
        deal.is_closed = true;
        deal.close_date = (day() - TimeDelta::days(60)).date_naive();
        deal.past = vec![past(false, 3)];
    });
    assert_eq!(chosen(&closed_since).0, Outcome::Ambiguous);
    let reopened_since = second(|deal| deal.past = vec![past(true, 3)]);
    assert_eq!(
        chosen(&reopened_since),
        (Outcome::Matched, Some(DEAL.to_owned()))
    );
    // An edit before the meeting is how it was.
    let reopened_before = second(|deal| deal.past = vec![past(true, -3)]);
    assert_eq!(chosen(&reopened_before).0, Outcome::Ambiguous);
}

#[test]
fn deals_of_the_group_are_meant_only_where_the_workspace_says_so() {
    let mut facts = world();
    facts.opportunities_by_account.clear();
    account(&mut facts, ACME_FR, "Acme France", None);
    facts.accounts.get_mut(ACME_FR).unwrap().parent_id = ACME.into();
    let child = Opportunity {
        id: RENEWAL.into(),
        account_id: ACME_FR.into(),
        name: "Acme France rollout".into(),
        owner_id: REP.into(),
        owner_active: true,
        close_date: (day() + TimeDelta::days(40)).date_naive(),
        created_at: day() - TimeDelta::days(40),
        role_contact_ids: vec![ANN.into()],
        ..Opportunity::default()
    };
    facts
        .opportunities_by_account
        .insert(ACME_FR.into(), vec![child]);
    assert_eq!(chosen(&facts).1, None);
    facts.settings.group_deals = true;
    assert_eq!(chosen(&facts).1.as_deref(), Some(RENEWAL));
}

#[test]
fn a_meeting_about_two_deals_lists_both_and_writes_to_none() {
    let mut facts = second(|deal| deal.name = "Heron".into());
    facts.opportunities_by_account.get_mut(ACME).unwrap()[0].name = "Falcon".into();
    let mut both = meeting(&["rep@ours.example", "ann@acme.com"]);
    both.title = "Falcon and Heron: open points".into();
    let decision = decide(&both, &facts);
    assert_eq!(
        (decision.opportunity_outcome, decision.opportunity_id),
        (Outcome::Ambiguous, None)
    );
    let mut further = decision.further_opportunity_ids;
    further.sort();
    assert_eq!(further, [DEAL, RENEWAL]);
    both.title = "Falcon: open points".into();
    let decision = decide(&both, &facts);
    assert_eq!(decision.opportunity_id.as_deref(), Some(DEAL));
    assert!(decision.further_opportunity_ids.is_empty());
}

fn event(id: &str, opportunity: &str) -> CalendarEvent {
    CalendarEvent {
        id: id.into(),
        subject: "Weekly".into(),
        starts_at: day() + TimeDelta::minutes(5),
        owner_address: "rep@ours.example".into(),
        who_addresses: vec!["zoe@nowhere.example".into()],
        account_id: ACME.into(),
        opportunity_id: opportunity.into(),
    }
}

#[test]
fn the_meetings_own_calendar_event_says_where_it_belongs() {
    const EVENT: &str = "00U000000000001AAA";
    const OTHER: &str = "00U000000000002AAA";
    let unknown = meeting(&["rep@ours.example", "zoe@nowhere.example"]);
    let with = |events: Vec<CalendarEvent>| {
        let mut facts = world();
        deal(&mut facts, RENEWAL, "Acme renewal", &[]);
        facts.calendar_events.insert("m-1".into(), events);
        decide(&unknown, &facts)
    };
    let decided = with(vec![event(EVENT, RENEWAL)]);
    assert_eq!(
        (
            decided.account_id.as_deref(),
            decided.opportunity_id.as_deref(),
            decided.event_id.as_deref()
        ),
        (Some(ACME), Some(RENEWAL), Some(EVENT))
    );
    insta::assert_snapshot!(explain(&decided), @"Acme GmbH, 1.00: a calendar event in Salesforce is for 001000000000001AAA. Opportunity: Acme renewal, 1.00: a calendar event in Salesforce is for 006000000000002AAA.");

    // Too early, or with only one mark: another meeting.
    let early = CalendarEvent {
        starts_at: day() - TimeDelta::minutes(16),
        ..event(EVENT, RENEWAL)
    };
    assert_eq!(with(vec![early]).event_id, None);
    let stranger = CalendarEvent {
        who_addresses: vec![],
        subject: "Other".into(),
        ..event(EVENT, RENEWAL)
    };
    assert_eq!(with(vec![stranger]).outcome, Outcome::Unmatched);
    // Two that fit equally: neither, and it is said. A better one wins.
    let tie = with(vec![event(EVENT, RENEWAL), event(OTHER, DEAL)]);
    assert_eq!((tie.outcome, &tie.event_id), (Outcome::Unmatched, &None));
    assert!(
        tie.ignored
            .iter()
            .any(|ignored| ignored.why.contains("fit the meeting equally"))
    );
    let worse = CalendarEvent {
        subject: "Other".into(),
        ..event(OTHER, DEAL)
    };
    assert_eq!(
        with(vec![worse, event(EVENT, RENEWAL)]).event_id.as_deref(),
        Some(EVENT)
    );
    // Nobody from outside: the event is known, and the meeting stays internal.
    let mut facts = world();
    facts
        .calendar_events
        .insert("m-1".into(), vec![event(EVENT, RENEWAL)]);
    let internal = decide(&meeting(&["rep@ours.example"]), &facts);
    assert_eq!(
        (internal.outcome, internal.event_id.as_deref()),
        (Outcome::Internal, Some(EVENT))
    );
}
