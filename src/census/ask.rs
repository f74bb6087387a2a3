//! Asks the session: builds the requests, takes the answers, falls back where `auto` may.

use foldhash::{HashMap, HashMapExt};
use std::path::Path;

use super::beside::PREFIX;
use super::files::{Counted, Files};
use super::mode::{Plan, Session, choose};
use crate::evidence::restore_graph::is_variable_op;
use crate::evidence::runtime::{
    self, Answer, Failure, FailureKind, Held, Limits, LoadRequest, Location, RestoreRequest,
    RestoreTensor, StatusCode, Tried, VariableKind, VariableOp,
};
use crate::model::{Code, Finding, RuntimeFailure, RuntimeInfo, RuntimeMode, Severity};
use crate::options::{Observer, Options, RuntimeChoice};
use crate::reconcile::{self, Confirmation, Inventory};
use crate::saved_model::{Graph, input_node};
use crate::source::Source;

/// Most bytes of weights that a session over the variables holds at one time.
const BATCH_BYTES: u64 = 32 << 20;

/// Why a session over the variables is not even started for a model that has none.
const NOTHING_TO_RESTORE: &str = "the model has no variables, so a session over the variables has \
    nothing to confirm; a full load (--runtime load) would show whether TensorFlow takes the model";

/// What came of asking.
pub(super) struct Outcome {
    /// What the report says of the session.
    pub info: RuntimeInfo,
    /// What it confirmed; `None` without an answer.
    pub confirmation: Option<Confirmation>,
}

impl Outcome {
    /// No session was wanted.
    pub fn off() -> Outcome {
        Outcome { info: info(RuntimeMode::Off, None), confirmation: None }
    }
}

fn info(mode: RuntimeMode, failure: Option<RuntimeFailure>) -> RuntimeInfo {
    RuntimeInfo {
        mode,
        tensorflow_version: None,
        library: None,
        elapsed: None,
        peak_bytes: None,
        failure,
    }
}

/// A worker process that is mapping the library.
pub(super) struct Worker<'a> {
    location: Location,
    limits: Limits<'a>,
    process: Result<runtime::Worker<'a>, Failure>,
}

