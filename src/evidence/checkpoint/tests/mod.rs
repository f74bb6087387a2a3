//! The reader as a whole, compared with what TensorFlow reads from bundles that it wrote, and on
//! damaged copies of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::entry::Extent;
use super::*;
use crate::model::Shape;
use crate::options::{Observer, Progress, Silent};

mod made;

const PREFIX: &str = "variables";

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/evidence/checkpoint/testdata")
}

/// Every committed bundle, with what TensorFlow reads from it.
fn bundles() -> Vec<(PathBuf, serde_json::Value)> {
    let mut all = Vec::new();
    for version in ["2.12", "2.21"] {
        let text = fs::read(testdata().join(format!("truth-{version}.json"))).unwrap();
        let truth: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for (name, truth) in truth["bundles"].as_object().unwrap() {
            all.push((testdata().join(name), truth.clone()));
        }
    }
    all
}

fn open(folder: &Path) -> Index {
    read_index(&folder.join("variables.index")).unwrap()
}

fn verify(index: &Index, folder: &Path) -> Vec<Problem> {
    verify_checksums(index, folder, PREFIX, 2, &Silent, &AtomicBool::new(false))
}

#[test]
fn reads_keys_shapes_and_dtypes_as_tensorflow_does() {
    let mut seen = 0;
    for (folder, truth) in bundles() {
        let index = open(&folder);
        let expected: BTreeMap<Vec<u8>, (i64, Shape)> = truth["tensors"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, tensor)| {
                let dims = tensor["shape"].as_array().unwrap();
                let shape = Shape(dims.iter().map(|d| d.as_u64().unwrap()).collect());
                (key.clone().into_bytes(), (tensor["dtype"].as_i64().unwrap(), shape))
            })
            .collect();
        let got: BTreeMap<Vec<u8>, (i64, Shape)> = index
            .entries()
            .map(|(key, e)| (key.to_vec(), (e.dtype_number, e.shape.clone().unwrap())))
            .collect();
        assert_eq!(got, expected, "{}", folder.display());
        assert!(expected.keys().all(|key| index.get(key).is_some()));
        assert_eq!(index.get(b"no such key"), None);
        seen += index.len();
    }
    assert!(seen > 80, "only {seen} tensors");
}

#[test]
fn finds_nothing_wrong_with_what_tensorflow_wrote() {
    for (folder, _) in bundles() {
        let index = open(&folder);
        assert_eq!(check(&index, &folder, PREFIX), [], "{}", folder.display());
        assert_eq!(verify(&index, &folder), [], "{}", folder.display());
    }
}

#[test]
fn finds_the_slices_of_a_partitioned_tensor() {
    // 20 rows in 3 parts: 7 + 7 + 6 (fixed_size_partitioner).
    let index = open(&testdata().join("partitioned-2.21"));
    let rows = index.get(b"v/rows").unwrap();
    let extents: Vec<(u64, u64)> =
        rows.slices.iter().map(|s| (s.extents[0].start, s.extents[0].length)).collect();
    assert_eq!(extents, [(0, 7), (7, 7), (14, 6)]);
    let shapes: Vec<_> = rows.slices.iter().map(|s| s.part.clone().unwrap().shape).collect();
    assert_eq!(shapes[2], Some(Shape(vec![6, 4])));
    assert_eq!((rows.byte_len, rows.stored_bytes()), (0, 20 * 4 * 4));
}

#[test]
fn finds_slices_in_several_shards_and_over_full_dimensions() {
    let index = open(&testdata().join("sharded-2.21"));
    assert_eq!(index.shards(), 4);
    // The third slice states its second dimension as full.
    let grid = index.get(b"grid").unwrap();
    assert_eq!(grid.slices[2].extents[1], Extent { start: 0, length: 6 });
    let mut shards: Vec<u32> = grid.slices.iter().map(|s| s.part.as_ref().unwrap().shard).collect();
    shards.sort_unstable();
    assert_eq!(shards, [0, 1, 2]);
}

#[test]
fn reads_the_object_graph_as_tensorflow_does() {
    let mut graphs = 0;
    for (folder, truth) in bundles() {
        let Some(expected) = truth["object_graph"].as_array() else { continue };
        let bytes =
            read_string_scalar(&open(&folder), &folder, PREFIX, OBJECT_GRAPH_KEY, 1 << 20).unwrap();
        let graph = ObjectGraph::parse(&bytes).unwrap();
        let got: Vec<serde_json::Value> = graph
            .nodes()
            .map(|node| {
                let children: Vec<_> = node.children.iter().map(|c| (c.node, c.name)).collect();
                let attributes: Vec<_> = node
                    .attributes
                    .iter()
                    .map(|a| [a.name, a.full_name, a.checkpoint_key])
                    .collect();
                serde_json::json!({"children": children, "attributes": attributes})
            })
            .collect();
        assert_eq!(&got, expected);
        graphs += 1;
    }
    assert_eq!(graphs, 2);
}

