//! `tfcensus list` of caches that Python, cleaners and broken downloads have changed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::YAMNET;
use crate::common::archive::SHARD;
use crate::common::world::World;
use crate::common::{Run, copy, fixture, golden, names, truth};

const NNLM: &str = "https://tfhub.dev/google/nnlm-en-dim128/2";
const KAGGLE: &str = "google/mobilenet-v2/tensorFlow2/035-128-classification";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";
/// A handle that a hostile descriptor may state.
const HOSTILE: &str = "https://tfhub.dev/evil/\u{1b}]0;title\u{7}\u{202e}模型/3";

/// Caches with an entry of every kind.
fn filled() -> World {
    let world = World::new();
    copy(&fixture("tf1_hub"), &world.tfhub_entry(NNLM));
    copy(&fixture("siamese"), &world.tfhub_entry(HOSTILE));
    let emptied = world.tfhub_entry(YAMNET);
    copy(&fixture("siamese"), &emptied);
    fs::remove_file(emptied.join("saved_model.pb")).unwrap();
    fs::write(world.path("tfhub").join("0".repeat(40) + ".part"), [0; 5]).unwrap();

    let variation = world.path("kagglehub/models").join(KAGGLE);
    for version in ["2", "10", "11", "12"] {
        copy(&fixture("lenet5"), &variation.join(version));
        fs::write(variation.join(format!("{version}.complete")), "").unwrap();
    }
    fs::remove_file(variation.join("10.complete")).unwrap();
    let shard = variation.join("11").join(SHARD);
    fs::File::options().write(true).open(shard).unwrap().set_len(1000).unwrap();
    fs::write(variation.join("12/saved_model.pb"), [0x0a, 0xff]).unwrap();

    let repo = world.path("huggingface/models--org--name");
    let snapshot = repo.join("snapshots").join(REVISION);
    copy(&fixture("siamese"), &repo.join("blobs/all"));
    fs::create_dir_all(&snapshot).unwrap();
    for name in names(&repo.join("blobs/all")) {
        let target = Path::new("../../blobs/all").join(&name);
        std::os::unix::fs::symlink(target, snapshot.join(&name)).unwrap();
    }
    // Models of other frameworks are not listed.
    fs::create_dir_all(world.path("huggingface/models--org--torch/snapshots/1")).unwrap();
    world
}

#[test]
fn every_model_is_listed_with_its_parameters_or_its_fault() {
    let world = filled();
    let done = world.command(&["list", "--format", "json"]).run();
    let list = done.json();
    assert_eq!((list["schema_version"].as_u64(), done.code), (Some(1), Some(1)));
    let parameters = |name| truth(name)["parameters"].clone();
    let null = Value::Null;
    let expected = [
        (null.clone(), null.clone(), null.clone(), "partial"),
        (HOSTILE.into(), "3".into(), parameters("siamese"), "whole"),
        (NNLM.into(), "2".into(), parameters("tf1_hub"), "whole"),
        (YAMNET.into(), "1".into(), null.clone(), "broken"),
        (format!("{KAGGLE}/2").into(), "2".into(), parameters("lenet5"), "whole"),
        (format!("{KAGGLE}/10").into(), "10".into(), null.clone(), "partial"),
        (format!("{KAGGLE}/11").into(), "11".into(), parameters("lenet5"), "contradicts"),
        (format!("{KAGGLE}/12").into(), "12".into(), null, "uncounted"),
        (
            format!("hf://org/name@{REVISION}").into(),
            REVISION.into(),
            parameters("siamese"),
            "whole",
        ),
    ];
    let models = list["models"].as_array().unwrap();
    assert_eq!(models.len(), expected.len(), "{list:#}");
    for (model, (handle, version, parameters, state)) in models.iter().zip(expected) {
        let got = (&model["handle"], &model["version"], &model["parameters"], &model["state"]);
        assert_eq!(got, (&handle, &version, &parameters, &Value::from(state)), "{model:#}");
        let has_detail = !model["detail"].as_str().unwrap().is_empty();
        assert_eq!(has_detail, state != "whole", "{model:#}");
        // Each handle leads to its model, and the listed number is that of a count.
        if let (Some(handle), "whole") = (handle.as_str(), state) {
            if handle == HOSTILE {
                continue;
            }
            let arguments = ["count", "--offline", "--quiet", "--runtime", "off", handle];
            let done = world.command(&arguments).run();
            let counted = done.stdout.trim().parse::<u64>().ok();
            assert_eq!(counted, parameters.as_u64(), "{handle}: {}", done.stderr);
        }
    }
    assert_eq!(list["caches"][0]["path"], world.path("tfhub").to_str().unwrap());
}

#[test]
fn the_list_looks_as_it_did() {
    let world = filled();
    let home = world.tmp.path().to_str().unwrap().to_owned();
    for (name, columns, arguments) in [
        ("list.80.txt", "80", &["list"][..]),
        ("list.40.txt", "40", &["list", "--ascii"]),
        ("list.csv", "80", &["list", "--format", "csv"]),
    ] {
        let text = world.command(arguments).env("COLUMNS", columns).run().stdout;
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        // The folder of a handle is its SHA-1; only the test's own folder has another name each time.
        golden::check(name, &text.replace(&home, "/home"));
    }
}

#[test]
fn empty_caches_are_no_error_and_their_folders_are_named() {
    let world = World::new();
    let done = world.command(&["list"]).run();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    let text = done.stdout;
    for cache in ["tfhub", "kagglehub", "huggingface"] {
        assert!(text.contains(world.path(cache).to_str().unwrap()), "{text}");
    }
    for variable in ["TFHUB_CACHE_DIR", "KAGGLEHUB_CACHE", "HF_HUB_CACHE"] {
        assert!(text.contains(variable), "{text}");
    }
    let list = world.command(&["list", "--format", "json"]).run().json();
    assert_eq!(list["models"], Value::Array(Vec::new()));
}

#[test]
fn a_cache_that_cannot_be_read_is_named() {
    let world = World::new();
    fs::write(world.path("tfhub"), "a file where a folder should be").unwrap();
    let done = world.command(&["list"]).run();
    assert_eq!(done.code, Some(1));
    let message = "tensorflow_hub: cannot be read: Not a directory";
    assert!(done.stdout.contains(message), "{}", done.stdout);
    let done = world.command(&["list", "--format", "json"]).run();
    assert_eq!(done.code, Some(1));
    let list = done.json();
    assert!(list["caches"][0]["problem"].is_string() && list["caches"][1]["problem"].is_null());
}

#[test]
fn a_list_that_cannot_be_written_is_an_error() {
    let world = World::new();
    let output = world.path("none/list.txt");
    let done = world.command(&["list", "-o", output.to_str().unwrap()]).run();
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("none/list.txt"), "{}", done.stderr);
}
