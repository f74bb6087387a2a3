//! Why no session answered, for a person: what happened and what to do about it.

use std::path::Path;

use super::op_packages::package_of;
use super::session_choice::SessionKind;
use crate::evidence::files::FileEvidence;
use crate::evidence::load_hazards;
use crate::evidence::runtime::{Failure, FailureKind, Location, Tried};
use crate::model::{RuntimeFailure, RuntimeMode};
use crate::reconcile::{Confirmation, Unconfirmed, WhyNot};

/// What to do about a program that is started as a worker and does not serve.
pub(super) const CALL_SERVE_IF_WORKER: &str = "let the program call tfcensus::serve_if_worker() \
    first thing in main, or name one that does with Options::worker";

/// A session that was asked and failed.
pub(super) fn failed(
    session: SessionKind,
    failure: &Failure,
    location: &Location,
) -> RuntimeFailure {
    // Advice for a census that did not ask for just that.
    let or_variables = match session {
        SessionKind::Load => ", or ask for the variables alone with --runtime variables",
        SessionKind::Variables => "",
    };
    let mut why = RuntimeFailure {
        what: failure.message.clone(),
        stderr_lines: failure.stderr_lines.clone(),
        ..RuntimeFailure::default()
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
            let library = match package_of(op) {
                Some(package) => format!(
                    "{op} is an op of {package}: pip install it, and load its library (a .so file in its folder) with --op-library PATH"
                ),
                None => format!(
                    "if {op} is a custom op, load its library with --op-library PATH; if a newer TensorFlow has it, name that one with --libtensorflow PATH"
                ),
            };
            why.advice =
                format!("{library}; or ask for the variables alone with --runtime variables");
        }
        FailureKind::NoTemporaryFolder => {
            why.advice = "set TMPDIR to a folder that can be written to: a session needs one for a moment, for a link to the library".into();
        }
        FailureKind::Unparsable => {
            why.advice = "get the model again: its file is damaged, or a newer TensorFlow wrote it than this one (--libtensorflow PATH names another)".into();
        }
        FailureKind::NotAWorker => why.advice = CALL_SERVE_IF_WORKER.into(),
        FailureKind::TimedOut => {
            why.advice = format!("give it longer with --timeout SECONDS{or_variables}");
        }
        FailureKind::OutOfMemory => {
            why.advice = format!("give it more with --memory-limit{or_variables}");
        }
        FailureKind::Crashed { .. } | FailureKind::Refused | FailureKind::Protocol => {}
    }
    why
}

fn describe(tried: &Tried) -> String {
    match &tried.path {
        Some(path) => format!("{} ({}): {}", tried.place, path.display(), tried.outcome),
        None => format!("{}: {}", tried.place, tried.outcome),
    }
}

/// A full load that was asked for and is refused, because of what it would run.
pub(super) fn refused(files: &FileEvidence<'_>) -> RuntimeFailure {
    let (what, advice) = match (files.hazards.unsafe_ops.first(), files.hazards.recursion) {
        (Some((op, node)), _) if !load_hazards::is_listed(op) => (
            format!("a full load would run {op} ({node}), an op that nobody has looked at"),
            "use --runtime variables; or, for a custom op that you trust, --op-library PATH with \
             --allow-unsafe-ops",
        ),
        (Some((op, node)), _) => (
            format!("a full load would run {op} ({node}), which may reach beyond the model"),
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
    RuntimeFailure { what, advice: advice.into(), ..RuntimeFailure::default() }
}

/// A session is not asked where it would wait for what is no file.
pub(super) fn waits_for(path: &Path) -> RuntimeFailure {
    RuntimeFailure {
        what: format!(
            "{} is a pipe, a socket or a device, and a session could wait for it without end",
            path.display()
        ),
        advice: "put a regular file in its place, or count the files alone with --runtime off"
            .into(),
        ..RuntimeFailure::default()
    }
}

/// Why a session that has answered could not confirm the count, though nothing speaks against the model.
pub(super) fn cannot_confirm(
    confirmation: &Confirmation,
    mode: RuntimeMode,
) -> Option<RuntimeFailure> {
    library_too_old(confirmation)
        .or_else(|| unproven(confirmation))
        .or_else(|| holds_more(confirmation, mode))
}

/// A restore of the variables does not show what a load of the model holds.
fn unproven(confirmation: &Confirmation) -> Option<RuntimeFailure> {
    let is_unproven = |weight: &&Unconfirmed| matches!(weight.why, WhyNot::Unproven(_));
    let weights = confirmation.missing.iter().filter(is_unproven).count();
    (weights > 0).then(|| RuntimeFailure {
        what: format!(
            "a session over the variables does not show what a load of the model holds in {weights} of them"
        ),
        advice: "ask for a full load with --runtime load; where it would run an op that is not \
            known to be harmless, --allow-unsafe-ops beside it lets that run in the sandbox"
            .into(),
        ..RuntimeFailure::default()
    })
}

/// The model may hold more than was counted.
fn holds_more(confirmation: &Confirmation, mode: RuntimeMode) -> Option<RuntimeFailure> {
    let what = match mode {
        RuntimeMode::Load => "the loaded model holds variables that nothing declares as anybody's",
        _ => "a load of the model would hold variables that no variable op of its graph stands for",
    };
    confirmation.holds_more.then(|| RuntimeFailure {
        what: what.into(),
        advice: "see the finding runtime-variables; the count is of what the model declares".into(),
        ..RuntimeFailure::default()
    })
}

/// A library that is too old for some weights could not confirm the count.
fn library_too_old(confirmation: &Confirmation) -> Option<RuntimeFailure> {
    let mut too_new = confirmation.missing.iter().filter(|w| w.is_library_too_old());
    let Unconfirmed { variable, .. } = too_new.next()?;
    let more = match too_new.count() {
        0 => String::new(),
        more => format!(" and of {more} more weights"),
    };
    Some(RuntimeFailure {
        what: format!("this libtensorflow does not know the type of {variable}{more}"),
        advice: "name a newer one with --libtensorflow PATH".into(),
        ..RuntimeFailure::default()
    })
}
