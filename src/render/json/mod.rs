//! JSON of schema version 1: what scripts rely on. `docs/report.schema.json` describes it.
//!
//! The structs here are the format. They borrow from the report and are apart from its types, so
//! that neither has to change with the other. Keys are only ever added.

use std::io::{self, Write};

use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use crate::cost::{Cost, cost};
use crate::model::{
    Counts, DType, Finding, Group, GroupKind, Report, RuntimeInfo, Trainable, Variable, VariableId,
    Witness,
};
use crate::select::Selection;

/// Version of the format.
pub const SCHEMA_VERSION: u32 = 1;
/// Levels of groups that are written; a report has fewer. Readers have limits too: 128 levels of
/// brackets are common, and each group takes two.
const MAX_DEPTH: usize = 60;
/// Levels of brackets that are broken into lines: each variable and each finding has its own.
const BROKEN_LEVELS: usize = 2;

/// Writes the report as one object and a newline. With a filter, `variables` holds those chosen.
pub fn write(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    write_lines(&document(report, selection), out)
}

/// Writes any value as [`write`] does: the outer levels broken into lines.
pub(super) fn write_lines(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Lines::default());
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// The report as one line, without the newline.
pub fn to_compact_string(report: &Report, selection: &Selection) -> String {
    // Only maps with keys that are no strings fail to become text, and there are none.
    serde_json::to_string(&document(report, selection)).unwrap_or_default()
}

#[derive(Serialize)]
struct Document<'r> {
    schema_version: u32,
    tfcensus_version: &'static str,
    model: Model<'r>,
    totals: Totals<'r>,
    not_counted: Vec<NotCounted<'r>>,
    constants: Constants,
    variables: Variables<'r>,
    groups: Node<'r>,
    witnesses: Vec<WitnessEntry<'r>>,
    runtime: Runtime<'r>,
    findings: Vec<FindingEntry<'r>>,
    verdict: &'static str,
    selection: Option<Totals<'r>>,
    cost: CostEntry,
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
                role: left_out.role.as_str(),
                variables: left_out.counts.variables,
                parameters: left_out.counts.parameters,
                bytes: left_out.counts.bytes,
                examples: &left_out.examples,
            })
            .collect(),
        constants: Constants {
            tensors: report.constants.tensors,
            parameters: report.constants.parameters,
            bytes: report.constants.bytes,
        },
        variables: Variables { report, ids: &selection.ids },
        groups: Node { report, at: 0, depth: 0 },
        witnesses: report.witnesses.iter().map(witness).collect(),
        runtime: runtime(&report.runtime),
        findings: report.findings.iter().map(finding).collect(),
        verdict: report.verdict.as_str(),
        selection: selection.filtered.then(|| totals(&selection.totals)),
        cost: cost_entry(cost(report)),
    }
}

#[derive(Serialize)]
struct Model<'r> {
    source: &'r str,
    path: String,
    format: &'static str,
    tensorflow_version: Option<&'r str>,
    object_graph: bool,
    keras: Option<Keras<'r>>,
    meta_graphs: Vec<MetaGraph<'r>>,
}

#[derive(Serialize)]
struct Keras<'r> {
    version: Option<&'r str>,
    metadata: Option<&'static str>,
}

#[derive(Serialize)]
struct MetaGraph<'r> {
    tags: &'r [String],
    selected: bool,
}

fn model(report: &Report) -> Model<'_> {
    let model = &report.model;
    Model {
        source: &model.source,
        path: model.path.to_string_lossy().into_owned(),
        format: model.format.as_str(),
        tensorflow_version: model.tensorflow_version.as_deref(),
        object_graph: model.object_graph,
        keras: model.keras.as_ref().map(|keras| Keras {
            version: keras.version.as_deref(),
            metadata: keras.metadata.map(|place| place.as_str()),
        }),
        meta_graphs: model
            .meta_graphs
            .iter()
            .map(|graph| MetaGraph { tags: &graph.tags, selected: graph.selected })
            .collect(),
    }
}

#[derive(Serialize)]
struct Totals<'r> {
    parameters: u64,
    trainable: u64,
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
    role: &'static str,
    variables: u64,
    parameters: u64,
    bytes: u64,
    examples: &'r [String],
}

#[derive(Serialize)]
struct Constants {
    tensors: u64,
    parameters: u64,
    bytes: u64,
}

struct Variables<'r> {
    report: &'r Report,
    ids: &'r [VariableId],
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
    groups: Vec<usize>,
    shared: bool,
    confirmed: bool,
    id: usize,
    stats: Option<StatsEntry>,
}

#[derive(Serialize)]
struct StatsEntry {
    mean: Option<f64>,
    std_dev: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    zeros: u64,
    nans: u64,
    infinities: u64,
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
        groups: variable.groups.iter().map(|group| group.0).collect(),
        shared: variable.shared,
        confirmed: variable.confirmed,
        id: id.0,
        stats: variable.stats.map(|stats| StatsEntry {
            mean: stats.mean,
            std_dev: stats.std_dev,
            min: stats.min,
            max: stats.max,
            zeros: stats.zeros,
            nans: stats.nans,
            infinities: stats.infinities,
        }),
    }
}

