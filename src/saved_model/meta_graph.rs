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
use crate::wire::{Malformed, Member, Message, OneOf, Value, fields, last_of_each, utf8};

/// A MetaGraph whose parts are still undecoded.
#[derive(Debug, Default)]
pub(crate) struct MetaGraph<'a> {
    /// Its tags, in file order.
    pub tags: Vec<&'a str>,
    /// The TensorFlow that wrote it; empty where unknown.
    pub tensorflow_version: &'a str,
    /// Node that restores the variables; empty where there is no saver (as in TF1 Hub modules).
    pub restore_op: &'a str,
    /// The tensor that the loader feeds with the path of the checkpoint when it runs `restore_op`.
    pub filename_tensor: &'a str,
    /// Nodes that the loader feeds with the paths of the model's own asset files.
    pub asset_nodes: Vec<&'a str>,
    /// Nodes that the loader would feed with a path outside the model's folder.
    pub foreign_files: Vec<&'a str>,
    graph: Message<'a>,
    object_graph: Message<'a>,
    collections: Vec<(&'a str, Message<'a>)>,
    signatures: Vec<(&'a str, Message<'a>)>,
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
            let (number, Value::Bytes(inner)) = field? else { continue };
            match number {
                4 | 5
                    if meta.collections.len() + meta.signatures.len() >= MAX_META_GRAPH_ENTRIES =>
                {
                    return Err(Malformed::at(inner, "more collections than any model has"));
                }
                1 => meta.merge_info(inner)?,
                2 => meta.graph.merge(inner),
                3 => meta.merge_saver(inner)?,
                4 => meta.collections.push(map_entry(inner)?),
                5 => meta.signatures.push(map_entry(inner)?),
                6 => meta.add_asset(inner)?,
                7 => meta.object_graph.merge(inner),
                _ => {}
            }
        }
        meta.collections = last_of_each(meta.collections);
        meta.signatures = last_of_each(meta.signatures);
        Ok(meta)
    }

    /// Reads a part of a `MetaInfoDef`.
    fn merge_info(&mut self, part: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(part) {
            match field? {
                (4, Value::Bytes(tag)) if self.tags.len() < MAX_META_GRAPH_ENTRIES => {
                    self.tags.push(utf8(tag)?)
                }
                (4, Value::Bytes(tag)) => {
                    return Err(Malformed::at(tag, "more tags than any model has"));
                }
                (5, Value::Bytes(version)) => self.tensorflow_version = utf8(version)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a part of a `SaverDef`.
    fn merge_saver(&mut self, part: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(part) {
            match field? {
                (1, Value::Bytes(name)) => self.filename_tensor = utf8(name)?,
                (3, Value::Bytes(name)) => self.restore_op = utf8(name)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds the node of an `AssetFileDef` to the assets, or to the foreign files where its file name
    /// leads out of the model's folder or the loader feeds something else: it feeds what has a name,
    /// not the parts of a sparse or composite tensor, and only a node's first output is followed here.
    fn add_asset(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        let (mut tensor, mut file_name) = (Message::default(), "");
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(part)) => tensor.merge(part),
                (2, Value::Bytes(name)) => file_name = utf8(name)?,
                _ => {}
            }
        }
        let leads_out = file_name.split('/').any(|part| part == "..");
        let fed = match encoding(&tensor)? {
            Some(Member::Scalar(_, Value::Bytes(name))) => Some(input_node(utf8(name)?)),
            _ => None,
        };
        match fed {
            Some(fed) if fed.output == 0 && !fed.control && !leads_out => {
                self.asset_nodes.push(fed.node);
                Ok(())
            }
            _ => add_tensor_names(tensor, &mut self.foreign_files),
        }
    }

    /// Its tags as a set: order and repetition do not matter.
    pub fn tag_set(&self) -> BTreeSet<&'a str> {
        self.tags.iter().copied().collect()
    }

    /// Decodes its graph.
    pub fn graph(&self) -> Result<Graph<'a>, Malformed> {
        Graph::decode(&self.graph)
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

    /// Nodes that the loader may run after it has restored the variables: the signature
    /// `__saved_model_init_op`, else the collection `saved_model_main_op`, else `legacy_init_op`.
    /// All three are given: a model has one of them, and nobody needs to rely on their ranks.
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

/// An entry of a map from names to messages.
fn map_entry(bytes: &[u8]) -> Result<(&str, Message<'_>), Malformed> {
    let (mut key, mut value) = ("", Message::default());
    for field in fields(bytes) {
        match field? {
            (1, Value::Bytes(stated)) => key = utf8(stated)?,
            (2, Value::Bytes(part)) => value.merge(part),
            _ => {}
        }
    }
    Ok((key, value))
}

/// Nodes of a `SignatureDef`'s outputs, including the parts of sparse and composite tensors.
fn signature_outputs<'a>(signature: &Message<'a>) -> Result<Vec<&'a str>, Malformed> {
    let mut infos = Vec::new();
    for field in signature.fields() {
        if let (2, Value::Bytes(entry)) = field? {
            infos.push(map_entry(entry)?);
        }
    }
    let mut outputs = Vec::new();
    for (_, info) in last_of_each(infos) {
        add_tensor_names(info, &mut outputs)?;
    }
    Ok(outputs)
}

