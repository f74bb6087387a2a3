//! The shape of a variable as data: dimensions that are written down, or follow from options and inputs.

use super::built::{Built, Size, declared, last};
use crate::saved_model::DeclaredShape;

/// The shape of a variable.
pub(super) enum Dims {
    /// One after the other.
    List(&'static [Dim]),
    /// By an own rule; `None` where the layer is not understood.
    By(fn(&Built<'_>) -> Option<DeclaredShape>),
}

/// A dimension, or several.
pub(super) enum Dim {
    /// Always this.
    Is(u64),
    /// The number under this key.
    Key(&'static str),
    /// The number under this key, so many times.
    Times(u64, &'static str),
    /// The last dimension of the input.
    LastOfInput,
    /// The last dimension of the input that has this name.
    LastOf(&'static str),
    /// The channels of the input, wherever `data_format` puts them.
    Channels,
    /// The channels of the input, divided by the number under this key.
    ChannelsOver(&'static str),
    /// The channels of the input, times the number under this key.
    ChannelsTimes(&'static str),
    /// All numbers in the list under this key.
    Each(&'static str),
    /// A 1 for each number in the list under this key.
    OneForEach(&'static str),
    /// Any size.
    Any,
}

impl Dims {
    /// The shape of a variable; `None` where the layer is not understood.
    pub fn of(&self, layer: &Built<'_>) -> Option<DeclaredShape> {
        let dims = match self {
            Dims::By(rule) => return rule(layer),
            Dims::List(dims) => *dims,
        };
        let mut sizes = Vec::new();
        for dim in dims {
            dim.add(layer, &mut sizes)?;
        }
        declared(sizes)
    }
}

impl Dim {
    fn add(&self, layer: &Built<'_>, sizes: &mut Vec<Size>) -> Option<()> {
        sizes.push(match self {
            Dim::Is(size) => Some(*size),
            Dim::Key(key) => Some(layer.config.number(key)?),
            Dim::Times(times, key) => Some(layer.config.number(key)?.checked_mul(*times)?),
            Dim::LastOfInput => last(layer.inputs.only()),
            Dim::LastOf(input) => last(layer.input(input).as_ref()),
            Dim::Channels => layer.channels()?,
            Dim::ChannelsOver(key) => {
                // Without the key there are no groups: older versions do not have them.
                let groups = layer.config.get(key).map_or(Some(1), |_| layer.config.number(key))?;
                match layer.channels()? {
                    Some(channels) => Some(channels.checked_div(groups)?),
                    None => None,
                }
            }
            Dim::ChannelsTimes(key) => {
                let times = layer.config.number(key)?;
                match layer.channels()? {
                    Some(channels) => Some(channels.checked_mul(times)?),
                    None => None,
                }
            }
            Dim::Each(key) => {
                for number in layer.config.numbers(key)? {
                    sizes.push(Some(u64::try_from(number).ok()?));
                }
                return Some(());
            }
            Dim::OneForEach(key) => {
                sizes.extend(layer.config.numbers(key)?.iter().map(|_| Some(1)));
                return Some(());
            }
            Dim::Any => None,
        });
        Some(())
    }
}
