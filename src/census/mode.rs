//! Which session to ask, and why.

use super::files::Files;
use crate::options::{Options, RuntimeChoice};
use crate::reconcile::Inventory;

/// A session that could be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// TensorFlow's own loader.
    Load,
    /// The variables alone.
    Variables,
}

/// What to do, in order: the first session that can say everything is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The session to ask first.
    pub first: Session,
    /// Why `auto` did not choose the full load; `None` where it did, or nothing was to be chosen.
    pub why: Option<String>,
    /// True where `Variables` is asked after a load that failed or left variables open.
    pub falls_back: bool,
}

/// Above this many variables the loader's cost grows much faster than the model: 10,000 of them take
/// it half a minute, and a session over the variables two seconds.
const MANY_VARIABLES: usize = 1_500;
/// Above this many nodes importing the graph alone takes longer than restoring the variables.
const HUGE_GRAPH: usize = 40_000;

/// Chooses between a full load and a session over the variables.
pub(super) fn choose(files: &Files<'_>, inventory: &Inventory, options: &Options) -> Plan {
    match options.runtime {
        RuntimeChoice::Load => Plan { first: Session::Load, why: None, falls_back: false },
        RuntimeChoice::Variables => {
            Plan { first: Session::Variables, why: None, falls_back: false }
        }
        // Values are looked at batch by batch only.
        RuntimeChoice::Auto if options.stats && inventory.weights().next().is_some() => Plan {
            first: Session::Variables,
            why: Some("statistics of the values are taken batch by batch".into()),
            falls_back: false,
        },
        RuntimeChoice::Auto | RuntimeChoice::Off => match reason(files, inventory, options) {
            Some(why) => Plan { first: Session::Variables, why: Some(why), falls_back: false },
            None => Plan { first: Session::Load, why: None, falls_back: true },
        },
    }
}

fn reason(files: &Files<'_>, inventory: &Inventory, options: &Options) -> Option<String> {
    let has_weights = inventory.weights().next().is_some();
    if let Some((op, node)) = files.hazards.unsafe_ops.first()
        && !options.allow_unsafe_ops
    {
        return Some(format!("loading it would run {op} ({node}), which reaches beyond the model"));
    }
    if let Some(function) = files.hazards.recursion {
        return Some(format!("loading it would not end: function {function} calls itself"));
    }
    if !has_weights {
        return None;
    }
    if files.restore.restored.is_empty() {
        return Some("loading it restores nothing: its MetaGraph has no restore op".into());
    }
    let stored: u64 = files
        .index
        .iter()
        .flat_map(|i| i.entries())
        .fold(0u64, |n, (_, e)| n.saturating_add(e.stored_bytes()));
    if let Some(available) = available_memory(options)
        && stored > available / 2
    {
        return Some(format!(
            "its weights take {stored} bytes, more than half of the {available} bytes of memory that are free"
        ));
    }
    let variables = files.restore.restored.len();
    if variables > MANY_VARIABLES {
        return Some(format!("it has {variables} variables, which the full load takes long for"));
    }
    let nodes = files.graph.nodes.len();
    if nodes > HUGE_GRAPH {
        return Some(format!("its graph has {nodes} nodes, which the full load takes long for"));
    }
    None
}

/// Memory that a session could take: what is free, or the limit that the user set.
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
