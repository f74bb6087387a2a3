//! Asks a real TensorFlow session what the model's variables are.
//!
//! TensorFlow runs in a worker process of this same program: an abort, a hang or too much memory
//! there ends the worker, not the census. [`start`] maps the library while the caller reads files;
//! [`Worker::load`] has TensorFlow's own loader load the model, [`Worker::restore`] restores only
//! what is counted, batch by batch. Only `session.rs` uses the `tensorflow` crate.
//!
//! The parent's side: `locate`, `conversation`, `process`, `pipes`, `chatter`, `progress`. The worker's:
//! `worker`, `containment`, `library`, `loading`, `restoring`, `slots`, `statistics`, `session`. Between them: `protocol`.

mod failure;
mod find_library;
mod link_folder;
mod parent;
pub mod protocol;
mod worker;

pub use failure::{Failure, FailureKind, StatusCode, missing_op};
pub use find_library::{Location, Outcome, Place, Tried, download_folder, locate};
pub use parent::{Worker, load, probe, restore, start};
pub use protocol::{
    Answer, Held, Limits, LoadRequest, RestoreRequest, RestoreTensor, VariableKind, VariableOp,
};
pub use worker::serve_if_worker;
