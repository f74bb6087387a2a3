//! Programs that a test watches and sends signals to.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Answer;

/// The longest time for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A started program. It is killed where the test fails before its end.
pub struct Running(Option<Child>);

impl Running {
    /// Starts a program with pipes for stdout and stderr.
    pub fn start(command: &mut Command) -> Running {
        Running::start_ignoring(command, None)
    }

    /// Starts a program that ignores this signal, as under nohup.
    ///
    /// All other signals have their default effect. Otherwise the program would ignore those that the
    /// test itself ignores, and a shell has its background jobs ignore SIGINT.
    pub fn start_ignoring(command: &mut Command, ignored: Option<libc::c_int>) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // SAFETY: signal() may be called between fork and exec.
        unsafe {
            command.pre_exec(move || {
                for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                    let ignore = ignored == Some(signal);
                    libc::signal(signal, if ignore { libc::SIG_IGN } else { libc::SIG_DFL });
                }
                Ok(())
            });
        }
        Running(Some(command.spawn().unwrap()))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("a program that has not been waited for")
    }

    /// The PID.
    pub fn pid(&mut self) -> libc::pid_t {
        libc::pid_t::try_from(self.child().id()).unwrap()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child().try_wait().unwrap().is_some()
    }

    /// Sends a signal to the program alone.
    pub fn send(&mut self, signal: libc::c_int) {
        send(self.pid(), signal);
    }

    /// Waits for the end. Its output must fit a pipe.
    pub fn end(mut self) -> Answer {
        wait_until("the program's end", || self.has_ended());
        self.0.take().unwrap().wait_with_output().unwrap().into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal to a process, or to a process group where the PID is negative.
pub fn send(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: a plain system call, on a process that a test started and has not waited for.
    unsafe { libc::kill(pid, signal) };
}

/// Waits until `done` is true, and fails after [`PATIENCE`].
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a process has ended; its parent may not have waited for it yet.
pub fn wait_for_end(pid: libc::pid_t) {
    wait_until(&format!("the end of process {pid}"), || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
}