#[test]
fn reads_only_scalar_strings_of_the_length_allowed() {
    let folder = testdata().join("dtypes-2.21");
    let index = open(&folder);
    let read =
        |key: &str, limit| read_string_scalar(&index, &folder, PREFIX, key.as_bytes(), limit);
    assert_eq!(read("string/scalar", 100).unwrap(), b"one");
    // One byte of length, four of checksum, three of text.
    assert!(matches!(read("string/scalar", 7), Err(StringError::TooLong(8))));
    assert!(matches!(read("string/vector", 1000), Err(StringError::NotAString)));
    assert!(matches!(read("shape/scalar", 100), Err(StringError::NotAString)));
    assert!(matches!(read("none", 100), Err(StringError::NotFound)));
    let elsewhere = read_string_scalar(&index, &testdata(), PREFIX, b"string/scalar", 100);
    assert!(matches!(elsewhere, Err(StringError::Io(_))));
}

/// A copy of a committed bundle that may be damaged.
fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(testdata().join(name)).unwrap() {
        let file = file.unwrap();
        fs::write(folder.path().join(file.file_name()), fs::read(file.path()).unwrap()).unwrap();
    }
    folder
}

#[test]
fn reports_a_missing_shard_once() {
    let folder = copy("sharded-2.21");
    fs::remove_file(shard_path(folder.path(), PREFIX, 1, 4)).unwrap();
    let index = open(folder.path());
    let problems = check(&index, folder.path(), PREFIX);
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].kind, problems[0].shard), (ProblemKind::ShardMissing, Some(1)));
    assert_eq!(verify(&index, folder.path()), [], "reported by check");
}

#[test]
fn reports_a_short_shard_once_with_the_first_tensor_beyond_its_end() {
    let folder = copy("partitioned-2.12");
    let index = open(folder.path());
    let path = shard_path(folder.path(), PREFIX, 0, 1);
    // 2 × (2 × 200 + 20 × 4) + 3 floats of 4 bytes: 3852.
    fs::write(&path, &fs::read(&path).unwrap()[..3851]).unwrap();
    let problems = check(&index, folder.path(), PREFIX);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::ShardTooShort);
    assert_eq!(problems[0].key.as_deref(), Some("whole"));
    assert_eq!(problems[0].found.as_deref(), Some("3851 bytes"));
    assert_eq!(verify(&index, folder.path()), [], "reported by check");
}

#[cfg(unix)]
#[test]
fn reports_a_dangling_link_as_one() {
    let folder = copy("objects-2.21");
    let index = open(folder.path());
    for path in [shard_path(folder.path(), PREFIX, 0, 1), folder.path().join("variables.index")] {
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
    }
    let problems = check(&index, folder.path(), PREFIX);
    assert_eq!(problems[0].kind, ProblemKind::ShardMissing);
    assert_eq!(problems[0].found.as_deref(), Some("a symbolic link that leads nowhere"));
    let err = read_index(&folder.path().join("variables.index")).unwrap_err();
    assert!(err.to_string().ends_with("a symbolic link that leads nowhere"), "{err}");
}

#[cfg(unix)]
#[test]
fn does_not_block_on_a_named_pipe() {
    let folder = copy("objects-2.21");
    let path = shard_path(folder.path(), PREFIX, 0, 1);
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let index = open(folder.path());
    assert_eq!(check(&index, folder.path(), PREFIX)[0].kind, ProblemKind::ShardUnreadable);
    assert_eq!(verify(&index, folder.path()), [], "reported by check");
}

#[test]
fn finds_every_flipped_bit_in_a_tensor() {
    let folder = copy("dtypes-2.21");
    let index = open(folder.path());
    let path = shard_path(folder.path(), PREFIX, 0, 1);
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        let problems = verify(&index, folder.path());
        assert_eq!(problems.len(), 1, "byte {at}");
        assert_eq!(problems[0].kind, ProblemKind::ChecksumMismatch);
    }
}

/// Keeps all progress.
#[derive(Default)]
struct Recorder(Mutex<Vec<Progress>>);

impl Observer for Recorder {
    fn notice(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

#[test]
fn reports_progress_and_stops_when_cancelled() {
    let folder = testdata().join("partitioned-2.21");
    let index = open(&folder);
    let progress = Recorder::default();
    verify_checksums(&index, &folder, PREFIX, 8, &progress, &AtomicBool::new(false));
    let last = progress.0.lock().unwrap().last().cloned();
    assert_eq!(last, Some(Progress::Bytes { done: 3852, total: 3852 }));

    let bad = copy("partitioned-2.21");
    fs::write(shard_path(bad.path(), PREFIX, 0, 1), [0; 3852]).unwrap();
    let found = verify_checksums(&index, bad.path(), PREFIX, 1, &Silent, &AtomicBool::new(true));
    assert_eq!(found, []);
}
