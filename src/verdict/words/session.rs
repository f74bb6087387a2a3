//! Words for facts about the session.

use super::sentence::Words;
use crate::evidence::restore_graph::Doubt;
use crate::reconcile::{SessionFact, Unproven, VariablesReason, WhyNot};

/// Why a session does not hold a weight of which it has said nothing.
const NOT_GIVEN: &str = "the checkpoint does not give it";

pub(super) fn of_session(fact: &SessionFact) -> Words {
    match fact {
        SessionFact::OverVariables(reason) => {
            Words::new(format!("the session holds the variables alone: {}", of_reason(reason)))
        }
        SessionFact::UnsafeOp { op, node, .. } => {
            Words::new(format!("loading this model runs {op}, which may reach beyond the model"))
                .about(node)
        }
        SessionFact::NoSandbox(lacks) => Words::new(format!(
            "nothing but the list of harmless ops kept the model from using the session's process: \
             {lacks}"
        )),
        SessionFact::NoLibrary(reason) | SessionFact::Failed(reason) => {
            Words::new(format!("no session could confirm the count: {reason}"))
        }
        SessionFact::ShapeDiffers { variable, stored, held } => {
            Words::new("the session holds another shape than the checkpoint stores")
                .about(variable)
                .values(stored, held)
        }
        SessionFact::DTypeDiffers { variable, stored, held } => {
            Words::new("the session holds another dtype than the checkpoint stores")
                .about(variable)
                .values(stored, held)
        }
        SessionFact::NotConfirmed(weight) => {
            let reason = why_not(&weight.why);
            Words::new(format!("the session does not confirm this weight: {reason}"))
                .about(&weight.variable)
        }
        SessionFact::ManyNotConfirmed { missing, weights, first, why, .. } => {
            let reason = why.as_ref().map_or("each for a reason of its own", why_not);
            Words::new(format!(
                "the session does not confirm {missing} of the {weights} weights, {first} and others: {reason}"
            ))
        }
        SessionFact::WithoutOwner { first, variables: 1 } => Words::new(
            "the session holds a value in this variable, which nothing declares as anybody's",
        )
        .about(first),
        SessionFact::WithoutOwner { first, variables } => Words::new(format!(
            "the session holds values in {variables} variables that nothing declares as anybody's, \
             {first} and others"
        )),
        SessionFact::NotInMainGraph { function, node, nodes } => {
            let place = if function.is_empty() { "the main graph" } else { function };
            Words::new(format!(
                "a load runs {nodes} handles that no variable op of the main graph stands for, in {place}"
            ))
            .about(node)
        }
        SessionFact::UndeclaredVariable(name) => {
            Words::new("the session's graph holds a variable that the file does not declare")
                .about(name)
        }
    }
}

/// Why a weight is not confirmed, to follow a colon.
fn why_not(why: &WhyNot) -> &str {
    match why {
        WhyNot::NotHeld(reason) => reason.as_deref().unwrap_or(NOT_GIVEN),
        WhyNot::Unproven(Unproven::NotRestored) => "nothing in the graph restores it",
        WhyNot::Unproven(Unproven::FilledByInit) => {
            "the model's init op fills it, which only a full load runs"
        }
        WhyNot::Unproven(Unproven::Doubt(doubt)) => match doubt {
            Doubt::OtherFile => "the model restores it from another file than its checkpoint",
            Doubt::Changed => "the model changes its shape or type after the restore",
            Doubt::Conditional => "whether the model restores it depends on a condition",
            Doubt::WrittenAgain => "the model's own load writes it a second time",
        },
    }
}

/// Why a session over the variables was asked, to follow a colon.
pub(in crate::verdict) fn of_reason(reason: &VariablesReason) -> String {
    match reason {
        VariablesReason::Statistics => "statistics of the values are taken batch by batch".into(),
        VariablesReason::UnsafeOp { op, node } => {
            format!("loading it would run {op} ({node}), which may reach beyond the model")
        }
        VariablesReason::Recursion(function) => {
            format!("loading it would not end: function {function} calls itself")
        }
        VariablesReason::NothingRestored => {
            "loading it restores nothing: its MetaGraph has no restore op".into()
        }
        VariablesReason::Memory { weights, available } => format!(
            "its weights take {weights} bytes, more than half of the {available} bytes of memory that are free"
        ),
        VariablesReason::ManyVariables(variables) => {
            format!("it has {variables} variables, which the full load takes long for")
        }
        VariablesReason::ManyNodes(nodes) => {
            format!("its graph has {nodes} nodes, which the full load takes long for")
        }
        VariablesReason::LoadFailed(message) => format!("the full load failed ({message})"),
        VariablesReason::LoadIncomplete(missing) => {
            format!("the full load left {missing} of the variables without a value")
        }
    }
}
