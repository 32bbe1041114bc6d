//! Speed: the pure decision at fifty candidates, and batches of 64 meetings against an org of a million contacts in a real
//! Postgres, with the query, the decisions and their rows.

use crate::report::Report;
use chassis::{Cause, Db, Scope};
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use events::meeting::v1 as proto;
use matching::app::{Decided, Names, Received, Reconsidered, facts_of};
use matching::domain::address::Address;
use matching::domain::decide::decide;
use matching::domain::facts::{Account, DomainUse, Facts, Opportunity, User};
use matching::domain::meeting::{Kind, Meeting, Participant};
use matching::store::decisions::{self, MeetingRow};
use matching::store::kept as found_again;
use prost::Message;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::postgres::Database;
use uuid::Uuid;

const CONTACTS: i64 = 1_000_000;
const ACCOUNTS: i64 = 100_000;
const DEALS: i64 = 150_000;
const BATCH: usize = 64;

/// Statements that fill the projection: ten contacts an account, fifteen deals for ten accounts, one role a deal.
const FILL: [&str; 8] = [
    "insert into matching.workspace (workspace, organization_id, connected_user_id, generation, loaded_at)
     values ('big', '00D000000000001AAA', '005000000000001AAA', 1, now())",
    "insert into matching.account (workspace, id, name, website_domain, owner_id, parent_id, type, modstamp, generation, last_activity,
            website_skeleton)
     select 'big', '001' || lpad(n::text, 12, '0') || 'AAA', initcap(w) || ' ' || t || ' Inc.', w || n || '.com', '005000000000001AAA',
            '', 'Customer', now(), 1, current_date - (n % 900)::int, null
     from (select n, translate(to_hex((n * 2654435761) % 4294967296), '0123456789', 'ghijklmnop') as w,
                  (array['Systems', 'Foods', 'Labs', 'Energy', 'Media', 'Retail', 'Group'])[1 + n % 7] as t
           from generate_series(0, $1::bigint - 1) as n) s",
    "insert into matching.contact (workspace, id, account_id, name, touched_at, modstamp, generation, first_name, last_name, last_key,
            first_key, full_key)
     select 'big', '003' || lpad(n::text, 12, '0') || 'AAA', '001' || lpad((n % $2)::text, 12, '0') || 'AAA', f || ' ' || l, now(), now(),
            1, f, l, lower(l) || '|' || lower(left(f, 1)), lower(f) || '|' || lower(left(l, 1)), lower(l) || '|' || lower(f)
     from (select n, (array['Ann', 'Robert', 'Maria', 'Thomas', 'Susan', 'Peter', 'Laura', 'David'])[1 + n % 8] as f,
                  initcap(translate(to_hex(((n / 3) * 2654435761) % 4294967296), '0123456789', 'ghijklmnop')) as l
           from generate_series(0, $1::bigint - 1) as n) s",
    "insert into matching.contact_address (workspace, address, contact_id, account_id, domain)
     select 'big', 'p' || n || '@' || d, '003' || lpad(n::text, 12, '0') || 'AAA', a, d
     from (select n, a.id as a, a.website_domain as d
           from generate_series(0, $1::bigint - 1) as n
           join matching.account a on a.workspace = 'big' and a.id = '001' || lpad((n % $2)::text, 12, '0') || 'AAA') s",
    "insert into matching.domain_rollup (workspace, domain, account_id, contacts)
     select 'big', domain, account_id, count(*) from matching.contact_address group by domain, account_id",
    "insert into matching.opportunity (workspace, id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, created_at,
            modstamp, generation)
     select 'big', '006' || lpad(n::text, 12, '0') || 'AAA', '001' || lpad((n % $2)::text, 12, '0') || 'AAA', 'Deal ' || n, 'New Business',
            '005000000000001AAA', '', n % 3 = 0, date '2026-03-01' + (n % 120)::int, timestamptz '2025-11-01', now(), 1
     from generate_series(0, $1::bigint - 1) as n",
    "insert into matching.contact_role (workspace, id, opportunity_id, contact_id, modstamp, generation)
     select 'big', '00K' || lpad(n::text, 12, '0') || 'AAA', '006' || lpad(n::text, 12, '0') || 'AAA',
            '003' || lpad((n % $2)::text, 12, '0') || 'AAA', now(), 1
     from generate_series(0, $1::bigint - 1) as n",
    "insert into matching.crm_user (workspace, id, address, domain, is_active, modstamp, generation)
     select 'big', '005' || lpad(n::text, 12, '0') || 'AAA', 'rep' || n || '@ours.example', 'ours.example', true, now(), 1
     from generate_series(0, 499) as n",
];

