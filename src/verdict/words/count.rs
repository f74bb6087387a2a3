//! Words for facts about the count.

use super::sentence::{Words, may_tell};
use crate::model::{Role, WHY_AT_MOST};
use crate::number::thousands;
use crate::reconcile::{CountFact, KerasTotal};

pub(super) fn of_count(fact: &CountFact) -> Words {
    match fact {
        CountFact::ExportCopies(copies) => Words::new(format!(
            "the export stores {} variables a second time ({} parameters); each counts once",
            copies.variables,
            thousands(copies.parameters)
        )),
        CountFact::Unrestored(handles) => Words::new(format!(
            "the graph holds {} handles ({} parameters) that nothing restores; they are not counted",
            handles.variables,
            thousands(handles.parameters)
        )),
        CountFact::Frozen(weights) => Words::new(format!(
            "{} variables ({} parameters) are frozen by their layer or list, although their own flag says trainable",
            weights.variables,
            thousands(weights.parameters)
        )),
        CountFact::TrainableUndetermined(weights) => Words::new(format!(
            "nothing in the files says whether {} variables ({} parameters) are trainable",
            weights.variables,
            thousands(weights.parameters)
        )),
        CountFact::FrozenUnknown { weights, archive } => Words::new(format!(
            "{} variables ({} parameters) are trainable at most: {WHY_AT_MOST}{}",
            weights.variables,
            thousands(weights.parameters),
            may_tell(archive)
        )),
        CountFact::NoKerasLayers => Words::new(
            "the model names no Keras layers to group by: the tree is the one of --group-by auto",
        ),
        CountFact::ListIncomplete(weights) => Words::new(format!(
            "the model holds {} variables ({} parameters) that its own list leaves out; they are counted",
            weights.variables,
            thousands(weights.parameters)
        )),
        CountFact::KerasPrintsOther(total) => keras_prints_other(total),
        CountFact::FrozenConstants(constants) => Words::new(format!(
            "the weights are frozen into the graph: {} parameters in {} constants, and no variables",
            thousands(constants.parameters),
            constants.variables
        )),
        CountFact::ConstantsBeside(constants) => Words::new(format!(
            "beside its variables the graph holds {} parameters in {} constants; they are not in the totals",
            thousands(constants.parameters),
            constants.variables
        )),
        CountFact::NoVariables => Words::new("the model has no variables to count"),
        CountFact::TreeTooDeep => Words::new(
            "the tree is deeper than is shown; what lies deeper is part of the group above",
        ),
        CountFact::NotFinite { variable, nans, infinities } => {
            Words::new(format!("this weight holds {nans} NaN and {infinities} infinite values"))
                .about(variable)
        }
        CountFact::AllZeros(variable) => Words::new("this weight is all zeros").about(variable),
    }
}

fn keras_prints_other(total: &KerasTotal) -> Words {
    let mut why: Vec<String> = Vec::new();
    for (role, counts) in &total.also {
        let what = match role {
            Role::Optimizer => "of the optimizer",
            Role::Metric => "of metrics that the model holds as attributes",
            Role::String => "of strings",
            _ => "that are no weights",
        };
        let elements = thousands(counts.parameters);
        why.push(format!("adds {} variables {what} ({elements} elements)", counts.variables));
    }
    for (says, weights) in [
        ("takes an unknown dimension for 0 in", &total.open),
        ("leaves out, as its own list does,", &total.left_out),
    ] {
        if weights.variables > 0 {
            let parameters = thousands(weights.parameters);
            why.push(format!("{says} {} variables ({parameters} parameters)", weights.variables));
        }
    }
    let why = why.join("; it ");
    // A plain variable that a layer of Keras 3 holds looks like a weight, and Keras does not see it.
    let adds_to_weights = total.also.iter().any(|(role, _)| *role == Role::Optimizer);
    let unless = if adds_to_weights { ", if it knows of every weight" } else { "" };
    Words::new(format!("Keras' own summary() prints another total{unless}: it {why}"))
        .values(thousands(total.printed), thousands(total.counted))
}
