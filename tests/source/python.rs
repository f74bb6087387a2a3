//! The caches are shared with Python: each side finds the downloads of the other.
//!
//! `scripts/test_caches` finds or makes a Python with `tensorflow`, `tensorflow_hub` and `kagglehub`,
//! and runs these tests.

use std::process::Command;
use std::time::Duration;

use tfcensus::Silent;
use tfcensus::internals::source::{Places, ResolveOptions, resolve};

use crate::common::Run;
use crate::common::archive::tar_gz;
use crate::common::loopback::{Reply, Server};

/// Two variables of 2 x 3 and 3: `hub.load` must find both.
const SAVE: &str = r#"
import sys, tensorflow as tf
m = tf.Module()
m.w, m.b = tf.Variable(tf.zeros([2, 3])), tf.Variable(tf.zeros([3]))
m.variables_list = [m.w, m.b]
tf.saved_model.save(m, sys.argv[1])
"#;

/// Every connection is refused, so that only the cache can answer.
const LOAD: &str = r#"
import socket, sys
def refuse(*args): raise OSError("no network in this test")
socket.socket.connect = refuse
import tensorflow_hub as hub
m = hub.load(sys.argv[1])
print(hub.resolve(sys.argv[1]), sum(int(v.shape.num_elements()) for v in m.variables_list))
"#;

const RESOLVE: &str = "import sys, tensorflow_hub as hub; print(hub.resolve(sys.argv[1]))";

const KAGGLE_FIND: &str = r#"
import socket, sys
def refuse(*args): raise OSError("no network in this test")
socket.socket.connect = refuse
import kagglehub
print(kagglehub.model_download(sys.argv[1]))
"#;

/// `kagglehub`'s own download, from another server.
const KAGGLE_FETCH: &str = r#"
import sys
from kagglesdk import kaggle_http_client
kaggle_http_client.get_endpoint = lambda environment: sys.argv[2]
import kagglehub
print(kagglehub.model_download(sys.argv[1]))
"#;

/// The last line that a script prints.
fn python(script: &str, args: &[&str], places: &Places) -> String {
    let program = std::env::var_os("TFCENSUS_PYTHON").expect("TFCENSUS_PYTHON names a Python");
    let done = Command::new(program)
        .args(["-c", script])
        .args(args)
        .env("TFHUB_CACHE_DIR", &places.tfhub_cache)
        .env("KAGGLEHUB_CACHE", &places.kagglehub_cache)
        .env("no_proxy", "127.0.0.1")
        .run();
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    done.stdout.lines().last().unwrap_or_default().trim().to_owned()
}

#[test]
#[ignore = "run by scripts/test_caches: needs a Python with tensorflow_hub and kagglehub"]
fn python_and_tfcensus_find_the_downloads_of_each_other() {
    let tmp = tempfile::tempdir().unwrap();
    let mut places = Places {
        tfhub_cache: tmp.path().join("tfhub"),
        kagglehub_cache: tmp.path().join("kagglehub"),
        kaggle_credentials: None,
        ..Places::default()
    };
    let model = tmp.path().join("model");
    python(SAVE, &[model.to_str().unwrap()], &places);
    let body = tar_gz(&model, ".");
    let server = Server::start(move |request| match request.path() {
        // With more files than a page has, kagglehub downloads the archive.
        "/v1/models.ModelApiService/ListModelInstanceVersionFiles" => {
            Reply::new(200, r#"{"files": [], "nextPageToken": "more"}"#)
                .header("Content-Type", "application/json")
        }
        _ => Reply::file(request, &body, "\"1\""),
    });
    places.tfhub_url = server.url.clone();
    places.kaggle_url = server.url.clone();
    let find = |handle: &str, offline: bool| {
        let options =
            ResolveOptions { offline, places: places.clone(), ..ResolveOptions::default() };
        resolve(handle.as_ref(), &options, &Silent).unwrap().dir
    };

    // tensorflow_hub, both ways.
    let handle = "https://tfhub.dev/test/ours/1";
    let dir = find(handle, false);
    // 2 x 3 + 3
    assert_eq!(python(LOAD, &[handle], &places), format!("{} 9", dir.display()));
    let handle = format!("{}/test/theirs/1", server.url);
    let dir = python(RESOLVE, &[&handle], &places);
    assert_eq!(find(&handle, true).to_str(), Some(dir.as_str()));

    // kagglehub, both ways.
    let handle = "test/ours/tensorFlow2/default/1";
    let dir = find(handle, false);
    assert_eq!(python(KAGGLE_FIND, &[handle], &places), dir.display().to_string());
    let handle = "test/theirs/tensorFlow2/default/7";
    let dir = python(KAGGLE_FETCH, &[handle, &server.url], &places);
    assert_eq!(find(handle, true).to_str(), Some(dir.as_str()));
}

#[test]
#[ignore = "run by scripts/test_caches: needs a Python with tensorflow_hub and kagglehub"]
fn python_and_tfcensus_download_a_model_once() {
    let tmp = tempfile::tempdir().unwrap();
    let places = Places { tfhub_cache: tmp.path().join("tfhub"), ..Places::default() };
    let model = tmp.path().join("model");
    python(SAVE, &[model.to_str().unwrap()], &places);
    let body = tar_gz(&model, ".");
    // Slow enough that the second download starts before the first has ended.
    let server = Server::start(move |request| {
        Reply::file(request, &body, "\"1\"").stalling(Duration::from_secs(8))
    });
    let handle = format!("{}/test/both/1", server.url);
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| python(RESOLVE, &[&handle], &places));
        let lock_is_taken =
            || std::fs::read_dir(&places.tfhub_cache).is_ok_and(|mut d| d.next().is_some());
        while !lock_is_taken() && !theirs.is_finished() {
            std::thread::sleep(Duration::from_millis(50));
        }
        let options = ResolveOptions { places: places.clone(), ..ResolveOptions::default() };
        let ours = resolve(handle.as_ref(), &options, &Silent).unwrap().dir;
        assert_eq!(theirs.join().unwrap(), ours.display().to_string());
    });
    assert_eq!(server.requests().len(), 1);
}
