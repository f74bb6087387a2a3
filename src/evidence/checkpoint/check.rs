//! Compares an index with itself and with its data shards, without reading the contents of shards.
//!
//! Input: an [`Index`] and the folder of the shards. Output: one [`Problem`] for each contradiction
//! that would make TensorFlow fail to restore. A shard is reported once, however many tensors it
//! holds. `verify` compares checksums.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::bundle::Index;
use super::entry::Entry;
use super::problem::{Problem, ProblemKind};
use super::shard::{shard_path, why_missing};
use super::tiling;
use crate::limits::MAX_CHECKPOINT_PROBLEMS;
use crate::model::{DType, Shape};
use crate::regular_file::{self, LFS_POINTER};

/// All contradictions: shapes, sizes and slices in the index, then presence and length of the shards
/// `<prefix>.data-*` in `folder`. Costs one file status for each shard. Gives at most a thousand
/// problems.
pub fn check(index: &Index, folder: &Path, prefix: &str) -> Vec<Problem> {
    let mut problems = check_entries(index);
    check_shards(index, folder, prefix, &mut problems);
    problems
}

/// The part of [`check`] that needs the index only.
fn check_entries(index: &Index) -> Vec<Problem> {
    let stated = index
        .faults
        .iter()
        .map(|(number, kind, found)| Problem::new(*kind).of(index.key(*number)).found(found));
    let mut problems: Vec<Problem> = stated.collect();
    for (key, entry) in index.entries() {
        if problems.len() >= MAX_CHECKPOINT_PROBLEMS {
            break;
        }
        let Some(shape) = &entry.shape else { continue };
        if entry.slices.is_empty() {
            problems.extend(size_problem(key, entry, shape));
        } else {
            problems.extend(slices_problem(key, entry, shape));
        }
    }
    problems
}

/// The problem of a size that differs from what shape and element type give.
/// Source: `BundleReader::GetValue`, tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
fn size_problem(key: &[u8], entry: &Entry, shape: &Shape) -> Option<Problem> {
    let dtype = entry.dtype?;
    let elements = shape.elements();
    let problem = || Problem::new(ProblemKind::EntrySize).of(key).found(bytes(entry.byte_len));
    if let Some(width) = dtype.byte_width() {
        let expected = elements.and_then(|n| n.checked_mul(width));
        if expected == Some(entry.byte_len) {
            return None;
        }
        let exact = expected.map_or("more than 2^64 bytes".into(), bytes);
        return Some(problem().expected(format!("{exact} for {dtype}{shape}")));
    }
    // The length of each string takes at least one byte; the rest depends on the strings.
    if dtype == DType::STRING && elements.is_none_or(|n| entry.byte_len < n) {
        let least = elements.map_or("more than 2^64 bytes".into(), bytes);
        return Some(problem().expected(format!("at least {least} for {dtype}{shape}")));
    }
    None
}

/// The first problem with the slices of one tensor.
fn slices_problem(key: &[u8], entry: &Entry, shape: &Shape) -> Option<Problem> {
    let problem = || Problem::new(ProblemKind::SlicesIncomplete).of(key);
    let mut covered = 0u64;
    for slice in &entry.slices {
        let lengths = Shape(slice.extents.iter().map(|e| e.length).collect());
        let starts: Vec<u64> = slice.extents.iter().map(|e| e.start).collect();
        let Some(part) = &slice.part else {
            let expected = format!("a slice {lengths} at {starts:?}");
            return Some(problem().expected(expected).found("no entry for it"));
        };
        if part.dtype != entry.dtype || part.shape.as_ref() != Some(&lengths) {
            let name = |e: &Entry| e.dtype.map_or("no dtype".into(), |d| d.to_string());
            let found = match &part.shape {
                Some(shape) => format!("{}{shape}", name(part)),
                None => format!("{} of an impossible shape", name(part)),
            };
            let expected = format!("{}{lengths} for the slice at {starts:?}", name(entry));
            return Some(problem().expected(expected).found(found));
        }
        if let Some(problem) = size_problem(key, part, &lengths) {
            return Some(problem);
        }
        covered = covered.saturating_add(lengths.elements().unwrap_or(u64::MAX));
    }
    if tiling::tiles(shape, entry.slices.iter().map(|s| s.extents.as_slice())) {
        return None;
    }
    let whole = shape.elements().unwrap_or(u64::MAX);
    let found = match covered.cmp(&whole) {
        std::cmp::Ordering::Equal => "slices that overlap".to_string(),
        _ => format!("slices of {covered} elements together"),
    };
    Some(problem().expected(format!("slices that tile {shape}: {whole} elements")).found(found))
}

/// Presence and length of every shard that an entry names.
fn check_shards(index: &Index, folder: &Path, prefix: &str, problems: &mut Vec<Problem>) {
    // For each shard the end of its last tensor.
    let mut needed = BTreeMap::<u32, u64>::new();
    for (_, entry) in index.entries() {
        for piece in entry.pieces() {
            let end = needed.entry(piece.shard).or_default();
            *end = (*end).max(piece.offset.saturating_add(piece.byte_len));
        }
    }
    let mut lengths = BTreeMap::<u32, u64>::new();
    for (shard, end) in needed {
        if problems.len() >= MAX_CHECKPOINT_PROBLEMS {
            break;
        }
        let path = shard_path(folder, prefix, shard, index.shards());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let problem = |kind| Problem::new(kind).in_shard(shard).expected(&name);
        match readable_len(&path) {
            Ok(len) if len < end => {
                lengths.insert(shard, len);
                let expected = format!("{} in {name}", bytes(end));
                let found = match is_lfs_pointer(&path) {
                    true => format!("{}: {LFS_POINTER}", bytes(len)),
                    false => bytes(len),
                };
                problems.push(problem(ProblemKind::ShardTooShort).expected(expected).found(found));
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                problems.push(problem(ProblemKind::ShardMissing).found(why_missing(&path)));
            }
            Err(e) => problems.push(problem(ProblemKind::ShardUnreadable).found(e)),
        }
    }
    if !lengths.is_empty() {
        name_first_beyond(index, lengths, problems);
    }
}

/// Adds to each problem of a short shard the first tensor beyond its end. A second pass over the
/// entries, since the length of a shard is compared once, with the end of all its tensors.
fn name_first_beyond(index: &Index, mut lengths: BTreeMap<u32, u64>, problems: &mut [Problem]) {
    let mut first = BTreeMap::<u32, &[u8]>::new();
    for (key, entry) in index.entries() {
        for piece in entry.pieces() {
            let beyond = lengths
                .get(&piece.shard)
                .is_some_and(|len| piece.offset.saturating_add(piece.byte_len) > *len);
            if beyond {
                lengths.remove(&piece.shard);
                first.insert(piece.shard, key);
            }
        }
    }
    for problem in problems.iter_mut().filter(|p| p.kind == ProblemKind::ShardTooShort) {
        let key = problem.shard.and_then(|shard| first.get(&shard));
        problem.key = key.map(|key| String::from_utf8_lossy(key).into_owned());
    }
}

/// True where Git LFS has left a pointer in the shard's place.
fn is_lfs_pointer(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = regular_file::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    read.is_ok() && regular_file::is_lfs_pointer(&head)
}

/// Length of a shard that can be opened for reading.
fn readable_len(path: &Path) -> io::Result<u64> {
    Ok(regular_file::open(path)?.metadata()?.len())
}

fn bytes(n: u64) -> String {
    format!("{n} bytes")
}