/// How a `TensorInfo` states its tensor: by its name, or by the parts of a sparse or composite one.
fn encoding<'a>(info: &Message<'a>) -> Result<Option<Member<'a>>, Malformed> {
    let mut encoding = OneOf::default();
    for field in info.fields() {
        match field? {
            (1, Value::Bytes(name)) => {
                utf8(name)?;
                encoding.set(1, Value::Bytes(name));
            }
            (number @ (4 | 5), Value::Bytes(part)) => encoding.merge(number, part),
            _ => {}
        }
    }
    Ok(encoding.member())
}

/// Adds the nodes that a `TensorInfo` names: of a tensor, of the three tensors of a sparse one, or of
/// the parts of a composite one.
fn add_tensor_names<'a>(info: Message<'a>, names: &mut Vec<&'a str>) -> Result<(), Malformed> {
    let mut open = vec![(info, 0usize)];
    while let Some((info, depth)) = open.pop() {
        match encoding(&info)? {
            Some(Member::Scalar(_, Value::Bytes(name))) => names.push(input_node(utf8(name)?).node),
            Some(Member::Message(4, sparse)) => {
                names.extend(sparse_tensor(&sparse)?.into_iter().filter(|node| !node.is_empty()))
            }
            Some(Member::Message(_, composite)) if depth < MAX_COMPOSITE_TENSOR_DEPTH => {
                for field in composite.fields() {
                    if let (2, Value::Bytes(part)) = field? {
                        open.push((Message::new(part), depth + 1));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The nodes of a `TensorInfo.CooSparse`: values, indices and dense shape. Empty ones are not stated.
fn sparse_tensor<'a>(message: &Message<'a>) -> Result<[&'a str; 3], Malformed> {
    let mut nodes = [""; 3];
    for field in message.fields() {
        if let (number @ 1..=3, Value::Bytes(name)) = field?
            && let Some(node) = nodes.get_mut(number as usize - 1)
        {
            *node = input_node(utf8(name)?).node;
        }
    }
    Ok(nodes)
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
    use crate::testkit::protobuf::{Message, bytes, text, varint};

    /// The encoding guide: of two map entries with one key the last counts, and the parts of a value
    /// within one entry are merged.
    #[test]
    fn the_last_entry_of_a_signature_counts_with_all_its_parts() {
        let outputs = |node: &str| {
            let info = text(1, "x").with(bytes(2, &text(1, node).0));
            bytes(2, &bytes(2, &info.0).0)
        };
        let signature =
            |value: Message| bytes(5, &text(1, "__saved_model_init_op").with(value).0).0;
        let two = [signature(outputs("calm:0")), signature(outputs("evil:0"))].concat();
        assert_eq!(MetaGraph::decode(&two).unwrap().init_nodes().unwrap(), ["evil"]);
        let parts = signature(outputs("evil:0").with(bytes(2, [])));
        assert_eq!(MetaGraph::decode(&parts).unwrap().init_nodes().unwrap(), ["evil"]);
        let not_a_map = [signature(outputs("evil:0")), varint(5, 1).0].concat();
        assert_eq!(MetaGraph::decode(&not_a_map).unwrap().init_nodes().unwrap(), ["evil"]);
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
