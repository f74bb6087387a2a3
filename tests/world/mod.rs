//! The program in a world of its own: caches, a folder for temporary files, and no network but
//! what a test gives it.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sha1::{Digest, Sha1};
use tempfile::TempDir;

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
        command
            .args(arguments)
            .env("TFHUB_CACHE_DIR", self.path("tfhub"))
            .env("KAGGLEHUB_CACHE", self.path("kagglehub"))
            .env("HF_HUB_CACHE", self.path("huggingface"))
            .env("TMPDIR", self.path("tmp"))
            .env("COLUMNS", "80")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("http_proxy", "http://127.0.0.1:9");
        for name in ["NO_PROXY", "no_proxy", "KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"] {
            command.env_remove(name);
        }
        command
    }

    /// The same, with a server in the place of the public ones.
    pub fn mirrored(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .env("TFCENSUS_TFHUB_URL", url)
            .env("TFCENSUS_KAGGLE_URL", url)
            .env("TFCENSUS_GCS_URL", url);
        command
    }

    /// Where `tensorflow_hub` puts the model of a handle; says so beside it, as it does.
    pub fn tfhub_entry(&self, handle: &str) -> PathBuf {
        let sha1: String =
            Sha1::digest(handle.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let dir = self.path("tfhub").join(&sha1);
        fs::create_dir_all(&dir).unwrap();
        let text = format!("Module: {handle}\nDownload Time: 2026-01-01 00:00:00\n");
        fs::write(dir.with_extension("descriptor.txt"), text).unwrap();
        dir
    }

    /// What is left in the folder for temporary files.
    pub fn left_in_tmp(&self) -> Vec<String> {
        names(&self.path("tmp"))
    }
}

pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What Python said of a fixture when it was saved.
pub fn truth(name: &str) -> Value {
    let text = fs::read(fixture(name).join("expected.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["counts"].take()
}

/// A `.tar.gz` of a folder, its content below `root`.
pub fn tar_gz(dir: &Path, root: &str) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    builder.append_dir_all(root, dir).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

/// The JSON on stdout and the exit code.
pub fn report(output: &Output) -> (Value, Option<i32>) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}; exit code {:?}; {stderr}", output.status.code()));
    (report, output.status.code())
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
