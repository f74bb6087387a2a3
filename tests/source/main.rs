//! From a path, archive, handle or address to a model, and the caches on the way: the library and the
//! whole program, against archives and a server that a test controls.

#[path = "../common/mod.rs"]
mod common;

mod archives;
mod caches;
mod hostile_archives;
mod http;
mod hub;
mod list;
mod paths;
mod program;
mod proxy;
mod python;
mod signals;

use std::ffi::OsStr;

use tfcensus::internals::source::{ResolveOptions, Source, resolve};
use tfcensus::{Result, Silent};

/// A published handle, and its SHA-1 as public issues of tensorflow/hub show it.
const YAMNET: &str = "https://tfhub.dev/google/yamnet/1";
const YAMNET_SHA1: &str = "9616fd04ec2360621642ef9455b84f4b668e219e";

/// Finds a model without a network.
fn find(path: impl AsRef<OsStr>) -> Result<Source> {
    let options = ResolveOptions { offline: true, ..ResolveOptions::default() };
    resolve(path.as_ref(), &options, &Silent)
}
