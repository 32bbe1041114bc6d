//! A TCP proxy in front of NATS, Postgres or Salesforce that can be cut, slowed, and made to reset in mid-answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Bytes moved at once.
const CHUNK_BYTES_MAX: usize = 16 * 1024;

/// What the proxy does to its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mood {
    /// Nothing passes, and who connects is turned away.
    cut: bool,
    /// Each chunk waits this long.
    delay: Duration,
    /// A connection is reset after this many bytes from the server.
    reset_after_bytes: Option<usize>,
}

/// The proxy; ends with its value.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    mood: Arc<watch::Sender<Mood>>,
    /// Cancelled to end the connections of now; replaced for those to come.
    connections: Arc<watch::Sender<CancellationToken>>,
    _accepting: AbortOnDropHandle<()>,
}

impl Proxy {
    /// A proxy on a port the system chooses, to `host:port`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listener.await.expect("a loopback port is free");
        let own = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        let calm = Mood {
            cut: false,
            delay: Duration::ZERO,
            reset_after_bytes: None,
        };
        let mood = Arc::new(watch::channel(calm).0);
        let connections = Arc::new(watch::channel(CancellationToken::new()).0);
        let target = (host.to_owned(), port);
        let accepting = accept(
            listener,
            target,
            Arc::clone(&mood),
            Arc::clone(&connections),
        );
        let accepting = AbortOnDropHandle::new(tokio::spawn(accepting));
        Self {
            port: own,
            mood,
            connections,
            _accepting: accepting,
        }
    }

    /// Its port on this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection and turns new ones away.
    pub fn cut(&self) {
        self.mood.send_modify(|mood| mood.cut = true);
        self.drop_connections();
    }

    /// Lets everything through again.
    pub fn restore(&self) {
        self.mood.send_modify(|mood| {
            *mood = Mood {
                cut: false,
                delay: Duration::ZERO,
                reset_after_bytes: None,
            };
        });
    }

    /// Holds each chunk back for `delay`.
    pub fn delay(&self, delay: Duration) {
        self.mood.send_modify(|mood| mood.delay = delay);
    }

    /// Resets a connection once `bytes` came back on it from the server: the request arrived, the answer is lost.
    pub fn reset_after_bytes(&self, bytes: usize) {
        self.mood
            .send_modify(|mood| mood.reset_after_bytes = Some(bytes));
    }

    /// Ends the connections of now; new ones pass.
    pub fn drop_connections(&self) {
        self.connections
            .send_replace(CancellationToken::new())
            .cancel();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.drop_connections();
    }
}

async fn accept(
    listener: TcpListener,
    target: (String, u16),
    mood: Arc<watch::Sender<Mood>>,
    connections: Arc<watch::Sender<CancellationToken>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let ended = connections.borrow().clone();
        if mood.borrow().cut {
            reset(&client);
            continue;
        }
        let (target, mood) = (target.clone(), mood.subscribe());
        tokio::spawn(async move {
            // A server that is away looks to the client like a proxy that is cut.
            let Ok(server) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                () = carry(client, server, mood) => {}
                () = ended.cancelled() => {}
            }
        });
    }
}

async fn carry(client: TcpStream, server: TcpStream, mood: watch::Receiver<Mood>) {
    // Small writes must not wait for one another: the proxy is to be slow only when told to.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    reset(&client);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let forth = pump(from_client, to_server, mood.clone(), false);
    let back = pump(from_server, to_client, mood, true);
    // One direction that ended by itself lets the other finish; a reset ends both.
    tokio::pin!(forth, back);
    tokio::select! {
        () = &mut back => {}
        () = &mut forth => back.await,
    }
}

/// Closing it from now on resets the connection instead of ending it politely.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mood: watch::Receiver<Mood>,
    from_server: bool,
) {
    let mut chunk = vec![0; CHUNK_BYTES_MAX];
    let mut passed_bytes = 0_usize;
    loop {
        let Ok(bytes @ 1..) = from.read(&mut chunk).await else {
            let _ = to.shutdown().await;
            return;
        };
        let now = *mood.borrow();
        if !now.delay.is_zero() {
            tokio::time::sleep(now.delay).await;
        }
        let left = match now.reset_after_bytes {
            Some(limit) if from_server => limit.saturating_sub(passed_bytes),
            Some(_) | None => usize::MAX,
        };
        let pass = bytes.min(left);
        if to.write_all(&chunk[..pass]).await.is_err() || pass < bytes {
            return;
        }
        passed_bytes += pass;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nats::Nats;

    #[tokio::test]
    async fn what_is_cut_comes_back_when_restored() {
        let nats = Nats::start().await;
        let proxy = Proxy::to("127.0.0.1", nats.port()).await;
        let url = format!("nats://127.0.0.1:{}", proxy.port());
        let client = async_nats::connect(&url).await.expect("passes");
        client.flush().await.expect("passes");
        proxy.cut();
        assert!(async_nats::connect(&url).await.is_err());
        proxy.restore();
        async_nats::connect(&url).await.expect("passes again");
    }

    #[tokio::test]
    async fn a_reset_loses_the_answer_after_the_request_arrived() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("has an address").port();
        let proxy = Proxy::to("127.0.0.1", port).await;
        proxy.reset_after_bytes(3);
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))
            .await
            .expect("connects");
        client.write_all(b"request").await.expect("is sent");
        let (mut server, _) = listener.accept().await.expect("accepts");
        let mut arrived = [0; 7];
        server.read_exact(&mut arrived).await.expect("arrives");
        server.write_all(b"answer").await.expect("is sent");
        let mut answer = Vec::new();
        let ended = client.read_to_end(&mut answer).await;
        assert!(ended.is_err() || answer == b"ans", "{answer:?}");
        assert_eq!(&arrived, b"request");
    }
}
