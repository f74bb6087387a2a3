//! Asks the session: starts its process, has it confirm the inventory, and falls back from a full
//! load to the variables alone where `auto` may.

use std::path::PathBuf;

use foldhash::{HashMap, HashMapExt};

use super::session_choice::{SessionChoice, SessionKind, choose};
use super::session_failure::{cannot_confirm, failed, refused, waits_for};
use super::session_request::{constants_to_fill, readable, tensors_to_restore, variable_ops};
use crate::evidence::files::FileEvidence;
use crate::evidence::runtime::{
    self, Answer, Failure, FailureKind, Held, LoadRequest, Location, RawBytes, Ready,
    RestoreRequest,
};
use crate::evidence::sidecars::CHECKPOINT_PREFIX;
use crate::model::{RuntimeFailure, RuntimeInfo, RuntimeMode, Sandbox};
use crate::options::{Observer, Options, RuntimeChoice};
use crate::reconcile::{
    Confirmation, Fact, Inventory, ItemId, SessionFact, Settled, Unconfirmed, VariablesReason,
    WhyNot, compare_session, unproven, without_owner,
};
use crate::saved_model::OpId;
use crate::source::Source;
use crate::verdict::reason_words;

/// Most bytes of weights that a session over the variables holds at one time.
const BATCH_BYTES: u64 = 32 << 20;
/// Most reasons for which weights are not confirmed that are told apart; the last takes the rest.
const MAX_REASONS: usize = 6;

/// Why a session over the variables is not even started for a model that has none.
const NOTHING_TO_RESTORE: &str = "the model has no variables, so a session over the variables has \
    nothing to confirm; a full load (--runtime load) would show whether TensorFlow takes the model";

/// What came of asking.
pub(super) struct SessionOutcome {
    /// What the report says of the session.
    pub info: RuntimeInfo,
    /// What it confirmed; `None` without an answer.
    pub confirmation: Option<Confirmation>,
    /// What it is to be remarked of it.
    pub facts: Vec<Fact>,
}

impl SessionOutcome {
    /// No session was wanted.
    pub fn off() -> SessionOutcome {
        SessionOutcome::without_answer(RuntimeMode::Off, None)
    }

    /// True where TensorFlow's loader has read the model.
    pub fn has_loaded(&self) -> bool {
        self.info.mode == RuntimeMode::Load && self.confirmation.is_some()
    }

    fn without_answer(mode: RuntimeMode, failure: Option<RuntimeFailure>) -> SessionOutcome {
        let info = RuntimeInfo {
            mode,
            tensorflow_version: None,
            library: None,
            elapsed: None,
            peak_bytes: None,
            sandbox: None,
            failure,
        };
        SessionOutcome { info, confirmation: None, facts: Vec::new() }
    }
}

/// The session's process, which maps the library while the files are read.
pub(super) struct Session<'a> {
    location: Location,
    readable: Vec<PathBuf>,
    options: &'a Options,
    observer: &'a dyn Observer,
    process: Result<runtime::Worker<'a>, Failure>,
}

