//! Empty caches, and a server on loopback that answers as tfhub.dev, Kaggle and Google's storage do.

use std::time::Duration;

use tempfile::TempDir;
use tfcensus::internals::source::{Patience, Places, ResolveOptions, Source, resolve};
use tfcensus::{Result, Silent};

use crate::common::archive::{tar_gz, tiny_model};
use crate::common::loopback::{Reply, Request, Server};
use crate::common::names;

/// A `.tar.gz` of a model.
pub fn archive() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    tar_gz(&tiny_model(folder.path()), ".")
}

/// Empty caches, and a server in place of all public ones.
pub struct Hub {
    pub tmp: TempDir,
    pub server: Server,
    pub places: Places,
}

impl Hub {
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Hub {
        let tmp = tempfile::tempdir().unwrap();
        let server = Server::start(handler);
        let places = Places {
            tfhub_cache: tmp.path().join("tfhub"),
            kagglehub_cache: tmp.path().join("kagglehub"),
            huggingface_cache: tmp.path().join("huggingface"),
            tfhub_url: server.url.clone(),
            kaggle_url: server.url.clone(),
            gcs_url: server.url.clone(),
            kaggle_credentials: None,
        };
        Hub { tmp, server, places }
    }

    pub fn options(&self, attempts: u32) -> ResolveOptions<'static> {
        let patience = Patience {
            attempts,
            first_pause: Duration::from_millis(1),
            silence: Duration::from_millis(500),
        };
        ResolveOptions { places: self.places.clone(), patience, ..ResolveOptions::default() }
    }

    pub fn find(&self, handle: &str) -> Result<Source> {
        resolve(handle.as_ref(), &self.options(3), &Silent)
    }

    pub fn find_offline(&self, handle: &str) -> Result<Source> {
        let options = ResolveOptions { offline: true, ..self.options(1) };
        resolve(handle.as_ref(), &options, &Silent)
    }

    pub fn refusal(&self, handle: &str) -> (String, String) {
        let error = self.find(handle).expect_err("a refusal");
        assert_eq!(error.place(), handle);
        (error.to_string(), error.advice())
    }

    /// Names in the cache of tensorflow_hub, sorted.
    pub fn tfhub_names(&self) -> Vec<String> {
        names(&self.places.tfhub_cache)
    }
}
