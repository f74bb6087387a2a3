//! Compares the bytes of every tensor with the checksums in the index.
//!
//! Input: an [`Index`] and the folder of its shards. Output: one [`Problem`] for each tensor whose
//! bytes differ. Tensors in shards that are missing or too short are left out, because `check` reports
//! those. Memory is one buffer for each thread, however large the tensors. Files are read, not mapped:
//! another process may truncate them meanwhile.
//!
//! The checksum covers the bytes as stored, with one exception: lengths of strings enter it as 32-bit
//! numbers (long ones as 64-bit) and lengths of variants as 64-bit numbers, although they are stored
//! as varints. Source: `WriteTensor`, `WriteStringTensor` and `WriteVariantTensor`,
//! tensorflow/core/util/tensor_bundle/tensor_bundle.cc.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::bundle::Index;
use super::checksum;
use super::entry::Entry;
use super::problem::{Problem, ProblemKind};
use super::shard::{Shard, shard_len, shard_path};
use super::string_tensor::length_checksum;
use crate::limits::{MAX_CHECKPOINT_PROBLEMS, MAX_CHECKSUM_OVERLAP, MAX_CHECKSUM_THREADS};
use crate::model::DType;
use crate::options::{Observer, Progress};

/// Bytes of the buffer of each thread.
const CHUNK: usize = 1 << 20;

/// Bytes between two reports of progress.
const PROGRESS_STEP: u64 = 16 << 20;

/// The entry of a stored tensor or slice, and the key of the tensor.
type Piece<'a> = (&'a [u8], &'a Entry);

/// Compares the checksum of every tensor, and of every slice of one, with the one in the index, on
/// up to `threads` threads. An empty answer means that all bytes are intact only where `check` found
/// no problem either. Reports the bytes read to `progress`. Ends soon after `cancel` turns true, with
/// the problems found until then, and after a thousand problems.
pub fn verify_checksums(
    index: &Index,
    folder: &Path,
    prefix: &str,
    threads: usize,
    progress: &dyn Observer,
    cancel: &AtomicBool,
) -> Vec<Problem> {
    let path_of = |shard| shard_path(folder, prefix, shard, index.shards());
    let (pieces, available) = readable_pieces(index, path_of);
    let total = pieces.iter().fold(0u64, |sum, (_, piece)| sum.saturating_add(piece.byte_len));
    // An index whose tensors overlap like this was crafted to keep a reader busy.
    if total / MAX_CHECKSUM_OVERLAP > available {
        let problem = Problem::new(ProblemKind::Overlap);
        return vec![
            problem
                .expected(format!(
                    "tensors that take at most the {available} bytes of their shards"
                ))
                .found(format!("tensors of {total} bytes together")),
        ];
    }
    let work = Work {
        pieces: &pieces,
        path_of: &path_of,
        next: AtomicUsize::new(0),
        meter: Meter { done: AtomicU64::new(0), reported: AtomicU64::new(0), total, progress },
        cancel,
        found: Mutex::new(Vec::new()),
    };
    progress.notice(Progress::Bytes { done: 0, total });
    std::thread::scope(|scope| {
        // This thread works too, and alone where no other can be started.
        for _ in 1..threads.min(pieces.len()).min(MAX_CHECKSUM_THREADS) {
            let _ = std::thread::Builder::new().spawn_scoped(scope, || work.run());
        }
        work.run();
    });
    let done = work.meter.done.load(Ordering::Relaxed).min(total);
    progress.notice(Progress::Bytes { done, total });
    let mut found = work.found.into_inner().unwrap_or_else(|e| e.into_inner());
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, problem)| problem).collect()
}

