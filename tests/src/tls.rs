//! A throw-away certificate authority, a nats-server that wants certificates, and TLS in front of Postgres.
//!
//! The Postgres that is fetched for tests is built without TLS. So a small terminator stands before it: it answers the
//! protocol's request for TLS, does the handshake as a server would, and passes on what it decrypts. For the client,
//! which is what is tested, nothing is different.

use anyhow::{Context, ensure};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use crate::nats::Nats;

/// What a Postgres client sends when it wants TLS: a length of 8 and this code.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An authority whose certificates hold for `127.0.0.1`.
pub struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// Files of a certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ergo-tls-").tempdir()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        std::fs::write(folder.path().join("ca.crt"), certificate.pem())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            folder,
        })
    }

    /// PEM file of its own certificate.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A certificate for this machine, to serve with or to be known by.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn issue(&self, name: &str) -> anyhow::Result<Identity> {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let identity = Identity {
            certificate: self.folder.path().join(format!("{name}.crt")),
            key: self.folder.path().join(format!("{name}.key")),
        };
        std::fs::write(&identity.certificate, certificate.pem())?;
        std::fs::write(&identity.key, key.serialize_pem())?;
        Ok(identity)
    }
}

/// A nats-server that talks TLS only, to whoever shows a certificate of the same authority.
///
/// # Errors
/// When it does not start.
pub async fn nats(authority: &Authority) -> anyhow::Result<Nats> {
    let server = authority.issue("nats")?;
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    Nats::start_with(format!(
        "tls {{ cert_file: {}, key_file: {}, ca_file: {}, verify: true }}\n",
        quoted(&server.certificate),
        quoted(&server.key),
        quoted(&authority.file())
    ))
    .await
}

/// TLS before a Postgres, for whoever shows a certificate of the same authority.
#[derive(Debug)]
pub struct Terminator {
    port: u16,
    _serving: AbortOnDropHandle<()>,
}

impl Terminator {
    /// Before the server at `host` and `port`.
    ///
    /// # Errors
    /// When no port is free or a certificate cannot be read.
    pub async fn before(
        (host, port): (String, u16),
        authority: &Authority,
    ) -> anyhow::Result<Self> {
        let acceptor = TlsAcceptor::from(Arc::new(config(authority)?));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let own = listener.local_addr()?.port();
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, host) = (acceptor.clone(), host.clone());
                // A connection that fails ends; its client says why.
                tokio::spawn(async move { terminate(client, acceptor, &host, port).await.ok() });
            }
        });
        Ok(Self {
            port: own,
            _serving: AbortOnDropHandle::new(serving),
        })
    }

    /// Its port, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn config(authority: &Authority) -> anyhow::Result<ServerConfig> {
    let server = authority.issue("postgres")?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.file())?)?;
    let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build()?;
    let chain = vec![CertificateDer::from_pem_file(&server.certificate)?];
    let key = PrivateKeyDer::from_pem_file(&server.key)?;
    ServerConfig::builder()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .context("a certificate of ours is usable")
}

async fn terminate(
    mut client: TcpStream,
    acceptor: TlsAcceptor,
    host: &str,
    port: u16,
) -> anyhow::Result<()> {
    let mut wish = [0; WANTS_TLS.len()];
    client.read_exact(&mut wish).await?;
    ensure!(wish == WANTS_TLS, "the client talks in clear");
    client.write_all(b"S").await?;
    let mut client = acceptor.accept(client).await?;
    let mut server = TcpStream::connect((host, port)).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
