//! How far the worker has come: the bytes that it has read, as the kernel counts them, against
//! those that it has to read.

use std::path::Path;

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

    /// The reading begins.
    pub fn begin(&mut self) {
        if self.before.is_none() {
            self.before = bytes_read(self.pid);
        }
    }

    /// Looks, and tells the observer what is new.
    pub fn look(&mut self, observer: &dyn Observer) {
        let (Some(before), Some(now)) = (self.before, bytes_read(self.pid)) else { return };
        // It reads a little more than the model: index blocks twice, its own status.
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

/// Bytes that a process has read by system calls; `None` where the kernel does not tell.
fn bytes_read(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("rchar: "))?.trim().parse().ok()
}

/// Bytes that TensorFlow's loader reads of a SavedModel: the graph, and the checkpoint.
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
