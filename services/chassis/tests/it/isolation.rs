//! The second lock between workspaces: what Postgres shows and takes, whatever a query forgets.

use chassis::{Db, Running, Scope};
use events::WorkspaceId;
use sqlx::{Connection, PgConnection};

use crate::{
    probe::{Probe, Script},
    world::{World, acme, event_id, until_ready},
};

fn umbrella() -> WorkspaceId {
    "umbrella".parse().expect("workspace")
}

fn hooli() -> WorkspaceId {
    "hooli".parse().expect("workspace")
}

/// Three workspaces with a note each; one connection, so that everything runs on the same.
async fn three() -> (World, Running) {
    let world = World::new().await;
    sqlx::query("insert into probe.note values ('acme', 'a'), ('umbrella', 'u'), ('hooli', 'h')")
        .execute(&world.admin)
        .await
        .expect("notes");
    let options = chassis::Options {
        database_connections_max: 1,
        ..world.options()
    };
    let running = world.start_with(options, &Script::default()).await;
    until_ready(&running).await;
    (world, running)
}

fn db(running: &Running) -> &Db {
    running.db().expect("database")
}

const NOTES: &str = "select workspace from probe.note order by workspace";

/// Whose notes a statement without a `where` finds.
async fn seen(scope: &Scope) -> Vec<String> {
    sqlx::query_scalar(NOTES)
        .fetch_all(scope)
        .await
        .expect("notes")
}

async fn seen_in(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(NOTES)
        .fetch_all(connection)
        .await
        .expect("notes")
}

