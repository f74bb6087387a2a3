//! The progress of a request: the bytes that the worker has read, of those that it will read.
//!
//! TensorFlow reports no progress. The kernel counts what a process reads, so the parent looks at
//! that count.

use std::path::Path;

use crate::evidence::runtime::protocol::Step;
use crate::options::{Observer, Progress};

/// Counts what one process reads during one step.
pub(super) struct Meter {
    pid: u32,
    total: u64,
    /// What the process had read before the step; `None` outside of one.
    before: Option<u64>,
    shown: u64,
}

impl Meter {
    pub fn new(pid: u32, total: u64) -> Meter {
        Meter { pid, total, before: None, shown: 0 }
    }

    /// A step has begun. Only two of them read the model.
    pub fn step(&mut self, step: Step, observer: &dyn Observer) {
        match step {
            Step::Model | Step::Weights => {
                if self.before.is_none() {
                    self.before = bytes_read(self.pid);
                }
            }
            Step::Library | Step::Shapes => self.end(observer),
        }
    }

    /// Looks at the count, and tells the observer when it has grown.
    pub fn look(&mut self, observer: &dyn Observer) {
        let (Some(before), Some(now)) = (self.before, bytes_read(self.pid)) else { return };
        // The process reads more than the model: some index blocks twice, its own status.
        let done = now.saturating_sub(before).min(self.total);
        if done > self.shown {
            self.shown = done;
            observer.notice(Progress::Bytes { done, total: self.total });
        }
    }

    /// The reading has ended.
    pub fn end(&mut self, observer: &dyn Observer) {
        if self.before.take().is_some() && self.shown < self.total {
            self.shown = self.total;
            observer.notice(Progress::Bytes { done: self.total, total: self.total });
        }
    }
}

/// Bytes that a process has read by system calls; `None` where the kernel does not say.
fn bytes_read(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("rchar: "))?.trim().parse().ok()
}

/// Bytes of a SavedModel that TensorFlow's loader reads: the graph and the checkpoint.
pub(super) fn bytes_to_load(model_dir: &Path) -> u64 {
    let len =
        |path: &Path| std::fs::metadata(path).map_or(0, |m| if m.is_file() { m.len() } else { 0 });
    let checkpoint = std::fs::read_dir(model_dir.join("variables"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| len(&entry.path()));
    checkpoint.fold(len(&model_dir.join("saved_model.pb")), u64::saturating_add)
}
