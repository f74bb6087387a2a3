//! The parent's side: starts a worker, asks it, and turns whatever happens to it into an answer or
//! a failure with a reason.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::pipes::{News, Pipes};
use super::process::{Process, Surroundings};
use super::progress::Meter;
use super::stderr::speaks_of_memory;
use crate::evidence::runtime::failure::{Failure, FailureKind, StatusCode};
use crate::evidence::runtime::find_library::Location;
use crate::evidence::runtime::link_folder::remove_link_folder;
use crate::evidence::runtime::protocol::{
    self, Event, FailedKind, HeldLine, Load, LoadVariable, PROTOCOL, Raw, Request, Restore,
    RestoreLine, Start, Step,
};
use crate::evidence::runtime::protocol::{
    Answer, Held, Limits, LoadRequest, RestoreRequest, RestoreTensor, VariableKind, VariableOp,
};
use crate::options::Progress;

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Events that a worker may send beyond one for each variable.
const MAX_EXTRA_EVENTS: u64 = 10_000;
/// Most names of variables that nobody asked for, in bytes.
const MAX_UNASKED_BYTES: usize = 64 << 20;

/// A worker process that maps the library, or has done so, and answers requests.
///
/// It is killed when this is dropped, whatever it does. After a failed request it can be asked
/// again, unless it has died ([`Worker::is_alive`]).
pub struct Worker<'a> {
    limits: Limits<'a>,
    library: PathBuf,
    link_folder: PathBuf,
    process: Process,
    started: Instant,
    pipes: Pipes,
    tensorflow_version: Option<String>,
    step: Option<Step>,
    alive: bool,
}

/// Starts a worker that maps the library at once, while the caller does something else.
pub fn start<'a>(location: &Location, limits: &Limits<'a>) -> Result<Worker<'a>, Failure> {
    let Some(library) = &location.library else {
        return Err(Failure::new(FailureKind::NoLibrary, "no libtensorflow was found"));
    };
    let link_folder = new_link_folder();
    let surroundings = Surroundings {
        link_folder: &link_folder,
        allow_gpu: limits.allow_gpu,
        verbose: limits.show_library_output,
    };
    let (process, streams) = Process::start(limits.worker, &surroundings).map_err(|error| {
        Failure::new(FailureKind::Protocol, format!("cannot start the session's process: {error}"))
    })?;
    let pipes = Pipes::new(streams, limits.show_library_output);
    let worker = Worker {
        limits: *limits,
        library: library.clone(),
        link_folder,
        process,
        started: Instant::now(),
        pipes,
        tensorflow_version: None,
        step: None,
        alive: true,
    };
    worker.send(&Request::Start(Start {
        protocol: PROTOCOL,
        parent: std::process::id(),
        library: raw(library),
        framework: location.framework.as_deref().map(raw),
        link_folder: raw(&worker.link_folder),
        memory_limit: limits.memory_limit,
        op_libraries: limits.op_libraries.iter().map(|path| raw(absolute(path))).collect(),
        threads: threads(),
    }));
    Ok(worker)
}

/// Loads the library in a worker and gives its version.
pub fn probe(location: &Location, limits: &Limits<'_>) -> Result<String, Failure> {
    start(location, limits)?.version()
}

/// Loads a model in a new worker.
pub fn load(
    location: &Location,
    request: &LoadRequest<'_>,
    limits: &Limits<'_>,
) -> Result<Answer, Failure> {
    start(location, limits)?.load(request)
}

/// Restores tensors in a new worker.
pub fn restore(
    location: &Location,
    request: &RestoreRequest<'_>,
    limits: &Limits<'_>,
) -> Result<Answer, Failure> {
    start(location, limits)?.restore(request)
}

