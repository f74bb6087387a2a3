//! What a worker may take and do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::options::{Observer, Options};

/// What the worker process may take and do.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// How long one request may take, the library's loading included; `None` for no deadline.
    pub timeout: Option<Duration>,
    /// Most address space of the worker process, in bytes; `None` for no limit.
    pub memory_limit: Option<u64>,
    /// Let the session see GPUs.
    pub allow_gpu: bool,
    /// Libraries of custom ops to load.
    pub op_libraries: &'a [PathBuf],
    /// Pass every line that the worker writes to its stderr to the observer.
    pub show_library_output: bool,
    /// The program to run as worker; `None` is this very program.
    pub worker: Option<&'a Path>,
    /// Is told of steps, bytes and output.
    pub observer: &'a dyn Observer,
}

impl<'a> Limits<'a> {
    /// The limits that `options` set.
    pub fn of(options: &'a Options, observer: &'a dyn Observer) -> Limits<'a> {
        Limits {
            timeout: options.timeout,
            memory_limit: options.memory_limit,
            allow_gpu: options.allow_gpu,
            op_libraries: &options.op_libraries,
            show_library_output: options.show_library_output,
            worker: options.worker.as_deref(),
            observer,
        }
    }
}
