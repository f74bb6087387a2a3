//! Finds the libtensorflow that a census would use, and tries it in a worker process.

use crate::evidence::runtime::{self, Location};
use crate::model::{Doctor, DoctorLibrary, DoctorPlace};
use crate::options::{Observer, Options};

/// Which libtensorflow a census with these options would use, whether a worker process can use it,
/// and every place that was looked at.
///
/// The worker process is the running program again, as in [`census`](crate::census()): `main` must
/// call [`crate::serve_if_worker`] first.
pub fn doctor(options: &Options, observer: &dyn Observer) -> Doctor {
    let location = runtime::locate(options.libtensorflow.as_deref());
    let places = location.tried.iter().map(|tried| DoctorPlace {
        name: tried.place.to_string(),
        path: tried.path.clone(),
        outcome: tried.outcome.to_string(),
    });
    Doctor { library: library(&location, options, observer), places: places.collect() }
}

fn library(
    location: &Location,
    options: &Options,
    observer: &dyn Observer,
) -> Option<DoctorLibrary> {
    let mut library = DoctorLibrary {
        path: location.library.clone()?,
        framework: location.framework.clone(),
        ..DoctorLibrary::default()
    };
    match runtime::probe(location, options, observer) {
        Ok(ready) => {
            library.version = Some(ready.tensorflow_version);
            library.sandbox = Some(ready.sandbox);
            library.sandbox_lacks = ready.sandbox_lacks;
        }
        Err(failure) => {
            library.problem = Some(failure.message);
            library.stderr_lines = failure.stderr_lines;
        }
    }
    Some(library)
}