impl<'a> Session<'a> {
    /// Finds the library and starts the process.
    pub fn start(source: &Source, options: &'a Options, observer: &'a dyn Observer) -> Session<'a> {
        let location = runtime::locate(options.libtensorflow.as_deref());
        let readable = readable(source);
        let process = runtime::start(&location, &readable, options, observer);
        Session { location, readable, options, observer, process }
    }

    /// Has a session confirm the inventory's weights.
    pub fn confirm(
        mut self,
        source: &Source,
        files: &FileEvidence<'_>,
        inventory: &Inventory<Settled>,
    ) -> SessionOutcome {
        let options = self.options;
        let mut facts = unsafe_ops(files, options);
        let choice = choose(files, inventory, options);
        let mut outcome = if choice.first == SessionKind::Load && refuses_hazards(files, options) {
            SessionOutcome::without_answer(RuntimeMode::Load, Some(refused(files)))
        } else if let Some(path) = source.files.irregular.first() {
            SessionOutcome::without_answer(choice.first.into(), Some(waits_for(path)))
        } else {
            let census = Request { source, files, inventory, options };
            self.ask_with_fallback(&choice, &census)
        };
        if let Some(confirmation) = &mut outcome.confirmation {
            outcome.facts.extend(not_in_main_graph(files, confirmation));
            if outcome.info.failure.is_none() {
                outcome.info.failure = cannot_confirm(confirmation, outcome.info.mode);
            }
        }
        facts.append(&mut outcome.facts);
        facts.extend(not_said(&outcome));
        outcome.facts = facts;
        outcome
    }

    fn ask_with_fallback(
        &mut self,
        choice: &SessionChoice,
        census: &Request<'_, '_>,
    ) -> SessionOutcome {
        // A caller who asks for the variables alone gets an answer for a model without any.
        let has_question = census.inventory.has_weights() || choice.reason.is_none();
        let first = match has_question {
            true => self.ask(choice.first, census),
            false => Err(Failure::new(FailureKind::Refused, NOTHING_TO_RESTORE)),
        };
        let Some(reason) = fallback_reason(choice, &first, census) else {
            return self.outcome(choice.first, first, choice.reason.clone());
        };
        if first.is_ok() {
            // The process still holds the loaded model.
            self.restart();
        }
        match (self.ask(SessionKind::Variables, census), first) {
            (Ok(second), _) => self.outcome(SessionKind::Variables, Ok(second), Some(reason)),
            // An answer that lacks some variables is worth more than none.
            (Err(_), Ok(first)) => self.outcome(choice.first, Ok(first), None),
            (Err(second), Err(_)) => {
                let why = reason_words(&reason);
                let mut outcome = self.outcome(SessionKind::Variables, Err(second), None);
                if let Some(failure) = &mut outcome.info.failure {
                    failure.what = format!("{why}; over the variables alone: {}", failure.what);
                }
                outcome
            }
        }
    }

    fn restart(&mut self) {
        self.process = runtime::start(&self.location, &self.readable, self.options, self.observer);
    }

    /// The process, or a new one where it has died.
    fn process(&mut self) -> Result<&mut runtime::Worker<'a>, Failure> {
        if self.process.as_ref().is_ok_and(|p| !p.is_alive()) {
            self.restart();
        }
        self.process.as_mut().map_err(|failure| failure.clone())
    }

    fn ask(&mut self, session: SessionKind, census: &Request<'_, '_>) -> Result<Heard, Failure> {
        match session {
            SessionKind::Load => self.load(census),
            SessionKind::Variables => self.restore(census),
        }
    }

    fn load(&mut self, census: &Request<'_, '_>) -> Result<Heard, Failure> {
        let (variables, ops) = variable_ops(&census.files.graph);
        let tags: Vec<String> = census.files.meta.tags.iter().map(|t| t.to_string()).collect();
        let model_dir = RawBytes::from(census.source.dir.as_path());
        let answer = self.process()?.load(LoadRequest { model_dir, tags, variables })?;
        let held: HashMap<OpId, &Held> = ops.iter().copied().zip(&answer.held).collect();
        let nothing_to_prove = |_: &Settled| None;
        let mut confirmation = compare_session(census.inventory, nothing_to_prove, |_, item| {
            item.parts.iter().map(|part| held.get(&part.op?).copied()).collect()
        });
        let all = ops.iter().copied().zip(&answer.held);
        let without = without_owner(census.inventory, &census.files.graph, all);
        if let Some(first) = without.first().cloned() {
            confirmation.holds_more = true;
            let variables = without.len();
            confirmation.facts.push(SessionFact::WithoutOwner { first, variables }.into());
        }
        let undeclared = answer.undeclared.iter().cloned().map(SessionFact::UndeclaredVariable);
        confirmation.facts.splice(0..0, undeclared.map(Fact::from));
        Ok(Heard { confirmation, answer })
    }

    fn restore(&mut self, census: &Request<'_, '_>) -> Result<Heard, Failure> {
        let has_weights = census.inventory.has_weights();
        let (tensors, mut places) = tensors_to_restore(census.inventory);
        let (constants, filled) = constants_to_fill(census.inventory, &census.files.restore);
        places.extend(filled);
        // The folder of the variables may not exist where there are none.
        let source = census.source;
        let folder = if has_weights { &source.files.variables_dir } else { &source.dir };
        let request = RestoreRequest {
            prefix: RawBytes::from(folder.join(CHECKPOINT_PREFIX).as_path()),
            tensors,
            constants,
            batch_bytes: BATCH_BYTES,
            stats: census.options.stats,
        };
        let answer = self.process()?.restore(request)?;
        let held: HashMap<(ItemId, usize), &Held> = places.into_iter().zip(&answer.held).collect();
        let proof = |item: &Settled| unproven(item, &census.files.restore);
        let confirmation = compare_session(census.inventory, proof, |id, item| {
            let parts = 0..item.parts.len().max(1);
            parts.map(|part| held.get(&(id, part)).copied()).collect()
        });
        Ok(Heard { confirmation, answer })
    }

    fn outcome(
        &self,
        session: SessionKind,
        heard: Result<Heard, Failure>,
        reason: Option<VariablesReason>,
    ) -> SessionOutcome {
        let mode = RuntimeMode::from(session);
        let mut outcome = match heard {
            Err(failure) => {
                let why = failed(session, &failure, &self.location);
                SessionOutcome::without_answer(mode, Some(why))
            }
            Ok(Heard { answer, mut confirmation }) => SessionOutcome {
                facts: no_sandbox(mode, &answer.ready)
                    .into_iter()
                    .chain(std::mem::take(&mut confirmation.facts))
                    .collect(),
                info: RuntimeInfo {
                    mode,
                    tensorflow_version: Some(answer.ready.tensorflow_version),
                    library: Some(answer.library),
                    elapsed: Some(answer.elapsed),
                    peak_bytes: answer.peak_bytes,
                    sandbox: Some(answer.ready.sandbox),
                    failure: None,
                },
                confirmation: Some(confirmation),
            },
        };
        if let Some(reason) = reason {
            outcome.facts.insert(0, SessionFact::OverVariables(reason).into());
        }
        outcome
    }
}