impl<'a> Worker<'a> {
    /// Finds the library and starts the process.
    pub fn start(options: &'a Options, observer: &'a dyn Observer) -> Worker<'a> {
        let location = runtime::locate(options.libtensorflow.as_deref());
        let limits = Limits::of(options, observer);
        let process = runtime::start(&location, &limits);
        Worker { location, limits, process }
    }

    /// The process, or a new one where it has died.
    fn process(&mut self) -> Result<&mut runtime::Worker<'a>, Failure> {
        if self.process.as_ref().is_ok_and(|p| !p.is_alive()) {
            self.process = runtime::start(&self.location, &self.limits);
        }
        self.process.as_mut().map_err(|failure| failure.clone())
    }

    /// Has a session confirm the inventory's weights.
    pub fn confirm(
        mut self,
        source: &Source,
        files: &Files<'_>,
        counted: &mut Counted,
        options: &Options,
        findings: &mut Vec<Finding>,
    ) -> Outcome {
        let inventory = &mut counted.inventory;
        let plan = choose(files, inventory, options);
        note_hazards(files, options, findings);
        if plan.first == Session::Load && refuses_hazards(files, options) {
            return refused(files);
        }
        if let Some(why) = &plan.why {
            note_mode(format!("the session holds the variables alone: {why}"), findings);
        }
        let first = self.ask(plan.first, source, files, inventory, options);
        let mut found = Vec::new();
        let (mut outcome, failure) = match first {
            Ok(answer) => (take(plan.first, answer, inventory, &mut found), None),
            Err(failure) => (failed(plan.first, &failure, &self.location), Some(failure)),
        };
        if let Some(why) = fallback_reason(&plan, &outcome, failure.as_ref(), inventory, files) {
            let mut second_found = Vec::new();
            if failure.is_none() {
                // The process still holds the loaded model.
                self.process = runtime::start(&self.location, &self.limits);
            }
            match self.ask(Session::Variables, source, files, inventory, options) {
                Ok(answer) => {
                    note_mode(format!("the session holds the variables alone: {why}"), findings);
                    found.clear();
                    outcome = take(Session::Variables, answer, inventory, &mut second_found);
                    found.append(&mut second_found);
                }
                Err(second) => {
                    if failure.is_some() {
                        outcome = failed(Session::Variables, &second, &self.location);
                        if let Some(failure) = &mut outcome.info.failure {
                            failure.what =
                                format!("{why}; over the variables alone: {}", failure.what);
                        }
                    }
                }
            }
        }
        findings.append(&mut found);
        blame_the_library(&mut outcome);
        conclude(&outcome, findings);
        outcome
    }

    fn ask(
        &mut self,
        session: Session,
        source: &Source,
        files: &Files<'_>,
        inventory: &Inventory,
        options: &Options,
    ) -> Result<(Answer, Asked), Failure> {
        match session {
            Session::Load => {
                let (variables, positions) = variable_ops(&files.graph);
                let tags: Vec<String> = files.meta.tags.iter().map(|t| t.to_string()).collect();
                let request =
                    LoadRequest { model_dir: &source.dir, tags: &tags, variables: &variables };
                Ok((self.process()?.load(&request)?, Asked::Ops(positions)))
            }
            Session::Variables => {
                let has_weights = inventory.weights().next().is_some();
                // Who asks for the variables alone of a model without any gets what there is.
                if !has_weights && options.runtime != RuntimeChoice::Variables {
                    let code = StatusCode::FailedPrecondition;
                    return Err(Failure::new(FailureKind::Refused { code }, NOTHING_TO_RESTORE));
                }
                let (tensors, places) = restore_tensors(inventory);
                // The folder of the variables may not exist where there are none.
                let folder = if has_weights { &source.files.variables_dir } else { &source.dir };
                let prefix = folder.join(PREFIX);
                let request = RestoreRequest {
                    prefix: Path::new(&prefix),
                    tensors: &tensors,
                    batch_bytes: BATCH_BYTES,
                    stats: options.stats,
                };
                Ok((self.process()?.restore(&request)?, Asked::Parts(places)))
            }
        }
    }
}

/// What each line of an answer is about.
enum Asked {
    /// Position of the op in the main graph.
    Ops(Vec<usize>),
    /// Item and part of the inventory.
    Parts(Vec<(usize, usize)>),
}

/// All variable ops of the graph, each with a node that reads it where there is one.
fn variable_ops(graph: &Graph<'_>) -> (Vec<VariableOp>, Vec<usize>) {
    let mut reads: HashMap<&str, &str> = HashMap::new();
    for node in graph.nodes.iter().filter(|n| n.op == "ReadVariableOp") {
        if let Some(handle) = node.inputs().next() {
            reads.entry(input_node(handle).node).or_insert(node.name);
        }
    }
    let mut ops = Vec::new();
    let mut positions = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate().filter(|(_, n)| is_variable_op(n.op)) {
        let kind = match node.op {
            "VarHandleOp" => VariableKind::Resource,
            _ => VariableKind::Reference,
        };
        let read = reads.get(node.name).map(|r| r.to_string());
        ops.push(VariableOp { node: node.name.to_owned(), kind, read });
        positions.push(at);
    }
    (ops, positions)
}

/// The tensors to restore: every counted variable that the checkpoint stores, part by part.
fn restore_tensors(inventory: &Inventory) -> (Vec<RestoreTensor>, Vec<(usize, usize)>) {
    let mut tensors = Vec::new();
    let mut places = Vec::new();
    for (at, item) in inventory.items.iter().enumerate().filter(|(_, i)| i.is_weight()) {
        let (Some(key), Some(stored)) = (&item.key, &item.stored) else { continue };
        let Some(dtype) = stored.dtype else { continue };
        let slices: Vec<&str> = match item.parts.as_slice() {
            [] => vec![""],
            parts => parts.iter().map(|p| p.slice.as_str()).collect(),
        };
        let byte_len = stored.byte_len / slices.len() as u64;
        for (part, slice) in slices.into_iter().enumerate() {
            tensors.push(RestoreTensor {
                key: key.clone(),
                slice: slice.to_owned(),
                dtype,
                byte_len,
            });
            places.push((at, part));
        }
    }
    (tensors, places)
}

