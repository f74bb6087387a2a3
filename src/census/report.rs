//! From the inventory to the report.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::ask::Outcome;
use super::files::{Counted, Files};
use crate::group::{self, Outline};
use crate::model::{
    Code, Counts, Finding, Groups, KerasInfo, MetaGraphInfo, ModelInfo, NotCounted, Report, Role,
    RuntimeMode, Severity, Totals, Trainable, Variable, Verdict, Witness, WitnessName,
    WitnessStatus,
};
use crate::number::thousands;
use crate::options::{GroupBy, Options, RuntimeChoice};
use crate::reconcile::{self, Inventory, Item};
use crate::saved_model::{MetaGraph, NodeId};
use crate::source::Source;

/// Most names given as examples of what is not counted.
const MAX_EXAMPLES: usize = 3;

/// Puts everything together.
pub(super) fn assemble(
    source: &Source,
    meta_graphs: &[MetaGraph<'_>],
    files: &Files<'_>,
    counted: Counted,
    session: Outcome,
    options: &Options,
    mut findings: Vec<Finding>,
) -> Report {
    let Counted { inventory, item_of, layer_of } = counted;
    reconcile::about_counting(&inventory, &mut findings);
    let confirmed = session.confirmation.as_ref().map(|c| c.confirmed.as_slice()).unwrap_or(&[]);
    let (mut variables, position) = list(&inventory, confirmed);
    let groups =
        tree(files, (&item_of, &layer_of), &position, &mut variables, options, &mut findings);
    about_kind(files, &variables, &mut findings);
    about_lists(files, &inventory, &item_of, &mut findings);
    let (groups, variables) = in_tree_order(groups, variables);
    let verdict = judge(&findings, &session, &variables, files, options.runtime);
    let witnesses = witnesses(files, &inventory, &item_of, &session, &findings);
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    Report {
        model: model_info(source, meta_graphs, files),
        totals: totals(&variables),
        not_counted: not_counted(&inventory),
        constants: files.constants,
        variables,
        groups,
        witnesses,
        runtime: session.info,
        findings,
        verdict,
    }
}

fn model_info(source: &Source, meta_graphs: &[MetaGraph<'_>], files: &Files<'_>) -> ModelInfo {
    let is_keras_3 = files.objects.as_ref().is_some_and(|(_, f)| f.is_keras_3);
    let has_layers = files
        .objects
        .as_ref()
        .is_some_and(|(o, _)| o.identifier(o.root()).starts_with("_tf_keras_"));
    ModelInfo {
        source: source.given.clone(),
        path: source.dir.clone(),
        format: source.format,
        tensorflow_version: Some(files.meta.tensorflow_version)
            .filter(|v| !v.is_empty())
            .map(str::to_owned),
        object_graph: files.objects.is_some(),
        keras: (is_keras_3
            || has_layers
            || !files.keras.layers.is_empty()
            || files.keras_config.is_some())
        .then(|| KerasInfo {
            version: files
                .keras
                .version
                .clone()
                .or_else(|| files.keras_config.as_ref().and_then(|c| c.version.clone())),
            metadata: files.keras.place.filter(|_| !files.keras.layers.is_empty()),
        }),
        meta_graphs: meta_graphs
            .iter()
            .enumerate()
            .map(|(i, m)| MetaGraphInfo {
                tags: m.tags.iter().map(|t| t.to_string()).collect(),
                selected: i == files.selected,
            })
            .collect(),
    }
}

/// The counted variables of known size, and where each item of the inventory went.
fn list(inventory: &Inventory, confirmed: &[bool]) -> (Vec<Variable>, HashMap<usize, u32>) {
    let mut variables = Vec::new();
    let mut position = HashMap::new();
    for (at, item) in inventory.items.iter().enumerate().filter(|(_, i)| i.is_weight()) {
        let (Some(shape), Some(parameters), Some(dtype)) =
            (item.shape(), item.parameters(), item.dtype())
        else {
            continue;
        };
        position.insert(at, variables.len() as u32);
        variables.push(Variable {
            name: item.name.clone(),
            checkpoint_key: item.key_text(),
            dtype,
            shape,
            parameters,
            bytes: item.bytes(),
            trainable: item.trainable,
            paths: Vec::new(),
            groups: Vec::new(),
            shared: false,
            confirmed: confirmed.get(at).copied().unwrap_or(false),
            stats: item.stats,
        });
    }
    (variables, position)
}

fn tree(
    files: &Files<'_>,
    (item_of, layer_of): (&HashMap<NodeId, usize>, &HashMap<usize, usize>),
    position: &HashMap<usize, u32>,
    variables: &mut [Variable],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Groups {
    let weights: HashMap<NodeId, u32> = item_of
        .iter()
        .filter_map(|(node, item)| position.get(item).map(|at| (*node, *at)))
        .collect();
    let objects = files.objects.as_ref().map(|(graph, facts)| group::Objects {
        graph,
        facts,
        weights: &weights,
    });
    if let Some(objects) = objects {
        for (at, paths) in group::paths_to_variables(objects) {
            variables[at as usize].paths = paths;
        }
    }
    for variable in variables.iter_mut().filter(|v| v.paths.is_empty()) {
        variable.paths = vec![variable.name.clone()];
    }
    let config = files.keras_config.as_ref().map(|config| {
        let mut owned = vec![Vec::new(); config.layers.len()];
        for (item, layer) in layer_of {
            if let Some(at) = position.get(item) {
                owned[*layer].push(*at);
            }
        }
        group::config_outline(config, &owned)
    });
    let outline: Outline = match (options.group_by, objects) {
        (GroupBy::Auto | GroupBy::Keras, _) if config.is_some() => config.unwrap_or_default(),
        (GroupBy::Keras, Some(objects)) => group::keras_outline(objects, &files.keras),
        (GroupBy::ObjectGraph, Some(objects)) => group::module_outline(objects),
        (GroupBy::Auto, Some(objects)) if group::is_keras(objects, objects.graph.root()) => {
            group::keras_outline(objects, &files.keras)
        }
        (GroupBy::Auto, Some(objects)) if !objects.facts.is_keras_3 => {
            group::module_outline(objects)
        }
        _ => group::scope_outline(variables),
    };
    if outline.cut {
        findings.push(Finding::new(
            Code::TreeTooDeep,
            "the tree is deeper than is shown; what lies deeper is part of the group above",
        ));
    }
    group::fill(outline, variables)
}

/// What the root's own lists leave out, which Keras therefore does not print.
fn about_lists(
    files: &Files<'_>,
    inventory: &Inventory,
    item_of: &HashMap<NodeId, usize>,
    findings: &mut Vec<Finding>,
) {
    let Some((_, facts)) = files.objects.as_ref().filter(|(_, f)| !f.listed.is_empty()) else {
        return;
    };
    let listed: HashSet<usize> =
        facts.listed.keys().filter_map(|id| item_of.get(id).copied()).collect();
    let left_out = inventory.items.iter().enumerate();
    let left_out =
        sum(left_out.filter(|(at, i)| i.is_weight() && !listed.contains(at)).map(|(_, i)| i));
    if left_out.variables > 0 {
        findings.push(Finding::new(
            Code::ListIncomplete,
            format!(
                "the model holds {} variables ({} parameters) that its own list leaves out; they are counted",
                left_out.variables,
                thousands(left_out.parameters)
            ),
        ));
    }
}

/// Constants beside variables are worth a word from one parameter in so many.
const BESIDE_SHARE: u64 = 100;

/// What kind of model it is, where that is worth a word.
fn about_kind(files: &Files<'_>, variables: &[Variable], findings: &mut Vec<Finding>) {
    let constants = files.constants;
    if variables.is_empty() && constants.parameters > 0 {
        findings.push(Finding::new(
            Code::FrozenConstants,
            format!(
                "the weights are frozen into the graph: {} parameters in {} constants, and no variables",
                thousands(constants.parameters),
                constants.tensors
            ),
        ));
    } else if variables.is_empty() {
        findings.push(Finding::new(Code::NoVariables, "the model has no variables to count"));
    } else {
        let counted = variables.iter().fold(0u64, |sum, v| sum.saturating_add(v.parameters));
        let share = constants.parameters.saturating_mul(BESIDE_SHARE);
        if constants.tensors > 0 && share >= counted {
            findings.push(Finding::new(
                Code::ConstantsBeside,
                format!(
                    "beside its variables the graph holds {} parameters in {} constants; they are not in the totals",
                    thousands(constants.parameters),
                    constants.tensors
                ),
            ));
        }
    }
    if let Some((objects, facts)) = &files.objects {
        let metrics = facts.listed_metrics.len();
        if metrics > 0 {
            let parameters = facts
                .listed_metrics
                .iter()
                .filter_map(|id| objects.variable(*id)?.shape.partial()?.known()?.elements())
                .fold(0u64, u64::saturating_add);
            findings.push(Finding::new(
                Code::KerasPrintsOther,
                format!(
                    "Keras itself counts {metrics} variables of metrics ({} parameters) that the model holds as attributes; they are no weights",
                    thousands(parameters)
                ),
            ));
        }
        let has_keras_3 = facts.is_keras_3 || facts.has_keras_3_layers;
        let has_lists = !facts.listed.is_empty() || files.keras_config.is_some();
        if has_keras_3 && !has_lists && !variables.is_empty() {
            findings.push(Finding::new(
                Code::FrozenUnknown,
                "Keras 3 wrote no lists of trainable variables: the files cannot say what was frozen",
            ));
        }
    }
}

/// Orders the variables as a reader of the tree meets them.
fn in_tree_order(mut groups: Groups, variables: Vec<Variable>) -> (Groups, Vec<Variable>) {
    let mut order: Vec<usize> = Vec::with_capacity(variables.len());
    let mut placed = vec![false; variables.len()];
    let mut open = vec![groups.root()];
    while let Some(id) = open.pop() {
        let Some(group) = groups.nodes.get(id.0) else { continue };
        for v in &group.own {
            if !std::mem::replace(&mut placed[v.0], true) {
                order.push(v.0);
            }
        }
        open.extend(group.children.iter().rev());
    }
    order.extend((0..variables.len()).filter(|v| !placed[*v]));
    let mut new_place = vec![0usize; variables.len()];
    for (new, old) in order.iter().enumerate() {
        new_place[*old] = new;
    }
    for group in &mut groups.nodes {
        for v in &mut group.own {
            v.0 = new_place[v.0];
        }
        group.own.sort_unstable();
    }
    let mut slots: Vec<Option<Variable>> = variables.into_iter().map(Some).collect();
    let ordered = order.into_iter().filter_map(|old| slots[old].take()).collect();
    (groups, ordered)
}

fn totals(variables: &[Variable]) -> Totals {
    let mut totals = Totals::default();
    let mut by_dtype: BTreeMap<_, Counts> = BTreeMap::new();
    for v in variables {
        totals.all.add(v.parameters, v.bytes);
        by_dtype.entry(v.dtype).or_default().add(v.parameters, v.bytes);
        match v.trainable {
            Trainable::Yes => &mut totals.trainable,
            Trainable::No | Trainable::Frozen => &mut totals.non_trainable,
            Trainable::Undetermined => &mut totals.undetermined,
        }
        .add(v.parameters, v.bytes);
    }
    totals.by_dtype = by_dtype.into_iter().collect();
    totals
}

fn not_counted(inventory: &Inventory) -> Vec<NotCounted> {
    let mut roles: BTreeMap<Role, NotCounted> = BTreeMap::new();
    for item in inventory.items.iter().filter(|i| !i.is_weight()) {
        let entry = roles.entry(item.role).or_insert_with(|| NotCounted {
            role: item.role,
            counts: Counts::default(),
            examples: Vec::new(),
        });
        // Strings and tables have elements, but none of them is a parameter.
        let parameters = match item.role {
            Role::String | Role::Table => 0,
            _ => item.parameters().unwrap_or(0),
        };
        entry.counts.add(parameters, item.bytes());
        if entry.examples.len() < MAX_EXAMPLES && !item.name.is_empty() {
            entry.examples.push(item.name.clone());
        }
    }
    roles.into_values().collect()
}

fn judge(
    findings: &[Finding],
    session: &Outcome,
    variables: &[Variable],
    files: &Files<'_>,
    runtime: RuntimeChoice,
) -> Verdict {
    let contradicted = findings.iter().any(|f| f.severity == Severity::Error);
    let confirmed = session.confirmation.as_ref().is_some_and(|c| c.is_whole());
    // A session over no variables says nothing about a graph that was never loaded: enough only for
    // who asked for no more.
    let says_something = !variables.is_empty()
        || session.info.mode == RuntimeMode::Load
        || runtime == RuntimeChoice::Variables;
    if contradicted || files.broken_graph {
        Verdict::Disagreement
    } else if confirmed && says_something {
        Verdict::Verified
    } else {
        Verdict::Unverified
    }
}

fn witnesses(
    files: &Files<'_>,
    inventory: &Inventory,
    item_of: &HashMap<NodeId, usize>,
    session: &Outcome,
    findings: &[Finding],
) -> Vec<Witness> {
    let weights = inventory.weights().count() as u64;
    let has = |codes: &[Code]| {
        findings.iter().any(|f| f.severity == Severity::Error && codes.contains(&f.code))
    };
    vec![
        runtime_witness(session, weights, &has),
        checkpoint_witness(files, inventory, weights, &has),
        declaration_witness(files, inventory, weights, &has),
        keras_witness(files, inventory, item_of),
    ]
}

type Has<'h> = &'h dyn Fn(&[Code]) -> bool;

fn runtime_witness(session: &Outcome, weights: u64, has: Has<'_>) -> Witness {
    let (status, counts, detail) = match (&session.confirmation, &session.info.failure) {
        (Some(c), _) => {
            let contradicts = has(&[
                Code::RuntimeShapeDiffers,
                Code::RuntimeDTypeDiffers,
                Code::RuntimeVariables,
                Code::NotConfirmed,
            ]);
            let how = match session.info.mode {
                RuntimeMode::Load => "full load",
                _ if weights == 0 => "nothing to restore, and the graph was not loaded",
                _ => "batch by batch",
            };
            let version = session.info.tensorflow_version.as_deref().unwrap_or("?");
            (
                match (contradicts, c.counts.variables == weights) {
                    (true, _) => WitnessStatus::Contradicts,
                    (false, true) => WitnessStatus::Agrees,
                    (false, false) => WitnessStatus::Partial,
                },
                Some(c.counts),
                format!("{how}, TensorFlow {version}"),
            )
        }
        (None, Some(why)) => (WitnessStatus::Unavailable, None, why.what.clone()),
        (None, None) => (WitnessStatus::Absent, None, "not asked (--runtime off)".into()),
    };
    Witness { name: WitnessName::Runtime, status, counts, detail }
}

fn sum<'i>(items: impl Iterator<Item = &'i Item>) -> Counts {
    let mut counts = Counts::default();
    for item in items {
        counts.add(item.parameters().unwrap_or(0), item.bytes());
    }
    counts
}

fn checkpoint_witness(
    files: &Files<'_>,
    inventory: &Inventory,
    weights: u64,
    has: Has<'_>,
) -> Witness {
    let contradicts = has(&[
        Code::ShardMissing,
        Code::ShardTooShort,
        Code::EntrySize,
        Code::SlicesIncomplete,
        Code::ChecksumMismatch,
        Code::KeyMissing,
        Code::ShapeDiffers,
        Code::DTypeDiffers,
        Code::FileUnreadable,
    ]);
    let (status, counts, detail) = match &files.index {
        None if has(&[Code::CheckpointUnreadable]) => {
            (WitnessStatus::Unavailable, None, "variables.index cannot be read".to_owned())
        }
        None if weights > 0 => {
            (WitnessStatus::Unavailable, None, "variables.index is missing".to_owned())
        }
        None => (WitnessStatus::Absent, None, "the model stores no variables".to_owned()),
        Some(index) => {
            let counts = sum(inventory.weights().filter(|i| i.stored.is_some()));
            let status = match (contradicts, counts.variables == weights) {
                (true, _) => WitnessStatus::Contradicts,
                (false, true) => WitnessStatus::Agrees,
                (false, false) => WitnessStatus::Partial,
            };
            let shards = index.shards();
            let s = if shards == 1 { "" } else { "s" };
            (status, Some(counts), format!("{} entries in {shards} shard{s}", index.len()))
        }
    };
    Witness { name: WitnessName::Checkpoint, status, counts, detail }
}

fn declaration_witness(
    files: &Files<'_>,
    inventory: &Inventory,
    weights: u64,
    has: Has<'_>,
) -> Witness {
    let mut counts = Counts::default();
    for item in inventory.weights() {
        let shape = item.declared_shape.partial().and_then(|s| s.known());
        if let Some(elements) = shape.and_then(|s| s.elements()) {
            let width = item.declared_dtype.and_then(|d| d.byte_width()).unwrap_or(0);
            counts.add(elements, elements.saturating_mul(width));
        }
    }
    let contradicts = files.broken_graph
        || has(&[
            Code::ShapeDiffers,
            Code::DTypeDiffers,
            Code::ShapeImpossible,
            Code::KeyMissing,
            Code::ObjectGraphDiffers,
        ]);
    Witness {
        name: WitnessName::Declaration,
        status: match (contradicts, counts.variables == weights) {
            (true, _) => WitnessStatus::Contradicts,
            (false, true) => WitnessStatus::Agrees,
            (false, false) => WitnessStatus::Partial,
        },
        counts: Some(counts),
        detail: match &files.objects {
            Some((objects, _)) => format!("object graph of {} objects", objects.len()),
            None => format!("graph of {} nodes and its collections", files.graph.nodes.len()),
        },
    }
}

fn keras_witness(
    files: &Files<'_>,
    inventory: &Inventory,
    item_of: &HashMap<NodeId, usize>,
) -> Witness {
    let absent = |detail: &str| Witness {
        name: WitnessName::Keras,
        status: WitnessStatus::Absent,
        counts: None,
        detail: detail.into(),
    };
    let (Some((objects, facts)), Some(place)) = (&files.objects, files.keras.place) else {
        return absent("the model has no Keras metadata");
    };
    if files.keras.layers.is_empty() {
        return absent("the Keras metadata cannot be used");
    }
    let below = crate::evidence::object_graph::walk(
        objects,
        files.keras.layers.keys().copied(),
        &facts.excluded,
        |_, _| true,
    );
    let mut held: Vec<usize> =
        item_of.iter().filter(|(node, _)| below[node.index()]).map(|(_, item)| *item).collect();
    held.sort_unstable();
    held.dedup();
    let counts =
        sum(held.iter().filter_map(|at| inventory.items.get(*at)).filter(|i| i.is_weight()));
    let all = inventory.weights().count() as u64;
    Witness {
        name: WitnessName::Keras,
        status: if counts.variables == all {
            WitnessStatus::Agrees
        } else {
            WitnessStatus::Partial
        },
        counts: Some(counts),
        detail: format!("{} layers in {}", files.keras.layers.len(), place.as_str()),
    }
}
