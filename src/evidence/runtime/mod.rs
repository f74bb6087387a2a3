//! Asks a real TensorFlow session what the model's variables are.
//!
//! TensorFlow runs in a worker process of this same program: an abort, a hang or too much memory
//! there ends the worker, not the census. [`start`] maps the library while the caller reads files;
//! [`Worker::load`] has TensorFlow's own loader load the model, [`Worker::restore`] restores only
//! what is counted, batch by batch. Only `session.rs` uses the `tensorflow` crate.
//!
//! The parent's side: `locate`, `conversation`, `process`, `pipes`, `chatter`, `progress`. The worker's:
//! `worker`, `containment`, `library`, `loading`, `restoring`, `slots`, `statistics`, `session`. Between them: `protocol`.

mod attributes;
mod chatter;
mod containment;
mod conversation;
mod failure;
mod library;
mod loading;
mod locate;
mod pipes;
mod process;
mod progress;
pub mod protocol;
mod request;
mod restoring;
mod session;
mod slots;
mod statistics;
mod worker;

pub use conversation::{Worker, load, probe, start};
pub use failure::{Failure, FailureKind, StatusCode};
pub use locate::{Location, Tried, locate};
pub use request::{
    Answer, Held, Limits, LoadRequest, RestoreRequest, RestoreTensor, VariableKind, VariableOp,
};
pub use worker::serve_if_worker;
