//! Reads every tensor's bytes against the checksums in the index.
//!
//! Input: an [`Index`] and the folder of its shards. Output: one [`Problem`] for each tensor whose
//! bytes differ. What lies in shards that are missing or too short is left out, as `check` says
//! that already. Memory is one buffer for each thread, however large the tensors. Files are read,
//! not mapped: somebody may truncate them meanwhile.
//!
//! What the checksum covers, by `WriteTensor`, `WriteStringTensor` and `WriteVariantTensor` in
//! tensorflow/core/util/tensor_bundle/tensor_bundle.cc: the bytes as stored; but lengths of
//! strings as 32-bit (long ones as 64-bit) and lengths of variants as 64-bit numbers, although
//! they are stored as varints.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::bundle::Index;
use super::check::MAX_PROBLEMS;
use super::checksum;
use super::entry::Entry;
use super::problem::{Problem, ProblemKind};
use super::shard::{Shard, shard_len, shard_path};
use super::string_tensor::length_checksum;
use crate::model::DType;
use crate::options::{Observer, Progress};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Progress is told every so many bytes.
const PROGRESS_STEP: u64 = 16 << 20;

/// Tensors that do not share bytes take no more than their shards. An index whose tensors take
/// more than this many times as much was made to keep a reader busy.
const MAX_OVERLAP: u64 = 4;

/// Most threads; more gain nothing, the disk is slower than the checksum.
const MAX_THREADS: usize = 64;

/// Compares the checksum of every tensor, and of every slice of one, with the one in the index, on
/// up to `threads` threads. An empty answer means that all is well only if `check` found nothing
/// wrong either. Tells `progress` of the bytes read. When `cancel` turns true it ends
/// soon, with what was found until then; so it does at [`MAX_PROBLEMS`].
pub fn verify_checksums(
    index: &Index,
    folder: &Path,
    prefix: &str,
    threads: usize,
    progress: &dyn Observer,
    cancel: &AtomicBool,
) -> Vec<Problem> {
    let mut jobs: Vec<(&[u8], &Entry)> = index
        .entries()
        .flat_map(|(key, entry)| entry.pieces().map(move |piece| (key, piece)))
        .collect();
    // In file order, so that a disk reads ahead.
    jobs.sort_by_key(|(_, piece)| (piece.shard, piece.offset));

    // Lengths of the shards that can be had; they are opened when their turn comes, since there
    // may be more of them than a process may have open.
    let mut lengths = BTreeMap::new();
    for (_, piece) in &jobs {
        lengths
            .entry(piece.shard)
            .or_insert_with(|| shard_len(&shard_path(folder, prefix, piece.shard, index.shards())));
    }
    jobs.retain(|(_, piece)| {
        let end = piece.offset.saturating_add(piece.byte_len);
        lengths.get(&piece.shard).is_some_and(|len| len.as_ref().is_ok_and(|len| end <= *len))
    });

    let total = jobs.iter().fold(0u64, |sum, (_, piece)| sum.saturating_add(piece.byte_len));
    let there = lengths.values().flatten().fold(0u64, |sum, len| sum.saturating_add(*len));
    if total / MAX_OVERLAP > there {
        let problem = Problem::new(ProblemKind::Overlap);
        return vec![
            problem
                .expected(format!("tensors that take at most the {there} bytes of their shards"))
                .found(format!("tensors of {total} bytes together")),
        ];
    }

    let work = Work {
        jobs: &jobs,
        path_of: &|shard| shard_path(folder, prefix, shard, index.shards()),
        next: AtomicUsize::new(0),
        meter: Meter { done: AtomicU64::new(0), told: AtomicU64::new(0), total, progress },
        cancel,
        found: Mutex::new(Vec::new()),
    };
    progress.notice(Progress::Bytes { done: 0, total });
    std::thread::scope(|scope| {
        // This thread works too, and alone if no other can be had.
        for _ in 1..threads.min(jobs.len()).min(MAX_THREADS) {
            let _ = std::thread::Builder::new().spawn_scoped(scope, || work.run());
        }
        work.run();
    });
    let done = work.meter.done.load(Ordering::Relaxed).min(total);
    progress.notice(Progress::Bytes { done, total });
    let mut found = work.found.into_inner().unwrap_or_else(|e| e.into_inner());
    found.sort_by_key(|(job, _)| *job);
    found.into_iter().map(|(_, problem)| problem).collect()
}

/// What the threads share.
struct Work<'a> {
    jobs: &'a [(&'a [u8], &'a Entry)],
    path_of: &'a (dyn Fn(u32) -> PathBuf + Sync),
    next: AtomicUsize,
    meter: Meter<'a>,
    cancel: &'a AtomicBool,
    found: Mutex<Vec<(usize, Problem)>>,
}

