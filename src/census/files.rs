//! Everything that the files alone say: the witnesses read, and joined to an inventory.

use foldhash::{HashMap, HashMapExt};

use super::beside::Beside;
use crate::error::Result;
use crate::evidence::checkpoint::{self, Index};
use crate::evidence::graph_check::GraphProblem;
use crate::evidence::keras::{self, KerasConfig, KerasMetadata};
use crate::evidence::object_graph::{self, ObjectGraphFacts};
use crate::evidence::restore_graph::{self, RestoreGraph};
use crate::evidence::unsafe_ops::{self, LoadHazards};
use crate::evidence::{collections, constants, graph_check};
use crate::model::{Code, Constants, Finding};
use crate::options::Options;
use crate::reconcile::{self, Inventory};
use crate::saved_model::{
    Graph, MetaGraph, NodeId, ObjectGraph, SavedModelFile, Signature, select,
};
use crate::source::Source;
use crate::wire::Malformed;

/// What the files say, decoded.
pub(super) struct Files<'a> {
    /// Position of the chosen MetaGraph.
    pub selected: usize,
    pub meta: &'a MetaGraph<'a>,
    pub graph: Graph<'a>,
    pub restore: RestoreGraph<'a>,
    /// The object graph and what it says; `None` for TF1.
    pub objects: Option<(ObjectGraph<'a>, ObjectGraphFacts)>,
    pub keras: KerasMetadata,
    /// The `.keras` archive that the user gave.
    pub keras_config: Option<KerasConfig>,
    /// `None` where there is none or it cannot be read.
    pub index: Option<Index>,
    pub hazards: LoadHazards<'a>,
    pub constants: Constants,
    /// True where the graph itself is broken, so that no loader would take it.
    pub broken_graph: bool,
    checkpoint_graph: Option<Vec<u8>>,
    collected: Vec<collections::GraphVariable>,
}

/// The inventory, and where each object of the object graph stands in it.
pub(super) struct Counted {
    pub inventory: Inventory,
    pub item_of: HashMap<NodeId, usize>,
    /// The layer of the `.keras` configuration that owns each item.
    pub layer_of: HashMap<usize, usize>,
}

impl<'a> Files<'a> {
    /// Decodes all witnesses but the session.
    pub fn read(
        source: &Source,
        file: &'a SavedModelFile,
        schema_version: i64,
        meta_graphs: &'a [MetaGraph<'a>],
        beside: Beside,
        options: &Options,
        findings: &mut Vec<Finding>,
    ) -> Result<Files<'a>> {
        let selected = select(file.path(), meta_graphs, options.tags.as_deref())?;
        let meta = &meta_graphs[selected];
        about_file(source, schema_version, meta_graphs, selected, findings);
        let bad = |e| file.malformed(e);
        let graph = meta.graph().map_err(bad)?;
        let signatures = meta.signatures().map_err(bad)?;
        // What only looks at the graph is done beside what looks at the objects.
        let (others, of_graph) = std::thread::scope(|scope| {
            let of_graph = scope.spawn(|| OfGraph::read(meta, &graph, &signatures));
            let others = Others::read(meta, &graph, &signatures, &beside, selected);
            (others, of_graph.join())
        });
        let mut others = others.map_err(bad)?;
        let of_graph = of_graph.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let of_graph = of_graph.map_err(bad)?;
        reconcile::about_graph(&of_graph.problems, findings);
        reconcile::about_restore(&others.restore, findings);
        findings.append(&mut others.findings);
        Ok(Files {
            selected,
            meta,
            broken_graph: !of_graph.problems.is_empty() || others.restore.missing_op.is_some(),
            restore: others.restore,
            objects: others.objects,
            keras: others.keras,
            keras_config: beside.keras_config,
            index: beside.index,
            hazards: of_graph.hazards,
            constants: of_graph.constants,
            checkpoint_graph: beside.checkpoint_graph,
            collected: others.collected,
            graph,
        })
    }

    /// Joins the declaration with the checkpoint: every variable once.
    pub fn inventory(&self, findings: &mut Vec<Finding>) -> Counted {
        let (mut inventory, item_of) = match &self.objects {
            Some((objects, facts)) => {
                let parsed = self.checkpoint_graph.as_deref().and_then(|bytes| {
                    checkpoint::ObjectGraph::parse(bytes)
                        .map_err(|e| {
                            findings.push(Finding::new(
                                Code::FileUnreadable,
                                format!("the checkpoint's own object graph is damaged: {e}"),
                            ))
                        })
                        .ok()
                });
                let partners = parsed.as_ref().map(|p| reconcile::Partners::find(objects, p));
                if let Some(partners) = &partners {
                    partners.report(findings);
                }
                let keys = reconcile::match_keys(objects, partners.as_ref(), &self.restore);
                reconcile::from_object_graph(objects, facts, &keys, &self.graph, &self.restore)
            }
            None => (
                reconcile::from_collections(self.collected.clone(), &self.graph, &self.restore),
                HashMap::new(),
            ),
        };
        reconcile::compare_stored(
            &mut inventory,
            self.index.as_ref(),
            &self.graph,
            &self.restore,
            findings,
        );
        let layer_of = match &self.keras_config {
            Some(config) => reconcile::match_config(&mut inventory, config, findings),
            None => HashMap::new(),
        };
        if let (None, Some(index)) = (&self.objects, &self.index) {
            reconcile::about_unfilled(&inventory, index, &self.graph, &self.restore, findings);
        }
        reconcile::settle_trainable(
            &mut inventory,
            self.objects.as_ref().map(|(o, f)| (o, f)),
            &self.keras,
        );
        if self.index.is_none()
            && !findings.iter().any(|f| f.code == Code::CheckpointUnreadable)
            && inventory.weights().next().is_some()
        {
            findings.push(Finding::new(
                Code::CheckpointMissing,
                "variables/variables.index is missing: the weights are counted as declared, and none of them is stored",
            ));
        }
        Counted { inventory, item_of, layer_of }
    }
}

