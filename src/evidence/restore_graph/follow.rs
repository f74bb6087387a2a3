//! Collects what one scope restores, and which functions it calls.

use foldhash::{HashMap, HashSet};

use super::doubt::Doubt;
use super::scope::{
    Call, Given, OnTheWay, Scope, assigned, constant_behind, given_behind, restore_behind, taken,
};
use crate::model::DType;
use crate::saved_model::{Node, OpId, TensorHeader, input_node};

/// One tensor that the restore op reads, and the variable op that it is assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored<'a> {
    /// Key in the checkpoint.
    pub key: &'a [u8],
    /// Slice of it in the notation of `RestoreV2`; empty for the whole tensor.
    pub slice: &'a [u8],
    /// Element type that the op requests.
    pub dtype: Option<DType>,
    /// The variable op of the main graph; `None` where the tensor is used otherwise, such as to fill a
    /// table.
    pub variable: Option<OpId>,
    /// True where the tensor is reshaped on the way: the stored shape need not be the variable's.
    pub reshaped: bool,
    /// Why the model's own load need not end with this tensor in the variable.
    pub doubt: Option<Doubt>,
}

/// A variable op that holds all or a part of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The op of the main graph; `None` where only a collection or the checkpoint knows the part.
    pub op: Option<OpId>,
    /// The slice, as `RestoreV2` is told; empty for the whole variable.
    pub slice: String,
    /// Why a restore of ours need not show what a load of the model would hold.
    pub doubt: Option<Doubt>,
}

impl Part {
    /// The whole of a variable, in this op.
    pub fn whole(op: OpId) -> Part {
        Part { op: Some(op), slice: String::new(), doubt: None }
    }
}

impl Restored<'_> {
    /// The part of a variable that it fills.
    pub fn part(&self) -> Part {
        let slice = String::from_utf8_lossy(self.slice).into_owned();
        Part { op: self.variable, slice, doubt: self.doubt }
    }
}

/// What a load does to the variables: the restore op, and the init op after it.
#[derive(Debug, Default)]
pub(crate) struct RestoreGraph<'a> {
    /// Every tensor that it reads, in the order of the graph.
    pub restored: Vec<Restored<'a>>,
    /// Name of the restore op, where the graph has no such node.
    pub missing_op: Option<&'a str>,
    /// Set where a part could not be followed; holds the reason, for a person.
    pub unclear: Option<String>,
    /// The variable ops that the init op fills, which runs after the restore, and that a signature needs.
    pub filled_by_init: HashSet<OpId>,
    /// The constants that the init op assigns, by every variable op that stands for the variable: what
    /// a load ends with.
    pub init_constants: HashMap<OpId, TensorHeader<'a>>,
    /// Handles that a load runs and of which no variable op of the main graph is one: the function, which
    /// is empty for the main graph, and the node.
    pub not_in_main_graph: Vec<(&'a str, &'a str)>,
}

/// A variable op that an output of a restore is assigned to, and what is done to the value.
type Target = (OpId, OnTheWay);

/// The targets of each output of each restore: node name and output number. Hashed with a seed of
/// this process, since the model chooses the names.
type Targets<'a> = HashMap<(&'a str, usize), Vec<Target>>;

/// Collects the restores, assignments and calls among the members of one scope.
pub(super) fn follow<'a>(
    scope: &dyn Scope<'a>,
    out: &mut RestoreGraph<'a>,
    calls: &mut Vec<Call<'a>>,
) {
    let mut targets: Targets<'a> = HashMap::default();
    let mut restores = Vec::new();
    for node in scope.members() {
        match node.op {
            "Assign" | "AssignVariableOp" => {
                if let Some((output, target)) = assignment(scope, &node) {
                    targets.entry(output).or_default().push(target);
                }
            }
            "RestoreV2" => restores.push(node),
            "PartitionedCall" | "StatefulPartitionedCall" => {
                if let Some(function) = node.attr("f").and_then(|f| f.function()) {
                    calls.push(Call { function, arguments: taken(scope, &node) });
                }
            }
            _ => {}
        }
    }
    for node in restores {
        if let Err(why) = collect_restore(scope, node, &targets, out) {
            out.unclear = Some(format!("{}: {why}", node.name));
        }
    }
}

/// The output of a restore that a node assigns, and the variable that it assigns it to.
fn assignment<'a>(scope: &dyn Scope<'a>, node: &Node<'a>) -> Option<((&'a str, usize), Target)> {
    let (variable, value) = assigned(scope, node)?;
    let (restore, output, way) = restore_behind(scope, value.node, value.output)?;
    Some(((restore, output), (variable, way)))
}

/// Adds the tensors of one `RestoreV2`: one for each target, and one for an output without any.
fn collect_restore<'a>(
    scope: &dyn Scope<'a>,
    node: Node<'a>,
    targets: &Targets<'a>,
    out: &mut RestoreGraph<'a>,
) -> Result<(), &'static str> {
    let inputs: Vec<&'a str> =
        node.inputs().map(input_node).filter(|i| !i.control).map(|i| i.node).collect();
    let strings = |k: usize| -> Option<Vec<&'a [u8]>> {
        let tensor = constant_behind(scope, inputs.get(k)?)?.attr("value")?.tensor()?;
        Some(tensor.strings().collect())
    };
    let keys = strings(1).ok_or("its tensor names are not a constant")?;
    let slices = strings(2).ok_or("its slices are not a constant")?;
    let prefix = inputs.first().map(|prefix| given_behind(scope, prefix));
    let elsewhere = (prefix != Some(Given::Prefix)).then_some(Doubt::OtherFile);
    let dtypes = node.attr("dtypes").map(|a| a.dtypes()).unwrap_or_default();
    for (i, dtype) in dtypes.into_iter().enumerate() {
        // A constant may state fewer elements than it has: the last one repeats.
        let key = *keys.get(i).or(keys.last()).ok_or("it names no tensor")?;
        let slice = slices.get(i).or(slices.last()).copied().unwrap_or_default();
        let unassigned =
            Restored { key, slice, dtype, variable: None, reshaped: false, doubt: elsewhere };
        match targets.get(&(node.name, i)) {
            None => out.restored.push(unassigned),
            Some(targets) => out.restored.extend(targets.iter().map(|(variable, way)| {
                let is_changed = *way != OnTheWay::default();
                Restored {
                    variable: Some(*variable),
                    reshaped: way.reshaped,
                    doubt: elsewhere.or(is_changed.then_some(Doubt::Changed)),
                    ..unassigned.clone()
                }
            })),
        }
    }
    Ok(())
}
