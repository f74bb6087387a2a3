//! What an entry of a table says: the variables of a class of layers, as data.

use super::built::Built;
use super::dims::{Dim, Dims};
use super::expected::Presence;

/// A class of layers, or several that differ in nothing that concerns variables.
pub(super) struct Class {
    /// Their names, as a configuration writes them.
    pub names: &'static [&'static str],
    /// Keys that its configuration always has. A class of the user's that only has the same name
    /// lacks one of them, as a rule.
    pub needs: &'static [&'static str],
    /// Keys that it may have besides.
    pub knows: &'static [&'static str],
    /// What it creates by itself.
    pub weights: &'static [Weight],
    /// Layers that it holds.
    pub parts: &'static [Part],
}

/// A variable of a class.
pub(super) struct Weight {
    /// The attribute that holds it, which in Keras 3 is also the end of its name; where versions
    /// differ, all that were used.
    pub names: &'static [&'static str],
    /// The part that holds it, where that is a layer which the class makes with fixed options: the
    /// attribute, and the name in Keras 3.
    pub held_by: Option<(&'static str, &'static str)>,
    pub shape: Dims,
    pub when: When,
    pub trainable: bool,
}

/// When a variable is there.
pub(super) enum When {
    Always,
    Maybe,
    /// The key is true.
    Is(&'static str),
    /// The key is false.
    IsNot(&'static str),
    /// Both keys are true.
    Both(&'static str, &'static str),
    /// The key has this text.
    Says(&'static str, &'static str),
    /// The key is null; with a value, versions differ.
    IsNull(&'static str),
    /// The key has any value but null.
    HasValue(&'static str),
}

/// A layer that a class holds.
pub(super) struct Part {
    /// The attribute that holds it.
    pub attribute: &'static str,
    pub source: Source,
    /// True where it is built with the shape of one step of the input.
    pub takes_steps: bool,
}

/// What describes a part.
pub(super) enum Source {
    /// The class makes it from its own configuration; its name in Keras 3.
    Own(&'static Class, &'static str),
    /// The description under the first of these keys that has one.
    Key(&'static [&'static str]),
    /// A list of descriptions under this key, each taking what the one before gives.
    Chain(&'static str),
}

/// A variable that training changes.
pub(super) const fn weight(names: &'static [&'static str], shape: &'static [Dim]) -> Weight {
    weight_by(names, Dims::List(shape))
}

/// A variable whose shape has an own rule.
pub(super) const fn weight_by(names: &'static [&'static str], shape: Dims) -> Weight {
    Weight { names, held_by: None, shape, when: When::Always, trainable: true }
}

impl Weight {
    /// Only then.
    pub const fn when(self, when: When) -> Weight {
        Weight { when, ..self }
    }

    /// Not changed by training.
    pub const fn frozen(self) -> Weight {
        Weight { trainable: false, ..self }
    }

    /// In a layer that the class makes.
    pub const fn in_part(self, attribute: &'static str, name: &'static str) -> Weight {
        Weight { held_by: Some((attribute, name)), ..self }
    }
}

impl When {
    /// Whether the variable is there; `None` where the configuration does not say.
    pub fn holds(&self, layer: &Built<'_>) -> Option<Presence> {
        let is_there = match self {
            When::Always => true,
            When::Maybe => return Some(Presence::Maybe),
            When::Is(key) => layer.config.flag(key)?,
            When::IsNot(key) => !layer.config.flag(key)?,
            When::Both(one, other) => layer.config.flag(one)? && layer.config.flag(other)?,
            When::Says(key, text) => layer.config.text(key).is_some_and(|said| said == *text),
            When::IsNull(key) if layer.config.is_null(key) => true,
            When::IsNull(_) => return Some(Presence::Maybe),
            When::HasValue(key) => !layer.config.is_null(key),
        };
        Some(if is_there { Presence::Always } else { Presence::Never })
    }
}
