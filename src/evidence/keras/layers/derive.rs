//! From the description of a layer to its variables.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::built::Built;
use super::class::{Class, Part, Source};
use super::config::{Values, list};
use super::expected::{ExpectedVariable, Presence};
use super::inputs::Inputs;
use super::{attention, convolution, core, local, normalization, recurrent, weightless};
use crate::saved_model::DeclaredShape;

/// Most layers around a layer that are entered.
const MAX_NESTING: usize = 8;

/// Most variables of one layer.
const MAX_VARIABLES: usize = 256;

const TABLES: &[&[Class]] = &[
    core::CLASSES,
    convolution::CLASSES,
    normalization::CLASSES,
    recurrent::CLASSES,
    attention::CLASSES,
    local::CLASSES,
];

/// What leads to the variable of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evidence::keras) enum Naming {
    /// The attributes of an object graph.
    Attributes,
    /// The names of layers, as in the names of Keras 3.
    Names,
}

/// A layer as Keras describes it.
#[derive(Clone, Debug, Default)]
pub(in crate::evidence::keras) struct Described<'a> {
    /// Its class, with the package that it is registered under.
    pub class: &'a str,
    /// Its configuration.
    pub config: Option<Values<'a>>,
    /// What it was built with.
    pub inputs: Inputs,
}

/// The variables of a layer; `None` where they cannot be told for sure.
pub(in crate::evidence::keras) fn derive(
    layer: Described<'_>,
    naming: Naming,
) -> Option<Vec<ExpectedVariable>> {
    if weightless::is_weightless(layer.class) {
        return Some(Vec::new());
    }
    let class = find(layer.class)?;
    let layer = Built { config: layer.config?, inputs: layer.inputs };
    let mut walk = Walk { naming, holders: Vec::new(), found: Vec::new() };
    walk.enter_described(class, &layer)?;
    Some(walk.found)
}

fn find(name: &str) -> Option<&'static Class> {
    TABLES.iter().copied().flatten().find(|class| class.names.contains(&name))
}

/// The description of a layer inside another's configuration.
#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow)]
    class_name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    config: &'a RawValue,
    #[serde(default)]
    registered_name: Option<String>,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

struct Walk {
    naming: Naming,
    holders: Vec<String>,
    found: Vec<ExpectedVariable>,
}

impl Walk {
    fn enter_described(&mut self, class: &Class, layer: &Built<'_>) -> Option<()> {
        if !layer.config.fit(class.needs, class.knows) {
            return None;
        }
        self.enter(class, layer)
    }

    fn enter(&mut self, class: &Class, layer: &Built<'_>) -> Option<()> {
        for weight in class.weights {
            if self.found.len() >= MAX_VARIABLES {
                return None;
            }
            let presence = weight.when.holds(layer)?;
            let shape = match presence {
                Presence::Never => DeclaredShape::Unknown,
                Presence::Always | Presence::Maybe => weight.shape.of(layer)?,
            };
            let mut holders = self.holders.clone();
            holders.extend(weight.held_by.map(|(attribute, name)| match self.naming {
                Naming::Attributes => attribute.to_owned(),
                Naming::Names => name.to_owned(),
            }));
            self.found.push(ExpectedVariable {
                holders,
                names: weight.names,
                presence,
                shape,
                trainable: weight.trainable,
            });
        }
        class.parts.iter().try_for_each(|part| self.enter_part(part, layer))
    }

    fn enter_part(&mut self, part: &Part, layer: &Built<'_>) -> Option<()> {
        let inputs = match part.takes_steps {
            true => steps(layer)?,
            false => layer.inputs.clone(),
        };
        match part.source {
            Source::Own(class, name) => {
                let layer = Built { config: layer.config.clone(), inputs };
                self.below(part.attribute, name, |walk| walk.enter(class, &layer))
            }
            Source::Key(keys) => {
                let key = keys.iter().find(|key| !layer.config.is_null(key))?;
                let nested = serde_json::from_str(layer.config.get(key)?.get()).ok()?;
                self.enter_nested(part.attribute, &nested, inputs).map(drop)
            }
            Source::Chain(key) => self.enter_chain(part.attribute, layer.config.get(key)?, inputs),
        }
    }

    fn enter_chain(&mut self, attribute: &str, chain: &RawValue, mut inputs: Inputs) -> Option<()> {
        for (at, nested) in list::<Nested<'_>>(chain)?.iter().enumerate() {
            let attribute = match self.naming {
                Naming::Attributes => {
                    self.holders.push(attribute.to_owned());
                    at.to_string()
                }
                Naming::Names => String::new(),
            };
            inputs = self.enter_nested(&attribute, nested, inputs)?;
            if self.naming == Naming::Attributes {
                self.holders.pop();
            }
        }
        Some(())
    }

    /// Enters a layer that is described in another's configuration, and gives what it gives.
    fn enter_nested(
        &mut self,
        attribute: &str,
        nested: &Nested<'_>,
        inputs: Inputs,
    ) -> Option<Inputs> {
        if nested.registered_name.is_some() {
            return None;
        }
        let name = serde_json::from_str::<Named>(nested.config.get()).unwrap_or_default().name;
        let mut gives = Inputs::default();
        if !weightless::is_weightless(&nested.class_name) {
            let class = find(&nested.class_name)?;
            let layer = Built { config: Values::read(nested.config)?, inputs };
            if let Some(units) = layer.config.number("units") {
                gives = Inputs::one(vec![None, Some(units)]);
            }
            self.below(attribute, &name, |walk| walk.enter_described(class, &layer))?;
        }
        Some(gives)
    }

    fn below(
        &mut self,
        attribute: &str,
        name: &str,
        enter: impl FnOnce(&mut Walk) -> Option<()>,
    ) -> Option<()> {
        if self.holders.len() >= MAX_NESTING {
            return None;
        }
        self.holders.push(match self.naming {
            Naming::Attributes => attribute.to_owned(),
            Naming::Names => name.to_owned(),
        });
        enter(self)?;
        self.holders.pop();
        Some(())
    }
}

/// The input without its axis of time, which is the second, or the first where an option says so.
fn steps(layer: &Built<'_>) -> Option<Inputs> {
    let axis = usize::from(!layer.config.flag("time_major")?);
    let Some(shape) = layer.inputs.first() else { return Some(Inputs::default()) };
    let mut shape = shape.clone();
    if axis >= shape.len() {
        return None;
    }
    shape.remove(axis);
    Some(Inputs::one(shape))
}
