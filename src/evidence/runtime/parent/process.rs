//! The worker process: started and waited for by one thread of its own, killed from any.
//!
//! `std::process::Child` cannot be waited for by one thread and killed by another. With a bare PID,
//! a kill could hit another process that has got the PID after the child was reaped; so the thread
//! marks the process as reaped before it reaps it, under the lock that a kill takes.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::evidence::runtime::link_folder::LINK_FOLDER_VARIABLE;
use crate::evidence::runtime::protocol::{WORKER_ARGUMENT, WORKER_VARIABLE};

/// A running worker.
pub(super) struct Process {
    state: Arc<Mutex<State>>,
    keeper: Option<JoinHandle<()>>,
    pid: u32,
}

/// Its three streams.
pub(super) struct Streams {
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

#[derive(Default)]
struct State {
    /// Set just before the process is reaped: after that, its PID may belong to another process.
    reaped: bool,
    status: Option<ExitStatus>,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// Starts `program`, or this very program, as a worker.
    ///
    /// The thread that starts it lives as long as the worker: `PR_SET_PDEATHSIG`, which the worker
    /// uses, sends its signal when the *thread* that started the process ends.
    pub fn start(
        program: Option<&Path>,
        environment: &WorkerEnvironment<'_>,
    ) -> io::Result<(Self, Streams)> {
        let mut command = Command::new(program.unwrap_or(&this_program()?));
        environment.apply(&mut command);
        let state = Arc::new(Mutex::new(State::default()));
        let (sender, receiver) = sync_channel(1);
        let kept = Arc::clone(&state);
        let keeper = std::thread::Builder::new()
            .name("worker keeper".into())
            .spawn(move || keep(command, &kept, &sender))?;
        let (pid, streams) = receiver
            .recv()
            .map_err(|_| io::Error::other("the thread that starts the worker has failed"))??;
        Ok((Process { state, keeper: Some(keeper), pid }, streams))
    }

    /// Its PID.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills it, unless it has ended.
    pub fn kill(&self) {
        let state = locked(&self.state);
        if let (false, Ok(pid)) = (state.reaped, libc::pid_t::try_from(self.pid)) {
            // SAFETY: a plain system call; while `reaped` is false the PID is our child's.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }

    /// Waits until it has ended; `None` where the system does not say how.
    pub fn wait(&mut self) -> Option<ExitStatus> {
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        locked(&self.state).status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}

/// What the keeper thread does: start, wait, reap.
fn keep(
    mut command: Command,
    state: &Mutex<State>,
    started: &SyncSender<io::Result<(u32, Streams)>>,
) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let (Some(stdin), Some(stdout), Some(stderr)) = streams {
        let _ = started.send(Ok((child.id(), Streams { stdin, stdout, stderr })));
    }
    wait_without_reaping(&child);
    let mut state = locked(state);
    state.reaped = true;
    state.status = child.wait().ok();
}

fn wait_without_reaping(child: &Child) {
    loop {
        // SAFETY: `info` is plain memory that the call fills in.
        let waited = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, child.id(), &mut info, libc::WEXITED | libc::WNOWAIT)
        };
        if waited == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// The worker's argument, streams and environment variables.
pub(super) struct WorkerEnvironment<'a> {
    pub link_folder: &'a Path,
    pub allow_gpu: bool,
    pub verbose: bool,
}

impl WorkerEnvironment<'_> {
    fn apply(&self, command: &mut Command) {
        command
            .arg(WORKER_ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env(WORKER_VARIABLE, "1")
            .env(LINK_FOLDER_VARIABLE, self.link_folder)
            .env("TF_CPP_MIN_LOG_LEVEL", if self.verbose { "0" } else { "1" })
            .env("TF_ENABLE_ONEDNN_OPTS", "0")
            // An arena for every thread would reserve 64 MB of address space each.
            .env("MALLOC_ARENA_MAX", "2");
        if !self.allow_gpu {
            command.env("CUDA_VISIBLE_DEVICES", "-1");
        }
    }
}

/// This program, even if its file has been replaced or removed since it was started.
fn this_program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}
