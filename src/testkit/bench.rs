//! The entry point of the benchmarks: each reader by its name.
//!
//! To add a reader: a line in [`READERS`] and an arm in [`with_reader`].

use std::path::Path;

use super::large_model::LargeModel;
use crate::evidence::checkpoint::{ObjectGraph as CheckpointGraph, parse_index};
use crate::evidence::files::FileEvidence;
use crate::evidence::sidecars::SidecarFiles;
use crate::evidence::{constants, graph_check, keras, load_hazards, restore_graph};
use crate::options::Options;
use crate::saved_model::{ObjectGraph, SavedModelFile};
use crate::{reconcile, wire};

/// Names of the readers, and of `reconcile`, which joins their facts.
pub const READERS: &[&str] = &[
    "graph",
    "functions",
    "graph_check",
    "restore_graph",
    "constants",
    "load_hazards",
    "object_graph",
    "index",
    "checkpoint_graph",
    "keras_metadata",
    "pbtxt",
    "reconcile",
];

/// Prepares the input of one reader, then calls `run` once with a function that reads it. That
/// function returns how many items it found: 0 means that nothing was read.
///
/// # Panics
/// Where no reader has this name, or the model cannot be read.
pub fn with_reader(name: &str, model: &LargeModel, run: &mut dyn FnMut(&mut dyn FnMut() -> usize)) {
    let file = SavedModelFile::in_memory(model.saved_model.clone());
    let (_, metas) = file.decode().expect("a SavedModel");
    let meta = &metas[0];
    match name {
        "graph" => run(&mut || meta.graph().expect("a graph").nodes.len()),
        "reconcile" => {
            let (mut sidecars, options) = (sidecars(model), Options::default());
            let files = FileEvidence::read(&file, 1, &metas, &mut sidecars, &options);
            let files = files.expect("a model that can be read");
            run(&mut || reconcile::inventory(&files).0.iter().count());
        }
        "index" => run(&mut || parse_index(&model.index).expect("an index").len()),
        "checkpoint_graph" => run(&mut || {
            CheckpointGraph::parse(&model.checkpoint_graph)
                .expect("an object graph")
                .nodes()
                .count()
        }),
        "object_graph" => {
            let message = wire::Message::new(&model.object_graph);
            run(&mut || ObjectGraph::decode(&message).expect("an object graph").len());
        }
        "keras_metadata" => {
            let message = wire::Message::new(&model.object_graph);
            let objects = ObjectGraph::decode(&message).expect("an object graph");
            let read = Ok(model.keras_metadata.clone());
            run(&mut || keras::decode_file(&read, Path::new("k"), &objects).layers.len());
        }
        "pbtxt" => run(&mut || wire::text::to_wire(&model.pbtxt).expect("a text form").len()),
        // A graph keeps the functions that it has decoded, so each run decodes a graph of its own.
        // Its cost alone is that of "graph".
        _ => run(&mut || {
            let graph = meta.graph().expect("a graph");
            match name {
                "functions" => ["restore_fn", "f"]
                    .iter()
                    .filter_map(|f| Some(graph.library.function(f)?.expect("a body").nodes.len()))
                    .sum(),
                "graph_check" => graph_check::check(&graph).len() + graph.nodes.len(),
                "restore_graph" => {
                    let signatures = meta.signatures().expect("signatures");
                    let restore = restore_graph::read(meta, &graph, &signatures, true);
                    restore.expect("a restore graph").restored.len()
                }
                "constants" => {
                    let signatures = meta.signatures().expect("signatures");
                    constants::sum(&graph, &signatures).tensors as usize
                }
                "load_hazards" => {
                    let hazards = load_hazards::scan(meta, &graph).expect("a scan");
                    1 + hazards.unsafe_ops.len()
                }
                _ => panic!("no reader is called {name}"),
            }
        }),
    }
}

fn sidecars(model: &LargeModel) -> SidecarFiles {
    SidecarFiles {
        index: parse_index(&model.index).ok(),
        checkpoint_graph: Some(model.checkpoint_graph.clone()),
        keras_metadata: Some((Path::new("k").to_path_buf(), Ok(model.keras_metadata.clone()))),
        ..SidecarFiles::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::large_model::Size;
    use super::*;

    #[test]
    fn every_reader_finds_something_in_a_small_model() {
        let size = Size { variables: 3, nodes: 5, function_nodes: 5, layers: 2, shards: 2 };
        let model = LargeModel::new(size);
        for name in READERS {
            let mut found = 0;
            with_reader(name, &model, &mut |run| found = run());
            assert!(found > 0, "{name}");
        }
    }
}
