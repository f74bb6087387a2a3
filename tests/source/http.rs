//! Downloads from a server on loopback that answers as tfhub.dev, Kaggle and Google's storage do.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tfcensus::internals::source::{
    CacheKind, CacheState, Credentials, Patience, Places, ResolveOptions, Source, list_caches,
    resolve,
};
use tfcensus::{Progress, Result, Silent};

use crate::common::archive::{SAVED_MODEL, SHARD, tar_gz, tiny_model};
use crate::common::loopback::{Reply, Request, Server};
use crate::common::{names, write};
use crate::{YAMNET, YAMNET_SHA1};

const KAGGLE: &str = "google/yamnet/tensorFlow2/yamnet";

fn archive() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    tar_gz(&tiny_model(folder.path()), ".")
}

/// Empty caches, and a server in place of all public ones.
struct Hub {
    tmp: TempDir,
    server: Server,
    places: Places,
}

impl Hub {
    fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Hub {
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

    fn options(&self, attempts: u32) -> ResolveOptions<'static> {
        let patience = Patience {
            attempts,
            first_pause: Duration::from_millis(1),
            silence: Duration::from_millis(500),
        };
        ResolveOptions { places: self.places.clone(), patience, ..ResolveOptions::default() }
    }

    fn find(&self, handle: &str) -> Result<Source> {
        resolve(handle.as_ref(), &self.options(3), &Silent)
    }

    fn find_offline(&self, handle: &str) -> Result<Source> {
        let options = ResolveOptions { offline: true, ..self.options(1) };
        resolve(handle.as_ref(), &options, &Silent)
    }

    fn refusal(&self, handle: &str) -> (String, String) {
        let error = self.find(handle).expect_err("a refusal");
        assert_eq!(error.place(), handle);
        (error.to_string(), error.advice())
    }

    /// Names in the cache of tensorflow_hub, sorted.
    fn tfhub_names(&self) -> Vec<String> {
        names(&self.places.tfhub_cache)
    }
}

#[test]
fn follows_tfhub_to_kaggle_to_the_storage_once() {
    let body = archive();
    let hub = Hub::new(move |request| match request.target.as_str() {
        "/google/yamnet/1?tf-hub-format=compressed" => Reply::redirect(
            301,
            "https://www.kaggle.com/models/google/yamnet/tensorFlow2/yamnet/1?tf-hub-format=compressed&tfhub-redirect=true",
        ),
        target if target.starts_with("/models/google/yamnet/") => {
            Reply::redirect(302, "https://storage.googleapis.com/signed/object?X-Goog-Signature=s")
        }
        "/signed/object?X-Goog-Signature=s" => Reply::file(request, &body, "\"1\""),
        _ => Reply::new(404, ""),
    });
    let source = hub.find(YAMNET).unwrap();
    assert_eq!(source.dir, hub.places.tfhub_cache.join(YAMNET_SHA1));
    assert_eq!(source.given, YAMNET);
    assert_eq!(fs::read(source.dir.join(SHARD)).unwrap(), b"weights");
    let descriptor = format!("{YAMNET_SHA1}.descriptor.txt");
    assert_eq!(hub.tfhub_names(), [YAMNET_SHA1.to_owned(), descriptor.clone()]);
    let text = fs::read_to_string(hub.places.tfhub_cache.join(descriptor)).unwrap();
    assert!(text.starts_with(&format!("Module: {YAMNET}\nDownload Time: 20")), "{text}");
    drop(source);
    assert_eq!(hub.server.requests().len(), 3);
    assert!(hub.find_offline(YAMNET).is_ok(), "a download stays after the source is dropped");
    assert!(hub.find(YAMNET).is_ok());
    assert_eq!(hub.server.requests().len(), 3, "the second use needs no network");
}

#[test]
fn finishes_a_download_that_broke_at_any_byte() {
    let body = Arc::new(archive());
    let cut = Arc::new(Mutex::new(Some(0)));
    let (served, at) = (Arc::clone(&body), Arc::clone(&cut));
    let hub = Hub::new(move |request| {
        let reply = Reply::file(request, &served, "\"1\"");
        match at.lock().unwrap().take() {
            Some(at) => reply.cut_at(at),
            None => reply,
        }
    });
    for at in 0..body.len() {
        *cut.lock().unwrap() = Some(at);
        let handle = format!("https://tfhub.dev/test/cut/{at}");
        let seen = hub.server.requests().len();
        let options = hub.options(1);
        let error = resolve(handle.as_ref(), &options, &Silent).expect_err("the answer broke");
        assert!(error.to_string().contains("1 attempts"), "{error}");
        assert!(hub.find_offline(&handle).is_err(), "a partial download is no model");
        let source = resolve(handle.as_ref(), &options, &Silent).unwrap();
        assert_eq!(fs::read(source.files.index.unwrap()).unwrap(), b"index");
        let requests = &hub.server.requests()[seen..];
        let range = requests[1].header("Range").map(str::to_owned);
        let expected = (at > 0).then(|| format!("bytes={at}-"));
        assert_eq!((requests.len(), range), (2, expected), "cut at {at}");
    }
    assert!(hub.tfhub_names().iter().all(|n| !n.contains("part") && !n.contains("tmp")));
}