/// A group and what is below it. Recursion ends at [`MAX_DEPTH`], and at edges that lead back.
struct Node<'r> {
    report: &'r Report,
    at: usize,
    depth: usize,
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
        let mut entry = serializer.serialize_struct("Group", 14)?;
        entry.serialize_field("id", &self.at)?;
        entry.serialize_field("name", &group.name)?;
        entry.serialize_field("class", &group.class)?;
        entry.serialize_field("kind", group.kind.as_str())?;
        entry.serialize_field("parameters", &group.counts.parameters)?;
        entry.serialize_field("trainable", &group.trainable)?;
        entry.serialize_field("bytes", &group.counts.bytes)?;
        entry.serialize_field("own_parameters", &group.own_parameters)?;
        entry.serialize_field("shared", &group.shared)?;
        entry.serialize_field("variables", &group.counts.variables)?;
        entry.serialize_field("frozen", &group.frozen)?;
        entry.serialize_field("undetermined", &group.undetermined)?;
        entry.serialize_field("own", &group.own.iter().map(|id| id.0).collect::<Vec<_>>())?;
        entry.serialize_field("children", &children)?;
        entry.end()
    }
}

fn bare_root(report: &Report) -> Group {
    Group {
        name: String::new(),
        class: None,
        kind: GroupKind::Model,
        counts: report.totals.all,
        trainable: report.totals.trainable.parameters,
        frozen: 0,
        undetermined: report.totals.undetermined.parameters,
        own_parameters: report.totals.all.parameters,
        own: (0..report.variables.len()).map(VariableId).collect(),
        shared: false,
        children: Vec::new(),
    }
}

#[derive(Serialize)]
struct WitnessEntry<'r> {
    name: &'static str,
    status: &'static str,
    variables: Option<u64>,
    parameters: Option<u64>,
    bytes: Option<u64>,
    detail: &'r str,
}

fn witness(witness: &Witness) -> WitnessEntry<'_> {
    WitnessEntry {
        name: witness.name.as_str(),
        status: witness.status.as_str(),
        variables: witness.counts.map(|counts| counts.variables),
        parameters: witness.counts.map(|counts| counts.parameters),
        bytes: witness.counts.map(|counts| counts.bytes),
        detail: &witness.detail,
    }
}

#[derive(Serialize)]
struct Runtime<'r> {
    mode: &'static str,
    tensorflow_version: Option<&'r str>,
    library: Option<String>,
    seconds: Option<f64>,
    peak_bytes: Option<u64>,
    failure: Option<&'r str>,
}

fn runtime(runtime: &RuntimeInfo) -> Runtime<'_> {
    Runtime {
        mode: runtime.mode.as_str(),
        tensorflow_version: runtime.tensorflow_version.as_deref(),
        library: runtime.library.as_ref().map(|path| path.to_string_lossy().into_owned()),
        // Milliseconds are as much as a wall time is worth.
        seconds: runtime.elapsed.map(|elapsed| elapsed.as_millis() as f64 / 1000.0),
        peak_bytes: runtime.peak_bytes,
        failure: runtime.failure.as_ref().map(|f| f.what.as_str()),
    }
}

#[derive(Serialize)]
struct FindingEntry<'r> {
    code: &'static str,
    severity: &'static str,
    subject: Option<&'r str>,
    message: &'r str,
    expected: Option<&'r str>,
    found: Option<&'r str>,
}

fn finding(finding: &Finding) -> FindingEntry<'_> {
    FindingEntry {
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        subject: finding.subject.as_deref(),
        message: &finding.message,
        expected: finding.expected.as_deref(),
        found: finding.found.as_deref(),
    }
}

#[derive(Serialize)]
struct CostEntry {
    estimates: Vec<EstimateEntry>,
    undetermined_as_trainable: bool,
    largest: Vec<usize>,
}

#[derive(Serialize)]
struct EstimateEntry {
    purpose: &'static str,
    bytes: u64,
    rule: &'static str,
}

fn cost_entry(cost: Cost) -> CostEntry {
    CostEntry {
        estimates: cost
            .estimates
            .into_iter()
            .map(|e| EstimateEntry { purpose: e.purpose, bytes: e.bytes, rule: e.rule })
            .collect(),
        undetermined_as_trainable: cost.undetermined_as_trainable,
        largest: cost.largest.into_iter().map(|id| id.0).collect(),
    }
}

/// One line for each entry of the outer two levels, everything deeper on that line.
#[derive(Default)]
struct Lines {
    level: usize,
    has_value: bool,
}

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, bracket: &[u8], out: &mut W) -> io::Result<()> {
        self.level += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, bracket: &[u8], out: &mut W) -> io::Result<()> {
        self.level = self.level.saturating_sub(1);
        if self.has_value && self.level < BROKEN_LEVELS {
            self.new_line(out)?;
        }
        self.has_value = true;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, first: bool, out: &mut W) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        match self.level {
            level if level <= BROKEN_LEVELS => self.new_line(out),
            _ if first => Ok(()),
            _ => out.write_all(b" "),
        }
    }

    fn new_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        writeln!(out)?;
        (0..self.level).try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(b"[", out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(b"]", out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(first, out)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(b"{", out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(b"}", out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(first, out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}
