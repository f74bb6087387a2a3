//! HTTP: broken, slow, changed and wrong answers to a download.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tfcensus::Silent;
use tfcensus::internals::source::{ResolveOptions, resolve};

use crate::common::archive::SHARD;
use crate::common::loopback::Reply;
use crate::hub::{Hub, archive};
use crate::{YAMNET, YAMNET_SHA1};

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
