//! Finds a libtensorflow on this machine, and remembers every place where it has looked.
//!
//! Nothing is mapped and no TensorFlow is imported here. One program may be run: `python3`, which
//! says within two seconds from where it would import TensorFlow. Finding a file is not proof that
//! it works; only the worker maps it, where a crash does no harm.
//!
//! `search` knows the places and their order, `environment` what they depend on, `examine` whether a
//! file can be a library for this machine; `python` and `loader_cache` are two of the places.

mod environment;
mod examine;
mod loader_cache;
mod place;
mod python;
mod search;

use std::path::Path;

#[cfg(test)]
use self::place::Outcome;
use self::place::Place;
pub use self::place::{Location, Tried};

use self::environment::SearchEnvironment;
use self::search::Search;

/// Looks for a library in the order of `Place`, and takes the first one that this machine could
/// load. A library that the caller names is the only one that is tried: a user who names one and
/// gets another would take the answer of the wrong TensorFlow for that of the right one.
pub fn locate(libtensorflow: Option<&Path>) -> Location {
    let mut search = Search::default();
    match libtensorflow {
        Some(path) => {
            search.try_path(Place::Option, path);
        }
        None => {
            search.everywhere(&SearchEnvironment::of_this_process());
        }
    }
    search.location
}

#[cfg(test)]
mod tests;
