//! Keras' JSON: as Python writes it, and only the few keys that a census needs.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The keys of one layer's metadata. All of them may be absent.
#[derive(Debug, Default, Deserialize)]
struct RawLayer<'a> {
    #[serde(default)]
    name: Option<serde_json::Value>,
    #[serde(default)]
    class_name: Option<serde_json::Value>,
    #[serde(default)]
    trainable: Option<serde_json::Value>,
    #[serde(default)]
    keras_version: Option<serde_json::Value>,
    #[serde(default, borrow)]
    config: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct RawConfig<'a> {
    #[serde(default, borrow)]
    layers: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    name: Option<serde_json::Value>,
}

/// What one layer's metadata says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LayerJson {
    /// Its name.
    pub name: Option<String>,
    /// Its class, the registered package in front cut off.
    pub class: Option<String>,
    /// Its own frozen state; absent for input layers and metrics.
    pub trainable: Option<bool>,
    /// Version of Keras; models only.
    pub keras_version: Option<String>,
    /// Name and class of the layers that a Sequential's configuration lists first, as far as they
    /// are input layers: they have no node of their own.
    pub leading_inputs: Vec<(String, String)>,
}

/// Reads one layer's JSON. `None` where it is no JSON object.
pub(crate) fn read_layer(text: &str) -> Option<LayerJson> {
    // A list would pass for an object whose keys are given in order.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let lenient;
    let raw: RawLayer = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(_) => {
            lenient = without_python_numbers(text);
            serde_json::from_str(&lenient).ok()?
        }
    };
    let text_of = |v: Option<serde_json::Value>| match v {
        Some(serde_json::Value::String(s)) => Some(s),
        _ => None,
    };
    let mut layer = LayerJson {
        name: text_of(raw.name),
        class: text_of(raw.class_name).map(|c| unregistered(&c).to_owned()),
        trainable: raw.trainable.and_then(|v| v.as_bool()),
        keras_version: text_of(raw.keras_version),
        leading_inputs: Vec::new(),
    };
    if layer.class.as_deref() == Some("Sequential") {
        layer.leading_inputs = raw.config.map(leading_inputs).unwrap_or_default();
    }
    Some(layer)
}

/// The class behind a registered name: `package>Class` is `Class`.
pub(crate) fn unregistered(class: &str) -> &str {
    class.rsplit('>').next().unwrap_or(class)
}

fn leading_inputs(config: &RawValue) -> Vec<(String, String)> {
    let Ok(config) = serde_json::from_str::<RawConfig>(config.get()) else { return Vec::new() };
    let mut inputs = Vec::new();
    for layer in config.layers.unwrap_or_default() {
        let Ok(raw) = serde_json::from_str::<RawLayer>(layer.get()) else { break };
        let class = raw.class_name.as_ref().and_then(|v| v.as_str()).map(unregistered);
        if class != Some("InputLayer") {
            break;
        }
        let name = raw
            .config
            .and_then(|c| serde_json::from_str::<RawConfig>(c.get()).ok())
            .and_then(|c| c.name)
            .and_then(|n| n.as_str().map(str::to_owned))
            .unwrap_or_default();
        inputs.push((name, "InputLayer".to_owned()));
    }
    inputs
}

/// Python's encoder writes `NaN`, `Infinity` and `-Infinity`, which are no JSON: reads them as null.
fn without_python_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut in_string, mut escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        if !in_string
            && let Some(word) =
                ["-Infinity", "Infinity", "NaN"].iter().find(|w| rest.starts_with(**w))
        {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_layer_and_cuts_the_package_off() {
        let layer =
            read_layer(r#"{"name": "d", "class_name": "my>Dense", "trainable": false}"#).unwrap();
        assert_eq!(layer.name.as_deref(), Some("d"));
        assert_eq!(layer.class.as_deref(), Some("Dense"));
        assert_eq!(layer.trainable, Some(false));
    }

    #[test]
    fn reads_what_python_writes_for_infinity() {
        let layer = read_layer(r#"{"name": "NaN \" Infinity", "x": [NaN, -Infinity]}"#).unwrap();
        assert_eq!(layer.name.as_deref(), Some("NaN \" Infinity"));
    }

    #[test]
    fn finds_the_input_layer_of_a_sequential() {
        let layer = read_layer(
            r#"{"class_name": "Sequential", "config": {"name": "s", "layers": [
                {"class_name": "InputLayer", "config": {"name": "in"}},
                {"class_name": "Dense", "config": {"name": "d"}}]}}"#,
        )
        .unwrap();
        assert_eq!(layer.leading_inputs, [("in".to_owned(), "InputLayer".to_owned())]);
    }

    #[test]
    fn wrong_types_are_left_out_and_broken_json_is_refused() {
        assert_eq!(read_layer(r#"{"name": 5, "trainable": "yes"}"#), Some(LayerJson::default()));
        assert_eq!(read_layer(r#"{"name": "d""#), None);
        assert_eq!(read_layer("[]"), None);
    }
}
