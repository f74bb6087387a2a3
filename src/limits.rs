//! Every limit on what is read from a model, a network or a worker process: one list, one reason
//! each.
//!
//! A limit bounds memory, time or recursion where bytes that nothing vouches for decide how much is
//! wanted. It is far above what real models need; a model that exceeds one is refused or cut with a
//! message, never in silence. Limits on what is shown to a person stand where it is shown.

/// Most dimensions of a tensor.
/// Source: `TensorShape::MaxDimensions`, tensorflow/core/framework/tensor_shape.h (TensorFlow 2.21).
pub(crate) const MAX_RANK: usize = 254;

// SavedModel and wire formats.

/// Most nested groups (an obsolete construct of protocol buffers) that are skipped before a message
/// is refused.
pub(crate) const MAX_GROUP_DEPTH: usize = 64;

/// Longest `saved_model.pbtxt`, in bytes; it is held in memory. The binary form of a message cannot
/// be longer than 2 GiB either.
pub(crate) const MAX_PBTXT_BYTES: u64 = i32::MAX as u64;

/// Most nested messages in a `saved_model.pbtxt`: the limit of the binary parser that TensorFlow uses.
pub(crate) const MAX_PBTXT_DEPTH: usize = 100;
