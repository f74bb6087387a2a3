//! The shapes of EinsumDense, whose equation names the dimensions of input, kernel and output.
//!
//! Source: `_analyze_split_string`, tf_keras/src/layers/core/einsum_dense.py (2.21).

use super::built::{Built, Size, declared};
use crate::saved_model::DeclaredShape;

/// An equation such as `abc,cd->abd`, and the dimensions of input and output.
struct Equation {
    input: String,
    kernel: String,
    output: String,
    /// Dimensions of the input that the equation does not name.
    elided: usize,
    /// True where those stand before the named ones.
    is_left: bool,
    input_shape: Vec<Size>,
    output_shape: Vec<Size>,
}

/// The shape of the kernel.
pub(super) fn kernel(layer: &Built<'_>) -> Option<DeclaredShape> {
    let equation = Equation::read(layer)?;
    let dims = equation.kernel.chars();
    declared(
        dims.map(|name| equation.of_input(name).or_else(|| equation.of_output(name)))
            .collect::<Option<_>>()?,
    )
}

/// The shape of the bias: the output from the first dimension that has one, with 1 for those that have
/// none.
pub(super) fn bias(layer: &Built<'_>) -> Option<DeclaredShape> {
    let axes = layer.config.text("bias_axes")?;
    let equation = Equation::read(layer)?;
    let first = equation.output.find(|name| axes.contains(name))?;
    let mut sizes = Vec::new();
    for name in equation.output.get(first..)?.chars() {
        sizes.push(match axes.contains(name) {
            true => equation.of_output(name)?,
            false => Some(1),
        });
    }
    if !equation.is_left {
        sizes.extend(std::iter::repeat_n(Some(1), equation.elided));
    }
    declared(sizes)
}

impl Equation {
    fn read(layer: &Built<'_>) -> Option<Equation> {
        let text = layer.config.text("equation")?;
        let (input, rest) = text.split_once(',')?;
        let (kernel, output) = rest.split_once("->")?;
        let (input, output, is_left, is_right) = match input.strip_prefix("...") {
            Some(input) => (input, output.strip_prefix("...")?, true, false),
            None => match input.strip_suffix("...") {
                Some(input) => (input, output.strip_suffix("...")?, false, true),
                None => (input, output, false, false),
            },
        };
        let are_letters = |part: &str| part.chars().all(|c| c.is_ascii_alphabetic());
        if ![input, kernel, output].into_iter().all(are_letters) {
            return None;
        }
        let input_shape = match layer.inputs.only() {
            Some(shape) => shape.clone(),
            None if is_left || is_right => return None,
            None => vec![None; input.len()],
        };
        let elided = input_shape.len().checked_sub(input.len())?;
        let stated = layer.config.dims("output_shape")?.into_iter();
        let stated = stated.map(|dim| match dim {
            Some(size) => u64::try_from(size).ok().map(Some),
            None => Some(None),
        });
        let mut output_shape = vec![*input_shape.first()?];
        if is_left && elided > 0 {
            output_shape.extend(input_shape.get(1..elided)?);
        }
        output_shape.extend(stated.collect::<Option<Vec<Size>>>()?);
        if is_right {
            output_shape.extend(input_shape.get(input.len()..)?);
        }
        let (input, kernel, output) = (input.to_owned(), kernel.to_owned(), output.to_owned());
        Some(Equation { input, kernel, output, elided, is_left, input_shape, output_shape })
    }

    /// How many dimensions stand before the named ones.
    fn before(&self) -> usize {
        if self.is_left { self.elided } else { 0 }
    }

    fn of_input(&self, name: char) -> Option<Size> {
        let at = self.input.find(name)?.checked_add(self.before())?;
        self.input_shape.get(at).copied()
    }

    fn of_output(&self, name: char) -> Option<Size> {
        let at = self.output.find(name)?.checked_add(self.before())?;
        self.output_shape.get(at).copied()
    }
}
