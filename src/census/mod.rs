//! The census of one model: resolve the source, read the witnesses, reconcile, group.

mod ask;
mod beside;
mod files;
mod mode;
mod report;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;

use crate::error::{Error, Result};
use crate::evidence::runtime;
use crate::model::{Finding, Report};
use crate::options::{Observer, Options, Progress, RuntimeChoice, Silent};
use crate::saved_model::SavedModelFile;
use crate::source::{self, Source};
pub(crate) use beside::Beside;
use files::{Counted, Files};

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
    // The library takes a while to map: the worker does that while the files are read here.
    let worker = wants_session.then(|| ask::Worker::start(options, observer));
    let file = SavedModelFile::open(&source.files.saved_model, source.files.saved_model_is_text)?;
    let mut findings: Vec<Finding> = Vec::new();
    let beside = Beside::read(&source, options, observer, &mut findings)?;
    conclude(&source, &file, beside, options, findings, |files, counted, findings| match worker {
        Some(worker) => worker.confirm(&source, files, counted, options, findings),
        None => ask::Outcome::off(),
    })
}

/// Everything that follows the reading of files: decode, reconcile, ask a session, group.
fn conclude(
    source: &Source,
    file: &SavedModelFile,
    beside: Beside,
    options: &Options,
    mut findings: Vec<Finding>,
    confirm: impl FnOnce(&Files<'_>, &mut Counted, &mut Vec<Finding>) -> ask::Outcome,
) -> Result<Report> {
    let (schema_version, meta_graphs) = file.decode()?;
    let files =
        Files::read(source, file, schema_version, &meta_graphs, beside, options, &mut findings)?;
    let mut counted = files.inventory(&mut findings);
    let session = confirm(&files, &mut counted, &mut findings);
    Ok(report::assemble(source, &meta_graphs, &files, counted, session, options, findings))
}

/// The census of a model that is given as bytes, without a session.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn of_bytes(saved_model: Vec<u8>, beside: Beside, options: &Options) -> Result<Report> {
    let source = Source::in_memory();
    let file = SavedModelFile::in_memory(saved_model);
    conclude(&source, &file, beside, options, Vec::new(), |_, _, _| ask::Outcome::off())
}

/// Reads a model's files, then hands over what joins them to an inventory once more at every call.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn with_inventory(
    file: &SavedModelFile,
    meta_graphs: &[crate::saved_model::MetaGraph<'_>],
    beside: Beside,
    run: &mut dyn FnMut(&mut dyn FnMut() -> usize),
) {
    let source = Source::in_memory();
    let options = Options::default();
    let files = Files::read(&source, file, 1, meta_graphs, beside, &options, &mut Vec::new());
    let files = files.expect("a model that can be read");
    run(&mut || files.inventory(&mut Vec::new()).inventory.items.len());
}

/// Without a session only the shapes and the checkpoint's object graph are needed of the weights.
fn weights_needed(options: &Options) -> source::Weights<'static> {
    if options.runtime == RuntimeChoice::Off && !options.verify_checksums {
        source::Weights::Ranges(&beside::object_graph_range)
    } else {
        source::Weights::All
    }
}

/// Which libtensorflow a census would use, and every place that is looked at.
pub fn locate_library(options: &Options) -> runtime::Location {
    runtime::locate(options.libtensorflow.as_deref())
}
