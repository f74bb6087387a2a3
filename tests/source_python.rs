//! The caches are shared with Python: what we fetch it finds, and what it fetches we find.
//!
//! `scripts/test_caches` finds or makes the Python that this needs, with `tensorflow`,
//! `tensorflow_hub` and `kagglehub`, and runs the tests.

mod loopback;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use loopback::{Reply, Server};
use tfcensus::Silent;
use tfcensus::internals::source::{Places, ResolveOptions, resolve};

/// Two variables of 2 x 3 and 3: `hub.load` must find both.
const SAVE: &str = r#"
import sys, tensorflow as tf
m = tf.Module()
m.w, m.b = tf.Variable(tf.zeros([2, 3])), tf.Variable(tf.zeros([3]))
m.variables_list = [m.w, m.b]
tf.saved_model.save(m, sys.argv[1])
"#;

/// With every connection refused, so that only the cache can answer.
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
    let output = Command::new(program)
        .args(["-c", script])
        .args(args)
        .env("TFHUB_CACHE_DIR", &places.tfhub_cache)
        .env("KAGGLEHUB_CACHE", &places.kagglehub_cache)
        .env("no_proxy", "127.0.0.1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    stdout.lines().last().unwrap_or_default().trim().to_owned()
}

fn packed(dir: &Path) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    builder.append_dir_all(".", dir).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
#[ignore = "run by scripts/test_caches: needs a Python with tensorflow_hub and kagglehub"]
fn python_finds_what_we_fetch_and_we_find_what_python_fetches() {
    let tmp = tempfile::tempdir().unwrap();
    let mut places = Places {
        tfhub_cache: tmp.path().join("tfhub"),
        kagglehub_cache: tmp.path().join("kagglehub"),
        kaggle_credentials: None,
        ..Places::default()
    };
    let model = tmp.path().join("model");
    python(SAVE, &[model.to_str().unwrap()], &places);
    let body = packed(&model);
    let server = Server::start(move |request| match request.path() {
        // More files than fit a page: kagglehub takes the archive then.
        "/v1/models.ModelApiService/ListModelInstanceVersionFiles" => {
            Reply::new(200, r#"{"files": [], "nextPageToken": "more"}"#)
                .header("Content-Type", "application/json")
        }
        _ => Reply::file(request, &body, "\"1\""),
    });
    places.tfhub_url = server.url.clone();
    places.kaggle_url = server.url.clone();
    let find = |handle: &str, offline: bool| {
        let how = ResolveOptions { offline, places: places.clone(), ..ResolveOptions::default() };
        resolve(handle.as_ref(), &how, &Silent).unwrap().dir
    };

    // tensorflow_hub, both ways.
    let handle = "https://tfhub.dev/test/ours/1";
    let dir = find(handle, false);
    // 2 x 3 + 3
    assert_eq!(python(LOAD, &[handle], &places), format!("{} 9", dir.display()));
    let handle = format!("{}/test/theirs/1", server.url);
    let dir = python(RESOLVE, &[&handle], &places);
    assert_eq!(find(&handle, true), Path::new(&dir));

    // kagglehub, both ways.
    let handle = "test/ours/tensorFlow2/default/1";
    let dir = find(handle, false);
    assert_eq!(python(KAGGLE_FIND, &[handle], &places), dir.display().to_string());
    let handle = "test/theirs/tensorFlow2/default/7";
    let dir = python(KAGGLE_FETCH, &[handle, &server.url], &places);
    assert_eq!(find(handle, true), Path::new(&dir));
}

#[test]
#[ignore = "run by scripts/test_caches: needs a Python with tensorflow_hub and kagglehub"]
fn python_and_we_together_do_the_work_once() {
    let tmp = tempfile::tempdir().unwrap();
    let places = Places { tfhub_cache: tmp.path().join("tfhub"), ..Places::default() };
    let model = tmp.path().join("model");
    python(SAVE, &[model.to_str().unwrap()], &places);
    let body = packed(&model);
    // Slow enough that whoever comes second meets the first one at work.
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
        let how = ResolveOptions { places: places.clone(), ..ResolveOptions::default() };
        let ours = resolve(handle.as_ref(), &how, &Silent).unwrap().dir;
        assert_eq!(theirs.join().unwrap(), ours.display().to_string());
    });
    assert_eq!(server.requests().len(), 1);
}
