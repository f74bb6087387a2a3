//! What a session is asked about: the variable ops of the graph, or the tensors of the checkpoint;
//! and what of the file system it may read for that.

use std::path::{Path, PathBuf};

use crate::evidence::load_hazards;
use crate::evidence::restore_graph::{RestoreGraph, is_variable_op};
use crate::evidence::runtime::{ConstantTensor, RawBytes, RestoreTensor, VariableOp};
use crate::reconcile::{Inventory, ItemId, Settled, constant_of};
use crate::saved_model::{Graph, OpId};
use crate::source::Source;

/// All variable ops of the graph, each with a node that reads it where there is one, and their
/// ids in the graph.
pub(super) fn variable_ops(graph: &Graph<'_>) -> (Vec<VariableOp>, Vec<OpId>) {
    let reads = load_hazards::reads(graph);
    let mut ops = Vec::new();
    let mut ids = Vec::new();
    for (id, node) in graph.ops().filter(|(_, n)| is_variable_op(n.op)) {
        let is_reference = node.op != "VarHandleOp";
        let read = reads.get(node.name).map(|r| r.to_string());
        ops.push(VariableOp { node: node.name.to_owned(), is_reference, read });
        ids.push(id);
    }
    (ops, ids)
}

/// The tensors to restore: every counted variable that the checkpoint stores, part by part; and the
/// item and part of the inventory that each is.
pub(super) fn tensors_to_restore(
    inventory: &Inventory<Settled>,
) -> (Vec<RestoreTensor>, Vec<(ItemId, usize)>) {
    let mut tensors = Vec::new();
    let mut places = Vec::new();
    for (id, item) in inventory.weights() {
        let (Some(key), Some(stored)) = (&item.key, &item.tensor) else { continue };
        let Some(dtype) = stored.dtype else { continue };
        let slices: Vec<&str> = match item.parts.as_slice() {
            [] => vec![""],
            parts => parts.iter().map(|p| p.slice.as_str()).collect(),
        };
        let byte_len = stored.byte_len / slices.len().max(1) as u64;
        for (part, slice) in slices.into_iter().enumerate() {
            let (key, slice) = (RawBytes(key.clone()), slice.to_owned());
            tensors.push(RestoreTensor { key, slice, dtype, byte_len });
            places.push((id, part));
        }
    }
    (tensors, places)
}

/// The constants that the init op fills counted variables with, and the item and part that each is.
pub(super) fn constants_to_fill(
    inventory: &Inventory<Settled>,
    restore: &RestoreGraph<'_>,
) -> (Vec<ConstantTensor>, Vec<(ItemId, usize)>) {
    let constants = inventory.weights().filter_map(|(id, item)| {
        let (dtype, value) = constant_of(item, restore)?;
        Some((ConstantTensor { dtype, value: RawBytes(value) }, (id, 0)))
    });
    constants.unzip()
}

/// What a session may read of a model: its folder, and what TensorFlow's loader itself reads where
/// that is a link to somewhere else.
///
/// Other links that lead out of the folder stay closed, since a model could name any file in one.
/// Only Hugging Face's cache keeps all files of a model behind links, in a folder of its own.
pub(super) fn readable(source: &Source) -> Vec<PathBuf> {
    let files = &source.files;
    let mut paths = vec![source.dir.clone(), files.variables_dir.clone()];
    paths.extend(source.dir.canonicalize().ok().and_then(|folder| blobs_beside(&folder)));
    paths.extend(files.links.iter().cloned());
    paths
}

/// The folder with the files of a snapshot in Hugging Face's cache: `blobs`, beside `snapshots`.
fn blobs_beside(folder: &Path) -> Option<PathBuf> {
    let snapshots = folder.ancestors().find(|folder| folder.ends_with("snapshots"))?;
    Some(snapshots.parent()?.join("blobs"))
}
