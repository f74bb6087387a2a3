//! Facts: what the witnesses disagree on, and what else was established about a model, as data.
//!
//! A fact says what kind it is, which item it is about, and both values where two witnesses differ.
//! It holds no sentence and no severity. `verdict` turns facts into everything that follows from
//! them: stable codes, severities, witness statuses, the verdict, and the words of a report. Each of
//! these is a `match` over the kinds, so that a new kind does not compile until all are decided.
//!
//! Texts come from the model and are not escaped.

use std::path::PathBuf;

use super::layer_difference::LayerDifference;
use super::session_fact::SessionFact;
use crate::evidence::checkpoint::Problem;
use crate::evidence::keras::MetadataProblem;
use crate::model::{Counts, DType, Role, Shape};
use crate::saved_model::DeclaredShape;

/// One thing that was established about a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// About the files themselves.
    File(FileFact),
    /// About the graph and the object graph.
    Graph(GraphFact),
    /// About one variable, between its declaration and the checkpoint.
    Variable(VariableFact),
    /// About the session.
    Session(SessionFact),
    /// About the Keras metadata or a Keras configuration.
    Keras(KerasFact),
    /// About what is counted and what is not.
    Count(CountFact),
}

/// A fact about the files.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FileFact {
    /// The SavedModel has this schema version, which is not 1.
    SchemaVersion(i64),
    /// A later MetaGraph has the tags of the one that is counted.
    TagSetRepeated,
    /// A symbolic link of the model leads to no file.
    DanglingLink(PathBuf),
    /// The model declares weights, and there is no index.
    IndexMissing,
    /// The index cannot be read.
    IndexUnreadable {
        /// The file.
        path: PathBuf,
        /// Byte offset of the damage, where it is known.
        offset: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// The index or its shards contradict themselves.
    Checkpoint(Problem),
    /// The checkpoint's own object graph cannot be read from its shard.
    CheckpointGraphUnreadable {
        /// What is wrong.
        reason: String,
        /// True where its bytes are there and do not match their checksums.
        is_damaged: bool,
    },
    /// The checkpoint's own object graph cannot be decoded; what is wrong.
    CheckpointGraphMalformed(String),
}

/// A fact about the graph or the object graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum GraphFact {
    /// Two nodes have this name.
    NodeRepeated(String),
    /// A node takes an input that does not exist.
    UnknownInput {
        /// The node.
        node: String,
        /// Its input as the file writes it.
        input: String,
    },
    /// This node is part of a cycle that is no loop.
    Cycle(String),
    /// The MetaGraph names this restore op, and its graph has none of that name.
    RestoreOpMissing(String),
    /// The restore graph could not be followed everywhere; where and why.
    RestoreUnclear(String),
    /// An edge of the object graph leads to no object.
    DanglingEdge {
        /// The object that has the edge.
        holder: u32,
        /// Its attribute.
        attribute: String,
        /// The number that is no object's.
        to: i64,
        /// How many objects there are.
        objects: usize,
    },
    /// The model's object graph differs from the checkpoint's.
    ObjectGraphsDiffer(ObjectGraphDifference),
    /// There are this many more such differences.
    MoreObjectGraphsDiffer(usize),
    /// The two object graphs call the same variables by other names.
    NamesDiffer {
        /// How many variables.
        variables: usize,
        /// The first one's name in the model.
        declared: String,
        /// Its name in the checkpoint.
        stored: String,
    },
}

/// One way in which the model's object graph differs from the checkpoint's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ObjectGraphDifference {
    /// This attribute leads to another object than the checkpoint says.
    LeadsElsewhere(String),
    /// The model has this attribute, the checkpoint lacks it.
    NotInCheckpoint(String),
    /// The checkpoint has this attribute, the model lacks it.
    NotInModel(String),
    /// The checkpoint stores a value for this object, and the model does not declare a variable.
    NoVariable(String),
    /// A variable has another role by the names in the checkpoint.
    RoleOfName {
        /// Its name in the model.
        variable: String,
        /// Its role by the model's names.
        declared: Role,
        /// Its role by the checkpoint's.
        stored: Role,
    },
}