impl Worker<'_> {
    /// The version of the library, once it is mapped.
    pub fn version(&mut self) -> Result<String, Failure> {
        let deadline = self.deadline();
        while self.tensorflow_version.is_none() {
            match self.next(deadline)? {
                Some(Event::Failed { kind, code, message }) => {
                    return Err(self.failed(kind, code, &message));
                }
                Some(Event::Ready { .. } | Event::Step { .. }) | None => {}
                Some(_) => return Err(self.nonsense("an answer that nobody asked for")),
            }
        }
        Ok(self.tensorflow_version.clone().unwrap_or_default())
    }

    /// False once the process is known to have ended: nothing can be asked any more.
    pub fn is_alive(&self) -> bool {
        self.alive
    }

    /// Has TensorFlow's own loader load the model, and asks for its variables.
    pub fn load(&mut self, request: &LoadRequest<'_>) -> Result<Answer, Failure> {
        let model_dir = absolute(request.model_dir);
        let total = super::progress::bytes_to_load(&model_dir);
        self.ask(
            &Request::Load(Load {
                model_dir: raw(&model_dir),
                tags: request.tags.to_vec(),
                variables: request.variables.iter().map(load_variable).collect(),
            }),
            request.variables.len(),
            total,
        )
    }

    /// Has tensors restored, batch by batch.
    pub fn restore(&mut self, request: &RestoreRequest<'_>) -> Result<Answer, Failure> {
        let total = request.tensors.iter().fold(0u64, |sum, t| sum.saturating_add(t.byte_len));
        self.ask(
            &Request::Restore(Restore {
                prefix: raw(absolute(request.prefix)),
                tensors: request.tensors.iter().map(restore_line).collect(),
                batch_bytes: request.batch_bytes,
                stats: request.stats,
            }),
            request.tensors.len(),
            total,
        )
    }

    fn ask(&mut self, request: &Request, asked: usize, bytes: u64) -> Result<Answer, Failure> {
        self.send(request);
        let answer = self.listen(asked, bytes);
        self.limits.observer.notice(Progress::Done);
        answer
    }

    /// Takes events until the answer is complete.
    fn listen(&mut self, asked: usize, bytes: u64) -> Result<Answer, Failure> {
        let deadline = self.deadline();
        let mut held: Vec<HeldLine> = vec![HeldLine::default(); asked];
        let mut unasked = Vec::new();
        let mut unasked_bytes = 0usize;
        let mut meter = Meter::new(self.process.pid(), bytes);
        let mut events_left = MAX_EXTRA_EVENTS.saturating_add(asked as u64);
        let peak_bytes = loop {
            let Some(event) = self.next(deadline)? else {
                meter.look(self.limits.observer);
                continue;
            };
            events_left = match events_left.checked_sub(1) {
                Some(left) => left,
                None => return Err(self.nonsense("more events than there is to say")),
            };
            match event {
                Event::Ready { .. } => {}
                Event::Step { step: Step::Model | Step::Weights } => meter.begin(),
                Event::Step { .. } => meter.end(self.limits.observer),
                Event::Held { first, held: part } => {
                    let places = usize::try_from(first)
                        .ok()
                        .and_then(|first| held.get_mut(first..)?.get_mut(..part.len()));
                    let Some(places) = places else {
                        return Err(self.nonsense("more variables than were asked for"));
                    };
                    places.iter_mut().zip(part).for_each(|(place, line)| *place = line);
                }
                Event::Unasked { names } => {
                    unasked_bytes += names.iter().map(|n| n.len() + 24).sum::<usize>();
                    if unasked_bytes > MAX_UNASKED_BYTES {
                        return Err(self.nonsense("too many variables that nobody asked for"));
                    }
                    unasked.extend(names);
                }
                Event::Done { peak_bytes } => break peak_bytes,
                Event::Failed { kind, code, message } => {
                    return Err(self.failed(kind, code, &message));
                }
            }
        };
        meter.end(self.limits.observer);
        Ok(Answer {
            tensorflow_version: self.tensorflow_version.clone().unwrap_or_default(),
            library: self.library.clone(),
            elapsed: self.started.elapsed(),
            peak_bytes,
            held: held.into_iter().map(HeldLine::held).collect::<Vec<Held>>(),
            unasked,
        })
    }

    fn send(&self, request: &Request) {
        self.pipes.send(protocol::encode(request));
    }

    fn deadline(&self) -> Option<Instant> {
        self.limits.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// The next event; `None` after a while without one. Everything that ends the conversation is
    /// an error here.
    fn next(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, Failure> {
        let now = Instant::now();
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Err(self.timed_out());
        }
        let patience = deadline.map_or(TICK, |deadline| TICK.min(deadline - now));
        match self.pipes.next(patience) {
            Ok(News::Event(event)) => {
                self.notice(&event);
                Ok(Some(event))
            }
            Ok(News::Output(line)) => {
                self.limits.observer.notice(Progress::LibraryOutput(line));
                Ok(None)
            }
            Ok(News::Nonsense(what)) => Err(self.nonsense(&what)),
            Ok(News::End) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => Ok(None),
        }
    }

    fn notice(&mut self, event: &Event) {
        match event {
            Event::Ready { tensorflow_version, .. } => {
                self.tensorflow_version = Some(tensorflow_version.clone());
            }
            Event::Step { step } => {
                self.step = Some(*step);
                self.limits.observer.notice(Progress::Step(doing(*step).into()));
            }
            _ => {}
        }
    }

    fn failed(&mut self, kind: FailedKind, code: Option<u32>, message: &str) -> Failure {
        let mut failure = match kind {
            FailedKind::Status => {
                Failure::from_status(StatusCode::from_number(code.unwrap_or(2)), message)
            }
            FailedKind::Library if speaks_of_memory(message) => Failure::new(
                FailureKind::OutOfMemory,
                format!("there is not enough memory to map the library: {message}"),
            ),
            FailedKind::Library => Failure::new(FailureKind::LibraryUnusable, message),
            FailedKind::Request => Failure::new(FailureKind::Protocol, message),
        };
        if kind != FailedKind::Status {
            failure.last_words = self.pipes.chatter().last_words();
        }
        // A worker without a library has nothing to live for.
        self.alive &= self.tensorflow_version.is_some();
        failure
    }

    fn nonsense(&mut self, what: &str) -> Failure {
        self.alive = false;
        self.process.kill();
        self.dead(FailureKind::Protocol, format!("the session's process said {what}"))
    }

    fn timed_out(&mut self) -> Failure {
        self.alive = false;
        self.process.kill();
        let within = self.limits.timeout.unwrap_or_default().as_secs_f64();
        let doing = self.doing();
        self.dead(
            FailureKind::TimedOut,
            format!("the session gave no answer within {within} s (it was {doing})"),
        )
    }

    fn ended(&mut self) -> Failure {
        self.alive = false;
        // It may have closed its stdout without an end: it has nothing more to say.
        self.process.kill();
        let status = self.process.wait();
        self.pipes.hear_last_words();
        let doing = self.doing();
        if self.pipes.chatter().speaks_of_memory() {
            let limit = match self.limits.memory_limit {
                Some(bytes) => format!("the limit of {bytes} bytes of memory did not suffice"),
                None => "the memory did not suffice".into(),
            };
            return self.dead(
                FailureKind::OutOfMemory,
                format!("{limit} (the session's process was {doing})"),
            );
        }
        let signal = status.and_then(|status| status.signal());
        let message = match signal {
            Some(signal) => format!(
                "the session's process was ended by signal {signal}{} while {doing}",
                signal_name(signal)
            ),
            None => {
                format!("the session's process ended by itself{} while {doing}", exit_code(status))
            }
        };
        self.dead(FailureKind::Crashed { signal }, message)
    }

    fn dead(&mut self, kind: FailureKind, message: String) -> Failure {
        self.pipes.hear_last_words();
        let last_words = self.pipes.chatter().last_words();
        Failure { kind, message, last_words }
    }

    fn doing(&self) -> &'static str {
        self.step.map_or("starting", doing)
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.process.kill();
        if self.tensorflow_version.is_none() {
            // It may have been in the middle of binding the library.
            self.process.wait();
            remove_link_folder(&self.link_folder);
        }
    }
}

