//! The report: what a census says, complete and independent of how it is shown.

use std::path::PathBuf;
use std::time::Duration;

use super::{DType, Finding, Shape, Stats};

/// The census of one model. All text taken from the model is unescaped; whoever prints it escapes it.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was counted.
    pub model: ModelInfo,
    /// Sums over [`Report::variables`].
    pub totals: Totals,
    /// Variables left out, by role; roles with no variable are absent.
    pub not_counted: Vec<NotCounted>,
    /// Weights frozen into the graph; never part of the totals.
    pub constants: Constants,
    /// The counted variables, in the order of the tree, then of the file.
    pub variables: Vec<Variable>,
    /// The tree of sub-models and layers, of modules, or of scopes.
    pub groups: Groups,
    /// What each witness saw, in a fixed order: runtime, checkpoint, declaration, keras.
    pub witnesses: Vec<Witness>,
    /// The session that confirmed the count, or why there was none.
    pub runtime: RuntimeInfo,
    /// Errors first, then warnings, then notes.
    pub findings: Vec<Finding>,
    /// The judgement over all witnesses.
    pub verdict: Verdict,
}

/// What the model is, as its files say.
#[derive(Clone, Debug, Default)]
pub struct ModelInfo {
    /// The model as the user named it.
    pub source: String,
    /// The folder that was read.
    pub path: PathBuf,
    /// SavedModel or TF1 Hub module.
    pub format: ModelFormat,
    /// The TensorFlow that wrote the chosen MetaGraph; `None` where the file does not say.
    pub tensorflow_version: Option<String>,
    /// True where the MetaGraph has an object graph (TF2).
    pub object_graph: bool,
    /// Present where the model was written by Keras.
    pub keras: Option<KerasInfo>,
    /// Every MetaGraph of the file.
    pub meta_graphs: Vec<MetaGraphInfo>,
}

/// The two kinds of folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelFormat {
    /// A SavedModel.
    #[default]
    SavedModel,
    /// A TF1 Hub module (`tfhub_module.pb` beside the SavedModel).
    Tf1HubModule,
}

impl ModelFormat {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ModelFormat::SavedModel => "saved_model",
            ModelFormat::Tf1HubModule => "tf1_hub_module",
        }
    }
}

/// What is known of the Keras that wrote the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KerasInfo {
    /// Version in the metadata, where there is one.
    pub version: Option<String>,
    /// Where the metadata was found; `None` for Keras 3 exports, which have none.
    pub metadata: Option<KerasMetadataPlace>,
}

/// The two places for Keras metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KerasMetadataPlace {
    /// `keras_metadata.pb` (TensorFlow 2.5 and later).
    File,
    /// Inside the object graph (TensorFlow 2.4 and earlier).
    ObjectGraph,
}

impl KerasMetadataPlace {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            KerasMetadataPlace::File => "keras_metadata.pb",
            KerasMetadataPlace::ObjectGraph => "object_graph",
        }
    }
}

/// One MetaGraph of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaGraphInfo {
    /// Its tags, in file order; empty for TF1 Hub modules.
    pub tags: Vec<String>,
    /// True for the one that was counted.
    pub selected: bool,
}

/// Sums of a set of variables. Each variable is in it once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of variables.
    pub variables: u64,
    /// Elements.
    pub parameters: u64,
    /// Stored bytes.
    pub bytes: u64,
}

impl Counts {
    /// Adds one variable; stops at the largest number instead of wrapping.
    pub fn add(&mut self, parameters: u64, bytes: u64) {
        self.variables = self.variables.saturating_add(1);
        self.parameters = self.parameters.saturating_add(parameters);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Sums over the counted variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All counted variables.
    pub all: Counts,
    /// Those that training would change.
    pub trainable: Counts,
    /// Those that it would not.
    pub non_trainable: Counts,
    /// Those of which no source says.
    pub undetermined: Counts,
    /// Per element type, in order of their numbers.
    pub by_dtype: Vec<(DType, Counts)>,
}

/// Why a variable is or is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Counted.
    Weight,
    /// Slots and state of an optimizer, also of nested models.
    Optimizer,
    /// State of a metric, and what a stateful layer carries from batch to batch.
    Metric,
    /// State of a random generator.
    Rng,
    /// `save_counter`, TF1 `global_step`.
    Counter,
    /// String variables and asset paths.
    String,
    /// Contents of lookup tables.
    Table,
    /// Second copies made by a Keras 3 export.
    Duplicate,
    /// Handles that nothing restores.
    Unrestored,
}

impl Role {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Weight => "weight",
            Role::Optimizer => "optimizer",
            Role::Metric => "metric",
            Role::Rng => "rng",
            Role::Counter => "counter",
            Role::String => "string",
            Role::Table => "table",
            Role::Duplicate => "duplicate",
            Role::Unrestored => "unrestored",
        }
    }
}

/// The variables of one role that are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCounted {
    /// Why they are not counted.
    pub role: Role,
    /// Their sums; variables of unknown shape add nothing but their number.
    pub counts: Counts,
    /// Up to a few of their names, as examples.
    pub examples: Vec<String>,
}

/// Floating constants of rank one and more that the signatures' outputs depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    /// Number of constant nodes.
    pub tensors: u64,
    /// Their elements.
    pub parameters: u64,
    /// Their bytes at their element's width.
    pub bytes: u64,
}

/// Index into [`Report::variables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableId(pub usize);

/// Whether training would change a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trainable {
    /// It would.
    Yes,
    /// It would not.
    No,
    /// It would not, although the variable's own flag says that it could.
    Frozen,
    /// Nothing in the files says.
    Undetermined,
}