pub(crate) fn run(report: &mut Report) {
    pure(report);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(batches(report));
}

fn pure(report: &mut Report) {
    let mut facts = Facts {
        loaded: true,
        ..Facts::default()
    };
    let start: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().expect("a time");
    facts
        .users_by_address
        .insert("rep@ours.example".into(), User { id: "005".into() });
    for n in 0..50 {
        let id = format!("001{n:012}AAA");
        let account = Account {
            id: id.clone(),
            name: format!("Company {n}"),
            owner_id: "005".into(),
            ..Account::default()
        };
        let found = DomainUse {
            account_id: id.clone(),
            contacts: 5,
        };
        facts
            .accounts_by_domain
            .entry(format!("d{}.com", n % 5))
            .or_default()
            .push(found);
        facts.opportunities_by_account.insert(
            id.clone(),
            vec![Opportunity {
                id: format!("006{n:012}AAA"),
                account_id: id.clone(),
                name: format!("Deal {n}"),
                owner_id: "005".into(),
                owner_active: true,
                close_date: start.date_naive(),
                created_at: start,
                ..Opportunity::default()
            }],
        );
        facts.accounts.insert(id, account);
    }
    let person = |email: String| Participant {
        name: "Nora New".into(),
        address: Address::parse(&email).ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    };
    let mut participants = vec![person("rep@ours.example".into())];
    participants.extend((0..5).map(|n| person(format!("new@d{n}.com"))));
    let meeting = Meeting {
        workspace: "w".parse().expect("a workspace"),
        id: "m".into(),
        revision: 1,
        title: "Weekly".into(),
        started_at: start,
        organizer: None,
        participants,
        participants_dropped: 0,
        mentions: Vec::new(),
        hints: Vec::new(),
        series_id: String::new(),
    };
    let mut took = Vec::new();
    for _ in 0..20_000 {
        let begun = Instant::now();
        std::hint::black_box(decide(std::hint::black_box(&meeting), &facts));
        took.push(begun.elapsed());
    }
    report.at_most(
        "pure decision at 50 candidates: p50",
        at(&mut took, 0.5) * 1e6,
        20.0,
        "µs",
    );
}

/// A share of the sorted times, in seconds.
fn at(took: &mut [Duration], share: f64) -> f64 {
    took.sort_unstable();
    took[((took.len() - 1) as f64 * share) as usize].as_secs_f64()
}

fn meeting(number: usize) -> proto::MeetingProcessed {
    let when = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
    let contact = (number * 7_919) as i64 % CONTACTS;
    let account = contact % ACCOUNTS;
    let word: String = format!("{:x}", account * 2_654_435_761 % 4_294_967_296)
        .chars()
        .map(letter)
        .collect();
    let domain = format!("{word}{account}.com");
    let person = |name: &str, email: String| proto::Participant {
        name: name.into(),
        email,
        attended: true,
        ..Default::default()
    };
    let colleague = (contact + ACCOUNTS) % CONTACTS;
    proto::MeetingProcessed {
        id: format!("m-{number}"),
        workspace: "big".into(),
        revision: 1,
        origin: proto::Origin::Live.into(),
        title: "Weekly sync about the rollout".into(),
        started_at: when(1_772_445_600),
        ended_at: when(1_772_449_200),
        organizer: Some(person("Rep", format!("rep{}@ours.example", number % 500))),
        participants: vec![
            person("Rep", format!("rep{}@ours.example", number % 500)),
            person("", format!("p{contact}@{domain}")),
            person("", format!("p{colleague}@{domain}")),
            person("Nora New", format!("nora.new@{domain}")),
        ],
        ..Default::default()
    }
}

fn letter(c: char) -> char {
    match c.to_digit(10) {
        Some(digit) => char::from(b'g' + u8::try_from(digit).unwrap_or(0)),
        None => c,
    }
}

