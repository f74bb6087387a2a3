//! From a handle, an address or an archive to a verified census, as a user asks for it.

mod loopback;
mod world;

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use loopback::{Reply, Server};
use serde_json::Value;
use world::{World, copy, fixture, report, stderr, tar_gz, truth};

/// A published handle for each kind of model, and the fixture that is served in its place: a TF1
/// Hub module, a reusable SavedModel of TensorFlow 2, a Keras model.
const KINDS: [(&str, &str); 3] = [
    ("https://tfhub.dev/google/elmo/3", "tf1_hub"),
    ("https://tfhub.dev/google/universal-sentence-encoder/4", "module_shared"),
    ("google/yamnet/tensorFlow2/yamnet/1", "lenet5"),
];

fn compare(name: &str, report: &Value, truth: &Value) {
    for key in ["parameters", "trainable", "bytes", "variables"] {
        assert_eq!(report["totals"][key], truth[key], "{name}: {key}");
    }
}

#[test]
fn every_kind_of_model_is_verified_from_its_handle_and_fetched_once() {
    for (handle, name) in KINDS {
        let world = World::new();
        let body = tar_gz(&fixture(name).join("model"), ".");
        let server = Server::start(move |request| match request.path() {
            "/file" => Reply::file(request, &body, "\"1\""),
            _ => Reply::redirect(302, "/file"),
        });
        let arguments = ["count", "--format", "json", handle];
        let (first, code) = report(&world.mirrored(&server.url, &arguments).output().unwrap());
        assert_eq!((first["verdict"].as_str(), code), (Some("verified"), Some(0)), "{handle}");
        assert_eq!(first["model"]["source"], handle);
        compare(handle, &first, &truth(name));
        assert_eq!(server.requests().len(), 2, "{handle}: the hub, then the file");
        // No mirror and no way out: only the cache can answer.
        for offline in [&[][..], &["--offline"]] {
            let arguments = [&arguments[..], offline].concat();
            let (again, code) = report(&world.command(&arguments).output().unwrap());
            assert_eq!((&again["totals"], code), (&first["totals"], Some(0)), "{handle}");
        }
        assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "{handle}");
    }
}

