//! A graph that is prepared once and restores a fixed number of tensors of one type in each run.
//!
//! `RestoreV2` → `AssignVariableOp` → `ReadVariableOp` → `Shape` → `DestroyResourceOp`, all in one
//! run. With statistics, the variables are kept until the statistics are computed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::attributes;
use super::batches::Wanted;
use super::session::{Attr, GraphBuilder, Node, Refusal, Run, Session, Threads};
use super::statistics::Statistics;
use crate::model::{DType, Stats};

/// What makes two graphs different, beyond the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    /// The type of every tensor.
    pub dtype: DType,
    /// How many tensors it restores.
    pub slots: usize,
    /// False where the library cannot put this type into a variable: then the tensors are restored
    /// and their shapes taken without one.
    pub assign: bool,
    /// Compute statistics too; only with `assign`.
    pub stats: bool,
}

/// The graph, its session, and the nodes that are fed, fetched and run.
pub(super) struct SlotGraph {
    session: Session,
    keys: Node,
    slices: Node,
    shapes: Vec<Node>,
    destroyed: Vec<Node>,
    statistics: Option<Statistics>,
}

impl SlotGraph {
    /// Prepares a graph for the checkpoint with this prefix.
    pub fn new(prefix: &[u8], kind: Kind, threads: Threads) -> Result<SlotGraph, Refusal> {
        let mut graph = GraphBuilder::new();
        let string = attributes::type_attr(DType::STRING);
        let string_attr = [Attr::Value("dtype", &string)];
        let prefix = attributes::string_tensor_attr(prefix);
        let prefix_attrs = [Attr::Value("dtype", &string), Attr::Value("value", &prefix)];
        let prefix = graph.add("Const", "census/prefix", &[], &[], &prefix_attrs)?;
        let keys = graph.add("Placeholder", "census/keys", &[], &[], &string_attr)?;
        let decoded = graph.add("DecodeBase64", "census/decoded", &[(&keys, 0)], &[], &[])?;
        let slices = graph.add("Placeholder", "census/slices", &[], &[], &string_attr)?;
        let dtypes = attributes::type_list_attr(&vec![kind.dtype; kind.slots]);
        let restored = graph.add(
            "RestoreV2",
            "census/restored",
            &[(&prefix, 0), (&decoded, 0), (&slices, 0)],
            &[],
            &[Attr::Value("dtypes", &dtypes)],
        )?;
        let mut slots = Slots::new(kind);
        for slot in 0..kind.slots {
            let restored = (&restored, i32::try_from(slot).unwrap_or(i32::MAX));
            if kind.assign {
                slots.add_variable(&mut graph, slot, restored)?;
            } else {
                slots.add_shape(&mut graph, slot, restored)?;
            }
        }
        let statistics = if kind.stats {
            Some(Statistics::new(&mut graph, kind.dtype, &slots.variables)?)
        } else {
            None
        };
        // The first session sets the size of the process' pool of threads. `RestoreV2` reads its
        // tensors in that pool (TensorFlow 2.21), and lanes run in it side by side.
        let session = graph.start(threads)?;
        let Slots { shapes, destroyed, .. } = slots;
        Ok(SlotGraph { session, keys, slices, shapes, destroyed, statistics })
    }

