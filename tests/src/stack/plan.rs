//! Which services there are and what each is told. The environment variables are those of the services' own `--help`.

use super::secrets::{CONSOLE_EMAIL, Secrets};
use super::{Stack, StackOptions};
use crate::org::Target;
use std::path::Path;

/// A deployable of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceName {
    /// May we act on this org, and with which token.
    Auth,
    /// What the org looks like.
    MetadataSync,
    /// Which records a meeting belongs to.
    Matching,
    /// Whether, when and how a change reaches Salesforce.
    Writeback,
    /// What a person sees.
    Console,
}

/// All of them, in the order they are started and migrated.
pub const SERVICES: [ServiceName; 5] = [
    ServiceName::Auth,
    ServiceName::MetadataSync,
    ServiceName::Matching,
    ServiceName::Writeback,
    ServiceName::Console,
];

impl ServiceName {
    /// As in the design.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::MetadataSync => "metadata-sync",
            Self::Matching => "matching",
            Self::Writeback => "writeback",
            Self::Console => "console",
        }
    }

    /// Its program.
    #[must_use]
    pub fn binary(self) -> String {
        format!("ergo-{}", self.as_str())
    }

    /// Its Postgres schema.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::MetadataSync => "metadata_sync",
            Self::Matching => "matching",
            Self::Writeback => "writeback",
            Self::Console => "console",
        }
    }

    /// The role it logs in to Postgres with.
    #[must_use]
    pub fn login(self) -> String {
        format!("ergo_{}_login", self.schema())
    }
}

/// What several services are told.
pub(super) struct Shared {
    nats_url: String,
    nats_replicas: String,
    databases: Vec<(ServiceName, String)>,
    admin_ports: Vec<(ServiceName, u16)>,
    auth_http: u16,
    console_http: u16,
    org: Target,
    otlp_endpoint: Option<String>,
    secrets: Secrets,
    console_workspace: Option<String>,
    extra: Vec<(String, String)>,
}

impl Shared {
    pub(super) fn of(stack: &Stack, options: &StackOptions) -> Self {
        let proxied = stack.database_proxy.as_ref().map(|proxy| proxy.port());
        let database = |service: ServiceName| {
            let url = stack
                .database
                .url_as(&service.login(), super::roles::PASSWORD);
            match proxied {
                Some(port) => through(&url, port),
                None => url,
            }
        };
        Self {
            nats_url: match &stack.nats_proxy {
                Some(proxy) => format!("nats://127.0.0.1:{}", proxy.port()),
                None => stack.nats.url(),
            },
            nats_replicas: stack.nats.replicas(),
            databases: super::SERVICES
                .iter()
                .map(|&service| (service, database(service)))
                .collect(),
            admin_ports: super::SERVICES
                .iter()
                .copied()
                .zip(stack.addresses.admin.clone())
                .collect(),
            auth_http: stack.addresses.auth_http,
            console_http: stack.addresses.console_http,
            org: stack.org.clone(),
            otlp_endpoint: options.otlp_endpoint.clone(),
            secrets: stack.secrets.clone(),
            console_workspace: options.console_workspace.clone(),
            extra: options.environment.clone(),
        }
    }
}

/// Where Salesforce sends the browser back to; the connected app must list it.
pub(super) fn callback_url(auth_http: u16) -> String {
    format!("http://127.0.0.1:{auth_http}/oauth/callback")
}

/// The environment of one service.
pub(super) fn environment(service: ServiceName, shared: &Shared) -> Vec<(String, String)> {
    let of = |pairs: &[(ServiceName, String)]| {
        let found = pairs.iter().find(|(name, _)| *name == service);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let admin_port = shared.admin_ports.iter().find(|(name, _)| *name == service);
    let admin_port = admin_port.map_or(0, |(_, port)| *port);
    let mut pairs = vec![
        ("DATABASE_URL", of(&shared.databases)),
        ("NATS_URL", shared.nats_url.clone()),
        ("NATS_STREAM_REPLICAS", shared.nats_replicas.clone()),
        ("ADMIN_ADDR", format!("127.0.0.1:{admin_port}")),
        ("LOG_FORMAT", "json".to_owned()),
    ];
    if let Some(endpoint) = &shared.otlp_endpoint {
        pairs.push(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.clone()));
    }
    match service {
        ServiceName::Auth => pairs.extend(auth(shared)),
        ServiceName::Console => pairs.extend(console(shared)),
        ServiceName::MetadataSync | ServiceName::Writeback => pairs.extend(salesforce(&shared.org)),
        ServiceName::Matching => {}
    }
    let own = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    own.chain(shared.extra.iter().cloned()).collect()
}

fn auth(shared: &Shared) -> Vec<(&'static str, String)> {
    let mut pairs = salesforce(&shared.org);
    pairs.extend([
        ("HTTP_ADDR", format!("127.0.0.1:{}", shared.auth_http)),
        ("SALESFORCE_CONSUMER_KEY", shared.org.consumer_key.clone()),
        (
            "SALESFORCE_CONSUMER_SECRET",
            shared.org.consumer_secret.clone(),
        ),
        (
            "AUTH_PUBLIC_URL",
            format!("http://127.0.0.1:{}", shared.auth_http),
        ),
        (
            "CONSOLE_PUBLIC_URL",
            format!("http://127.0.0.1:{}", shared.console_http),
        ),
        ("ERGO_SEAL_KEYS_FILE", path(&shared.secrets.seal_keys)),
    ]);
    pairs
}

fn console(shared: &Shared) -> Vec<(&'static str, String)> {
    let address = format!("127.0.0.1:{}", shared.console_http);
    let mut pairs = vec![
        ("CONSOLE_PUBLIC_URL", format!("http://{address}")),
        ("HTTP_ADDR", address),
        ("CONSOLE_BOOTSTRAP_EMAIL", CONSOLE_EMAIL.to_owned()),
        (
            "CONSOLE_BOOTSTRAP_PASSWORD_FILE",
            path(&shared.secrets.password_file),
        ),
        (
            "CONSOLE_BOOTSTRAP_API_TOKEN_FILE",
            path(&shared.secrets.api_token_file),
        ),
    ];
    if let Some(workspace) = &shared.console_workspace {
        pairs.push(("CONSOLE_BOOTSTRAP_WORKSPACE", workspace.clone()));
    }
    pairs
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn salesforce(org: &Target) -> Vec<(&'static str, String)> {
    vec![
        (
            "SALESFORCE_LOGIN_URL",
            org.url.to_string().trim_end_matches('/').to_owned(),
        ),
        (
            "SALESFORCE_SANDBOX_LOGIN_URL",
            org.url.to_string().trim_end_matches('/').to_owned(),
        ),
        ("SALESFORCE_ALLOWED_HOSTS", org.host()),
        ("SALESFORCE_API_VERSION", org.api_version.clone()),
    ]
}

/// The same address through another port of this machine.
fn through(url: &str, port: u16) -> String {
    let mut url: url::Url = url
        .parse()
        .expect("the harness's own addresses are well-formed");
    url.set_port(Some(port))
        .expect("an address with a host takes a port");
    url.into()
}
