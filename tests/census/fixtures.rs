//! The whole program on every fixture: counts, tree and verdict, with a real session and without one.
//!
//! The expected numbers are those of `tests/fixtures/*/expected.json`, which the generators wrote from
//! the live Python objects when they saved the models.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::archive::SHARD;
use crate::common::{
    OFF, Run, compare_totals, copy, count, expected, finding, fixture, fixtures, require_library,
    truth,
};

/// Every layer of the live model is in the tree, below its parent, with its class and numbers.
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
fn sums_agree(name: &str, report: &Value) {
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
    require_library();
    for name in fixtures() {
        let want = expected(&name);
        let report = count(&fixture(&name), &[]).run().report("verified", 0);
        compare_totals(&name, &report, &want["counts"]);
        sums_agree(&name, &report);
        if want["tree"].is_object() {
            compare_tree("", &report["groups"], &want["tree"]);
        }
        for (role, variables) in want["not_counted"].as_object().into_iter().flatten() {
            let roles = report["not_counted"].as_array().unwrap();
            let found = roles.iter().find(|r| r["role"] == role.as_str());
            let found = found.unwrap_or_else(|| panic!("{name}: nothing of role {role}"));
            assert_eq!(&found["variables"], variables, "{name}: {role}");
        }
        if let Some(printed) = want["keras_prints"].as_u64() {
            let said = finding(&report, "keras-prints-other").unwrap();
            assert_eq!(said["expected"], printed.to_string(), "{name}");
            assert_eq!(said["found"], want["counts"]["parameters"].to_string(), "{name}");
        }
        if want["constants"].is_object() {
            assert_eq!(report["constants"], want["constants"], "{name}");
        }
        for code in want["findings"].as_array().into_iter().flatten() {
            let found = finding(&report, code.as_str().unwrap());
            assert!(found.is_some(), "{name}: no {code} in {}", report["findings"]);
        }
    }
}

#[test]
fn counts_are_the_same_without_a_session_and_over_the_variables_alone() {
    require_library();
    for name in fixtures() {
        let counts = truth(&name);
        let files_only = count(&fixture(&name), &OFF).run().report("unverified", 0);
        compare_totals(&name, &files_only, &counts);
        if counts["variables"] == 0 {
            continue;
        }
        let options = ["--runtime", "variables"];
        let alone = count(&fixture(&name), &options).run().report("verified", 0);
        assert_eq!(alone["totals"], files_only["totals"], "{name}");
        assert_eq!(alone["groups"], files_only["groups"], "{name}");
    }
}

#[test]
fn a_keras_configuration_settles_what_left_no_trace() {
    let want = expected("frozen_without_trace");
    let archive = fixture("frozen_without_trace").with_file_name("model.keras");
    let options = ["--runtime", "off", "--keras-config", archive.to_str().unwrap()];
    let report = count(&fixture("frozen_without_trace"), &options).run().report("unverified", 0);
    compare_totals("model.keras", &report, &want["keras_config"]["counts"]);
    assert!(finding(&report, "frozen-unknown").is_none());
}

#[test]
fn only_what_is_below_a_layer_without_traces_is_in_doubt() {
    let report = count(&fixture("frozen_without_trace"), &OFF).run().json();
    let of = |variable: &Value| (variable["trainable"].clone(), variable["trainable_is"].clone());
    for variable in report["variables"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        let expected = match name.rsplit('/').next().unwrap() {
            // The module's own, and moving averages, whose flags say that nothing trains them.
            "scale" => (true.into(), "exact".into()),
            "moving_mean" | "moving_variance" => (false.into(), "exact".into()),
            _ => (true.into(), "at_most".into()),
        };
        assert_eq!(of(variable), expected, "{name}");
    }
    // Of the tree only the groups below which something is in doubt.
    let root = &report["groups"];
    assert_eq!((&root["trainable_is"], &root["own_parameters"]), (&"at_most".into(), &3.into()));
}

#[test]
fn a_session_over_no_variables_confirms_them_and_names_the_unloaded_graph() {
    require_library();
    let options = ["--runtime", "variables"];
    let report = count(&fixture("frozen_graph"), &options).run().report("verified", 0);
    let runtime = &report["witnesses"].as_array().unwrap()[0];
    let detail = runtime["detail"].as_str().unwrap();
    assert!(detail.contains("the graph was not loaded"), "{detail}");
}

