//! The protocol between the census and its worker process: one JSON object a line, requests on
//! the worker's stdin, events on its stdout. `docs/worker-protocol.md` describes it.
//!
//! Both processes use these types as they are; there is no second set for the wire. What the
//! worker sends is hostile: it runs TensorFlow on a model that may have taken it over.
//! [`decode_event`] bounds every line, text, rank and number.

mod event;
mod line;
mod raw_bytes;
mod request;
mod values;

pub use self::event::{Event, FailedKind, Held, Ready, Step, decode_event};
pub use self::line::{PROTOCOL, cut, encode, is_started_as_worker};
pub(super) use self::line::{WORKER_ARGUMENT, WORKER_VARIABLE};
pub use self::raw_bytes::RawBytes;
pub use self::request::{
    ConstantTensor, LoadRequest, Request, RestoreRequest, RestoreTensor, Start, VariableOp,
};
