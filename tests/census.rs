//! The whole program against every fixture: counts, tree and verdict as Python said when the model
//! was saved, with a real session and without one.
//!
//! Expected numbers come from `tests/fixtures/*/expected.json`, which the generators wrote from the
//! live Python objects. A test that needs libtensorflow fails where there is none.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The numbers that `expected.json` may hold, each under the same name in a report's totals.
const TOTALS: &[&str] = &["parameters", "trainable", "bytes", "variables"];

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.json").is_file())
        .collect();
    found.sort();
    assert!(found.len() >= 9, "only {} fixtures", found.len());
    found
}

fn fixture(name: &str) -> PathBuf {
    fixtures().into_iter().find(|path| path.ends_with(name)).unwrap()
}

fn tfcensus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tfcensus")).args(arguments).output().unwrap()
}

fn report(model: &Path, more: &[&str]) -> (Value, Option<i32>) {
    let model = model.to_str().unwrap();
    let out = tfcensus(&[&["count", model, "--format", "json"], more].concat());
    let stderr = String::from_utf8_lossy(&out.stderr);
    let report = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("{model} {more:?}: {e}; stderr: {stderr}"));
    (report, out.status.code())
}

fn expected(fixture: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(fixture.join("expected.json")).unwrap()).unwrap()
}

fn compare_totals(name: &str, report: &Value, counts: &Value) {
    for key in TOTALS {
        assert_eq!(report["totals"][key], counts[key], "{name}: {key}");
    }
}

/// Every layer of the live model is in the tree, under its parent, with its class and numbers.
fn compare_tree(path: &str, got: &Value, want: &Value) {
    let here = format!("{path}/{}", want["name"].as_str().unwrap());
    if !path.is_empty() {
        assert_eq!(got["name"], want["name"], "{here}");
        assert_eq!(got["class"], want["class"], "{here}");
    }
    if want["first_visit"] == Value::Bool(true) {
        assert_eq!(got["parameters"], want["parameters"], "{here}: parameters");
        assert_eq!(got["trainable"], want["trainable"], "{here}: trainable");
    }
    let mut left: Vec<&Value> = got["children"].as_array().unwrap().iter().collect();
    for child in want["children"].as_array().into_iter().flatten() {
        let at = left.iter().position(|g| g["name"] == child["name"]);
        let at = at.unwrap_or_else(|| panic!("{here}: no child {}", child["name"]));
        compare_tree(&here, left.remove(at), child);
    }
}

/// The listed variables and the groups add up to the totals.
fn adds_up(name: &str, report: &Value) {
    let variables = report["variables"].as_array().unwrap();
    for key in ["parameters", "bytes"] {
        let sum: u64 = variables.iter().map(|v| v[key].as_u64().unwrap()).sum();
        assert_eq!(report["totals"][key], sum, "{name}: {key}");
    }
    for v in variables {
        let dims = v["shape"].as_array().unwrap();
        let elements: u64 = dims.iter().map(|d| d.as_u64().unwrap()).product();
        assert_eq!(v["parameters"], elements, "{name}: {}", v["name"]);
    }
    assert_eq!(report["groups"]["parameters"], report["totals"]["parameters"], "{name}");
}

#[test]
fn a_session_verifies_every_fixture() {
    for fixture in fixtures() {
        let name = fixture.display().to_string();
        let want = expected(&fixture);
        let (report, code) = report(&fixture.join("model"), &[]);
        assert_eq!(report["verdict"], "verified", "{name}: {}", report["findings"]);
        assert_eq!(code, Some(0), "{name}");
        compare_totals(&name, &report, &want["counts"]);
        adds_up(&name, &report);
        if want["tree"].is_object() {
            compare_tree("", &report["groups"], &want["tree"]);
        }
        for (role, variables) in want["not_counted"].as_object().into_iter().flatten() {
            let roles = report["not_counted"].as_array().unwrap();
            let found = roles.iter().find(|r| r["role"] == role.as_str());
            let found = found.unwrap_or_else(|| panic!("{name}: nothing of role {role}"));
            assert_eq!(&found["variables"], variables, "{name}: {role}");
        }
        if want["constants"].is_object() {
            assert_eq!(report["constants"], want["constants"], "{name}");
        }
        for code in want["findings"].as_array().into_iter().flatten() {
            let found = report["findings"].as_array().unwrap();
            assert!(found.iter().any(|f| &f["code"] == code), "{name}: no {code} in {found:?}");
        }
    }
}

#[test]
fn counts_are_the_same_without_a_session_and_over_the_variables_alone() {
    for fixture in fixtures() {
        let name = fixture.display().to_string();
        let counts = expected(&fixture)["counts"].clone();
        let (files_only, code) = report(&fixture.join("model"), &["--runtime", "off"]);
        assert_eq!((files_only["verdict"].as_str(), code), (Some("unverified"), Some(0)), "{name}");
        compare_totals(&name, &files_only, &counts);
        if counts["variables"] == 0 {
            continue;
        }
        let (alone, code) = report(&fixture.join("model"), &["--runtime", "variables"]);
        assert_eq!((alone["verdict"].as_str(), code), (Some("verified"), Some(0)), "{name}");
        assert_eq!(alone["totals"], files_only["totals"], "{name}");
        assert_eq!(alone["groups"], files_only["groups"], "{name}");
    }
}

