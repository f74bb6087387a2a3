//! Findings: what the witnesses disagree on, and what a reader should know about the count.

use std::fmt;

use serde::Serialize;

use super::words::words;

words! {
    /// How much a finding matters.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Severity {
        /// Worth knowing; nothing is wrong.
        Note => "note",
        /// Something is odd or could not be used; the count stands.
        Warning => "warning",
        /// Witnesses contradict each other, or the files contradict themselves.
        Error => "error",
    }
}

/// One disagreement or remark, with both values where there are two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Stable code; `docs/findings.md` explains it and says what to do.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The variable, layer, node or file that it is about, as the model names it (not escaped).
    pub subject: Option<String>,
    /// One sentence for a person. May hold text from the model (not escaped).
    pub message: String,
    /// What one witness led to expect.
    pub expected: Option<String>,
    /// What another one said.
    pub found: Option<String>,
}

impl Finding {
    /// A finding without a subject and without values.
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Finding {
        Finding {
            code,
            severity,
            subject: None,
            message: message.into(),
            expected: None,
            found: None,
        }
    }

    /// Names what the finding is about.
    pub fn about(mut self, subject: impl Into<String>) -> Finding {
        self.subject = Some(subject.into());
        self
    }

    /// Adds the two values that differ.
    pub fn values(mut self, expected: impl fmt::Display, found: impl fmt::Display) -> Finding {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }
}

words! {
    /// Stable code of a finding. Scripts may rely on the text.
    /// New versions add codes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Code {
        // The checkpoint.
        /// The model has variables, but `variables/variables.index` is missing.
        CheckpointMissing => "checkpoint-missing",
        /// The index cannot be read: cut short, damaged, or not an index at all.
        CheckpointUnreadable => "checkpoint-unreadable",
        /// A data shard that the index names is missing.
        ShardMissing => "shard-missing",
        /// A data shard is shorter than the index says.
        ShardTooShort => "shard-too-short",
        /// An index entry's size is not its elements times their width.
        EntrySize => "entry-size",
        /// Slices of a partitioned tensor are missing or do not cover it.
        SlicesIncomplete => "slices-incomplete",
        /// A tensor's bytes do not match the checksum in the index.
        ChecksumMismatch => "checksum-mismatch",
        /// The restore op asks for a key that the checkpoint lacks.
        KeyMissing => "key-missing",
        /// A checkpoint tensor that no variable takes.
        CheckpointExtra => "checkpoint-extra",

        // Shapes and types.
        /// A declared shape differs from the stored one.
        ShapeDiffers => "shape-differs",
        /// A declared dtype differs from the stored one.
        DTypeDiffers => "dtype-differs",
        /// The session holds another shape than the checkpoint stores.
        RuntimeShapeDiffers => "runtime-shape-differs",
        /// The session holds another dtype than the checkpoint stores.
        RuntimeDTypeDiffers => "runtime-dtype-differs",
        /// A declared dimension is below -1, or the element count exceeds 64 bits.
        ShapeImpossible => "shape-impossible",
        /// No witness knows a variable's shape.
        ShapeUnknown => "shape-unknown",

        // The graph.
        /// The graph names an input that does not exist.
        GraphUnknownInput => "graph-unknown-input",
        /// The graph holds a cycle that no loop explains.
        GraphCycle => "graph-cycle",
        /// Two nodes of the graph have one name.
        GraphDuplicateNode => "graph-duplicate-node",
        /// The restore op that the MetaGraph names does not exist.
        RestoreOpMissing => "restore-op-missing",
        /// The restore graph could not be followed to its variables.
        RestoreGraphUnclear => "restore-graph-unclear",
        /// Two MetaGraphs have one tag set; the first is used, as TensorFlow does.
        TagSetRepeated => "tag-set-repeated",
        /// The schema version is one this program does not know.
        SchemaVersion => "schema-version",
        /// An edge of the object graph leads to a node that does not exist.
        ObjectGraphEdge => "object-graph-edge",
        /// The model's object graph is not the one that its checkpoint holds.
        ObjectGraphDiffers => "object-graph-differs",
        /// The model and its checkpoint call the same variables by other names.
        NamesDiffer => "names-differ",
        /// A file beside the model cannot be read and is left out.
        FileUnreadable => "file-unreadable",

        // The session.
        /// No libtensorflow could be found or loaded.
        LibraryMissing => "library-missing",
        /// The session failed.
        RuntimeFailed => "runtime-failed",
        /// `auto` chose or fell back to another mode than a full load.
        RuntimeModeChosen => "runtime-mode-chosen",
        /// Loading the model would run ops that are not known to be harmless.
        UnsafeOps => "unsafe-ops",
        /// A full load ran in a process that the kernel kept from nothing.
        NoSandbox => "no-sandbox",
        /// A counted variable was not seen, or not initialised, in the session.
        NotConfirmed => "not-confirmed",
        /// The loaded graph holds other variables than the file declares.
        RuntimeVariables => "runtime-variables",

        // What is counted.
        /// Handles that nothing restores; they are not counted.
        Unrestored => "unrestored",
        /// Copies made by a Keras 3 export; each weight counts once.
        ExportCopies => "export-copies",
        /// The root's list leaves out weights that the model holds.
        ListIncomplete => "list-incomplete",
        /// Keras itself would print another number.
        KerasPrintsOther => "keras-prints-other",
        /// The files cannot say which weights were frozen.
        FrozenUnknown => "frozen-unknown",
        /// Trainability could not be told for some weights.
        TrainableUndetermined => "trainable-undetermined",
        /// Weights whose own flag says trainable, frozen by their layer or list.
        Frozen => "frozen",
        /// The weights are constants of the graph; there are no variables.
        FrozenConstants => "frozen-constants",
        /// Both variables and large constants are present.
        ConstantsBeside => "constants-beside",
        /// Nothing to count was found.
        NoVariables => "no-variables",

        // Keras.
        /// Keras metadata that cannot be used: absent node, other kind, repeated, or broken JSON.
        KerasMetadataEntry => "keras-metadata-entry",
        /// The Keras metadata cannot be read at all.
        KerasMetadataUnreadable => "keras-metadata-unreadable",
        /// Layers are there, but no metadata names them.
        KerasMetadataMissing => "keras-metadata-missing",
        /// A Keras node of a kind this program does not know.
        KerasKindUnknown => "keras-kind-unknown",
        /// The `.keras` archive does not describe this model.
        KerasConfigDiffers => "keras-config-differs",
        /// Keras layers were asked for, and the model has none.
        NoKerasLayers => "no-keras-layers",
        /// The configuration of a layer leads to other variables than the layer has.
        KerasShapeDiffers => "keras-shape-differs",
        /// The tree is deeper than is shown.
        TreeTooDeep => "tree-too-deep",

        // Values and expectations.
        /// A weight holds NaN or infinity.
        NotFinite => "not-finite",
        /// A weight is all zeros.
        AllZeros => "all-zeros",
        /// A total is not what was expected.
        Expectation => "expectation",
    }
}
