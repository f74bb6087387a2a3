//! `keras_metadata.pb`, and the same JSON inside the object graph (TensorFlow up to 2.4).
//!
//! Entries name objects by number. An entry whose object does not exist or is of another kind is left
//! out: a layer without a name is better than one with the name of another.
//!
//! Source: tf_keras/protobuf/saved_metadata.proto; saving/legacy/saved_model/load.py (tf_keras 2.21).

use foldhash::HashMap;
use std::path::{Path, PathBuf};

use super::json::{LayerJson, read_layer};
use super::layers::ExpectedVariable;
use crate::limits::{MAX_KERAS_METADATA_BYTES, MAX_KERAS_METADATA_ENTRIES};
use crate::model::KerasMetadataPlace;
use crate::regular_file;
use crate::saved_model::{Kind, NodeId, ObjectGraph};
use crate::wire::{Malformed, Value, fields, int32, utf8};

/// Most problems that are listed; a file of empty entries would give millions.
const MAX_PROBLEMS: usize = 100;

/// The identifiers that Keras has given to its layers.
/// Source: saving/legacy/saved_model/constants.py.
const LAYER_IDENTIFIERS: &[&str] =
    &["_tf_keras_layer", "_tf_keras_input_layer", "_tf_keras_rnn_layer"];

/// Those of what is no layer: models and metrics.
const OTHER_IDENTIFIERS: &[&str] =
    &["_tf_keras_metric", "_tf_keras_model", "_tf_keras_network", "_tf_keras_sequential"];

/// The metadata of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Its name.
    pub name: Option<String>,
    /// Its class.
    pub class: Option<String>,
    /// Its own frozen state; `None` where the metadata does not say (input layers).
    pub trainable: Option<bool>,
    /// Input layers of a Sequential, which have no object: name and class.
    pub leading_inputs: Vec<(String, String)>,
    /// False for a model and a metric.
    pub is_layer: bool,
    /// The variables that Keras creates for it; `None` where they cannot be told for sure.
    pub variables: Option<Vec<ExpectedVariable>>,
}

/// The metadata of a model.
#[derive(Debug, Default)]
pub(crate) struct KerasMetadata {
    /// Where it was found; `None` where the model has none.
    pub place: Option<KerasMetadataPlace>,
    /// Version of Keras that wrote it.
    pub version: Option<String>,
    /// The entry of each object that has one.
    pub layers: HashMap<NodeId, Layer>,
    /// What cannot be used.
    pub problems: Vec<MetadataProblem>,
    /// How many problems are not in `problems`.
    unlisted: usize,
}

/// A part of the metadata that cannot be used. None of them changes a count: the metadata names
/// layers and says what is frozen, and the weights are told by the object graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MetadataProblem {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is damaged; what follows the damage is left out.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, in bytes.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// An entry names an object that does not exist.
    UnknownObject(i64),
    /// An entry takes an object for something that it is not.
    OtherKind {
        /// The object.
        object: i64,
        /// The identifier in the entry.
        identifier: String,
    },
    /// A second entry describes this object; the first is used.
    Repeated(i64),
    /// The entry of this object is not readable JSON.
    BadJson(i64),
    /// An object has an identifier that no known Keras gives; its name, else the identifier.
    UnknownKind(String),
    /// There are this many more problems of single entries.
    More(usize),
}

impl KerasMetadata {
    /// True where an entry is on an object that it cannot be about. Then none of the numbers can be
    /// relied on to tell which variables are a layer's.
    pub fn is_misplaced(&self) -> bool {
        let is_misplaced = |problem: &MetadataProblem| {
            matches!(problem, MetadataProblem::OtherKind { .. } | MetadataProblem::UnknownObject(_))
        };
        self.problems.iter().any(is_misplaced)
    }

