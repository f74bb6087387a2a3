//! Words for facts about the files and the graph.

use super::sentence::Words;
use crate::evidence::checkpoint::{Problem, ProblemKind};
use crate::reconcile::{FileFact, GraphFact, ObjectGraphDifference};

pub(super) fn of_file(fact: &FileFact) -> Words {
    match fact {
        FileFact::SchemaVersion(version) => {
            Words::new("the SavedModel has a schema version that this program does not know")
                .values(1, version)
        }
        FileFact::TagSetRepeated => Words::new(
            "two MetaGraphs have the same tags; the first is counted, as TensorFlow loads it",
        ),
        FileFact::DanglingLink(link) => {
            Words::new("a symbolic link of the model leads to no file").about(link.display().to_string())
        }
        FileFact::IndexMissing => Words::new(
            "variables/variables.index is missing: the weights are counted as declared, and none of them is stored",
        ),
        FileFact::IndexUnreadable { path, offset, reason } => {
            let offset = offset.map(|offset| format!(", byte {offset}")).unwrap_or_default();
            Words::new(format!("the checkpoint's index cannot be read: {reason}"))
                .about(format!("{}{offset}", path.display()))
        }
        FileFact::Checkpoint(problem) => of_checkpoint(problem),
        FileFact::CheckpointGraphUnreadable { reason, .. } => Words::new(format!(
            "the checkpoint's own object graph cannot be read ({reason}); keys are told by their paths"
        ))
        .about("_CHECKPOINTABLE_OBJECT_GRAPH"),
        FileFact::CheckpointGraphMalformed(reason) => {
            Words::new(format!("the checkpoint's own object graph is damaged: {reason}"))
        }
    }
}

fn of_checkpoint(problem: &Problem) -> Words {
    let message = match problem.kind {
        ProblemKind::ShardMissing => "a data shard that the index names is missing",
        ProblemKind::ShardUnreadable => "a data shard cannot be read",
        ProblemKind::ShardTooShort => "a data shard is shorter than the index says",
        ProblemKind::EntrySize => "a tensor's size is not its elements times their width",
        ProblemKind::SlicesIncomplete => "the slices of a partitioned tensor do not cover it",
        ProblemKind::ShapeImpossible => "the index holds a shape that no tensor can have",
        ProblemKind::ChecksumMismatch => "a tensor's bytes do not match their checksum",
        ProblemKind::Overlap => "tensors share their bytes",
    };
    let shard = problem.shard.map(|shard| format!("shard {shard}"));
    Words {
        subject: problem.key.clone().or(shard),
        expected: problem.expected.clone(),
        found: problem.found.clone(),
        ..Words::new(message)
    }
}

pub(super) fn of_graph(fact: &GraphFact) -> Words {
    match fact {
        GraphFact::NodeRepeated(name) => {
            Words::new("two nodes of the graph have this name").about(name)
        }
        GraphFact::UnknownInput { node, input } => {
            Words::new("a node takes an input that the graph lacks")
                .about(node)
                .values(input, "no such node")
        }
        GraphFact::Cycle(node) => Words::new("the graph has a cycle that is no loop").about(node),
        GraphFact::RestoreOpMissing(name) => {
            Words::new("the MetaGraph names a restore op that its graph lacks").about(name)
        }
        GraphFact::RestoreUnclear(reason) => {
            Words::new(format!("the restore graph could not be followed everywhere: {reason}"))
        }
        GraphFact::DanglingEdge { holder, attribute, to, objects } => {
            Words::new(format!("object {holder} holds an object that does not exist; left out"))
                .about(attribute)
                .values(format!("an object from 0 to {}", objects.saturating_sub(1)), to)
        }
        GraphFact::ObjectGraphsDiffer(difference) => of_difference(difference),
        GraphFact::MoreObjectGraphsDiffer(left) => {
            object_graphs_differ(&format!("{left} more differences"))
        }
        GraphFact::NamesDiffer { variables, declared, stored } => Words::new(match variables {
            1 => "the model and its checkpoint call this variable by other names".to_owned(),
            n => format!(
                "the model and its checkpoint call {n} variables by other names, the first of them this one"
            ),
        })
        .about(declared)
        .values(stored, declared),
    }
}

fn object_graphs_differ(what: &str) -> Words {
    Words::new(format!("the model's object graph is not the one in its checkpoint: {what}"))
}

fn of_difference(difference: &ObjectGraphDifference) -> Words {
    match difference {
        ObjectGraphDifference::LeadsElsewhere(attribute) => {
            object_graphs_differ("an attribute leads to another object").about(attribute)
        }
        ObjectGraphDifference::NotInCheckpoint(attribute) => {
            object_graphs_differ("the checkpoint lacks an attribute").about(attribute)
        }
        ObjectGraphDifference::NotInModel(attribute) => {
            object_graphs_differ("the model lacks an attribute").about(attribute)
        }
        ObjectGraphDifference::NoVariable(name) => object_graphs_differ(
            "the checkpoint stores a value of an object that the model does not declare as a variable",
        )
        .about(name),
        ObjectGraphDifference::RoleOfName { variable, declared, stored } => {
            object_graphs_differ("a variable has another name, which gives it another role")
                .about(variable)
                .values(stored, declared)
        }
    }
}
