//! TF1 collections and the main graph as a witness: the variable ops, which of them are parts of
//! one logical variable, and what they are for.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::restore_graph::{RestoreGraph, is_variable_op, resource_name};
use super::roles::special_role;
use crate::model::{DType, Role};
use crate::saved_model::{DeclaredShape, Graph, MetaGraph, Signature, VariableDef, input_node};
use crate::wire::Malformed;

/// Names under which TF1 optimizers keep state beside a variable.
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

/// A part of a logical variable: one variable op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Position of the op in the main graph; `None` where the collection names an op that the
    /// graph lacks.
    pub op: Option<usize>,
    /// The slice that the op holds, as `RestoreV2` is told; empty for the whole variable.
    pub slice: String,
}

/// One logical variable of a graph without an object graph.
#[derive(Clone, Debug)]
pub(crate) struct GraphVariable {
    /// Name: the variable op's, or the full name of a partitioned variable.
    pub name: String,
    /// Checkpoint key: from the restore graph, else the name.
    pub key: Vec<u8>,
    /// True where the restore graph fills it.
    pub restored: bool,
    /// Element type of the op.
    pub dtype: Option<DType>,
    /// Shape of the op; of the whole where it is partitioned.
    pub shape: DeclaredShape,
    /// Its ops.
    pub parts: Vec<Part>,
    /// Why it is or is not counted.
    pub role: Role,
    /// Membership of `trainable_variables`; `None` where the MetaGraph has no collections.
    pub trainable: Option<bool>,
    /// True where the checkpoint's shape need not be the variable's.
    pub reshaped: bool,
}

/// The collections by which TF1 knows variables that belong to the model.
const MODEL_COLLECTIONS: &[&str] = &["variables", "trainable_variables", "model_variables"];
/// The collections of state that comes and goes.
const LOCAL_COLLECTIONS: &[&str] = &["local_variables", "metric_variables"];

/// Reads all variables of the main graph.
pub(crate) fn read<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
    restore: &RestoreGraph<'a>,
    signatures: &[Signature<'a>],
) -> Result<Vec<GraphVariable>, Malformed> {
    let mut listed: HashMap<&str, VariableDef<'_>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    let mut has_collections = false;
    for collection in MODEL_COLLECTIONS {
        for def in meta.variable_collection(collection)? {
            has_collections = true;
            let node = def.node();
            listed.entry(node).or_insert_with(|| {
                order.push(node);
                def
            });
        }
    }
    let trainable: HashSet<&str> =
        meta.variable_collection("trainable_variables")?.iter().map(VariableDef::node).collect();
    let mut local: HashSet<&str> = HashSet::new();
    for collection in LOCAL_COLLECTIONS {
        local.extend(meta.variable_collection(collection)?.iter().map(VariableDef::node));
    }
    let restored = restored_ops(graph, restore);
    for (at, node) in graph.nodes.iter().enumerate() {
        if is_variable_op(node.op)
            && !listed.contains_key(node.name)
            && (restored.contains_key(&at) || local.contains(node.name) || !has_collections)
        {
            order.push(node.name);
        }
    }
    let needed: HashSet<usize> = graph
        .ancestors(signatures.iter().flat_map(|s| &s.outputs).filter_map(|o| graph.position(o)))
        .into_iter()
        .collect();
    let roles = Roles {
        applied: applied_state(graph),
        keras_optimizers: keras_optimizer_scopes(&order),
        loss_scales: loss_scale_scopes(&order),
        trainable: &trainable,
        local: &local,
        model: &listed,
        has_saver: !restore.restored.is_empty(),
    };
    let mut variables: Vec<GraphVariable> = Vec::new();
    let mut by_key: HashMap<Vec<u8>, usize> = HashMap::new();
    for name in order {
        let op = graph.position(name);
        let node = op.and_then(|i| graph.nodes.get(i));
        let slice = listed.get(name).and_then(|d| d.slice.as_ref());
        let from_restore = op.and_then(|i| restored.get(&i));
        let (key, spec) = match (from_restore, slice) {
            (Some(r), _) => (r.key.to_vec(), String::from_utf8_lossy(r.slice).into_owned()),
            (None, Some(s)) if !s.full_name.is_empty() => {
                (s.full_name.as_bytes().to_vec(), s.spec())
            }
            (None, _) => (name.as_bytes().to_vec(), String::new()),
        };
        let part = Part { op, slice: spec };
        let dtype = node.and_then(|n| n.attr("dtype")).and_then(|a| a.dtype());
        let shape = match slice {
            Some(s) if !s.full_shape.is_empty() => DeclaredShape::Dims(s.full_shape.clone()),
            _ => node
                .and_then(|n| n.attr("shape"))
                .and_then(|a| a.shape())
                .unwrap_or(DeclaredShape::Unknown),
        };
        let role = roles.of(name, op, dtype, &shape, from_restore.is_some(), &needed);
        if let Some(at) = by_key.get(&key) {
            // Another part of the same variable, or another handle to it. Where only this one is
            // restored, the others (a collection may name ops that the graph lacks) say nothing.
            let known = &mut variables[*at];
            if from_restore.is_some() && !known.restored {
                (known.restored, known.role, known.dtype) = (true, role, dtype);
            }
            if !known.parts.contains(&part) {
                known.parts.push(part);
            }
            continue;
        }
        let full_name = slice.map(|s| s.full_name).filter(|n| !n.is_empty());
        by_key.insert(key.clone(), variables.len());
        variables.push(GraphVariable {
            name: full_name.unwrap_or(name).to_owned(),
            key,
            restored: from_restore.is_some(),
            dtype,
            shape,
            parts: vec![part],
            role,
            trainable: has_collections.then(|| trainable.contains(name)),
            reshaped: from_restore.is_some_and(|r| r.reshaped),
        });
    }
    Ok(variables)
}