    fn report(&mut self, problem: MetadataProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.unlisted += 1;
        }
    }

    /// Says how many problems are not listed.
    fn conclude(mut self) -> KerasMetadata {
        if self.unlisted > 0 {
            self.problems.push(MetadataProblem::More(self.unlisted));
        }
        self
    }

    fn add(&mut self, graph: &ObjectGraph<'_>, node: i64, identifier: &str, json: &str) {
        match self.usable_entry(graph, node, identifier, json) {
            Ok((id, layer)) => {
                let is_known_layer = LAYER_IDENTIFIERS.contains(&identifier);
                let is_other = OTHER_IDENTIFIERS.contains(&identifier);
                if !is_known_layer && !is_other {
                    let name = layer.name.clone().unwrap_or_else(|| identifier.to_owned());
                    self.report(MetadataProblem::UnknownKind(name));
                }
                if self.version.is_none() {
                    self.version = layer.keras_version;
                }
                self.layers.insert(
                    id,
                    Layer {
                        name: layer.name,
                        class: layer.class,
                        trainable: layer.trainable,
                        leading_inputs: layer.leading_inputs,
                        is_layer: !is_other,
                        variables: layer.variables.filter(|_| is_known_layer),
                    },
                );
            }
            Err(problem) => self.report(problem),
        }
    }

    fn usable_entry(
        &self,
        graph: &ObjectGraph<'_>,
        node: i64,
        identifier: &str,
        json: &str,
    ) -> Result<(NodeId, LayerJson), MetadataProblem> {
        let id = u32::try_from(node).ok().map(NodeId).filter(|n| n.index() < graph.len());
        let id = id.ok_or(MetadataProblem::UnknownObject(node))?;
        if graph.identifier(id) != identifier {
            let identifier = identifier.to_owned();
            return Err(MetadataProblem::OtherKind { object: node, identifier });
        }
        if self.layers.contains_key(&id) {
            return Err(MetadataProblem::Repeated(node));
        }
        let layer = read_layer(json).ok_or(MetadataProblem::BadJson(node))?;
        Ok((id, layer))
    }
}

/// Reads the bytes of `keras_metadata.pb`, which [`decode_file`] decodes.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let bytes = regular_file::read(path, MAX_KERAS_METADATA_BYTES)?
        .ok_or_else(|| std::io::Error::other("it is larger than any that Keras writes"))?;
    match regular_file::is_lfs_pointer(&bytes) {
        true => Err(std::io::Error::other(format!("it is {}", regular_file::LFS_POINTER))),
        false => Ok(bytes),
    }
}

/// Decodes what was read of `keras_metadata.pb` at `path`. A file that cannot be read or is damaged
/// is a problem, not an error: the count does not depend on it.
pub(crate) fn decode_file(
    read: &std::io::Result<Vec<u8>>,
    path: &Path,
    graph: &ObjectGraph<'_>,
) -> KerasMetadata {
    let mut metadata =
        KerasMetadata { place: Some(KerasMetadataPlace::File), ..KerasMetadata::default() };
    match read {
        Err(error) => metadata.problems.push(MetadataProblem::Unreadable {
            path: path.to_path_buf(),
            reason: error.to_string(),
        }),
        Ok(bytes) => {
            if let Err(bad) = decode(bytes, graph, &mut metadata) {
                metadata.problems.push(MetadataProblem::Damaged {
                    path: path.to_path_buf(),
                    offset: bad.offset_in(bytes).unwrap_or(0),
                    reason: bad.what.to_string(),
                });
            }
        }
    }
    metadata.conclude()
}

fn decode(
    bytes: &[u8],
    graph: &ObjectGraph<'_>,
    metadata: &mut KerasMetadata,
) -> Result<(), Malformed> {
    let mut entries = 0;
    for field in fields(bytes) {
        if let (1, Value::Bytes(entry)) = field? {
            entries += 1;
            if entries > MAX_KERAS_METADATA_ENTRIES {
                return Err(Malformed::at(entry, "more entries than any model has"));
            }
            let (mut node, mut identifier, mut json) = (0i64, "", "");
            for field in fields(entry) {
                match field? {
                    (2, Value::Varint(number)) => node = int32(number).into(),
                    (4, Value::Bytes(stated)) => identifier = utf8(stated)?,
                    (5, Value::Bytes(stated)) => json = utf8(stated)?,
                    _ => {}
                }
            }
            metadata.add(graph, node, identifier, json);
        }
    }
    Ok(())
}

/// Reads the metadata that TensorFlow up to 2.4 kept inside the object graph.
pub(crate) fn read_object_graph(graph: &ObjectGraph<'_>) -> KerasMetadata {
    let mut found = KerasMetadata::default();
    for id in graph.ids() {
        if let Some(Kind::User { identifier, metadata }) = graph.kinds.get(id.index())
            && graph.is_keras(id)
            && !metadata.is_empty()
        {
            found.place = Some(KerasMetadataPlace::ObjectGraph);
            found.add(graph, i64::from(id.0), identifier, metadata);
        }
    }
    found.conclude()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::saved_model::{ObjectGraphBytes, object};

    #[test]
    fn a_flood_of_bad_entries_is_counted_and_not_listed() {
        let graph = ObjectGraphBytes::new(vec![object("_tf_keras_layer", &[])]);
        let flood = [0x0a, 0x00].repeat(100_000);
        let metadata = decode_file(&Ok(flood), Path::new("k"), &graph.decode());
        assert_eq!(metadata.problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(metadata.problems[MAX_PROBLEMS], MetadataProblem::More(99_900));
    }
}
