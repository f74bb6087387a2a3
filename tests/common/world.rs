//! The program with its own caches and folder for temporary files, and with no network but the servers
//! of a test.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sha1::{Digest, Sha1};
use tempfile::TempDir;

use super::names;

pub struct World {
    pub tmp: TempDir,
}

impl World {
    pub fn new() -> World {
        let tmp = tempfile::tempdir().unwrap();
        fs::create_dir(tmp.path().join("tmp")).unwrap();
        World { tmp }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.tmp.path().join(name)
    }

    /// The program. Its proxies lead nowhere, so that it reaches loopback and nothing else.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = super::tfcensus(arguments);
        command
            .env("TFHUB_CACHE_DIR", self.path("tfhub"))
            .env("KAGGLEHUB_CACHE", self.path("kagglehub"))
            .env("HF_HUB_CACHE", self.path("huggingface"))
            .env("TMPDIR", self.path("tmp"))
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("http_proxy", "http://127.0.0.1:9");
        for name in ["NO_PROXY", "no_proxy", "KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"] {
            command.env_remove(name);
        }
        command
    }

    /// The program with one server in place of all public ones.
    pub fn mirrored(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .env("TFCENSUS_TFHUB_URL", url)
            .env("TFCENSUS_KAGGLE_URL", url)
            .env("TFCENSUS_GCS_URL", url);
        command
    }

    /// The folder of a handle's model in the cache of `tensorflow_hub`, with its descriptor.
    pub fn tfhub_entry(&self, handle: &str) -> PathBuf {
        let sha1: String =
            Sha1::digest(handle.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let dir = self.path("tfhub").join(&sha1);
        fs::create_dir_all(&dir).unwrap();
        let text = format!("Module: {handle}\nDownload Time: 2026-01-01 00:00:00\n");
        fs::write(dir.with_extension("descriptor.txt"), text).unwrap();
        dir
    }

    /// Asserts that the folder for temporary files is empty.
    pub fn assert_tmp_is_empty(&self) {
        assert_eq!(self.left_in_tmp(), Vec::<String>::new());
    }

    pub fn left_in_tmp(&self) -> Vec<String> {
        names(&self.path("tmp"))
    }
}
