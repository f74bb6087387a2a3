//! A layer as it was built: its configuration and the shapes of its inputs.

use super::config::Values;
use super::inputs::{InputShape, Inputs};
use crate::saved_model::DeclaredShape;

/// A layer and what it was built with.
pub(super) struct Built<'a> {
    pub config: Values<'a>,
    pub inputs: Inputs,
}

/// A dimension: its size, or unknown where only the input decides it and nobody tells that.
pub(super) type Size = Option<u64>;

impl Built<'_> {
    /// The channels of the only input.
    pub fn channels(&self) -> Option<Size> {
        let axis = match self.config.text("data_format")?.as_str() {
            "channels_last" => -1,
            "channels_first" => 1,
            _ => return None,
        };
        self.at(axis)
    }

    /// The only input's dimension on this axis, counted from the end where it is negative. `None`
    /// where the input has no such axis.
    pub fn at(&self, axis: i64) -> Option<Size> {
        match self.inputs.only() {
            Some(shape) => position(axis, shape.len()).and_then(|at| shape.get(at)).copied(),
            None => Some(None),
        }
    }

    /// The input of this name: as the layer was built with it, or as its configuration says.
    pub fn input(&self, name: &str) -> Option<InputShape> {
        let built = self.inputs.named(name).cloned();
        built.or_else(|| super::inputs::shape(self.config.get(name)?))
    }
}

/// The last dimension of a shape.
pub(super) fn last(shape: Option<&InputShape>) -> Size {
    shape.and_then(|shape| shape.last().copied()).flatten()
}

/// The position of an axis among so many dimensions.
pub(super) fn position(axis: i64, rank: usize) -> Option<usize> {
    match usize::try_from(axis) {
        Ok(at) => (at < rank).then_some(at),
        Err(_) => rank.checked_sub(usize::try_from(axis.checked_neg()?).ok()?),
    }
}

/// The shape with these dimensions.
pub(super) fn declared(sizes: Vec<Size>) -> Option<DeclaredShape> {
    let dims = sizes.into_iter().map(|size| size.map_or(Some(-1), |size| i64::try_from(size).ok()));
    dims.collect::<Option<_>>().map(DeclaredShape::Dims)
}
