//! Properties of a census: a count never depends on how a model is written. More names for one
//! variable, another order of objects and nodes, other names, more shards and slices, and export
//! copies change nothing.
//!
//! The counts of a generated model are known by arithmetic. It is written in many ways and counted in
//! each.

mod contradictions;
mod index;
mod keras3;
mod module;
mod tf1;

use proptest::prelude::*;

use super::{SidecarFiles, of_bytes};
use crate::model::Severity;
use crate::options::{GroupBy, Options};

/// A variable of a generated model.
#[derive(Clone, Debug)]
struct Weight {
    dims: Vec<u64>,
    trainable: bool,
}

impl Weight {
    fn elements(&self) -> u64 {
        self.dims.iter().product()
    }
}

/// Parameters, trainable ones, bytes, variables.
type Sums = [u64; 4];

fn by_arithmetic(weights: &[Weight]) -> Sums {
    let all: u64 = weights.iter().map(Weight::elements).sum();
    let trainable = weights.iter().filter(|w| w.trainable).map(Weight::elements).sum();
    [all, trainable, 4 * all, weights.len() as u64]
}

fn any_weights() -> impl Strategy<Value = Vec<Weight>> {
    let dims = prop::collection::vec(0..6u64, 0..4);
    let weight = (dims, any::<bool>()).prop_map(|(dims, trainable)| Weight { dims, trainable });
    prop::collection::vec(weight, 1..8)
}

/// The numbers below `n` in any order.
fn any_order(n: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..n).collect::<Vec<_>>()).prop_shuffle()
}

/// Counts a written model under every grouping. The count has no error among its findings, and the
/// tree of every grouping holds all that is counted.
fn census(saved_model: &[u8], sidecars: impl Fn() -> SidecarFiles) -> Result<Sums, TestCaseError> {
    let mut sums = Vec::new();
    for group_by in [GroupBy::Auto, GroupBy::ObjectGraph, GroupBy::Scope] {
        let options = Options { group_by, ..Options::default() };
        let report = of_bytes(saved_model.to_vec(), sidecars(), &options)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        let errors: Vec<_> =
            report.findings.iter().filter(|f| f.severity == Severity::Error).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
        let all = report.totals.all;
        prop_assert_eq!(report.groups.get(report.groups.root()).counts, all, "{:?}", group_by);
        prop_assert!(report.variables.iter().all(|v| !v.groups.is_empty()), "{group_by:?}");
        sums.push([all.parameters, report.totals.trainable.parameters, all.bytes, all.variables]);
    }
    prop_assert!(sums.windows(2).all(|w| w[0] == w[1]), "{sums:?}");
    Ok(sums[0])
}