    /// Restores these tensors, as many as there are slots, and gives their dimensions.
    pub fn restore(&self, tensors: &[Wanted<'_>]) -> Result<Vec<Vec<i64>>, Refusal> {
        // Keys may contain any bytes, but the crate feeds strings only, so keys are fed as base64 and
        // `DecodeBase64` makes bytes of them again.
        let keys = tensors.iter().map(|t| BASE64_URL_SAFE_NO_PAD.encode(&t.tensor.key.0)).collect();
        let slices = tensors.iter().map(|t| t.tensor.slice.clone()).collect();
        let destroyed = if self.statistics.is_none() { &self.destroyed[..] } else { &[] };
        self.session.run_for_dims(&Run {
            feeds: vec![(&self.keys, keys), (&self.slices, slices)],
            fetches: self.shapes.iter().collect(),
            targets: destroyed.iter().collect(),
        })
    }

    /// The statistics of the restored tensors, which have these shapes; none where the graph was not
    /// prepared for them.
    pub fn statistics(&self, shapes: &[Vec<i64>]) -> Result<Vec<Stats>, Refusal> {
        match &self.statistics {
            Some(statistics) => statistics.take(&self.session, shapes),
            None => Ok(Vec::new()),
        }
    }

    /// Destroys variables that were kept for statistics; those without a value too.
    pub fn destroy(&self) -> Result<(), Refusal> {
        if self.statistics.is_some() {
            let targets = self.destroyed.iter().collect();
            self.session.run_for_dims(&Run { targets, ..Run::default() })?;
        }
        Ok(())
    }
}

/// Puts a constant into a variable of a session of its own, and gives the dimensions of what that holds.
/// `value` is the `AttrValue` that states the constant.
pub(super) fn constant_dims(
    dtype: DType,
    value: &[u8],
    threads: Threads,
) -> Result<Vec<i64>, Refusal> {
    let mut graph = GraphBuilder::new();
    let mut slots = Slots::new(Kind { dtype, slots: 1, assign: true, stats: false });
    let attrs = [Attr::Value("dtype", &slots.dtype), Attr::Value("value", value)];
    let constant = graph.add("Const", "census/constant", &[], &[], &attrs)?;
    slots.add_variable(&mut graph, 0, (&constant, 0))?;
    let session = graph.start(threads)?;
    let (fetches, targets) = (slots.shapes.iter().collect(), slots.destroyed.iter().collect());
    let dims = session.run_for_dims(&Run { fetches, targets, ..Run::default() })?;
    Ok(dims.into_iter().next().unwrap_or_default())
}

/// The nodes of the slots, while the graph is being built.
struct Slots {
    keep: bool,
    dtype: Vec<u8>,
    dims_type: Vec<u8>,
    any_shape: Vec<u8>,
    variables: Vec<Node>,
    shapes: Vec<Node>,
    destroyed: Vec<Node>,
}

impl Slots {
    fn new(kind: Kind) -> Slots {
        Slots {
            keep: kind.stats,
            dtype: attributes::type_attr(kind.dtype),
            dims_type: attributes::type_attr(DType::INT64),
            any_shape: attributes::unknown_shape_attr(),
            variables: Vec::new(),
            shapes: Vec::new(),
            destroyed: Vec::new(),
        }
    }

    fn add_shape(
        &mut self,
        graph: &mut GraphBuilder,
        slot: usize,
        value: (&Node, i32),
    ) -> Result<Node, Refusal> {
        let attrs = [Attr::Value("T", &self.dtype), Attr::Value("out_type", &self.dims_type)];
        let shape = graph.add("Shape", &format!("census/shape_{slot}"), &[value], &[], &attrs)?;
        self.shapes.push(shape.clone());
        Ok(shape)
    }

    fn add_variable(
        &mut self,
        graph: &mut GraphBuilder,
        slot: usize,
        restored: (&Node, i32),
    ) -> Result<(), Refusal> {
        let name = |what: &str| format!("census/{what}_{slot}");
        let variable_name = name("variable");
        let variable_attrs = [
            Attr::Value("dtype", &self.dtype),
            Attr::Value("shape", &self.any_shape),
            Attr::Text("shared_name", &variable_name),
        ];
        let variable = graph.add("VarHandleOp", &variable_name, &[], &[], &variable_attrs)?;
        let handle = (&variable, 0);
        let attrs = [Attr::Value("dtype", &self.dtype)];
        let assigned =
            graph.add("AssignVariableOp", &name("assigned"), &[handle, restored], &[], &attrs)?;
        // Reading it as another type than it is fails, so a shape confirms the dtype as well.
        let value = graph.add("ReadVariableOp", &name("value"), &[handle], &[&assigned], &attrs)?;
        let shape = self.add_shape(graph, slot, (&value, 0))?;
        // Kept variables are destroyed in a run of their own, which must not restore them again.
        let after: &[&Node] = if self.keep { &[] } else { &[&shape] };
        let destroyed =
            graph.add("DestroyResourceOp", &name("destroyed"), &[handle], after, &[])?;
        self.variables.push(variable);
        self.destroyed.push(destroyed);
        Ok(())
    }
}

/// True where the library has no kernel that would put this type into a variable: the 16-bit
/// quantized types, and some 8-bit floats.
pub(super) fn lacks_assignment(refusal: &Refusal) -> bool {
    refusal.message.contains("AssignVariableOp") && refusal.message.contains("OpKernel")
}
