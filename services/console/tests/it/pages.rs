//! The pages on which an admin edits the mapping and tells matching what it cannot know.

use reqwest::header::{CONTENT_DISPOSITION, LOCATION};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::owners::Script;
use crate::world::{Browser, PASSWORD, TOKEN, World};

/// The fields of one row of the editor.
fn row<'a>(number: &'a str, was: &'a str, field: &'a str) -> Vec<(String, &'a str)> {
    let of = |name: &str| format!("{number}.{name}");
    vec![
        ("row".to_owned(), number),
        (of("was"), was),
        (of("property"), "next_step"),
        (of("object"), "Opportunity"),
        (of("field"), field),
        (of("overwrite"), "append"),
        (of("confidence"), "0.75"),
        (of("direction"), "write"),
        (of("synonyms"), "ja = Yes"),
    ]
}

async fn send(browser: &Browser<'_>, token: &str, fields: &[(String, &str)]) -> Response {
    let mut form = vec![("form_token", token), ("destinations", "1"), ("page", "1")];
    form.extend(fields.iter().map(|(name, value)| (name.as_str(), *value)));
    browser.post("/w/acme/mapping/edit", &form).await
}

async fn text(answer: Response) -> String {
    answer.text().await.expect("arrives")
}

#[tokio::test]
async fn the_mapping_is_checked_saved_and_published_by_its_form() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let admin = world.admin().await;
    let page = admin.page("/w/acme/mapping/edit").await;
    for shown in [
        "not a draft yet",
        "name=\"0.field\" maxlength=\"200\" autocomplete=\"off\" spellcheck=\"false\" value=\"NextStep\"",
        "A new entry",
        "src=\"/assets/mapping.js\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let token = admin.form_token("/w/acme/mapping/edit").await;

    // Checked: told beside the entry, and nothing is stored.
    let mut wrong = row("0", "next_step", "NextStepp");
    wrong.push(("action".to_owned(), "check"));
    let answer = send(&admin, &token, &wrong).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = text(answer).await;
    let (_, beside) = page.split_once("id=\"problems-0\"").expect("has a place");
    let (beside, _) = beside.split_once("</div></div>").expect("ends");
    assert!(beside.contains("did you mean NextStep?"), "{page}");
    assert!(page.contains("value=\"NextStepp\"") && page.contains("not saved yet"));
    assert_eq!(script.changes(), 0);
    // Not yet a number is told, too, and cannot be saved.
    let mut unread = row("0", "next_step", "NextStep");
    unread.retain(|(name, _)| !name.ends_with("confidence"));
    for (action, status) in [
        ("check", StatusCode::OK),
        ("save", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let mut form = unread.clone();
        form.push(("action".to_owned(), action));
        let answer = send(&admin, &token, &form).await;
        assert_eq!(answer.status(), status);
        assert!(text(answer).await.contains("the confidence is no number"));
    }
    assert_eq!(script.changes(), 0);

    // Saved with a further entry and a destination; the rest of the entry is kept.
    let mut good = row("0", "next_step", "NextStepp");
    good.extend(row("1", "", "Description"));
    good.extend([
        ("summary.kind".to_owned(), "content_note"),
        ("action".to_owned(), "save"),
    ]);
    let answer = send(&admin, &token, &good).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION], "/w/acme/mapping/edit?page=1");
    assert_eq!(script.changes(), 1);
    let draft = script.draft().expect("was saved");
    let ids: Vec<&str> = draft
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["next_step", "next_step_2"]);
    assert_eq!(draft.entries[0].synonyms[0].to, "Yes");
    assert_eq!(
        (draft.destinations.len(), draft.entries[0].confidence_min),
        (1, 0.75)
    );
    let page = admin.page("/w/acme/mapping/edit").await;
    assert!(page.contains("next_step_2") && page.contains("did you mean NextStep?"));
    let overview = admin.page("/w/acme/mapping").await;
    assert!(
        overview.contains("1 problems stand in the way"),
        "{overview}"
    );

    // Removed by its button; publishing tells what is in the way.
    let mut remove = row("0", "next_step", "NextStepp");
    remove.extend(row("1", "next_step_2", "Description"));
    remove.push(("remove".to_owned(), "1"));
    send(&admin, &token, &remove).await;
    assert_eq!(script.draft().map(|draft| draft.entries.len()), Some(1));
    let mut publish = row("0", "next_step", "NextStepp");
    publish.push(("action".to_owned(), "publish"));
    let answer = send(&admin, &token, &publish).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(answer)
            .await
            .contains("Opportunity has no field NextStepp")
    );
    let form = [("form_token", token.as_str()), ("action", "publish")];
    let answer = admin.post("/w/acme/mapping", &form).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_mapping_is_compared_exported_and_taken_from_a_document() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let admin = world.admin().await;
    let page = admin.page("/w/acme/mapping?from=2&to=3").await;
    assert!(page.contains("2-3") && page.contains("Send it"), "{page}");
    let file = admin.get("/w/acme/mapping/document?version=3").await;
    assert_eq!(
        file.headers()[CONTENT_DISPOSITION],
        "attachment; filename=\"mapping-3.yaml\""
    );
    assert_eq!(text(file).await, "format: 1 # Send it");
    let token = admin.form_token("/w/acme/mapping").await;
    // As large as a document may be, and shown again only while the page stays small.
    for (yaml, again) in [
        ("format: <2>".to_owned(), true),
        ("é".repeat(100_000), false),
    ] {
        let form = [
            ("form_token", token.as_str()),
            ("action", "import"),
            ("yaml", &yaml),
        ];
        let answer = admin.post("/w/acme/mapping", &form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(answer).await;
        assert_eq!(page.contains("format: &#60;2&#62;</textarea>"), again);
        assert!(page.len() < 200 * 1024, "{}", page.len());
    }
}

