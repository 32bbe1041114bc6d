//! A picture of every page, as a desk and as a phone show it, in light and dark; and what must hold on each.
//!
//! They are written to `.local/screens`, for a person to look at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use testkit::eventually::within;
use testkit::tools;

use crate::driver::{Window, available};
use crate::world::{WORKSPACE, World};

/// Pages of the workspace.
const PAGES: [&str; 18] = [
    "integrations",
    "connection",
    "properties",
    "stages",
    "matching",
    "matching/phrases",
    "matching/moves",
    "matching/settings",
    "mapping",
    "mapping/edit",
    "permissions",
    "verification",
    "live",
    "meetings",
    "queue",
    "status",
    "audit",
    "quarantine",
];

#[tokio::test]
async fn every_page_fits_a_desk_and_a_phone() {
    if !available() {
        return;
    }
    let world = World::live().await;
    // The review has something to show.
    let permission = json!({"object": "Opportunity", "field": "NextStep", "mode": "review"});
    let path = format!("/w/{WORKSPACE}/permissions");
    let wish = json!({"permissions": [permission]});
    world.api(reqwest::Method::PUT, &path, wish).await;
    for customer in 1..=4 {
        world
            .meet(customer, "Send the security questionnaire")
            .await;
    }
    let window = Window::open().await;
    let base = world.stack.console_url();
    let folder = tools::root().join(".local/screens");
    std::fs::create_dir_all(&folder).expect("a folder");
    let strangers = [
        ("sign-in", format!("{base}/sign-in")),
        ("lost-link", format!("{base}/welcome/x")),
    ];
    let mut problems = Vec::new();
    for (name, url) in &strangers {
        problems.extend(pictures(&window, &folder, name, url).await);
    }
    world.sign_in(&window).await;
    let story = within(std::time::Duration::from_secs(60), || async {
        window.go(&world.page("meetings")).await;
        let link = window
            .script("return document.querySelector('main table a')?.href ?? null")
            .await;
        link.as_str().map(str::to_owned)
    });
    let story = story.await.expect("a meeting shows");
    let own = PAGES.map(|page| (page, world.page(page)));
    let others = [
        ("people", format!("{base}/people")),
        ("tokens", format!("{base}/tokens")),
        ("story", story),
        ("nothing", format!("{base}/nothing")),
    ];
    for (name, url) in own.iter().chain(&others) {
        problems.extend(pictures(&window, &folder, name, url).await);
    }
    window.close().await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("pictures are in {}", folder.display());
}

/// Takes the pictures of one page and answers what is wrong with it.
async fn pictures(window: &Window, folder: &std::path::Path, name: &str, url: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (size, width, height) in [("wide", 1280, 900), ("narrow", 390, 844)] {
        window.size(width, height).await;
        for scheme in ["light", "dark"] {
            window.scheme(scheme).await;
            window.go(url).await;
            let over = window
                .script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .await;
            if over.as_i64() != Some(0) {
                problems.push(format!("{name} {size}: {over} pixels too wide"));
            }
            let unreadable = window.script(CONTRAST).await;
            for text in unreadable.as_array().into_iter().flatten() {
                problems.push(format!(
                    "{name} {size} {scheme}: too little contrast: {text}"
                ));
            }
            let png = STANDARD.decode(window.picture().await).expect("is base64");
            let path = folder.join(format!("{}-{size}-{scheme}.png", name.replace('/', "-")));
            std::fs::write(&path, png).expect("is written");
        }
        let unlabelled = window.script(UNLABELLED).await;
        for field in unlabelled.as_array().into_iter().flatten() {
            problems.push(format!("{name}: nothing says what {field} is"));
        }
    }
    problems
}

/// Texts below WCAG AA: 4.5 to 1, or 3 to 1 for large ones.
const CONTRAST: &str = r"
const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const parse = text => (text.match(/[\d.]+/g) ?? []).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0.99) return colour;
  }
  return parse(getComputedStyle(document.body).backgroundColor);
};
const found = new Set();
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  const box = element.getBoundingClientRect();
  if (!own || box.width === 0 || box.right < 0 || element.closest(':disabled')) continue;
  const style = getComputedStyle(element);
  const [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) found.add(element.textContent.trim().slice(0, 40));
}
return [...found];
";

/// Fields without a label.
const UNLABELLED: &str = r"
return [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter(field => !field.labels?.length && !field.getAttribute('aria-label') && !field.getAttribute('aria-labelledby'))
  .map(field => field.outerHTML.slice(0, 80));
";
