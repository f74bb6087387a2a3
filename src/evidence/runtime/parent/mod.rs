//! The census' side of a session: it starts a worker, sends it requests, and makes an answer or a
//! failure with a reason of whatever the worker does.
//!
//! `conversation` is the whole of it from the outside. It uses `process` (start, kill, wait),
//! `pipes` (the three streams), `stderr` (which lines of it explain a failure), `answer` (what an
//! answer may contain), `progress` and `ending` (every way in which a request can fail).

mod answer;
mod conversation;
mod ending;
mod pipes;
mod process;
mod progress;
mod stderr;

pub use self::answer::Answer;
pub use self::conversation::{STARTED_AS_WORKER, Worker, probe, start};
