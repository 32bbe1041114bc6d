//! The story itself, step by step.

use crate::chapters::{self, Set};
use crate::options::Options;
use crate::tale::{self, Tale};
use crate::{table, verdict};
use anyhow::Context;
use chrono::Utc;
use events::metadata::v1::SyncKind;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;
use testkit::fixtures::{self, Setting};
use testkit::org::Records;
use testkit::otlp::Sink;
use testkit::publish::Publisher;
use testkit::setup::{Admin, Connected, Settings};
use testkit::stack::{Stack, StackOptions};

/// The workspace of the story.
const WORKSPACE: &str = "sample";

/// Tells the story and stops everything.
pub(crate) async fn demo(options: &Options) -> anyhow::Result<()> {
    let mut told = tell(options, None).await?;
    told.stack.stop().await;
    verdict::check(&told.tales, options.strict)
}

/// What is left when the story was told.
pub(crate) struct Told {
    pub(crate) stack: Stack,
    pub(crate) tales: Vec<Tale>,
}

/// Everything running and the workspace live, before the first meeting.
pub(crate) struct Ready {
    pub(crate) stack: Stack,
    pub(crate) admin: Admin,
    pub(crate) connected: Connected,
    records: Records,
    our_email: String,
    run: String,
}

impl Ready {
    /// What fills the sample meetings' placeholders.
    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting {
            workspace: WORKSPACE,
            run: &self.run,
            our_email: &self.our_email,
            records: &self.records,
            now: Utc::now(),
        }
    }

    /// An upstream pipeline.
    pub(crate) async fn publisher(&self) -> Publisher {
        Publisher::new(self.stack.nats().client().await)
    }
}

/// Starts everything and walks through the setup. Logs go to `folder`, or to one that is removed with the stack.
pub(crate) async fn set_up(
    options: &Options,
    sink: &Sink,
    folder: Option<&Path>,
) -> anyhow::Result<Ready> {
    let stack = start(options, sink, folder).await?;
    let admin = Admin {
        rpc: stack.rpc().await,
        workspace: WORKSPACE.to_owned(),
    };
    let connected = connect(&admin, &stack).await?;
    let records = prepare(&admin, &connected).await?;
    configure(&admin, &connected).await?;
    let our_email = connected.email().await?;
    let (_, our_domain) = our_email
        .rsplit_once('@')
        .context("the connected user's e-mail address has no domain")?;
    if let Err(error) = admin.own_domain(our_domain).await {
        step(&format!(
            "{our_domain} is known as ours by the org's users only: {error}"
        ));
    }
    Ok(Ready {
        stack,
        admin,
        connected,
        records,
        our_email,
        run: format!("{:x}", Utc::now().timestamp()),
    })
}

/// Starts everything, walks through the setup, publishes the sample meetings and prints what became of each, then tells
/// the chapters.
pub(crate) async fn tell(options: &Options, folder: Option<&Path>) -> anyhow::Result<Told> {
    let sink = Sink::start().await;
    let mut ready = set_up(options, &sink, folder).await?;
    println!("\nPublishing the sample meetings");
    let mut tales = tales(&ready).await?;
    // Spans are exported in batches, a few seconds late; a service that stops sends what it has.
    let spans_local = options.otlp_endpoint.is_none();
    if spans_local {
        ready.stack.stop().await;
        tale::count_spans(&mut tales, &sink);
    }
    println!("\n{}", table::render(&tales, &ready.records));
    if spans_local {
        for service in testkit::stack::SERVICES {
            ready.stack.start_again(service).await?;
        }
    }
    let set = Set {
        admin: &ready.admin,
        publisher: &ready.publisher().await,
        setting: &ready.setting(),
        org: ready.stack.org(),
        simulator: ready.stack.simulator(),
        console_url: &ready.stack.console_url(),
    };
    chapters::tell(&set).await?;
    Ok(Told {
        stack: ready.stack,
        tales,
    })
}

