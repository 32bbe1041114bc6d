//! Goes through a log-in and approval in a person's stead: follows redirects by hand with its own cookies, fills in user
//! name and password where a page asks, and presses the button that allows. Knows no page in particular.

use super::page::{Field, Form, forms, sent_on, words};
use anyhow::{Context, bail};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use std::collections::BTreeMap;
use url::Url;

/// Pages and redirects of one log-in; more means going in circles.
const STEPS_MAX: usize = 25;
/// Words on buttons that allow, in the languages a sample org may speak.
const ALLOW: [&str; 6] = [
    "allow",
    "approve",
    "authorize",
    "authorise",
    "accept",
    "continue",
];
/// Words on buttons that do not.
const DENY: [&str; 4] = ["deny", "cancel", "refuse", "decline"];

/// Where the log-in ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// At an address that starts as wanted.
    There(Url),
    /// At a page that cannot be driven: a person has to.
    Stuck {
        /// The page.
        at: Url,
        /// Why.
        why: String,
    },
}

/// A browser without a window.
#[derive(Debug)]
pub struct Consent {
    http: reqwest::Client,
    username: String,
    password: String,
    /// By host with port, then by name. Paths and lifetimes do not matter in one log-in.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    credentials_sent: bool,
}

/// One request to make.
struct Step {
    url: Url,
    form: Option<Vec<(String, String)>>,
}

impl Consent {
    /// For one log-in as `username`.
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self {
            http: crate::http::client(),
            username: username.to_owned(),
            password: password.to_owned(),
            cookies: BTreeMap::new(),
            credentials_sent: false,
        }
    }

    /// Opens `start` and goes on until it is sent to an address starting with `until`.
    ///
    /// # Errors
    /// When a host does not answer or sends us in circles.
    pub async fn give(&mut self, start: &str, until: &str) -> anyhow::Result<Arrival> {
        let mut step = Step {
            url: start.parse().context("address to open")?,
            form: None,
        };
        for _ in 0..STEPS_MAX {
            if step.url.as_str().starts_with(until) {
                return Ok(Arrival::There(step.url));
            }
            let answer = self.open(&step).await?;
            let location = answer
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            if let Some(location) = location.filter(|_| answer.status().is_redirection()) {
                step = Step {
                    url: step.url.join(location)?,
                    form: None,
                };
                continue;
            }
            let status = answer.status();
            let page = answer.text().await?;
            let at = step.url.clone();
            if !status.is_success() {
                let text = words(&page);
                return Ok(Arrival::Stuck {
                    at,
                    why: format!("the page answered {status}: {text}"),
                });
            }
            match self.press(&at, &page) {
                Some(next) => step = next,
                None => {
                    return Ok(Arrival::Stuck {
                        at,
                        why: format!("nothing to fill in or allow here: {}", words(&page)),
                    });
                }
            }
        }
        bail!(
            "more than {STEPS_MAX} pages and redirects, last {}",
            step.url.host_str().unwrap_or_default()
        )
    }

    async fn open(&mut self, step: &Step) -> anyhow::Result<reqwest::Response> {
        let origin = origin(&step.url);
        let mut request = match &step.form {
            Some(form) => self.http.post(step.url.clone()).form(form),
            None => self.http.get(step.url.clone()),
        };
        if let Some(cookies) = self.cookies.get(&origin) {
            let pairs: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("open {origin}"))?;
        let kept = self.cookies.entry(origin).or_default();
        for set in answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            if let Some((name, value)) = set.split(';').next().and_then(|pair| pair.split_once('='))
            {
                kept.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        Ok(answer)
    }

    /// What a person would do on this page: fill in the first form that asks for a password, else allow, else submit the
    /// only form there is, else follow the script that only sends the browser on.
    fn press(&mut self, at: &Url, page: &str) -> Option<Step> {
        let forms = forms(page);
        let asks = |form: &&Form| form.fields.iter().any(|field| field.kind == "password");
        if let Some(form) = forms.iter().find(asks) {
            if self.credentials_sent || self.username.is_empty() {
                return None;
            }
            self.credentials_sent = true;
            return self.submit(
                at,
                form,
                form.buttons.iter().find(|button| !is_deny(button)),
            );
        }
        for form in &forms {
            if let Some(button) = form.buttons.iter().find(|button| is_allow(button)) {
                return self.submit(at, form, Some(button));
            }
        }
        if let [form] = forms.as_slice() {
            return self.submit(
                at,
                form,
                form.buttons.iter().find(|button| !is_deny(button)),
            );
        }
        let next = sent_on(page)?;
        Some(Step {
            url: at.join(&next).ok()?,
            form: None,
        })
    }

    fn submit(&self, at: &Url, form: &Form, button: Option<&Field>) -> Option<Step> {
        let mut pairs = Vec::new();
        for field in &form.fields {
            let value = match field.kind.as_str() {
                "password" => self.password.clone(),
                "text" | "email" if is_username(&field.name) => self.username.clone(),
                "checkbox" | "radio" if !field.checked => continue,
                _ => field.value.clone(),
            };
            pairs.push((field.name.clone(), value));
        }
        if let Some(button) = button.filter(|button| !button.name.is_empty()) {
            pairs.push((button.name.clone(), button.value.clone()));
        }
        let action = button
            .and_then(|button| button.action.clone())
            .or_else(|| form.action.clone());
        let mut url = match action {
            Some(action) => at.join(&action).ok()?,
            None => at.clone(),
        };
        if form.post {
            return Some(Step {
                url,
                form: Some(pairs),
            });
        }
        url.query_pairs_mut().clear().extend_pairs(pairs);
        Some(Step { url, form: None })
    }
}