/// What the main graph and its functions say by themselves.
struct OfGraph<'a> {
    problems: Vec<GraphProblem<'a>>,
    hazards: LoadHazards<'a>,
    constants: Constants,
}

impl<'a> OfGraph<'a> {
    fn read(
        meta: &MetaGraph<'a>,
        graph: &Graph<'a>,
        signatures: &[Signature<'a>],
    ) -> Result<OfGraph<'a>, Malformed> {
        Ok(OfGraph {
            problems: graph_check::check(graph),
            hazards: unsafe_ops::scan(meta, graph)?,
            constants: constants::sum(graph, signatures),
        })
    }
}

/// What restores the variables, and the objects or collections that declare them.
struct Others<'a> {
    restore: RestoreGraph<'a>,
    objects: Option<(ObjectGraph<'a>, ObjectGraphFacts)>,
    keras: KerasMetadata,
    collected: Vec<collections::GraphVariable>,
    findings: Vec<Finding>,
}

impl<'a> Others<'a> {
    fn read(
        meta: &MetaGraph<'a>,
        graph: &Graph<'a>,
        signatures: &[Signature<'a>],
        beside: &Beside,
        selected: usize,
    ) -> Result<Others<'a>, Malformed> {
        let mut findings = Vec::new();
        let restore = restore_graph::read(graph, meta.restore_op);
        let objects = meta.object_graph()?;
        report_dangling(&objects, &mut findings);
        let keras = read_keras(beside, &objects, selected, &mut findings);
        let objects = (!objects.is_empty()).then(|| {
            let facts = object_graph::read(&objects);
            (objects, facts)
        });
        let collected = match objects {
            Some(_) => Vec::new(),
            None => collections::read(meta, graph, &restore, signatures)?,
        };
        Ok(Others { restore, objects, keras, collected, findings })
    }
}

fn about_file(
    source: &Source,
    schema_version: i64,
    meta_graphs: &[MetaGraph<'_>],
    selected: usize,
    findings: &mut Vec<Finding>,
) {
    if schema_version != 1 {
        findings.push(
            Finding::new(
                Code::SchemaVersion,
                "the SavedModel has a schema version that this program does not know",
            )
            .values(1, schema_version),
        );
    }
    let tags = meta_graphs[selected].tag_set();
    if meta_graphs.iter().skip(selected + 1).any(|m| m.tag_set() == tags) {
        findings.push(Finding::new(
            Code::TagSetRepeated,
            "two MetaGraphs have the same tags; the first is counted, as TensorFlow loads it",
        ));
    }
    for link in &source.files.dangling {
        findings.push(
            Finding::new(Code::FileUnreadable, "a symbolic link of the model leads nowhere")
                .about(link.display().to_string()),
        );
    }
}

/// Most edges that lead nowhere that are reported one by one.
const MAX_DANGLING: usize = 5;

fn report_dangling(objects: &ObjectGraph<'_>, findings: &mut Vec<Finding>) {
    for (holder, name, to) in objects.dangling.iter().take(MAX_DANGLING) {
        findings.push(
            Finding::new(
                Code::ObjectGraphEdge,
                format!("object {} holds an object that does not exist; left out", holder.0),
            )
            .about(*name)
            .values(format!("an object from 0 to {}", objects.len().saturating_sub(1)), to),
        );
    }
}

fn read_keras(
    beside: &Beside,
    objects: &ObjectGraph<'_>,
    selected: usize,
    findings: &mut Vec<Finding>,
) -> KerasMetadata {
    // The file describes the object graph of the first MetaGraph.
    let mut metadata = match &beside.keras_metadata {
        Some((path, read)) if selected == 0 => keras::decode_file(read, path, objects),
        _ => keras::read_object_graph(objects),
    };
    findings.append(&mut metadata.findings);
    let root_is_keras =
        !objects.is_empty() && objects.identifier(objects.root()).starts_with("_tf_keras_");
    if root_is_keras && metadata.layers.is_empty() {
        findings.push(Finding::new(
            Code::KerasMetadataMissing,
            "the model has Keras layers, but no metadata names them: the tree shows the attributes that hold them",
        ));
    }
    metadata
}
