//! Downloads by every kind of handle, and the caches that they fill.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use tfcensus::Progress;
use tfcensus::internals::source::{CacheKind, CacheState, Credentials, list_caches, resolve};

use crate::common::archive::{SAVED_MODEL, tiny_model};
use crate::common::loopback::{Reply, Server};
use crate::common::{names, write};
use crate::hub::{Hub, archive};
use crate::{YAMNET, YAMNET_SHA1};

const KAGGLE: &str = "google/yamnet/tensorFlow2/yamnet";

#[test]
fn the_body_of_a_303_names_an_archive_or_folder_in_the_storage() {
    let body = archive();
    let hub = Hub::new(move |request| match request.target.as_str() {
        t if t.starts_with("/a/file/1") => Reply::new(303, "gs://bucket/m.tar.gz"),
        "/bucket/m.tar.gz" => Reply::file(request, &body, "\"1\""),
        t if t.starts_with("/a/folder/1") => Reply::new(303, "gs://bucket/dir/m\n"),
        "/storage/v1/b/bucket/o?prefix=dir%2Fm%2F" => Reply::new(
            200,
            r#"{"items": [{"name": "dir/m/"}, {"name": "dir/m/saved_model.pb"}], "nextPageToken": "t"}"#,
        ),
        "/storage/v1/b/bucket/o?prefix=dir%2Fm%2F&pageToken=t" => Reply::new(
            200,
            // printf index | openssl md5 -binary | base64
            r#"{"items": [{"name": "dir/m/variables/variables.index", "md5Hash": "apktVSn0WaRP7ljHMyVehg=="},
                {"name": "dir/m/variables/variables.data-00000-of-00001"}]}"#,
        ),
        "/bucket/dir/m/saved_model.pb" => Reply::file(request, SAVED_MODEL, "\"1\""),
        "/bucket/dir/m/variables/variables.index" => Reply::file(request, b"index", "\"1\""),
        "/bucket/dir/m/variables/variables.data-00000-of-00001" => {
            Reply::file(request, b"weights", "\"1\"")
        }
        _ => Reply::new(404, ""),
    });
    for handle in [
        "https://tfhub.dev/a/file/1",
        "https://tfhub.dev/a/folder/1",
        "gs://bucket/m.tar.gz",
        "gs://bucket/dir/m",
    ] {
        let source = hub.find(handle).unwrap();
        let names = names(&source.dir.join("variables"));
        assert_eq!(names, ["variables.data-00000-of-00001", "variables.index"], "{handle}");
    }
}

#[test]
fn concurrent_requests_download_once() {
    let body = archive();
    let hub = Hub::new(move |request| {
        Reply::file(request, &body, "\"1\"").stalling(Duration::from_millis(300))
    });
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| hub.find(YAMNET).unwrap().dir)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), hub.places.tfhub_cache.join(YAMNET_SHA1));
        }
    });
    assert_eq!(hub.server.requests().len(), 1);
}

#[test]
fn errors_name_the_missing_part_of_a_handle() {
    let hub = Hub::new(|_| Reply::new(500, ""));
    let (what, advice) = hub.refusal("https://www.kaggle.com/models/google/yamnet");
    assert!(what.contains("does not say which framework"), "{what}");
    assert!(advice.contains("owner/model/tensorFlow2/variation/version"), "{advice}");
    for handle in ["kaggle://google/yamnet", "hf://a/b/c", "kaggle://a/../b/c/d"] {
        assert!(hub.refusal(handle).0.contains("is no handle"), "{handle}");
    }
    let (what, _) = hub.refusal("gs://bucket");
    assert_eq!(what, "this is no address of a model");
    assert!(hub.server.requests().is_empty());
}

#[test]
fn offline_names_the_address_it_would_download() {
    let hub = Hub::new(|_| Reply::new(500, ""));
    for (handle, url) in [
        (YAMNET, "https://tfhub.dev/google/yamnet/1?tf-hub-format=compressed"),
        (KAGGLE, "https://www.kaggle.com/models/google/yamnet/tensorFlow2/yamnet"),
        ("https://x.org/m.tar.gz", "https://x.org/m.tar.gz"),
    ] {
        let error = hub.find_offline(handle).unwrap_err();
        assert_eq!(error.to_string(), "offline, and the model is in no cache");
        assert!(error.advice().contains(&format!("would fetch {url} into ")), "{}", error.advice());
    }
    assert!(hub.server.requests().is_empty());
}

