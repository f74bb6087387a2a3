//! The `.keras` archive of the same model: names, classes, nesting and frozen state of the layers of
//! a Keras 3 model. Its SavedModel export holds flat lists of variables and none of these.
//!
//! Source: keras/src/saving/saving_lib.py (Keras 3): a zip with `config.json` and `metadata.json`.

use std::io::{Read, Seek};
use std::path::Path;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::json::unregistered;
use super::layers::{Described, ExpectedVariable, Inputs, Key, Naming, Values, derive};
use crate::error::Error;
use crate::limits::{MAX_KERAS_CONFIG_BYTES, MAX_KERAS_CONFIG_LAYERS, MAX_KERAS_CONFIG_OBJECTS};
use crate::regular_file;
use crate::source::open_zip;

/// The layers of a model as its configuration nests them. The first is the model itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KerasConfig {
    /// Parents before children, in the model's order.
    pub layers: Vec<ConfigLayer>,
    /// Version of Keras that wrote it.
    pub version: Option<String>,
}

/// A layer of a configuration, by its position in [`KerasConfig::layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConfigLayerId(pub usize);

/// One layer or sub-model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigLayer {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// False where it is frozen, or a model that holds it.
    pub trainable: bool,
    /// True where its configuration has a list of layers.
    pub is_model: bool,
    /// The model that holds it; `None` for the first.
    pub parent: Option<ConfigLayerId>,
    /// The variables that Keras creates for it; `None` where they cannot be told for sure.
    pub variables: Option<Vec<ExpectedVariable>>,
}

#[derive(Deserialize)]
struct RawNode<'a> {
    #[serde(default)]
    class_name: Option<String>,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    registered_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, borrow)]
    config: Option<RawConfig<'a>>,
    #[serde(default, borrow)]
    build_config: Option<&'a RawValue>,
}

#[derive(Default)]
struct RawConfig<'a> {
    name: Option<Scalar>,
    trainable: Option<Scalar>,
    layers: Option<Vec<RawNode<'a>>>,
    values: Values<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawConfig<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct ConfigVisitor;
        impl<'de> Visitor<'de> for ConfigVisitor {
            type Value = RawConfig<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a configuration")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut config = RawConfig::default();
                while let Some(Key(key)) = map.next_key()? {
                    match key.as_ref() {
                        "name" => config.name = map.next_value::<ScalarOrNone>()?.0,
                        "trainable" => config.trainable = map.next_value::<ScalarOrNone>()?.0,
                        "layers" => config.layers = map.next_value()?,
                        _ => config.values.take(&key, &mut map)?,
                    }
                }
                Ok(config)
            }
        }
        json.deserialize_map(ConfigVisitor)
    }
}

/// Modules of Keras' own layers.
const KERAS_LAYERS: &[&str] =
    &["keras.layers", "keras.src.layers", "tf_keras.layers", "tf_keras.src.layers"];

/// Modules of the layers that models of `keras.applications` have of their own. They are registered, as
/// users' layers are.
const KERAS_APPLICATIONS: &[&str] = &["keras.src.applications", "tf_keras.src.applications"];

/// Modules of the operations that a model of Keras 3 lists among its layers. They hold nothing.
const KERAS_OPERATIONS: &[&str] = &["keras.ops", "keras.src.ops"];

