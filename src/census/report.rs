//! From the inventory to the report.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use super::session::SessionOutcome;
use super::tree::{in_tree_order, tree};
use super::witnesses::witnesses;
use crate::evidence::files::FileEvidence;
use crate::model::{
    Counts, KerasInfo, MetaGraphInfo, ModelInfo, NotCounted, Report, Role, Totals, Variable,
};
use crate::options::Options;
use crate::reconcile::{Confirmed, Fact, Inventory, ItemId, check_layers, facts_of_count};
use crate::source::Source;
use crate::verdict::{SessionAnswer, findings, verdict};

/// Most names given as examples of what is not counted.
const MAX_EXAMPLES: usize = 3;

/// Puts everything together.
pub(super) fn assemble(
    source: &Source,
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    session: SessionOutcome,
    options: &Options,
    mut facts: Vec<Fact>,
) -> Report {
    let (mut variables, position) = list(inventory);
    let (groups, of_tree) = tree(files, inventory, &position, &mut variables, options);
    let (groups, variables) = in_tree_order(groups, variables);
    facts.extend(facts_of_count(source, inventory, files));
    facts.extend(of_tree.into_iter().map(Fact::from));
    let layers = check_layers(files, inventory);
    facts.extend(layers.facts());
    Report {
        model: model_info(source, files),
        totals: totals(&variables),
        not_counted: not_counted(inventory),
        constants: files.constants,
        verdict: verdict(&facts, session_answer(&session)),
        witnesses: witnesses(files, inventory, &layers, &session, &facts),
        findings: findings(&facts),
        variables,
        groups,
        runtime: session.info,
    }
}

fn session_answer(session: &SessionOutcome) -> SessionAnswer {
    match session.confirmation.as_ref().is_some_and(|c| c.is_whole() && !c.holds_more) {
        true => SessionAnswer::Whole,
        false => SessionAnswer::Lacking,
    }
}

fn model_info(source: &Source, files: &FileEvidence<'_>) -> ModelInfo {
    let is_keras_3 = files.objects.as_ref().is_some_and(|(_, f)| f.is_keras_3);
    ModelInfo {
        source: source.given.clone(),
        path: source.dir.clone(),
        format: source.format,
        tensorflow_version: Some(files.meta.tensorflow_version)
            .filter(|v| !v.is_empty())
            .map(str::to_owned),
        object_graph: files.objects.is_some(),
        keras: (is_keras_3
            || files.root_is_keras()
            || !files.keras.layers.is_empty()
            || files.has_given_config())
        .then(|| KerasInfo {
            version: files.keras.version.clone().or_else(|| {
                let config = files.keras_config.as_ref().or(files.unnested_config.as_ref());
                config.and_then(|config| config.version.clone())
            }),
            metadata: files.keras.place.filter(|_| !files.keras.layers.is_empty()),
        }),
        meta_graphs: files
            .meta_graphs
            .iter()
            .enumerate()
            .map(|(i, m)| MetaGraphInfo {
                tags: m.tags.iter().map(|t| t.to_string()).collect(),
                selected: i == files.selected,
            })
            .collect(),
    }
}

/// The counted variables of known size, and which of them each item of the inventory is.
fn list(inventory: &Inventory<Confirmed>) -> (Vec<Variable>, HashMap<ItemId, u32>) {
    let mut variables = Vec::new();
    let mut position = HashMap::new();
    for (id, item) in inventory.weights() {
        let Some((dtype, shape, parameters)) = item.size() else { continue };
        let Ok(at) = u32::try_from(variables.len()) else { break };
        position.insert(id, at);
        variables.push(Variable {
            name: item.name.clone(),
            checkpoint_key: item.key_text(),
            dtype,
            shape,
            parameters,
            bytes: item.bytes(),
            trainable: item.trainable,
            trainable_is: item.trainable_is,
            paths: Vec::new(),
            groups: Vec::new(),
            shared: false,
            confirmed: item.held.is_some(),
            stats: item.stats(),
        });
    }
    (variables, position)
}

fn totals(variables: &[Variable]) -> Totals {
    let mut totals = Totals::default();
    variables.iter().for_each(|variable| totals.add(variable));
    totals
}

fn not_counted(inventory: &Inventory<Confirmed>) -> Vec<NotCounted> {
    let mut roles: BTreeMap<Role, NotCounted> = BTreeMap::new();
    for (_, item) in inventory.iter().filter(|(_, i)| !i.is_weight()) {
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
