//! An HTTP/1.1 server on loopback that answers as a test asks, also badly: cut off at a byte, stalled,
//! with wrong lengths, wrong checksums, redirects and ranges.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// An answer.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    stated_len: Option<usize>,
    cut_at: Option<usize>,
    stall: Duration,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: body.into(),
            stated_len: None,
            cut_at: None,
            stall: Duration::ZERO,
        }
    }

    pub fn redirect(status: u16, to: &str) -> Reply {
        Reply::new(status, "").header("Location", to)
    }

    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// States this length instead of the body's.
    pub fn stating(mut self, len: usize) -> Reply {
        self.stated_len = Some(len);
        self
    }

    /// Ends the connection after so many bytes of the body.
    pub fn cut_at(mut self, at: usize) -> Reply {
        self.cut_at = Some(at);
        self
    }

    /// Waits before ending the connection.
    pub fn stalling(mut self, time: Duration) -> Reply {
        self.stall = time;
        self
    }

    /// A file with an ETag, or the range of it that the request asks for.
    pub fn file(request: &Request, body: &[u8], etag: &str) -> Reply {
        let tagged = |reply: Reply| reply.header("ETag", etag).header("Accept-Ranges", "bytes");
        let range =
            request.header("Range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-'));
        let same = request.header("If-Range").is_none_or(|tag| tag == etag);
        match range.map(|r| r.parse::<usize>().unwrap()) {
            Some(from) if same && from < body.len() => {
                let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
                tagged(Reply::new(206, &body[from..])).header("Content-Range", &range)
            }
            Some(_) if same => Reply::new(416, ""),
            _ => tagged(Reply::new(200, body)),
        }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let len = self.stated_len.unwrap_or(self.body.len());
        let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", self.status);
        head.push_str(&format!("Content-Length: {len}\r\n"));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        let end = self.cut_at.unwrap_or(self.body.len()).min(self.body.len());
        stream.write_all(&self.body[..end])?;
        stream.flush()?;
        std::thread::sleep(self.stall);
        Ok(())
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server that runs until the test program ends.
pub struct Server {
    /// `http://127.0.0.1:<port>`
    pub url: String,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (handler, requests): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&log));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, requests) = (Arc::clone(&handler), Arc::clone(&requests));
                std::thread::spawn(move || serve(stream.unwrap(), &*handler, &requests));
            }
        });
        Server { url, log }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, handler: &Handler, log: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())))
        .collect();
    let request = Request { target, headers };
    // The body of a POST is read and ignored: closing the connection before would reset it.
    let len = request.header("Content-Length").and_then(|len| len.parse().ok()).unwrap_or(0);
    let _ = std::io::copy(&mut reader.take(len), &mut std::io::sink());
    log.lock().unwrap().push(request.clone());
    // Some tests are about a client that hangs up.
    let _ = handler(&request).send(&mut stream);
}