impl<'a> RawNode<'a> {
    /// The variables that Keras creates for it.
    fn variables(&mut self) -> Option<Vec<ExpectedVariable>> {
        let module = self.module.as_deref().unwrap_or_default();
        let is_in = |modules: &[&str]| {
            modules.iter().any(|known| {
                module
                    .strip_prefix(known)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        if is_in(KERAS_OPERATIONS) {
            return Some(Vec::new());
        }
        let is_own = match &self.registered_name {
            None => is_in(KERAS_LAYERS),
            Some(_) => is_in(KERAS_APPLICATIONS),
        };
        if !is_own {
            return None;
        }
        let described = Described {
            class: self.class_name.as_deref().unwrap_or_default(),
            config: self.config.as_mut().map(|config| std::mem::take(&mut config.values)),
            inputs: self.build_config.map(Inputs::of_keras_3).unwrap_or_default(),
        };
        derive(described, Naming::Names)
    }
}

/// The value of a name or a flag, where it is one.
struct ScalarOrNone(Option<Scalar>);

/// The value of a name or a flag.
enum Scalar {
    Text(String),
    Bool(bool),
}

/// A string or a boolean. Other values read as `None`: custom layers may use the same keys for
/// anything, and one of them must not make the whole configuration unreadable. Their contents are
/// skipped, so that they take no memory.
impl<'de> Deserialize<'de> for ScalarOrNone {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ScalarVisitor).map(ScalarOrNone)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Option<Scalar>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Bool(truth)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[derive(Deserialize)]
struct RawMetadata {
    #[serde(default)]
    keras_version: Option<String>,
}

/// Reads a `.keras` archive, the folder it unpacks to, or a bare `config.json`.
pub(crate) fn read(path: &Path) -> Result<KerasConfig, Error> {
    let (config, metadata) = if path.is_dir() {
        (read_file(&path.join("config.json"))?, read_file(&path.join("metadata.json")).ok())
    } else {
        let mut file = regular_file::open(path).map_err(|e| Error::io("open", path, e))?;
        let mut magic = Vec::new();
        let read = file.by_ref().take(2).read_to_end(&mut magic).and_then(|_| file.rewind());
        read.map_err(|e| Error::io("read", path, e))?;
        match magic == b"PK" {
            true => read_archive(file).map_err(|what| refused(path, what))?,
            false => (read_file(path)?, None),
        }
    };
    parse_both(&config, metadata.as_deref()).map_err(|what| refused(path, what))
}

/// Reads the bytes of a `.keras` archive.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn read_bytes(bytes: &[u8]) -> Result<KerasConfig, String> {
    let (config, metadata) = read_archive(std::io::Cursor::new(bytes))?;
    parse_both(&config, metadata.as_deref())
}

fn parse_both(config: &[u8], metadata: Option<&[u8]>) -> Result<KerasConfig, String> {
    let mut parsed = parse(config)?;
    parsed.version = metadata
        .and_then(|m| serde_json::from_slice::<RawMetadata>(m).ok())
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

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let file = regular_file::open(path).map_err(|e| Error::io("open", path, e))?;
    read_bounded(file).map_err(|e| Error::io("read", path, e))
}

fn read_bounded(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_KERAS_CONFIG_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_KERAS_CONFIG_BYTES {
        return Err(std::io::Error::other("it is larger than any that Keras writes"));
    }
    Ok(bytes)
}

/// `config.json` and, where there is one, `metadata.json`.
fn read_archive(file: impl Read + Seek) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    let mut archive = open_zip(file)?;
    let mut member = |name: &str| -> Result<Vec<u8>, String> {
        let member = archive.by_name(name).map_err(|e| format!("{name}: {e}"))?;
        read_bounded(member).map_err(|e| format!("{name}: {e}"))
    };
    Ok((member("config.json")?, member("metadata.json").ok()))
}

/// Reads a `config.json`. `serde_json` refuses nesting beyond 128 levels, so this cannot overflow the
/// stack. The braces are counted first because the parsed layers take far more memory than the text.
pub(crate) fn parse(json: &[u8]) -> Result<KerasConfig, String> {
    if json.iter().filter(|byte| **byte == b'{').count() > MAX_KERAS_CONFIG_OBJECTS {
        return Err(format!("it has more than {MAX_KERAS_CONFIG_OBJECTS} objects"));
    }
    let root: RawNode = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    if root.class_name.is_none() {
        return Err("it names no class".into());
    }
    let mut layers: Vec<ConfigLayer> = Vec::new();
    let mut open = vec![(root, None::<ConfigLayerId>)];
    while let Some((mut node, parent)) = open.pop() {
        if layers.len() >= MAX_KERAS_CONFIG_LAYERS {
            return Err(format!("it has more than {MAX_KERAS_CONFIG_LAYERS} layers"));
        }
        let variables = node.variables();
        let config = node.config.unwrap_or_default();
        let own = !matches!(config.trainable, Some(Scalar::Bool(false)));
        let holder = parent.and_then(|parent| layers.get(parent.0));
        let trainable = own && holder.is_none_or(|holder| holder.trainable);
        let name = match config.name {
            Some(Scalar::Text(name)) => Some(name),
            _ => node.name,
        };
        let id = ConfigLayerId(layers.len());
        layers.push(ConfigLayer {
            name: name.unwrap_or_default(),
            class: unregistered(&node.class_name.unwrap_or_default()).to_owned(),
            trainable,
            is_model: config.layers.is_some(),
            parent,
            variables,
        });
        open.extend(config.layers.into_iter().flatten().rev().map(|child| (child, Some(id))));
    }
    Ok(KerasConfig { layers, version: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_layers_and_freezes_those_of_a_frozen_model() {
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
        assert_eq!(config.layers[3].parent, Some(ConfigLayerId(2)));
        let trainable: Vec<bool> = config.layers.iter().map(|l| l.trainable).collect();
        assert_eq!(trainable, [true, true, false, false, true]);
    }

    #[test]
    fn refuses_json_that_is_not_a_configuration() {
        assert!(parse(b"[]").is_err());
        assert!(parse(b"{}").is_err());
        assert!(
            parse(&b"{".repeat(MAX_KERAS_CONFIG_OBJECTS + 1)).unwrap_err().contains("more than")
        );
        let deep = b"{\"class_name\":\"A\",\"config\":{\"layers\":[".repeat(1000);
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn ignores_names_and_flags_of_other_types() {
        for other in ["5", "-5", "0.5", "null", "[[1], {}]", r#"{"class_name": ["x"]}"#] {
            let json = format!(
                r#"{{"class_name": "A", "config": {{"name": {other}, "trainable": {other}}}}}"#
            );
            let config = parse(json.as_bytes()).unwrap();
            assert_eq!((config.layers[0].name.as_str(), config.layers[0].trainable), ("", true));
        }
    }

    #[test]
    fn an_archive_that_states_a_billion_entries_is_refused() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("m.keras");
        let mut bytes = b"PK\x06\x06".to_vec();
        bytes.resize(32, 0);
        bytes.extend(1_000_000_000u64.to_le_bytes());
        bytes.resize(56, 0);
        bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
        bytes.resize(56 + 22, 0);
        std::fs::write(&path, bytes).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("1000000000 entries"), "{error}");
    }
}
