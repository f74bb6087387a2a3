//! Hostile models, made of intact fixtures: nodes, functions and signatures are appended to their
//! `saved_model.pb`. Protocol buffer messages merge with an appended message of the same type.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::common::protobuf::{Message, bytes, text};
use crate::common::saved_model::{
    ObjectGraphBytes, calls, graph_def, node, object, saved_model, variable,
};
use crate::common::{archive, copy, fixture};

/// A call of a function without arguments.
pub fn call(name: &str, function: &str) -> Message {
    let none = bytes(1, []);
    let attrs = [("f", calls(function)), ("Tin", none.clone()), ("Tout", none)];
    node(name, "StatefulPartitionedCall", &[], &attrs)
}

/// A model in a temporary folder.
pub struct Model {
    folder: TempDir,
}

impl Model {
    /// A copy of a fixture's model.
    pub fn of(name: &str) -> Model {
        let model = Model { folder: TempDir::new().unwrap() };
        copy(&fixture(name), &model.path());
        model
    }

    /// The folder of the model.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    /// A path beside the model.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds nodes and functions to the graph, and makes `init` the op that a load runs last.
    pub fn add(self, nodes: &[Message], functions: &[Message], init: Option<&str>) -> Model {
        let mut added = bytes(2, graph_def(nodes, functions));
        if let Some(init) = init {
            let key = text(1, "__saved_model_init_op");
            let info = key.clone().with(bytes(2, text(1, init)));
            added = added.with(bytes(5, key.with(bytes(2, bytes(2, info)))));
        }
        let file = self.path().join("saved_model.pb");
        let [head, meta_graph] = parts(fs::read(&file).unwrap());
        fs::write(file, [head, bytes(2, [meta_graph, added.0].concat()).0].concat()).unwrap();
        self
    }

    /// The model in a tar archive.
    pub fn tar(&self) -> PathBuf {
        let path = self.beside("model.tar");
        fs::write(&path, archive::tar(&self.path(), "model")).unwrap();
        path
    }
}

/// A SavedModel as the bytes before its only MetaGraph, and the contents of that MetaGraph.
fn parts(saved_model: Vec<u8>) -> [Vec<u8>; 2] {
    // TensorFlow writes the schema version, 08 01, and then one field of bytes, 12, for each MetaGraph.
    let rest = saved_model.strip_prefix(&[0x08, 0x01, 0x12]).expect("a SavedModel");
    let len_bytes = 1 + rest.iter().take_while(|byte| **byte >= 0x80).count();
    let meta_graph = &rest[len_bytes..];
    let length = bytes(2, meta_graph).0[1..][..len_bytes].to_vec();
    assert_eq!(length, rest[..len_bytes], "one MetaGraph");
    [vec![0x08, 0x01], meta_graph.to_vec()]
}

/// A model of these nodes and nothing else.
pub fn without_variables(nodes: &[Message]) -> Model {
    let model = Model { folder: TempDir::new().unwrap() };
    fs::create_dir(model.path()).unwrap();
    let meta_graph = bytes(2, graph_def(nodes, &[]));
    fs::write(model.path().join("saved_model.pb"), saved_model(meta_graph)).unwrap();
    model
}

/// A model of one variable of three elements, which 2^`levels` paths lead to.
pub fn exponential(levels: u64) -> Model {
    let level = |next| object("", &[("left", next), ("right", next)]);
    let mut objects: Vec<_> = (1..=levels).map(level).collect();
    objects.push(variable("v", &[3], true));
    let meta_graph = bytes(7, ObjectGraphBytes::new(objects).0);
    let model = Model { folder: TempDir::new().unwrap() };
    fs::create_dir(model.path()).unwrap();
    fs::write(model.path().join("saved_model.pb"), saved_model(meta_graph)).unwrap();
    model
}
