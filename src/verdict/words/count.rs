//! Words for facts about the count.

use super::sentence::Words;
use crate::model::WHY_AT_MOST;
use crate::number::thousands;
use crate::reconcile::CountFact;

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
        CountFact::FrozenUnknown(weights) => Words::new(format!(
            "{} variables ({} parameters) are trainable at most: {WHY_AT_MOST}",
            weights.variables,
            thousands(weights.parameters)
        )),
        CountFact::ListIncomplete(weights) => Words::new(format!(
            "the model holds {} variables ({} parameters) that its own list leaves out; they are counted",
            weights.variables,
            thousands(weights.parameters)
        )),
        CountFact::KerasPrintsOther(metrics) => Words::new(format!(
            "Keras itself counts {} variables of metrics ({} parameters) that the model holds as attributes; they are no weights",
            metrics.variables,
            thousands(metrics.parameters)
        )),
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
