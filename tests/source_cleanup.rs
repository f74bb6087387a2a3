//! What a signal thread calls before the program ends. A program of its own, since it removes
//! the folders of every test that runs beside it.

use tfcensus::Silent;
use tfcensus::internals::source::{ResolveOptions, cleanup_all, resolve};

#[test]
fn removes_what_is_unpacked_before_the_source_is_dropped() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("m.tar");
    let mut builder = tar::Builder::new(std::fs::File::create(&path).unwrap());
    // SavedModel { saved_model_schema_version: 1 meta_graphs {} }
    let bytes: &[u8] = &[0x08, 0x01, 0x12, 0x00];
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    builder.append_data(&mut header, "saved_model.pb", bytes).unwrap();
    builder.finish().unwrap();
    let how = ResolveOptions { offline: true, ..ResolveOptions::default() };
    let source = resolve(path.as_os_str(), &how, &Silent).unwrap();
    let dir = source.dir.clone();
    assert!(dir.join("saved_model.pb").exists());
    cleanup_all();
    assert!(!dir.parent().unwrap().exists());
    drop(source);
    assert!(path.exists(), "the archive itself stays");
}