#[tokio::test]
async fn a_query_without_a_workspace_finds_the_scopes_rows_only() {
    let (_world, running) = three().await;
    let db = db(&running);
    assert_eq!(seen(&db.workspace(&acme())).await, ["acme"]);
    let two = [hooli(), acme(), hooli()];
    assert_eq!(seen(&db.workspaces(&two)).await, ["acme", "hooli"]);
    assert_eq!(
        seen(&db.all_workspaces()).await,
        ["acme", "hooli", "umbrella"]
    );
    assert!(seen(&db.workspaces([])).await.is_empty());
    let mut unit = db.begin(&umbrella()).await.expect("begins");
    assert_eq!(seen_in(unit.connection()).await, ["umbrella"]);
    unit.rollback().await.expect("ends");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_row_of_another_workspace_is_neither_written_nor_changed_nor_deleted() {
    let (world, running) = three().await;
    let scope = db(&running).workspace(&acme());
    for statement in [
        "insert into probe.note values ('umbrella', 'from acme')",
        "update probe.note set workspace = 'umbrella'",
    ] {
        let refused = sqlx::query(statement).execute(&scope).await;
        let refused = refused.expect_err(statement).to_string();
        assert!(refused.contains("row-level security"), "{refused}");
    }
    for statement in [
        "update probe.note set words = 'mine'",
        "delete from probe.note",
    ] {
        let done = sqlx::query(statement).execute(&scope).await;
        assert_eq!(done.expect(statement).rows_affected(), 1, "{statement}");
    }
    let left: Vec<String> = sqlx::query_scalar("select words from probe.note order by words")
        .fetch_all(&world.admin)
        .await
        .expect("notes");
    assert_eq!(left, ["h", "u"]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_session_that_named_no_workspace_sees_and_writes_nothing() {
    let (world, running) = three().await;
    let mut session = PgConnection::connect(&world.database.url())
        .await
        .expect("connects");
    sqlx::query("set role ergo_probe")
        .execute(&mut session)
        .await
        .expect("acts as the service");
    for _ in 0..2 {
        assert!(seen_in(&mut session).await.is_empty());
        let refused = sqlx::query("insert into probe.note values ('acme', 'x')")
            .execute(&mut session)
            .await;
        let refused = refused.expect_err("is refused").to_string();
        assert!(refused.contains("row-level security"), "{refused}");
        // A setting that was there once and is empty again shows as little as one that never was.
        sqlx::query("set ergo.workspaces = ''")
            .execute(&mut session)
            .await
            .expect("sets");
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_batch_of_two_workspaces_sees_exactly_those_two() {
    let (_world, running) = three().await;
    let (acme, umbrella) = (acme(), umbrella());
    let (first, second, third) = (event_id("e1"), event_id("e2"), event_id("e3"));
    let claims = [(&acme, &first), (&umbrella, &second), (&acme, &third)];
    let (mut unit, fresh) = db(&running)
        .begin_batch("probe", claims)
        .await
        .expect("begins");
    assert_eq!(fresh.len(), 3);
    assert_eq!(seen_in(unit.connection()).await, ["acme", "umbrella"]);
    let statement = "insert into probe.note select unnest($1::text[]), 'batch'";
    sqlx::query(statement)
        .bind(["acme", "umbrella"])
        .execute(unit.connection())
        .await
        .expect("both take rows");
    let refused = sqlx::query(statement)
        .bind(["acme", "hooli"])
        .execute(unit.connection())
        .await;
    assert!(refused.is_err(), "a third takes none");
    drop(unit);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn the_next_user_of_a_connection_inherits_nothing() {
    let (_world, running) = three().await;
    let db = db(&running);
    assert_eq!(seen(&db.all_workspaces()).await.len(), 3);
    // A unit after a lone statement, dropped half way; then one that commits; each time the same connection.
    let mut dropped = db.begin(&acme()).await.expect("begins");
    assert_eq!(seen_in(dropped.connection()).await, ["acme"]);
    drop(dropped);
    assert_eq!(seen(&db.workspace(&hooli())).await, ["hooli"]);
    let mut all = db.all_workspaces().begin().await.expect("begins");
    assert_eq!(seen_in(all.connection()).await.len(), 3);
    all.commit().await.expect("commits");
    assert!(seen(&db.workspaces([])).await.is_empty());
    // Also when a statement failed in between.
    let scope = db.all_workspaces();
    assert!(sqlx::query("select 1 / 0").execute(&scope).await.is_err());
    let mut connection = db.workspace(&umbrella()).acquire().await.expect("one");
    assert_eq!(seen_in(&mut connection).await, ["umbrella"]);
    drop(connection);
    let mut unit = db.workspaces([]).begin().await.expect("begins");
    assert!(seen_in(unit.connection()).await.is_empty());
    unit.rollback().await.expect("ends");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn connections_that_ended_while_nobody_used_them_cost_no_statement() {
    let (world, running) = three().await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity \
               where application_name = 'ergo-probe' and datname = current_database()";
    for _ in 0..3 {
        sqlx::query(end)
            .execute(&world.admin)
            .await
            .expect("ends them");
        assert_eq!(seen(&db(&running).workspace(&acme())).await, ["acme"]);
        sqlx::query(end)
            .execute(&world.admin)
            .await
            .expect("ends them");
        let unit = db(&running).begin(&acme()).await.expect("begins");
        unit.commit().await.expect("commits");
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn migrate_covers_tables_added_later_and_leaves_the_others_alone() {
    let (world, running) = three().await;
    let policies = "select count(*) from pg_policy where polname = 'workspace_isolation'";
    let changed = "select xmin::text from pg_class where oid = 'probe.note'::regclass";
    let before: String = sqlx::query_scalar(changed)
        .fetch_one(&world.admin)
        .await
        .expect("a table");
    for statement in [
        "create table probe.later (workspace text not null)",
        "insert into probe.later values ('acme'), ('umbrella')",
        "grant select on probe.later to ergo_probe",
    ] {
        sqlx::query(statement)
            .execute(&world.admin)
            .await
            .expect("prepares");
    }
    // A service that would read it unprotected does not start.
    let impatient = chassis::Options {
        startup_timeout_s: 1,
        ..world.options()
    };
    let refused = world.try_start_with(impatient, &Script::default()).await;
    let refused = format!("{:#}", refused.err().expect("is refused"));
    assert!(refused.contains("probe.later"), "{refused}");
    for _ in 0..2 {
        chassis::migrate::<Probe>(&world.options())
            .await
            .expect("migrates");
        let count: i64 = sqlx::query_scalar(policies)
            .fetch_one(&world.admin)
            .await
            .expect("policies");
        assert_eq!(count, 2);
    }
    let scope = db(&running).workspace(&acme());
    let found: i64 = sqlx::query_scalar("select count(*) from probe.later")
        .fetch_one(&scope)
        .await
        .expect("counts");
    assert_eq!(found, 1);
    let after: String = sqlx::query_scalar(changed)
        .fetch_one(&world.admin)
        .await
        .expect("a table");
    assert_eq!(before, after, "a table that has its policy is not touched");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_table_without_a_workspace_is_listed_or_stops_migrate() {
    let world = World::new().await;
    sqlx::query("create table probe.unlisted (x int)")
        .execute(&world.admin)
        .await
        .expect("prepares");
    let impatient = chassis::Options {
        startup_timeout_s: 1,
        ..world.options()
    };
    let refused = chassis::migrate::<Probe>(&impatient).await;
    let refused = format!("{:#}", refused.expect_err("is refused"));
    assert!(
        refused.contains("probe.unlisted has no row-level security"),
        "{refused}"
    );
    // With a policy of its own it is fine.
    for statement in [
        "alter table probe.unlisted enable row level security, force row level security",
        "create policy own on probe.unlisted using (x > 0)",
    ] {
        sqlx::query(statement)
            .execute(&world.admin)
            .await
            .expect("prepares");
    }
    chassis::migrate::<Probe>(&world.options())
        .await
        .expect("migrates");
}

#[tokio::test]
async fn a_workspace_is_erased_whole_and_the_others_stay() {
    let (world, running) = three().await;
    let erased = db(&running)
        .erase_workspace(&acme())
        .await
        .expect("is erased");
    let notes = erased.iter().find(|table| table.table == "note");
    assert_eq!(notes.map(|table| table.rows), Some(1), "{erased:?}");
    let left: Vec<String> = sqlx::query_scalar(NOTES)
        .fetch_all(&world.admin)
        .await
        .expect("notes");
    assert_eq!(left, ["hooli", "umbrella"]);
    running.shutdown().await.expect("stops");
}
