//! An admin's way from the first log-in to a change that is written and taken back.

use events::metadata::v1::SyncKind;

use crate::driver::{Window, available};
use crate::world::World;

#[tokio::test]
async fn an_admin_goes_from_first_login_to_live_and_takes_a_change_back() {
    if !available() {
        return;
    }
    let mut world = World::new().await;
    let window = Window::open().await;
    world.sign_in(&window).await;

    // Nothing but connecting is open, and it is what the page proposes.
    window.reads("Next: Connection", false).await;
    window.press("Continue with Connection").await;
    window.press("Connect Salesforce").await;
    // The org's own pages.
    let org = world.stack.org().clone();
    window.fill("#username", &org.username).await;
    window.fill("#password", &org.password).await;
    window.press("Allow").await;
    window.reads("Connect again", false).await;
    assert!(
        window.url().await.contains("/connection"),
        "{}",
        window.url().await
    );
    world.seed().await;

    // Read the org.
    let schema = world.admin.sync(SyncKind::Schema).await;
    schema.expect("the schema is read");
    window.go(&world.page("status")).await;
    window.press("Read records now").await;
    world
        .admin
        .projected(
            crate::world::CUSTOMERS as u64,
            crate::world::CUSTOMERS as u64,
        )
        .await
        .expect("records arrive");

    // Map one field.
    window.go(&world.page("mapping")).await;
    window.press("Map the first fields").await;
    window.fill("#property-0", "next_step").await;
    window.choose("#overwrite-0", "replace_ours").await;
    window.fill("#confidence-0", "0.7").await;
    // What is wrong with it is told while it is typed, with what would mend it.
    window.fill("#field-0", "nextstep").await;
    window.reads("write NextStep", false).await;
    window.fill("#field-0", "NextStep").await;
    window.press("Save the draft").await;
    window.reads("Entry next_step", false).await;
    window.press("Save and publish").await;
    window.reads("Published version 1", false).await;
    window.reads("Opportunity.NextStep", false).await;

    // Permit it, each change after review.
    window.go(&world.page("integrations")).await;
    window.reads("Next: Permissions", true).await;
    window.press("Continue with Permissions").await;
    window.choose("[name=update]", "review").await;
    window.choose("[name='field:NextStep']", "review").await;
    window.press("Save Opportunity").await;
    window.reads("Permissions", false).await;

    // Verify, then live: not before.
    window.go(&world.page("live")).await;
    window.reads("not live", false).await;
    assert!(
        window.has("main button[disabled]").await,
        "live before verified"
    );
    window.go(&world.page("verification")).await;
    window.press("Run the verification").await;
    window.reads("you may go live", true).await;
    window.go(&world.page("live")).await;
    window.press("Go live").await;
    window.reads("approved changes are written", false).await;
    window.go(&world.page("integrations")).await;
    window.reads("Everything is set up", true).await;

    // A meeting; its change waits for a person, and the page that is open says so by itself.
    world.meet(1, "Send the security questionnaire").await;
    window.reads("Review 1", false).await;
    window.go(&world.page("queue")).await;
    window.reads("Send the security questionnaire", true).await;
    window.press("Approve").await;
    // Going elsewhere before the form is answered would be overtaken by its answer.
    window.reads("Nothing waits for a person", false).await;
    window.go(&world.page("meetings")).await;
    window.press("Call with customer 1").await;
    window.reads("applied", true).await;

    // Take it back.
    window
        .fill("form[action$=undo] [name=reason]", "wrong deal")
        .await;
    window.press("Take back").await;
    window.reads("undone", true).await;

    // What was done is noted, by whom.
    window.go(&world.page("audit")).await;
    for noted in [
        "change.undone",
        "live.set",
        "permission.set",
        "mapping.published",
    ] {
        window.reads(noted, false).await;
    }
    window.close().await;
}