fn doing(step: Step) -> &'static str {
    match step {
        Step::Library => "loading libtensorflow",
        Step::Model => "loading the model",
        Step::Shapes => "asking the session for shapes",
        Step::Weights => "restoring the weights",
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => " (abort)",
        libc::SIGSEGV => " (segmentation fault)",
        libc::SIGBUS => " (bus error)",
        libc::SIGILL => " (illegal instruction)",
        libc::SIGFPE => " (arithmetic error)",
        libc::SIGKILL => " (killed, perhaps for want of memory)",
        libc::SIGINT => " (interrupted)",
        libc::SIGTERM => " (terminated)",
        _ => "",
    }
}

fn exit_code(status: Option<ExitStatus>) -> String {
    status.and_then(|s| s.code()).map_or(String::new(), |code| format!(" with code {code}"))
}

/// As many threads as there are processors, within reason.
fn threads() -> u8 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u8::try_from(processors.min(8)).unwrap_or(1)
}

/// A name that nobody has, for a folder that the worker makes.
fn new_link_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    temporary_folder().join(format!("tfcensus-{}-{count}-{now}", std::process::id()))
}

/// The first of the usual folders for temporary files that can be written to.
fn temporary_folder() -> PathBuf {
    let usual = absolute(&std::env::temp_dir());
    let others = ["/dev/shm", "/var/tmp"].map(PathBuf::from);
    let writable = |folder: &PathBuf| {
        let path = CString::new(folder.as_os_str().as_bytes());
        // SAFETY: a plain system call on a string that ends with a zero byte.
        path.is_ok_and(|path| unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } == 0)
    };
    std::iter::once(&usual).chain(&others).find(|f| writable(f)).unwrap_or(&usual).clone()
}

/// The worker changes its folder: it gets absolute paths only.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn raw(path: impl AsRef<Path>) -> Raw {
    Raw::new(path.as_ref().as_os_str().as_bytes())
}

fn load_variable(variable: &VariableOp) -> LoadVariable {
    LoadVariable {
        node: variable.node.clone(),
        reference: variable.kind == VariableKind::Reference,
        read: variable.read.clone(),
    }
}

fn restore_line(tensor: &RestoreTensor) -> RestoreLine {
    RestoreLine {
        key: Raw::new(&tensor.key),
        slice: tensor.slice.clone(),
        dtype: tensor.dtype.number(),
        byte_len: tensor.byte_len,
    }
}
