//! The three streams of a worker, each with a thread of its own.
//!
//! A worker that does not read its stdin, or floods its stdout and stderr, must not block its parent;
//! with one thread for all of them, a full pipe would.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::process::Streams;
use super::stderr::StderrTail;
use crate::evidence::runtime::protocol::{Event, decode_event};
use crate::limits::{MAX_EVENT_LINE_BYTES, MAX_STDERR_LINE_BYTES};

/// Most events and lines that are read ahead.
const QUEUE: usize = 64;
/// How long the end of stderr may take to arrive after the worker has ended.
const STDERR_GRACE: Duration = Duration::from_millis(500);

/// What comes from a worker.
pub(super) enum FromWorker {
    /// One event.
    Event(Event),
    /// A line that is not an event, and the reason.
    ProtocolError(String),
    /// A line of its stderr.
    StderrLine(String),
    /// The end of its stdout.
    End,
}

/// Requests, events, and the end of the worker's stderr.
pub(super) struct Pipes {
    requests: Sender<Vec<u8>>,
    from_worker: Receiver<FromWorker>,
    stderr_tail: Arc<Mutex<StderrTail>>,
    stderr: Option<JoinHandle<()>>,
}

impl Pipes {
    /// Starts the threads; `show` also passes on every line of stderr.
    pub fn new(streams: Streams, show: bool) -> Pipes {
        let Streams { stdin, stdout, stderr } = streams;
        let stderr_tail = Arc::new(Mutex::new(StderrTail::default()));
        let (sender, from_worker) = sync_channel(QUEUE);
        let (requests, to_write) = channel();
        std::thread::spawn(move || write_requests(stdin, &to_write));
        let from_stderr = show.then(|| sender.clone());
        let kept = Arc::clone(&stderr_tail);
        let stderr = std::thread::spawn(move || read_stderr(stderr, &kept, from_stderr.as_ref()));
        std::thread::spawn(move || read_events(stdout, &sender));
        Pipes { requests, from_worker, stderr_tail, stderr: Some(stderr) }
    }

    /// Sends one line.
    pub fn send(&self, line: Vec<u8>) {
        // Without a writer there is no worker either; the next event says so.
        let _ = self.requests.send(line);
    }

    /// What comes next, waited for no longer than this.
    pub fn next(&self, patience: Duration) -> Result<FromWorker, RecvTimeoutError> {
        self.from_worker.recv_timeout(patience)
    }

    /// The newest lines of stderr so far.
    pub fn stderr_tail(&self) -> MutexGuard<'_, StderrTail> {
        locked(&self.stderr_tail)
    }

    /// Waits a moment for the end of stderr, after the worker has ended.
    pub fn wait_for_stderr(&mut self) {
        let Some(stderr) = self.stderr.take() else { return };
        let until = Instant::now() + STDERR_GRACE;
        // A join could block for ever: a process that the worker started may keep its stderr open.
        while !stderr.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn locked(tail: &Mutex<StderrTail>) -> MutexGuard<'_, StderrTail> {
    tail.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes requests until their sender is dropped, then closes the worker's stdin, which ends the
/// worker.
fn write_requests(mut stdin: impl Write, requests: &Receiver<Vec<u8>>) {
    ignore_broken_pipe();
    for line in requests {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Blocks SIGPIPE in this thread. A program may have set it to its deadly default, and then the end
/// of a worker would end its parent.
fn ignore_broken_pipe() {
    // SAFETY: the set is plain memory that the calls fill in.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
}

fn read_events(stdout: impl Read, sender: &SyncSender<FromWorker>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Longer than is allowed, so that the decoder refuses a line that is cut off here.
        let limit = MAX_EVENT_LINE_BYTES as u64 + 2;
        let read = stdout.by_ref().take(limit).read_until(b'\n', &mut line);
        let item = match read {
            Ok(0) | Err(_) => FromWorker::End,
            Ok(_) => {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                decode_event(text).map_or_else(FromWorker::ProtocolError, FromWorker::Event)
            }
        };
        let last = !matches!(item, FromWorker::Event(_));
        if sender.send(item).is_err() || last {
            return;
        }
    }
}

fn read_stderr(stderr: impl Read, tail: &Mutex<StderrTail>, show: Option<&SyncSender<FromWorker>>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match stderr.by_ref().take(MAX_STDERR_LINE_BYTES as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                if let Some(show) = show {
                    // Where the queue is full, a line is dropped: waiting would stop the worker.
                    let _ = show.try_send(FromWorker::StderrLine(text.to_string()));
                }
                locked(tail).add(text.into_owned());
            }
        }
    }
}
