//! Why a request failed or a worker ended, as a [`Failure`] with its reason.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::stderr::{StderrTail, is_about_memory};
use crate::evidence::runtime::failure::{Failure, FailureKind, StatusCode};
use crate::evidence::runtime::protocol::{FailedKind, Step};

/// The request failed, and the worker reported it.
pub(super) fn of_failed_event(
    kind: FailedKind,
    code: Option<u32>,
    message: &str,
    stderr: &StderrTail,
) -> Failure {
    let (kind, message) = match kind {
        FailedKind::Status => {
            // TensorFlow's message says it all; stderr would only repeat it.
            let code = code.map_or(StatusCode::UNKNOWN, StatusCode);
            return Failure::from_status(code, message);
        }
        FailedKind::Library if is_about_memory(message) => (
            FailureKind::OutOfMemory,
            format!("there is not enough memory to map the library: {message}"),
        ),
        FailedKind::Library => (FailureKind::LibraryUnusable, message.into()),
        FailedKind::Request => (FailureKind::Protocol, message.into()),
    };
    Failure { kind, message, stderr_lines: stderr.stderr_lines() }
}

/// The worker ended without an answer.
///
/// A process that gets no memory ends in many ways: by an abort after `std::bad_alloc`, by an exit
/// code of Rust's, by a signal in a library. Its exit status does not tell them from a crash, so
/// its stderr decides.
pub(super) fn of_exit(
    status: Option<ExitStatus>,
    activity: &str,
    memory_limit: Option<u64>,
    stderr: &StderrTail,
) -> Failure {
    let signal = status.and_then(|status| status.signal());
    let (kind, message) = if stderr.is_about_memory() {
        let limit = match memory_limit {
            Some(bytes) => format!("the limit of {bytes} bytes of memory did not suffice"),
            None => "the memory did not suffice".into(),
        };
        (FailureKind::OutOfMemory, format!("{limit} (the session's process was {activity})"))
    } else {
        let how = match (signal, status.and_then(|status| status.code())) {
            (Some(signal), _) => format!("was ended by signal {signal}{}", signal_name(signal)),
            (None, Some(code)) => format!("ended by itself with code {code}"),
            (None, None) => "ended by itself".into(),
        };
        (FailureKind::Crashed { signal }, format!("the session's process {how} while {activity}"))
    };
    Failure { kind, message, stderr_lines: stderr.stderr_lines() }
}

/// What the worker does in a step; before its first one, it is starting.
pub(super) fn activity(step: Option<Step>) -> &'static str {
    match step {
        None => "starting",
        Some(Step::Library) => "loading libtensorflow",
        Some(Step::Model) => "loading the model",
        Some(Step::Shapes) => "asking the session for shapes",
        Some(Step::Weights) => "restoring the weights",
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => " (abort)",
        libc::SIGSEGV => " (segmentation fault)",
        libc::SIGBUS => " (bus error)",
        libc::SIGILL => " (illegal instruction)",
        libc::SIGFPE => " (arithmetic error)",
        // The kernel's out-of-memory killer sends it, and writes nothing to stderr.
        libc::SIGKILL => " (killed, perhaps for want of memory)",
        libc::SIGINT => " (interrupted)",
        libc::SIGTERM => " (terminated)",
        _ => "",
    }
}
