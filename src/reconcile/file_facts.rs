//! Facts about the files themselves, which no comparison of variables is needed for.

use std::path::PathBuf;

use super::fact::{Fact, FileFact, GraphFact, KerasFact};
use crate::evidence::checkpoint::{IndexError, StringError};
use crate::evidence::files::FileEvidence;
use crate::evidence::graph_check::GraphProblem;
use crate::evidence::sidecars::SidecarFiles;
use crate::source::Source;

/// Most edges to nowhere that are reported one by one.
const MAX_DANGLING_EDGES: usize = 5;

/// What is wrong with the sidecar files.
pub(crate) fn facts_of_sidecars(sidecars: &SidecarFiles) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    if let Some((path, config)) = &sidecars.unnested_config {
        let class = config.layers.first().map(|model| model.class.clone()).unwrap_or_default();
        facts.push(KerasFact::ConfigWithoutLayers { path: path.clone(), class }.into());
    }
    if let Some((path, error)) = &sidecars.index_error {
        let offset = match error {
            IndexError::Malformed { offset, .. } => *offset,
            _ => None,
        };
        let (path, reason) = (path.clone(), error.to_string());
        facts.push(FileFact::IndexUnreadable { path, offset, reason }.into());
    }
    if let Some(error) = &sidecars.checkpoint_graph_error {
        let is_damaged = matches!(error, StringError::Malformed(_));
        let reason = error.to_string();
        facts.push(FileFact::CheckpointGraphUnreadable { reason, is_damaged }.into());
    }
    let problems = sidecars.checkpoint_problems.iter().cloned();
    facts.extend(problems.map(|problem| Fact::from(FileFact::Checkpoint(problem))));
    facts
}

/// What is wrong with `saved_model.pb`, its graph, its object graph and its Keras metadata.
pub(crate) fn facts_of_model(source: &Source, files: &FileEvidence<'_>) -> Vec<Fact> {
    let mut facts = of_file(source, files);
    facts.extend(of_graph(files).into_iter().map(Fact::from));
    facts.extend(of_object_graph(files));
    let problems = files.keras.problems.iter().cloned();
    facts.extend(problems.map(|problem| Fact::from(KerasFact::Metadata(problem))));
    if files.root_is_keras() && files.keras.layers.is_empty() {
        let archive = archive_to_try(source, files);
        facts.push(KerasFact::MetadataMissing(archive).into());
    }
    let is_keras_3 = files.objects.as_ref().is_some_and(|(_, facts)| facts.is_keras_3);
    if is_keras_3 && !files.has_given_config() {
        let archive = archive_to_try(source, files);
        facts.push(KerasFact::LayersUnnamed(archive).into());
    }
    facts
}

/// The `.keras` archive beside the model, where the user has given none.
pub(super) fn archive_to_try(source: &Source, files: &FileEvidence<'_>) -> Option<PathBuf> {
    source.keras_archive.clone().filter(|_| !files.has_given_config())
}

fn of_file(source: &Source, files: &FileEvidence<'_>) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    // tensorflow_hub writes none into the modules of TF1.
    let expected = if source.files.hub_module.is_some() { 0..=1 } else { 1..=1 };
    if !expected.contains(&files.schema_version) {
        facts.push(FileFact::SchemaVersion(files.schema_version).into());
    }
    let tags = files.meta.tag_set();
    if files.meta_graphs.iter().skip(files.selected + 1).any(|m| m.tag_set() == tags) {
        facts.push(FileFact::TagSetRepeated.into());
    }
    let links = source.files.dangling.iter().cloned();
    facts.extend(links.map(|link| Fact::from(FileFact::DanglingLink(link))));
    facts
}

fn of_graph(files: &FileEvidence<'_>) -> Vec<GraphFact> {
    let mut facts: Vec<GraphFact> = files
        .graph_problems
        .iter()
        .map(|problem| match problem {
            GraphProblem::Repeated(name) => GraphFact::NodeRepeated(name.to_string()),
            GraphProblem::UnknownInput { node, input } => {
                GraphFact::UnknownInput { node: node.to_string(), input: input.to_string() }
            }
            GraphProblem::Cycle(node) => GraphFact::Cycle(node.to_string()),
        })
        .collect();
    if let Some(name) = files.restore.missing_op {
        facts.push(GraphFact::RestoreOpMissing(name.to_owned()));
    }
    if let Some(reason) = &files.restore.unclear {
        facts.push(GraphFact::RestoreUnclear(reason.clone()));
    }
    facts
}

fn of_object_graph(files: &FileEvidence<'_>) -> Vec<Fact> {
    let Some((objects, _)) = &files.objects else { return Vec::new() };
    let edges = objects.dangling.iter().take(MAX_DANGLING_EDGES);
    edges
        .map(|(holder, attribute, to)| {
            let (holder, attribute, to) = (holder.0, attribute.to_string(), *to);
            GraphFact::DanglingEdge { holder, attribute, to, objects: objects.len() }.into()
        })
        .collect()
}
