//! A browser that follows nothing by itself and keeps cookies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// A browser at one replica's routes.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    addr: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What it was answered.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

pub(crate) fn http() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a plain client builds")
    })
}

impl Browser {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens the path and query of `url` at the replica: the public address of tests leads nowhere.
    pub(crate) async fn get(&mut self, url: &str) -> Seen {
        let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = http()
            .get(format!("http://{}{path}", self.addr))
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .expect("auth answers");
        for cookie in answer.headers().get_all("set-cookie") {
            let text = cookie.to_str().expect("ascii");
            let (name, value) = text
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a pair");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Seen {
            status: answer.status().as_u16(),
            location: answer
                .headers()
                .get("location")
                .map(|value| value.to_str().expect("ascii").to_owned()),
            headers: answer.headers().clone(),
            body: answer.text().await.expect("text"),
        }
    }
}
