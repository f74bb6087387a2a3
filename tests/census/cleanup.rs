//! The cleanup that a signal thread calls before the program ends.
//!
//! It removes the unpacked folders of every test in its process, so no other module of this test
//! program may unpack an archive by itself.

use tfcensus::Silent;
use tfcensus::internals::source::{ResolveOptions, cleanup_all, resolve};

use crate::common::archive::{tar, tiny_model};

#[test]
fn unpacked_files_are_removed_before_the_source_is_dropped() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("m.tar");
    std::fs::write(&path, tar(&tiny_model(tmp.path().join("m")), "m")).unwrap();
    let options = ResolveOptions { offline: true, ..ResolveOptions::default() };
    let source = resolve(path.as_os_str(), &options, &Silent).unwrap();
    let dir = source.dir.clone();
    assert!(dir.join("saved_model.pb").exists());
    cleanup_all();
    assert!(!dir.exists());
    drop(source);
    assert!(path.exists(), "the archive itself stays");
}
