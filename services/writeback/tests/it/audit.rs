//! Who changed which setting stays as it was noted, and can be read.

use events::rpc::{Code, Role};
use events::writeback::v1::{AuditEntry, ListAuditRequest};
use testkit::rpc::as_role;

use crate::world::{WORKSPACE, World, usual_mapping};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_can_be_added_to_and_never_changed() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    let before: i64 = sqlx::query_scalar("select count(*) from writeback.audit")
        .fetch_one(&world.pool)
        .await
        .expect("the table is there");
    assert!(before > 0, "setting up leaves an entry");
    // Not even by who owns the table.
    let refused = sqlx::query("update writeback.audit set actor = 'somebody else'")
        .execute(&world.pool)
        .await;
    let refused = refused.expect_err("is refused").to_string();
    assert!(
        refused.contains("audit rows are never changed"),
        "{refused}"
    );
    service.shutdown().await.expect("stops");
}

fn asking(workspace: &str) -> ListAuditRequest {
    ListAuditRequest {
        workspace: workspace.into(),
        ..ListAuditRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_read_by_pages_newest_first_by_a_viewer_of_that_workspace_only() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    for live in [true, false, true] {
        world.live(live).await;
    }
    // Two of one moment, a long value, and another workspace's.
    sqlx::query(
        "insert into writeback.audit (workspace, actor, role, request_id, action, subject, before, after, at)
         select workspace, 'user:50%_off@acme.com', 'admin', 'r', 'stage_controls.set', 'Opportunity', '1',
           to_jsonb(repeat('x', 40000)), '2026-01-01T00:00:00Z'
         from unnest(array[$1, $1, 'other']) as workspace",
    )
    .bind(WORKSPACE)
    .execute(&world.pool)
    .await
    .expect("is added");
    let total: i64 =
        sqlx::query_scalar("select count(*) from writeback.audit where workspace = $1")
            .bind(WORKSPACE)
            .fetch_one(&world.pool)
            .await
            .expect("answers");

    let client = world.client().await;
    let viewer = as_role("user:vera@acme.com", Role::Viewer);
    let list = async |request: ListAuditRequest| {
        let answer = client.list_audit(&viewer, request).await;
        let answer = answer.expect("a viewer reads");
        (answer.entries, answer.next_page_token)
    };
    let (all, none) = list(asking(WORKSPACE)).await;
    assert_eq!((all.len() as i64, none.as_str()), (total, ""));
    let order = |entry: &AuditEntry| {
        let at = entry.at.expect("has a moment");
        (at.seconds, at.nanos, entry.id)
    };
    assert!(all.windows(2).all(|two| order(&two[0]) > order(&two[1])));
    // The same, page by page.
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListAuditRequest {
            page_size: 1,
            page_token: token,
            ..asking(WORKSPACE)
        };
        let (page, next) = list(request).await;
        paged.extend(page);
        if next.is_empty() {
            break;
        }
        token = next;
    }
    assert_eq!(paged, all);

    let (live, _) = list(ListAuditRequest {
        action: "live.set".into(),
        ..asking(WORKSPACE)
    })
    .await;
    assert!(live.len() >= 3);
    assert_eq!(
        (live[0].before.as_str(), live[0].after.as_str()),
        ("false", "true")
    );
    assert!(live[0].actor.starts_with("user:") && !live[0].request_id.is_empty());
    let count = async |request: ListAuditRequest| list(request).await.0.len();
    let of = asking;
    // All of a subject; a point ends a group; wildcards are only letters.
    for (request, found) in [
        (
            ListAuditRequest {
                action: "stage_controls.".into(),
                ..of(WORKSPACE)
            },
            2,
        ),
        (
            ListAuditRequest {
                action: "stage".into(),
                ..of(WORKSPACE)
            },
            0,
        ),
        (
            ListAuditRequest {
                actor: "50%_OFF".into(),
                ..of(WORKSPACE)
            },
            2,
        ),
        (
            ListAuditRequest {
                actor: "5%f".into(),
                ..of(WORKSPACE)
            },
            0,
        ),
        (
            ListAuditRequest {
                subject: "nothing of that name".into(),
                ..of(WORKSPACE)
            },
            0,
        ),
        (
            ListAuditRequest {
                until: all.last().and_then(|last| last.at),
                ..of(WORKSPACE)
            },
            0,
        ),
        (
            ListAuditRequest {
                since: all.first().and_then(|first| first.at),
                ..of(WORKSPACE)
            },
            1,
        ),
        (asking("other"), 1),
        (asking("nobody"), 0),
    ] {
        let said = format!("{request:?}");
        assert_eq!(count(request).await, found, "{said}");
    }
    let longest = all.iter().map(|entry| entry.after.len()).max();
    assert_eq!(longest, Some(800));

    for (request, field) in [
        (
            ListAuditRequest {
                page_size: 101,
                ..of(WORKSPACE)
            },
            "page_size",
        ),
        (
            ListAuditRequest {
                page_token: "x".into(),
                ..of(WORKSPACE)
            },
            "page_token",
        ),
        (
            ListAuditRequest {
                actor: "x".repeat(201),
                ..of(WORKSPACE)
            },
            "actor",
        ),
    ] {
        let refused = client.list_audit(&viewer, request).await;
        let refused = refused.expect_err("is refused");
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::InvalidArgument, Some(field))
        );
    }
    service.shutdown().await.expect("stops");
}
