//! The words of the field as plain data: no file, no session, no terminal.

mod cached;
mod doctor;
mod dtype;
mod finding;
mod report;
mod shape;
mod stats;

pub use cached::{CacheFolder, CachedModel, CachedModels, CachedState};
pub use doctor::{Doctor, DoctorLibrary, DoctorPlace};
pub use dtype::DType;
pub use finding::{Code, Finding, Severity};
pub use report::{
    Constants, Counts, Group, GroupId, GroupKind, Groups, KerasInfo, KerasMetadataPlace,
    MetaGraphInfo, ModelFormat, ModelInfo, NotCounted, Report, Role, RuntimeFailure, RuntimeInfo,
    RuntimeMode, Totals, Trainable, Variable, VariableId, Verdict, Witness, WitnessName,
    WitnessStatus,
};
pub use shape::{PartialShape, Shape};
pub use stats::Stats;
