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

// Earlier reports.

/// Largest JSON report that is read as a baseline, in bytes: ten million variables fit.
pub(crate) const MAX_BASELINE_BYTES: u64 = 1 << 30;
