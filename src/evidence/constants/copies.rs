//! Which constants of different functions are the same weight.
//!
//! Each trace of a Python function holds its own copy of the numbers that the function uses: the same
//! weights are there once for every signature, and for every shape of an input. Nothing but the numbers
//! says that they are the same. So across signatures constants of the same type, shape and bytes are
//! one weight, as often as the signature has it that has it most often. Within what one signature
//! reaches, functions add up; but two whose names differ in the number of the trace alone and that hold
//! the same constants are one function.
//!
//! Two functions with different weights that are equal all the same (such as biases that are all zero)
//! count as one where no signature reaches both.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::quantized::{Place, is_quantized};
use super::scopes::Scopes;
use crate::model::DType;
use crate::saved_model::Node;

/// A constant that is a weight. Those of one content are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Weight {
    /// Its elements.
    pub elements: u64,
    /// Bytes of each.
    pub width: u64,
    /// Stands for type, shape and bytes; 0 where no function can be a copy of another.
    content: u64,
}

/// The weights of each scope, sorted.
pub(super) struct Weights(Vec<Vec<Weight>>);

impl Weights {
    pub fn read(scopes: &Scopes<'_, '_>, quantized: &HashSet<Place>) -> Weights {
        let hasher = may_have_copies(scopes).then(RandomState::default);
        let all = scopes.all.iter().enumerate().map(|(at, scope)| {
            // The constants of the main graph are no copies of each other.
            let hasher = hasher.as_ref().filter(|_| at > 0);
            let constants = scope.needed().filter(|(_, node)| node.op == "Const");
            let mut weights: Vec<Weight> = constants
                .filter_map(|(node_at, node)| {
                    weight(node, quantized.contains(&(at, node_at)), hasher)
                })
                .collect();
            weights.sort_unstable();
            weights
        });
        Weights(all.collect())
    }

    fn of(&self, scope: usize) -> &[Weight] {
        self.0.get(scope).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every weight, with the number of constants that hold it and are not copies.
    pub fn distinct(&self, scopes: &Scopes<'_, '_>) -> Vec<(Weight, u64)> {
        let mut most: HashMap<Weight, u64> = HashMap::new();
        for entry in &scopes.entries {
            for (weight, tensors) in self.of_entry(entry, scopes) {
                let known = most.entry(weight).or_default();
                *known = (*known).max(tensors);
            }
        }
        let of_main_graph = self.of(0).iter().map(|weight| (*weight, 1));
        of_main_graph.chain(most).collect()
    }

    /// The weights in the functions that a signature reaches.
    fn of_entry(&self, entry: &[usize], scopes: &Scopes<'_, '_>) -> HashMap<Weight, u64> {
        let mut tensors: HashMap<Weight, u64> = HashMap::new();
        let mut entered = HashSet::new();
        let mut known = HashSet::new();
        let mut open = entry.to_vec();
        while let Some(at) = open.pop() {
            let Some(scope) = scopes.all.get(at).filter(|_| entered.insert(at)) else { continue };
            open.extend(&scope.calls);
            if known.insert((without_trace(scope.name), self.of(at))) {
                for weight in self.of(at) {
                    *tensors.entry(*weight).or_default() += 1;
                }
            }
        }
        tensors
    }
}

/// True where contents must be looked at: there are several signatures, or several traces of one
/// function.
fn may_have_copies(scopes: &Scopes<'_, '_>) -> bool {
    let mut names = HashSet::new();
    let mut functions = scopes.all.iter().skip(1);
    scopes.entries.len() > 1 || !functions.all(|scope| names.insert(without_trace(scope.name)))
}

/// The name of a function without the number of its trace: `__inference_call` of `__inference_call_42`.
/// Source: `_inference_name`, tensorflow/python/eager/polymorphic_function/concrete_function.py
/// (TensorFlow 2.21).
fn without_trace(name: &str) -> &str {
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit());
    start.strip_suffix('_').filter(|_| start.len() < name.len()).unwrap_or(name)
}

/// A constant that is a weight.
fn weight(node: &Node<'_>, is_taken: bool, hasher: Option<&RandomState>) -> Option<Weight> {
    let tensor = node.attr("value")?.tensor()?;
    let is_weight = |dtype: DType| dtype.is_floating() || is_taken && is_quantized(dtype);
    let dtype = tensor.dtype.filter(|dtype| is_weight(*dtype))?;
    let shape = tensor.shape.known().filter(|shape| !shape.0.is_empty())?;
    Some(Weight {
        elements: shape.elements()?,
        width: dtype.byte_width().unwrap_or(0),
        content: hasher.map_or(0, |hasher| hasher.hash_one(tensor.as_written())),
    })
}
