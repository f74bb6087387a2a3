//! Written entries: those that TensorFlow never writes, and any that a stranger may.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::super::*;
use super::{PREFIX, testdata, verify};
use crate::model::{DType, Shape};
use crate::testkit::checkpoint_table::{self, TableWriter, sliced_entry};
use crate::testkit::protobuf::{Message, bytes, varint};

/// The number −1 as protocol buffers write it.
const MINUS_ONE: u64 = u64::MAX;

/// An entry of float32 in shard 0: shape, offset and size.
fn entry(dims: &[u64], offset: u64, byte_len: u64) -> Vec<u8> {
    checkpoint_table::entry(1, dims, offset, byte_len).0
}

fn one(key: &str, value: Vec<u8>) -> Result<Index, IndexError> {
    parse_index(&checkpoint_table::index(1, vec![(key.into(), value)]))
}

/// The problems of an index whose only shard holds 64 bytes.
fn problems_of(index: &Index) -> Vec<Problem> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(shard_path(folder.path(), PREFIX, 0, 1), [0; 64]).unwrap();
    check(index, folder.path(), PREFIX)
}

#[test]
fn an_index_without_tensors_needs_no_shard() {
    let index = parse_index(&checkpoint_table::index(1, vec![])).unwrap();
    assert!(index.is_empty());
    assert_eq!(check(&index, &testdata(), PREFIX), []);
    assert_eq!(verify(&index, &testdata()), []);
}

#[test]
fn finds_sizes_that_differ_from_their_shapes() {
    let right = one("w", entry(&[2, 3], 0, 24)).unwrap();
    assert_eq!(problems_of(&right), []);
    for (dtype, dims, size) in [(1, vec![2, 3], 23), (14, vec![2, 3], 24), (7, vec![9], 8)] {
        let index = one("w", checkpoint_table::entry(dtype, &dims, 0, size).0).unwrap();
        let problems = problems_of(&index);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::EntrySize);
    }
}

#[test]
fn an_unknown_dtype_has_no_size_to_check() {
    let index = one("w", checkpoint_table::entry(77, &[2, 3], 0, 5).0).unwrap();
    assert_eq!(index.get(b"w").unwrap().dtype.unwrap().name(), "dtype 77");
    assert_eq!(problems_of(&index), []);
}

#[test]
fn an_impossible_shape_is_a_problem_and_gives_no_shape() {
    for dims in [&[MINUS_ONE, 4][..], &[1 << 40, 1 << 40], &[2; 300]] {
        let index = one("w", entry(dims, 0, 16)).unwrap();
        assert_eq!(index.get(b"w").unwrap().shape, None);
        let problems = problems_of(&index);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::ShapeImpossible);
        assert_eq!(problems[0].key.as_deref(), Some("w"));
    }
}

#[test]
fn an_offset_near_the_largest_number_does_not_wrap() {
    let index = one("w", entry(&[4], i64::MAX as u64, 16)).unwrap();
    let problems = problems_of(&index);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::ShardTooShort);
    assert_eq!(problems[0].key.as_deref(), Some("w"));
}

#[test]
fn refuses_negative_offsets_sizes_and_shards() {
    for value in [entry(&[4], MINUS_ONE, 16), entry(&[4], 0, -16i64 as u64), varint(3, MINUS_ONE).0]
    {
        let err = one("w", value).unwrap_err();
        assert!(err.to_string().contains("negative"), "{err}");
    }
}

/// An index with tensor `w` of 4 × 4 floats in slices of whole rows: first row, rows.
fn in_rows(rows: &[(i64, i64)], drop: Option<usize>) -> Index {
    let mut entries = Vec::new();
    let mut slices = Vec::new();
    for (i, (first, count)) in rows.iter().enumerate() {
        let extents = vec![(*first, *count), (0, 4)];
        let mut key = Vec::new();
        keys::slice_key(b"w", &extents, &mut key);
        let rows = *count as u64;
        let part = (key, entry(&[rows, 4], 0, rows * 16));
        slices.push(extents);
        if Some(i) != drop && !entries.contains(&part) {
            entries.push(part);
        }
    }
    entries.push((b"w".to_vec(), sliced_entry(1, &[4, 4], &slices).0));
    parse_index(&checkpoint_table::index(1, entries)).unwrap()
}

#[test]
fn slices_must_exist_and_tile_their_tensor() {
    assert_eq!(problems_of(&in_rows(&[(0, 3), (3, 1)], None)), []);
    for (index, found) in [
        (in_rows(&[(0, 3), (3, 1)], Some(1)), "no entry for it"),
        (in_rows(&[(0, 3)], None), "slices of 12 elements together"),
        (in_rows(&[(0, 3), (2, 2)], None), "slices of 20 elements together"),
        (in_rows(&[(0, 2), (1, 2)], None), "slices that overlap"),
        (in_rows(&[(0, 2), (0, 2)], None), "no entry for it"),
    ] {
        let problems = problems_of(&index);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::SlicesIncomplete);
        assert_eq!(problems[0].found.as_deref(), Some(found));
    }
}

#[test]
fn a_slice_beyond_its_tensor_is_a_problem() {
    for extents in [&[(2, 3), (0, 4)][..], &[(-1, 2), (0, 4)], &[(0, -2), (0, 4)], &[(0, 4)]] {
        let value = sliced_entry(1, &[4, 4], &[extents.to_vec()]).0;
        let problems = problems_of(&one("w", value).unwrap());
        assert_eq!(problems[0].kind, ProblemKind::SlicesIncomplete);
    }
}

