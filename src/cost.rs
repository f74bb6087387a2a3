//! What a model's weights cost in memory, with the rule of each figure.
//!
//! Weights, gradients and optimizer state only: activations, workspaces and TensorFlow itself
//! depend on batch and machine, which no file of a model states.

use serde::Serialize;

use crate::model::{Certainty, Report, VariableId};

/// Largest tensors that are listed.
const LARGEST: usize = 5;

/// One figure and the rule that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// What it is for: "serve", "train with SGD", "train with Adam".
    pub purpose: &'static str,
    /// Bytes.
    pub bytes: u64,
    /// How the bytes come about.
    pub rule: &'static str,
}

/// Memory estimates of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// To serve, to train with SGD, to train with Adam.
    pub estimates: Vec<Estimate>,
    /// True where some weights count as trainable because no file states whether they are: the figures for
    /// training are upper bounds.
    pub undetermined_as_trainable: bool,
    /// The variables with the most bytes, largest first.
    pub largest: Vec<VariableId>,
}

/// The cost of this model.
pub fn cost(report: &Report) -> Cost {
    let totals = &report.totals;
    let weights = totals.all.bytes.saturating_add(report.constants.bytes);
    let trained = totals.trainable.bytes.saturating_add(totals.undetermined.bytes);
    let with = |times: u64| weights.saturating_add(trained.saturating_mul(times));
    let mut largest: Vec<VariableId> = (0..report.variables.len()).map(VariableId).collect();
    largest.sort_by_key(|id| std::cmp::Reverse(report.variables.get(id.0).map(|v| v.bytes)));
    largest.truncate(LARGEST);
    Cost {
        estimates: vec![
            Estimate { purpose: "serve", bytes: weights, rule: "weights and constants as stored" },
            Estimate {
                purpose: "train with SGD",
                bytes: with(1),
                rule: "weights + one gradient for each trainable one",
            },
            Estimate {
                purpose: "train with Adam",
                bytes: with(3),
                rule: "weights + gradient + two moments for each trainable one",
            },
        ],
        undetermined_as_trainable: totals.undetermined.parameters > 0
            || totals.trainable_is != Certainty::Exact,
        largest,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::*;

    use super::*;

    fn report(trainable: u64, fixed: u64, undetermined: u64, constants: u64) -> Report {
        let counts = |bytes| Counts { variables: 1, parameters: bytes / 4, bytes };
        Report {
            model: ModelInfo::default(),
            totals: Totals {
                all: counts(trainable + fixed + undetermined),
                trainable: counts(trainable),
                non_trainable: counts(fixed),
                undetermined: counts(undetermined),
                ..Totals::default()
            },
            not_counted: Vec::new(),
            constants: Constants { tensors: 1, parameters: constants / 4, bytes: constants },
            variables: Vec::new(),
            groups: Groups::default(),
            witnesses: Vec::new(),
            runtime: RuntimeInfo {
                mode: RuntimeMode::Off,
                tensorflow_version: None,
                library: None,
                elapsed: None,
                peak_bytes: None,
                sandbox: None,
                failure: None,
            },
            findings: Vec::new(),
            verdict: Verdict::Unverified,
        }
    }

    fn bytes(report: &Report) -> Vec<u64> {
        cost(report).estimates.iter().map(|estimate| estimate.bytes).collect()
    }

    #[test]
    fn training_adds_gradients_and_moments_of_what_trains() {
        // 1000 + 200 + 40; one more 1000 for gradients; two more for Adam's moments.
        assert_eq!(bytes(&report(1000, 200, 0, 40)), [1240, 2240, 4240]);
    }

    #[test]
    fn undetermined_weights_count_as_trained() {
        let report = report(0, 0, 400, 0);
        assert_eq!(bytes(&report), [400, 800, 1600]);
        assert!(cost(&report).undetermined_as_trainable);
    }

    #[test]
    fn stops_at_the_largest_number() {
        let mut huge = report(0, 0, 0, 0);
        huge.totals.all.bytes = u64::MAX;
        huge.totals.trainable.bytes = u64::MAX;
        assert_eq!(bytes(&huge), [u64::MAX; 3]);
    }
}