fn is_allow(button: &Field) -> bool {
    says(button, &ALLOW) && !is_deny(button)
}

fn is_deny(button: &Field) -> bool {
    says(button, &DENY)
}

fn says(button: &Field, any: &[&str]) -> bool {
    let text = format!("{} {} {}", button.label, button.value, button.name).to_lowercase();
    any.iter().any(|word| text.contains(word))
}

fn is_username(name: &str) -> bool {
    let name = name.to_lowercase();
    ["un", "user", "username", "login", "email"].contains(&name.as_str()) || name.contains("user")
}

fn origin(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = r#"<form method="post" action="/login?a=1&amp;b=2">
        <input type="hidden" name="state" value="x&quot;y"><input name=un><input type=password name=pw>
        <input type="checkbox" name="remember"><input type="submit" name="Login" value="Log In"></form>"#;
    const APPROVAL: &str = r#"<form method="POST" action="approve"><input type="hidden" name="t" value="1">
        <button name="decision" value="deny">Deny</button><button name="decision" value="allow"><b>Allow</b></button></form>"#;

    fn at() -> Url {
        "https://login.example/page".parse().expect("is an address")
    }

    fn pairs(step: Option<Step>) -> (String, Vec<(String, String)>) {
        let step = step.expect("there is something to press");
        (step.url.into(), step.form.unwrap_or_default())
    }

    #[test]
    fn a_login_page_gets_user_name_and_password_once() {
        let mut consent = Consent::new("ann", "secret");
        let (url, form) = pairs(consent.press(&at(), LOGIN));
        assert_eq!(url, "https://login.example/login?a=1&b=2");
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            form,
            [
                ("state", "x\"y"),
                ("un", "ann"),
                ("pw", "secret"),
                ("Login", "Log In")
            ]
        );
        assert!(
            consent.press(&at(), LOGIN).is_none(),
            "a refused password is not sent again"
        );
    }

    #[test]
    fn the_button_that_allows_is_pressed_wherever_it_stands() {
        let (url, form) = pairs(Consent::new("ann", "secret").press(&at(), APPROVAL));
        assert_eq!(url, "https://login.example/approve");
        assert!(form.contains(&("decision".into(), "allow".into())));
    }

    #[test]
    fn a_page_that_sends_the_browser_on_is_followed() {
        let page = "<script>window.location.replace('/next?x=1&amp;y=2');</script>";
        let (url, _) = pairs(Consent::new("ann", "secret").press(&at(), page));
        assert_eq!(url, "https://login.example/next?x=1&y=2");
    }
}
