//! Inside the worker: restores the checkpoint's tensors into variables of small sessions of its
//! own, batch by batch, and asks for their shapes. Nothing of the model's own code is there to run.
//!
//! A graph (`slots`) takes keys and slices as inputs, so that one prepared graph serves every batch
//! of its size and type: preparing a graph costs far more than running it, and the cost grows
//! faster than its nodes.
//!
//! Memory: what all lanes together restore at one time stays within the request's budget; a
//! tensor beyond the budget is restored while nothing else is.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::load::MAX_ERROR;
use super::session::{Refusal, Threads};
use super::slots::{Kind, SlotGraph, lacks_assignment};
use super::statistics::{self, Moments};
use super::{Events, Failed, path};
use crate::evidence::runtime::failure::{self, StatusCode};
use crate::evidence::runtime::protocol::{HeldLine, Restore, RestoreLine, Step, cut};
use crate::model::DType;

/// Most variables in one graph.
const MAX_SLOTS: usize = 64;
/// Most failed runs that are spent on finding the tensors that make their batch fail.
const MAX_FAILED_RUNS: usize = 1_000;
/// Below this many bytes a second lane costs more than it gains.
const BYTES_WORTH_A_LANE: u64 = 32 << 20;

/// Serves one request.
pub(super) fn restore(
    request: &Restore,
    threads: Threads,
    events: &mut Events,
) -> Result<(), Failed> {
    let prefix = enter_folder_of(&path(&request.prefix)?)?;
    events.step(Step::Weights);
    let total = request.tensors.iter().fold(0u64, |sum, t| sum.saturating_add(t.byte_len));
    let lanes = (total / BYTES_WORTH_A_LANE).clamp(1, u64::from(threads.0.max(1)));
    let mut held = vec![HeldLine::default(); request.tensors.len()];
    let tensors = usable(&request.tensors, &mut held);
    let work = Work {
        prefix,
        threads,
        tensors: &tensors,
        batches: Mutex::new(batches(&tensors, request.batch_bytes / lanes, MAX_SLOTS)),
        budget: request.batch_bytes,
        in_flight: Mutex::new(0),
        landed: Condvar::new(),
        held: Mutex::new(held),
        stats: request.stats,
        uncountable: Mutex::new(HashSet::new()),
        unassignable: Mutex::new(HashSet::new()),
        failed_runs: AtomicUsize::new(0),
        exhausted: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for _ in 1..lanes {
            scope.spawn(|| Lane::new(&work).run());
        }
        Lane::new(&work).run();
    });
    if let Some(refusal) = locked(&work.exhausted).take() {
        return Err(refusal.into());
    }
    events.held(0, work.held.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}

/// Makes the checkpoint's folder the current one, and gives the prefix as seen from there:
/// `RestoreV2` takes the whole prefix for a pattern, in which brackets have a meaning.
fn enter_folder_of(prefix: &Path) -> Result<Vec<u8>, Failed> {
    use std::os::unix::ffi::OsStrExt;
    let (Some(folder), Some(name)) = (prefix.parent(), prefix.file_name()) else {
        return Err(Failed::request("the checkpoint's prefix names no file"));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::env::set_current_dir(folder).map_err(|error| Failed::folder(folder, &error))?;
    Ok([b"./", name.as_bytes()].concat())
}

/// One tensor that can be asked for.
pub(super) struct Wanted<'a> {
    /// Position in the request.
    index: usize,
    pub key: Vec<u8>,
    pub slice: &'a str,
    dtype: DType,
    byte_len: u64,
}

fn usable<'a>(tensors: &'a [RestoreLine], held: &mut [HeldLine]) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::with_capacity(tensors.len());
    for ((index, tensor), held) in tensors.iter().enumerate().zip(held) {
        let dtype = DType::from_number(i64::from(tensor.dtype));
        match (tensor.key.bytes(), dtype) {
            (Some(key), Some(dtype)) => wanted.push(Wanted {
                index,
                key,
                slice: &tensor.slice,
                dtype,
                byte_len: tensor.byte_len,
            }),
            _ => *held = HeldLine::error("the request for it makes no sense"),
        }
    }
    // One type a batch; and in a checkpoint tensors lie in the order of their keys.
    wanted.sort_by(|a, b| (a.dtype, &a.key).cmp(&(b.dtype, &b.key)));
    wanted
}

