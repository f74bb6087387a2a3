//! The census of one model: resolve the source, read the witnesses, reconcile, group.

mod op_packages;
mod report;
mod session;
mod session_choice;
mod session_failure;
mod session_request;
#[cfg(test)]
mod tests;
mod tree;
mod witnesses;

use std::ffi::OsStr;

use crate::error::{Error, Result};
use crate::evidence::files::FileEvidence;
use crate::evidence::runtime;
use crate::evidence::sidecars::{SidecarFiles, object_graph_range};
use crate::model::Report;
use crate::options::{Observer, Options, Progress, RuntimeChoice, Silent};
use crate::reconcile::{self, Inventory, Settled};
use crate::saved_model::SavedModelFile;
use crate::source::{self, Source};
use session::{Session, SessionOutcome};
use session_failure::CALL_SERVE_IF_WORKER;

/// Counts the parameters of a model.
///
/// `model` is a folder, an archive, a hub handle or an address. What merely casts doubt on the
/// count is in the report's [findings](Report::findings) and [verdict](Report::verdict); an error
/// means that there is no count at all.
///
/// A session runs in a process of its own, which is the running program again: unless
/// [`Options::runtime`] is [`RuntimeChoice::Off`] or [`Options::worker`] names another program,
/// `main` must call [`crate::serve_if_worker`] first. Blocks until the session has answered or
/// [`Options::timeout`] has passed.
pub fn census(model: impl AsRef<OsStr>, options: &Options) -> Result<Report> {
    census_observed(model, options, &Silent)
}

/// [`census`], telling an observer what is going on.
pub fn census_observed(
    model: impl AsRef<OsStr>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    let wants_session = options.runtime != RuntimeChoice::Off;
    if wants_session && runtime::is_started_as_worker() {
        return Err(Error::Usage {
            what: runtime::STARTED_AS_WORKER.into(),
            advice: CALL_SERVE_IF_WORKER.into(),
        });
    }
    if options.stats && matches!(options.runtime, RuntimeChoice::Load | RuntimeChoice::Off) {
        return Err(Error::Usage {
            what: "statistics of the values need a session over the variables".into(),
            advice: "use --stats with --runtime auto or --runtime variables".into(),
        });
    }
    let source = source::resolve(
        model.as_ref(),
        &source::ResolveOptions {
            offline: options.offline,
            weights: weights_needed(options),
            ..Default::default()
        },
        observer,
    )?;
    for note in &source.notes {
        observer.notice(Progress::Note(note.clone()));
    }
    // The library takes a while to map: the session's process does that while the files are read.
    let session = wants_session.then(|| Session::start(&source, options, observer));
    let file = SavedModelFile::open(&source.files.saved_model, source.files.saved_model_is_text)?;
    let sidecars = SidecarFiles::read(&source, options, observer)?;
    conclude(&source, &file, sidecars, options, |files, inventory| {
        let Some(session) = session else { return Ok(SessionOutcome::off()) };
        let outcome = session.confirm(&source, files, inventory);
        if !outcome.has_loaded() {
            // TensorFlow has not parsed the file, and no count of what it refuses may be verified.
            file.check_whole()?;
        }
        Ok(outcome)
    })
}

/// Everything that follows the reading of files: decode, reconcile, ask a session, group, judge.
fn conclude(
    source: &Source,
    file: &SavedModelFile,
    mut sidecars: SidecarFiles,
    options: &Options,
    ask_session: impl FnOnce(&FileEvidence<'_>, &Inventory<Settled>) -> Result<SessionOutcome>,
) -> Result<Report> {
    let mut facts = reconcile::facts_of_sidecars(&sidecars);
    let (schema_version, meta_graphs) = file.decode()?;
    let files = FileEvidence::read(file, schema_version, &meta_graphs, &mut sidecars, options)?;
    facts.extend(reconcile::facts_of_model(source, &files));
    let (inventory, found) = reconcile::inventory(&files);
    facts.extend(found);
    let mut session = ask_session(&files, &inventory)?;
    facts.append(&mut session.facts);
    let inventory = reconcile::confirmed(inventory, session.confirmation.as_mut());
    Ok(report::assemble(source, &files, &inventory, session, options, facts))
}

/// The census of a model that is given as bytes, without a session.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn of_bytes(
    saved_model: Vec<u8>,
    sidecars: SidecarFiles,
    options: &Options,
) -> Result<Report> {
    let source = Source::in_memory();
    let file = SavedModelFile::in_memory(saved_model);
    conclude(&source, &file, sidecars, options, |_, _| Ok(SessionOutcome::off()))
}

/// Without a session only the shapes and the checkpoint's object graph are needed of the weights.
fn weights_needed(options: &Options) -> source::Weights<'static> {
    if options.runtime == RuntimeChoice::Off && !options.verify_checksums {
        source::Weights::Ranges(&object_graph_range)
    } else {
        source::Weights::All
    }
}
