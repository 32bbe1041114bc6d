//! Mapping: drafts, problems, publishing.

use events::crm::v1::destination::{Content, Kind};
use events::crm::v1::{Destination, Mapping, MappingChanged, MappingEntry, OverwritePolicy};
use events::crm::v1::{Property, property};
use events::metadata::v1::{
    DiffMappingRequest, ExportMappingRequest, GetMappingRequest, ImportMappingRequest,
    ListMappingVersionsRequest, ListPropertiesRequest, PublishMappingRequest,
    SaveMappingDraftRequest,
};
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
    // Looked at first, by somebody who only reads: nothing is stored.
    let looked = events::metadata::v1::CheckMappingRequest {
        draft: draft(wrong.clone()).draft,
    };
    let looked = client
        .check_mapping(&caller(Role::Viewer), looked)
        .await
        .expect("is answered");
    let request = GetMappingRequest {
        workspace: WORKSPACE.into(),
    };
    let stored = client.get_mapping(&admin, request).await.expect("answers");
    assert_eq!(stored.draft, None);
    let saved = client
        .save_mapping_draft(&admin, draft(wrong))
        .await
        .expect("is saved");
    assert_eq!(looked.problems, saved.problems);
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
            ..Destination::default()
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

#[tokio::test]
async fn a_mapping_is_carried_to_another_org_as_yaml_and_versions_are_compared() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let (admin, viewer) = (caller(Role::Admin), caller(Role::Viewer));
    let catalogue = vec![
        Property {
            key: "next_step".into(),
            label: "Next step".into(),
            r#type: property::Type::Text.into(),
            prompt: "what was promised, \"in words\" \u{202e}rtl 👩‍👩‍👧".into(),
            options: vec![],
        },
        Property {
            key: "competitor".into(),
            label: "Competitor".into(),
            r#type: property::Type::Number.into(),
            ..Property::default()
        },
    ];
    let sent = |properties: &[Property], entries: Vec<MappingEntry>| {
        let mut request = draft(entries);
        if let Some(draft) = &mut request.draft {
            draft.properties = properties.to_vec();
        }
        request
    };
    // A property of the wrong type and one that is not in the catalogue are told at once.
    let wrong = sent(
        &catalogue,
        vec![
            entry("competitor", "Opportunity", "IsWon"),
            entry("unknown", "Opportunity", "NextStep"),
        ],
    );
    let saved = client
        .save_mapping_draft(&admin, wrong)
        .await
        .expect("is saved");
    assert!(
        saved
            .problems
            .iter()
            .any(|p| p.entry_id == "unknown" && p.field == "property")
    );
    assert!(saved.problems.iter().any(|p| p.entry_id == "competitor"));

    let good = sent(
        &catalogue,
        vec![entry("next_step", "Opportunity", "NextStep")],
    );
    client
        .save_mapping_draft(&admin, good)
        .await
        .expect("is saved");
    let publish_now = async || {
        let request = PublishMappingRequest {
            workspace: WORKSPACE.into(),
        };
        let answer = client
            .publish_mapping(&admin, request)
            .await
            .expect("an answer");
        assert_eq!(answer.problems, []);
    };
    publish_now().await;
    let listed = client
        .list_properties(
            &viewer,
            ListPropertiesRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .expect("properties");
    assert_eq!(
        (listed.properties, listed.built_in.len()),
        (catalogue.clone(), 8)
    );

    let exported = client
        .export_mapping(
            &viewer,
            ExportMappingRequest {
                workspace: WORKSPACE.into(),
                version: 0,
            },
        )
        .await
        .expect("YAML");
    let import = async |yaml: String| {
        client
            .import_mapping(
                &admin,
                ImportMappingRequest {
                    workspace: WORKSPACE.into(),
                    yaml,
                },
            )
            .await
            .expect("an answer")
    };
    let broken =
        import(exported.yaml.replace("field: NextStep", "feld: NextStep") + "surprise: 1\n").await;
    assert!(!broken.stored);
    assert_eq!(broken.problems.len(), 2, "{:?}", broken.problems);
    let stored = import(
        exported
            .yaml
            .replace("field: NextStep", "field: Description"),
    )
    .await;
    assert!(stored.stored);
    assert_eq!(stored.problems, []);
    let diff = async |from: u64, to: u64| {
        let request = DiffMappingRequest {
            workspace: WORKSPACE.into(),
            from_version: from,
            to_version: to,
        };
        let found = client
            .diff_mapping(&viewer, request)
            .await
            .expect("differences");
        let told = found.differences.into_iter();
        told.map(|d| {
            format!(
                "{} {} {}: {} -> {}",
                d.what, d.id, d.field, d.before, d.after
            )
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(
        diff(1, 0).await,
        ["entry next_step field: NextStep -> Description"]
    );
    publish_now().await;
    assert_eq!(
        diff(1, 2).await,
        ["entry next_step field: NextStep -> Description"]
    );
    assert_eq!(diff(1, 1).await, Vec::<String>::new());
    assert_eq!(diff(0, 1).await.len(), 3);
    let versions = client
        .list_mapping_versions(
            &viewer,
            ListMappingVersionsRequest {
                workspace: WORKSPACE.into(),
                limit: 0,
            },
        )
        .await
        .expect("versions")
        .versions;
    let told: Vec<(u64, &str, u32)> = versions
        .iter()
        .map(|version| {
            (
                version.version,
                version.published_by.as_str(),
                version.entries,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "user:ann@acme.example", 1),
            (1, "user:ann@acme.example", 1)
        ]
    );
    running.shutdown().await.expect("stops");
}
