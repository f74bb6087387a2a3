//! Weights frozen into the graph: constants of rank one and more that an output of a signature depends
//! on, in the main graph and in the functions that it calls.
//!
//! - A floating constant is a weight. An integer one is, where it is of a type that weights are
//!   quantised to and an op takes it for floating numbers (`quantized`).
//! - Within the main graph and within a function each constant node is a weight of its own, however
//!   many of them hold the same numbers.
//! - Each function counts once, whatever calls it, but a function that is traced twice holds the same
//!   weights twice (`copies`).
//!
//! - `scopes`: the main graph, the functions that the signatures reach, and what they need of them;
//! - `quantized`: which integer constants are weights;
//! - `copies`: which constants are the same weight in another function.
//!
//! Contents are looked at only where functions may be copies of each other, and never decoded.

mod copies;
mod quantized;
mod scopes;
#[cfg(test)]
mod tests;

use crate::model::Constants;
use crate::saved_model::{Graph, Signature};
use copies::{Weight, Weights};
use scopes::Scopes;

/// Sums the constants that the signatures need. Without signatures, those of the whole main graph:
/// nothing then tells which of them an output needs.
pub(crate) fn sum(graph: &Graph<'_>, signatures: &[Signature<'_>]) -> Constants {
    let scopes = Scopes::read(graph, signatures);
    let quantized = quantized::find(&scopes);
    let weights = Weights::read(&scopes, &quantized);
    let mut sums = Constants::default();
    for (weight, tensors) in weights.distinct(&scopes) {
        let Weight { elements, width, .. } = weight;
        let parameters = elements.saturating_mul(tensors);
        sums.tensors = sums.tensors.saturating_add(tensors);
        sums.parameters = sums.parameters.saturating_add(parameters);
        sums.bytes = sums.bytes.saturating_add(parameters.saturating_mul(width));
    }
    sums
}
