//! `tfcensus list` over caches as Python, cleaners and broken downloads leave them.

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use world::{World, copy, fixture, report, stderr, truth};

const NNLM: &str = "https://tfhub.dev/google/nnlm-en-dim128/2";
const YAMNET: &str = "https://tfhub.dev/google/yamnet/1";
const KAGGLE: &str = "google/mobilenet-v2/tensorFlow2/035-128-classification";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";
/// What a module's file may be made to say.
const HOSTILE: &str = "https://tfhub.dev/evil/\u{1b}]0;title\u{7}\u{202e}模型/3";

fn model(name: &str) -> PathBuf {
    fixture(name).join("model")
}

/// One of everything.
fn filled() -> World {
    let world = World::new();
    copy(&model("tf1_hub"), &world.tfhub_entry(NNLM));
    copy(&model("siamese"), &world.tfhub_entry(HOSTILE));
    let emptied = world.tfhub_entry(YAMNET);
    copy(&model("siamese"), &emptied);
    fs::remove_file(emptied.join("saved_model.pb")).unwrap();
    fs::write(world.path("tfhub").join("0".repeat(40) + ".part"), [0; 5]).unwrap();

    let variation = world.path("kagglehub/models").join(KAGGLE);
    for version in ["2", "10", "11", "12"] {
        copy(&model("lenet5"), &variation.join(version));
        fs::write(variation.join(format!("{version}.complete")), "").unwrap();
    }
    fs::remove_file(variation.join("10.complete")).unwrap();
    let shard = variation.join("11/variables/variables.data-00000-of-00001");
    fs::File::options().write(true).open(shard).unwrap().set_len(1000).unwrap();
    fs::write(variation.join("12/saved_model.pb"), [0x0a, 0xff]).unwrap();

    let repo = world.path("huggingface/models--org--name");
    let snapshot = repo.join("snapshots").join(REVISION);
    copy(&model("siamese"), &repo.join("blobs/all"));
    fs::create_dir_all(&snapshot).unwrap();
    for name in world::names(&repo.join("blobs/all")) {
        let target = Path::new("../../blobs/all").join(&name);
        std::os::unix::fs::symlink(target, snapshot.join(&name)).unwrap();
    }
    // For other frameworks, so no business of ours.
    fs::create_dir_all(world.path("huggingface/models--org--torch/snapshots/1")).unwrap();
    world
}

#[test]
fn every_model_is_listed_with_its_parameters_or_what_is_wrong_with_it() {
    let world = filled();
    let done = world.command(&["list", "--format", "json"]).output().unwrap();
    let (list, code) = report(&done);
    assert_eq!((list["schema_version"].as_u64(), code), (Some(1), Some(1)));
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
        let doubted = !model["detail"].as_str().unwrap().is_empty();
        assert_eq!(doubted, state != "whole", "{model:#}");
        // Each handle leads to the model, and what is listed is what a count says.
        if let (Some(handle), "whole") = (handle.as_str(), state) {
            if handle == HOSTILE {
                continue;
            }
            let arguments = ["count", "--offline", "--quiet", "--runtime", "off", handle];
            let done = world.command(&arguments).output().unwrap();
            let counted = String::from_utf8_lossy(&done.stdout).trim().parse::<u64>().ok();
            assert_eq!(counted, parameters.as_u64(), "{handle}: {}", stderr(&done));
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
        let done = world.command(arguments).env("COLUMNS", columns).output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        // Python chooses the folder of a handle by its SHA-1; only ours is a new one every time.
        let text = text.replace(&home, "/home");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{name} differs; look at it, then use UPDATE_GOLDEN=1:\n{text}");
    }
}

#[test]
fn empty_caches_are_no_error_and_the_places_are_named() {
    let world = World::new();
    let done = world.command(&["list"]).output().unwrap();
    assert_eq!((done.status.code(), stderr(&done).as_str()), (Some(0), ""));
    let text = String::from_utf8(done.stdout).unwrap();
    for cache in ["tfhub", "kagglehub", "huggingface"] {
        assert!(text.contains(world.path(cache).to_str().unwrap()), "{text}");
    }
    for variable in ["TFHUB_CACHE_DIR", "KAGGLEHUB_CACHE", "HF_HUB_CACHE"] {
        assert!(text.contains(variable), "{text}");
    }
    let done = world.command(&["list", "--format", "json"]).output().unwrap();
    assert_eq!(report(&done).0["models"], Value::Array(Vec::new()));
}

#[test]
fn a_cache_that_cannot_be_read_is_named() {
    let world = World::new();
    fs::write(world.path("tfhub"), "a file where a folder should be").unwrap();
    let done = world.command(&["list"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("tensorflow_hub: cannot be read: Not a directory"), "{text}");
    let (list, code) = report(&world.command(&["list", "--format", "json"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(list["caches"][0]["problem"].is_string() && list["caches"][1]["problem"].is_null());
}

#[test]
fn a_list_that_cannot_be_written_is_an_error() {
    let world = World::new();
    let output = world.path("none/list.txt");
    let done = world.command(&["list", "-o", output.to_str().unwrap()]).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(stderr(&done).contains("none/list.txt"), "{}", stderr(&done));
}