#[test]
fn continues_while_bytes_arrive() {
    let body = archive();
    // Far more answers than attempts, but each brings some bytes.
    let hub = Hub::new(move |request| Reply::file(request, &body, "\"1\"").cut_at(25));
    assert!(hub.find(YAMNET).is_ok());
}

#[test]
fn gives_up_after_the_attempts_and_names_the_reason() {
    let hub = Hub::new(|_| Reply::new(503, "busy"));
    let (what, advice) = hub.refusal(YAMNET);
    assert_eq!(what, "127.0.0.1 answered 503 (3 attempts)");
    assert!(advice.contains("try again later"));
    assert_eq!(hub.server.requests().len(), 3);
}

#[test]
fn gives_up_on_a_server_that_always_starts_at_the_beginning() {
    let body = archive();
    let count = AtomicUsize::new(0);
    let hub = Hub::new(move |_| {
        let at = if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { 50 } else { 100 };
        Reply::new(200, body.clone()).cut_at(at)
    });
    assert!(hub.refusal(YAMNET).0.contains("(3 attempts)"));
    assert_eq!(hub.server.requests().len(), 1 + 1 + 2, "50 bytes, 100 bytes, then no progress");
}

#[test]
fn does_not_retry_an_unknown_host() {
    let hub = Hub::new(|_| Reply::new(404, ""));
    let started = Instant::now();
    let options = ResolveOptions { places: hub.places.clone(), ..ResolveOptions::default() };
    let error = resolve("http://host.invalid/m.tar.gz".as_ref(), &options, &Silent).unwrap_err();
    assert!(error.to_string().starts_with("host.invalid cannot be found"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "longer than a slow name server");
    assert_eq!(hub.tfhub_names(), Vec::<String>::new(), "no file is left");
}

#[test]
fn starts_again_when_the_remote_file_has_changed() {
    let body = archive();
    let count = AtomicUsize::new(0);
    let hub = Hub::new(move |request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::new(200, vec![b'x'; 5000]).header("ETag", "\"old\"").cut_at(3000),
        _ => Reply::file(request, &body, "\"new\""),
    });
    assert!(hub.find(YAMNET).is_ok());
    let second = &hub.server.requests()[1];
    assert_eq!(second.header("If-Range"), Some("\"old\""));
    assert_eq!(second.header("Range"), Some("bytes=3000-"));
}

#[test]
fn does_not_continue_without_a_strong_validator() {
    for tag in ["W/\"1\"", ""] {
        let body = archive();
        let count = AtomicUsize::new(0);
        let hub = Hub::new(move |_| {
            let reply = Reply::new(200, body.clone());
            let reply = if tag.is_empty() { reply } else { reply.header("ETag", tag) };
            let first = count.fetch_add(1, Ordering::Relaxed) == 0;
            if first { reply.cut_at(100) } else { reply }
        });
        assert!(hub.find(YAMNET).is_ok());
        assert_eq!(hub.server.requests()[1].header("Range"), None);
    }
}

#[test]
fn refuses_a_range_other_than_the_requested_one() {
    let body = archive();
    let count = AtomicUsize::new(0);
    let hub = Hub::new(move |request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::file(request, &body, "\"1\"").cut_at(100),
        1 => Reply::new(206, &body[50..])
            .header("ETag", "\"1\"")
            .header("Content-Range", &format!("bytes 50-{}/{}", body.len() - 1, body.len())),
        _ => Reply::file(request, &body, "\"1\""),
    });
    assert!(hub.find(YAMNET).is_ok());
    assert_eq!(hub.server.requests()[2].header("Range"), None, "started again");
}

#[test]
fn refuses_a_wrong_checksum_and_keeps_no_file() {
    let body = archive();
    let hub = Hub::new(move |request| {
        Reply::file(request, &body, "\"1\"").header("x-goog-hash", "crc32c=AAAAAA==,md5=AAAA")
    });
    let (what, _) = hub.refusal(YAMNET);
    assert!(what.contains("the download is damaged: the server states the MD5 AAAA"), "{what}");
    assert_eq!(hub.server.requests().len(), 2, "one more attempt, then the server is at fault");
    assert!(hub.find_offline(YAMNET).is_err());
    assert!(!hub.tfhub_names().contains(&YAMNET_SHA1.to_owned()));
}

