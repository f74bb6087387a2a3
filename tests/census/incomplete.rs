//! Models of which a part is missing, or was never fetched.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::archive::SHARD;
use crate::common::{OFF, Run, copy, count, finding, fixture, require_library, write};

/// LeNet-5 with one change to its folder, counted; its checkpoint has ten weights.
fn lenet5(change: impl Fn(&std::path::Path), options: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model");
    copy(&fixture("lenet5"), &model);
    change(&model);
    count(&model, options).run().json()
}

#[test]
fn a_missing_shard_is_one_finding_with_the_number_of_weights() {
    require_library();
    let report = lenet5(|m| std::fs::remove_file(m.join(SHARD)).unwrap(), &[]);
    let codes = report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap());
    assert_eq!(codes.filter(|code| *code == "not-confirmed").count(), 1, "{report}");
    let message = finding(&report, "not-confirmed").unwrap()["message"].as_str().unwrap();
    assert!(message.contains("10 of the 10 weights"), "{message}");
    assert_eq!(report["verdict"], "disagreement");
}

#[test]
fn a_pointer_of_git_lfs_is_told_whatever_file_it_stands_for() {
    for (file, code) in [
        ("variables/variables.index", "checkpoint-unreadable"),
        (SHARD, "shard-too-short"),
        ("keras_metadata.pb", "keras-metadata-unreadable"),
    ] {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
        let report = lenet5(|m| write(m.join(file), pointer), &OFF);
        let finding = finding(&report, code).unwrap_or_else(|| panic!("{file}: {report}"));
        assert!(finding.to_string().contains("git lfs pull"), "{finding}");
    }
}

#[test]
fn a_hub_module_of_tensorflow_1_needs_no_schema_version() {
    let report = count(&fixture("tf1_hub"), &OFF).run().json();
    assert!(finding(&report, "schema-version").is_none(), "{report}");
}
