//! Through a proxy, over TLS, with a certificate that only the system knows: a proxy on loopback
//! that is the hub as well, and a certificate authority made for the test.

mod world;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use world::{World, fixture, stderr, tar_gz};

const HANDLE: &str = "https://tfhub.dev/google/yamnet/1";

struct Proxy {
    /// `127.0.0.1:<port>`
    place: String,
    /// The first lines and headers of what it was asked, and then inside the tunnel.
    heads: Arc<Mutex<Vec<String>>>,
    authority: String,
}

impl Proxy {
    /// `answer` is its answer to CONNECT; behind a good one is a hub that gives `body`.
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
                    // A client that does not trust us hangs up; that is what a test looks for.
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
    // Byte by byte: what follows the head belongs to somebody else.
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
    tar_gz(&fixture("lenet5").join("model"), ".")
}

#[test]
fn goes_through_the_proxy_and_trusts_whom_the_system_trusts() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, model());
    let authority = world.path("authority.pem");
    fs::write(&authority, &proxy.authority).unwrap();
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", HANDLE])
        .env("HTTPS_PROXY", format!("http://me:secret@{}", proxy.place))
        .env("SSL_CERT_FILE", &authority)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{}", stderr(&done));
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads[0].starts_with("CONNECT tfhub.dev:443 HTTP/1.1\r\n"), "{heads:?}");
    // printf me:secret | base64
    let given = heads[0].to_ascii_lowercase().contains("proxy-authorization: basic bwu6c2vjcmv0");
    assert!(given, "{heads:?}");
    assert!(heads[1].starts_with("GET /google/yamnet/1?tf-hub-format=compressed "), "{heads:?}");
    assert!(!heads[1].to_ascii_lowercase().contains("proxy-"), "what is the proxy's stays there");
}

#[test]
fn asks_nobody_whose_certificate_the_system_does_not_know() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, model());
    let other = Proxy::start(GOOD, Vec::new());
    let authority = world.path("another.pem");
    fs::write(&authority, &other.authority).unwrap();
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", HANDLE])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .env("SSL_CERT_FILE", &authority)
        .output()
        .unwrap();
    let said = stderr(&done);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: no secure connection to tfhub.dev: "), "{said}");
    assert!(said.contains(&format!("where: {HANDLE}\n")), "{said}");
    assert!(said.contains("the system's certificates (or SSL_CERT_FILE)"), "{said}");
    assert_eq!(proxy.heads().len(), 1, "the tunnel, once, and nothing in it");
}

#[test]
fn says_that_it_is_the_proxy_that_refuses() {
    let world = World::new();
    let proxy = Proxy::start(
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        Vec::new(),
    );
    let done = world
        .command(&["count", "--quiet", "--runtime", "off", HANDLE])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .output()
        .unwrap();
    let said = stderr(&done);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("proxy") && said.contains("HTTPS_PROXY"), "{said}");
    assert_eq!(proxy.heads().len(), 1, "asking again would not change it");
}

#[test]
fn leaves_the_proxy_out_where_no_proxy_says_so() {
    let world = World::new();
    let proxy = Proxy::start(GOOD, Vec::new());
    let done = world
        .command(&["count", "--quiet", "https://host.invalid/m.tar.gz"])
        .env("HTTPS_PROXY", format!("http://{}", proxy.place))
        .env("NO_PROXY", "example.org,.invalid")
        .output()
        .unwrap();
    assert!(stderr(&done).starts_with("error: host.invalid cannot be found"), "{}", stderr(&done));
    assert!(proxy.heads().is_empty());
}
