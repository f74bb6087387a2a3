//! JSON of schema version 1: what scripts rely on. `docs/report.schema.json` describes it.
//!
//! What is in the report as it is in JSON is serialized by its own type, field by field in order. The
//! structs here are those parts of the format that the report holds in another form. Keys are only
//! ever added.

mod groups;
mod lines;
mod variables;

use std::io::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cost::{Cost, cost};
use crate::model::{
    Certainty, Constants, Counts, DType, Finding, KerasInfo, MetaGraphInfo, ModelFormat, Report,
    Role, RuntimeInfo, RuntimeMode, Sandbox, Verdict, Witness, WitnessName, WitnessStatus,
};
use crate::select::{Filter, Selection, Sort, select};
use groups::Node;
pub(super) use lines::write_lines;
use variables::Variables;

/// Version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes the report as one object and a newline. With a filter, `variables` holds those chosen.
pub fn write(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    write_lines(&document(report, selection), out)
}

/// The JSON of schema version 1, as [`Format::Json`](super::Format::Json) writes it, with all
/// variables. `docs/report.schema.json` in the package describes it.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = select(self, &Filter::default(), Sort::Model);
        document(self, &all).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Document<'r> {
    schema_version: u32,
    tfcensus_version: &'static str,
    model: Model<'r>,
    totals: Totals<'r>,
    not_counted: Vec<NotCounted<'r>>,
    constants: &'r Constants,
    variables: Variables<'r>,
    groups: Node<'r>,
    witnesses: Vec<WitnessEntry<'r>>,
    runtime: Runtime<'r>,
    findings: &'r [Finding],
    verdict: Verdict,
    selection: Option<Totals<'r>>,
    cost: Cost,
}

fn document<'r>(report: &'r Report, selection: &'r Selection) -> Document<'r> {
    Document {
        schema_version: SCHEMA_VERSION,
        tfcensus_version: env!("CARGO_PKG_VERSION"),
        model: model(report),
        totals: totals(&report.totals),
        not_counted: report
            .not_counted
            .iter()
            .map(|left_out| NotCounted {
                role: left_out.role,
                variables: left_out.counts.variables,
                parameters: left_out.counts.parameters,
                bytes: left_out.counts.bytes,
                examples: &left_out.examples,
            })
            .collect(),
        constants: &report.constants,
        variables: Variables { report, ids: &selection.ids },
        groups: Node::root(report),
        witnesses: report.witnesses.iter().map(witness).collect(),
        runtime: runtime(&report.runtime),
        findings: &report.findings,
        verdict: report.verdict,
        selection: selection.filtered.then(|| totals(&selection.totals)),
        cost: cost(report),
    }
}

#[derive(Serialize)]
struct Model<'r> {
    source: &'r str,
    path: String,
    format: ModelFormat,
    tensorflow_version: Option<&'r str>,
    object_graph: bool,
    keras: Option<&'r KerasInfo>,
    meta_graphs: &'r [MetaGraphInfo],
}

fn model(report: &Report) -> Model<'_> {
    let model = &report.model;
    Model {
        source: &model.source,
        path: model.path.to_string_lossy().into_owned(),
        format: model.format,
        tensorflow_version: model.tensorflow_version.as_deref(),
        object_graph: model.object_graph,
        keras: model.keras.as_ref(),
        meta_graphs: &model.meta_graphs,
    }
}

#[derive(Serialize)]
struct Totals<'r> {
    parameters: u64,
    trainable: u64,
    trainable_is: Certainty,
    non_trainable: u64,
    undetermined: u64,
    bytes: u64,
    trainable_bytes: u64,
    variables: u64,
    by_dtype: ByDtype<'r>,
}

fn totals(totals: &crate::model::Totals) -> Totals<'_> {
    Totals {
        parameters: totals.all.parameters,
        trainable: totals.trainable.parameters,
        trainable_is: totals.trainable_is,
        non_trainable: totals.non_trainable.parameters,
        undetermined: totals.undetermined.parameters,
        bytes: totals.all.bytes,
        trainable_bytes: totals.trainable.bytes,
        variables: totals.all.variables,
        by_dtype: ByDtype(&totals.by_dtype),
    }
}

/// An object in the order of the list.
struct ByDtype<'r>(&'r [(DType, Counts)]);

impl Serialize for ByDtype<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (dtype, counts) in self.0 {
            let sums = Sums {
                parameters: counts.parameters,
                bytes: counts.bytes,
                variables: counts.variables,
            };
            map.serialize_entry(&dtype.name(), &sums)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Sums {
    parameters: u64,
    bytes: u64,
    variables: u64,
}

#[derive(Serialize)]
struct NotCounted<'r> {
    role: Role,
    variables: u64,
    parameters: u64,
    bytes: u64,
    examples: &'r [String],
}

#[derive(Serialize)]
struct WitnessEntry<'r> {
    name: WitnessName,
    status: WitnessStatus,
    variables: Option<u64>,
    parameters: Option<u64>,
    bytes: Option<u64>,
    detail: &'r str,
}

fn witness(witness: &Witness) -> WitnessEntry<'_> {
    WitnessEntry {
        name: witness.name,
        status: witness.status,
        variables: witness.counts.map(|counts| counts.variables),
        parameters: witness.counts.map(|counts| counts.parameters),
        bytes: witness.counts.map(|counts| counts.bytes),
        detail: &witness.detail,
    }
}

#[derive(Serialize)]
struct Runtime<'r> {
    mode: RuntimeMode,
    tensorflow_version: Option<&'r str>,
    library: Option<String>,
    seconds: Option<f64>,
    peak_bytes: Option<u64>,
    sandbox: Option<Sandbox>,
    failure: Option<&'r str>,
}

fn runtime(runtime: &RuntimeInfo) -> Runtime<'_> {
    Runtime {
        mode: runtime.mode,
        tensorflow_version: runtime.tensorflow_version.as_deref(),
        library: runtime.library.as_ref().map(|path| path.to_string_lossy().into_owned()),
        // Milliseconds are as much as a wall time is worth.
        seconds: runtime.elapsed.map(|elapsed| elapsed.as_millis() as f64 / 1000.0),
        peak_bytes: runtime.peak_bytes,
        sandbox: runtime.sandbox,
        failure: runtime.failure.as_ref().map(|f| f.what.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Options, RuntimeChoice};

    #[test]
    fn a_report_serializes_as_the_documented_json() {
        let options = Options::default().runtime(RuntimeChoice::Off);
        let report = crate::census("tests/fixtures/lenet5/model", &options).unwrap();
        let mut written = Vec::new();
        let all = select(&report, &Filter::default(), Sort::Model);
        write(&report, &all, &mut written).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(serde_json::to_value(&report).unwrap(), written);
        assert_eq!(written["totals"]["parameters"], 61_706);
    }
}
