//! What the worker sends: events, and failures of requests.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::containment;
use super::session::Refusal;
use crate::evidence::runtime::failure::StatusCode;
use crate::evidence::runtime::protocol::{Event, FailedKind, Held, Step, cut, encode};
use crate::limits::{MAX_EVENT_LINE_BYTES, MAX_EVENT_TEXT_BYTES, MAX_HELD_PER_EVENT};

/// Why a request failed. The worker takes the next one.
#[derive(Debug)]
pub(super) struct Failed {
    kind: FailedKind,
    code: Option<u32>,
    message: String,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Failed { kind: FailedKind::Status, code: Some(refusal.code.0), message: refusal.message }
    }
}

impl Failed {
    /// The request cannot be served, for a reason outside of TensorFlow.
    pub fn request(message: impl Into<String>) -> Failed {
        Failed { kind: FailedKind::Request, code: None, message: message.into() }
    }

    /// The system does not let this process enter the folder.
    pub fn folder(folder: &Path, error: &std::io::Error) -> Failed {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => StatusCode::NOT_FOUND,
            std::io::ErrorKind::PermissionDenied => StatusCode::PERMISSION_DENIED,
            _ => StatusCode::FAILED_PRECONDITION,
        };
        let message = format!("{}: {error}", folder.display());
        Refusal { code, message }.into()
    }

    /// The library cannot be used.
    pub fn library(message: impl Into<String>) -> Failed {
        Failed { kind: FailedKind::Library, code: None, message: message.into() }
    }
}

/// Sends events to the parent.
pub(super) struct Events(File);

impl Events {
    /// Sends them through this file: the real stdout.
    pub fn new(stdout: File) -> Events {
        Events(stdout)
    }

    /// Sends one event.
    pub fn send(&mut self, event: &Event) {
        // The parent has closed the pipe or is dead; without it, the worker has no task.
        if self.0.write_all(&encode(event)).is_err() {
            containment::exit_now(1);
        }
    }

    /// A step has begun.
    pub fn step(&mut self, step: Step) {
        self.send(&Event::Step { step });
    }

    /// The request has failed.
    pub fn failed(&mut self, failed: Failed) {
        let Failed { kind, code, message } = failed;
        let message = cut(&message, MAX_EVENT_TEXT_BYTES).to_string();
        self.send(&Event::Failed { kind, code, message });
    }

    /// Sends what the session holds of all variables of the request, in as many events as needed.
    pub fn held(&mut self, held: Vec<Held>) {
        // A variable takes at most 254 dimensions of 21 characters, or an error of 512 bytes that
        // JSON may write as six each: 64 of them stay below half of the line's limit.
        const PER_EVENT: usize = MAX_HELD_PER_EVENT / 4;
        let mut first = 0;
        let mut rest = held.into_iter().peekable();
        while rest.peek().is_some() {
            let part: Vec<Held> = rest.by_ref().take(PER_EVENT).collect();
            let len = part.len() as u64;
            self.send(&Event::Held { first, held: part });
            first += len;
        }
    }

    /// Sends the names of variable ops that the request did not name.
    pub fn undeclared(&mut self, names: Vec<String>) {
        let mut part: Vec<String> = Vec::new();
        let mut bytes = 0;
        for name in names {
            let name = cut(&name, MAX_EVENT_TEXT_BYTES).to_string();
            // JSON can write one byte as six.
            let len = name.len() * 6 + 3;
            if bytes + len > MAX_EVENT_LINE_BYTES / 2 && !part.is_empty() {
                self.send(&Event::Undeclared { names: std::mem::take(&mut part) });
                bytes = 0;
            }
            bytes += len;
            part.push(name);
        }
        if !part.is_empty() {
            self.send(&Event::Undeclared { names: part });
        }
    }
}
