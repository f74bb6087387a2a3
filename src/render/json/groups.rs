//! The tree of groups as JSON: each group holds its children.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::model::{Group, GroupKind, Report, VariableId};

/// Levels of groups that are written; a report has fewer. Readers have limits too: 128 levels of
/// brackets are common, and each group takes two.
const MAX_DEPTH: usize = 60;

/// A group and what is below it. Recursion ends at [`MAX_DEPTH`], and at edges that lead back.
pub struct Node<'r> {
    report: &'r Report,
    at: usize,
    depth: usize,
}

impl<'r> Node<'r> {
    /// The root of the report's tree.
    pub fn root(report: &'r Report) -> Node<'r> {
        Node { report, at: 0, depth: 0 }
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nodes = &self.report.groups.nodes;
        // A report without groups still has a model.
        let bare;
        let group = match nodes.get(self.at) {
            Some(group) => group,
            None => {
                bare = bare_root(self.report);
                &bare
            }
        };
        let children: Vec<Node<'_>> = group
            .children
            .iter()
            .map(|id| id.0)
            .filter(|at| self.depth < MAX_DEPTH && *at > self.at && *at < nodes.len())
            .map(|at| Node { report: self.report, at, depth: self.depth + 1 })
            .collect();
        let mut entry = serializer.serialize_struct("Group", 15)?;
        entry.serialize_field("id", &self.at)?;
        entry.serialize_field("name", &group.name)?;
        entry.serialize_field("class", &group.class)?;
        entry.serialize_field("kind", &group.kind)?;
        entry.serialize_field("parameters", &group.counts.parameters)?;
        entry.serialize_field("trainable", &group.trainable)?;
        entry.serialize_field("bytes", &group.counts.bytes)?;
        entry.serialize_field("own_parameters", &group.own_parameters)?;
        entry.serialize_field("shared", &group.shared)?;
        entry.serialize_field("variables", &group.counts.variables)?;
        entry.serialize_field("frozen", &group.frozen)?;
        entry.serialize_field("undetermined", &group.undetermined)?;
        entry.serialize_field("own", &group.own)?;
        entry.serialize_field("trainable_is", &group.trainable_is)?;
        entry.serialize_field("children", &children)?;
        entry.end()
    }
}

fn bare_root(report: &Report) -> Group {
    Group {
        counts: report.totals.all,
        trainable: report.totals.trainable.parameters,
        trainable_is: report.totals.trainable_is,
        undetermined: report.totals.undetermined.parameters,
        own_parameters: report.totals.all.parameters,
        own: (0..report.variables.len()).map(VariableId).collect(),
        ..Group::new("", GroupKind::Model)
    }
}
