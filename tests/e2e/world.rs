//! A workspace that is live, and what tests ask of it.

use events::writeback::v1::ChangeSet;
use salesforce_sim::{Control, Operation, WriteLogEntry};
use std::time::Duration;
use testkit::fixtures::{CrowdMeeting, Publication, crowd_meeting};
use testkit::org::Rest;
use testkit::otlp::Sink;
use testkit::publish::{Publisher, Trace};
use testkit::setup::{Admin, Crowd, Settings};
use testkit::stack::{Stack, StackOptions};

pub(crate) const WORKSPACE: &str = "e2e";
/// Longest one meeting may take, on a machine that builds something else at the same time.
pub(crate) const SETTLED_MAX: Duration = Duration::from_secs(60);

/// Customers with one open deal each: no two meetings of a test compete for a field.
const CUSTOMERS: usize = 32;

/// Everything running, the workspace live.
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) sink: Sink,
    pub(crate) admin: Admin,
    pub(crate) publisher: Publisher,
    pub(crate) rest: Rest,
    /// The customers' deals.
    pub(crate) opportunities: Vec<String>,
    control: Control,
    our_email: String,
    /// Writes before the first meeting.
    prepared: u64,
}

impl World {
    pub(crate) async fn live() -> Self {
        Self::live_with(StackOptions::default()).await
    }

    pub(crate) async fn live_with(options: StackOptions) -> Self {
        let sink = Sink::start().await;
        let options = StackOptions {
            otlp_endpoint: options
                .otlp_endpoint
                .clone()
                .or_else(|| Some(sink.endpoint().to_owned())),
            ..options
        };
        let stack = Stack::start(options).await.expect("everything starts");
        let admin = Admin {
            rpc: stack.rpc().await,
            workspace: WORKSPACE.to_owned(),
        };
        let settings = Settings::read().expect("settings are understood");
        let crowd = admin
            .live_with_crowd(&stack, CUSTOMERS, &settings, |text| println!("{text}"))
            .await;
        let Crowd {
            connected,
            opportunities,
        } = crowd.expect("the workspace goes live");
        let simulator = stack
            .simulator()
            .expect("a stack without another org has a simulator");
        let control = Control::new(simulator.control_url());
        let before = control.write_log(0).await.expect("the write log is told");
        Self {
            publisher: Publisher::new(stack.nats().client().await),
            prepared: before.last().map_or(0, |entry| entry.seq),
            our_email: connected
                .email()
                .await
                .expect("the connected user has an address"),
            rest: connected.rest,
            stack,
            sink,
            admin,
            opportunities,
            control,
        }
    }

    /// A meeting with the customer of this number.
    pub(crate) fn meeting(&self, number: usize) -> Publication {
        crowd_meeting(&CrowdMeeting {
            workspace: WORKSPACE,
            id: &format!("meeting-{number}"),
            customer: number,
            our_email: &self.our_email,
            title: &title(number),
            notes: "Notes.",
            next_step: &next_step(number),
        })
    }

    pub(crate) async fn publish(&self, publication: &Publication) -> Trace {
        let trace = Trace::begin();
        self.publisher
            .publish(publication, &trace)
            .await
            .expect("JetStream stores the meeting");
        trace
    }

    pub(crate) async fn settled(&self, publication: &Publication) -> ChangeSet {
        let event = &publication.event;
        let settled = self
            .admin
            .settled(&event.id, event.revision, SETTLED_MAX)
            .await;
        settled.unwrap_or_else(|error| panic!("{error:#}\n{}", self.log_ends()))
    }

    /// Everything written to the org since the workspace went live.
    pub(crate) async fn writes(&self) -> Vec<WriteLogEntry> {
        let writes = self.control.write_log(self.prepared).await;
        writes.expect("the write log is told")
    }

    /// Asserts that a meeting's task was created once and its next step written once, whatever happened meanwhile.
    pub(crate) async fn assert_applied_once(&self, numbers: impl Iterator<Item = usize>) {
        let writes = self.writes().await;
        for number in numbers {
            let opportunity = &self.opportunities[number];
            let updates = writes.iter().filter(|write| {
                write.operation == Operation::Update
                    && write.id == *opportunity
                    && write.after.get("NextStep").and_then(|value| value.as_str())
                        == Some(&next_step(number))
            });
            assert_eq!(
                updates.count(),
                1,
                "times the next step of meeting {number} was written"
            );
            let tasks = writes.iter().filter(|write| {
                let subject = write.after.get("Subject").and_then(|value| value.as_str());
                write.operation == Operation::Create
                    && write.object == "Task"
                    && subject.is_some_and(|subject| subject.contains(&title(number)))
            });
            assert_eq!(tasks.count(), 1, "tasks of meeting {number}");
        }
    }

    /// The connected user's address.
    pub(crate) fn our_email(&self) -> &str {
        &self.our_email
    }

    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    fn log_ends(&self) -> String {
        let ends = testkit::stack::SERVICES
            .iter()
            .map(|&service| self.stack.service(service).log_end());
        ends.collect::<Vec<_>>().join("\n")
    }
}

/// Never part of another meeting's.
fn title(number: usize) -> String {
    format!("Meeting [{number}]")
}

fn next_step(number: usize) -> String {
    format!("Step {number}")
}