impl Work<'_> {
    fn run(&self) {
        let mut buffer = vec![0; CHUNK];
        let mut open: Option<(u32, Shard)> = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((key, piece)) = self.jobs.get(number) else { return };
            let problem = match self.checksum(piece, &mut open, &mut buffer) {
                Ok(crc) if checksum::mask(crc) == piece.crc32c => continue,
                Err(_) if self.cancel.load(Ordering::Relaxed) => return,
                Ok(crc) => Problem::new(ProblemKind::ChecksumMismatch)
                    .expected(format!("{:#010x}", piece.crc32c))
                    .found(format!("{:#010x}", checksum::mask(crc))),
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    Problem::new(ProblemKind::ShardTooShort)
                        .expected(format!("{} bytes at {}", piece.byte_len, piece.offset))
                        .found("the end of the shard")
                }
                Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                    Problem::new(ProblemKind::ChecksumMismatch).found(e)
                }
                Err(e) => Problem::new(ProblemKind::ShardUnreadable).found(e),
            };
            let mut found = self.found.lock().unwrap_or_else(|e| e.into_inner());
            if found.len() >= MAX_PROBLEMS {
                return;
            }
            found.push((number, problem.of(key).in_shard(piece.shard)));
        }
    }

    /// The checksum of one stored tensor or slice, not masked. Keeps its shard open.
    fn checksum(
        &self,
        piece: &Entry,
        open: &mut Option<(u32, Shard)>,
        buffer: &mut [u8],
    ) -> io::Result<u32> {
        let shard = match open.take() {
            Some((number, shard)) if number == piece.shard => shard,
            _ => Shard::open(&(self.path_of)(piece.shard))?,
        };
        let (_, shard) = open.insert((piece.shard, shard));
        let mut reader = PieceReader {
            shard,
            at: piece.offset,
            left: piece.byte_len,
            buffer,
            unread: 0..0,
            meter: &self.meter,
            cancel: self.cancel,
        };
        stored_checksum(&mut reader, piece)
    }
}

/// Counts bytes over all threads and tells of them now and then.
struct Meter<'a> {
    done: AtomicU64,
    told: AtomicU64,
    total: u64,
    progress: &'a dyn Observer,
}

impl Meter<'_> {
    fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let told = self.told.load(Ordering::Relaxed);
        let step = done.saturating_sub(told) >= PROGRESS_STEP;
        // Only the thread that moves the mark tells.
        if step
            && self.told.compare_exchange(told, done, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.progress.notice(Progress::Bytes { done: done.min(self.total), total: self.total });
        }
    }
}

/// The checksum of one stored tensor or slice, not masked.
fn stored_checksum(reader: &mut PieceReader<'_>, piece: &Entry) -> io::Result<u32> {
    let elements = piece.shape.as_ref().and_then(|s| s.elements());
    match (piece.dtype, elements) {
        (Some(DType::STRING), Some(elements)) => {
            let mut crc = 0;
            for _ in 0..elements {
                crc = length_checksum(crc, reader.varint()?);
            }
            reader.rest(crc)
        }
        (Some(DType::VARIANT), Some(elements)) => {
            let mut crc = 0;
            for _ in 0..elements {
                let len = reader.varint()?;
                crc = crc32c::crc32c_append(crc, &len.to_le_bytes());
                // The variant and its own checksum.
                crc = reader.extend(crc, len.saturating_add(4))?;
            }
            reader.rest(crc)
        }
        _ => reader.rest(0),
    }
}

/// Reads the bytes of one stored tensor, a chunk at a time.
struct PieceReader<'a> {
    shard: &'a Shard,
    at: u64,
    left: u64,
    buffer: &'a mut [u8],
    /// What of the buffer is not used yet.
    unread: std::ops::Range<usize>,
    meter: &'a Meter<'a>,
    cancel: &'a AtomicBool,
}

impl PieceReader<'_> {
    /// The next bytes, at least one; an error at the end of the tensor.
    fn chunk(&mut self) -> io::Result<&[u8]> {
        if self.unread.is_empty() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = self.buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            if len == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "lengths that go beyond the entry",
                ));
            }
            self.shard.read_exact_at(&mut self.buffer[..len], self.at)?;
            self.at = self.at.saturating_add(len as u64);
            self.left -= len as u64;
            self.unread = 0..len;
            self.meter.add(len as u64);
        }
        Ok(&self.buffer[self.unread.clone()])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 10];
        for byte in &mut bytes {
            *byte = self.chunk()?[0];
            self.unread.start += 1;
            if *byte & 0x80 == 0 {
                break;
            }
        }
        let (value, _) = crate::wire::read_varint(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a length is too long"))?;
        Ok(value)
    }

    /// Extends `crc` by the next `len` bytes.
    fn extend(&mut self, mut crc: u32, mut len: u64) -> io::Result<u32> {
        while len > 0 {
            let chunk = self.chunk()?;
            let take = chunk.len().min(usize::try_from(len).unwrap_or(usize::MAX));
            crc = crc32c::crc32c_append(crc, &chunk[..take]);
            self.unread.start += take;
            len -= take as u64;
        }
        Ok(crc)
    }

    /// Extends `crc` by all that is left.
    fn rest(&mut self, crc: u32) -> io::Result<u32> {
        self.extend(crc, self.left.saturating_add(self.unread.len() as u64))
    }
}