#[test]
fn processes_that_want_one_model_fetch_it_once() {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5").join("model"), ".");
    let server = Server::start(move |request| {
        Reply::file(request, &body, "\"1\"").stalling(Duration::from_millis(700))
    });
    let arguments = ["count", "--quiet", "--runtime", "off", "https://tfhub.dev/google/yamnet/1"];
    let start = || {
        let mut command = world.mirrored(&server.url, &arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [start(), start(), start()];
    for child in children {
        let done = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{}", stderr(&done));
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_handle_without_version_asks_kaggle_for_the_newest() {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5").join("model"), ".");
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
        let done = world.mirrored(&server.url, &arguments).output().unwrap();
        // 61,706: LeNet-5.
        assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{}", stderr(&done));
        assert_eq!(stderr(&done), "", "one number and nothing else");
    }
    // Offline it may not be the newest any more, and that is said.
    let arguments = ["count", "--offline", "--runtime", "off", "google/yamnet/tensorFlow2/yamnet"];
    let done = world.command(&arguments).output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert!(stderr(&done).starts_with("note: this is version 7"), "{}", stderr(&done));
}

#[test]
fn a_folder_in_the_storage_is_fetched_file_by_file() {
    let world = World::new();
    let model = fixture("siamese").join("model");
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
    let (report, code) = report(&world.mirrored(&server.url, &arguments).output().unwrap());
    assert_eq!((report["verdict"].as_str(), code), (Some("verified"), Some(0)));
    compare("gs://", &report, &truth("siamese"));
}

#[test]
fn offline_says_what_it_would_have_fetched_and_where_to() {
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
        let done = world.command(&["count", "--offline", handle]).output().unwrap();
        let said = stderr(&done);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: offline, and the model is in no cache\n"), "{said}");
        assert!(said.contains(&format!("where: {handle}\n")), "{said}");
        assert!(said.contains(&format!("would fetch {url} into ")), "{said}");
        assert!(said.contains(world.path(cache).to_str().unwrap()), "{said}");
    }
}

fn zip_of(dir: &Path) -> Vec<u8> {
    fn add(writer: &mut zip::ZipWriter<std::io::Cursor<Vec<u8>>>, dir: &Path, inside: &str) {
        for name in world::names(dir) {
            let (path, inside) = (dir.join(&name), format!("{inside}/{name}"));
            if path.is_dir() {
                add(writer, &path, &inside);
            } else {
                writer.start_file(inside, zip::write::SimpleFileOptions::default()).unwrap();
                writer.write_all(&fs::read(path).unwrap()).unwrap();
            }
        }
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    add(&mut writer, dir, "some_name");
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_kind_of_archive_is_counted_and_nothing_is_left() {
    let world = World::new();
    let model = fixture("lenet5").join("model");
    let plain = {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_dir_all("export", &model).unwrap();
        builder.into_inner().unwrap()
    };
    for (name, bytes) in [
        ("root.tar.gz", tar_gz(&model, ".")),
        ("below.tgz", tar_gz(&model, "lenet")),
        ("plain.tar", plain),
        ("packed.zip", zip_of(&model)),
    ] {
        let path = world.path(name);
        fs::write(&path, bytes).unwrap();
        for (runtime, verdict) in [("auto", "verified"), ("off", "unverified")] {
            let arguments =
                ["count", "--format", "json", "--runtime", runtime, path.to_str().unwrap()];
            let (report, code) = report(&world.command(&arguments).output().unwrap());
            assert_eq!((report["verdict"].as_str(), code), (Some(verdict), Some(0)), "{name}");
            compare(name, &report, &truth("lenet5"));
            assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn the_path_as_people_give_it_is_understood_and_what_was_understood_is_said() {
    let world = World::new();
    let model = fixture("lenet5").join("model");
    for version in ["1", "2", "10"] {
        copy(&model, &world.path("served").join(version));
    }
    let served = world.path("served");
    let done =
        world.command(&["count", "--runtime", "off", served.to_str().unwrap()]).output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    let said = stderr(&done);
    assert!(said.starts_with("note: this is version 10, the highest in "), "{said}");
    assert!(said.ends_with("also there: 2, 1\n"), "{said}");
    for part in ["saved_model.pb", "variables/variables.index", "variables"] {
        let path = served.join("2").join(part);
        let arguments = ["count", "--quiet", "--runtime", "off", path.to_str().unwrap()];
        let done = world.command(&arguments).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{part}");
    }
}

/// Puts the model of `tests/sparse/nnlm_dim128` together: what its script kept, and a hole for
/// the zeros. Gives what Python said of it.
fn assemble_nnlm(dir: &Path) -> Value {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sparse/nnlm_dim128");
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
    let world = World::new();
    let handle = "https://tfhub.dev/google/nnlm-en-dim128/2";
    let truth = assemble_nnlm(&world.tfhub_entry(handle));
    assert_eq!(truth["parameters"], 973_771 * 128);
    for (runtime, verdict) in
        [("off", "unverified"), ("variables", "verified"), ("auto", "verified")]
    {
        let arguments = ["count", "--offline", "--format", "json", "--runtime", runtime, handle];
        let (report, code) = report(&world.command(&arguments).output().unwrap());
        assert_eq!((report["verdict"].as_str(), code), (Some(verdict), Some(0)), "{runtime}");
        compare(runtime, &report, &truth);
        assert_eq!(report["totals"]["parameters"], 124_642_688, "{runtime}");
        let variables = report["variables"].as_array().unwrap();
        assert_eq!(variables.len(), 1);
        assert_eq!(variables[0]["shape"], serde_json::json!([973_771, 128]));
        assert_eq!(variables[0]["dtype"], "float32");
    }
}

#[test]
fn published_counts_are_compared_without_a_network_where_the_models_lie_in_a_cache() {
    let world = World::new();
    assemble_nnlm(&world.tfhub_entry("https://tfhub.dev/google/nnlm-en-dim128/2"));
    // A model of another size under a published handle.
    let wrong = "https://tfhub.dev/google/nnlm-en-dim50/2";
    copy(&fixture("lenet5").join("model"), &world.tfhub_entry(wrong));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check_published");
    let check = |only: &str| {
        // Its variables are those of the program that it runs.
        let mut command = std::process::Command::new("python3");
        for (name, value) in world.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TFCENSUS_TFHUB_URL", "http://127.0.0.1:9").arg(&script);
        command.args([env!("CARGO_BIN_EXE_tfcensus"), "--only", only]).output().unwrap()
    };
    let done = check("dim128");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{said}{}", stderr(&done));
    assert!(said.starts_with("agrees "), "{said}");
    assert!(said.contains("nnlm-en-dim128/2  124,642,688  verified\n"), "{said}");
    let done = check("dim50");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}{}", stderr(&done));
    assert!(said.contains("61,706 instead of 48,190,600"), "{said}");
    let done = check("mobilenet");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{said}{}", stderr(&done));
    assert!(said.starts_with("not run "), "{said}");
    assert!(said.contains("1 of 1 were not run: no network"), "{said}");
}
