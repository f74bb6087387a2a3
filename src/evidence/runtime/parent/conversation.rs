//! One worker as the census uses it: start, request, answer, end.

use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::answer::{Answer, PartialAnswer};
use super::ending::{activity, of_exit, of_failed_event};
use super::pipes::{FromWorker, Pipes};
use super::process::{Process, WorkerEnvironment};
use super::progress::{Meter, bytes_to_load};
use crate::evidence::runtime::failure::{Failure, FailureKind};
use crate::evidence::runtime::find_library::Location;
use crate::evidence::runtime::link_folder::{new_link_folder, remove_link_folder};
use crate::evidence::runtime::protocol::{
    Event, FailedKind, LoadRequest, PROTOCOL, RawBytes, Ready, Request, RestoreRequest, Start,
    Step, encode, is_started_as_worker,
};
use crate::limits::WORKER_GREETING_PATIENCE;
use crate::options::{Observer, Options, Progress};

/// Why a process that was started as a worker starts none itself.
pub const STARTED_AS_WORKER: &str = "this process was started to serve a session to another one, \
    and its main did not call tfcensus::serve_if_worker()";

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);

/// A worker process that maps the library, or has done so, and answers requests.
///
/// Dropping it kills the process, whatever the process is doing. After a failed request it takes
/// the next one, unless the process has died ([`Worker::is_alive`]).
pub struct Worker<'a> {
    options: &'a Options,
    observer: &'a dyn Observer,
    library: PathBuf,
    link_folder: PathBuf,
    process: Process,
    started: Instant,
    pipes: Pipes,
    ready: Option<Ready>,
    step: Option<Step>,
    /// True once the process has proved to be a worker.
    has_greeted: bool,
    alive: bool,
}

/// Starts a worker that maps the library at once, while the caller does something else. Of a model it
/// can read what lies in `readable`, and nothing else.
pub fn start<'a>(
    location: &Location,
    readable: &[PathBuf],
    options: &'a Options,
    observer: &'a dyn Observer,
) -> Result<Worker<'a>, Failure> {
    // Its child would start another, without end.
    if is_started_as_worker() {
        return Err(Failure::new(FailureKind::NotAWorker, STARTED_AS_WORKER));
    }
    let Some(library) = &location.library else {
        return Err(Failure::new(FailureKind::NoLibrary, "no libtensorflow was found"));
    };
    let link_folder = new_link_folder().map_err(|tried| no_folder(&tried))?;
    let environment = WorkerEnvironment {
        link_folder: &link_folder,
        allow_gpu: options.allow_gpu,
        verbose: options.show_library_output,
    };
    let (process, streams) =
        Process::start(options.worker.as_deref(), &environment).map_err(|error| {
            Failure::new(
                FailureKind::Protocol,
                format!("cannot start the session's process: {error}"),
            )
        })?;
    let worker = Worker {
        options,
        observer,
        library: library.clone(),
        link_folder,
        process,
        started: Instant::now(),
        pipes: Pipes::new(streams, options.show_library_output),
        ready: None,
        step: None,
        has_greeted: false,
        alive: true,
    };
    worker.send(&Request::Start(Start {
        protocol: PROTOCOL,
        parent: std::process::id(),
        library: RawBytes::from(library.as_path()),
        framework: location.framework.as_deref().map(RawBytes::from),
        link_folder: RawBytes::from(worker.link_folder.as_path()),
        memory_limit: options.memory_limit,
        op_libraries: options.op_libraries.iter().map(|path| absolute(path)).collect(),
        readable: readable.iter().map(|path| absolute(path)).collect(),
        allow_gpu: options.allow_gpu,
        threads: threads(),
    }));
    Ok(worker)
}

/// No folder for the link to the library.
fn no_folder(tried: &[PathBuf]) -> Failure {
    let tried: Vec<String> = tried.iter().map(|folder| folder.display().to_string()).collect();
    let message = format!("no folder for temporary files can be written to: {}", tried.join(", "));
    Failure::new(FailureKind::NoTemporaryFolder, message)
}

