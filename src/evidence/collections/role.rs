//! What the variables of a TF1 graph are for: weights, optimizer state, metrics.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::listed::Listed;
use crate::evidence::restore_graph::is_variable_op;
use crate::evidence::roles::{Claim, LOSS_SCALE, special_role};
use crate::limits::MAX_READ_CHAIN;
use crate::model::{DType, Role};
use crate::saved_model::{DeclaredShape, Graph, OpId, Signature, input_node};

/// Names that TF1 optimizers give to the state of a variable.
/// Source: `_get_or_make_slot` and `_zeros_slot` calls, tensorflow/python/training (1.15).
const SLOT_NAMES: &[&str] = &[
    "Adam",
    "AdaMax",
    "Momentum",
    "Adagrad",
    "AdagradDA",
    "RMSProp",
    "Ftrl",
    "Adadelta",
    "LARS",
    "AdamW",
    "LazyAdam",
    "Nadam",
    "gradient_squared_accumulator",
    "gradient_accumulator",
    "adam_m",
    "adam_v",
    "AdamWeightDecay",
    "LAMB",
    "lamb_m",
    "lamb_v",
];

/// The facts of one graph that roles are decided by.
pub(super) struct Roles<'l, 'a> {
    listed: &'l Listed<'a>,
    /// The variable ops that a signature needs.
    needed: HashSet<OpId>,
    /// The variable ops that an apply op updates besides its weight.
    applied: HashSet<OpId>,
    /// Scopes of Keras 1 optimizers.
    keras_optimizers: HashSet<String>,
    /// Scopes of dynamic loss scales.
    loss_scales: HashSet<String>,
    has_saver: bool,
}

/// One variable op, as far as its role depends on it.
pub(super) struct Candidate<'v> {
    pub name: &'v str,
    /// The op; `None` where the graph lacks it.
    pub op: Option<OpId>,
    pub dtype: Option<DType>,
    pub shape: &'v DeclaredShape,
    /// True where the restore graph or the init op fills it.
    pub has_value: bool,
}

