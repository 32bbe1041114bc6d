//! Three real nats-servers that replicate to each other, on this machine, with a proxy on each way between two of them:
//! any can be killed, and any can be cut off from the other two while its clients stay with it.

use crate::chaos::Proxy;
use crate::nats::Nats;
use crate::stack::free_port;
use anyhow::Context;
use std::fmt::Write;

/// Servers: the least that survives one.
pub const SERVERS: usize = 3;

/// The cluster; ends with its value.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Nats>,
    /// The way from one server to another, by position of both; none to itself.
    ways: Vec<Vec<Option<Proxy>>>,
}

impl Cluster {
    /// Starts all three; they form a cluster within seconds.
    ///
    /// # Errors
    /// When there is no nats-server, or one does not answer in time.
    pub async fn start() -> anyhow::Result<Self> {
        let ports: Vec<u16> = (0..SERVERS)
            .map(|_| free_port())
            .collect::<Result<_, _>>()?;
        // Servers tell each other where others can be reached. Nobody listens there: there must be no way around the proxies.
        let nowhere = free_port()?;
        let mut ways = Vec::new();
        let mut servers = Vec::new();
        for from in 0..SERVERS {
            let mut row = Vec::new();
            for (to, port) in ports.iter().enumerate() {
                row.push(match to == from {
                    true => None,
                    false => Some(Proxy::to("127.0.0.1", *port).await),
                });
            }
            let mut routes = String::new();
            for way in row.iter().flatten() {
                let _ = write!(routes, "\"nats-route://127.0.0.1:{}\", ", way.port());
            }
            let port = ports[from];
            let settings = format!(
                "server_name: nats-{from}\n\
                 cluster {{ name: ergo, listen: \"127.0.0.1:{port}\", advertise: \"127.0.0.1:{nowhere}\", \
                 no_advertise: true, routes: [{routes}] }}\n"
            );
            let server = Nats::start_with(settings).await;
            servers.push(server.with_context(|| format!("server nats-{from}"))?);
            ways.push(row);
        }
        Ok(Self { servers, ways })
    }

    /// Addresses of all three, as `NATS_URL` takes them.
    #[must_use]
    pub fn url(&self) -> String {
        let urls: Vec<String> = self.servers.iter().map(Nats::url).collect();
        urls.join(",")
    }

    /// One of them.
    #[must_use]
    pub fn server(&self, position: usize) -> &Nats {
        &self.servers[position]
    }

    /// Kills one without warning.
    pub fn kill(&mut self, position: usize) {
        self.servers[position].stop();
    }

    /// Starts a killed one again, with what it stored.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self, position: usize) {
        self.servers[position].restart().await;
    }

    /// Cuts one off from the other two, in both directions. Its clients stay connected to it.
    pub fn partition(&self, position: usize) {
        self.ways_of(position).for_each(Proxy::cut);
    }

    /// Ends a partition.
    pub fn heal(&self, position: usize) {
        self.ways_of(position).for_each(Proxy::restore);
    }

    fn ways_of(&self, position: usize) -> impl Iterator<Item = &Proxy> {
        let ways = self.ways.iter().enumerate().flat_map(move |(from, row)| {
            let row = row.iter().enumerate();
            row.filter(move |(to, _)| from == position || *to == position)
        });
        ways.filter_map(|(_, way)| way.as_ref())
    }
}
