//! A thousand rounds: 16 jobs on 3 replicas find their token expired, rotation on, while replicas die between any two steps,
//! answers are slow beyond the lease, and answers are lost.
//!
//! Each round Salesforce grants exactly one refresh, sees no old token, and every job gets its new one. Where the answer of
//! a granted refresh was truly lost, the connection says so, a person connects again, and the jobs that waited go on.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auth::app::accept_grant::{AcceptGrant, Given};
use auth::app::access_token::{Denied, Limits};
use auth::domain::grant::Grant;
use auth::domain::state::{Cause, Loss, State};
use chassis::Db;
use events::WorkspaceId;
use futures::future::join_all;
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use salesforce::LoginChoice;
use salesforce::oauth::AuthorizeRequest;
use salesforce_sim::config::{DEFAULT_CALLBACK_URL, INTEGRATION_USERNAME};
use salesforce_sim::{Control, Fault, FaultBody, FaultKind, Seed, Sim, SimConfig, Stats};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::crash::{Replica, Site};
use crate::world::{LIMIT, World};

/// Lanes run beside each other, each with an org and replicas of its own: most of a round with a crash is waiting.
const LANES: u64 = 10;
const ROUNDS_PER_LANE: u32 = 100;
const JOBS: usize = 16;
const REPLICAS: usize = 3;
const SEED: u64 = 20_261_124;
/// Messages on a replica's wire during a round: at which of them it dies.
const MESSAGES: i64 = 70;

const LIMITS: Limits = Limits {
    call_ms: 200,
    answer_ms_max: 700,
    settle_ms: 300,
    retry_pause_ms: 5,
    lease_slack_ms: 50,
};
/// Callers have given up, the answer is still awaited: the lease (450 ms) has ended when it comes.
const BEYOND_LEASE_MS: u64 = 550;
/// Nobody awaits it any more.
const TOO_LATE_MS: u64 = 900;

/// How replicas die in a round.
#[derive(Debug, Clone, Copy)]
enum Crash {
    Nobody,
    /// One dies at a message.
    One(usize, i64),
    /// All die, each at a message of its own.
    All([i64; REPLICAS]),
    /// All die while Salesforce is at work on the call.
    InTheCall,
}

#[derive(Debug, Clone)]
struct Plan {
    crash: Crash,
    fault: Option<FaultKind>,
}

fn plan(random: &mut StdRng) -> Plan {
    let message = |random: &mut StdRng| random.random_range(1..=MESSAGES);
    let crash = match random.random_range(0..20) {
        0..5 => Crash::One(random.random_range(0..REPLICAS), message(random)),
        5 | 6 => Crash::All(std::array::from_fn(|_| message(random))),
        7 => Crash::InTheCall,
        _ => Crash::Nobody,
    };
    let fault = match (crash, random.random_range(0..24)) {
        (Crash::InTheCall, draw) if draw % 2 == 0 => Some(FaultKind::CommitThenDelayMs(150)),
        (Crash::InTheCall, _) => Some(FaultKind::LatencyMs(150)),
        (_, 0) => Some(FaultKind::CommitThenReset),
        (_, 1) => Some(FaultKind::ResetBeforeCommit),
        (_, 2) => Some(FaultKind::CommitThenDelayMs(BEYOND_LEASE_MS)),
        (_, 3) => Some(FaultKind::LatencyMs(BEYOND_LEASE_MS)),
        (_, 4) => Some(FaultKind::CommitThenDelayMs(TOO_LATE_MS)),
        (_, 5) => Some(FaultKind::LatencyMs(TOO_LATE_MS)),
        (_, 6) => Some(FaultKind::Status {
            status: 503,
            body: FaultBody::Html,
        }),
        (_, 7 | 8) => Some(FaultKind::CommitThenDelayMs(random.random_range(1..60))),
        _ => None,
    };
    Plan { crash, fault }
}

/// What became of the rounds.
#[derive(Debug, Default)]
struct Tally {
    jobs: AtomicU64,
    crashes: AtomicU64,
    lost: AtomicU64,
}

/// One org, one workspace, three replicas.
struct Lane {
    workspace: WorkspaceId,
    site: Site,
    postgres: (String, u16),
    pool: PgPool,
    sim: Sim,
    control: Control,
    replicas: Mutex<[Arc<Replica>; REPLICAS]>,
    /// Generation a person's connecting brought; jobs that wait for a person watch it.
    connected: watch::Sender<i64>,
    tally: Arc<Tally>,
}