#[test]
fn every_tag_set_is_counted_by_itself() {
    require_library();
    let want = expected("two_meta_graphs");
    for (tags, counts) in want["tags"].as_object().unwrap() {
        let options = ["--tags", tags];
        let report = count(&fixture("two_meta_graphs"), &options).run().report("verified", 0);
        compare_totals(tags, &report, counts);
    }
}

#[test]
fn a_frozen_layer_is_frozen_despite_the_flags_of_its_weights() {
    let report = count(&fixture("frozen_base"), &OFF).run().json();
    let variables = report["variables"].as_array().unwrap();
    let frozen = variables.iter().filter(|v| v["frozen"] == Value::Bool(true)).count();
    assert!(frozen > 0);
    assert!(variables.iter().all(|v| v["frozen"] == false || v["trainable"] == false));
}

/// A copy of a fixture's model that a test may damage.
fn copy_of(name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(&fixture(name), folder.path());
    folder
}

fn has_error(report: &Value, code: &str) -> bool {
    finding(report, code).is_some_and(|finding| finding["severity"] == "error")
}

#[test]
fn a_model_without_its_variables_folder_is_counted_with_a_disagreement() {
    require_library();
    let model = copy_of("siamese");
    fs::remove_dir_all(model.path().join("variables")).unwrap();
    for runtime in ["auto", "load", "off"] {
        let options = ["--runtime", runtime];
        let report = count(model.path(), &options).run().report("disagreement", 1);
        assert!(has_error(&report, "checkpoint-missing"), "{runtime}");
        compare_totals(runtime, &report, &truth("siamese"));
    }
}

#[test]
fn a_truncated_shard_is_reported_and_the_count_is_unchanged() {
    require_library();
    let model = copy_of("siamese");
    let shard = model.path().join(SHARD);
    let bytes = fs::read(&shard).unwrap();
    fs::write(&shard, &bytes[..40]).unwrap();
    for runtime in ["auto", "off"] {
        let report = count(model.path(), &["--runtime", runtime]).run().report("disagreement", 1);
        assert!(has_error(&report, "shard-too-short"), "{runtime}");
        compare_totals(runtime, &report, &truth("siamese"));
    }
}

#[test]
fn a_flipped_bit_in_a_weight_is_found_by_the_session_and_by_the_checksums() {
    require_library();
    let model = copy_of("siamese");
    let shard = model.path().join(SHARD);
    let mut bytes = fs::read(&shard).unwrap();
    bytes[0] ^= 1;
    fs::write(&shard, &bytes).unwrap();
    count(model.path(), &[]).run().report("disagreement", 1);
    let options = ["--runtime", "off", "--verify-checksums"];
    let by_checksum = count(model.path(), &options).run().report("disagreement", 1);
    assert!(has_error(&by_checksum, "checksum-mismatch"));
    // Without a session and without checksums, no weight is read.
    count(model.path(), &OFF).run().report("unverified", 0);
}

#[test]
fn wrong_tags_are_refused_and_the_error_lists_the_tag_sets() {
    let done = count(&fixture("siamese"), &["--tags", "train"]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.contains("--tags 'serve'"), "{}", done.stderr);
}

#[test]
fn without_a_library_the_files_are_counted_and_the_searched_places_named() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().to_str().unwrap();
    let done = count(&fixture("siamese"), &["--libtensorflow", empty]).run();
    compare_totals("no library", &done.report("unverified", 3), &truth("siamese"));
    assert!(done.stderr.contains(empty), "{}", done.stderr);
}

#[test]
fn folder_names_are_no_patterns_and_need_not_be_utf8() {
    require_library();
    let place = TempDir::new().unwrap();
    for name in [&b"a [b] *?"[..], b"quote\"' \xc3\xa9", b"no text \xff\xfe"] {
        let model = place.path().join(OsStr::from_bytes(name));
        copy(&fixture("module_shared"), &model);
        for runtime in ["auto", "load", "variables"] {
            count(&model, &["--runtime", runtime]).run().report("verified", 0);
        }
    }
}
