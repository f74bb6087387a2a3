//! The words of the field as plain data: no file, no session, no terminal.
//!
//! Structs and enums that can grow are `#[non_exhaustive]`: a new version may add fields and values.
//! A struct that derives `Serialize` is a part of the JSON of schema version 1: its fields are the keys.

mod cached;
mod certainty;
mod counts;
mod doctor;
mod dtype;
mod finding;
mod group;
mod ids;
mod info;
mod quantity;
mod report;
mod runtime;
mod shape;
mod stats;
mod variable;
mod witness;
mod words;

pub use cached::{CacheFolder, CachedModel, CachedModels, CachedState};
pub use certainty::Certainty;
pub(crate) use certainty::WHY_AT_MOST;
pub use counts::{Constants, Counts, NotCounted, Role, Totals};
pub use doctor::{Doctor, DoctorLibrary, DoctorPlace};
pub use dtype::DType;
pub use finding::{Code, Finding, Severity};
pub use group::{Group, GroupKind, Groups};
pub use ids::{GroupId, VariableId};
pub use info::{KerasInfo, KerasMetadataPlace, MetaGraphInfo, ModelFormat, ModelInfo};
pub use quantity::Quantity;
pub use report::{Report, Verdict};
pub use runtime::{RuntimeFailure, RuntimeInfo, RuntimeMode, Sandbox};
pub use shape::Shape;
pub use stats::Stats;
pub use variable::{Trainable, Variable};
pub use witness::{Witness, WitnessName, WitnessStatus};
pub(crate) use words::words;