/// One counted variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name in the model. Not unique.
    pub name: String,
    /// Its key in the checkpoint, where it is stored.
    pub checkpoint_key: Option<String>,
    /// Element type.
    pub dtype: DType,
    /// Shape, as the session holds it, else as the checkpoint stores it, else as declared.
    pub shape: Shape,
    /// Elements.
    pub parameters: u64,
    /// Stored bytes.
    pub bytes: u64,
    /// Whether training would change it.
    pub trainable: Trainable,
    /// Ways to it from the root: attribute paths of the object graph, or its scope.
    pub paths: Vec<String>,
    /// The groups that hold it directly.
    pub groups: Vec<GroupId>,
    /// True where more than one layer or module holds it.
    pub shared: bool,
    /// True where a session has confirmed shape and dtype.
    pub confirmed: bool,
    /// Statistics of its values, where they were asked for and its type has any.
    pub stats: Option<Stats>,
}

/// Index into [`Groups::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub usize);

/// The tree, kept flat so that its depth is nobody's stack. Node 0 is the root.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The nodes, parents before children; [`Groups::root`] is the first.
    pub nodes: Vec<Group>,
}

impl Groups {
    /// The root, which holds every counted variable.
    pub fn root(&self) -> GroupId {
        GroupId(0)
    }

    /// The group with this id.
    pub fn get(&self, id: GroupId) -> &Group {
        &self.nodes[id.0]
    }
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// A model, or a model used as a layer.
    Model,
    /// A layer.
    Layer,
    /// A module of the object graph.
    Module,
    /// A name scope.
    Scope,
}

impl GroupKind {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            GroupKind::Model => "model",
            GroupKind::Layer => "layer",
            GroupKind::Module => "module",
            GroupKind::Scope => "scope",
        }
    }
}

/// One sub-model, layer, module or scope.
///
/// Its numbers are of the distinct variables at and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name among its siblings.
    pub name: String,
    /// Its class, where metadata names one.
    pub class: Option<String>,
    /// What it is.
    pub kind: GroupKind,
    /// Sums of the distinct variables at and below it.
    pub counts: Counts,
    /// Parameters of those that training would change.
    pub trainable: u64,
    /// Parameters of those frozen although their own flag says trainable.
    pub frozen: u64,
    /// Parameters of those of which nothing says whether training changes them.
    pub undetermined: u64,
    /// Parameters of the variables that it holds directly.
    pub own_parameters: u64,
    /// The variables that it holds directly.
    pub own: Vec<VariableId>,
    /// True where the tree reaches it more than once. The second and later
    /// visits have no children.
    pub shared: bool,
    /// Its children, in the model's order.
    pub children: Vec<GroupId>,
}

/// The four witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WitnessName {
    /// A TensorFlow session.
    Runtime,
    /// The checkpoint's index and its shards.
    Checkpoint,
    /// The object graph, or TF1 collections and graph.
    Declaration,
    /// The Keras metadata.
    Keras,
}

impl WitnessName {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            WitnessName::Runtime => "runtime",
            WitnessName::Checkpoint => "checkpoint",
            WitnessName::Declaration => "declaration",
            WitnessName::Keras => "keras",
        }
    }
}

/// How a witness stands to the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WitnessStatus {
    /// It confirms every counted variable.
    Agrees,
    /// It contradicts another witness.
    Contradicts,
    /// It knows only some of the counted variables, and contradicts none.
    Partial,
    /// It should be there and could not be heard.
    Unavailable,
    /// The model has no such witness, or it was not asked.
    Absent,
}

impl WitnessStatus {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            WitnessStatus::Agrees => "agrees",
            WitnessStatus::Contradicts => "contradicts",
            WitnessStatus::Partial => "partial",
            WitnessStatus::Unavailable => "unavailable",
            WitnessStatus::Absent => "absent",
        }
    }
}

/// What one witness saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Which one.
    pub name: WitnessName,
    /// How it stands to the count.
    pub status: WitnessStatus,
    /// What it saw of the counted variables; `None` where it saw nothing.
    pub counts: Option<Counts>,
    /// One line for a person.
    pub detail: String,
}

/// Which session was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuntimeMode {
    /// TensorFlow's own SavedModel loader.
    Load,
    /// A session over the variables alone.
    Variables,
    /// No session.
    Off,
}

impl RuntimeMode {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            RuntimeMode::Load => "load",
            RuntimeMode::Variables => "variables",
            RuntimeMode::Off => "off",
        }
    }
}

/// The session, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeInfo {
    /// The mode that gave the answer, or that failed last.
    pub mode: RuntimeMode,
    /// Version of the library that ran.
    pub tensorflow_version: Option<String>,
    /// The library file.
    pub library: Option<PathBuf>,
    /// Wall time of the worker, from its start to its answer.
    pub elapsed: Option<Duration>,
    /// Peak resident memory of the worker.
    pub peak_bytes: Option<u64>,
    /// Why there is no answer; `None` when there is one or none was asked for.
    pub failure: Option<RuntimeFailure>,
}

/// Why no session answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeFailure {
    /// One or two sentences, TensorFlow's own words where it had any (not escaped).
    pub what: String,
    /// What the user can do about it; empty where nothing is known to help.
    pub advice: String,
    /// The last lines of the worker process' stderr that may explain the failure, oldest first (not
    /// escaped).
    pub stderr_lines: Vec<String>,
    /// The places where a library was looked for, and what was found there; empty where that is not
    /// what failed (not escaped).
    pub tried: Vec<String>,
    /// True where there was no library to ask.
    pub no_library: bool,
}

/// The judgement over all witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The session saw every counted variable with this shape and dtype, and no witness contradicts it.
    Verified,
    /// Witnesses contradict each other.
    Disagreement,
    /// No session could be had.
    Unverified,
}

impl Verdict {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Disagreement => "disagreement",
            Verdict::Unverified => "unverified",
        }
    }
}
