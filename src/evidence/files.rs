//! Everything that a model's files say: `saved_model.pb` decoded, and each witness read once.
//!
//! Input: the SavedModel's bytes and its sidecar files. Output: [`FileEvidence`], what each witness
//! said by itself. Nothing is compared here.

use super::checkpoint::Index;
use super::collections::{self, GraphVariable};
use super::constants;
use super::graph_check::{self, GraphProblem};
use super::keras::{self, KerasConfig, KerasMetadata};
use super::load_hazards::{self, LoadHazards};
use super::object_graph::{self, ObjectGraphFacts};
use super::restore_graph::{self, RestoreGraph};
use super::sidecars::SidecarFiles;
use crate::error::Result;
use crate::model::Constants;
use crate::options::{Options, RuntimeChoice};
use crate::saved_model::{Graph, MetaGraph, ObjectGraph, SavedModelFile, Signature, select};
use crate::wire::Malformed;

/// What the files say, decoded.
pub(crate) struct FileEvidence<'a> {
    /// `saved_model_schema_version`.
    pub schema_version: i64,
    /// Every MetaGraph of the file.
    pub meta_graphs: &'a [MetaGraph<'a>],
    /// Position of the chosen MetaGraph.
    pub selected: usize,
    /// The chosen MetaGraph.
    pub meta: &'a MetaGraph<'a>,
    /// Its main graph and functions.
    pub graph: Graph<'a>,
    /// Why TensorFlow's graph constructor would refuse the graph.
    pub graph_problems: Vec<GraphProblem<'a>>,
    /// Which checkpoint key fills which variable op.
    pub restore: RestoreGraph<'a>,
    /// The object graph and what it says; `None` for TF1.
    pub objects: Option<(ObjectGraph<'a>, ObjectGraphFacts)>,
    /// What the collections and the graph say where there is no object graph.
    pub collected: Vec<GraphVariable>,
    /// The Keras metadata.
    pub keras: KerasMetadata,
    /// The `.keras` archive that the user gave.
    pub keras_config: Option<KerasConfig>,
    /// The same where it nests no layers: it has the model's own name and class.
    pub unnested_config: Option<KerasConfig>,
    /// The checkpoint's index; `None` where there is none or it cannot be read.
    pub index: Option<Index>,
    /// True where there is an index that cannot be read.
    pub index_is_unreadable: bool,
    /// The checkpoint's own object graph, undecoded.
    pub checkpoint_graph: Option<Vec<u8>>,
    /// What a full load would run that it should not; empty where no session is wanted.
    pub hazards: LoadHazards<'a>,
    /// Weights that are constants of the graph.
    pub constants: Constants,
}

impl<'a> FileEvidence<'a> {
    /// Selects a MetaGraph and reads every witness but the session.
    ///
    /// # Errors
    /// Where no MetaGraph has the tags, or the chosen one cannot be decoded.
    pub fn read(
        file: &'a SavedModelFile,
        schema_version: i64,
        meta_graphs: &'a [MetaGraph<'a>],
        sidecars: &mut SidecarFiles,
        options: &Options,
    ) -> Result<FileEvidence<'a>> {
        let (selected, meta) = select(file.path(), meta_graphs, options.tags.as_deref())?;
        let malformed = |e| file.malformed(e);
        let graph = meta.graph().map_err(malformed)?;
        let signatures = meta.signatures().map_err(malformed)?;
        // What only looks at the graph is done beside what looks at the objects: each takes about
        // half of the time of a census from files.
        let (declaration, scan) = std::thread::scope(|scope| {
            let scan = scope.spawn(|| GraphScan::read(meta, &graph, &signatures, options.runtime));
            let wants_session = options.runtime != RuntimeChoice::Off;
            let restore = restore_graph::read(meta, &graph, &signatures, wants_session);
            let declaration = restore.and_then(|restore| {
                Declaration::read(meta, &graph, &signatures, restore, sidecars, selected)
            });
            (declaration, scan.join())
        });
        let declaration = declaration.map_err(malformed)?;
        let scan = scan.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let scan = scan.map_err(malformed)?;
        Ok(FileEvidence {
            schema_version,
            meta_graphs,
            selected,
            meta,
            graph_problems: scan.problems,
            hazards: scan.hazards,
            constants: scan.constants,
            restore: declaration.restore,
            objects: declaration.objects,
            collected: declaration.collected,
            keras: declaration.keras,
            keras_config: sidecars.keras_config.take(),
            unnested_config: sidecars.unnested_config.take().map(|(_, config)| config),
            index: sidecars.index.take(),
            index_is_unreadable: sidecars.index_error.is_some(),
            checkpoint_graph: sidecars.checkpoint_graph.take(),
            graph,
        })
    }

    /// True where the user gave a `.keras` archive.
    pub fn has_given_config(&self) -> bool {
        self.keras_config.is_some() || self.unnested_config.is_some()
    }

    /// True where Keras' own identifier says that the root is a Keras object.
    pub fn root_is_keras(&self) -> bool {
        self.objects.as_ref().is_some_and(|(objects, _)| objects.is_keras(objects.root()))
    }
}

/// What the main graph and its functions say by themselves.
struct GraphScan<'a> {
    problems: Vec<GraphProblem<'a>>,
    hazards: LoadHazards<'a>,
    constants: Constants,
}

impl<'a> GraphScan<'a> {
    fn read(
        meta: &MetaGraph<'a>,
        graph: &Graph<'a>,
        signatures: &[Signature<'a>],
        runtime: RuntimeChoice,
    ) -> Result<GraphScan<'a>, Malformed> {
        // The scan decodes every function, which nothing else does.
        let hazards = match runtime {
            RuntimeChoice::Off => LoadHazards::default(),
            _ => load_hazards::scan(meta, graph)?,
        };
        Ok(GraphScan {
            problems: graph_check::check(graph),
            hazards,
            constants: constants::sum(graph, signatures),
        })
    }
}

/// What restores the variables, and the objects or collections that declare them.
struct Declaration<'a> {
    restore: RestoreGraph<'a>,
    objects: Option<(ObjectGraph<'a>, ObjectGraphFacts)>,
    collected: Vec<GraphVariable>,
    keras: KerasMetadata,
}

impl<'a> Declaration<'a> {
    fn read(
        meta: &MetaGraph<'a>,
        graph: &Graph<'a>,
        signatures: &[Signature<'a>],
        restore: RestoreGraph<'a>,
        sidecars: &SidecarFiles,
        selected: usize,
    ) -> Result<Declaration<'a>, Malformed> {
        let objects = meta.object_graph()?;
        let keras = match &sidecars.keras_metadata {
            // The file describes the object graph of the first MetaGraph.
            Some((path, read)) if selected == 0 => keras::decode_file(read, path, &objects),
            _ => keras::read_object_graph(&objects),
        };
        let objects = (!objects.is_empty()).then(|| {
            let facts = object_graph::read(&objects);
            (objects, facts)
        });
        let collected = match objects {
            Some(_) => Vec::new(),
            None => collections::read(meta, graph, &restore, signatures)?,
        };
        Ok(Declaration { restore, objects, collected, keras })
    }
}
