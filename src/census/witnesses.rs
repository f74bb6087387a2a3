//! What each witness was heard to say of the counted variables.

use super::session::SessionOutcome;
use crate::evidence::files::FileEvidence;
use crate::evidence::object_graph;
use crate::model::{Counts, RuntimeMode, Witness, WitnessName};
use crate::reconcile::{Confirmed, Fact, Inventory, ItemId, LayerCheck, sum};
use crate::verdict::{Testimony, witness};

/// The four witnesses in their order in a report.
pub(super) fn witnesses(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    layers: &LayerCheck,
    session: &SessionOutcome,
    facts: &[Fact],
) -> Vec<Witness> {
    let weights = inventory.weights().count() as u64;
    let heard = [
        (WitnessName::Runtime, runtime(session, inventory, weights)),
        (WitnessName::Checkpoint, checkpoint(files, inventory, weights)),
        (WitnessName::Declaration, declaration(files, inventory)),
        (WitnessName::Keras, keras(files, inventory, layers)),
    ];
    heard
        .into_iter()
        .map(|(name, (testimony, detail))| witness(name, testimony, weights, facts, detail))
        .collect()
}

fn runtime(
    session: &SessionOutcome,
    inventory: &Inventory<Confirmed>,
    weights: u64,
) -> (Testimony, String) {
    match (&session.confirmation, &session.info.failure) {
        (Some(_), _) => {
            let held = inventory.weights().map(|(_, i)| i).filter(|i| i.held.is_some());
            let how = match session.info.mode {
                RuntimeMode::Load => "full load",
                _ if weights == 0 => "nothing to restore, and the graph was not loaded",
                _ => "batch by batch",
            };
            let version = session.info.tensorflow_version.as_deref().unwrap_or("?");
            (Testimony::Saw(sum(held)), format!("{how}, TensorFlow {version}"))
        }
        (None, Some(why)) => (Testimony::Unavailable, why.what.clone()),
        (None, None) => (Testimony::Absent, "not asked (--runtime off)".into()),
    }
}

fn checkpoint(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    weights: u64,
) -> (Testimony, String) {
    match &files.index {
        None if files.index_is_unreadable => {
            (Testimony::Unavailable, "variables.index cannot be read".into())
        }
        None if weights > 0 => (Testimony::Unavailable, "variables.index is missing".into()),
        None => (Testimony::Absent, "the model stores no variables".into()),
        Some(index) => {
            let stored = inventory.weights().map(|(_, i)| i).filter(|i| i.tensor.is_some());
            let shards = index.shards();
            let s = if shards == 1 { "" } else { "s" };
            (Testimony::Saw(sum(stored)), format!("{} entries in {shards} shard{s}", index.len()))
        }
    }
}

fn declaration(files: &FileEvidence<'_>, inventory: &Inventory<Confirmed>) -> (Testimony, String) {
    let mut counts = Counts::default();
    for (_, item) in inventory.weights() {
        let shape = item.declared_shape.known();
        if let Some(elements) = shape.and_then(|s| s.elements()) {
            let width = item.declared_dtype.and_then(|d| d.byte_width()).unwrap_or(0);
            counts.add(elements, elements.saturating_mul(width));
        }
    }
    let detail = match &files.objects {
        Some((objects, _)) => format!("object graph of {} objects", objects.len()),
        None => format!("graph of {} nodes and its collections", files.graph.nodes.len()),
    };
    (Testimony::Saw(counts), detail)
}

/// The weights below the layers that Keras' metadata describes; where there is no metadata but the
/// user gave a `.keras` configuration, those that its layers own.
fn keras(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
    check: &LayerCheck,
) -> (Testimony, String) {
    let derived = |place: &str| {
        let LayerCheck { layers, derived, .. } = check;
        format!("{derived} of {layers} layers derived from their configuration in {place}")
    };
    if let (Some((objects, facts)), Some(place)) = (&files.objects, files.keras.place)
        && !files.keras.layers.is_empty()
    {
        let layers = files.keras.layers.keys().copied();
        let below = object_graph::walk(objects, layers, &facts.excluded, |_, _| true);
        let held = inventory.objects().filter(|(object, _)| below.get(*object));
        let mut held: Vec<ItemId> = held.map(|(_, item)| item).collect();
        held.sort_unstable();
        held.dedup();
        let weights = held.into_iter().filter_map(|id| inventory.get(id));
        let counts = sum(weights.filter(|i| i.is_weight()));
        return (Testimony::Saw(counts), derived(place.as_str()));
    }
    if files.keras_config.is_some() {
        let owned = inventory.weights().map(|(_, i)| i).filter(|i| i.config_layer.is_some());
        return (Testimony::Saw(sum(owned)), derived("the .keras archive"));
    }
    let detail = match (&files.objects, files.keras.place) {
        (Some(_), Some(_)) => "the Keras metadata cannot be used",
        _ => "the model has no Keras metadata",
    };
    (Testimony::Absent, detail.into())
}