#[test]
fn refuses_wrong_lengths() {
    let body = archive();
    let longer = body.len() + 10;
    let hub = Hub::new(move |_| Reply::new(200, body.clone()).stating(longer));
    let (what, _) = hub.refusal(YAMNET);
    assert!(what.contains("(3 attempts)"), "{what}");
    let body = archive();
    let hub = Hub::new(move |_| Reply::new(200, body.clone()).stating(150));
    let (what, _) = hub.refusal(YAMNET);
    assert!(what.contains("the archive cannot be read"), "{what}");
    assert!(!hub.tfhub_names().contains(&YAMNET_SHA1.to_owned()));
}

#[test]
fn a_silent_server_times_out() {
    let body = archive();
    let count = AtomicUsize::new(0);
    let hub = Hub::new(move |request| {
        let reply = Reply::file(request, &body, "\"1\"");
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => reply.cut_at(60).stalling(Duration::from_secs(20)),
            _ => reply,
        }
    });
    let started = Instant::now();
    assert!(hub.find(YAMNET).is_ok());
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(hub.server.requests()[1].header("Range"), Some("bytes=60-"));
}

#[test]
fn waits_as_long_as_the_server_asks() {
    let body = archive();
    let count = AtomicUsize::new(0);
    let hub = Hub::new(move |request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::new(429, "").header("Retry-After", "1"),
        _ => Reply::file(request, &body, "\"1\""),
    });
    let started = Instant::now();
    assert!(hub.find(YAMNET).is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
    let hub = Hub::new(|_| Reply::new(503, "").header("Retry-After", "86400"));
    assert!(hub.refusal(YAMNET).0.contains("asks to come back later"));
}

#[test]
fn errors_distinguish_forbidden_missing_and_never_moved() {
    let hub = Hub::new(|request| match request.path() {
        "/google/closed/1" => Reply::new(403, ""),
        "/google/gone/7" => Reply::new(404, ""),
        "/google/left/1" => {
            Reply::redirect(302, "https://www.kaggle.com/models?tfhub-redirect=true")
        }
        "/google/page/1" => Reply::new(200, "<html>").header("Content-Type", "text/html"),
        _ => Reply::redirect(302, "/loop"),
    });
    let (what, advice) = hub.refusal("https://tfhub.dev/google/closed/1");
    assert_eq!(what, "127.0.0.1 refuses access (403)");
    assert!(advice.contains("open https://tfhub.dev/google/closed/1 in a browser"), "{advice}");
    assert!(advice.contains("KAGGLE_API_TOKEN"), "{advice}");
    let (what, advice) = hub.refusal("https://tfhub.dev/google/gone/7");
    assert_eq!(what, "127.0.0.1 has no such model or version (404)");
    assert!(advice.contains("open https://tfhub.dev/google/gone to see"), "{advice}");
    let (what, advice) = hub.refusal("https://tfhub.dev/google/left/1");
    assert!(what.contains("never moved from tfhub.dev to Kaggle"), "{what}");
    assert!(advice.contains("https://www.kaggle.com/models?query=left"), "{advice}");
    let (what, _) = hub.refusal("https://tfhub.dev/google/page/1");
    assert!(what.contains("a web page instead of a model"), "{what}");
    let (what, _) = hub.refusal("https://tfhub.dev/google/loop/1");
    assert!(what.contains("redirects more than 10 times"), "{what}");
    // Each answer is final, so there is no second attempt.
    assert_eq!(hub.server.requests().len(), 4 + 11);
}

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
    tiny_model(&tfhub.join(YAMNET_SHA1));
    write(
        tfhub.join(format!("{YAMNET_SHA1}.descriptor.txt")),
        format!("Module: {YAMNET}\nDownload Time: x").as_bytes(),
    );
    write(tfhub.join(format!("{}.part", "0".repeat(40))), b"12345");
    let variation = hub.places.kagglehub_cache.join("models").join(KAGGLE);
    tiny_model(&variation.join("10"));
    write(variation.join("10.complete"), b"");
    tiny_model(&variation.join("9"));
    write(hub.places.kagglehub_cache.join("models/o/m/pyTorch/v/1/model.pt"), b"x");
    write(hub.places.kagglehub_cache.join("models/o/m/pyTorch/v/1.complete"), b"");
    let repo = hub.places.huggingface_cache.join("models--org--name");
    tiny_model(&repo.join("blobs/tree"));
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
