//! `keras_metadata.pb`, and the same JSON inside the object graph (TensorFlow up to 2.4).
//!
//! Entries name objects by number. An entry whose object does not exist or is of another kind is left
//! out: a layer without a name is better than one with the name of another.
//!
//! Source: tf_keras/protobuf/saved_metadata.proto; saving/legacy/saved_model/load.py (tf_keras 2.21).

use foldhash::HashMap;
use std::io::Read;
use std::path::Path;

use super::json::read_layer;
use crate::limits::{MAX_KERAS_METADATA_BYTES, MAX_KERAS_METADATA_ENTRIES};
use crate::model::{Code, Finding, KerasMetadataPlace};
use crate::saved_model::{Kind, NodeId, ObjectGraph};
use crate::wire::{Malformed, fields};

/// Most complaints about single entries; a file of empty entries would give millions.
const MAX_FINDINGS: usize = 100;

/// The identifiers that Keras has given to its objects.
/// Source: saving/legacy/saved_model/constants.py.
const KERAS_IDENTIFIERS: &[&str] = &[
    "_tf_keras_layer",
    "_tf_keras_input_layer",
    "_tf_keras_rnn_layer",
    "_tf_keras_metric",
    "_tf_keras_model",
    "_tf_keras_network",
    "_tf_keras_sequential",
];

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
    /// What could not be used.
    pub findings: Vec<Finding>,
    /// Complaints beyond those in `findings`.
    left_out: usize,
}

impl KerasMetadata {
    fn complain(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    /// Says how much more there was to complain about.
    fn conclude(mut self) -> KerasMetadata {
        if self.left_out > 0 {
            let left = self.left_out;
            self.findings.push(Finding::new(
                Code::KerasMetadataEntry,
                format!("{left} more entries of the Keras metadata are left out or odd"),
            ));
        }
        self
    }

    fn add(&mut self, graph: &ObjectGraph<'_>, node: i64, identifier: &str, json: &str) {
        let bad = |what: String| {
            Finding::new(Code::KerasMetadataEntry, what).about(format!("object {node}"))
        };
        let Some(id) = u32::try_from(node).ok().map(NodeId).filter(|n| n.index() < graph.len())
        else {
            self.complain(bad(format!(
                "the Keras metadata names object {node}, which does not exist; entry left out"
            )));
            return;
        };
        if graph.identifier(id) != identifier {
            self.complain(bad(format!(
                "the Keras metadata takes object {node} for a {identifier}, which it is not; entry left out"
            )));
            return;
        }
        if self.layers.contains_key(&id) {
            self.complain(bad(format!(
                "the Keras metadata describes object {node} twice; the first entry is used"
            )));
            return;
        }
        let Some(layer) = read_layer(json) else {
            self.complain(bad(format!(
                "the Keras metadata of object {node} is not readable JSON; entry left out"
            )));
            return;
        };
        if !KERAS_IDENTIFIERS.contains(&identifier) {
            self.complain(
                Finding::new(
                    Code::KerasKindUnknown,
                    "a Keras object of a kind this program does not know; its weights are counted under it",
                )
                .about(layer.name.clone().unwrap_or_else(|| identifier.to_owned())),
            );
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
            },
        );
    }
}

/// Reads the bytes of `keras_metadata.pb`, which [`decode_file`] decodes.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_KERAS_METADATA_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_KERAS_METADATA_BYTES {
        return Err(std::io::Error::other("it is larger than any that Keras writes"));
    }
    Ok(bytes)
}

/// Decodes what was read of `keras_metadata.pb` at `path`. A file that cannot be read or is damaged
/// is a finding: the count does not depend on it.
pub(crate) fn decode_file(
    read: &std::io::Result<Vec<u8>>,
    path: &Path,
    graph: &ObjectGraph<'_>,
) -> KerasMetadata {
    let mut metadata =
        KerasMetadata { place: Some(KerasMetadataPlace::File), ..KerasMetadata::default() };
    let unreadable = |what: String| {
        Finding::new(Code::KerasMetadataUnreadable, what).about(path.display().to_string())
    };
    match read {
        Err(e) => metadata.findings.push(unreadable(format!(
            "keras_metadata.pb cannot be read ({e}); layers have no names"
        ))),
        Ok(bytes) => {
            if let Err(bad) = decode(bytes, graph, &mut metadata) {
                metadata.findings.push(unreadable(format!(
                    "keras_metadata.pb is damaged at byte {} ({}); what follows is left out",
                    bad.offset_in(bytes).unwrap_or(0),
                    bad.what
                )));
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
        if let (1, value) = field? {
            entries += 1;
            if entries > MAX_KERAS_METADATA_ENTRIES {
                let entry = value.bytes().unwrap_or_default();
                return Err(Malformed::at(entry, "more entries than any model has"));
            }
            let (mut node, mut identifier, mut json) = (0i64, "", "");
            for field in fields(value.bytes().unwrap_or_default()) {
                match field? {
                    (2, value) => node = value.int32().into(),
                    (4, value) => identifier = value.text()?,
                    (5, value) => json = value.text()?,
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
    use crate::saved_model::testing::{ObjectGraphBytes, object};

    #[test]
    fn a_flood_of_bad_entries_is_counted_and_not_listed() {
        let graph = ObjectGraphBytes::new(vec![object("_tf_keras_layer", &[])]);
        let flood = [0x0a, 0x00].repeat(100_000);
        let metadata = decode_file(&Ok(flood), Path::new("k"), &graph.decode());
        assert_eq!(metadata.findings.len(), MAX_FINDINGS + 1);
        assert!(metadata.findings[MAX_FINDINGS].message.starts_with("99900 more"));
    }
}
