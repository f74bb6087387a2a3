//! The worker process: maps the library, then serves requests until its parent goes away.
//!
//! It contains itself first: no inherited descriptors, no core dump, no more memory than allowed,
//! death with its parent, and, once the library is bound, the walls of `sandbox`. Whatever the
//! library prints goes to stderr, so that stdout, moved out of the library's reach, carries the
//! protocol alone.
//!
//! `load` and `restore` serve the two kinds of request. Below them, `slots` and `statistics` build
//! graphs, `attributes` writes what those graphs need, and `session` runs them; `library`,
//! `containment` and `sandbox` are used at the start.

mod attributes;
mod batches;
mod containment;
mod events;
mod library;
mod load;
mod restore;
mod sandbox;
mod session;
mod slots;
mod statistics;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::FromRawFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use self::containment::PeakMemory;
use self::events::{Events, Failed};
use self::sandbox::Needs;
use self::session::Threads;
use super::failure::Failure;
use super::protocol::{Event, PROTOCOL, Ready, Request, Start, Step, WORKER_ARGUMENT};

/// Serves and exits, if this process was started as a worker; returns at once if not.
///
/// A program whose census may use a session must call this at the start of `main`, unless
/// [`crate::Options::worker`] names another program that does. Nothing may be written to stdout
/// before. In a process that was started as a worker and goes on without this call, a census fails.
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
    // SAFETY: both descriptors were just made by dup and have no other owner.
    let (stdin, stdout) = unsafe { (File::from_raw_fd(stdin), File::from_raw_fd(stdout)) };
    let mut events = Events::new(stdout);
    // At once: without it the parent takes this process for a program that forgot to serve.
    events.send(&Event::Hello);
    // A panic's message is on stderr, which the parent reads.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        converse(&mut events, BufReader::new(stdin));
    }));
    // No teardown: the end of the process frees everything, and faster.
    containment::exit_now(1);
}

fn converse(events: &mut Events, mut stdin: BufReader<File>) {
    let Some(Request::Start(start)) = next_request(&mut stdin) else { containment::exit_now(0) };
    let threads = Threads(start.threads);
    let peak_memory = PeakMemory::new();
    match begin(events, &start) {
        Ok(ready) => events.send(&Event::Ready(ready)),
        Err(failed) => {
            events.failed(failed);
            return;
        }
    }
    // No thread before the walls are up: they hold for this one and for those that it starts.
    let requests = read_requests(stdin);
    while let Ok(request) = requests.recv() {
        let done = match request {
            Request::Start(_) => Err(Failed::request("started twice")),
            Request::Load(load) => load::load(&load, threads, events),
            Request::Restore(restore) => restore::restore(&restore, threads, events),
        };
        match done {
            Ok(()) => events.send(&Event::Done { peak_bytes: peak_memory.bytes() }),
            Err(failed) => events.failed(failed),
        }
    }
}

/// Reads requests in a thread of its own, so that the end of the parent, which closes stdin, ends
/// this process even while TensorFlow is at work.
fn read_requests(mut stdin: BufReader<File>) -> Receiver<Request> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        while let Some(request) = next_request(&mut stdin) {
            if sender.send(request).is_err() {
                break;
            }
        }
        containment::exit_now(0);
    });
    receiver
}

/// `None` at the end of stdin, and after what is no request.
fn next_request(stdin: &mut BufReader<File>) -> Option<Request> {
    let mut line = String::new();
    stdin.read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

fn begin(events: &mut Events, start: &Start) -> Result<Ready, Failed> {
    if start.protocol != PROTOCOL {
        return Err(Failed::request(format!("protocol {} is not supported", start.protocol)));
    }
    containment::no_core_dump();
    containment::merge_freed_memory();
    if let Some(bytes) = start.memory_limit {
        containment::limit_memory(bytes).map_err(|error| {
            Failed::request(format!("cannot limit the memory to {bytes} bytes: {error}"))
        })?;
    }
    events.step(Step::Library);
    let library = start.library.to_path();
    let framework = start.framework.as_ref().map(|path| path.to_path());
    // The signals that a terminal sends must not end this process while the link folder exists.
    let held_off = containment::hold_off_signals();
    let bound = library::bind(&library, framework.as_deref(), &start.link_folder.to_path());
    drop(held_off);
    // Not earlier: SIGKILL cannot be held off, and a parent that dies would leave the folder.
    containment::die_with_parent(start.parent);
    bound.map_err(Failed::library)?;
    for path in &start.op_libraries {
        let path = path.to_path();
        let Some(text) = path.to_str() else {
            return Err(Failed::library(format!("{}: the path is not UTF-8", path.display())));
        };
        session::load_op_library(text)
            .map_err(|r| Failed::library(Failure::from_status(r.code, &r.message).message))?;
    }
    let mut readable: Vec<PathBuf> = start.readable.iter().map(|path| path.to_path()).collect();
    readable.extend(files_of_library(&library, start.allow_gpu));
    readable.extend(framework);
    let walls = sandbox::raise(&Needs { readable, gpu: start.allow_gpu });
    Ok(Ready {
        protocol: PROTOCOL,
        tensorflow_version: session::version(),
        sandbox: walls.sandbox,
        sandbox_lacks: walls.missing,
    })
}

/// What the library may read of its own: itself, its Python package where it lies in one, and the
/// packages with the drivers' libraries that pip puts beside it.
fn files_of_library(library: &Path, allow_gpu: bool) -> Vec<PathBuf> {
    let mut paths = vec![library.to_path_buf()];
    let package = library.parent().filter(|folder| folder.ends_with("tensorflow"));
    paths.extend(package.map(Path::to_path_buf));
    let packages = package.and_then(Path::parent).filter(|_| allow_gpu);
    paths.extend(packages.map(|folder| folder.join("nvidia")));
    paths
}