#[test]
fn refuses_a_hostile_archive_and_keeps_no_file() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(4);
    builder.append_data(&mut header, "saved_model.pb", SAVED_MODEL).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    header.set_entry_type(tar::EntryType::Symlink);
    builder.append_link(&mut header, "variables", "/etc").unwrap();
    let body = builder.into_inner().unwrap();
    let hub = Hub::new(move |request| Reply::file(request, &body, "\"1\""));
    let (what, _) = hub.refusal(YAMNET);
    assert_eq!(what, "the archive is refused: entry `variables` is a symbolic link");
    assert_eq!(hub.tfhub_names(), Vec::<String>::new());
}

#[test]
fn refuses_a_download_without_a_model() {
    let hub = Hub::new(|request| Reply::file(request, b"\x1c\0\0\0TFL3", "\"1\""));
    let (what, _) = hub.refusal(YAMNET);
    assert!(what.contains("no SavedModel: a TensorFlow Lite model"), "{what}");
    assert_eq!(hub.tfhub_names(), Vec::<String>::new());
}

#[test]
fn repairs_a_cache_entry_that_a_cleaner_has_damaged() {
    let body = archive();
    let hub = Hub::new(move |request| Reply::file(request, &body, "\"1\""));
    let dir = hub.places.tfhub_cache.join(YAMNET_SHA1);
    write(dir.join("variables/variables.index"), b"index");
    write(
        hub.places.tfhub_cache.join(format!("{YAMNET_SHA1}.descriptor.txt")),
        format!("Module: {YAMNET}\n").as_bytes(),
    );
    let listed = &list_caches(&hub.places)[0];
    assert_eq!(listed.state, CacheState::Broken("`saved_model.pb` is missing".into()));
    let offline = hub.find_offline(YAMNET).unwrap_err();
    assert!(offline.to_string().contains("`saved_model.pb` is missing"), "{offline}");
    let source = hub.find(YAMNET).unwrap();
    assert!(source.notes[0].contains("downloaded again"), "{:?}", source.notes);
    assert_eq!(list_caches(&hub.places)[0].state, CacheState::Whole);
    assert_eq!(hub.tfhub_names().len(), 2);
}

