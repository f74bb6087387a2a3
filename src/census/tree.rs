//! The tree of a report: which kind of grouping is shown, and the variables in its order.

use foldhash::HashMap;

use crate::evidence::files::FileEvidence;
use crate::evidence::keras::KerasConfig;
use crate::group::{self, Outline};
use crate::model::{GroupKind, Groups, Variable};
use crate::options::{GroupBy, Options};
use crate::reconcile::{Confirmed, CountFact, Inventory, ItemId};
use crate::saved_model::NodeId;

/// Groups the variables, and gives each its paths. `position` says which variable of the report an
/// item of the inventory is.
pub(super) fn tree(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    position: &HashMap<ItemId, u32>,
    variables: &mut [Variable],
    options: &Options,
) -> (Groups, Vec<CountFact>) {
    let objects = inventory.objects();
    let weights: HashMap<NodeId, u32> =
        objects.filter_map(|(node, item)| Some((node, *position.get(&item)?))).collect();
    let objects = files.objects.as_ref().map(|(graph, facts)| group::Objects {
        graph,
        facts,
        weights: &weights,
    });
    if let Some(objects) = objects {
        for (at, paths) in group::paths_to_variables(objects) {
            if let Some(variable) = variables.get_mut(at as usize) {
                variable.paths = paths;
            }
        }
    }
    for variable in variables.iter_mut().filter(|v| v.paths.is_empty()) {
        variable.paths = vec![variable.name.clone()];
    }
    let by = |group_by| outline(files, inventory, position, variables, objects, group_by);
    let mut outline = by(options.group_by);
    let is_bare = options.group_by == GroupBy::Keras && !has_layers(files, &outline);
    if is_bare {
        outline = by(GroupBy::Auto);
    }
    if let Some(config) = &files.unnested_config {
        name_root(&mut outline, config);
    }
    let facts = [
        is_bare.then_some(CountFact::NoKerasLayers),
        outline.cut.then_some(CountFact::TreeTooDeep),
    ];
    (group::fill(outline, variables), facts.into_iter().flatten().collect())
}

/// True where the tree is one of Keras layers.
fn has_layers(files: &FileEvidence<'_>, outline: &Outline) -> bool {
    let below = outline.groups.iter().skip(1);
    let mut layers =
        below.filter(|group| matches!(group.kind, GroupKind::Layer | GroupKind::Model));
    files.root_is_keras() || layers.next().is_some()
}

/// Gives the root the name and class of the model, unless it has a class already.
fn name_root(outline: &mut Outline, config: &KerasConfig) {
    let root = outline.groups.first_mut().filter(|root| root.class.is_none());
    if let (Some(root), Some(model)) = (root, config.layers.first()) {
        root.class = Some(model.class.clone());
        root.kind = GroupKind::Model;
        if !model.name.is_empty() {
            root.name = model.name.clone();
        }
    }
}

/// The kind of grouping that was asked for, or the best that the model allows.
///
/// `auto` prefers what names layers as their author did: a `.keras` configuration, then Keras
/// metadata, then the attributes that hold modules. A model of Keras 3 has the scopes in its variables'
/// names, unless its attributes tell more: those of a subclassed model do, while an export has none and
/// those of a functional model name nothing (`_operations.2`).
fn outline(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    position: &HashMap<ItemId, u32>,
    variables: &[Variable],
    objects: Option<group::Objects<'_, '_>>,
    group_by: GroupBy,
) -> Outline {
    let config = files.keras_config.as_ref().map(|config| {
        let mut owned = vec![Vec::new(); config.layers.len()];
        for (id, item) in inventory.weights() {
            let layer = item.config_layer.and_then(|layer| owned.get_mut(layer.0));
            if let (Some(layer), Some(at)) = (layer, position.get(&id)) {
                layer.push(*at);
            }
        }
        group::config_outline(config, &owned)
    });
    match (group_by, config, objects) {
        (GroupBy::Auto | GroupBy::Keras, Some(config), _) => config,
        (GroupBy::Keras, _, Some(objects)) => group::keras_outline(objects, &files.keras),
        (GroupBy::ObjectGraph, _, Some(objects)) => group::module_outline(objects),
        (GroupBy::Auto, _, Some(objects)) if group::is_keras(objects, objects.graph.root()) => {
            group::keras_outline(objects, &files.keras)
        }
        (GroupBy::Auto, _, Some(objects)) => {
            let modules = group::module_outline(objects);
            if !objects.facts.is_keras_3 {
                return modules;
            }
            let scopes = group::scope_outline(variables);
            if tells_more(&modules, &scopes) { modules } else { scopes }
        }
        _ => group::scope_outline(variables),
    }
}

/// True where modules nest deeper than scopes do, and none is a place in a list of Keras' own.
/// Source: keras/src/models/{functional,sequential}.py and layers/layer.py (Keras 3).
fn tells_more(modules: &Outline, scopes: &Outline) -> bool {
    let is_place = |name: &str| {
        ["_operations.", "_layers.", "_functional"].iter().any(|start| name.starts_with(start))
    };
    modules.groups.len() > scopes.groups.len()
        && !modules.groups.iter().any(|group| is_place(&group.name))
}

/// Orders the variables as a reader of the tree meets them.
pub(super) fn in_tree_order(
    mut groups: Groups,
    variables: Vec<Variable>,
) -> (Groups, Vec<Variable>) {
    let mut place: Vec<Option<usize>> = vec![None; variables.len()];
    let mut next = 0usize..;
    let mut open = vec![groups.root()];
    while let Some(id) = open.pop() {
        let Some(group) = groups.nodes.get(id.0) else { continue };
        for v in &group.own {
            if let Some(place @ None) = place.get_mut(v.0) {
                *place = next.next();
            }
        }
        open.extend(group.children.iter().rev());
    }
    place.iter_mut().filter(|place| place.is_none()).for_each(|place| *place = next.next());
    for group in &mut groups.nodes {
        for v in &mut group.own {
            v.0 = place.get(v.0).copied().flatten().unwrap_or(v.0);
        }
        group.own.sort_unstable();
    }
    let mut placed: Vec<(Option<usize>, Variable)> = place.into_iter().zip(variables).collect();
    placed.sort_by_key(|(place, _)| *place);
    (groups, placed.into_iter().map(|(_, variable)| variable).collect())
}
