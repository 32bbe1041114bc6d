//! A running org with a logged-in client.

use reqwest::{Method, RequestBuilder, StatusCode};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::{Control, Sim, SimConfig};
use serde_json::Value as Json;

/// Prefix of every data API path.
pub(crate) const DATA: &str = "/services/data/v67.0";

/// One org per test.
pub(crate) struct Org {
    pub(crate) sim: Sim,
    pub(crate) http: reqwest::Client,
    pub(crate) control: Control,
    pub(crate) token: String,
}

impl Org {
    pub(crate) fn demo() -> Org {
        Org::start(SimConfig::default())
    }

    pub(crate) fn start(config: SimConfig) -> Org {
        let sim = Sim::start(config).expect("loopback ports are free");
        let control = sim.control();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a plain client builds");
        let token = sim.access_token(INTEGRATION_USERNAME);
        Org {
            sim,
            http,
            control,
            token,
        }
    }

    /// A request below the data API, as the integration user.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{DATA}{path}", self.sim.base_url()))
            .bearer_auth(&self.token)
    }

    /// Sends and reads a JSON answer; null when the body is empty.
    pub(crate) async fn send(&self, request: RequestBuilder) -> (StatusCode, Json) {
        let response = request.send().await.expect("the org answers");
        let status = response.status();
        let text = response.text().await.expect("a whole body");
        (
            status,
            serde_json::from_str(&text).unwrap_or(if text.is_empty() {
                Json::Null
            } else {
                Json::String(text)
            }),
        )
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Json) -> (StatusCode, Json) {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: Json) -> (StatusCode, Json) {
        self.send(self.request(Method::PATCH, path).json(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Json) {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Runs SOQL and returns the whole answer.
    pub(crate) async fn try_query(&self, soql: &str) -> (StatusCode, Json) {
        self.send(self.request(Method::GET, "/query").query(&[("q", soql)]))
            .await
    }

    /// Runs SOQL that must succeed and returns its records.
    pub(crate) async fn query(&self, soql: &str) -> Vec<Json> {
        let (status, answer) = self.try_query(soql).await;
        assert_eq!(status, 200, "{soql}: {answer}");
        answer["records"].as_array().expect("records").clone()
    }

    /// Id of the one record with this name.
    pub(crate) async fn id_of(&self, object: &str, name: &str) -> String {
        let records = self
            .query(&format!("SELECT Id FROM {object} WHERE Name = '{name}'"))
            .await;
        assert_eq!(records.len(), 1, "{object} {name}");
        records[0]["Id"].as_str().expect("an id").to_owned()
    }
}
