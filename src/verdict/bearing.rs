//! What a fact means for the count: severity, witness statuses and verdict all follow from here.
//!
//! One function decides. A severity or a status that was decided elsewhere could contradict the
//! verdict: a report that says *disagreement* while no witness contradicts, or *agrees* of a
//! checkpoint whose shard cannot be read.

use crate::evidence::checkpoint::ProblemKind;
use crate::model::WitnessName::{Checkpoint, Declaration, Keras, Runtime};
use crate::model::{Severity, WitnessName};
use crate::reconcile::{
    CountFact, Fact, FileFact, GraphFact, KerasFact, SessionFact, VariableFact,
};

/// What a fact means for the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearing {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something is odd or could not be used; the count stands.
    Warning,
    /// These witnesses contradict another one, or themselves.
    Contradicts(&'static [WitnessName]),
    /// This witness should be there and cannot be read.
    Silences(WitnessName),
}

impl Bearing {
    /// The severity of the finding.
    pub fn severity(self) -> Severity {
        match self {
            Bearing::Note => Severity::Note,
            Bearing::Warning => Severity::Warning,
            Bearing::Contradicts(_) | Bearing::Silences(_) => Severity::Error,
        }
    }

    /// True where the verdict is a disagreement.
    pub fn is_disagreement(self) -> bool {
        self.severity() == Severity::Error
    }

    pub fn contradicts(self, witness: WitnessName) -> bool {
        matches!(self, Bearing::Contradicts(witnesses) if witnesses.contains(&witness))
    }

    pub fn silences(self, witness: WitnessName) -> bool {
        self == Bearing::Silences(witness)
    }
}

/// What this fact means for the count.
pub(super) fn bearing(fact: &Fact) -> Bearing {
    match fact {
        Fact::File(fact) => of_file(fact),
        Fact::Graph(fact) => of_graph(fact),
        Fact::Variable(fact) => of_variable(fact),
        Fact::Session(fact) => of_session(fact),
        Fact::Keras(fact) => of_keras(fact),
        Fact::Count(fact) => of_count(fact),
    }
}

fn of_file(fact: &FileFact) -> Bearing {
    match fact {
        FileFact::SchemaVersion(_) | FileFact::TagSetRepeated | FileFact::DanglingLink(_) => {
            Bearing::Warning
        }
        FileFact::IndexMissing | FileFact::IndexUnreadable { .. } => Bearing::Silences(Checkpoint),
        // A shard in which one tensor is damaged, missing or unreadable leaves the index readable:
        // the checkpoint is heard, and contradicts itself.
        FileFact::Checkpoint(problem) => match problem.kind {
            ProblemKind::ShardMissing
            | ProblemKind::ShardUnreadable
            | ProblemKind::ShardTooShort
            | ProblemKind::EntrySize
            | ProblemKind::SlicesIncomplete
            | ProblemKind::ShapeImpossible
            | ProblemKind::ChecksumMismatch
            | ProblemKind::Overlap => Bearing::Contradicts(&[Checkpoint]),
        },
        FileFact::CheckpointGraphUnreadable { is_damaged: true, .. } => {
            Bearing::Contradicts(&[Checkpoint])
        }
        // A shard that is missing is reported by itself, and the keys are told by their paths.
        FileFact::CheckpointGraphUnreadable { is_damaged: false, .. }
        | FileFact::CheckpointGraphMalformed(_) => Bearing::Warning,
    }
}

fn of_graph(fact: &GraphFact) -> Bearing {
    match fact {
        // No loader takes such a graph.
        GraphFact::NodeRepeated(_)
        | GraphFact::UnknownInput { .. }
        | GraphFact::Cycle(_)
        | GraphFact::RestoreOpMissing(_) => Bearing::Contradicts(&[Declaration]),
        GraphFact::RestoreUnclear(_) | GraphFact::DanglingEdge { .. } => Bearing::Warning,
        // The checkpoint's copy has a checksum and the model's has none.
        GraphFact::ObjectGraphsDiffer(_) | GraphFact::MoreObjectGraphsDiffer(_) => {
            Bearing::Contradicts(&[Declaration])
        }
        // A name is no identity, and the roles are the same by either.
        GraphFact::NamesDiffer { .. } => Bearing::Note,
    }
}