/// Loads the library in a worker, and says what it is then.
pub fn probe(
    location: &Location,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Ready, Failure> {
    start(location, &[], options, observer)?.ready()
}

impl Worker<'_> {
    /// Waits until the library is bound.
    fn ready(&mut self) -> Result<Ready, Failure> {
        let deadline = self.deadline();
        loop {
            if let Some(ready) = &self.ready {
                return Ok(ready.clone());
            }
            match self.next_event(deadline)? {
                Some(Event::Failed { kind, code, message }) => {
                    return Err(self.failed(kind, code, &message));
                }
                Some(Event::Hello | Event::Ready(_) | Event::Step { .. }) | None => {}
                Some(_) => return Err(self.protocol_error("an answer before any request")),
            }
        }
    }

    /// False once the process is known to have ended: no request can be sent any more.
    pub fn is_alive(&self) -> bool {
        self.alive
    }

    /// Loads the model with TensorFlow's own loader, and gives what the session holds of its
    /// variables.
    pub fn load(&mut self, mut request: LoadRequest) -> Result<Answer, Failure> {
        let model_dir = request.model_dir.to_path();
        request.model_dir = absolute(&model_dir);
        let (requested, bytes) = (request.variables.len(), bytes_to_load(&model_dir));
        self.request(&Request::Load(request), requested, bytes)
    }

    /// Restores tensors, batch by batch.
    pub fn restore(&mut self, mut request: RestoreRequest) -> Result<Answer, Failure> {
        request.prefix = absolute(&request.prefix.to_path());
        let requested = request.tensors.len().saturating_add(request.constants.len());
        let bytes = request.total_bytes();
        self.request(&Request::Restore(request), requested, bytes)
    }

    fn request(
        &mut self,
        request: &Request,
        requested: usize,
        bytes: u64,
    ) -> Result<Answer, Failure> {
        self.send(request);
        let answer = self.receive(requested, bytes);
        self.observer.notice(Progress::Done);
        answer
    }

    /// Takes events until the answer is complete.
    fn receive(&mut self, requested: usize, bytes: u64) -> Result<Answer, Failure> {
        let deadline = self.deadline();
        let mut answer = PartialAnswer::new(requested);
        let mut meter = Meter::new(self.process.pid(), bytes);
        let peak_bytes = loop {
            let Some(event) = self.next_event(deadline)? else {
                meter.look(self.observer);
                continue;
            };
            let taken = match event {
                Event::Held { first, held } => answer.take_held(first, held),
                Event::Undeclared { names } => answer.take_undeclared(names),
                Event::Step { step } => {
                    meter.step(step, self.observer);
                    Ok(())
                }
                Event::Hello | Event::Ready(_) => Ok(()),
                Event::Done { peak_bytes } => break peak_bytes,
                Event::Failed { kind, code, message } => {
                    return Err(self.failed(kind, code, &message));
                }
            };
            taken.and_then(|()| answer.count_event()).map_err(|what| self.protocol_error(what))?;
        };
        meter.end(self.observer);
        Ok(Answer {
            ready: self.ready.clone().unwrap_or_default(),
            library: self.library.clone(),
            elapsed: self.started.elapsed(),
            peak_bytes,
            held: answer.held,
            undeclared: answer.undeclared,
        })
    }

    fn send(&self, request: &Request) {
        self.pipes.send(encode(request));
    }

    fn deadline(&self) -> Option<Instant> {
        self.options.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// The next event, or `None` after a while without one. Everything that ends the conversation
    /// is an error here.
    fn next_event(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, Failure> {
        let now = Instant::now();
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Err(self.timed_out());
        }
        let patience = deadline.map_or(TICK, |deadline| TICK.min(deadline - now));
        match self.pipes.next(patience) {
            Ok(FromWorker::Event(event)) => {
                self.has_greeted = true;
                self.remember(&event);
                Ok(Some(event))
            }
            Ok(FromWorker::StderrLine(line)) => {
                self.observer.notice(Progress::LibraryOutput(line));
                Ok(None)
            }
            Ok(FromWorker::ProtocolError(_)) if !self.has_greeted => {
                Err(self.not_a_worker("it wrote something else to its standard output"))
            }
            Ok(FromWorker::ProtocolError(what)) => Err(self.protocol_error(&what)),
            Ok(FromWorker::End) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) if self.is_silent() => {
                let seconds = WORKER_GREETING_PATIENCE.as_secs();
                Err(self.not_a_worker(&format!("it said nothing within {seconds} s")))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
        }
    }

    fn remember(&mut self, event: &Event) {
        match event {
            // Only the first: it was sent before the worker had seen a model.
            Event::Ready(ready) => {
                self.ready.get_or_insert_with(|| ready.clone());
            }
            Event::Step { step } => {
                self.step = Some(*step);
                self.observer.notice(Progress::Step(activity(self.step).into()));
            }
            _ => {}
        }
    }

    fn failed(&mut self, kind: FailedKind, code: Option<u32>, message: &str) -> Failure {
        // A worker that could not bind the library ends: every request needs the library.
        self.alive &= self.ready.is_some();
        of_failed_event(kind, code, message, &self.pipes.stderr_tail())
    }

    /// The worker sent what the protocol does not allow. It may be under a model's control, so
    /// nothing else that it sends is read.
    fn protocol_error(&mut self, what: &str) -> Failure {
        self.kill(FailureKind::Protocol, format!("the session's process said {what}"))
    }

    fn is_silent(&self) -> bool {
        !self.has_greeted && self.started.elapsed() > WORKER_GREETING_PATIENCE
    }

    /// A worker greets before it does anything else, so this process is no worker: the program went
    /// on with its own `main`.
    fn not_a_worker(&mut self, instead: &str) -> Failure {
        let program = match &self.options.worker {
            Some(path) => path.display().to_string(),
            None => "the program".into(),
        };
        let message = format!(
            "{program} did not call tfcensus::serve_if_worker() at the start of main ({instead})"
        );
        self.kill(FailureKind::NotAWorker, message)
    }

    fn timed_out(&mut self) -> Failure {
        let within = self.options.timeout.unwrap_or_default().as_secs_f64();
        let activity = activity(self.step);
        let message = format!("the session gave no answer within {within} s (it was {activity})");
        self.kill(FailureKind::TimedOut, message)
    }

    fn kill(&mut self, kind: FailureKind, message: String) -> Failure {
        self.alive = false;
        self.process.kill();
        self.pipes.wait_for_stderr();
        let stderr_lines = self.pipes.stderr_tail().stderr_lines();
        Failure { kind, message, stderr_lines }
    }

    fn ended(&mut self) -> Failure {
        self.alive = false;
        // The worker may have closed its stdout and live on; without events it is of no use.
        self.process.kill();
        let status = self.process.wait();
        self.pipes.wait_for_stderr();
        if let (false, Some(code)) = (self.has_greeted, status.and_then(|status| status.code())) {
            return self.not_a_worker(&format!("it ended with code {code}"));
        }
        let (activity, memory_limit) = (activity(self.step), self.options.memory_limit);
        of_exit(status, activity, memory_limit, &self.pipes.stderr_tail())
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.process.kill();
        if self.ready.is_none() {
            // The worker may have died while its link folder existed.
            self.process.wait();
            remove_link_folder(&self.link_folder);
        }
    }
}

/// As many threads as there are processors, but at most 8.
fn threads() -> u8 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u8::try_from(processors.min(8)).unwrap_or(1)
}

/// The worker changes its current folder, so every path that it gets is absolute.
fn absolute(path: &Path) -> RawBytes {
    match std::path::absolute(path) {
        Ok(path) => RawBytes::from(path.as_path()),
        Err(_) => RawBytes::from(path),
    }
}
