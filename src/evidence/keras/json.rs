//! The JSON of Keras, as Python writes it: only the few keys that a census needs.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::layers::{Described, ExpectedVariable, Inputs, Naming, Values, derive};

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
    #[serde(default, borrow)]
    build_input_shape: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct RawConfig<'a> {
    #[serde(default, borrow)]
    layers: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    name: Option<serde_json::Value>,
}

/// The metadata of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LayerJson {
    /// Its name.
    pub name: Option<String>,
    /// Its class, without the package that it is registered under.
    pub class: Option<String>,
    /// Its own frozen state; absent for input layers and metrics.
    pub trainable: Option<bool>,
    /// Version of Keras; models only.
    pub keras_version: Option<String>,
    /// Name and class of the input layers at the beginning of a Sequential's configuration: they have
    /// no object of their own.
    pub leading_inputs: Vec<(String, String)>,
    /// The variables that Keras creates for it; `None` where they cannot be told for sure.
    pub variables: Option<Vec<ExpectedVariable>>,
}

/// Reads the JSON of one layer. `None` where it is not a JSON object.
pub(crate) fn read_layer(text: &str) -> Option<LayerJson> {
    // `serde` would accept a list as the values of the keys in order.
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
    let class = text_of(raw.class_name);
    let described = Described {
        class: class.as_deref().unwrap_or_default(),
        config: raw.config.and_then(Values::read),
        inputs: raw.build_input_shape.map(Inputs::of_keras_2).unwrap_or_default(),
    };
    let mut layer = LayerJson {
        variables: derive(described, Naming::Attributes),
        name: text_of(raw.name),
        class: class.map(|c| unregistered(&c).to_owned()),
        trainable: raw.trainable.and_then(|v| v.as_bool()),
        keras_version: text_of(raw.keras_version),
        leading_inputs: Vec::new(),
    };
    if layer.class.as_deref() == Some("Sequential") {
        layer.leading_inputs = raw.config.map(leading_inputs).unwrap_or_default();
    }
    Some(layer)
}

/// The class of a registered name, which is `package>Class`.
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

/// The text with `NaN`, `Infinity` and `-Infinity`, which Python's encoder writes and JSON does not
/// have, replaced by null. Tried only where strict parsing fails.
fn without_python_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut in_string, mut escaped) = (false, false);
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        let number = ["-Infinity", "Infinity", "NaN"].iter().find_map(|n| rest.strip_prefix(n));
        if let Some(after) = number.filter(|_| !in_string) {
            out.push_str("null");
            rest = after;
            chars = rest.chars();
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        out.push(c);
        rest = chars.as_str();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_layer_and_removes_its_package() {
        let layer =
            read_layer(r#"{"name": "d", "class_name": "my>Dense", "trainable": false}"#).unwrap();
        assert_eq!(layer.name.as_deref(), Some("d"));
        assert_eq!(layer.class.as_deref(), Some("Dense"));
        assert_eq!(layer.trainable, Some(false));
        assert_eq!(layer.variables, None, "it is not Keras' own Dense");
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
    fn values_of_wrong_types_are_left_out_and_broken_json_is_refused() {
        assert_eq!(read_layer(r#"{"name": 5, "trainable": "yes"}"#), Some(LayerJson::default()));
        assert_eq!(read_layer(r#"{"name": "d""#), None);
        assert_eq!(read_layer("[]"), None);
    }
}
