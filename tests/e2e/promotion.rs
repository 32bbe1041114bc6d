//! A mapping with all that belongs to it, carried as YAML: what one admin set up is what the next one has.

use crate::world::{SETTLED_MAX, WORKSPACE, World};
use events::meeting::v1::{Text, text};
use events::metadata::v1::{
    ExportMappingRequest, ImportMappingRequest, MetadataSyncClient, PublishMappingRequest, SyncKind,
};
use events::writeback::v1::{
    ChangeState, GetStageControlsRequest, GetStageControlsResponse, PermissionMode,
    PropertyPermission, SetPermissionsRequest, SetStageControlsRequest, WritebackClient,
};
use salesforce_sim::Command;
use salesforce_sim::config::INTEGRATION_USERNAME;
use testkit::eventually::within;
use testkit::rpc::as_admin;

async fn controls(world: &World) -> GetStageControlsResponse {
    let request = GetStageControlsRequest {
        workspace: WORKSPACE.into(),
    };
    WritebackClient::new(world.admin.rpc.clone())
        .get_stage_controls(&as_admin(), request)
        .await
        .expect("controls are told")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_carries_pipelines_exits_and_destinations_and_a_summary_goes_to_its_field() {
    let world = World::live().await;
    let metadata = MetadataSyncClient::new(world.admin.rpc.clone());
    let writeback = WritebackClient::new(world.admin.rpc.clone());
    let control = world.control();
    let field = Command::AddField {
        object: "Opportunity".into(),
        definition: "Summary__c textarea(1000) cunp \"Summary\"".into(),
    };
    control.send(&field).await.expect("a field");
    control
        .set_field_permission(
            INTEGRATION_USERNAME,
            "Opportunity",
            "Summary__c",
            true,
            true,
        )
        .await
        .expect("may be written");
    world.admin.sync(SyncKind::Schema).await.expect("is read");

    let renewal = control
        .query("SELECT Id FROM RecordType WHERE DeveloperName = 'Renewal'")
        .await
        .expect("a record type")[0]["Id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let before = controls(&world).await;
    let chosen = SetStageControlsRequest {
        workspace: WORKSPACE.into(),
        controls: before.controls.clone(),
        pipeline_record_type_ids: vec![renewal],
    };
    writeback
        .set_stage_controls(&as_admin(), chosen)
        .await
        .expect("a pipeline is chosen");
    let before = controls(&world).await;
    assert!(!before.controls.is_empty() && before.pipeline_record_type_ids.len() == 1);

    let request = ExportMappingRequest {
        workspace: WORKSPACE.into(),
        version: 0,
    };
    let exported = metadata
        .export_mapping(&as_admin(), request)
        .await
        .expect("is exported");
    assert!(exported.controls_known, "{}", exported.yaml);
    assert!(exported.yaml.contains("- Renewal"), "{}", exported.yaml);
    assert!(
        !exported.yaml.contains("012"),
        "no id travels: {}",
        exported.yaml
    );

    // Another org, or a later day: nothing is set.
    let nothing = SetStageControlsRequest {
        workspace: WORKSPACE.into(),
        ..SetStageControlsRequest::default()
    };
    writeback
        .set_stage_controls(&as_admin(), nothing)
        .await
        .expect("is forgotten");
    let import = async |yaml: String| {
        let request = ImportMappingRequest {
            workspace: WORKSPACE.into(),
            yaml,
        };
        let answer = metadata.import_mapping(&as_admin(), request).await;
        answer.expect("an answer")
    };
    let unknown = import(exported.yaml.replace("- Renewal", "- Elsewhere")).await;
    assert!(!unknown.stored, "{unknown:?}");
    assert_eq!(unknown.problems[0].field, "pipelines");
    assert_eq!(controls(&world).await.controls, []);

    let with_summary = exported.yaml.replace(
        "destinations:\n",
        "destinations:\n- {content: summary, kind: field, object: Opportunity, field: Summary__c, overwrite: replace_always}\n",
    );
    let imported = import(with_summary).await;
    assert!(imported.stored, "{imported:?}");
    assert_eq!(imported.problems, []);
    let sorted = |mut known: GetStageControlsResponse| {
        known.controls.sort_by(|a, b| a.stage.cmp(&b.stage));
        known
    };
    assert_eq!(sorted(controls(&world).await), sorted(before));

    let request = PublishMappingRequest {
        workspace: WORKSPACE.into(),
    };
    let published = metadata
        .publish_mapping(&as_admin(), request)
        .await
        .expect("an answer");
    let mapping = published.mapping.expect("is published");
    let arrived = within(SETTLED_MAX, async || {
        let status = world.admin.status().await.ok()?;
        (status.mapping_version >= mapping.version).then_some(())
    });
    arrived.await.expect("writeback has the mapping");
    // All pipelines again: the deals of the crowd have no record type to choose by.
    let request = SetStageControlsRequest {
        workspace: WORKSPACE.into(),
        controls: controls(&world).await.controls,
        pipeline_record_type_ids: vec![],
    };
    writeback
        .set_stage_controls(&as_admin(), request)
        .await
        .expect("all pipelines");
    let permission = SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions: vec![PropertyPermission {
            object: "Opportunity".into(),
            field: "Summary__c".into(),
            mode: PermissionMode::Automatic.into(),
            ..PropertyPermission::default()
        }],
    };
    writeback
        .set_permissions(&as_admin(), permission)
        .await
        .expect("is permitted");
    world.admin.verify().await.expect("passes");
    let mut meeting = world.meeting(0);
    meeting.event.summary = Some(Text {
        source: Some(text::Source::Inline("They want a pilot.".into())),
    });
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    let summary = set
        .changes
        .iter()
        .find(|change| change.field == "Summary__c");
    let summary = summary.unwrap_or_else(|| panic!("the summary goes nowhere: {set:?}"));
    assert_eq!(summary.state(), ChangeState::Applied, "{summary:?}");
    let record = control
        .record(&world.opportunities[0])
        .await
        .expect("the deal");
    assert_eq!(record["Summary__c"], "They want a pilot.");
}