/// The pieces that lie within their shards, in file order, so that a disk reads ahead; and the length
/// of all shards together.
fn readable_pieces(index: &Index, path_of: impl Fn(u32) -> PathBuf) -> (Vec<Piece<'_>>, u64) {
    let mut pieces: Vec<Piece<'_>> = index
        .entries()
        .flat_map(|(key, entry)| entry.pieces().map(move |piece| (key, piece)))
        .collect();
    pieces.sort_by_key(|(_, piece)| (piece.shard, piece.offset));
    // Shards are opened when their turn comes: there may be more of them than a process may have open.
    let mut lengths = BTreeMap::new();
    for (_, piece) in &pieces {
        lengths.entry(piece.shard).or_insert_with(|| shard_len(&path_of(piece.shard)));
    }
    pieces.retain(|(_, piece)| {
        let end = piece.offset.saturating_add(piece.byte_len);
        lengths.get(&piece.shard).is_some_and(|len| len.as_ref().is_ok_and(|len| end <= *len))
    });
    let available = lengths.values().flatten().fold(0u64, |sum, len| sum.saturating_add(*len));
    (pieces, available)
}

/// The state that the threads share.
struct Work<'a> {
    pieces: &'a [Piece<'a>],
    /// Path of the shard with this number.
    path_of: &'a (dyn Fn(u32) -> PathBuf + Sync),
    /// Position of the next piece to read.
    next: AtomicUsize,
    meter: Meter<'a>,
    cancel: &'a AtomicBool,
    /// Problems, each with the position of its piece.
    found: Mutex<Vec<(usize, Problem)>>,
}

impl Work<'_> {
    fn run(&self) {
        let mut buffer = vec![0; CHUNK];
        let mut open: Option<(u32, Shard)> = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((key, piece)) = self.pieces.get(number) else { return };
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
            if found.len() >= MAX_CHECKPOINT_PROBLEMS {
                return;
            }
            found.push((number, problem.of(key).in_shard(piece.shard)));
        }
    }

    /// The checksum of one stored tensor or slice, not masked. Leaves its shard open for the next.
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

/// Counts the bytes that all threads read, and reports them in steps.
struct Meter<'a> {
    done: AtomicU64,
    /// The count at the last report.
    reported: AtomicU64,
    total: u64,
    progress: &'a dyn Observer,
}

impl Meter<'_> {
    fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let reported = self.reported.load(Ordering::Relaxed);
        // Of several threads only the one that moves the mark reports.
        if done.saturating_sub(reported) >= PROGRESS_STEP
            && self
                .reported
                .compare_exchange(reported, done, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
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
    /// Offset in the shard of the next bytes to read.
    at: u64,
    /// Bytes of the tensor that are not read yet.
    left: u64,
    buffer: &'a mut [u8],
    /// The part of the buffer that is read, but not used yet.
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
            let target = self.buffer.get_mut(..len).filter(|target| !target.is_empty());
            self.shard.read_exact_at(target.ok_or_else(beyond_entry)?, self.at)?;
            self.at = self.at.saturating_add(len as u64);
            self.left -= len as u64;
            self.unread = 0..len;
            self.meter.add(len as u64);
        }
        self.buffer.get(self.unread.clone()).ok_or_else(beyond_entry)
    }

    /// Uses up the next `len` bytes of the buffer.
    fn consume(&mut self, len: usize) {
        self.unread.start += len;
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 10];
        for byte in &mut bytes {
            *byte = *self.chunk()?.first().ok_or_else(beyond_entry)?;
            self.consume(1);
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
            let wanted = usize::try_from(len).unwrap_or(usize::MAX);
            let chunk = chunk.get(..wanted).unwrap_or(chunk);
            let taken = chunk.len();
            crc = crc32c::crc32c_append(crc, chunk);
            self.consume(taken);
            len -= taken as u64;
        }
        Ok(crc)
    }

    /// Extends `crc` by all bytes that are left.
    fn rest(&mut self, crc: u32) -> io::Result<u32> {
        self.extend(crc, self.left.saturating_add(self.unread.len() as u64))
    }
}

fn beyond_entry() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "lengths that go beyond the entry")
}
