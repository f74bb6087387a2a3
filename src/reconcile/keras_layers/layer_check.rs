//! How many layers could be derived, and where they differ.

use crate::reconcile::fact::{Fact, KerasFact};
use crate::reconcile::layer_difference::LayerDifference;

/// Most differences that are reported one by one.
const MAX_REPORTED: usize = 20;

/// What came of the comparison.
#[derive(Debug, Default)]
pub(crate) struct LayerCheck {
    /// Layers that Keras describes.
    pub layers: usize,
    /// Those of them whose configuration told their variables.
    pub derived: usize,
    differences: Vec<LayerDifference>,
    unlisted: usize,
}

impl LayerCheck {
    /// Adds a layer: whether it was derived, and how it differs.
    pub fn add(&mut self, is_derived: bool, differences: Vec<LayerDifference>) {
        self.layers += 1;
        self.derived += usize::from(is_derived);
        for difference in differences {
            if self.differences.len() < MAX_REPORTED {
                self.differences.push(difference);
            } else {
                self.unlisted += 1;
            }
        }
    }

    /// The differences: the first few, and how many more there are.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let named = self.differences.iter().cloned().map(KerasFact::LayerDiffers);
        let more = (self.unlisted > 0).then_some(KerasFact::MoreLayersDiffer(self.unlisted));
        named.chain(more).map(Fact::from)
    }
}
