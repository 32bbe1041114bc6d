//! Everything running, and what the journeys need of it besides the browser.

use serde_json::{Value, json};
use testkit::fixtures::{CrowdMeeting, Publication, crowd_meeting};
use testkit::org::prepare_crowd;
use testkit::publish::{Publisher, Trace};
use testkit::setup::{Admin, Connected, Settings};
use testkit::stack::{Stack, StackOptions};

use crate::driver::Window;

pub(crate) const WORKSPACE: &str = "journey";
/// Customers with one open deal each.
pub(crate) const CUSTOMERS: usize = 6;

pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) admin: Admin,
    /// Of the connected user: who met the customers.
    our_email: String,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        let options = StackOptions {
            console_workspace: Some(WORKSPACE.to_owned()),
            ..StackOptions::default()
        };
        let stack = Stack::start(options).await.expect("everything starts");
        let admin = Admin {
            rpc: stack.rpc().await,
            workspace: WORKSPACE.to_owned(),
        };
        Self {
            stack,
            admin,
            our_email: String::new(),
            http: testkit::http::client(),
        }
    }

    /// Connected, mapped, verified and live, without the browser.
    pub(crate) async fn live() -> Self {
        let mut world = Self::new().await;
        let settings = Settings::read().expect("settings are understood");
        let live = world
            .admin
            .live_with_crowd(&world.stack, CUSTOMERS, &settings, |text| {
                println!("{text}")
            });
        let crowd = live.await.expect("the workspace goes live");
        let email = crowd.connected.email().await;
        world.our_email = email.expect("the connected user has an address");
        world
    }

    /// A page of the workspace.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}/w/{WORKSPACE}/{path}", self.stack.console_url())
    }

    pub(crate) async fn sign_in(&self, window: &Window) {
        let (email, password) = self.stack.console_login();
        window.go(&self.stack.console_url()).await;
        window.fill("#email", email).await;
        window.fill("#password", password).await;
        window.press("Sign in").await;
    }

    /// Asks the API with the operator's token.
    pub(crate) async fn api(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1{path}", self.stack.console_url());
        let request = self.http.request(method, &url);
        let request = request.bearer_auth(self.stack.api_token()).json(&body);
        let answer = request.send().await.expect("answers");
        let status = answer.status();
        let text = answer.text().await.expect("arrives");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Puts the customers into the connected org.
    pub(crate) async fn seed(&mut self) {
        let connection = self.admin.connection().await.expect("auth answers");
        let version = &self.stack.org().api_version;
        let rest = self.admin.rest(&connection, version).await;
        let rest = rest.expect("auth has a token");
        prepare_crowd(&rest, CUSTOMERS)
            .await
            .expect("the customers are made");
        let connected = Connected { connection, rest };
        let email = connected.email().await;
        self.our_email = email.expect("the connected user has an address");
    }

    /// Invites somebody; answers the path of their one-time link.
    pub(crate) async fn invite(&self, email: &str, role: &str) -> String {
        let wish = json!({"email": email, "workspace": WORKSPACE, "role": role});
        let made = self.api(reqwest::Method::POST, "/users", wish).await;
        made["link"].as_str().expect("has a link").to_owned()
    }

    /// A meeting with a customer, published as upstream does.
    pub(crate) async fn meet(&self, customer: usize, next_step: &str) {
        let publication: Publication = crowd_meeting(&CrowdMeeting {
            workspace: WORKSPACE,
            id: &format!("meeting-{customer}"),
            customer,
            our_email: &self.our_email,
            title: &format!("Call with customer {customer}"),
            notes: "Notes.",
            next_step,
        });
        let publisher = Publisher::new(self.stack.nats().client().await);
        publisher
            .publish(&publication, &Trace::begin())
            .await
            .expect("JetStream stores the meeting");
    }
}
