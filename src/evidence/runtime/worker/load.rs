//! Inside the worker: loads the model with TensorFlow's own loader and asks the session for every
//! variable.
//!
//! Shapes come from the model's own read nodes where it has them, fetched in one run for all of
//! them: a fetched tensor is the variable's own buffer, not a copy. Nodes are added to the graph
//! only where there is no read node, or where that run failed because something has no value,
//! since a changed graph is prepared anew as a whole before it runs.

use std::collections::HashSet;

use super::attributes;
use super::session::{self, Attr, Node, Refusal, Run, Session, Threads};
use super::{Events, Failed, path};
use crate::evidence::runtime::failure;
use crate::evidence::runtime::failure::OWN_SCOPE;
use crate::evidence::runtime::protocol::{HeldLine, Load, LoadVariable, Step, cut};
use crate::model::DType;

/// Most runs that are spent on finding out which variables make the one big run fail.
const MAX_RUNS: usize = 200;
/// Longest error that is kept for one variable, in bytes.
pub(super) const MAX_ERROR: usize = 512;

/// Serves one request.
pub(super) fn load(request: &Load, threads: Threads, events: &mut Events) -> Result<(), Failed> {
    let folder = path(&request.model_dir)?;
    // The loader takes the folder's name for a pattern, and the crate takes UTF-8 only: neither
    // matters to a folder called `.`.
    std::env::set_current_dir(&folder).map_err(|error| Failed::folder(&folder, &error))?;
    events.step(Step::Model);
    let session = Session::load(".", &request.tags, threads)?;
    events.step(Step::Shapes);
    let named: HashSet<&str> = request.variables.iter().map(|v| v.node.as_str()).collect();
    let mut unasked = Vec::new();
    let mut scope = String::from(OWN_SCOPE);
    for node in session.nodes() {
        let name = node.name();
        if is_variable_op(&node.op()) && !named.contains(name.as_str()) {
            unasked.push(name);
        } else if name.starts_with(&scope) {
            // As long as the longest name that begins like it, and one more: nobody has it.
            scope = format!("{OWN_SCOPE}{}", "_".repeat(name.len()));
        }
    }
    let mut asked = Asked::new(session, &request.variables);
    asked.fetch_read_nodes();
    asked.add_nodes_for_the_rest(&scope)?;
    events.held(0, asked.held);
    events.unasked(unasked);
    // Taking a session down frees tensor by tensor what the end of the process frees at once. A
    // worker that has loaded a model is not asked again.
    std::mem::forget(asked.session);
    Ok(())
}

fn is_variable_op(op: &str) -> bool {
    matches!(op, "VarHandleOp" | "VariableV2" | "Variable")
}

/// One variable of the loaded graph.
struct Target {
    /// Position in the request.
    index: usize,
    /// The variable op.
    node: Node,
    reference: bool,
    /// The op's own dtype, from the loaded graph.
    dtype: DType,
    /// The node whose output 0 is the value.
    read: Option<Node>,
}

struct Asked {
    session: Session,
    targets: Vec<Target>,
    held: Vec<HeldLine>,
}

impl Asked {
    fn new(session: Session, variables: &[LoadVariable]) -> Asked {
        let mut held = vec![HeldLine::default(); variables.len()];
        let mut targets = Vec::with_capacity(variables.len());
        for (index, variable) in variables.iter().enumerate() {
            let Some(slot) = held.get_mut(index) else { continue };
            match find(&session, variable) {
                Ok((node, dtype)) => targets.push(Target {
                    index,
                    read: read_node(&session, variable, &node, dtype),
                    node,
                    reference: variable.reference,
                    dtype,
                }),
                Err(why) => *slot = HeldLine::error(why),
            }
        }
        Asked { session, targets, held }
    }

    /// Fetches what the model itself reads, in one run. Whatever does not come out of it is left
    /// to [`Asked::add_nodes_for_the_rest`].
    fn fetch_read_nodes(&mut self) {
        let readable: Vec<&Target> =
            self.targets.iter().filter(|t| session::can_fetch(t.dtype)).collect();
        let fetches: Vec<(&Node, DType)> =
            readable.iter().filter_map(|t| Some((t.read.as_ref()?, t.dtype))).collect();
        if fetches.is_empty() {
            return;
        }
        let Ok(dims) = self.session.run_for_tensor_dims(&fetches) else { return };
        for (target, dims) in readable.iter().filter(|t| t.read.is_some()).zip(dims) {
            if let Some(slot) = self.held.get_mut(target.index) {
                slot.dtype = Some(target.dtype.number());
                slot.shape = Some(dims);
            }
        }
        let held = &self.held;
        self.targets.retain(|t| held.get(t.index).is_some_and(|h| h.shape.is_none()));
    }

