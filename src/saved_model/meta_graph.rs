//! `MetaGraphDef`: one tagged graph with what belongs to it, and how one of several is chosen.
//!
//! Source: meta_graph.proto, saver.proto, tensorflow/core/protobuf (TensorFlow 2.21).

use std::collections::BTreeSet;
use std::path::Path;

use super::collection::{VariableDef, bytes_list, node_list, variable_def};
use super::graph::Graph;
use super::node::input_node;
use super::object_graph::ObjectGraph;
use crate::error::{Error, Result};
use crate::limits::{MAX_COMPOSITE_TENSOR_DEPTH, MAX_META_GRAPH_ENTRIES};
use crate::wire::{Malformed, fields};

/// A MetaGraph whose parts are still undecoded.
#[derive(Debug, Default)]
pub(crate) struct MetaGraph<'a> {
    /// Its tags, in file order.
    pub tags: Vec<&'a str>,
    /// The TensorFlow that wrote it; empty where unknown.
    pub tensorflow_version: &'a str,
    /// Node that restores the variables; empty where there is no saver (as in TF1 Hub modules).
    pub restore_op: &'a str,
    /// Nodes that the loader feeds with the paths of the model's own asset files.
    pub asset_nodes: Vec<&'a str>,
    /// Nodes that the loader would feed with a path outside the model's folder.
    pub foreign_files: Vec<&'a str>,
    graph: Vec<&'a [u8]>,
    object_graph: Vec<&'a [u8]>,
    collections: Vec<(&'a str, &'a [u8])>,
    signatures: Vec<(&'a str, &'a [u8])>,
}

/// One signature.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    /// Nodes whose outputs it returns.
    pub outputs: Vec<&'a str>,
}

impl<'a> MetaGraph<'a> {
    /// Decodes names, tags and the saver of a `MetaGraphDef`; its larger parts are kept as bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<MetaGraph<'a>, Malformed> {
        let mut meta = MetaGraph::default();
        for field in fields(bytes) {
            let (number, value) = field?;
            let inner = value.bytes().unwrap_or_default();
            match number {
                4 | 5
                    if meta.collections.len() + meta.signatures.len() >= MAX_META_GRAPH_ENTRIES =>
                {
                    return Err(Malformed::at(inner, "more collections than any model has"));
                }
                1 => meta.merge_info(inner)?,
                2 => meta.graph.push(inner),
                3 => meta.merge_saver(inner)?,
                4 => meta.collections.push(map_entry(inner)?),
                5 => meta.signatures.push(map_entry(inner)?),
                6 => meta.merge_asset(inner)?,
                7 => meta.object_graph.push(inner),
                _ => {}
            }
        }
        Ok(meta)
    }

    fn merge_info(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            match field? {
                (4, value) if self.tags.len() < MAX_META_GRAPH_ENTRIES => {
                    self.tags.push(value.text()?)
                }
                (4, value) => {
                    let tag = value.bytes().unwrap_or_default();
                    return Err(Malformed::at(tag, "more tags than any model has"));
                }
                (5, value) => self.tensorflow_version = value.text()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_saver(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            if let (3, value) = field? {
                self.restore_op = value.text()?;
            }
        }
        Ok(())
    }

    /// Adds the nodes of an `AssetFileDef` to the assets, or to the foreign files where its file name
    /// leads out of the model's folder.
    fn merge_asset(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        let (mut nodes, mut leads_out) = (Vec::new(), false);
        for field in fields(bytes) {
            match field? {
                (1, value) => tensor_names(value.bytes().unwrap_or_default(), &mut nodes)?,
                (2, value) => leads_out |= value.text()?.split('/').any(|part| part == ".."),
                _ => {}
            }
        }
        match leads_out {
            true => self.foreign_files.extend(nodes),
            false => self.asset_nodes.extend(nodes),
        }
        Ok(())
    }

    /// Its tags as a set: order and repetition do not matter.
    pub fn tag_set(&self) -> BTreeSet<&'a str> {
        self.tags.iter().copied().collect()
    }

    /// Decodes its graph.
    pub fn graph(&self) -> Result<Graph<'a>, Malformed> {
        let mut graph = Graph::default();
        for chunk in &self.graph {
            graph.merge(chunk)?;
        }
        graph.index();
        Ok(graph)
    }

    /// Decodes its object graph; empty for TF1.
    pub fn object_graph(&self) -> Result<ObjectGraph<'a>, Malformed> {
        ObjectGraph::decode(&self.object_graph)
    }

    /// The variables that a collection lists; empty where there is no such collection.
    pub fn variable_collection(&self, name: &str) -> Result<Vec<VariableDef<'a>>, Malformed> {
        let mut defs = Vec::new();
        for (_, collection) in self.collections.iter().filter(|(n, _)| *n == name) {
            for bytes in bytes_list(collection)? {
                defs.push(variable_def(bytes)?);
            }
        }
        Ok(defs)
    }

    /// The nodes that a collection lists; empty where there is no such collection.
    pub fn node_collection(&self, name: &str) -> Result<Vec<&'a str>, Malformed> {
        let mut nodes = Vec::new();
        for (_, collection) in self.collections.iter().filter(|(n, _)| *n == name) {
            nodes.extend(node_list(collection)?);
        }
        Ok(nodes)
    }

    /// Its signatures without those that only initialise the model.
    pub fn signatures(&self) -> Result<Vec<Signature<'a>>, Malformed> {
        let mut signatures = Vec::new();
        for (key, bytes) in &self.signatures {
            if !key.starts_with("__saved_model_") {
                signatures.push(Signature { outputs: signature_outputs(bytes)? });
            }
        }
        Ok(signatures)
    }

    /// Nodes that the loader runs after it has restored the variables: the signature
    /// `__saved_model_init_op`, else the collection `saved_model_main_op`, else `legacy_init_op`.
    /// All three are given, and all entries of a key that comes twice: otherwise a model whose entries
    /// this program and TensorFlow's parser rank differently could hide what it runs.
    /// Source: tensorflow/cc/saved_model/loader_util.cc, `GetInitOp`.
    pub fn init_nodes(&self) -> Result<Vec<&'a str>, Malformed> {
        let mut nodes = Vec::new();
        for (_, bytes) in self.signatures.iter().filter(|(key, _)| *key == "__saved_model_init_op")
        {
            nodes.extend(signature_outputs(bytes)?);
        }
        for collection in ["saved_model_main_op", "legacy_init_op"] {
            nodes.extend(self.node_collection(collection)?);
        }
        Ok(nodes.into_iter().map(|n| input_node(n).node).collect())
    }
}

