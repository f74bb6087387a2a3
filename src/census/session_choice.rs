//! Which session is asked: a full load, or the variables alone.

use crate::evidence::files::FileEvidence;
use crate::model::RuntimeMode;
use crate::options::{Options, RuntimeChoice};
use crate::reconcile::{Inventory, Settled, VariablesReason, unproven};

/// A session that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionKind {
    /// TensorFlow's own loader.
    Load,
    /// The variables alone.
    Variables,
}

impl From<SessionKind> for RuntimeMode {
    fn from(session: SessionKind) -> RuntimeMode {
        match session {
            SessionKind::Load => RuntimeMode::Load,
            SessionKind::Variables => RuntimeMode::Variables,
        }
    }
}

/// Which session to ask, and what to do where it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionChoice {
    /// The session to ask first.
    pub first: SessionKind,
    /// Why `auto` did not choose the full load; `None` where it did, or had no choice.
    pub reason: Option<VariablesReason>,
    /// True where the variables alone are asked for after a load that failed or left variables
    /// without a value.
    pub falls_back: bool,
}

impl SessionChoice {
    fn only(first: SessionKind, reason: Option<VariablesReason>) -> SessionChoice {
        SessionChoice { first, reason, falls_back: false }
    }
}

/// Above this many variables the loader's cost grows much faster than the model: it takes half a
/// minute for 10,000 of them, and a session over the variables two seconds.
const MANY_VARIABLES: usize = 1_500;
/// Above this many nodes importing the graph alone takes longer than restoring the variables.
const MANY_NODES: usize = 40_000;

/// Chooses a session.
pub(super) fn choose(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Settled>,
    options: &Options,
) -> SessionChoice {
    match options.runtime {
        RuntimeChoice::Load => SessionChoice::only(SessionKind::Load, None),
        RuntimeChoice::Variables => SessionChoice::only(SessionKind::Variables, None),
        RuntimeChoice::Auto | RuntimeChoice::Off => {
            match reason_against_load(files, inventory, options) {
                Some(reason) => SessionChoice::only(SessionKind::Variables, Some(reason)),
                None => SessionChoice { first: SessionKind::Load, reason: None, falls_back: true },
            }
        }
    }
}

/// Why `auto` asks for the variables alone.
///
/// A full load is the better witness: it is what serving does. So only reasons count by which it
/// would be unsafe, endless, without a result, or far more expensive. Safety comes first, since it
/// holds for models without weights, too.
fn reason_against_load(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Settled>,
    options: &Options,
) -> Option<VariablesReason> {
    let has_weights = inventory.has_weights();
    if options.stats && has_weights {
        return Some(VariablesReason::Statistics);
    }
    if let Some((op, node)) = files.hazards.unsafe_ops.first()
        && !options.allow_unsafe_ops
    {
        return Some(VariablesReason::UnsafeOp { op: op.to_string(), node: node.to_string() });
    }
    if let Some(function) = files.hazards.recursion {
        return Some(VariablesReason::Recursion(function.to_owned()));
    }
    if !has_weights {
        return None;
    }
    if files.restore.restored.is_empty() {
        return Some(VariablesReason::NothingRestored);
    }
    let entries = files.index.iter().flat_map(|i| i.entries());
    let weights = entries.fold(0u64, |n, (_, e)| n.saturating_add(e.stored_bytes()));
    if let Some(available) = available_memory(options)
        && weights > available / 2
    {
        return Some(VariablesReason::Memory { weights, available });
    }
    // What a restore does not prove is worth the time of a full load.
    if inventory.weights().any(|(_, item)| unproven(item, &files.restore).is_some()) {
        return None;
    }
    let variables = files.restore.restored.len();
    if variables > MANY_VARIABLES {
        return Some(VariablesReason::ManyVariables(variables));
    }
    let nodes = files.graph.nodes.len();
    (nodes > MANY_NODES).then_some(VariablesReason::ManyNodes(nodes))
}

/// Memory that a session could take, in bytes: what is free, or the limit that the user set.
fn available_memory(options: &Options) -> Option<u64> {
    let free = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
    });
    match (free, options.memory_limit) {
        (Some(free), Some(limit)) => Some(free.min(limit)),
        (free, limit) => free.or(limit),
    }
}
