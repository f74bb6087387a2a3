//! The `.keras` archive of the same model: names, classes, nesting and frozen state of the layers
//! of a Keras 3 model, whose SavedModel export has none of them.
//!
//! Source: keras/src/saving/saving_lib.py (Keras 3): a zip with `config.json` and `metadata.json`.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::json::unregistered;
use crate::error::{Error, Result};

/// Largest `config.json` that is read.
const MAX_CONFIG_BYTES: u64 = 256 << 20;
/// Most layers that are taken from a configuration.
const MAX_LAYERS: usize = 1_000_000;

/// The layers of a model as its configuration nests them. The first is the model itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KerasConfig {
    /// Parents before children, in the model's order.
    pub layers: Vec<ConfigLayer>,
    /// Version of Keras that wrote it.
    pub version: Option<String>,
}

/// One layer or sub-model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigLayer {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// False where it, or a model that holds it, is frozen.
    pub trainable: bool,
    /// True where it nests layers of its own.
    pub is_model: bool,
    /// The model that holds it; `None` for the first.
    pub parent: Option<usize>,
}

#[derive(Deserialize)]
struct RawNode {
    #[serde(default)]
    class_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    config: Option<RawConfig>,
}

#[derive(Default, Deserialize)]
struct RawConfig {
    #[serde(default)]
    name: Option<serde_json::Value>,
    #[serde(default)]
    trainable: Option<serde_json::Value>,
    #[serde(default)]
    layers: Option<Vec<RawNode>>,
}

#[derive(Deserialize)]
struct RawMetadata {
    #[serde(default)]
    keras_version: Option<String>,
}

/// Reads a `.keras` archive, the folder it unpacks to, or a bare `config.json`.
pub(crate) fn read(path: &Path) -> Result<KerasConfig> {
    let (config, metadata) = if path.is_dir() {
        (read_file(&path.join("config.json"))?, read_file(&path.join("metadata.json")).ok())
    } else {
        let bytes = read_file(path)?;
        match bytes.starts_with(b"PK") {
            true => read_archive(path)?,
            false => (bytes, None),
        }
    };
    let mut parsed = parse(&config).map_err(|what| refused(path, what))?;
    parsed.version = metadata
        .and_then(|m| serde_json::from_slice::<RawMetadata>(&m).ok())
        .and_then(|m| m.keras_version);
    Ok(parsed)
}

fn refused(path: &Path, what: String) -> Error {
    Error::NotAModel {
        path: path.to_path_buf(),
        what: format!("no Keras configuration can be read from it: {what}"),
        advice: "give --keras-config the .keras file that model.save('model.keras') wrote for the same model".into(),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|f| f.take(MAX_CONFIG_BYTES).read_to_end(&mut bytes))
        .map_err(|e| Error::io("read", path, e))?;
    Ok(bytes)
}

fn read_archive(path: &Path) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("open", path, e))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| refused(path, e.to_string()))?;
    let mut member = |name: &str| -> std::result::Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let member = archive.by_name(name).map_err(|e| format!("{name}: {e}"))?;
        member.take(MAX_CONFIG_BYTES).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Ok(bytes)
    };
    let config = member("config.json").map_err(|what| refused(path, what))?;
    Ok((config, member("metadata.json").ok()))
}

/// Reads a `config.json`. JSON nested deeper than 128 levels is refused by the reader itself.
pub(crate) fn parse(json: &[u8]) -> std::result::Result<KerasConfig, String> {
    let root: RawNode = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    if root.class_name.is_none() {
        return Err("it names no class".into());
    }
    let mut layers: Vec<ConfigLayer> = Vec::new();
    let mut open = vec![(root, None::<usize>)];
    while let Some((node, parent)) = open.pop() {
        if layers.len() >= MAX_LAYERS {
            return Err(format!("it has more than {MAX_LAYERS} layers"));
        }
        let config = node.config.unwrap_or_default();
        let text = |v: Option<serde_json::Value>| v.and_then(|v| v.as_str().map(str::to_owned));
        let own = config.trainable.and_then(|v| v.as_bool()).unwrap_or(true);
        let at = layers.len();
        layers.push(ConfigLayer {
            name: text(config.name).or(node.name).unwrap_or_default(),
            class: unregistered(&node.class_name.unwrap_or_default()).to_owned(),
            trainable: own && parent.is_none_or(|p: usize| layers[p].trainable),
            is_model: config.layers.is_some(),
            parent,
        });
        open.extend(config.layers.into_iter().flatten().rev().map(|child| (child, Some(at))));
    }
    Ok(KerasConfig { layers, version: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_layers_and_hands_frozenness_down() {
        let config = parse(
            br#"{"class_name": "Functional", "config": {"name": "top", "trainable": true, "layers": [
                {"class_name": "InputLayer", "config": {"name": "in"}},
                {"class_name": "pkg>Base", "config": {"name": "base", "trainable": false, "layers": [
                    {"class_name": "Dense", "config": {"name": "d", "trainable": true}}]}},
                {"class_name": "Dense", "config": {"name": "d", "trainable": true}}]}}"#,
        )
        .unwrap();
        let names: Vec<&str> = config.layers.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["top", "in", "base", "d", "d"]);
        assert_eq!(config.layers[2].class, "Base");
        assert_eq!(config.layers[3].parent, Some(2));
        let trainable: Vec<bool> = config.layers.iter().map(|l| l.trainable).collect();
        assert_eq!(trainable, [true, true, false, false, true]);
    }

    #[test]
    fn refuses_what_is_no_configuration() {
        assert!(parse(b"[]").is_err());
        assert!(parse(b"{}").is_err());
        let deep = b"{\"class_name\":\"A\",\"config\":{\"layers\":[".repeat(1000);
        assert!(parse(&deep).is_err());
    }
}