fn map_entry(bytes: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let (mut key, mut value) = ("", &[][..]);
    for field in fields(bytes) {
        match field? {
            (1, field) => key = field.text()?,
            (2, field) => value = field.bytes().unwrap_or_default(),
            _ => {}
        }
    }
    Ok((key, value))
}

/// Nodes of a `SignatureDef`'s outputs, including the parts of sparse and composite tensors.
fn signature_outputs(bytes: &[u8]) -> Result<Vec<&str>, Malformed> {
    let mut outputs = Vec::new();
    for field in fields(bytes) {
        if let (2, entry) = field? {
            let (_, info) = map_entry(entry.bytes().unwrap_or_default())?;
            tensor_names(info, &mut outputs)?;
        }
    }
    Ok(outputs)
}

/// Adds the nodes that a `TensorInfo` names.
fn tensor_names<'a>(info: &'a [u8], names: &mut Vec<&'a str>) -> Result<(), Malformed> {
    let mut open = vec![(info, 0usize)];
    while let Some((info, depth)) = open.pop() {
        for field in fields(info) {
            match field? {
                (1, value) => names.push(input_node(value.text()?).node),
                (4, value) => {
                    for field in fields(value.bytes().unwrap_or_default()) {
                        if let (1..=3, value) = field? {
                            names.push(input_node(value.text()?).node);
                        }
                    }
                }
                (5, value) if depth < MAX_COMPOSITE_TENSOR_DEPTH => {
                    for field in fields(value.bytes().unwrap_or_default()) {
                        if let (2, value) = field? {
                            open.push((value.bytes().unwrap_or_default(), depth + 1));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Chooses a MetaGraph: the one with exactly the wanted tags; where none are wanted, the one tagged
/// `serve`, else the only one, else the one without tags. Of two with one tag set it is the first, as
/// in TensorFlow's loader, which compares whole sets too. The empty set comes last but does come: TF1
/// Hub modules keep their inference graph under it, beside one tagged `train`.
pub(crate) fn select<'g, 'a>(
    path: &Path,
    graphs: &'g [MetaGraph<'a>],
    wanted: Option<&[String]>,
) -> Result<(usize, &'g MetaGraph<'a>)> {
    let available = || -> Vec<Vec<String>> {
        graphs.iter().map(|m| m.tags.iter().map(|t| t.to_string()).collect()).collect()
    };
    let find = |set: &BTreeSet<&str>| graphs.iter().enumerate().find(|(_, m)| m.tag_set() == *set);
    if graphs.is_empty() {
        return Err(Error::Tags {
            path: path.to_path_buf(),
            what: "the SavedModel holds no MetaGraph".into(),
            available: Vec::new(),
        });
    }
    if let Some(wanted) = wanted {
        let set: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        return find(&set).ok_or_else(|| Error::Tags {
            path: path.to_path_buf(),
            what: format!("no MetaGraph has exactly the tags '{}'", wanted.join(",")),
            available: available(),
        });
    }
    find(&BTreeSet::from(["serve"]))
        .or(graphs.first().filter(|_| graphs.len() == 1).map(|only| (0, only)))
        .or_else(|| find(&BTreeSet::new()))
        .ok_or_else(|| Error::Tags {
            path: path.to_path_buf(),
            what: "the SavedModel holds several MetaGraphs, none of them tagged 'serve' alone"
                .into(),
            available: available(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::protobuf::{bytes, text};

    #[test]
    fn both_entries_of_a_repeated_init_signature_are_init_nodes() {
        let signature = |node: &str| {
            let info = text(1, "x").with(bytes(2, &text(1, node).0));
            let value = bytes(2, &info.0);
            bytes(5, &text(1, "__saved_model_init_op").with(bytes(2, &value.0)).0).0
        };
        let meta = [signature("calm:0"), signature("evil:0")].concat();
        let meta = MetaGraph::decode(&meta).unwrap();
        assert_eq!(meta.init_nodes().unwrap(), ["calm", "evil"]);
    }

    #[test]
    fn an_asset_outside_the_model_is_a_foreign_file() {
        let asset = |name: &str| {
            let tensor = bytes(1, &text(1, "path:0").0);
            bytes(6, &tensor.with(text(2, name)).0).0
        };
        let inside = asset("vocab..txt");
        assert_eq!(MetaGraph::decode(&inside).unwrap().asset_nodes, ["path"]);
        let outside = asset("../../../etc/passwd");
        let outside = MetaGraph::decode(&outside).unwrap();
        assert!(outside.asset_nodes.is_empty() && outside.foreign_files == ["path"]);
    }

    fn tagged(sets: &[&[&'static str]]) -> Vec<MetaGraph<'static>> {
        sets.iter().map(|tags| MetaGraph { tags: tags.to_vec(), ..MetaGraph::default() }).collect()
    }

    fn chosen(sets: &[&[&'static str]], wanted: Option<&[&str]>) -> Option<usize> {
        let wanted: Option<Vec<String>> = wanted.map(|w| w.iter().map(|t| t.to_string()).collect());
        select(Path::new("m"), &tagged(sets), wanted.as_deref()).ok().map(|(at, _)| at)
    }

    #[test]
    fn prefers_serve_then_the_only_one_then_the_empty_set() {
        assert_eq!(chosen(&[&["train"], &["serve"]], None), Some(1));
        assert_eq!(chosen(&[&["train"]], None), Some(0));
        assert_eq!(chosen(&[&["train"], &[]], None), Some(1));
        assert_eq!(chosen(&[&["train"], &["serve", "gpu"]], None), None);
        assert_eq!(chosen(&[], None), None);
    }

    #[test]
    fn a_tag_set_is_exact_but_unordered() {
        let sets: &[&[&str]] = &[&["serve"], &["serve", "gpu"]];
        assert_eq!(chosen(sets, Some(&["gpu", "serve"])), Some(1));
        assert_eq!(chosen(sets, Some(&["gpu"])), None);
        assert_eq!(chosen(&[&["train"], &[]], Some(&[])), Some(1));
    }

    #[test]
    fn of_two_with_one_tag_set_the_first_is_chosen() {
        assert_eq!(chosen(&[&["serve"], &["serve"]], None), Some(0));
    }
}
