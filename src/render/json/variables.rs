//! The counted variables as JSON.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::model::{Certainty, GroupId, Report, Stats, Trainable, Variable, VariableId};

/// The variables with these ids, in this order.
pub struct Variables<'r> {
    pub report: &'r Report,
    pub ids: &'r [VariableId],
}

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for id in self.ids {
            if let Some(variable) = self.report.variables.get(id.0) {
                list.serialize_element(&variable_entry(*id, variable))?;
            }
        }
        list.end()
    }
}

#[derive(Serialize)]
struct VariableEntry<'r> {
    name: &'r str,
    checkpoint_key: Option<&'r str>,
    dtype: String,
    shape: &'r [u64],
    parameters: u64,
    bytes: u64,
    trainable: Option<bool>,
    frozen: bool,
    role: &'static str,
    paths: &'r [String],
    groups: &'r [GroupId],
    shared: bool,
    confirmed: bool,
    id: VariableId,
    stats: Option<Stats>,
    trainable_is: Certainty,
}

fn variable_entry(id: VariableId, variable: &Variable) -> VariableEntry<'_> {
    VariableEntry {
        name: &variable.name,
        checkpoint_key: variable.checkpoint_key.as_deref(),
        dtype: variable.dtype.name().into_owned(),
        shape: &variable.shape.0,
        parameters: variable.parameters,
        bytes: variable.bytes,
        trainable: match variable.trainable {
            Trainable::Yes => Some(true),
            Trainable::No | Trainable::Frozen => Some(false),
            Trainable::Undetermined => None,
        },
        frozen: variable.trainable == Trainable::Frozen,
        role: "weight",
        paths: &variable.paths,
        groups: &variable.groups,
        shared: variable.shared,
        confirmed: variable.confirmed,
        id,
        stats: variable.stats,
        trainable_is: variable.trainable_is,
    }
}