#[test]
fn refuses_other_kinds_of_checkpoints_by_name() {
    let header = |value: Message| parse_index(&TableWriter::default().write(&[(vec![], value.0)]));
    // A version 1 header is a message; big-endian; min_consumer 2.
    for (value, what) in [
        (bytes(1, ""), "version 1"),
        (varint(1, 1).with(varint(2, 1)), "big-endian"),
        (varint(1, 1).with(bytes(3, varint(2, 2))), "newer"),
        (varint(1, 1).with(bytes(3, bytes(3, [1]))), "newer"),
    ] {
        let err = header(value).unwrap_err();
        assert!(matches!(err, IndexError::Unsupported(text) if text.contains(what)), "{err}");
    }
    let headless = TableWriter::default().write(&[(b"a".to_vec(), vec![])]);
    assert!(parse_index(&headless).unwrap_err().to_string().contains("header"));
}

#[test]
fn tells_a_missing_index_from_an_old_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("variables.index");
    assert!(matches!(read_index(&path), Err(IndexError::NotFound)));
    fs::write(folder.path().join("variables"), b"old").unwrap();
    assert!(matches!(read_index(&path), Err(IndexError::Unsupported(_))));
    fs::create_dir(&path).unwrap();
    assert!(matches!(read_index(&path), Err(IndexError::Io(_))));
}

#[test]
fn refuses_keys_that_grow_out_of_proportion() {
    // 600 keys of 60 KB, each stored in six bytes: 36 MB of keys in 130 KB.
    let long = vec![b'k'; 60_000];
    let key = |i: u16| [&long[..], &i.to_be_bytes()].concat();
    let mut entries: Vec<_> = (0..600).map(|i| (key(i), vec![])).collect();
    entries.insert(0, (vec![], varint(1, 1).0));
    let writer = TableWriter { block_size: usize::MAX, restart_interval: 1000, snappy: false };
    let file = writer.write(&entries);
    assert!(file.len() < 130_000);
    assert!(parse_index(&file).unwrap_err().to_string().contains("longer than those"));
}

#[test]
fn refuses_to_check_the_same_bytes_again_and_again() {
    let entries = (0..100u8).map(|i| (vec![b'a', i], entry(&[16], 0, 64))).collect();
    let index = parse_index(&checkpoint_table::index(1, entries)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(shard_path(folder.path(), PREFIX, 0, 1), [0; 64]).unwrap();
    let problems = verify(&index, folder.path());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::Overlap);
}

#[test]
fn names_a_bounded_number_of_problems() {
    let rows = (0..3000u32).map(|i| {
        let entry = checkpoint_table::entry(1, &[4], 0, 16).with(varint(3, i.into()));
        (format!("w{i}").into_bytes(), entry.0)
    });
    let index = parse_index(&checkpoint_table::index(1, rows.collect())).unwrap();
    assert_eq!(check(&index, &testdata(), PREFIX).len(), crate::limits::MAX_CHECKPOINT_PROBLEMS);
}

fn any_entries() -> impl Strategy<Value = BTreeMap<Vec<u8>, (Vec<u8>, Vec<u64>)>> {
    let dims = prop::collection::vec(0u64..5, 0..4);
    let key = prop::collection::vec(prop::sample::select(&b"ab/.\xff"[..]), 1..12);
    prop::collection::btree_map(key, dims, 0..60).prop_map(|map| {
        map.into_iter()
            .map(|(key, dims)| {
                let byte_len = dims.iter().product::<u64>() * 4;
                let int32 = DType::INT32.number().into();
                (key, (checkpoint_table::entry(int32, &dims, 0, byte_len).0, dims))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn gives_back_what_was_written(
        entries in any_entries(),
        block_size in 1usize..400,
        restart_interval in 1usize..20,
        snappy: bool,
    ) {
        let mut rows = vec![(vec![], varint(1, 1).0)];
        rows.extend(entries.iter().map(|(key, (value, _))| (key.clone(), value.clone())));
        let file = TableWriter { block_size, restart_interval, snappy }.write(&rows);
        let index = parse_index(&file).unwrap();
        prop_assert_eq!(index.len(), entries.len());
        for ((key, (_, dims)), (got, entry)) in entries.iter().zip(index.entries()) {
            prop_assert_eq!(key.as_slice(), got);
            prop_assert_eq!(entry.shape.as_ref(), Some(&Shape(dims.clone())));
            prop_assert_eq!(index.get(key), Some(entry));
        }
    }

    #[test]
    fn never_panics_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_index(&bytes);
        let _ = ObjectGraph::parse(&bytes);
        // The same as an entry, behind intact checksums.
        if let Ok(index) = one("w", bytes) {
            problems_of(&index);
        }
    }

    #[test]
    fn never_panics_on_a_damaged_index(
        at in 0usize..665, value: u8, cut in 0usize..665,
    ) {
        let good = fs::read(testdata().join("partitioned-2.21/variables.index")).unwrap();
        let mut bad = good.clone();
        bad[at] = value;
        // Either it is refused, or the byte is one that nobody reads.
        if let Ok(index) = parse_index(&bad) {
            prop_assert_eq!(problems_of(&index), problems_of(&parse_index(&good).unwrap()));
        }
        prop_assert!(parse_index(&good[..cut]).is_err());
    }
}
