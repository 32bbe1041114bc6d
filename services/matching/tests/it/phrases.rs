//! An admin's phrases: shown before they are saved, and held against what a person said.

use crate::witnesses::{RENEWAL, decided_last, two_deals};
use crate::world::{ACME, DEAL, World, admin, meeting};
use events::matching::v1 as proto;

#[tokio::test]
async fn a_phrase_shows_what_it_would_flip_and_then_decides_again() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&two_deals()).await;
    let mut titled = meeting("acme", "m-1", 1, "ann@acme.com");
    titled.title = "Project Falcon: weekly".into();
    let open = decided_last(&world, &titled, 1).await;
    assert_eq!(open.opportunity_outcome(), proto::Outcome::Ambiguous);
    decided_last(&world, &meeting("acme", "m-2", 1, "ann@acme.com"), 2).await;
    let client = world.client();
    let phrase = |text: &str, deal: &str| {
        Some(proto::TitlePhrase {
            phrase: text.into(),
            account_id: String::new(),
            opportunity_id: deal.into(),
        })
    };
    let refused = |phrase| proto::SetTitlePhraseRequest {
        workspace: "acme".into(),
        phrase,
        remove: false,
    };
    let short = client
        .set_title_phrase(&admin(), refused(phrase("ab", DEAL)))
        .await
        .unwrap_err();
    insta::assert_snapshot!(short, @"phrase.phrase is not 1 to 8 words of together 3 to 200 letters or digits");
    let aimless = client
        .set_title_phrase(&admin(), refused(phrase("falcon", "")))
        .await
        .unwrap_err();
    insta::assert_snapshot!(aimless, @"phrase.account_id is missing; name the account meant, or the deal in phrase.opportunity_id");
    let preview = || proto::PreviewTitlePhraseRequest {
        workspace: "acme".into(),
        phrase: phrase("PROJECT  Falcon", RENEWAL),
        remove: false,
    };
    let shown = client
        .preview_title_phrase(&admin(), preview())
        .await
        .expect("previewed");
    assert_eq!(
        (shown.looked_at, shown.flips.len(), shown.truncated),
        (1, 1, false)
    );
    assert_eq!(
        shown.flips[0].after.as_ref().expect("after").opportunity_id,
        RENEWAL
    );
    assert_eq!(world.decisions().await, 2);
    client
        .set_title_phrase(&admin(), refused(phrase("PROJECT  Falcon", RENEWAL)))
        .await
        .expect("set");
    let again = world
        .decided(3)
        .await
        .pop()
        .and_then(|decided| decided.decision)
        .expect("a decision");
    assert_eq!(
        (again.meeting_id.as_str(), again.opportunity_id.as_str()),
        ("m-1", RENEWAL)
    );
    let listed = client
        .list_title_phrases(
            &admin(),
            proto::ListTitlePhrasesRequest {
                workspace: "acme".into(),
            },
        )
        .await
        .expect("listed");
    assert_eq!(listed.phrases[0].phrase, "project falcon");
    let removed = proto::PreviewTitlePhraseRequest {
        remove: true,
        ..preview()
    };
    let shown = client
        .preview_title_phrase(&admin(), removed)
        .await
        .expect("previewed");
    assert_eq!(shown.flips.len(), 1);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_preview_tells_whether_it_agrees_with_what_a_person_said() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&two_deals()).await;
    let mut titled = meeting("acme", "m-1", 1, "ann@acme.com");
    titled.title = "Falcon".into();
    decided_last(&world, &titled, 1).await;
    let client = world.client();
    let choice = proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        account_id: ACME.into(),
        opportunity_id: DEAL.into(),
        revert: false,
    };
    client
        .correct_decision(&admin(), choice)
        .await
        .expect("chosen");
    let preview = |deal: &str| proto::PreviewTitlePhraseRequest {
        workspace: "acme".into(),
        phrase: Some(proto::TitlePhrase {
            phrase: "falcon".into(),
            account_id: String::new(),
            opportunity_id: deal.into(),
        }),
        remove: false,
    };
    let agrees = client
        .preview_title_phrase(&admin(), preview(DEAL))
        .await
        .expect("previewed");
    assert!(agrees.flips.is_empty());
    let contradicts = client
        .preview_title_phrase(&admin(), preview(RENEWAL))
        .await
        .expect("previewed");
    assert_eq!(contradicts.flips[0].labelled, "wrong");
    running.shutdown().await.expect("stops");
}