/// Positions in the sorted tensors, and their bytes.
struct Batch {
    from: usize,
    to: usize,
    bytes: u64,
}

fn batches(tensors: &[Wanted<'_>], budget: u64, slots: usize) -> VecDeque<Batch> {
    let mut batches: VecDeque<Batch> = VecDeque::new();
    let mut dtype = None;
    for (at, tensor) in tensors.iter().enumerate() {
        match batches.back_mut() {
            Some(batch)
                if dtype == Some(tensor.dtype)
                    && batch.to - batch.from < slots
                    && batch.bytes.checked_add(tensor.byte_len).is_some_and(|b| b <= budget) =>
            {
                batch.to = at + 1;
                batch.bytes += tensor.byte_len;
            }
            _ => batches.push_back(Batch { from: at, to: at + 1, bytes: tensor.byte_len }),
        }
        dtype = Some(tensor.dtype);
    }
    batches
}

/// What the lanes share.
struct Work<'a> {
    prefix: Vec<u8>,
    threads: Threads,
    tensors: &'a [Wanted<'a>],
    batches: Mutex<VecDeque<Batch>>,
    budget: u64,
    in_flight: Mutex<u64>,
    landed: Condvar,
    held: Mutex<Vec<HeldLine>>,
    stats: bool,
    /// Types that the library can take no statistics of.
    uncountable: Mutex<HashSet<DType>>,
    /// Types that the library has no `AssignVariableOp` for.
    unassignable: Mutex<HashSet<DType>>,
    failed_runs: AtomicUsize,
    /// Set once memory has run out for a tensor alone: that says nothing about the model, so the
    /// whole request fails, instead of the tensor.
    exhausted: Mutex<Option<Refusal>>,
}

/// A lane that panics must not take the others' results with it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work<'_> {
    fn next_batch(&self) -> Option<Batch> {
        if locked(&self.exhausted).is_some() {
            return None;
        }
        let batch = locked(&self.batches).pop_front()?;
        let mut in_flight = locked(&self.in_flight);
        while *in_flight > 0 && in_flight.saturating_add(batch.bytes) > self.budget {
            in_flight = self.landed.wait(in_flight).unwrap_or_else(PoisonError::into_inner);
        }
        *in_flight = in_flight.saturating_add(batch.bytes);
        Some(batch)
    }

    fn landed(&self, batch: &Batch) {
        let mut in_flight = locked(&self.in_flight);
        *in_flight = in_flight.saturating_sub(batch.bytes);
        drop(in_flight);
        self.landed.notify_all();
    }
}

/// A thread with its own prepared graphs.
struct Lane<'a> {
    work: &'a Work<'a>,
    graphs: HashMap<Kind, SlotGraph>,
}

