//! The three streams of a worker, each served by a thread: nothing that the worker does or fails to
//! do with them can hold its parent up.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::process::Streams;
use super::stderr::{Chatter, MAX_LINE};
use crate::evidence::runtime::protocol::{Event, MAX_EVENT_LINE, decode_event};

/// Events and lines on their way to the one who waits.
const QUEUE: usize = 64;
/// How long last words may take to arrive after a death.
const LAST_WORDS_GRACE: Duration = Duration::from_millis(500);
/// What comes from a worker.
pub(super) enum News {
    /// One event.
    Event(Event),
    /// A line that is no event, and why.
    Nonsense(String),
    /// A line of its stderr.
    Output(String),
    /// It will say no more.
    End,
}

/// Both directions, and what the worker's stderr has said.
pub(super) struct Pipes {
    requests: Sender<Vec<u8>>,
    news: Receiver<News>,
    chatter: Arc<Mutex<Chatter>>,
    stderr: Option<JoinHandle<()>>,
}

impl Pipes {
    /// Starts the threads; `show` also passes on every line of stderr.
    pub fn new(streams: Streams, show: bool) -> Pipes {
        let Streams { stdin, stdout, stderr } = streams;
        let chatter = Arc::new(Mutex::new(Chatter::default()));
        let (sender, news) = sync_channel(QUEUE);
        let (requests, to_write) = channel();
        std::thread::spawn(move || write_requests(stdin, &to_write));
        let from_stderr = show.then(|| sender.clone());
        let kept = Arc::clone(&chatter);
        let stderr = std::thread::spawn(move || read_stderr(stderr, &kept, from_stderr.as_ref()));
        std::thread::spawn(move || read_events(stdout, &sender));
        Pipes { requests, news, chatter, stderr: Some(stderr) }
    }

    /// Sends one line.
    pub fn send(&self, line: Vec<u8>) {
        // A writer that is gone means a worker that is gone: the next event says so.
        let _ = self.requests.send(line);
    }

    /// Waits for what comes next, but not longer than this.
    pub fn next(&self, patience: Duration) -> Result<News, RecvTimeoutError> {
        self.news.recv_timeout(patience)
    }

    /// What stderr has said so far.
    pub fn chatter(&self) -> MutexGuard<'_, Chatter> {
        locked(&self.chatter)
    }

    /// Waits a moment for the end of stderr, once the worker is dead.
    pub fn hear_last_words(&mut self) {
        let Some(stderr) = self.stderr.take() else { return };
        let until = Instant::now() + LAST_WORDS_GRACE;
        // Not joined blindly: something that the worker started may hold its stderr open.
        while !stderr.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn locked(chatter: &Mutex<Chatter>) -> MutexGuard<'_, Chatter> {
    chatter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes requests until the one who makes them is gone, then closes the worker's stdin, which
/// ends the worker.
fn write_requests(mut stdin: impl Write, requests: &Receiver<Vec<u8>>) {
    ignore_broken_pipe();
    for line in requests {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Keeps the signal of a broken pipe, which a program may have set to be deadly, from this thread:
/// a dead worker must not take its parent along.
fn ignore_broken_pipe() {
    // SAFETY: the set is plain memory that the calls fill in.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
}

fn read_events(stdout: impl Read, news: &SyncSender<News>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than is allowed, so that the decoder refuses what was cut off here.
        let limit = MAX_EVENT_LINE as u64 + 2;
        let read = stdout.by_ref().take(limit).read_until(b'\n', &mut line);
        let item = match read {
            Ok(0) | Err(_) => News::End,
            Ok(_) => {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                decode_event(text).map_or_else(News::Nonsense, News::Event)
            }
        };
        let last = !matches!(item, News::Event(_));
        if news.send(item).is_err() || last {
            return;
        }
    }
}

fn read_stderr(stderr: impl Read, chatter: &Mutex<Chatter>, show: Option<&SyncSender<News>>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match stderr.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                if let Some(show) = show {
                    // Where nobody takes them, lines are dropped rather than stop the worker.
                    let _ = show.try_send(News::Output(text.to_string()));
                }
                locked(chatter).add(text.into_owned());
            }
        }
    }
}
