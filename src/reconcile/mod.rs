//! Compares the witnesses with each other.
//!
//! Input: what each of them said. Output: an inventory in which every variable is there once, with
//! the shape and dtype that the best witness knows, and a [`Fact`] for every contradiction. Nothing is
//! repaired or dropped in silence, and nothing is put into words: `verdict` does that.

mod checkpoint_keys;
mod counting;
mod declared;
mod fact;
mod file_facts;
mod inventory;
mod keras_config;
mod keras_layers;
mod keras_total;
mod layer_difference;
mod names;
mod not_filled;
mod object_graphs;
mod session;
mod session_fact;
mod stored;
mod trainable;
mod unproven;

use crate::evidence::checkpoint;
use crate::evidence::files::FileEvidence;
pub(crate) use counting::facts_of_count;
pub(crate) use fact::*;
pub(crate) use file_facts::{facts_of_model, facts_of_sidecars};
pub(crate) use inventory::{Confirmed, Declared, Inventory, ItemId, Settled, sum};
use keras_config::{ConfigOwners, match_config};
pub(crate) use keras_layers::{LayerCheck, check_layers};
pub(crate) use layer_difference::{LayerDifference, LayerMismatch};
use object_graphs::PairedObjects;
pub(crate) use session::{Confirmation, compare_session, confirmed, without_owner};
pub(crate) use session_fact::*;
pub(crate) use unproven::{constant_of, unproven};

/// Joins what the files say: every variable once, with all that is known before a session is asked.
pub(crate) fn inventory(files: &FileEvidence<'_>) -> (Inventory<Settled>, Vec<Fact>) {
    let (declared, mut facts) = declared_inventory(files);
    let index = files.index.as_ref();
    let (stored, found) = stored::with_stored(declared, index, &files.graph, &files.restore);
    facts.extend(found);
    let owners = match &files.keras_config {
        Some(config) => match_config(&stored, config),
        None => ConfigOwners::default(),
    };
    facts.extend(owners.facts.iter().cloned());
    if let (None, Some(index)) = (&files.objects, index) {
        let found = not_filled::not_filled(&stored, index, &files.graph, &files.restore);
        facts.extend(found.into_iter().map(Fact::from));
    }
    let objects = files.objects.as_ref().map(|(graph, facts)| (graph, facts));
    let settled = trainable::settle(stored, objects, &files.keras, &owners);
    let is_stored = |item: &Settled| !item.filled_by_init;
    if index.is_none()
        && !files.index_is_unreadable
        && settled.weights().any(|(_, item)| is_stored(item))
    {
        facts.push(FileFact::IndexMissing.into());
    }
    (settled, facts)
}

/// What the object graph declares, or the collections of a model without one.
fn declared_inventory(files: &FileEvidence<'_>) -> (Inventory<Declared>, Vec<Fact>) {
    let Some((objects, object_facts)) = &files.objects else {
        let collected = files.collected.clone();
        return (declared::from_collections(collected, &files.graph, &files.restore), Vec::new());
    };
    let mut facts = Vec::new();
    let checkpoint_graph = files.checkpoint_graph.as_deref().map(checkpoint::ObjectGraph::parse);
    let checkpoint_graph = match checkpoint_graph.transpose() {
        Ok(graph) => graph,
        Err(error) => {
            facts.push(FileFact::CheckpointGraphMalformed(error.to_string()).into());
            None
        }
    };
    let paired = checkpoint_graph.as_ref().map(|graph| PairedObjects::find(objects, graph));
    facts.extend(paired.iter().flat_map(|paired| paired.differences(object_facts)));
    let keys = checkpoint_keys::match_keys(objects, paired.as_ref(), &files.restore);
    let inventory =
        declared::from_object_graph(objects, object_facts, &keys, &files.graph, &files.restore);
    (inventory, facts)
}
