//! Downloads through a proxy, over TLS, with a certificate that only the system trusts: a proxy on
//! loopback that answers for the hub as well, and a certificate authority of the test.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::YAMNET;
use crate::common::archive::tar_gz;
use crate::common::world::World;
use crate::common::{Run, fixture};

struct Proxy {
    /// `127.0.0.1:<port>`
    place: String,
    /// The heads of all requests, to the proxy and then inside the tunnel.
    heads: Arc<Mutex<Vec<String>>>,
    authority: String,
}

impl Proxy {
    /// Answers CONNECT with `answer`; after a 200 it serves `body` for the hub.
    fn start(answer: &'static str, body: Vec<u8>) -> Proxy {
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["tfhub.dev".to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::from_params(&params, &authority_key))
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                seen.lock().unwrap().push(head(&mut stream));
                stream.write_all(answer.as_bytes()).unwrap();
                if answer.contains(" 200 ") {
                    // A client without trust in the certificate hangs up, which one test expects.
                    let _ = serve(stream, &config, &body, &seen);
                }
            }
        });
        Proxy { place, heads, authority: authority.pem() }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn head(stream: &mut impl Read) -> String {
    let mut head = String::new();
    // Byte by byte: the bytes after the head are those of the TLS connection.
    let mut reader = BufReader::with_capacity(1, stream);
    while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
    head
}

fn serve(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    body: &[u8],
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    seen.lock().unwrap().push(head(&mut stream));
    let start =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(start.as_bytes())?;
    stream.write_all(body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

const GOOD: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn model() -> Vec<u8> {
    tar_gz(&fixture("lenet5"), ".")
}

#[test]
fn uses_the_proxy_and_trusts_the_system_s_certificates() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, model());
    let authority = world.path("authority.pem");
    fs::write(&authority, &proxy.authority).unwrap();
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", YAMNET])
        .env("HTTPS_PROXY", format!("http://me:secret@{}", proxy.place))
        .env("SSL_CERT_FILE", &authority)
        .run();
    assert_eq!(done.stdout, "61706\n", "{}", done.stderr);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads[0].starts_with("CONNECT tfhub.dev:443 HTTP/1.1\r\n"), "{heads:?}");
    // printf me:secret | base64
    let given = heads[0].to_ascii_lowercase().contains("proxy-authorization: basic bwu6c2vjcmv0");
    assert!(given, "{heads:?}");
    assert!(heads[1].starts_with("GET /google/yamnet/1?tf-hub-format=compressed "), "{heads:?}");
    assert!(
        !heads[1].to_ascii_lowercase().contains("proxy-"),
        "credentials of the proxy stay with it"
    );
}

#[test]
fn sends_no_request_to_a_server_with_an_unknown_certificate() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, model());
    let other = Proxy::start(GOOD, Vec::new());
    let authority = world.path("another.pem");
    fs::write(&authority, &other.authority).unwrap();
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", YAMNET])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .env("SSL_CERT_FILE", &authority)
        .run();
    let said = done.stderr;
    assert_eq!(done.code, Some(2), "{said}");
    assert!(said.starts_with("error: no secure connection to tfhub.dev: "), "{said}");
    assert!(said.contains(&format!("where: {YAMNET}\n")), "{said}");
    assert!(said.contains("the system's certificates (or SSL_CERT_FILE)"), "{said}");
    assert_eq!(proxy.heads().len(), 1, "one tunnel, and no request in it");
}

#[test]
fn the_error_names_the_proxy_that_refuses() {
    let world = World::new();
    let proxy = Proxy::start(
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        Vec::new(),
    );
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", YAMNET])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .run();
    let said = done.stderr;
    assert_eq!(done.code, Some(2), "{said}");
    assert!(said.contains("proxy") && said.contains("HTTPS_PROXY"), "{said}");
    assert_eq!(proxy.heads().len(), 1, "no second attempt: the answer would be the same");
}

#[test]
fn no_proxy_bypasses_the_proxy() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, Vec::new());
    let done = world
        .command(&["count", "--quiet", "https://host.invalid/m.tar.gz"])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .env("NO_PROXY", "example.org,.invalid")
        .run();
    assert!(done.stderr.starts_with("error: host.invalid cannot be found"), "{}", done.stderr);
    assert!(proxy.heads().is_empty());
}
