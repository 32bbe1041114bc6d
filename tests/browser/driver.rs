//! A browser without a window, driven through chromedriver.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use testkit::eventually::within;
use testkit::tools;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest an element may take to appear, on a machine that builds something else at the same time.
const APPEARS_MAX: Duration = Duration::from_secs(60);
/// Longest chromedriver may take to say its port.
const STARTS_MAX: Duration = Duration::from_secs(30);

/// Programs and the libraries they need.
struct Programs {
    browser: PathBuf,
    driver: PathBuf,
    /// Folders of libraries, as the loader takes them.
    libraries: Option<String>,
}

/// Those fetched, else those on the path, else none.
fn programs() -> Option<Programs> {
    let fetched = tools::root().join(".local/browser");
    if fetched.join("installed").exists() {
        // As Debian names them; PulseAudio keeps one library in a folder of its own.
        let folder = fetched.join(format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH));
        let libraries = format!("{0}:{0}/pulseaudio", folder.display());
        return Some(Programs {
            browser: fetched.join("usr/lib/chromium/chromium"),
            driver: fetched.join("usr/bin/chromedriver"),
            libraries: Some(libraries),
        });
    }
    let found = |name: &str| {
        ["/usr/bin", "/usr/local/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| path.exists())
    };
    Some(Programs {
        browser: found("chromium").or_else(|| found("google-chrome"))?,
        driver: found("chromedriver")?,
        libraries: None,
    })
}

/// Whether there is a browser; says loudly when there is none.
pub(crate) fn available() -> bool {
    let found = programs().is_some();
    if !found {
        println!(
            "SKIPPED, NOTHING WAS PROVED: there is no chromium with chromedriver; run deploy/local/fetch-tools --browser"
        );
    }
    found
}

/// One browser window. Ends with its value.
pub(crate) struct Window {
    client: Client,
    _driver: Child,
    _profile: tempfile::TempDir,
}

/// A command of chromium's own protocol.
#[derive(Debug)]
struct Chromium(&'static str, Value);

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let Self(command, parameters) = self;
        let body = json!({"cmd": command, "params": parameters});
        (http::Method::POST, Some(body.to_string()))
    }
}

impl Window {
    pub(crate) async fn open() -> Self {
        let programs = programs().expect("was asked for before");
        let profile = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(&programs.driver);
        command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // What it keeps goes with the test.
            .env("HOME", profile.path())
            .kill_on_drop(true);
        if let Some(libraries) = &programs.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let mut driver = command.spawn().expect("chromedriver starts");
        let output = driver.stdout.take().expect("is piped");
        let port = tokio::time::timeout(STARTS_MAX, port(output));
        let port = port.await.expect("chromedriver says its port in time");
        let options = json!({
            "binary": programs.browser,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                "--lang=en", format!("--user-data-dir={}", profile.path().join("chromium").display()),
            ],
        });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromium starts");
        let window = Self {
            client,
            _driver: driver,
            _profile: profile,
        };
        window.size(1280, 900).await;
        window
    }

    /// Ends the browser; dropping only kills its driver.
    pub(crate) async fn close(self) {
        // What was to be seen was seen; a browser that ended its session first is no finding about the product.
        if let Err(error) = self.client.clone().close().await {
            eprintln!("the browser did not say goodbye: {error}");
        }
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("the page answers");
    }

    pub(crate) async fn url(&self) -> String {
        self.client
            .current_url()
            .await
            .expect("is somewhere")
            .to_string()
    }

    /// The page's size as a phone or a desk sees it, and the colour scheme left as it is.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let phone = width < 600;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.chromium("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// `light` or `dark`.
    pub(crate) async fn scheme(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.chromium("Emulation.setEmulatedMedia", features).await;
    }

    async fn chromium(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(Chromium(command, parameters)).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The whole page as a PNG, base64.
    pub(crate) async fn picture(&self) -> String {
        let wish = json!({"format": "png", "captureBeyondViewport": true});
        let answer = self.chromium("Page.captureScreenshot", wish).await;
        answer["data"].as_str().expect("has data").to_owned()
    }

    pub(crate) async fn script(&self, text: &str) -> Value {
        let answer = self.client.execute(text, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The text a person reads.
    pub(crate) async fn text(&self) -> String {
        let text = self.script("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for words on the page, loading it again meanwhile when `again`.
    pub(crate) async fn reads(&self, words: &str, again: bool) {
        let seen = within(APPEARS_MAX, || async {
            if self
                .text()
                .await
                .to_lowercase()
                .contains(&words.to_lowercase())
            {
                return Some(());
            }
            if again {
                self.client.refresh().await.expect("loads again");
            }
            None
        });
        if seen.await.is_none() {
            panic!(
                "{words:?} never showed at {}:\n{}",
                self.url().await,
                self.text().await
            );
        }
    }

    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    async fn element(&self, locator: Locator<'_>) -> Element {
        let wait = self.client.wait().at_most(APPEARS_MAX);
        match wait.for_element(locator).await {
            Ok(element) => element,
            Err(error) => panic!(
                "{locator:?} never showed at {} ({error}):\n{}",
                self.url().await,
                self.text().await
            ),
        }
    }

    /// Types into a field, replacing what is in it.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.element(Locator::Css(css)).await;
        field.clear().await.expect("is cleared");
        field.send_keys(text).await.expect("is typed");
    }

    /// Chooses an option by its value.
    pub(crate) async fn choose(&self, css: &str, value: &str) {
        let list = self.element(Locator::Css(css)).await;
        list.select_by_value(value).await.expect("has the option");
    }

    /// Presses the first button or link that says this.
    pub(crate) async fn press(&self, words: &str) {
        let path = format!(
            "//main//*[(self::button or self::a) and normalize-space(.)={words:?}] \
             | //body[not(.//main)]//button[normalize-space(.)={words:?}]"
        );
        let button = self.element(Locator::XPath(&path)).await;
        button.click().await.expect("can be pressed");
    }
}

async fn port(output: impl tokio::io::AsyncRead + Unpin) -> u16 {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.expect("is text") {
        let number = line
            .split_once("started successfully on port ")
            .map(|(_, rest)| rest.trim_end_matches('.').trim());
        if let Some(number) = number {
            return number.parse().expect("is a number");
        }
    }
    panic!("chromedriver ended without a port");
}