impl Lane {
    async fn new(world: &World, number: u64, tally: Arc<Tally>) -> Self {
        let sim = Sim::start(SimConfig {
            seed: Seed::Empty,
            rotate_refresh_tokens: true,
            ..SimConfig::default()
        })
        .expect("the org starts");
        let site = Site::new(world, sim.base_url(), LIMITS);
        let url = url::Url::parse(&site.database_url).expect("a url");
        let postgres = (
            url.host_str().expect("a host").to_owned(),
            url.port().unwrap_or(5432),
        );
        let mut replicas = Vec::new();
        for _ in 0..REPLICAS {
            replicas.push(Arc::new(
                Replica::start(&site, &postgres.0, postgres.1).await,
            ));
        }
        let replicas = replicas.try_into().ok().expect("as many as asked for");
        Self {
            workspace: format!("lane-{number}").parse().expect("an id"),
            site,
            postgres,
            pool: world.database.pool().await,
            control: sim.control(),
            sim,
            replicas: Mutex::new(replicas),
            connected: watch::channel(0).0,
            tally,
        }
    }

    fn replica(&self, slot: usize) -> Arc<Replica> {
        let replicas = self.replicas.lock().expect("nobody panics holding it");
        Arc::clone(&replicas[slot % REPLICAS])
    }

    /// Starts dead replicas again, as a supervisor does.
    async fn revive(&self) {
        for slot in 0..REPLICAS {
            if self.replica(slot).is_dead() {
                self.tally.crashes.fetch_add(1, Ordering::Relaxed);
                let (host, port) = &self.postgres;
                let fresh = Arc::new(Replica::start(&self.site, host, *port).await);
                self.replicas.lock().expect("nobody panics holding it")[slot] = fresh;
            }
        }
    }

    /// A person connects; returns the generation of the tokens that brought.
    async fn connect(&self) -> i64 {
        let (salesforce, endpoint) = self.site.salesforce();
        let login = salesforce.login(&LoginChoice::Production).expect("a host");
        let verifier = PkceCodeVerifier::new("v".repeat(64));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let url = endpoint.authorize_url(
            &login,
            &AuthorizeRequest {
                redirect_uri: DEFAULT_CALLBACK_URL,
                scope: "api refresh_token id",
                state: "s",
                code_challenge: challenge.as_str(),
                prompt: None,
                login_hint: None,
            },
        );
        let callback = self
            .control
            .approve(&url, INTEGRATION_USERNAME, true)
            .await
            .expect("approves");
        let code = url::Url::parse(&callback)
            .expect("a url")
            .query_pairs()
            .find(|(name, _)| name == "code")
            .expect("a code")
            .1
            .into_owned();
        let verifier = verifier.secret().clone().into();
        let response = endpoint
            .exchange_code(&login, &code, DEFAULT_CALLBACK_URL, &verifier)
            .await
            .expect("tokens");
        let accept = AcceptGrant {
            db: Db::new(self.pool.clone(), "auth"),
            salesforce,
            endpoint,
            ring: Arc::clone(&self.site.ring),
            call_ms: 10_000,
        };
        let given = Given {
            workspace: &self.workspace,
            start_over: false,
            is_sandbox: true,
            attempt: None,
            actor: "user:ann@acme.example",
            grant: Grant::RefreshToken,
            secret: response.refresh_token.as_ref().expect("lasting"),
        };
        accept.accept(given, &response).await.expect("is kept");
        let generation = self.generation().await;
        self.connected.send_replace(generation);
        generation
    }

    async fn generation(&self) -> i64 {
        sqlx::query_scalar("select token_generation from auth.connection where workspace = $1")
            .bind(self.workspace.as_str())
            .fetch_one(&self.pool)
            .await
            .expect("a connection")
    }

    async fn state(&self) -> (State, Cause) {
        let scope = chassis::Db::new(self.pool.clone(), "auth").workspace(&self.workspace);
        let found = auth::store::connection::get(&scope, &self.workspace);
        let connection = found.await.expect("reads").expect("a connection");
        (connection.state, connection.cause)
    }

    async fn stats(&self) -> Stats {
        self.control.stats().await.expect("stats")
    }

    /// One job: asks wherever somebody lives until it has a token newer than the one Salesforce refused, and uses it.
    async fn job(&self, number: usize, rejected: i64) -> i64 {
        let mut slot = number;
        let deadline = Instant::now() + LIMIT;
        let mut connected = self.connected.subscribe();
        loop {
            assert!(Instant::now() < deadline, "a job got no token in {LIMIT:?}");
            match self.replica(slot).token(&self.workspace, rejected).await {
                Some(Ok(token)) => {
                    assert!(token.generation > rejected, "a refused token came again");
                    self.tally.jobs.fetch_add(1, Ordering::Relaxed);
                    return token.generation;
                }
                Some(Err(Denied::State { state, detail })) => {
                    assert_eq!(state, State::ReconnectRequired, "{detail}");
                    // It waits; nothing drops it.
                    let waited = connected.wait_for(|generation| *generation > rejected);
                    tokio::time::timeout(LIMIT, waited)
                        .await
                        .expect("a person comes")
                        .expect("the lane lives");
                }
                // It died, or says later: another one is asked.
                None => slot += 1,
                Some(Err(Denied::Later(_) | Denied::Store(_))) => {}
            }
            sleep(Duration::from_millis(15)).await;
        }
    }

