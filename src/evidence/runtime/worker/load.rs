//! Loads the model with TensorFlow's own loader and asks the session for every variable.
//!
//! Where the model has read nodes of its own, they are fetched in one run: a fetched tensor is the
//! buffer of the variable, not a copy, so this is cheap. The run fails as a whole if one variable
//! has no value. Only then, and for variables without a read node, nodes are added to the graph:
//! TensorFlow prepares a changed graph anew, which takes far longer than the run.

use std::collections::HashSet;

use super::attributes;
use super::events::{Events, Failed};
use super::session::{self, Attr, Node, Refusal, Run, Session, Threads};
use crate::evidence::runtime::failure::{OWN_SCOPE, clean};
use crate::evidence::runtime::protocol::{Held, LoadRequest, Step, VariableOp, cut};
use crate::limits::{MAX_HELD_ERROR_BYTES, MAX_SHAPE_RUNS};
use crate::model::{DType, Shape};

/// Serves one request.
pub(super) fn load(
    request: &LoadRequest,
    threads: Threads,
    events: &mut Events,
) -> Result<(), Failed> {
    let folder = request.model_dir.to_path();
    // The loader treats the folder's path as a pattern, and the crate requires UTF-8. With the
    // folder as the current one, its path is `.`.
    std::env::set_current_dir(&folder).map_err(|error| Failed::folder(&folder, &error))?;
    events.step(Step::Model);
    let session = Session::load(".", &request.tags, threads)?;
    events.step(Step::Shapes);
    let named: HashSet<&str> = request.variables.iter().map(|v| v.node.as_str()).collect();
    let mut undeclared = Vec::new();
    let mut scope = String::from(OWN_SCOPE);
    for node in session.nodes() {
        let name = node.name();
        if is_variable_op(&node.op()) && !named.contains(name.as_str()) {
            undeclared.push(name);
        } else if name.starts_with(&scope) {
            // Longer than this name, so that no name of the model begins with it.
            scope = format!("{OWN_SCOPE}{}", "_".repeat(name.len()));
        }
    }
    let mut variables = LoadedVariables::new(session, &request.variables);
    variables.fetch_read_nodes();
    variables.add_nodes_for_the_rest(&scope)?;
    events.held(variables.held);
    events.undeclared(undeclared);
    // A destructor would free tensor by tensor what the end of the process frees at once. A worker
    // that has loaded a model gets no other request.
    std::mem::forget(variables.session);
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
    is_reference: bool,
    /// The op's own dtype, from the loaded graph.
    dtype: DType,
    /// The node whose output 0 is the value.
    read: Option<Node>,
}

/// The variables of the request in the loaded graph.
struct LoadedVariables {
    session: Session,
    /// Those whose shape is not known yet.
    targets: Vec<Target>,
    /// What the session holds, in the order of the request.
    held: Vec<Held>,
}

impl LoadedVariables {
    fn new(session: Session, variables: &[VariableOp]) -> LoadedVariables {
        let mut held = Vec::with_capacity(variables.len());
        let mut targets = Vec::with_capacity(variables.len());
        for (index, variable) in variables.iter().enumerate() {
            match find(&session, variable) {
                Ok((node, dtype)) => {
                    let read = read_node(&session, variable, &node, dtype);
                    let is_reference = variable.is_reference;
                    targets.push(Target { index, node, is_reference, dtype, read });
                    held.push(Held::default());
                }
                Err(reason) => held.push(Held::error(reason)),
            }
        }
        LoadedVariables { session, targets, held }
    }

    /// Fetches the model's own read nodes, in one run. If it fails, every variable is left to
    /// [`LoadedVariables::add_nodes_for_the_rest`], which finds out for which ones.
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
                slot.dtype = Some(target.dtype);
                slot.shape = Some(Shape(dims));
            }
        }
        let held = &self.held;
        self.targets.retain(|t| held.get(t.index).is_some_and(|h| h.shape.is_none()));
    }

    /// Adds nodes that say whether a variable has a value, read it, and take its shape.
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
        let run =
            Run { fetches: probes.iter().map(|(_, p)| &p.has_value).collect(), ..Run::default() };
        let has_value = self.session.run_for_bools(&run)?;
        let valued: Vec<&(usize, Probe)> = probes
            .iter()
            .zip(has_value)
            .filter(|(_, has_value)| *has_value)
            .map(|(p, _)| p)
            .collect();
        self.fetch_shapes(&valued);
        Ok(())
    }

    /// Fetches shapes in one run. A run that fails is halved until the variables that fail are found.
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
                            slot.set_value(probe.dtype, &dims);
                        }
                    }
                }
                Err(_) if part.len() > 1 && runs < MAX_SHAPE_RUNS => {
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

fn set_error(held: &mut [Held], index: usize, refusal: &Refusal) {
    if let Some(slot) = held.get_mut(index) {
        *slot = Held::error(cut(&clean(&refusal.message), MAX_HELD_ERROR_BYTES));
    }
}

/// The variable's node and dtype in the loaded graph.
fn find(session: &Session, variable: &VariableOp) -> Result<(Node, DType), &'static str> {
    let node = session.node(&variable.node).ok_or("the loaded graph has no such node")?;
    let fits = match node.op().as_str() {
        "VariableV2" | "Variable" => variable.is_reference,
        "VarHandleOp" => !variable.is_reference,
        _ => false,
    };
    if !fits {
        return Err("the loaded graph has another op of this name");
    }
    let dtype = node.type_attr("dtype").ok_or("the variable has no dtype")?;
    Ok((node, dtype))
}

/// The node that reads this variable according to the request. It is checked in the loaded graph: the
/// request may be wrong, and a tensor of another dtype must never be fetched (see `session`).
fn read_node(session: &Session, variable: &VariableOp, node: &Node, dtype: DType) -> Option<Node> {
    if variable.is_reference {
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
    let (has_value, value) = if target.is_reference {
        ("IsVariableInitialized", target.node.clone())
    } else {
        // Reading it as another type than it is fails, so a shape confirms the dtype as well.
        let value = session.add("ReadVariableOp", &name("value"), &variable, &dtype_attr)?;
        ("VarIsInitializedOp", value)
    };
    let has_value_attrs = if target.is_reference { &dtype_attr[..] } else { &[] };
    Ok(Probe {
        has_value: session.add(has_value, &name("has_value"), &variable, has_value_attrs)?,
        shape: session.add("Shape", &name("shape"), &[(&value, 0)], &shape_attrs)?,
        dtype: target.dtype,
    })
}
