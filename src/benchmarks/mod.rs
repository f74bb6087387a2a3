//! What the benchmarks call: models of any size, and each reader by its name.
//!
//! To add a reader: a line in [`READERS`] and an arm in [`with_reader`].

mod made;

use std::path::Path;

pub use made::{Made, Size};

use crate::census;
use crate::evidence::checkpoint::{ObjectGraph as CheckpointGraph, parse_index};
use crate::evidence::sidecars::SidecarFiles;
use crate::evidence::{constants, graph_check, keras, restore_graph, unsafe_ops};
use crate::saved_model::{ObjectGraph, SavedModelFile};
use crate::wire;

/// Names of the readers, and of `reconcile`, which joins what they read.
pub const READERS: &[&str] = &[
    "graph",
    "functions",
    "graph_check",
    "restore_graph",
    "constants",
    "unsafe_ops",
    "object_graph",
    "index",
    "checkpoint_graph",
    "keras_metadata",
    "pbtxt",
    "reconcile",
];

/// Prepares what one reader reads, and hands over what reads it once. The number that comes out
/// says how much was found; it is 0 only where nothing was.
///
/// # Panics
/// Where there is no reader of this name, or the model cannot be read.
pub fn with_reader(name: &str, made: &Made, run: &mut dyn FnMut(&mut dyn FnMut() -> usize)) {
    let file = SavedModelFile::in_memory(made.saved_model.clone());
    let (_, metas) = file.decode().expect("a SavedModel");
    let meta = &metas[0];
    match name {
        "graph" => run(&mut || meta.graph().expect("a graph").nodes.len()),
        "reconcile" => census::with_inventory(&file, &metas, sidecars(made), &mut |inventory| {
            run(inventory);
        }),
        "index" => run(&mut || parse_index(&made.index).expect("an index").len()),
        "checkpoint_graph" => run(&mut || {
            CheckpointGraph::parse(&made.checkpoint_graph).expect("an object graph").nodes().count()
        }),
        "object_graph" => {
            run(&mut || ObjectGraph::decode(&[&made.object_graph]).expect("an object graph").len())
        }
        "keras_metadata" => {
            let objects = ObjectGraph::decode(&[&made.object_graph]).expect("an object graph");
            let read = Ok(made.keras_metadata.clone());
            run(&mut || keras::decode_file(&read, Path::new("k"), &objects).layers.len());
        }
        "pbtxt" => run(&mut || wire::text::to_wire(&made.pbtxt).expect("a text form").len()),
        // A function is decoded once and kept, so each run has a graph of its own; what the graph
        // itself costs is in "graph".
        _ => run(&mut || {
            let graph = meta.graph().expect("a graph");
            match name {
                "functions" => ["restore_fn", "f"]
                    .iter()
                    .filter_map(|f| Some(graph.library.function(f)?.expect("a body").nodes.len()))
                    .sum(),
                "graph_check" => graph_check::check(&graph).len() + graph.nodes.len(),
                "restore_graph" => restore_graph::read(&graph, meta.restore_op).restored.len(),
                "constants" => {
                    let signatures = meta.signatures().expect("signatures");
                    constants::sum(&graph, &signatures).tensors as usize
                }
                "unsafe_ops" => {
                    let hazards = unsafe_ops::scan(meta, &graph).expect("a scan");
                    1 + hazards.unsafe_ops.len()
                }
                _ => panic!("no reader is called {name}"),
            }
        }),
    }
}

fn sidecars(made: &Made) -> SidecarFiles {
    SidecarFiles {
        index: parse_index(&made.index).ok(),
        checkpoint_graph: Some(made.checkpoint_graph.clone()),
        keras_metadata: Some((Path::new("k").to_path_buf(), Ok(made.keras_metadata.clone()))),
        ..SidecarFiles::default()
    }
}
