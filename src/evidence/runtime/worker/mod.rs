//! The worker process: maps the library, then answers requests until its parent goes away.
//!
//! It takes care of itself first: no inherited descriptors, no core dump, no more memory than
//! allowed, and death with its parent. Whatever the library prints goes to stderr, so that stdout
//! (moved out of its reach) carries the protocol alone.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use self::session::{Refusal, Threads};
use crate::evidence::runtime::failure::{Failure, StatusCode};
use crate::evidence::runtime::protocol::{
    Event, FailedKind, HeldLine, MAX_EVENT_LINE, MAX_HELD_PER_EVENT, MAX_TEXT, PROTOCOL, Raw,
    Request, Start, Step, WORKER_ARGUMENT, cut, encode,
};

mod attributes;
mod containment;
mod library;
mod load;
mod restore;
mod session;
mod slots;
mod statistics;

/// Why a request failed, while the worker lives on.
#[derive(Debug)]
pub(super) struct Failed {
    kind: FailedKind,
    code: Option<u32>,
    message: String,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Failed {
            kind: FailedKind::Status,
            code: Some(refusal.code.number()),
            message: refusal.message,
        }
    }
}

impl Failed {
    /// The request cannot be served, through no doing of TensorFlow's.
    pub fn request(message: impl Into<String>) -> Failed {
        Failed { kind: FailedKind::Request, code: None, message: message.into() }
    }

    /// The system does not let this process into the folder.
    pub fn folder(folder: &Path, error: &std::io::Error) -> Failed {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => StatusCode::NotFound,
            std::io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
            _ => StatusCode::FailedPrecondition,
        };
        let message = format!("{}: {error}", folder.display());
        Refusal { code, message }.into()
    }

    fn library(message: impl Into<String>) -> Failed {
        Failed { kind: FailedKind::Library, code: None, message: message.into() }
    }
}

/// Where the worker's events go.
pub(super) struct Events(File);

impl Events {
    fn send(&mut self, event: &Event) {
        // A parent that does not listen any more is gone, and so is the reason to go on.
        if self.0.write_all(&encode(event)).is_err() {
            containment::exit_now(1);
        }
    }

    /// Says which step has begun.
    pub fn step(&mut self, step: Step) {
        self.send(&Event::Step { step });
    }

    /// Sends what is held, starting with the variable at `first`, in as many events as it takes.
    pub fn held(&mut self, first: usize, held: Vec<HeldLine>) {
        let mut first = first as u64;
        let mut rest = held.into_iter().peekable();
        while rest.peek().is_some() {
            // At most 254 dimensions of 20 digits, and an error of 512 bytes: 64 of the longest
            // stay below the line's limit.
            let part: Vec<HeldLine> = rest.by_ref().take(MAX_HELD_PER_EVENT / 4).collect();
            let len = part.len() as u64;
            self.send(&Event::Held { first, held: part });
            first += len;
        }
    }

    /// Sends the names of variable ops that nobody asked for.
    pub fn unasked(&mut self, names: Vec<String>) {
        let mut part: Vec<String> = Vec::new();
        let mut bytes = 0;
        for name in names {
            let name = cut(&name, MAX_TEXT).to_string();
            // A JSON string can take six bytes for one.
            if bytes + name.len() * 6 > MAX_EVENT_LINE / 2 && !part.is_empty() {
                self.send(&Event::Unasked { names: std::mem::take(&mut part) });
                bytes = 0;
            }
            bytes += name.len() * 6 + 3;
            part.push(name);
        }
        if !part.is_empty() {
            self.send(&Event::Unasked { names: part });
        }
    }
}

/// Serves and exits, if this process was started as a worker; returns at once if not.
///
/// A program whose census may ask a session must call this first thing in `main`, unless
/// [`crate::Options::worker`] names another program that does.
pub fn serve_if_worker() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|a| a == WORKER_ARGUMENT) && arguments.next().is_none() {
        serve();
    }
}

fn serve() -> ! {
    containment::close_inherited();
    let Some((stdin, stdout)) = containment::move_standard_streams() else {
        containment::exit_now(1);
    };
    // SAFETY: both descriptors were just made by dup and belong to nobody else.
    let (stdin, stdout) = unsafe { (File::from_raw_fd(stdin), File::from_raw_fd(stdout)) };
    let mut events = Events(stdout);
    let requests = read_requests(stdin);
    // A panic's message is on stderr, which the parent reads.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        converse(&mut events, &requests);
    }));
    // No teardown: the end of the process frees everything, and faster.
    containment::exit_now(1);
}

/// Reads requests in a thread of its own, which also notices the parent's end.
fn read_requests(stdin: File) -> Receiver<Request> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdin).lines() {
            let Ok(line) = line else { break };
            let Ok(request) = serde_json::from_str(&line) else { break };
            if sender.send(request).is_err() {
                break;
            }
        }
        let _unlinked = library::wait_until_unlinked();
        containment::exit_now(0);
    });
    receiver
}

fn converse(events: &mut Events, requests: &Receiver<Request>) {
    let Ok(Request::Start(start)) = requests.recv() else { return };
    let threads = Threads(start.threads);
    match begin(events, &start) {
        Ok(tensorflow_version) => {
            events.send(&Event::Ready { protocol: PROTOCOL, tensorflow_version });
        }
        Err(failed) => {
            fail(events, failed);
            return;
        }
    }
    while let Ok(request) = requests.recv() {
        let done = match request {
            Request::Start(_) => Err(Failed::request("started twice")),
            Request::Load(load) => load::load(&load, threads, events),
            Request::Restore(restore) => restore::restore(&restore, threads, events),
        };
        match done {
            Ok(()) => events.send(&Event::Done { peak_bytes: containment::peak_bytes() }),
            Err(failed) => fail(events, failed),
        }
    }
}

fn fail(events: &mut Events, failed: Failed) {
    let Failed { kind, code, message } = failed;
    events.send(&Event::Failed { kind, code, message: cut(&message, MAX_TEXT).to_string() });
}

fn begin(events: &mut Events, start: &Start) -> Result<String, Failed> {
    if start.protocol != PROTOCOL {
        return Err(Failed::request(format!("protocol {} is not spoken here", start.protocol)));
    }
    containment::no_core_dump();
    containment::merge_freed_memory();
    if let Some(bytes) = start.memory_limit {
        containment::limit_memory(bytes).map_err(|error| {
            Failed::request(format!("cannot limit the memory to {bytes} bytes: {error}"))
        })?;
    }
    events.step(Step::Library);
    let library = path(&start.library)?;
    let framework = start.framework.as_ref().map(path).transpose()?;
    let link_folder = path(&start.link_folder)?;
    // While the link folder exists, only what cannot be held off may end this process.
    let held_off = containment::hold_off_signals();
    let bound = library::bind(&library, framework.as_deref(), &link_folder);
    drop(held_off);
    containment::die_with_parent(start.parent);
    bound.map_err(Failed::library)?;
    for raw in &start.op_libraries {
        let path = path(raw)?;
        let Some(text) = path.to_str() else {
            return Err(Failed::library(format!("{}: the path is not UTF-8", path.display())));
        };
        session::load_op_library(text)
            .map_err(|r| Failed::library(Failure::from_status(r.code, &r.message).message))?;
    }
    Ok(session::version())
}

/// The path in a request.
pub(super) fn path(raw: &Raw) -> Result<PathBuf, Failed> {
    let bytes = raw.bytes().ok_or_else(|| Failed::request("a path that is no bytes"))?;
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}
