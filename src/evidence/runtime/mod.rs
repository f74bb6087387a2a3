//! Asks a real TensorFlow session what the model's variables are.
//!
//! TensorFlow runs in a worker process of this same program: an abort, a hang or too much memory
//! there ends the worker, not the census. In one process, the first failed `CHECK` of
//! TensorFlow, which calls `abort`, would end both.
//!
//! - `find_library` finds a libtensorflow on this machine.
//! - `parent` runs in the census: [`start`] starts a worker that maps the library while the caller
//!   reads files; [`Worker::load`] has TensorFlow's own loader load the model, [`Worker::restore`]
//!   restores only the counted tensors, batch by batch.
//! - `worker` runs in the worker process; [`serve_if_worker`] is its `main`. Only its `session.rs`
//!   uses the `tensorflow` crate.
//! - [`protocol`] is what the two say to each other. They share `failure` and `link_folder` too, and
//!   do not import each other.

mod failure;
mod find_library;
mod link_folder;
mod parent;
pub mod protocol;
mod worker;

pub use failure::{Failure, FailureKind};
pub use find_library::{Location, Tried, locate};
pub use parent::{Answer, STARTED_AS_WORKER, Worker, probe, start};
pub use protocol::{
    ConstantTensor, Held, LoadRequest, RawBytes, Ready, RestoreRequest, RestoreTensor, VariableOp,
    is_started_as_worker,
};
pub use worker::serve_if_worker;