/// A fact about one variable, from its declaration and the checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum VariableFact {
    /// The declared shape is one that no tensor can have.
    ShapeImpossible {
        /// Its name.
        variable: String,
        /// The shape as the file writes it.
        declared: DeclaredShape,
    },
    /// The shape has more than 2^64 - 1 elements.
    TooManyElements {
        /// Its name.
        variable: String,
        /// The declared shape, where it is that one.
        declared: Option<DeclaredShape>,
    },
    /// The declared shape does not admit the stored one.
    ShapeDiffers {
        /// Its name.
        variable: String,
        /// As declared.
        declared: DeclaredShape,
        /// As stored.
        stored: Shape,
    },
    /// The init op gives the variable another shape than the checkpoint stores.
    InitShapeDiffers {
        /// Its name.
        variable: String,
        /// As stored.
        stored: Shape,
        /// As the init op assigns it.
        assigned: Shape,
    },
    /// The declared dtype is not the stored one.
    DTypeDiffers {
        /// Its name.
        variable: String,
        /// As declared; `None` where the file says nothing.
        declared: Option<DType>,
        /// As stored.
        stored: DType,
    },
    /// The restore op asks for this key, and the checkpoint lacks it.
    KeyMissing(String),
    /// A weight is declared, and the checkpoint stores nothing for it.
    NotStored {
        /// Its name.
        variable: String,
        /// Its key, where one is known.
        key: Option<String>,
    },
    /// A stored tensor looks like this variable's, and the graph does not fill the variable from it.
    NotFilled {
        /// Its name.
        variable: String,
        /// Why that is a break in the graph.
        evidence: NotFilled,
    },
    /// No witness knows the shape of this weight.
    ShapeUnknown(String),
    /// Numeric tensors of the checkpoint that no variable takes.
    NotTaken {
        /// Key of the first.
        first: String,
        /// How many there are.
        tensors: usize,
    },
}

/// Why an unfilled variable is a break in the graph, and not a handle that the saver leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFilled {
    /// A restore names the variable's key and fills nothing from it.
    KeyIsRestored,
    /// A restored tensor of its shape and dtype goes nowhere.
    LikeTensorIsRestored,
    /// The restore graph could not be followed.
    RestoreUnclear,
    /// A tensor of its name is stored, and no collection lists the variable.
    NameIsStored,
}

/// A fact about Keras' own descriptions of the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KerasFact {
    /// A part of the metadata cannot be used.
    Metadata(MetadataProblem),
    /// The model has Keras layers, and no metadata describes them; a `.keras` archive that may.
    MetadataMissing(Option<PathBuf>),
    /// Keras 3 writes no names and classes of layers; a `.keras` archive that may have them.
    LayersUnnamed(Option<PathBuf>),
    /// A `.keras` configuration nests no layers.
    ConfigWithoutLayers {
        /// The archive.
        path: PathBuf,
        /// The model's class.
        class: String,
    },
    /// The export's lists and the configuration disagree on whether a weight is trainable.
    ConfigTrainableDiffers {
        /// Its name.
        variable: String,
        /// As the lists say.
        listed: bool,
        /// As the configuration says.
        configured: bool,
    },
    /// Weights belong to no layer of the configuration.
    ConfigLacksLayers {
        /// Name of the first.
        first: String,
        /// How many.
        weights: usize,
        /// True where no weight belongs to any layer: the configuration is another model's.
        is_foreign: bool,
    },
    /// The configuration of a layer leads to another variable than the model has.
    LayerDiffers(LayerDifference),
    /// There are this many more such differences.
    MoreLayersDiffer(usize),
}

/// A fact about the count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CountFact {
    /// A Keras 3 export stores these variables a second time.
    ExportCopies(Counts),
    /// The graph holds handles that nothing restores.
    Unrestored(Counts),
    /// Weights are frozen although their own flag says trainable.
    Frozen(Counts),
    /// Nothing says whether these weights are trainable.
    TrainableUndetermined(Counts),
    /// Keras 3 freezes layers without a trace, and only their own flags say that these weights are
    /// trainable.
    FrozenUnknown {
        /// The weights.
        weights: Counts,
        /// A `.keras` archive that may tell.
        archive: Option<PathBuf>,
    },
    /// Keras layers were asked for, and the model has none.
    NoKerasLayers,
    /// The root's own list leaves out these weights.
    ListIncomplete(Counts),
    /// Keras itself prints another total.
    KerasPrintsOther(KerasTotal),
    /// There are no variables; the weights are constants of the graph.
    FrozenConstants(Counts),
    /// Beside the variables the graph holds large constants.
    ConstantsBeside(Counts),
    /// There is nothing to count.
    NoVariables,
    /// The tree is deeper than is shown.
    TreeTooDeep,
    /// A weight holds values that are no numbers.
    NotFinite {
        /// Its name.
        variable: String,
        /// How many values are NaN.
        nans: u64,
        /// How many are infinite.
        infinities: u64,
    },
    /// Every value of this weight is zero.
    AllZeros(String),
}

/// The total that Keras prints, and why it is not the count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KerasTotal {
    /// As Keras prints it.
    pub printed: u64,
    /// As counted.
    pub counted: u64,
    /// What Keras adds although it is no weight, by its role.
    pub also: Vec<(Role, Counts)>,
    /// Weights with an unknown dimension, which Keras takes for 0.
    pub open: Counts,
    /// Weights that Keras' own list lacks.
    pub left_out: Counts,
}

macro_rules! into_fact {
    ($($part:ident => $variant:ident),*) => {
        $(impl From<$part> for Fact {
            fn from(part: $part) -> Fact {
                Fact::$variant(part)
            }
        })*
    };
}

into_fact!(
    FileFact => File,
    GraphFact => Graph,
    VariableFact => Variable,
    SessionFact => Session,
    KerasFact => Keras,
    CountFact => Count
);