fn of_variable(fact: &VariableFact) -> Bearing {
    match fact {
        VariableFact::ShapeImpossible { .. }
        | VariableFact::TooManyElements { .. }
        | VariableFact::ShapeUnknown(_)
        | VariableFact::NotFilled { .. } => Bearing::Contradicts(&[Declaration]),
        VariableFact::ShapeDiffers { .. }
        | VariableFact::InitShapeDiffers { .. }
        | VariableFact::DTypeDiffers { .. }
        | VariableFact::KeyMissing(_)
        | VariableFact::NotStored { .. } => Bearing::Contradicts(&[Checkpoint, Declaration]),
        VariableFact::NotTaken { .. } => Bearing::Note,
    }
}

fn of_session(fact: &SessionFact) -> Bearing {
    match fact {
        SessionFact::OverVariables(_) | SessionFact::NoSandbox(_) => Bearing::Note,
        SessionFact::UnsafeOp { is_allowed: true, .. } => Bearing::Note,
        SessionFact::UnsafeOp { is_allowed: false, .. } => Bearing::Warning,
        // No session says nothing against the model: the verdict is *unverified*.
        SessionFact::NoLibrary(_) | SessionFact::Failed(_) => Bearing::Warning,
        SessionFact::ShapeDiffers { .. }
        | SessionFact::DTypeDiffers { .. }
        | SessionFact::UndeclaredVariable(_) => Bearing::Contradicts(&[Runtime]),
        SessionFact::NotConfirmed(weight) => not_confirmed(weight.is_against_the_model()),
        SessionFact::ManyNotConfirmed { is_against_the_model, .. } => {
            not_confirmed(*is_against_the_model)
        }
        // The model may hold more than was counted, which no witness contradicts.
        SessionFact::WithoutOwner { .. } | SessionFact::NotInMainGraph { .. } => Bearing::Warning,
    }
}

/// A library that does not know a weight's dtype cannot hold the weight, and a restore that proves
/// nothing says nothing.
fn not_confirmed(is_against_the_model: bool) -> Bearing {
    match is_against_the_model {
        true => Bearing::Contradicts(&[Runtime]),
        false => Bearing::Warning,
    }
}

fn of_keras(fact: &KerasFact) -> Bearing {
    match fact {
        KerasFact::Metadata(_)
        | KerasFact::MetadataMissing(_)
        | KerasFact::ConfigLacksLayers { is_foreign: false, .. } => Bearing::Warning,
        // Keras 3 writes every model so, and the model's own name is in such a configuration.
        KerasFact::LayersUnnamed(_) | KerasFact::ConfigWithoutLayers { .. } => Bearing::Note,
        KerasFact::ConfigLacksLayers { is_foreign: true, .. }
        | KerasFact::ConfigTrainableDiffers { .. }
        | KerasFact::LayerDiffers(_)
        | KerasFact::MoreLayersDiffer(_) => Bearing::Contradicts(&[Keras]),
    }
}

fn of_count(fact: &CountFact) -> Bearing {
    match fact {
        CountFact::NotFinite { .. } => Bearing::Warning,
        CountFact::ExportCopies(_)
        | CountFact::Unrestored(_)
        | CountFact::Frozen(_)
        | CountFact::TrainableUndetermined(_)
        | CountFact::FrozenUnknown { .. }
        | CountFact::NoKerasLayers
        | CountFact::ListIncomplete(_)
        | CountFact::KerasPrintsOther(_)
        | CountFact::FrozenConstants(_)
        | CountFact::ConstantsBeside(_)
        | CountFact::NoVariables
        | CountFact::TreeTooDeep
        | CountFact::AllZeros(_) => Bearing::Note,
    }
}