#[tokio::test]
async fn matching_is_told_by_pages_and_shows_what_would_change_first() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let admin = world.admin().await;
    let token = admin.form_token("/w/acme/matching").await;
    let token = token.as_str();
    for (page, fields) in [
        (
            "matching",
            vec![
                ("domain", "acme.com"),
                ("class", "partner"),
                ("action", "preview"),
            ],
        ),
        (
            "matching",
            vec![("domain", "acme.com"), ("action", "preview_remove")],
        ),
        (
            "matching/phrases",
            vec![
                ("phrase", "falcon"),
                ("account_id", "001000000000001AAA"),
                ("action", "preview"),
            ],
        ),
    ] {
        let mut form = vec![("form_token", token)];
        form.extend(fields);
        let answer = admin.post(&format!("/w/acme/{page}"), &form).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page = text(answer).await;
        for shown in [
            "1 of 3 meetings",
            "/w/acme/meetings/m-1%2F%CE%B1",
            "then it would be right",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
    }
    assert_eq!(script.changes(), 0, "looking changes nothing");
    for (page, fields) in [
        (
            "matching/phrases",
            vec![("phrase", "falcon"), ("account_id", "001000000000001AAA")],
        ),
        (
            "matching/phrases",
            vec![("phrase", "falcon"), ("action", "remove")],
        ),
        (
            "matching/moves",
            vec![("meeting_id", "m-1/α"), ("action", "accept")],
        ),
        (
            "matching/moves",
            vec![("meeting_id", "m-1/α"), ("action", "decline")],
        ),
        (
            "matching/settings",
            vec![
                ("account_threshold", "0.97"),
                ("window_days", ""),
                ("group_deals", "on"),
            ],
        ),
    ] {
        let before = script.changes();
        let mut form = vec![("form_token", token)];
        form.extend(fields);
        let path = format!("/w/acme/{page}");
        let answer = admin.post(&path, &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{form:?}");
        assert_eq!(answer.headers()[LOCATION], path.as_str());
        assert_eq!(script.changes(), before + 1, "{form:?}");
        admin.page(&path).await;
    }
    let wrong = [("form_token", token), ("account_threshold", "high")];
    let answer = admin.post("/w/acme/matching/settings", &wrong).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_match_is_corrected_and_a_change_taken_back_on_the_meetings_story() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let admin = world.admin().await;
    let story = "/w/acme/meetings/m-1%2F%CE%B1";
    let page = admin.page(story).await;
    for shown in [
        "It belongs elsewhere",
        "Take back",
        "<option value=\"001000000000001AAA\">Send it",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let token = admin.form_token(story).await;
    for (path, fields) in [
        (
            "correct",
            vec![("account_id", "001000000000009AAA"), ("opportunity_id", "")],
        ),
        ("correct", vec![("action", "revert")]),
        ("undo", vec![("change_id", "c-2"), ("reason", "wrong deal")]),
    ] {
        let before = script.changes();
        let mut form = vec![("form_token", token.as_str())];
        form.extend(fields);
        let answer = admin.post(&format!("{story}/{path}"), &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{form:?}");
        assert_eq!(answer.headers()[LOCATION], story);
        assert_eq!(script.changes(), before + 1);
    }
    // What the owner refuses is said.
    let form = [
        ("form_token", token.as_str()),
        ("change_id", "c-9"),
        ("reason", "wrong deal"),
    ];
    let answer = admin.post(&format!("{story}/undo"), &form).await;
    assert!(!answer.status().is_success() && !answer.status().is_redirection());
    assert!(text(answer).await.contains("is not in salesforce"));
}

#[tokio::test]
async fn a_viewer_reads_these_pages_and_changes_nothing_by_them() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let invitation = json!({"email": "Vera@example.com", "workspace": "acme", "role": "viewer"});
    let (_, invited) = world
        .api(TOKEN, Method::POST, "/users", Some(invitation))
        .await;
    let link = invited["link"].as_str().expect("a link");
    let mut vera = world.browser();
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    vera.welcome(
        link.strip_prefix(&world.base).expect("on our host"),
        &fields,
    )
    .await;
    let token = vera.form_token("/tokens").await;
    for path in [
        "mapping",
        "matching",
        "matching/phrases",
        "matching/moves",
        "matching/settings",
        "meetings/m-1%2F%CE%B1",
    ] {
        let page = vera.page(&format!("/w/acme/{path}")).await;
        let (_, main) = page.split_once("<main").expect("has content");
        assert!(!main.contains("method=\"post\""), "{path} offers a form");
    }
    vera.page("/w/acme/mapping/document").await;
    assert_eq!(
        vera.get("/w/acme/mapping/edit").await.status(),
        StatusCode::FORBIDDEN
    );
    for path in [
        "mapping",
        "mapping/edit",
        "matching",
        "matching/phrases",
        "matching/moves",
        "matching/settings",
        "meetings/m-1%2F%CE%B1/correct",
        "meetings/m-1%2F%CE%B1/undo",
    ] {
        let form = [("form_token", token.as_str()), ("action", "publish")];
        let answer = vera.post(&format!("/w/acme/{path}"), &form).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(script.changes(), 0);
}