#[test]
fn fills_the_cache_of_kagglehub_for_a_kaggle_handle() {
    let body = archive();
    let mut hub = Hub::new(move |request| match request.path() {
        "/api/v1/models/google/yamnet/tensorFlow2/yamnet/get" => {
            Reply::new(200, r#"{"id": 1, "versionNumber": 3}"#)
        }
        "/api/v1/models/google/yamnet/tensorFlow2/yamnet/3/download" => Reply::redirect(302, "/x"),
        "/x" => Reply::file(request, &body, "\"1\""),
        _ => Reply::new(404, ""),
    });
    hub.places.kaggle_credentials =
        Some(Credentials::Key { username: "u".into(), key: "k".into() });
    let source = hub.find(KAGGLE).unwrap();
    let variation = hub.places.kagglehub_cache.join("models").join(KAGGLE);
    assert_eq!(source.dir, variation.join("3"));
    assert_eq!(names(&variation), ["3", "3.complete"]);
    let seen = hub.server.requests();
    // printf u:k | base64
    assert!(seen.iter().all(|r| r.header("Authorization") == Some("Basic dTpr")));
    let page = "https://www.kaggle.com/models/google/yamnet";
    for handle in [
        format!("{KAGGLE}/3"),
        format!("kaggle://{KAGGLE}/3"),
        KAGGLE.into(),
        "google/yamnet/TensorFlow2/yamnet/3".into(),
        format!("{page}/tensorFlow2/yamnet/3"),
        format!("{page}/frameworks/tensorFlow2/variations/yamnet/versions/3"),
    ] {
        assert_eq!(hub.find_offline(&handle).unwrap().dir, source.dir, "{handle}");
    }
    assert_eq!(hub.server.requests().len(), seen.len());
}

#[test]
fn sends_credentials_to_no_other_host() {
    let body = archive();
    let storage = Server::start(move |request| Reply::file(request, &body, "\"1\""));
    let elsewhere = format!("{}/signed", storage.url);
    let mut hub = Hub::new(move |_| Reply::redirect(302, &elsewhere));
    hub.places.kaggle_credentials = Some(Credentials::Token("secret".into()));
    assert!(hub.find(&format!("{KAGGLE}/3")).is_ok());
    assert_eq!(hub.server.requests()[0].header("Authorization"), Some("Bearer secret"));
    assert_eq!(storage.requests()[0].header("Authorization"), None);
}

#[test]
fn reports_progress_in_bytes() {
    let body = archive();
    let total = body.len() as u64;
    let hub = Hub::new(move |request| Reply::file(request, &body, "\"1\""));
    #[derive(Default)]
    struct Events(Mutex<Vec<Progress>>);
    impl tfcensus::Observer for Events {
        fn notice(&self, progress: Progress) {
            self.0.lock().unwrap().push(progress);
        }
    }
    let events = Events::default();
    resolve(YAMNET.as_ref(), &hub.options(1), &events).unwrap();
    let events = events.0.into_inner().unwrap();
    assert_eq!(events[0], Progress::Step(format!("downloading {YAMNET}")));
    assert!(events.contains(&Progress::Bytes { done: total, total }));
    assert_eq!(events.last(), Some(&Progress::Done));
}

#[test]
fn lists_the_models_of_three_caches() {
    let hub = Hub::new(|_| Reply::new(404, ""));
    let tfhub = &hub.places.tfhub_cache;
    tiny_model(tfhub.join(YAMNET_SHA1));
    write(
        tfhub.join(format!("{YAMNET_SHA1}.descriptor.txt")),
        format!("Module: {YAMNET}\nDownload Time: x").as_bytes(),
    );
    write(tfhub.join(format!("{}.part", "0".repeat(40))), b"12345");
    let variation = hub.places.kagglehub_cache.join("models").join(KAGGLE);
    tiny_model(variation.join("10"));
    write(variation.join("10.complete"), b"");
    tiny_model(variation.join("9"));
    write(hub.places.kagglehub_cache.join("models/o/m/pyTorch/v/1/model.pt"), b"x");
    write(hub.places.kagglehub_cache.join("models/o/m/pyTorch/v/1.complete"), b"");
    let repo = hub.places.huggingface_cache.join("models--org--name");
    tiny_model(repo.join("blobs/tree"));
    write(repo.join("refs/main"), b"abc123");
    fs::create_dir_all(repo.join("snapshots/abc123")).unwrap();
    for name in ["saved_model.pb", "variables"] {
        let target = Path::new("../../blobs/tree").join(name);
        std::os::unix::fs::symlink(target, repo.join("snapshots/abc123").join(name)).unwrap();
    }
    let listed: Vec<_> = list_caches(&hub.places)
        .into_iter()
        .map(|e| (e.cache, e.handle, e.version, e.state, e.byte_len))
        .collect();
    let text = |t: &str| Some(t.to_owned());
    // saved_model.pb has 4 bytes, the index 5, the shard 7.
    assert_eq!(
        listed,
        [
            (CacheKind::TfHub, None, None, CacheState::Partial, 5),
            (CacheKind::TfHub, text(YAMNET), text("1"), CacheState::Whole, 16),
            (CacheKind::KaggleHub, Some(format!("{KAGGLE}/9")), text("9"), CacheState::Partial, 16),
            (CacheKind::KaggleHub, Some(format!("{KAGGLE}/10")), text("10"), CacheState::Whole, 16),
            (
                CacheKind::HuggingFace,
                text("hf://org/name@abc123"),
                text("abc123"),
                CacheState::Whole,
                4
            ),
        ]
    );
    let by_handle: HashMap<&str, PathBuf> = HashMap::from([
        (YAMNET, tfhub.join(YAMNET_SHA1)),
        (KAGGLE, variation.join("10")),
        ("hf://org/name", repo.join("snapshots/abc123")),
        ("hf://org/name@abc123", repo.join("snapshots/abc123")),
    ]);
    for (handle, dir) in by_handle {
        assert_eq!(hub.find_offline(handle).unwrap().dir, dir);
    }
    assert_eq!(
        hub.find_offline(repo.to_str().unwrap()).unwrap().dir,
        repo.join("snapshots/abc123")
    );
    assert!(hub.find_offline(&format!("{KAGGLE}/9")).is_err(), "no marker of completion");
    assert!(hub.tmp.path().exists());
}
