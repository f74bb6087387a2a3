//! The whole program from a handle, an address or an archive to a verified census.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::common::archive::{files_of, tar, tar_gz, zip};
use crate::common::loopback::{Reply, Server};
use crate::common::process::Running;
use crate::common::world::World;
use crate::common::{
    Answer, Run, TFCENSUS, compare_totals, copy, fixture, project, require_library, truth,
};

/// A published handle of each kind of model, and the fixture that is served for it: a TF1 Hub module, a
/// reusable SavedModel of TensorFlow 2, a Keras model.
const KINDS: [(&str, &str); 3] = [
    ("https://tfhub.dev/google/elmo/3", "tf1_hub"),
    ("https://tfhub.dev/google/universal-sentence-encoder/4", "module_shared"),
    ("google/yamnet/tensorFlow2/yamnet/1", "lenet5"),
];

/// The program has printed the parameters of LeNet-5 and nothing else.
fn prints_lenet(done: &Answer) {
    assert_eq!(done.stdout, "61706\n", "{}", done.stderr);
}

#[test]
fn every_kind_of_model_is_verified_from_its_handle_and_downloaded_once() {
    require_library();
    for (handle, name) in KINDS {
        let world = World::new();
        let body = tar_gz(&fixture(name), ".");
        let server = Server::start(move |request| match request.path() {
            "/file" => Reply::file(request, &body, "\"1\""),
            _ => Reply::redirect(302, "/file"),
        });
        let arguments = ["count", "--format", "json", handle];
        let first = world.mirrored(&server.url, &arguments).run().report("verified", 0);
        assert_eq!(first["model"]["source"], handle);
        compare_totals(handle, &first, &truth(name));
        assert_eq!(server.requests().len(), 2, "{handle}: the hub, then the file");
        // Without the mirror only the cache can answer.
        for offline in [&[][..], &["--offline"]] {
            let arguments = [&arguments[..], offline].concat();
            let again = world.command(&arguments).run().report("verified", 0);
            assert_eq!(again["totals"], first["totals"], "{handle}");
        }
        world.assert_tmp_is_empty();
    }
}