/// What a session is asked about.
struct Request<'r, 'a> {
    source: &'r Source,
    files: &'r FileEvidence<'a>,
    inventory: &'r Inventory<Settled>,
    options: &'r Options,
}

/// What a session said, and what that confirms.
struct Heard {
    answer: Answer,
    confirmation: Confirmation,
}

/// Why the variables alone are asked for after a full load; `None` where they are not.
///
/// A library that cannot be used is not asked twice, nor a program that does not serve, nor is a folder
/// looked for twice. Any other failure may be one of the loader alone: an op that the library lacks, a
/// device that the machine lacks.
fn fallback_reason(
    choice: &SessionChoice,
    first: &Result<Heard, Failure>,
    census: &Request<'_, '_>,
) -> Option<VariablesReason> {
    if !choice.falls_back {
        return None;
    }
    if !census.inventory.has_weights() {
        // No weight speaks for the model: only what says nothing against it is forgiven.
        let lacks_an_op = |failure: &&Failure| matches!(failure.kind, FailureKind::MissingOp(_));
        let failure = first.as_ref().err().filter(lacks_an_op)?;
        return Some(VariablesReason::LoadFailed(failure.message.clone()));
    }
    census.files.index.as_ref()?;
    match first {
        Err(failure) => match failure.kind {
            FailureKind::NoLibrary
            | FailureKind::LibraryUnusable
            | FailureKind::NotAWorker
            | FailureKind::Unparsable
            | FailureKind::NoTemporaryFolder => None,
            _ => Some(VariablesReason::LoadFailed(failure.message.clone())),
        },
        Ok(heard) if heard.confirmation.is_whole() => None,
        Ok(heard) => Some(VariablesReason::LoadIncomplete(heard.confirmation.missing.len())),
    }
}

/// A load that holds what no variable op stands for holds more than any session can be asked for.
fn not_in_main_graph(files: &FileEvidence<'_>, confirmation: &mut Confirmation) -> Option<Fact> {
    let hidden = &files.restore.not_in_main_graph;
    let (function, node) = hidden.first()?;
    confirmation.holds_more = true;
    let (function, node) = (function.to_string(), node.to_string());
    Some(SessionFact::NotInMainGraph { function, node, nodes: hidden.len() }.into())
}

fn unsafe_ops(files: &FileEvidence<'_>, options: &Options) -> Vec<Fact> {
    let is_allowed = options.allow_unsafe_ops;
    let ops = files.hazards.unsafe_ops.iter();
    ops.map(|(op, node)| {
        let (op, node) = (op.to_string(), node.to_string());
        SessionFact::UnsafeOp { op, node, is_allowed }.into()
    })
    .collect()
}

fn refuses_hazards(files: &FileEvidence<'_>, options: &Options) -> bool {
    options.runtime == RuntimeChoice::Load && !options.allow_unsafe_ops && !files.hazards.is_none()
}

/// A model that was loaded behind no wall at all; of one whose variables alone were restored, nothing
/// ran.
fn no_sandbox(mode: RuntimeMode, ready: &Ready) -> Option<Fact> {
    let is_open = mode == RuntimeMode::Load && ready.sandbox == Sandbox::None;
    is_open.then(|| SessionFact::NoSandbox(ready.sandbox_lacks.clone()).into())
}

/// What the session did not say: no answer at all, or no value for some weights.
fn not_said(outcome: &SessionOutcome) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    if let Some(why) = &outcome.info.failure {
        let what = why.what.clone();
        let fact = if why.no_library { SessionFact::NoLibrary } else { SessionFact::Failed };
        facts.push(fact(what).into());
    }
    let Some(confirmation) = &outcome.confirmation else { return facts };
    facts.extend(not_confirmed(confirmation).into_iter().map(Fact::from));
    facts
}

/// The weights that the session does not hold: one fact for each reason, since a missing shard is one
/// cause, however many weights lie in it.
fn not_confirmed(confirmation: &Confirmation) -> Vec<SessionFact> {
    let mut by_reason: Vec<Vec<&Unconfirmed>> = Vec::new();
    let mut places: HashMap<&WhyNot, usize> = HashMap::new();
    for weight in &confirmation.missing {
        let last = by_reason.len().min(MAX_REASONS - 1);
        let place = *places.entry(&weight.why).or_insert(last);
        match by_reason.get_mut(place) {
            Some(weights) => weights.push(weight),
            None => by_reason.push(vec![weight]),
        }
    }
    let facts = by_reason.into_iter().filter_map(|missing| {
        let (first, others) = missing.split_first()?;
        if others.is_empty() {
            return Some(SessionFact::NotConfirmed((*first).clone()));
        }
        let is_one_reason = others.iter().all(|other| other.why == first.why);
        Some(SessionFact::ManyNotConfirmed {
            missing: missing.len(),
            weights: confirmation.weights(),
            first: first.variable.clone(),
            why: is_one_reason.then(|| first.why.clone()),
            is_against_the_model: missing.iter().any(|weight| weight.is_against_the_model()),
        })
    });
    facts.collect()
}