async fn tales(ready: &Ready) -> anyhow::Result<Vec<Tale>> {
    let setting = ready.setting();
    let teller = tale::Teller {
        admin: &ready.admin,
        publisher: ready.publisher().await,
        rest: &ready.connected.rest,
        fields: fields(&ready.connected).await?,
        setting: &setting,
    };
    let mut tales = Vec::new();
    for meeting in fixtures::meetings()? {
        let tale = teller.tell(meeting).await?;
        println!("  {}", tale.line());
        tales.push(tale);
    }
    Ok(tales)
}

async fn start(options: &Options, sink: &Sink, folder: Option<&Path>) -> anyhow::Result<Stack> {
    let org = options.org.target()?;
    let place = match &org {
        Some(org) => format!("the org at {}", org.host()),
        None => "a simulated org".to_owned(),
    };
    println!("Starting NATS, Postgres, five services, and {place}");
    let began = Instant::now();
    let stack_options = StackOptions {
        org,
        auth_port: options.org.auth_port(),
        otlp_endpoint: options
            .otlp_endpoint
            .clone()
            .or_else(|| Some(sink.endpoint().to_owned())),
        console_workspace: Some(WORKSPACE.to_owned()),
        ..StackOptions::default()
    };
    let stack = match folder {
        Some(folder) => Stack::start_in(stack_options, folder).await?,
        None => Stack::start(stack_options).await?,
    };
    step(&format!(
        "all ready after {} ms",
        began.elapsed().as_millis()
    ));
    Ok(stack)
}

async fn connect(admin: &Admin, stack: &Stack) -> anyhow::Result<Connected> {
    println!("\nSetting up, in the order the product enforces");
    let connected = admin
        .connect(stack.org(), &stack.console_url(), step)
        .await
        .context("connect")?;
    let connection = &connected.connection;
    step(&format!(
        "connected to org {} as {}",
        connection.organization_id, connection.username
    ));
    if !connection.detail.is_empty() {
        step(&format!("access: {}", connection.detail));
    }
    Ok(connected)
}

async fn prepare(admin: &Admin, connected: &Connected) -> anyhow::Result<Records> {
    let records = Records::prepare(&connected.rest)
        .await
        .context("sample records")?;
    step("sample accounts, contacts, deals and leads are in the org, by ordinary REST");
    let schema = admin.sync(SyncKind::Schema).await.context("schema sync")?;
    step(&format!(
        "schema read: {} objects in {} calls",
        schema.items, schema.api_calls
    ));
    let read = admin.sync(SyncKind::Records).await.context("record sync")?;
    step(&format!(
        "records read: {} in {} calls",
        read.items, read.api_calls
    ));
    let (accounts, contacts) = (records.count("Account"), records.count("Contact"));
    let projection = admin.projected(accounts, contacts).await?;
    step(&format!(
        "matching knows {} accounts, {} contacts, {} opportunities, {} leads",
        projection.accounts, projection.contacts, projection.opportunities, projection.leads
    ));
    Ok(records)
}

async fn configure(admin: &Admin, connected: &Connected) -> anyhow::Result<()> {
    let fields = fields(connected).await?;
    let settings =
        Settings::read()?.only(|object, field| fields.contains(&format!("{object}.{field}")));
    let mapping = admin.map(&settings).await?;
    step(&format!(
        "mapping version {} published: {} fields, {} destinations, none for summaries",
        mapping.version,
        mapping.entries.len(),
        mapping.destinations.len()
    ));
    admin.permit(&settings).await?;
    step(&format!(
        "{} permissions and {} stage controls set",
        settings.permissions.len(),
        settings.stage_controls.len()
    ));
    let verified = admin.verify().await?;
    step(&format!(
        "verified: Salesforce would accept {} rehearsed writes, and nothing was left behind",
        verified.run.results.len()
    ));
    admin.live(true).await?;
    step("live");
    Ok(())
}

/// `Object.Field` of everything the connected user may write in the objects the story maps.
pub(crate) async fn fields(connected: &Connected) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for object in ["Opportunity", "Account", "Contact", "Lead"] {
        let described = connected.rest.describe(object).await?;
        for field in described["fields"].as_array().into_iter().flatten() {
            if let (Some(name), Some(true)) =
                (field["name"].as_str(), field["updateable"].as_bool())
            {
                found.insert(format!("{object}.{name}"));
            }
        }
    }
    Ok(found)
}

pub(crate) fn step(text: &str) {
    println!("  {text}");
}