impl<'a> Lane<'a> {
    fn new(work: &'a Work<'a>) -> Lane<'a> {
        Lane { work, graphs: HashMap::new() }
    }

    fn run(mut self) {
        while let Some(batch) = self.work.next_batch() {
            if let Some(tensors) = self.work.tensors.get(batch.from..batch.to) {
                self.confirm(tensors);
            }
            self.work.landed(&batch);
        }
        // The process is about to end, which frees the sessions faster than their destructors do.
        std::mem::forget(self.graphs);
    }

    /// Restores these tensors together; where that fails, halves them until the culprits are found.
    fn confirm(&mut self, tensors: &[Wanted<'_>]) {
        let mut pending = vec![tensors];
        while let Some(part) = pending.pop() {
            match self.restore(part) {
                Ok((shapes, moments)) => {
                    let mut held = locked(&self.work.held);
                    for (at, (tensor, dims)) in part.iter().zip(shapes).enumerate() {
                        let Some(slot) = held.get_mut(tensor.index) else { continue };
                        slot.dtype = Some(tensor.dtype.number());
                        slot.shape = dims.iter().map(|d| u64::try_from(*d).ok()).collect();
                        if let Some(moments) = moments.get(at) {
                            slot.finite = moments.finite();
                            slot.counts = Some(moments.counts());
                        }
                    }
                }
                Err(refusal) => {
                    let failed = self.work.failed_runs.fetch_add(1, Ordering::Relaxed);
                    if part.len() > 1 && failed < MAX_FAILED_RUNS {
                        let (first, second) = part.split_at(part.len() / 2);
                        pending.push(second);
                        pending.push(first);
                        continue;
                    }
                    if refusal.code == StatusCode::ResourceExhausted {
                        *locked(&self.work.exhausted) = Some(refusal);
                        return;
                    }
                    let why = failure::clean(&refusal.message);
                    let mut held = locked(&self.work.held);
                    for tensor in part {
                        if let Some(slot) = held.get_mut(tensor.index) {
                            *slot = HeldLine::error(cut(&why, MAX_ERROR));
                        }
                    }
                }
            }
        }
    }

    fn restore(&mut self, tensors: &[Wanted<'_>]) -> Result<Restored, Refusal> {
        let Some(dtype) = tensors.first().map(|t| t.dtype) else { return Ok(Restored::default()) };
        let mut kind = Kind {
            dtype,
            slots: tensors.len(),
            assign: !locked(&self.work.unassignable).contains(&dtype),
            stats: false,
        };
        if self.work.stats && kind.assign && !locked(&self.work.uncountable).contains(&dtype) {
            kind.stats = statistics::can_take(dtype);
        }
        match self.restore_as(kind, tensors) {
            Err(refusal) if kind.assign && lacks_assignment(&refusal) => {
                locked(&self.work.unassignable).insert(dtype);
                self.restore_as(Kind { assign: false, stats: false, ..kind }, tensors)
            }
            Err(refusal) if kind.stats && statistics::cannot_be_taken(&refusal) => {
                locked(&self.work.uncountable).insert(dtype);
                self.restore_as(Kind { stats: false, ..kind }, tensors)
            }
            done => done,
        }
    }

    fn restore_as(&mut self, kind: Kind, tensors: &[Wanted<'_>]) -> Result<Restored, Refusal> {
        let uncountable = &self.work.uncountable;
        let graph = self.graph(kind)?;
        let shapes = graph.restore(tensors);
        // Whatever the type, the shape is known now: without statistics it is still an answer.
        let moments = shapes.as_ref().ok().map(|shapes| graph.moments(shapes));
        graph.destroy()?;
        let moments = match moments {
            Some(Ok(moments)) => moments,
            Some(Err(_)) => {
                locked(uncountable).insert(kind.dtype);
                Vec::new()
            }
            None => Vec::new(),
        };
        Ok((shapes?, moments))
    }

    fn graph(&mut self, kind: Kind) -> Result<&SlotGraph, Refusal> {
        match self.graphs.entry(kind) {
            Entry::Occupied(graph) => Ok(graph.into_mut()),
            Entry::Vacant(place) => {
                let graph = SlotGraph::new(&self.work.prefix, kind, self.work.threads)?;
                Ok(place.insert(graph))
            }
        }
    }
}

/// Dimensions and statistics of a batch's tensors; no statistics where none were asked for.
type Restored = (Vec<Vec<i64>>, Vec<Moments>);

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(dtype: i64, byte_len: u64) -> Wanted<'static> {
        let dtype = DType::from_number(dtype).unwrap();
        Wanted { index: 0, key: Vec::new(), slice: "", dtype, byte_len }
    }

    fn ranges(tensors: &[Wanted<'_>], budget: u64, slots: usize) -> Vec<(usize, usize)> {
        batches(tensors, budget, slots).iter().map(|b| (b.from, b.to)).collect()
    }

    #[test]
    fn batches_keep_to_budget_slots_and_type() {
        let tensors = [wanted(1, 40), wanted(1, 40), wanted(1, 40), wanted(3, 10), wanted(3, 10)];
        assert_eq!(ranges(&tensors, 100, 64), [(0, 2), (2, 3), (3, 5)]);
        assert_eq!(ranges(&tensors, 1_000, 2), [(0, 2), (2, 3), (3, 5)]);
        assert_eq!(ranges(&tensors, 1_000, 64), [(0, 3), (3, 5)]);
    }

    #[test]
    fn a_tensor_beyond_the_budget_is_a_batch_of_its_own() {
        let tensors = [wanted(1, 10), wanted(1, 500), wanted(1, 10)];
        assert_eq!(ranges(&tensors, 100, 64), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(ranges(&[wanted(1, u64::MAX), wanted(1, u64::MAX)], u64::MAX, 64).len(), 2);
    }
}