    /// Adds nodes that ask whether a variable has a value, and that read it and take its shape.
    fn add_nodes_for_the_rest(&mut self, scope: &str) -> Result<(), Failed> {
        if self.targets.is_empty() {
            return Ok(());
        }
        let mut probes = Vec::with_capacity(self.targets.len());
        for target in &self.targets {
            match add_probe(&mut self.session, target, scope) {
                Ok(probe) => probes.push((target.index, probe)),
                Err(refusal) => set_error(&mut self.held, target.index, &refusal),
            }
        }
        let asks =
            Run { fetches: probes.iter().map(|(_, p)| &p.has_value).collect(), ..Run::default() };
        let has_value = self.session.run_for_truth(&asks)?;
        let valued: Vec<&(usize, Probe)> =
            probes.iter().zip(has_value).filter(|(_, yes)| *yes).map(|(p, _)| p).collect();
        self.fetch_shapes(&valued);
        Ok(())
    }

    /// Fetches shapes in one run; where it fails, halves it until the culprits are found.
    fn fetch_shapes(&mut self, probes: &[&(usize, Probe)]) {
        let mut pending = vec![probes];
        let mut runs = 0;
        while let Some(part) = pending.pop() {
            if part.is_empty() {
                continue;
            }
            runs += 1;
            let run =
                Run { fetches: part.iter().map(|(_, p)| &p.shape).collect(), ..Run::default() };
            match self.session.run_for_dims(&run) {
                Ok(shapes) => {
                    for ((index, probe), dims) in part.iter().zip(shapes) {
                        if let Some(slot) = self.held.get_mut(*index) {
                            slot.dtype = Some(probe.dtype.number());
                            slot.shape = dims.iter().map(|d| u64::try_from(*d).ok()).collect();
                        }
                    }
                }
                Err(_) if part.len() > 1 && runs < MAX_RUNS => {
                    let (first, second) = part.split_at(part.len() / 2);
                    pending.push(second);
                    pending.push(first);
                }
                Err(refusal) => {
                    for (index, _) in part {
                        set_error(&mut self.held, *index, &refusal);
                    }
                }
            }
        }
    }
}

fn set_error(held: &mut [HeldLine], index: usize, refusal: &Refusal) {
    if let Some(slot) = held.get_mut(index) {
        *slot = HeldLine::error(cut(&failure::clean(&refusal.message), MAX_ERROR));
    }
}

/// The variable's node and dtype in the loaded graph.
fn find(session: &Session, variable: &LoadVariable) -> Result<(Node, DType), &'static str> {
    let node = session.node(&variable.node).ok_or("the loaded graph has no such node")?;
    let fits = match node.op().as_str() {
        "VariableV2" | "Variable" => variable.reference,
        "VarHandleOp" => !variable.reference,
        _ => false,
    };
    if !fits {
        return Err("the loaded graph has another op of this name");
    }
    let dtype = node.type_attr("dtype").ok_or("the variable has no dtype")?;
    Ok((node, dtype))
}

/// The node that the request says reads this variable, if it certainly does, and certainly gives
/// this dtype.
fn read_node(
    session: &Session,
    variable: &LoadVariable,
    node: &Node,
    dtype: DType,
) -> Option<Node> {
    if variable.reference {
        // A reference variable's own output, fetched, is its value.
        return Some(node.clone());
    }
    let read = session.node(variable.read.as_ref()?)?;
    let certain = read.op() == "ReadVariableOp"
        && read.type_attr("dtype") == Some(dtype)
        && read.input().as_deref() == Some(&variable.node);
    certain.then_some(read)
}

struct Probe {
    has_value: Node,
    shape: Node,
    dtype: DType,
}

fn add_probe(session: &mut Session, target: &Target, scope: &str) -> Result<Probe, Refusal> {
    let name = |what: &str| format!("{scope}/{what}_{}", target.index);
    let value_type = attributes::type_attr(target.dtype);
    let dims_type = attributes::type_attr(DType::INT64);
    let shape_attrs = [Attr::Value("T", &value_type), Attr::Value("out_type", &dims_type)];
    let dtype_attr = [Attr::Value("dtype", &value_type)];
    let variable = [(&target.node, 0)];
    let (has_value, value) = if target.reference {
        ("IsVariableInitialized", target.node.clone())
    } else {
        // Reading it as another type than it is fails, so a shape confirms the dtype as well.
        let value = session.add("ReadVariableOp", &name("value"), &variable, &dtype_attr)?;
        ("VarIsInitializedOp", value)
    };
    let has_value_attrs = if target.reference { &dtype_attr[..] } else { &[] };
    Ok(Probe {
        has_value: session.add(has_value, &name("has_value"), &variable, has_value_attrs)?,
        shape: session.add("Shape", &name("shape"), &[(&value, 0)], &shape_attrs)?,
        dtype: target.dtype,
    })
}