fn take(
    session: Session,
    (answer, asked): (Answer, Asked),
    inventory: &mut Inventory,
    findings: &mut Vec<Finding>,
) -> Outcome {
    let confirmation = match asked {
        Asked::Ops(positions) => {
            for name in &answer.unasked {
                findings.push(
                    Finding::new(
                        Code::RuntimeVariables,
                        "the session's graph holds a variable that the file does not declare",
                    )
                    .about(name),
                );
            }
            let held: HashMap<usize, &Held> = positions.into_iter().zip(&answer.held).collect();
            reconcile::compare_load(inventory, |op| held.get(&op).copied(), findings)
        }
        Asked::Parts(places) => {
            let held: HashMap<(usize, usize), &Held> =
                places.into_iter().zip(&answer.held).collect();
            reconcile::compare_restore(
                inventory,
                |item, part| held.get(&(item, part)).copied(),
                findings,
            )
        }
    };
    Outcome {
        info: RuntimeInfo {
            mode: mode_of(session),
            tensorflow_version: Some(answer.tensorflow_version),
            library: Some(answer.library),
            elapsed: Some(answer.elapsed),
            peak_bytes: answer.peak_bytes,
            failure: None,
        },
        confirmation: Some(confirmation),
    }
}

fn mode_of(session: Session) -> RuntimeMode {
    match session {
        Session::Load => RuntimeMode::Load,
        Session::Variables => RuntimeMode::Variables,
    }
}

fn failed(session: Session, failure: &Failure, location: &Location) -> Outcome {
    // Not to whoever has asked for just that.
    let or_variables = match session {
        Session::Load => ", or ask for the variables alone with --runtime variables",
        Session::Variables => "",
    };
    let mut why = RuntimeFailure {
        what: failure.message.clone(),
        advice: String::new(),
        last_words: failure.last_words.clone(),
        tried: Vec::new(),
        no_library: false,
    };
    match &failure.kind {
        FailureKind::NoLibrary => {
            why.tried = location.tried.iter().map(describe).collect();
            why.what = format!("no libtensorflow was found in {} places", why.tried.len());
            why.advice =
                "name one with --libtensorflow PATH (a pip TensorFlow's folder will do), or count the files alone with --runtime off"
                    .into();
            why.no_library = true;
        }
        FailureKind::LibraryUnusable => {
            why.advice =
                "name another with --libtensorflow PATH; tfcensus doctor shows them all".into();
            why.no_library = true;
        }
        FailureKind::MissingOp(op) => {
            why.what = format!("this libtensorflow lacks the op {op}");
            why.advice = format!(
                "if {op} is a custom op, load its library with --op-library PATH; if a newer TensorFlow has it, name that one with --libtensorflow PATH; or ask for the variables alone with --runtime variables"
            );
        }
        FailureKind::TimedOut => {
            why.advice = format!("give it longer with --timeout SECONDS{or_variables}");
        }
        FailureKind::OutOfMemory => {
            why.advice = format!("give it more with --memory-limit{or_variables}");
        }
        FailureKind::Crashed { .. } | FailureKind::Refused { .. } | FailureKind::Protocol => {}
    }
    Outcome { info: info(mode_of(session), Some(why)), confirmation: None }
}

fn describe(tried: &Tried) -> String {
    match &tried.path {
        Some(path) => format!("{} ({}): {}", tried.place, path.display(), tried.outcome),
        None => format!("{}: {}", tried.place, tried.outcome),
    }
}

/// Why the variables alone are asked for after a full load; `None` where they are not.
fn fallback_reason(
    plan: &Plan,
    outcome: &Outcome,
    failure: Option<&Failure>,
    inventory: &Inventory,
    files: &Files<'_>,
) -> Option<String> {
    if !plan.falls_back || files.index.is_none() || inventory.weights().next().is_none() {
        return None;
    }
    match (failure, &outcome.confirmation) {
        (Some(f), _) if matches!(f.kind, FailureKind::NoLibrary | FailureKind::LibraryUnusable) => {
            None
        }
        (Some(f), _) => Some(format!("the full load failed ({})", f.message)),
        (None, Some(c)) if !c.is_whole() => {
            Some(format!("the full load left {} of the variables without a value", c.missing.len()))
        }
        _ => None,
    }
}

