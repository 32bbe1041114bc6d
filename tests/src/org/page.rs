//! What a page asks for: its forms, its buttons, and where it sends a browser on. Reads the little HTML that log-in pages
//! are made of, no more.

use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A form on a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: Option<String>,
    pub(super) post: bool,
    pub(super) fields: Vec<Field>,
    pub(super) buttons: Vec<Field>,
}

/// An input or a button.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) kind: String,
    pub(super) checked: bool,
    /// What a button says.
    pub(super) label: String,
    /// A button's own address.
    pub(super) action: Option<String>,
}

/// Every form of a page.
pub(super) fn forms(page: &str) -> Vec<Form> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<form\b([^>]*)>(.*?)</form>"));
    static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?is)<input\b([^>]*)>|<button\b([^>]*)>(.*?)</button>|<textarea\b([^>]*)>(.*?)</textarea>",
        )
    });
    let mut found = Vec::new();
    for form in FORM.captures_iter(page) {
        let attributes = attributes(&form[1]);
        let post = attributes
            .get("method")
            .is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let mut parsed = Form {
            action: attributes
                .get("action")
                .cloned()
                .filter(|action| !action.is_empty()),
            post,
            ..Form::default()
        };
        for control in CONTROL.captures_iter(&form[2]) {
            if let Some(input) = control.get(1) {
                let field = field(input.as_str(), "text", "");
                match field.kind.as_str() {
                    "submit" | "image" => parsed.buttons.push(field),
                    "button" | "reset" => {}
                    _ if field.name.is_empty() => {}
                    _ => parsed.fields.push(field),
                }
            } else if let (Some(button), Some(label)) = (control.get(2), control.get(3)) {
                let button = field(button.as_str(), "submit", label.as_str());
                if button.kind == "submit" {
                    parsed.buttons.push(button);
                }
            } else if let (Some(area), Some(value)) = (control.get(4), control.get(5)) {
                let mut area = field(area.as_str(), "textarea", "");
                area.value = unescaped(value.as_str());
                parsed.fields.push(area);
            }
        }
        found.push(parsed);
    }
    found
}

fn field(attributes_text: &str, kind: &str, label: &str) -> Field {
    let mut attributes = attributes(attributes_text);
    let mut take = |name: &str| attributes.remove(name);
    Field {
        name: take("name").unwrap_or_default(),
        value: take("value").unwrap_or_default(),
        kind: take("type")
            .unwrap_or_else(|| kind.to_owned())
            .to_lowercase(),
        checked: take("checked").is_some(),
        label: words(label),
        action: take("formaction"),
    }
}

fn attributes(text: &str) -> BTreeMap<String, String> {
    static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r#"(?s)([a-zA-Z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?"#)
    });
    let mut found = BTreeMap::new();
    for attribute in ATTRIBUTE.captures_iter(text) {
        let value = (2..=4).find_map(|group| attribute.get(group));
        let value = value
            .map(|value| unescaped(value.as_str()))
            .unwrap_or_default();
        found.entry(attribute[1].to_lowercase()).or_insert(value);
    }
    found
}

/// Where a page that only sends the browser on sends it: a refresh, or Salesforce's `window.location` scripts.
pub(super) fn sent_on(page: &str) -> Option<String> {
    static ON: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?is)http-equiv=["']?refresh["']?[^>]*url=([^"'>\s]+)|location(?:\.href|\.replace)?\s*(?:=|\()\s*['"]([^'"]+)['"]"#,
        )
    });
    let found = ON.captures(page)?;
    let target = found.get(1).or_else(|| found.get(2))?;
    Some(unescaped(target.as_str()))
}

/// The page's words, short, for a person.
pub(super) fn words(page: &str) -> String {
    static TAG: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?is)<(script|style)\b.*?</(script|style)>|<[^>]*>"));
    let text = TAG.replace_all(page, " ");
    let words: Vec<&str> = text.split_whitespace().take(40).collect();
    unescaped(&words.join(" "))
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2F;", "/"),
        ("&#61;", "="),
    ];
    for (entity, letter) in entities {
        text = text.replace(entity, letter);
    }
    // Last, or an escaped ampersand would make an entity of what follows it.
    text.replace("&#38;", "&").replace("&amp;", "&")
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern is valid")
}