impl<'l, 'a> Roles<'l, 'a> {
    /// `names` are those of all variable ops.
    pub fn new(
        graph: &Graph<'a>,
        signatures: &[Signature<'a>],
        listed: &'l Listed<'a>,
        names: &[&str],
        has_saver: bool,
    ) -> Roles<'l, 'a> {
        let outputs = signatures.iter().flat_map(|s| &s.outputs);
        Roles {
            listed,
            needed: graph.ancestors(outputs.filter_map(|o| graph.find(o))).into_iter().collect(),
            applied: applied_state(graph),
            keras_optimizers: keras_optimizer_scopes(names),
            loss_scales: loss_scale_scopes(names),
            has_saver,
        }
    }

    /// The role of a variable. The strongest evidence comes first: the type and name of a string, seed
    /// or counter, then how optimizers use the op, then the collections. That the saver leaves an op
    /// out comes last, because savers leave out optimizer state and metrics too.
    pub fn of(&self, variable: &Candidate<'_>) -> Role {
        let Candidate { name, op, dtype, shape, has_value } = *variable;
        // Every variable is in a collection, so only that of the trainable ones claims something.
        let is_trainable = self.listed.trainable.contains(name);
        let claim = if is_trainable { Claim::Trainable } else { Claim::None };
        if let Some(role) = special_role(name, dtype, shape, claim) {
            role
        } else if self.is_optimizer_state(name, op) {
            Role::Optimizer
        } else if self.listed.local.contains(name) && !self.listed.model.contains_key(name) {
            Role::Metric
        } else if self.has_saver && !has_value {
            Role::Unrestored
        } else {
            Role::Weight
        }
    }

    /// What an apply op updates besides its weight is state. A name alone decides only for variables
    /// that no signature needs, because a weight may have any name.
    fn is_optimizer_state(&self, name: &str, op: Option<OpId>) -> bool {
        let is_needed = op.is_some_and(|op| self.needed.contains(&op));
        let is_trainable = self.listed.trainable.contains(name);
        let is_applied = op.is_some_and(|op| self.applied.contains(&op));
        let is_named = || self.is_slot_by_name(name) || self.is_loss_scale(name);
        let is_slot = !is_trainable && (is_applied || (!is_needed && is_named()));
        is_slot || (!is_needed && self.is_keras_optimizer(name))
    }

    /// True for `<trainable>/Adam`, `<trainable>/Adam_1`, `beta1_power` and the like.
    fn is_slot_by_name(&self, name: &str) -> bool {
        let (scope, last) = name.rsplit_once('/').unwrap_or(("", name));
        let base = last.trim_end_matches(|c: char| c.is_ascii_digit());
        let base = if base.len() < last.len() { base.trim_end_matches('_') } else { last };
        if matches!(last, "beta1_power" | "beta2_power")
            || last.strip_prefix("beta1_power_").is_some_and(is_number)
            || last.strip_prefix("beta2_power_").is_some_and(is_number)
        {
            return true;
        }
        // The scope of the trainable variable may lie in another: `train/<trainable>/Adam`.
        SLOT_NAMES.contains(&base)
            && std::iter::successors(Some(scope), |s| s.split_once('/').map(|(_, rest)| rest))
                .any(|scope| self.listed.trainable.contains(scope))
    }

    fn is_loss_scale(&self, name: &str) -> bool {
        let (scope, last) = name.rsplit_once('/').unwrap_or(("", name));
        LOSS_SCALE.contains(&last) && self.loss_scales.contains(scope)
    }

    fn is_keras_optimizer(&self, name: &str) -> bool {
        let inner = name.strip_prefix("training/");
        match (inner.unwrap_or(name).split_once('/'), inner) {
            (Some((scope, _)), _) => self.keras_optimizers.contains(scope),
            // Keras of TensorFlow 1.15 opens no scope for the optimizer's own unnamed variables.
            (None, Some(last)) => {
                !self.keras_optimizers.is_empty()
                    && last.strip_prefix("Variable").is_some_and(|rest| {
                        rest.is_empty() || rest.strip_prefix('_').is_some_and(is_number)
                    })
            }
            (None, None) => false,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Scopes of Keras 1 optimizers: those that hold a counter, a learning rate and a decay. One or two
/// of these names may be those of a model's own variables.
fn keras_optimizer_scopes(names: &[&str]) -> HashSet<String> {
    let mut found: HashMap<&str, [bool; 3]> = HashMap::new();
    for name in names {
        if let Some((scope, last)) = name.rsplit_once('/') {
            let scope = scope.strip_prefix("training/").unwrap_or(scope);
            let [counter, rate, decay] = found.entry(scope).or_default();
            match last {
                "iterations" | "iter" => *counter = true,
                "lr" | "learning_rate" => *rate = true,
                "decay" => *decay = true,
                _ => {}
            }
        }
    }
    found.into_iter().filter(|(_, held)| *held == [true; 3]).map(|(s, _)| s.to_owned()).collect()
}

/// Scopes that hold both variables of a dynamic loss scale.
fn loss_scale_scopes(names: &[&str]) -> HashSet<String> {
    let held_in = |wanted: &str| -> HashSet<&str> {
        let split = names.iter().map(|name| name.rsplit_once('/').unwrap_or(("", name)));
        split.filter(|(_, last)| *last == wanted).map(|(scope, _)| scope).collect()
    };
    let [scale, steps] = LOSS_SCALE.map(held_in);
    scale.intersection(&steps).map(|scope| (*scope).to_owned()).collect()
}

/// Variable ops that an apply op updates besides its first input, which is the weight: optimizer state.
fn applied_state(graph: &Graph<'_>) -> HashSet<OpId> {
    let mut state = HashSet::new();
    for node in &graph.nodes {
        let op = node.op.strip_prefix("Resource").unwrap_or(node.op);
        let op = op.strip_prefix("Sparse").unwrap_or(op);
        if !op.starts_with("Apply") {
            continue;
        }
        for input in node.inputs().map(input_node).filter(|i| !i.control).skip(1) {
            state.extend(variable_read_by(graph, input.node));
        }
    }
    state
}

/// The variable op behind an input, through reads.
fn variable_read_by(graph: &Graph<'_>, name: &str) -> Option<OpId> {
    let mut id = graph.find(name)?;
    for _ in 0..MAX_READ_CHAIN {
        let node = graph.node(id)?;
        match node.op {
            op if is_variable_op(op) => return Some(id),
            "ReadVariableOp" | "Identity" => {
                id = graph.find(input_node(node.inputs().next()?).node)?;
            }
            _ => return None,
        }
    }
    None
}
