//! Findings that need no comparison of shapes: what is wrong with the files themselves, and what a
//! reader should know of how the model was counted.

use super::Inventory;
use crate::evidence::checkpoint::{Problem, ProblemKind};
use crate::evidence::graph_check::GraphProblem;
use crate::evidence::restore_graph::RestoreGraph;
use crate::model::{Code, Finding, Role, Trainable};
use crate::number::thousands;

/// What TensorFlow's graph constructor would refuse.
pub(crate) fn about_graph(problems: &[GraphProblem<'_>], findings: &mut Vec<Finding>) {
    findings.extend(problems.iter().map(|problem| {
        match problem {
            GraphProblem::Repeated(name) => {
                Finding::new(Code::GraphDuplicateNode, "two nodes of the graph have this name")
                    .about(*name)
            }
            GraphProblem::UnknownInput { node, input } => {
                Finding::new(Code::GraphUnknownInput, "a node takes an input that the graph lacks")
                    .about(*node)
                    .values(input, "no such node")
            }
            GraphProblem::Cycle(name) => {
                Finding::new(Code::GraphCycle, "the graph runs in a circle that is no loop")
                    .about(*name)
            }
        }
    }));
}

/// What is wrong with the restore graph.
pub(crate) fn about_restore(restore: &RestoreGraph<'_>, findings: &mut Vec<Finding>) {
    if let Some(name) = restore.missing_op {
        findings.push(
            Finding::new(
                Code::RestoreOpMissing,
                "the MetaGraph names a restore op that its graph lacks",
            )
            .about(name),
        );
    }
    if let Some(why) = &restore.unclear {
        findings.push(Finding::new(
            Code::RestoreGraphUnclear,
            format!("the restore graph could not be followed everywhere: {why}"),
        ));
    }
}

/// What is wrong with the checkpoint's index or shards.
pub(crate) fn about_index_problems(problems: Vec<Problem>, findings: &mut Vec<Finding>) {
    findings.extend(problems.into_iter().map(|problem| {
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
        Finding {
            subject: problem.key.or(problem.shard.map(|s| format!("shard {s}"))),
            expected: problem.expected,
            found: problem.found,
            ..Finding::new(problem.kind.code(), message)
        }
    }));
}

/// What a reader should know of the count.
pub(crate) fn about_counting(inventory: &Inventory, findings: &mut Vec<Finding>) {
    let sum =
        |role: Role| {
            inventory.items.iter().filter(|i| i.role == role).fold((0u64, 0u64), |(n, p), i| {
                (n + 1, p.saturating_add(i.parameters().unwrap_or(0)))
            })
        };
    let (copies, parameters) = sum(Role::Duplicate);
    if copies > 0 {
        findings.push(Finding::new(
            Code::ExportCopies,
            format!(
                "the export stores {copies} variables a second time ({} parameters); each counts once",
                thousands(parameters)
            ),
        ));
    }
    let (dead, parameters) = sum(Role::Unrestored);
    if dead > 0 {
        findings.push(Finding::new(
            Code::Unrestored,
            format!(
                "the graph holds {dead} handles ({} parameters) that nothing restores; they are not counted",
                thousands(parameters)
            ),
        ));
    }
    let state = |wanted: Trainable| {
        inventory
            .weights()
            .filter(|i| i.trainable == wanted)
            .fold((0u64, 0u64), |(n, p), i| (n + 1, p.saturating_add(i.parameters().unwrap_or(0))))
    };
    let (frozen, parameters) = state(Trainable::Frozen);
    if frozen > 0 {
        findings.push(Finding::new(
            Code::Frozen,
            format!(
                "{frozen} variables ({} parameters) are frozen by their layer or list, although their own flag says trainable",
                thousands(parameters)
            ),
        ));
    }
    let (unknown, parameters) = state(Trainable::Undetermined);
    if unknown > 0 {
        findings.push(Finding::new(
            Code::TrainableUndetermined,
            format!(
                "nothing in the files says whether {unknown} variables ({} parameters) are trainable",
                thousands(parameters)
            ),
        ));
    }
    about_values(inventory, findings);
    for item in inventory.weights().filter(|i| i.parameters().is_none()) {
        if item.shape().is_none() {
            findings.push(
                Finding::new(
                    Code::ShapeUnknown,
                    "no witness knows the shape of this weight; it is not in the totals",
                )
                .about(&item.name),
            );
        } else {
            findings.push(
                Finding::new(
                    Code::ShapeImpossible,
                    "its number of elements exceeds 64 bits; it is not in the totals",
                )
                .about(&item.name),
            );
        }
    }
}

/// Weights whose values are not what training leaves behind, where values were looked at.
fn about_values(inventory: &Inventory, findings: &mut Vec<Finding>) {
    for item in inventory.weights() {
        let Some(stats) = &item.stats else { continue };
        if stats.nans > 0 || stats.infinities > 0 {
            findings.push(
                Finding::new(
                    Code::NotFinite,
                    format!(
                        "this weight holds {} NaN and {} infinite values",
                        stats.nans, stats.infinities
                    ),
                )
                .about(&item.name),
            );
        }
        if stats.zeros > 0 && Some(stats.zeros) == item.parameters() {
            findings
                .push(Finding::new(Code::AllZeros, "this weight is all zeros").about(&item.name));
        }
    }
}