/// What fills each variable op. An op with two handles to one resource is filled through either.
fn restored_ops<'r, 'a>(
    graph: &Graph<'a>,
    restore: &'r RestoreGraph<'a>,
) -> HashMap<usize, &'r super::restore_graph::Restored<'a>> {
    let mut by_op = HashMap::new();
    let mut by_resource = HashMap::new();
    for r in &restore.restored {
        if let Some(op) = r.variable {
            by_op.entry(op).or_insert(r);
            if let Some(resource) = resource_name(graph, op) {
                by_resource.entry(resource).or_insert(r);
            }
        }
    }
    for (at, node) in graph.nodes.iter().enumerate() {
        if is_variable_op(node.op)
            && !by_op.contains_key(&at)
            && let Some(r) = resource_name(graph, at).and_then(|name| by_resource.get(&name))
        {
            by_op.insert(at, *r);
        }
    }
    by_op
}

struct Roles<'m, 'a> {
    applied: HashSet<usize>,
    keras_optimizers: HashSet<String>,
    loss_scales: HashSet<String>,
    trainable: &'m HashSet<&'a str>,
    local: &'m HashSet<&'a str>,
    model: &'m HashMap<&'a str, VariableDef<'a>>,
    has_saver: bool,
}

impl Roles<'_, '_> {
    fn of(
        &self,
        name: &str,
        op: Option<usize>,
        dtype: Option<DType>,
        shape: &DeclaredShape,
        restored: bool,
        needed: &HashSet<usize>,
    ) -> Role {
        let is_needed = op.is_some_and(|op| needed.contains(&op));
        let is_trainable = self.trainable.contains(name);
        if let Some(role) = special_role(name, dtype, shape) {
            role
        } else if self.is_optimizer_state(name, op, is_trainable, is_needed) {
            Role::Optimizer
        } else if self.local.contains(name) && !self.model.contains_key(name) {
            Role::Metric
        } else if self.has_saver && !restored {
            Role::Unrestored
        } else {
            Role::Weight
        }
    }

    fn is_optimizer_state(
        &self,
        name: &str,
        op: Option<usize>,
        is_trainable: bool,
        is_needed: bool,
    ) -> bool {
        let is_applied = op.is_some_and(|op| self.applied.contains(&op));
        let is_named = || self.is_slot_by_name(name) || self.is_loss_scale(name);
        let is_slot = !is_trainable && (is_applied || (!is_needed && is_named()));
        is_slot || (!is_needed && self.is_keras_optimizer(name))
    }

    /// `<trainable>/Adam`, `<trainable>/Adam_1`, `beta1_power`, …
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
        // The slot's own scope may stand inside another: `train/<trainable>/Adam`.
        SLOT_NAMES.contains(&base)
            && std::iter::successors(Some(scope), |s| s.split_once('/').map(|(_, rest)| rest))
                .any(|scope| self.trainable.contains(scope))
    }

    fn is_loss_scale(&self, name: &str) -> bool {
        let (scope, last) = name.rsplit_once('/').unwrap_or(("", name));
        LOSS_SCALE.contains(&last) && self.loss_scales.contains(scope)
    }

    fn is_keras_optimizer(&self, name: &str) -> bool {
        let inner = name.strip_prefix("training/");
        match (inner.unwrap_or(name).split_once('/'), inner) {
            (Some((scope, _)), _) => self.keras_optimizers.contains(scope),
            // Keras of TensorFlow 1.15 opens no scope for the optimizer's own nameless variables.
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

/// Scopes that are a Keras 1 optimizer: they hold its counter, its rate and its decay.
fn keras_optimizer_scopes(names: &[&str]) -> HashSet<String> {
    let mut found: HashMap<&str, [bool; 3]> = HashMap::new();
    for name in names {
        if let Some((scope, last)) = name.rsplit_once('/') {
            let scope = scope.strip_prefix("training/").unwrap_or(scope);
            let at = match last {
                "iterations" | "iter" => 0,
                "lr" | "learning_rate" => 1,
                "decay" => 2,
                _ => continue,
            };
            found.entry(scope).or_default()[at] = true;
        }
    }
    found.into_iter().filter(|(_, f)| f.iter().all(|b| *b)).map(|(s, _)| s.to_owned()).collect()
}

/// What a dynamic loss scale keeps.
/// Source: tensorflow/python/training/experimental/loss_scale.py (1.15), `DynamicLossScale`.
const LOSS_SCALE: [&str; 2] = ["current_loss_scale", "good_steps"];

/// Scopes that hold a whole dynamic loss scale.
fn loss_scale_scopes(names: &[&str]) -> HashSet<String> {
    let held_in = |wanted: &str| -> HashSet<&str> {
        let split = names.iter().map(|name| name.rsplit_once('/').unwrap_or(("", name)));
        split.filter(|(_, last)| *last == wanted).map(|(scope, _)| scope).collect()
    };
    let [scale, steps] = LOSS_SCALE.map(held_in);
    scale.intersection(&steps).map(|scope| (*scope).to_owned()).collect()
}

/// Variable ops that an apply op updates beside its first input: optimizer state.
fn applied_state(graph: &Graph<'_>) -> HashSet<usize> {
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

/// Longest chain of reads that is followed from an input to its variable.
const MAX_READS: usize = 8;

fn variable_read_by(graph: &Graph<'_>, name: &str) -> Option<usize> {
    let mut at = graph.position(name)?;
    for _ in 0..MAX_READS {
        let node = graph.nodes.get(at)?;
        match node.op {
            op if is_variable_op(op) => return Some(at),
            "ReadVariableOp" | "Identity" => {
                at = graph.position(input_node(node.inputs().next()?).node)?;
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
