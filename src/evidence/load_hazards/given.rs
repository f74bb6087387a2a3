//! What some ops must be given to be good: a vocabulary or a checkpoint of the model itself, and
//! descriptions of messages that are part of the program.

use foldhash::HashMap;

use super::op_lists::listed;
use crate::saved_model::{Node, input_node};

/// What a value can only be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Path {
    /// The path of one of the model's own assets.
    Asset,
    /// The path of the model's own checkpoint.
    Checkpoint,
}

/// Nodes, or arguments of a function, whose first output can only be such a path.
pub(super) type Paths<'a> = HashMap<&'a str, Path>;

/// What an input can only be; `None` where that is not known.
pub(super) fn path_in(paths: &Paths<'_>, input: &str) -> Option<Path> {
    let input = input_node(input);
    let is_first_output = !input.control && input.output == 0;
    paths.get(input.node).copied().filter(|_| is_first_output)
}

/// True for a node that reaches beyond the model where it is run with these paths, or for which
/// nobody knows.
pub(super) fn is_hazard(node: &Node<'_>, paths: &Paths<'_>) -> bool {
    let given = |at: usize| node.inputs().nth(at).and_then(|input| path_in(paths, input));
    match node.op {
        "InitializeTableFromTextFile" | "InitializeTableFromTextFileV2" => {
            given(1) != Some(Path::Asset)
        }
        // Only the restore op is given the path of the model's own checkpoint. An initialiser that
        // restores reads another file.
        "RestoreV2" => given(0) != Some(Path::Checkpoint),
        "EncodeProto" | "DecodeProtoV2" => !knows_its_messages(node),
        op => !listed(op).is_some_and(|op| op.is_good),
    }
}

/// True where the messages are described by the program itself or in the attribute, and not by a
/// file. An attribute without a string is one that the caller of the function gives.
/// Source: tensorflow/core/util/proto/descriptors.cc (TensorFlow 2.21).
fn knows_its_messages(node: &Node<'_>) -> bool {
    let Some(source) = node.attr("descriptor_source") else { return true };
    let source = source.bytes();
    source.is_some_and(|s| s.is_empty() || s == b"local://" || s.starts_with(b"bytes://"))
}
