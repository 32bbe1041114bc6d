//! Mapping: drafts, problems, publishing.

use events::crm::v1::destination::{Content, Kind};
use events::crm::v1::{Destination, Mapping, MappingChanged, MappingEntry, OverwritePolicy};
use events::metadata::v1::{GetMappingRequest, PublishMappingRequest, SaveMappingDraftRequest};
use events::rpc::{Code, Role};

use crate::world::{WORKSPACE, World, by_hand, caller};

pub(crate) fn entry(id: &str, object: &str, field: &str) -> MappingEntry {
    MappingEntry {
        id: id.into(),
        property: id.into(),
        object: object.into(),
        field: field.into(),
        overwrite: OverwritePolicy::ReplaceOurs.into(),
        confidence_min: 0.8,
        ..MappingEntry::default()
    }
}

pub(crate) fn draft(entries: Vec<MappingEntry>) -> SaveMappingDraftRequest {
    SaveMappingDraftRequest {
        draft: Some(Mapping {
            workspace: WORKSPACE.into(),
            entries,
            ..Mapping::default()
        }),
    }
}

/// Saves and publishes; panics with the problems.
pub(crate) async fn publish(world: &World, entries: Vec<MappingEntry>) -> Mapping {
    let client = world.client().await;
    let admin = caller(Role::Admin);
    let saved = client
        .save_mapping_draft(&admin, draft(entries))
        .await
        .expect("is saved");
    assert_eq!(saved.problems, []);
    let request = PublishMappingRequest {
        workspace: WORKSPACE.into(),
    };
    client
        .publish_mapping(&admin, request)
        .await
        .expect("an answer")
        .mapping
        .expect("is published")
}

#[tokio::test]
async fn a_draft_with_problems_is_kept_and_not_published() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let admin = caller(Role::Admin);
    let wrong = vec![
        entry("a", "Opportunity", "nextstep"),
        entry("b", "Opportunity", "IsWon"),
    ];
    let saved = client
        .save_mapping_draft(&admin, draft(wrong))
        .await
        .expect("is saved");
    let told: Vec<(&str, &str)> = saved
        .problems
        .iter()
        .map(|p| (p.entry_id.as_str(), p.fix.as_str()))
        .collect();
    assert_eq!(told[0], ("a", "write NextStep"));
    assert!(told.iter().any(|(id, _)| *id == "b"));
    let workspace = || WORKSPACE.to_owned();
    let answer = client
        .publish_mapping(
            &admin,
            PublishMappingRequest {
                workspace: workspace(),
            },
        )
        .await
        .expect("an answer");
    assert_eq!((answer.mapping, answer.problems), (None, saved.problems));
    assert_eq!(world.events::<MappingChanged>().await, []);
    let kept = client
        .get_mapping(
            &caller(Role::Viewer),
            GetMappingRequest {
                workspace: workspace(),
            },
        )
        .await
        .expect("the mapping");
    assert_eq!(kept.draft.map(|draft| draft.entries.len()), Some(2));
    assert_eq!(kept.published, None);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn publishing_tells_the_whole_mapping_and_versions_grow() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let admin = caller(Role::Admin);
    let mut request = draft(vec![entry("next_step", "Opportunity", "NextStep")]);
    if let Some(draft) = &mut request.draft {
        draft.destinations = vec![Destination {
            content: Content::Meeting.into(),
            kind: Kind::Task.into(),
        }];
    }
    assert_eq!(
        client
            .save_mapping_draft(&admin, request)
            .await
            .expect("is saved")
            .problems,
        []
    );
    let asked = || PublishMappingRequest {
        workspace: WORKSPACE.into(),
    };
    let first = client
        .publish_mapping(&admin, asked())
        .await
        .expect("an answer")
        .mapping
        .expect("is published");
    assert_eq!(
        (first.version, first.revision, first.destinations.len()),
        (1, 1, 1)
    );
    assert_eq!(first.published_by, "user:ann@acme.example");
    let again = client
        .publish_mapping(&admin, asked())
        .await
        .expect_err("no draft is left");
    assert_eq!(again.code, Code::FailedPrecondition);
    let second = publish(&world, vec![entry("title", "Contact", "Title")]).await;
    assert_eq!((second.version, second.revision), (2, 1));
    world.until_ended(2).await;
    let told: Vec<Mapping> = world
        .events::<MappingChanged>()
        .await
        .into_iter()
        .filter_map(|event| event.mapping)
        .collect();
    assert_eq!(told, [first, second]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn only_an_admin_changes_the_mapping() {
    let world = World::new().await;
    let running = world.start(by_hand()).await;
    let client = world.client().await;
    let error = client
        .save_mapping_draft(&caller(Role::Operator), draft(vec![]))
        .await
        .expect_err("is refused");
    assert_eq!(error.code, Code::PermissionDenied);
    running.shutdown().await.expect("stops");
}