#[test]
fn the_variables_alone_of_a_model_without_any_are_confirmed_and_no_more_is_said() {
    let (report, code) =
        report(&fixture("frozen_graph").join("model"), &["--runtime", "variables"]);
    assert_eq!((&report["verdict"], code), (&Value::from("verified"), Some(0)));
    let runtime = &report["witnesses"].as_array().unwrap()[0];
    let detail = runtime["detail"].as_str().unwrap();
    assert!(detail.contains("the graph was not loaded"), "{detail}");
}

#[test]
fn every_tag_set_is_counted_on_its_own() {
    let fixture = fixture("two_meta_graphs");
    let want = expected(&fixture);
    for (tags, counts) in want["tags"].as_object().unwrap() {
        let (report, code) = report(&fixture.join("model"), &["--tags", tags]);
        assert_eq!((report["verdict"].as_str(), code), (Some("verified"), Some(0)), "{tags}");
        compare_totals(tags, &report, counts);
    }
}

#[test]
fn frozen_layers_are_frozen_whatever_the_flags_of_their_weights_say() {
    let fixture = fixture("frozen_base");
    let (report, _) = report(&fixture.join("model"), &["--runtime", "off"]);
    let variables = report["variables"].as_array().unwrap();
    let frozen = variables.iter().filter(|v| v["frozen"] == Value::Bool(true)).count();
    assert!(frozen > 0);
    assert!(variables.iter().all(|v| v["frozen"] == false || v["trainable"] == false));
}

/// A copy of a fixture's model that a test may damage.
fn copy_of(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&fixture(name).join("model"), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn has_error(report: &Value, code: &str) -> bool {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|f| f["code"] == code && f["severity"] == "error")
}

#[test]
fn a_model_without_its_variables_folder_is_counted_and_called_a_disagreement() {
    let model = copy_of("siamese");
    std::fs::remove_dir_all(model.path().join("variables")).unwrap();
    for runtime in ["auto", "load", "off"] {
        let (report, code) = report(model.path(), &["--runtime", runtime]);
        assert_eq!(
            (report["verdict"].as_str(), code),
            (Some("disagreement"), Some(1)),
            "{runtime}"
        );
        assert!(has_error(&report, "checkpoint-missing"), "{runtime}");
        compare_totals(runtime, &report, &expected(&fixture("siamese"))["counts"]);
    }
}

#[test]
fn a_truncated_shard_is_named_and_the_count_stands() {
    let model = copy_of("siamese");
    let shard = model.path().join("variables/variables.data-00000-of-00001");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..40]).unwrap();
    for runtime in ["auto", "off"] {
        let (report, code) = report(model.path(), &["--runtime", runtime]);
        assert_eq!(code, Some(1), "{runtime}");
        assert!(has_error(&report, "shard-too-short"), "{runtime}");
        compare_totals(runtime, &report, &expected(&fixture("siamese"))["counts"]);
    }
}

#[test]
fn a_flipped_bit_in_a_weight_is_found_by_the_session_and_by_the_checksums() {
    let model = copy_of("siamese");
    let shard = model.path().join("variables/variables.data-00000-of-00001");
    let mut bytes = std::fs::read(&shard).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&shard, &bytes).unwrap();
    let (by_session, code) = report(model.path(), &[]);
    assert_eq!((by_session["verdict"].as_str(), code), (Some("disagreement"), Some(1)));
    let (by_checksum, code) = report(model.path(), &["--runtime", "off", "--verify-checksums"]);
    assert!(has_error(&by_checksum, "checksum-mismatch"));
    assert_eq!(code, Some(1));
    let (unread, code) = report(model.path(), &["--runtime", "off"]);
    assert_eq!((unread["verdict"].as_str(), code), (Some("unverified"), Some(0)));
}

#[test]
fn wrong_tags_are_refused_with_the_sets_that_there_are() {
    let model = fixture("siamese").join("model");
    let out = tfcensus(&["count", model.to_str().unwrap(), "--tags", "train"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(out.stdout.is_empty());
    let stderr = String::from_utf8(out.stderr).unwrap();
    assert!(stderr.contains("--tags 'serve'"), "{stderr}");
}

#[test]
fn without_a_library_the_files_are_counted_and_the_places_named() {
    let nowhere = tempfile::tempdir().unwrap();
    let model = fixture("siamese").join("model");
    let out = Command::new(env!("CARGO_BIN_EXE_tfcensus"))
        .args(["count", "--format", "json", "--libtensorflow"])
        .args([nowhere.path(), &model])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["verdict"], "unverified");
    compare_totals("no library", &report, &expected(&fixture("siamese"))["counts"]);
    let stderr = String::from_utf8(out.stderr).unwrap();
    assert!(stderr.contains(nowhere.path().to_str().unwrap()), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn folder_names_are_no_patterns_and_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = tempfile::tempdir().unwrap();
    for name in [&b"a [b] *?"[..], b"quote\"' \xc3\xa9", b"no text \xff\xfe"] {
        let model = place.path().join(OsStr::from_bytes(name));
        copy_folder(&fixture("module_shared").join("model"), &model);
        for runtime in ["auto", "load", "variables"] {
            let out = Command::new(env!("CARGO_BIN_EXE_tfcensus"))
                .args(["count", "--format", "json", "--runtime", runtime])
                .arg(&model)
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(0), "{model:?} {runtime}: {stderr}");
        }
    }
}