    /// Connects again when the connection says that a person is needed; returns whether it did.
    async fn person(&self, over: watch::Receiver<bool>) -> bool {
        while !*over.borrow() {
            let (state, cause) = self.state().await;
            if state == State::ReconnectRequired {
                assert_eq!(cause, Cause::Lost(Loss::RotationLost));
                self.connect().await;
                return true;
            }
            sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// Kills everybody once the call has reached Salesforce.
    async fn kill_in_the_call(&self, hits_before: u64, over: watch::Receiver<bool>) {
        while !*over.borrow() {
            if self.stats().await.fault_hits > hits_before {
                (0..REPLICAS).for_each(|slot| self.replica(slot).kill());
                self.revive().await;
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn round(&self, name: &str, plan: &Plan) {
        self.control.expire_sessions(None).await.expect("expires");
        let (before, rejected) = (self.stats().await, self.generation().await);
        if let Some(kind) = &plan.fault {
            let fault = Fault::new(kind.clone())
                .on_path("/services/oauth2/token")
                .times(1);
            self.control.fault(fault).await.expect("breaks");
        }
        match plan.crash {
            Crash::One(slot, message) => self.replica(slot).die_at(message),
            Crash::All(messages) => (0..REPLICAS)
                .zip(messages)
                .for_each(|(slot, message)| self.replica(slot).die_at(message)),
            Crash::Nobody | Crash::InTheCall => {}
        }
        let (over, is_over) = watch::channel(false);
        let jobs = async {
            let ends = join_all((0..JOBS).map(|number| self.job(number, rejected))).await;
            over.send_replace(true);
            ends
        };
        let killer = async {
            match plan.crash {
                Crash::InTheCall => {
                    self.kill_in_the_call(before.fault_hits, is_over.clone())
                        .await;
                }
                Crash::Nobody => {}
                Crash::One(..) | Crash::All(_) => {
                    while !*is_over.borrow() {
                        self.revive().await;
                        sleep(Duration::from_millis(25)).await;
                    }
                }
            }
        };
        let (ends, reconnected, ()) = tokio::join!(jobs, self.person(is_over.clone()), killer);
        (0..REPLICAS).for_each(|slot| self.replica(slot).spare());
        self.control.clear_faults().await.expect("mends");
        let after = self.stats().await;
        assert_eq!(after.replays, 0, "{name}: an old token was shown");
        assert_eq!(
            after.refreshes - before.refreshes,
            1,
            "{name}: exactly one refresh"
        );
        assert!(
            ends.iter().all(|generation| *generation == rejected + 1),
            "{name}: {ends:?} after {rejected}"
        );
        assert_eq!(self.state().await.0, State::Connected, "{name}");
        if reconnected {
            // Granted once and never stored: it was truly lost, and nothing else makes a connection say so.
            self.tally.lost.fetch_add(1, Ordering::Relaxed);
            let harmless = matches!(
                (plan.crash, &plan.fault),
                (
                    Crash::Nobody,
                    None | Some(FaultKind::ResetBeforeCommit | FaultKind::Status { .. })
                )
            );
            assert!(!harmless, "{name}: nothing was lost");
        }
        self.revive().await;
    }

    async fn run(&self, lane: u64) {
        self.connect().await;
        let mut random = StdRng::seed_from_u64(SEED + lane);
        for round in 0..ROUNDS_PER_LANE {
            let plan = plan(&mut random);
            let name = format!("seed {} round {round} {plan:?}", SEED + lane);
            self.round(&name, &plan).await;
        }
        // The last token is one the org accepts.
        let token = self.replica(0).token(&self.workspace, 0).await;
        let token = token.expect("lives").expect("a token");
        let url = format!("{}/services/oauth2/userinfo", self.sim.base_url());
        let answer = crate::browser::http()
            .get(url)
            .bearer_auth(token.secret.expose_secret())
            .send();
        assert!(answer.await.expect("answers").status().is_success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rounds_of_crashes_and_lost_answers_show_no_old_token_and_lose_no_job() {
    println!("seed {SEED}, {LANES} lanes of {ROUNDS_PER_LANE} rounds");
    let world = World::new().await;
    let tally = Arc::new(Tally::default());
    let lanes = (0..LANES).map(|number| Lane::new(&world, number, Arc::clone(&tally)));
    let lanes = join_all(lanes).await;
    join_all((0..).zip(&lanes).map(|(number, lane)| lane.run(number))).await;
    println!("{tally:?}");
    let rounds = LANES * u64::from(ROUNDS_PER_LANE);
    let jobs = u64::try_from(JOBS).expect("small") * rounds;
    assert_eq!(tally.jobs.load(Ordering::Relaxed), jobs, "no job is lost");
    // The plans draw all of it.
    assert!(tally.crashes.load(Ordering::Relaxed) > rounds / 10);
    assert!(tally.lost.load(Ordering::Relaxed) > rounds / 100);
}
