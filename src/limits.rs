//! Every limit on what is read from a model, a network or a worker process: one list, one reason
//! each.
//!
//! A limit bounds memory, time or recursion where bytes that nothing vouches for decide how much is
//! wanted. It is far above what real models need; a model that exceeds one is refused or cut with a
//! message, never in silence. Limits on what is shown to a person stand where it is shown.

/// Most dimensions of a tensor.
/// Source: `TensorShape::MaxDimensions`, tensorflow/core/framework/tensor_shape.h (TensorFlow 2.21).
pub(crate) const MAX_RANK: usize = 254;

// The checkpoint.

/// Largest object graph of a checkpoint that is read, in bytes.
pub(crate) const MAX_CHECKPOINT_GRAPH_BYTES: u64 = 1 << 30;

// The worker process and its protocol.

/// Longest line of events that is read, in bytes. The worker fills lines to about half of it.
pub(crate) const MAX_EVENT_LINE_BYTES: usize = 1 << 20;
/// Longest text in an event, in bytes.
pub(crate) const MAX_EVENT_TEXT_BYTES: usize = 16 << 10;
/// Most variables in one event.
pub(crate) const MAX_HELD_PER_EVENT: usize = 256;
/// Longest error of one variable, in bytes: TensorFlow's message, which may quote the model.
pub(crate) const MAX_HELD_ERROR_BYTES: usize = 512;
/// Most events of an answer beyond one for each requested variable. An answer has some ten steps
/// and, for a million undeclared variables, some hundred lines of names.
pub(crate) const MAX_EXTRA_EVENTS: u64 = 10_000;
/// Most names of undeclared variables that are kept, in bytes.
pub(crate) const MAX_UNDECLARED_BYTES: usize = 64 << 20;
/// Longest line of the worker's stderr that is kept whole, in bytes. A longer one is taken for
/// several lines.
pub(crate) const MAX_STDERR_LINE_BYTES: usize = 2_000;
/// Most lines of the worker's stderr that are kept: the newest ones.
pub(crate) const MAX_STDERR_LINES: usize = 200;
/// Longest message of a failure, in bytes: TensorFlow's words, which may quote the model.
pub(crate) const MAX_FAILURE_MESSAGE_BYTES: usize = 2_000;
/// Most runs that a load spends on finding the variables that make one big run fail.
pub(crate) const MAX_SHAPE_RUNS: usize = 200;
/// Most failed runs that a restore spends on finding the tensors that make their batch fail.
pub(crate) const MAX_FAILED_RESTORES: usize = 1_000;

// The search for a library.

/// Largest cache of the dynamic loader that is read, in bytes. Usual ones have tens of thousands.
pub(crate) const MAX_LOADER_CACHE_BYTES: u64 = 16 << 20;
/// Longest answer of Python that is read, in bytes: a list of folders.
pub(crate) const MAX_PYTHON_ANSWER_BYTES: u64 = 64 << 10;
/// Most entries of a folder that are looked at in the search for a library.
pub(crate) const MAX_SEARCHED_ENTRIES: usize = 20_000;
