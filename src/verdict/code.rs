//! The stable code of each fact.

use crate::evidence::checkpoint::ProblemKind;
use crate::evidence::keras::MetadataProblem;
use crate::model::Code;
use crate::reconcile::{
    CountFact, Fact, FileFact, GraphFact, KerasFact, SessionFact, VariableFact,
};

/// The code that every format shows for this fact. Scripts rely on it.
pub(super) fn code(fact: &Fact) -> Code {
    match fact {
        Fact::File(fact) => of_file(fact),
        Fact::Graph(fact) => of_graph(fact),
        Fact::Variable(fact) => of_variable(fact),
        Fact::Session(fact) => of_session(fact),
        Fact::Keras(fact) => of_keras(fact),
        Fact::Count(fact) => of_count(fact),
    }
}

fn of_file(fact: &FileFact) -> Code {
    match fact {
        FileFact::SchemaVersion(_) => Code::SchemaVersion,
        FileFact::TagSetRepeated => Code::TagSetRepeated,
        FileFact::DanglingLink(_) => Code::FileUnreadable,
        FileFact::IndexMissing => Code::CheckpointMissing,
        FileFact::IndexUnreadable { .. } => Code::CheckpointUnreadable,
        FileFact::Checkpoint(problem) => match problem.kind {
            ProblemKind::ShardMissing => Code::ShardMissing,
            ProblemKind::ShardUnreadable => Code::FileUnreadable,
            ProblemKind::ShardTooShort => Code::ShardTooShort,
            ProblemKind::EntrySize | ProblemKind::Overlap => Code::EntrySize,
            ProblemKind::SlicesIncomplete => Code::SlicesIncomplete,
            ProblemKind::ShapeImpossible => Code::ShapeImpossible,
            ProblemKind::ChecksumMismatch => Code::ChecksumMismatch,
        },
        FileFact::CheckpointGraphUnreadable { is_damaged: true, .. } => Code::ChecksumMismatch,
        FileFact::CheckpointGraphUnreadable { is_damaged: false, .. }
        | FileFact::CheckpointGraphMalformed(_) => Code::FileUnreadable,
    }
}

fn of_graph(fact: &GraphFact) -> Code {
    match fact {
        GraphFact::NodeRepeated(_) => Code::GraphDuplicateNode,
        GraphFact::UnknownInput { .. } => Code::GraphUnknownInput,
        GraphFact::Cycle(_) => Code::GraphCycle,
        GraphFact::RestoreOpMissing(_) => Code::RestoreOpMissing,
        GraphFact::RestoreUnclear(_) => Code::RestoreGraphUnclear,
        GraphFact::DanglingEdge { .. } => Code::ObjectGraphEdge,
        GraphFact::ObjectGraphsDiffer(_) | GraphFact::MoreObjectGraphsDiffer(_) => {
            Code::ObjectGraphDiffers
        }
        GraphFact::NamesDiffer { .. } => Code::NamesDiffer,
    }
}

fn of_variable(fact: &VariableFact) -> Code {
    match fact {
        VariableFact::ShapeImpossible { .. } | VariableFact::TooManyElements { .. } => {
            Code::ShapeImpossible
        }
        VariableFact::ShapeDiffers { .. } | VariableFact::InitShapeDiffers { .. } => {
            Code::ShapeDiffers
        }
        VariableFact::DTypeDiffers { .. } => Code::DTypeDiffers,
        VariableFact::KeyMissing(_) | VariableFact::NotStored { .. } => Code::KeyMissing,
        VariableFact::NotFilled { .. } => Code::RestoreGraphUnclear,
        VariableFact::ShapeUnknown(_) => Code::ShapeUnknown,
        VariableFact::NotTaken { .. } => Code::CheckpointExtra,
    }
}

fn of_session(fact: &SessionFact) -> Code {
    match fact {
        SessionFact::OverVariables(_) => Code::RuntimeModeChosen,
        SessionFact::UnsafeOp { .. } => Code::UnsafeOps,
        SessionFact::NoSandbox(_) => Code::NoSandbox,
        SessionFact::NoLibrary(_) => Code::LibraryMissing,
        SessionFact::Failed(_) => Code::RuntimeFailed,
        SessionFact::ShapeDiffers { .. } => Code::RuntimeShapeDiffers,
        SessionFact::DTypeDiffers { .. } => Code::RuntimeDTypeDiffers,
        SessionFact::NotConfirmed(_) | SessionFact::ManyNotConfirmed { .. } => Code::NotConfirmed,
        SessionFact::UndeclaredVariable(_)
        | SessionFact::WithoutOwner { .. }
        | SessionFact::NotInMainGraph { .. } => Code::RuntimeVariables,
    }
}

fn of_keras(fact: &KerasFact) -> Code {
    match fact {
        KerasFact::Metadata(problem) => match problem {
            MetadataProblem::Unreadable { .. } | MetadataProblem::Damaged { .. } => {
                Code::KerasMetadataUnreadable
            }
            MetadataProblem::UnknownKind(_) => Code::KerasKindUnknown,
            MetadataProblem::UnknownObject(_)
            | MetadataProblem::OtherKind { .. }
            | MetadataProblem::Repeated(_)
            | MetadataProblem::BadJson(_)
            | MetadataProblem::More(_) => Code::KerasMetadataEntry,
        },
        KerasFact::MetadataMissing(_)
        | KerasFact::LayersUnnamed(_)
        | KerasFact::ConfigWithoutLayers { .. } => Code::KerasMetadataMissing,
        KerasFact::ConfigTrainableDiffers { .. } | KerasFact::ConfigLacksLayers { .. } => {
            Code::KerasConfigDiffers
        }
        KerasFact::LayerDiffers(_) | KerasFact::MoreLayersDiffer(_) => Code::KerasShapeDiffers,
    }
}

fn of_count(fact: &CountFact) -> Code {
    match fact {
        CountFact::ExportCopies(_) => Code::ExportCopies,
        CountFact::Unrestored(_) => Code::Unrestored,
        CountFact::Frozen(_) => Code::Frozen,
        CountFact::TrainableUndetermined(_) => Code::TrainableUndetermined,
        CountFact::FrozenUnknown { .. } => Code::FrozenUnknown,
        CountFact::NoKerasLayers => Code::NoKerasLayers,
        CountFact::ListIncomplete(_) => Code::ListIncomplete,
        CountFact::KerasPrintsOther(_) => Code::KerasPrintsOther,
        CountFact::FrozenConstants(_) => Code::FrozenConstants,
        CountFact::ConstantsBeside(_) => Code::ConstantsBeside,
        CountFact::NoVariables => Code::NoVariables,
        CountFact::TreeTooDeep => Code::TreeTooDeep,
        CountFact::NotFinite { .. } => Code::NotFinite,
        CountFact::AllZeros(_) => Code::AllZeros,
    }
}