#[test]
fn concurrent_processes_download_a_model_once() {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5"), ".");
    let server = Server::start(move |request| {
        Reply::file(request, &body, "\"1\"").stalling(Duration::from_millis(700))
    });
    let arguments = ["count", "--quiet", "--runtime", "off", "https://tfhub.dev/google/yamnet/1"];
    let start = || Running::start(&mut world.mirrored(&server.url, &arguments));
    let programs = [start(), start(), start()];
    for program in programs {
        prints_lenet(&program.end());
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_handle_without_version_gives_the_newest_of_kaggle() {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5"), ".");
    let server = Server::start(move |request| match request.path() {
        "/api/v1/models/google/yamnet/tensorFlow2/yamnet/get" => {
            Reply::new(200, r#"{"versionNumber": 7}"#)
        }
        "/api/v1/models/google/yamnet/tensorFlow2/yamnet/7/download" => {
            Reply::file(request, &body, "\"1\"")
        }
        _ => Reply::new(404, ""),
    });
    for handle in ["google/yamnet/tensorFlow2/yamnet", "kaggle://google/yamnet/tensorFlow2/yamnet"]
    {
        let arguments = ["count", "--quiet", "--runtime", "off", handle];
        let done = world.mirrored(&server.url, &arguments).run();
        prints_lenet(&done);
        assert_eq!(done.stderr, "");
    }
    // Offline, the cached version may not be the newest, and a note names it.
    let arguments = ["count", "--offline", "--runtime", "off", "google/yamnet/tensorFlow2/yamnet"];
    let done = world.command(&arguments).run();
    assert_eq!(done.code, Some(0));
    assert!(done.stderr.starts_with("note: this is version 7"), "{}", done.stderr);
}

#[test]
fn a_folder_in_the_storage_is_fetched_file_by_file() {
    let world = World::new();
    require_library();
    let model = fixture("siamese");
    let server = Server::start(move |request| {
        let Some(name) = request.path().strip_prefix("/bucket/models/siamese/") else {
            let names = [
                "saved_model.pb",
                "keras_metadata.pb",
                "variables/variables.index",
                "variables/variables.data-00000-of-00001",
            ];
            let items: Vec<Value> = names
                .iter()
                .filter(|name| model.join(name).exists())
                .map(|name| serde_json::json!({"name": format!("models/siamese/{name}")}))
                .collect();
            return Reply::new(200, serde_json::json!({ "items": items }).to_string());
        };
        Reply::file(request, &fs::read(model.join(name)).unwrap(), "\"1\"")
    });
    let arguments = ["count", "--format", "json", "gs://bucket/models/siamese"];
    let report = world.mirrored(&server.url, &arguments).run().report("verified", 0);
    compare_totals("gs://", &report, &truth("siamese"));
}

#[test]
fn offline_names_the_address_and_the_cache_of_a_download() {
    let world = World::new();
    for (handle, url, cache) in [
        (
            "https://tfhub.dev/google/nnlm-en-dim128/2",
            "https://tfhub.dev/google/nnlm-en-dim128/2?tf-hub-format=compressed",
            "tfhub",
        ),
        (
            "kaggle://google/yamnet/tensorFlow2/yamnet/1",
            "https://www.kaggle.com/api/v1/models/google/yamnet/tensorFlow2/yamnet/1/download",
            "kagglehub",
        ),
        ("gs://bucket/m.tgz", "https://storage.googleapis.com/bucket/m.tgz", "tfhub"),
    ] {
        let Answer { code, stderr, .. } = world.command(&["count", "--offline", handle]).run();
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.starts_with("error: offline, and the model is in no cache\n"), "{stderr}");
        assert!(stderr.contains(&format!("where: {handle}\n")), "{stderr}");
        assert!(stderr.contains(&format!("would fetch {url} into ")), "{stderr}");
        assert!(stderr.contains(world.path(cache).to_str().unwrap()), "{stderr}");
    }
}

#[test]
fn every_kind_of_archive_is_counted_and_no_file_is_left() {
    require_library();
    let world = World::new();
    let model = fixture("lenet5");
    for (name, bytes) in [
        ("root.tar.gz", tar_gz(&model, ".")),
        ("below.tgz", tar_gz(&model, "lenet")),
        ("plain.tar", tar(&model, "export")),
        ("packed.zip", zip(&files_of(&model, "some_name"))),
    ] {
        let path = world.path(name);
        fs::write(&path, bytes).unwrap();
        for (runtime, verdict) in [("auto", "verified"), ("off", "unverified")] {
            let arguments =
                ["count", "--format", "json", "--runtime", runtime, path.to_str().unwrap()];
            let report = world.command(&arguments).run().report(verdict, 0);
            compare_totals(name, &report, &truth("lenet5"));
            world.assert_tmp_is_empty();
        }
    }
}

#[test]
fn a_path_near_the_model_is_understood_and_a_note_names_the_model() {
    let world = World::new();
    let model = fixture("lenet5");
    for version in ["1", "2", "10"] {
        copy(&model, &world.path("served").join(version));
    }
    let served = world.path("served");
    let done = world.command(&["count", "--runtime", "off", served.to_str().unwrap()]).run();
    assert_eq!(done.code, Some(0));
    let stderr = done.stderr;
    assert!(stderr.starts_with("note: this is version 10, the highest in "), "{stderr}");
    assert!(stderr.ends_with("also there: 2, 1\n"), "{stderr}");
    for part in ["saved_model.pb", "variables/variables.index", "variables"] {
        let path = served.join("2").join(part);
        let arguments = ["count", "--quiet", "--runtime", "off", path.to_str().unwrap()];
        prints_lenet(&world.command(&arguments).run());
    }
}

/// Assembles the model of `tests/sparse/nnlm_dim128` from the parts that its script kept, with a hole
/// for the zeros. Returns the counts that Python wrote.
fn assemble_nnlm(dir: &Path) -> Value {
    let kept = project("tests/sparse/nnlm_dim128");
    let json = |name| serde_json::from_slice::<Value>(&fs::read(kept.join(name)).unwrap()).unwrap();
    let shard = json("shard.json");
    let number = |key: &str| shard[key].as_u64().unwrap();
    fs::create_dir_all(dir.join("variables")).unwrap();
    fs::copy(kept.join("saved_model.pb"), dir.join("saved_model.pb")).unwrap();
    fs::copy(kept.join("variables.index"), dir.join("variables/variables.index")).unwrap();
    let mut file = fs::File::create(dir.join(shard["name"].as_str().unwrap())).unwrap();
    file.set_len(number("byte_len")).unwrap();
    file.seek(SeekFrom::Start(number("part_at"))).unwrap();
    file.write_all(&fs::read(kept.join("shard.part")).unwrap()).unwrap();
    json("expected.json")
}

#[test]
fn the_published_shape_of_nnlm_en_dim128_gives_124_642_688() {
    require_library();
    let world = World::new();
    let handle = "https://tfhub.dev/google/nnlm-en-dim128/2";
    let truth = assemble_nnlm(&world.tfhub_entry(handle));
    assert_eq!(truth["parameters"], 973_771 * 128);
    for (runtime, verdict) in
        [("off", "unverified"), ("variables", "verified"), ("auto", "verified")]
    {
        let arguments = ["count", "--offline", "--format", "json", "--runtime", runtime, handle];
        let report = world.command(&arguments).run().report(verdict, 0);
        compare_totals(runtime, &report, &truth);
        assert_eq!(report["totals"]["parameters"], 124_642_688, "{runtime}");
        let variables = report["variables"].as_array().unwrap();
        assert_eq!(variables.len(), 1);
        assert_eq!(variables[0]["shape"], serde_json::json!([973_771, 128]));
        assert_eq!(variables[0]["dtype"], "float32");
    }
}

#[test]
fn published_counts_of_cached_models_are_compared_without_a_network() {
    require_library();
    let world = World::new();
    assemble_nnlm(&world.tfhub_entry("https://tfhub.dev/google/nnlm-en-dim128/2"));
    // A model of another size with a published handle.
    let wrong = "https://tfhub.dev/google/nnlm-en-dim50/2";
    copy(&fixture("lenet5"), &world.tfhub_entry(wrong));
    let script = project("scripts/check_published");
    let check = |only: &str| {
        // The script passes its environment to the program that it runs.
        let mut command = Command::new("python3");
        for (name, value) in world.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TFCENSUS_TFHUB_URL", "http://127.0.0.1:9").arg(&script);
        command.args([TFCENSUS, "--only", only]).run()
    };
    let done = check("dim128");
    let output = done.stdout;
    assert_eq!(done.code, Some(0), "{output}{}", done.stderr);
    assert!(output.starts_with("agrees "), "{output}");
    assert!(output.contains("nnlm-en-dim128/2  124,642,688  verified\n"), "{output}");
    let done = check("dim50");
    let output = done.stdout;
    assert_eq!(done.code, Some(1), "{output}{}", done.stderr);
    assert!(output.contains("61,706 instead of 48,190,600"), "{output}");
    let done = check("mobilenet");
    let output = done.stdout;
    assert_eq!(done.code, Some(0), "{output}{}", done.stderr);
    assert!(output.starts_with("not run "), "{output}");
    assert!(output.contains("1 of 1 were not run: no network"), "{output}");
}
