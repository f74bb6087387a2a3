//! Words for layers that differ from their configuration.

use super::sentence::Words;
use crate::reconcile::{LayerDifference, LayerMismatch};

const NONE: &str = "no such variable";

pub(super) fn of_layer(difference: &LayerDifference) -> Words {
    let LayerDifference { layer, class, variable, mismatch } = difference;
    let words = match mismatch {
        LayerMismatch::Shape { expected, found } => {
            Words::new("a layer's configuration leads to another shape than its variable has")
                .values(expected, found)
        }
        LayerMismatch::Missing(expected) => {
            Words::new("a layer lacks a variable that its configuration leads to")
                .values(expected, NONE)
        }
        LayerMismatch::Extra(found) => {
            Words::new("a layer has a variable that its configuration leaves out")
                .values(NONE, found)
        }
        LayerMismatch::Flag { expected, found } => {
            Words::new("a layer's class and its variable disagree on whether it is trainable")
                .values(format!("trainable {expected}"), format!("trainable {found}"))
        }
    };
    words.about(format!("{layer} ({class}): {variable}"))
}

pub(super) fn of_more(more: usize) -> Words {
    Words::new(format!("{more} more variables differ from the configuration of their layers"))
}