async fn batches(report: &mut Report) {
    let database = Database::create().await;
    let pool = database.pool().await;
    matching::MIGRATOR.run(&pool).await.expect("migrates");
    let begun = Instant::now();
    for (statement, rows) in FILL
        .into_iter()
        .zip([0, ACCOUNTS, CONTACTS, CONTACTS, 0, DEALS, DEALS, 0])
    {
        let query = sqlx::query(statement);
        let query = if statement.contains("$1") {
            query.bind(rows)
        } else {
            query
        };
        let query = if statement.contains("$2") {
            query.bind(ACCOUNTS)
        } else {
            query
        };
        query.execute(&pool).await.expect("filled");
    }
    for table in [
        "account",
        "contact",
        "contact_address",
        "domain_rollup",
        "opportunity",
        "contact_role",
        "crm_user",
    ] {
        let statement = sqlx::AssertSqlSafe(format!("analyze matching.{table}"));
        sqlx::query(statement)
            .execute(&pool)
            .await
            .expect("analysed");
    }
    report.says(
        "org of 1 M contacts, 100 k accounts, 150 k deals",
        format!("filled in {:.0} s", begun.elapsed().as_secs_f64()),
    );
    let workspace = "big".parse().expect("a workspace");
    let scope = Db::new(pool, "matching").workspace(&workspace);
    let names = Arc::new(Names::new(256 * 1024 * 1024, Duration::from_secs(60)));
    let mut took = Vec::new();
    for batch in 0..60 {
        let begun = Instant::now();
        decided(&scope, &names, batch * BATCH, false).await;
        if batch >= 10 {
            took.push(begun.elapsed());
        }
    }
    report.at_most(
        "batch of 64 meetings with its query: p50",
        at(&mut took, 0.5) * 1e3,
        30.0,
        "ms",
    );
    report.says("  p99", format!("{:.1} ms", at(&mut took, 0.99) * 1e3));
    let mut single = Vec::new();
    for number in 0..300 {
        let begun = Instant::now();
        of(&scope, &names, 100_000 + number, 1, false).await;
        single.push(begun.elapsed());
    }
    report.at_most(
        "one meeting with its query: p99",
        at(&mut single, 0.99) * 1e3,
        5.0,
        "ms",
    );
    const MEETINGS: usize = 64 * 300;
    let next = Arc::new(AtomicUsize::new(200_000 / BATCH));
    let begun = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (scope, names, next) = (scope.clone(), Arc::clone(&names), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                if (batch - 200_000 / BATCH) * BATCH >= MEETINGS {
                    return;
                }
                decided(&scope, &names, batch * BATCH, true).await;
            }
        });
    }
    while workers.join_next().await.is_some() {}
    report.at_least(
        "meetings decided and written, four batches at a time",
        MEETINGS as f64 / begun.elapsed().as_secs_f64(),
        2_000.0,
        "/s",
    );
}

async fn decided(scope: &Scope, names: &Names, first: usize, written: bool) {
    of(scope, names, first, BATCH, written).await;
}

async fn of(scope: &Scope, names: &Names, first: usize, count: usize, written: bool) {
    let workspace: WorkspaceId = "big".parse().expect("a workspace");
    let events: Vec<proto::MeetingProcessed> = (first..first + count).map(meeting).collect();
    let cause = Cause::restored(None, None);
    let received: Vec<Received<'_>> = events
        .iter()
        .map(|event| Received {
            event,
            meeting: matching::wire::meeting(&workspace, event).expect("valid"),
            cause: &cause,
        })
        .collect();
    let facts = facts_of(scope, names, &received).await.expect("facts");
    let now = Utc::now();
    let decided: Vec<Decided> = received
        .iter()
        .map(|received| {
            Decided::new(
                received,
                &facts[&workspace],
                1,
                Uuid::now_v7(),
                now,
                Reconsidered { days: 30 },
            )
        })
        .collect();
    assert!(
        decided
            .iter()
            .all(|decided| decided.row.outcome == "matched"),
        "the generated meetings are clear"
    );
    if !written {
        return;
    }
    let rows: Vec<MeetingRow> = received
        .iter()
        .map(|received| MeetingRow {
            workspace: "big".into(),
            id: received.meeting.id.clone(),
            revision: 1,
            body: received.event.encode_to_vec(),
            title: received.meeting.title.clone(),
            started_at: received.meeting.started_at,
            decided: true,
            traceparent: None,
        })
        .collect();
    let mut transaction = scope.transaction().await.expect("a transaction");
    decisions::keep_meetings(&mut transaction, &rows)
        .await
        .expect("kept");
    let rows: Vec<_> = decided.iter().map(|decided| decided.row.clone()).collect();
    decisions::insert(&mut transaction, &rows)
        .await
        .expect("inserted");
    let kept: Vec<_> = decided.iter().map(|decided| decided.kept.clone()).collect();
    found_again::keep(&mut transaction, &kept)
        .await
        .expect("kept");
    transaction.commit().await.expect("committed");
}
