//! Writers of models, and the entry points of the fuzz targets and benchmarks.
//!
//! Compiled for tests and with the feature `testkit`; no promise is made about any of it. The tests
//! in `tests/` include the writers by path (`tests/common/mod.rs`): with the feature they would run
//! against a program that is not the released one. The writers therefore use each other only.

pub mod bench;
pub mod checkpoint_table;
pub mod fuzz;
pub mod large_model;
pub mod protobuf;
pub mod saved_model;
pub mod seen;

use crate::saved_model::ObjectGraph;
use crate::wire::writer;

impl saved_model::ObjectGraphBytes {
    /// Reads the object graph back.
    pub(crate) fn decode(&self) -> ObjectGraph<'_> {
        ObjectGraph::decode(&crate::wire::Message::new(&self.0)).expect("an object graph")
    }
}

/// Reads a `GraphDef` back.
#[cfg(test)]
pub(crate) fn decode_graph(bytes: &[u8]) -> crate::saved_model::Graph<'_> {
    crate::saved_model::Graph::decode(&crate::wire::Message::new(bytes)).expect("a graph")
}
