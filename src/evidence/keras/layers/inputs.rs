//! The shapes that a layer was built with: `build_input_shape` of Keras 2, `build_config` of Keras 3.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::config::{Key, list};

/// Most inputs of one layer that are read.
const MAX_INPUTS: usize = 16;

/// A shape; a dimension is `None` where it is unknown.
pub(in crate::evidence::keras) type InputShape = Vec<Option<u64>>;

/// The shapes of a layer's inputs, in order. Without any they are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::evidence::keras) struct Inputs {
    /// Name, where the layer names its inputs, and shape; `None` where that is more than a shape.
    shapes: Vec<(String, Option<InputShape>)>,
}

#[derive(Default, Deserialize)]
struct RawBuildConfig<'a> {
    #[serde(default, borrow)]
    input_shape: Option<&'a RawValue>,
    #[serde(default, borrow)]
    shapes_dict: Option<RawShapes<'a>>,
}

struct RawShapes<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawShapes<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct ShapesVisitor;
        impl<'de> Visitor<'de> for ShapesVisitor {
            type Value = RawShapes<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("named shapes")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut shapes = Vec::new();
                while let Some(key) = map.next_key::<Key>()? {
                    match shapes.len() < MAX_INPUTS {
                        true => shapes.push((key.0.into_owned(), map.next_value()?)),
                        false => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(RawShapes(shapes))
            }
        }
        json.deserialize_map(ShapesVisitor)
    }
}

impl Inputs {
    /// Reads the `build_input_shape` of Keras 2.
    pub fn of_keras_2(build_input_shape: &RawValue) -> Inputs {
        Inputs::of_shapes(build_input_shape)
    }

    /// Reads the `build_config` of Keras 3.
    pub fn of_keras_3(build_config: &RawValue) -> Inputs {
        let raw: RawBuildConfig = serde_json::from_str(build_config.get()).unwrap_or_default();
        match (raw.input_shape, raw.shapes_dict) {
            (Some(shapes), _) => Inputs::of_shapes(shapes),
            (None, Some(RawShapes(named))) => {
                let shapes = named.into_iter().map(|(name, value)| (name, shape(value)));
                Inputs { shapes: shapes.collect() }
            }
            (None, None) => Inputs::default(),
        }
    }

    /// One shape, or a list of shapes.
    fn of_shapes(value: &RawValue) -> Inputs {
        if let Some(shape) = shape(value) {
            return Inputs::one(shape);
        }
        let shapes: Vec<&RawValue> = list(value).unwrap_or_default();
        let shapes = shapes.into_iter().take(MAX_INPUTS);
        Inputs { shapes: shapes.map(|value| (String::new(), shape(value))).collect() }
    }

    /// A single input.
    pub fn one(shape: InputShape) -> Inputs {
        Inputs { shapes: vec![(String::new(), Some(shape))] }
    }

    /// The only input; `None` where there are several, or it is unknown.
    pub fn only(&self) -> Option<&InputShape> {
        match self.shapes.as_slice() {
            [(_, shape)] => shape.as_ref(),
            _ => None,
        }
    }

    /// The first input: what a recurrent layer takes before its states.
    pub fn first(&self) -> Option<&InputShape> {
        self.shapes.first().and_then(|(_, shape)| shape.as_ref())
    }

    /// The input of this name.
    pub fn named(&self, name: &str) -> Option<&InputShape> {
        self.shapes.iter().find(|(known, _)| known == name).and_then(|(_, shape)| shape.as_ref())
    }

    /// All inputs.
    pub fn each(&self) -> impl Iterator<Item = Option<&InputShape>> {
        self.shapes.iter().map(|(_, shape)| shape.as_ref())
    }
}

/// A shape, as a list or as an object around one.
pub(super) fn shape(value: &RawValue) -> Option<InputShape> {
    list(value)
}