fn note_mode(message: String, findings: &mut Vec<Finding>) {
    findings.push(Finding::new(Code::RuntimeModeChosen, message));
}

fn note_hazards(files: &Files<'_>, options: &Options, findings: &mut Vec<Finding>) {
    for (op, node) in &files.hazards.unsafe_ops {
        let severity = match options.allow_unsafe_ops {
            true => Severity::Note,
            false => Severity::Warning,
        };
        findings.push(
            Finding::new(
                Code::UnsafeOps,
                format!("loading this model runs {op}, which reaches beyond the model"),
            )
            .about(*node)
            .severity(severity),
        );
    }
}

fn refuses_hazards(files: &Files<'_>, options: &Options) -> bool {
    options.runtime == RuntimeChoice::Load && !options.allow_unsafe_ops && !files.hazards.is_none()
}

fn refused(files: &Files<'_>) -> Outcome {
    let (what, advice) = match (files.hazards.unsafe_ops.first(), files.hazards.recursion) {
        (Some((op, node)), _) => (
            format!("a full load would run {op} ({node}), which reaches beyond the model"),
            "use --runtime variables, or --allow-unsafe-ops if you trust the model",
        ),
        (None, function) => (
            format!(
                "a full load would not end, because function {} calls itself",
                function.unwrap_or_default()
            ),
            "use --runtime variables",
        ),
    };
    let why = RuntimeFailure { what, advice: advice.into(), ..RuntimeFailure::default() };
    Outcome { info: info(RuntimeMode::Load, Some(why)), confirmation: None }
}

/// Most variables that are named one by one as not confirmed.
const MAX_NAMED: usize = 5;

/// Findings about what the session did not say.
fn conclude(outcome: &Outcome, findings: &mut Vec<Finding>) {
    if let Some(why) = &outcome.info.failure {
        let code = if why.no_library { Code::LibraryMissing } else { Code::RuntimeFailed };
        let what = &why.what;
        findings.push(Finding::new(code, format!("no session could confirm the count: {what}")));
    }
    let Some(confirmation) = &outcome.confirmation else { return };
    let severity = |excusable: bool| match excusable {
        true => Severity::Warning,
        false => Severity::Error,
    };
    let missing = &confirmation.missing;
    if missing.len() > MAX_NAMED {
        let all = confirmation.confirmed.iter().filter(|known| **known).count() + missing.len();
        let finding = Finding::new(
            Code::NotConfirmed,
            format!(
                "the session does not hold {} of the {all} weights; the first {MAX_NAMED} are named",
                missing.len()
            ),
        );
        findings.push(finding.severity(severity(missing.iter().all(|(_, w)| is_unknown_type(w)))));
    }
    for (name, why) in missing.iter().take(MAX_NAMED) {
        let severity = severity(is_unknown_type(why));
        let why = why.as_deref().unwrap_or("the checkpoint does not give it");
        findings.push(
            Finding::new(
                Code::NotConfirmed,
                format!("the session does not hold this weight: {why}"),
            )
            .about(name)
            .severity(severity),
        );
    }
}

/// True where the library is too old for a weight's type: that says nothing against the model.
/// Source: `ValidateAttrValue`, tensorflow/core/framework/attr_value_util.cc (TensorFlow 2.12).
fn is_unknown_type(why: &Option<String>) -> bool {
    why.as_ref().is_some_and(|why| why.contains("invalid DataType enum"))
}

/// A library that is too old for some weights could not confirm the count.
fn blame_the_library(outcome: &mut Outcome) {
    let Some(confirmation) = &outcome.confirmation else { return };
    let mut too_new = confirmation.missing.iter().filter(|(_, why)| is_unknown_type(why));
    let Some((name, _)) = too_new.next() else { return };
    let more = match too_new.count() {
        0 => String::new(),
        more => format!(" and of {more} more weights"),
    };
    outcome.info.failure = Some(RuntimeFailure {
        what: format!("this libtensorflow does not know the type of {name}{more}"),
        advice: "name a newer one with --libtensorflow PATH".into(),
        ..RuntimeFailure::default()
    });
}
