//! Text of strangers stays text, whatever it contains.

use crate::owners::Script;
use crate::world::World;

/// Largest page, in bytes.
const PAGE_BYTES_MAX: usize = 200 * 1024;

#[tokio::test]
async fn hostile_text_is_shown_as_text_on_every_page() {
    let markup = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&amp;{{7*7}}";
    let right_to_left = "\u{202e}gnp.exe שלום مرحبا";
    let emoji = "👩‍👩‍👧‍👦 🏴‍☠️ e\u{301}";
    for text in [
        markup.to_owned(),
        right_to_left.to_owned(),
        emoji.to_owned(),
        "\u{0} \u{7f} \r\n\t".to_owned(),
        format!("{markup}{}", "é".repeat(32_000)),
    ] {
        let world = World::new(&Script::saying(&text)).await;
        let browser = world.admin().await;
        for path in [
            "/w/acme/meetings",
            "/w/acme/meetings/m-1%2F%CE%B1",
            "/w/acme/queue",
            "/w/acme/queue/alike",
            "/w/acme/refusals",
            "/w/acme/backfills",
            "/w/acme/backfills/backfill-1",
            "/w/acme/mapping",
            "/w/acme/mapping/edit",
            "/w/acme/mapping?from=2&to=3",
            "/w/acme/matching/phrases",
            "/w/acme/matching/moves",
            "/w/acme/matching/settings",
            "/w/acme/connection",
            "/w/acme/integrations",
            "/w/acme/properties",
            "/w/acme/stages",
            "/w/acme/matching",
            "/w/acme/permissions",
            "/w/acme/verification",
            "/w/acme/live",
            "/w/acme/status",
            "/w/acme/audit",
            "/people",
            "/tokens",
        ] {
            let page = browser.page(path).await;
            for forbidden in ["<script>", "<img", "onerror=alert(1)>"] {
                assert!(!page.contains(forbidden), "{path} has {forbidden}");
            }
            let shows = path.contains("/meetings")
                || path.ends_with("/queue")
                || path.ends_with("/mapping")
                || path.ends_with("/connection")
                || path.ends_with("/audit");
            if text == right_to_left && shows {
                // Isolated, so that it cannot turn its neighbours around.
                assert!(page.contains(&format!("{text}</bdi>")), "{path}");
            }
            if text == emoji && shows {
                assert!(page.contains(emoji), "{path}");
            }
            assert!(
                page.len() <= PAGE_BYTES_MAX,
                "{path} has {} bytes",
                page.len()
            );
        }
    }
}
