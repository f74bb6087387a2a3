//! What the parent sends to its worker.

use serde::{Deserialize, Serialize};

use super::raw_bytes::RawBytes;
use super::values;
use crate::model::DType;

/// One line from the parent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Bind the library; always the first request.
    Start(Start),
    /// Load a model with TensorFlow's own loader.
    Load(LoadRequest),
    /// Restore tensors of a checkpoint.
    Restore(RestoreRequest),
}

/// The limits of the worker, and the library that it binds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Start {
    /// [`super::PROTOCOL`].
    pub protocol: u32,
    /// PID of the parent. A worker whose parent has another PID is an orphan, and exits.
    pub parent: u32,
    /// The library.
    pub library: RawBytes,
    /// Its framework library, which is mapped first; `None` where the library is whole.
    pub framework: Option<RawBytes>,
    /// A folder that does not exist. The worker makes it for the link that the `tensorflow` crate
    /// needs, and removes it as soon as the library is bound.
    pub link_folder: RawBytes,
    /// Most address space, in bytes; `None` for no limit.
    pub memory_limit: Option<u64>,
    /// Libraries of custom ops.
    pub op_libraries: Vec<RawBytes>,
    /// Files and folders that a model may be read from. Nothing else of the file system is in the
    /// worker's reach, but for what the system and the library need.
    pub readable: Vec<RawBytes>,
    /// Whether graphics processors may be used.
    pub allow_gpu: bool,
    /// How many threads a session may use.
    pub threads: u8,
}

/// Load the model as TensorFlow's own loader does, then ask for the shape of every variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadRequest {
    /// The folder of the SavedModel.
    pub model_dir: RawBytes,
    /// The MetaGraph's exact tags.
    pub tags: Vec<String>,
    /// The variables to ask for.
    pub variables: Vec<VariableOp>,
}

/// A variable op of the main graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableOp {
    /// The node's name.
    pub node: String,
    /// True for `VariableV2` and `Variable` (TF1); false for `VarHandleOp` (TF2, and TF1 with
    /// resource variables).
    #[serde(rename = "reference")]
    pub is_reference: bool,
    /// A node of the graph whose output 0 is the variable's value, where there is one: its
    /// `ReadVariableOp`, or a reference variable's `Identity`. It saves time; without it the
    /// answer is the same.
    pub read: Option<String>,
}

/// Restore tensors into variables of sessions that hold nothing else, batch by batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreRequest {
    /// The checkpoint's prefix: `…/variables/variables`.
    pub prefix: RawBytes,
    /// The tensors to restore.
    pub tensors: Vec<RestoreTensor>,
    /// Constants to put into variables, after the tensors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<ConstantTensor>,
    /// Most bytes that are restored at one time. A larger tensor is restored alone.
    pub batch_bytes: u64,
    /// Compute statistics of the values too.
    pub stats: bool,
}

impl RestoreRequest {
    /// Bytes of all tensors together.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.tensors.iter().fold(0, |sum: u64, tensor| sum.saturating_add(tensor.byte_len))
    }
}

/// A constant of the model's graph: data, not code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstantTensor {
    /// Its element type; on the wire its number in types.proto.
    #[serde(with = "values::dtype")]
    pub dtype: DType,
    /// The attribute `value` of its node: an `AttrValue` as the file writes it.
    pub value: RawBytes,
}

/// One tensor of the checkpoint, or one slice of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreTensor {
    /// Its key.
    pub key: RawBytes,
    /// The slice as `RestoreV2` takes it (`4 4 0,2:0,4`); empty for the whole tensor.
    pub slice: String,
    /// Its element type; on the wire its number in types.proto.
    #[serde(with = "values::dtype")]
    pub dtype: DType,
    /// Bytes that it takes in memory: what a batch is filled by.
    pub byte_len: u64,
}
