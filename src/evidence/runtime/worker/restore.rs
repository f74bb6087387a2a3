//! Restores the checkpoint's tensors into variables of small sessions, batch by batch, and asks for
//! their shapes. These sessions contain no node of the model, so a hostile model cannot run any op.
//!
//! A graph (`slots`) takes keys and slices as inputs, so that one prepared graph serves every batch
//! of its size and type. One graph for all tensors would be simpler, but preparing a graph costs far
//! more than running it, and the cost grows faster than the number of nodes.
//!
//! Lanes are threads that restore batches side by side. Together they stay within the request's
//! budget of memory; a tensor beyond the budget is restored while every other lane waits.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::batches::{Batch, Wanted, batches, sorted};
use super::events::{Events, Failed};
use super::session::{Refusal, Threads};
use super::slots::{Kind, SlotGraph, constant_dims, lacks_assignment};
use super::statistics;
use crate::evidence::runtime::failure::{StatusCode, clean};
use crate::evidence::runtime::protocol::{ConstantTensor, Held, RestoreRequest, Step, cut};
use crate::limits::{MAX_FAILED_RESTORES, MAX_HELD_ERROR_BYTES};
use crate::model::{DType, Stats};

/// Most variables in one graph.
const MAX_SLOTS: usize = 64;
/// Below this many bytes a second lane costs more than it gains.
const BYTES_WORTH_A_LANE: u64 = 32 << 20;

/// Serves one request.
pub(super) fn restore(
    request: &RestoreRequest,
    threads: Threads,
    events: &mut Events,
) -> Result<(), Failed> {
    let prefix = enter_folder_of(&request.prefix.to_path())?;
    events.step(Step::Weights);
    let lanes = (request.total_bytes() / BYTES_WORTH_A_LANE).clamp(1, u64::from(threads.0.max(1)));
    let tensors = sorted(&request.tensors);
    let work = Work {
        prefix,
        threads,
        tensors: &tensors,
        batches: Mutex::new(batches(&tensors, request.batch_bytes / lanes, MAX_SLOTS)),
        budget: request.batch_bytes,
        in_flight: Mutex::new(0),
        landed: Condvar::new(),
        held: Mutex::new(vec![Held::default(); tensors.len()]),
        stats: request.stats,
        without_statistics: Mutex::new(HashSet::new()),
        without_assignment: Mutex::new(HashSet::new()),
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
    let mut held = work.held.into_inner().unwrap_or_else(PoisonError::into_inner);
    held.extend(request.constants.iter().map(|constant| fill(constant, threads)));
    events.held(held);
    Ok(())
}

/// Puts a constant into a variable, and gives what the session then holds.
fn fill(constant: &ConstantTensor, threads: Threads) -> Held {
    let mut held = Held::default();
    match constant_dims(constant.dtype, &constant.value.0, threads) {
        Ok(dims) => held.set_value(constant.dtype, &dims),
        Err(refusal) => held = without_value(&refusal),
    }
    held
}

/// What is held of a variable that the session refused to fill.
fn without_value(refusal: &Refusal) -> Held {
    Held::error(cut(&clean(&refusal.message), MAX_HELD_ERROR_BYTES))
}

/// Makes the checkpoint's folder the current one, and gives the prefix relative to it. `RestoreV2`
/// treats the prefix as a pattern, so a bracket in the path of the folder would match something else.
fn enter_folder_of(prefix: &Path) -> Result<Vec<u8>, Failed> {
    use std::os::unix::ffi::OsStrExt;
    let (Some(folder), Some(name)) = (prefix.parent(), prefix.file_name()) else {
        return Err(Failed::request("the checkpoint's prefix has no file name"));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::env::set_current_dir(folder).map_err(|error| Failed::folder(folder, &error))?;
    Ok([b"./", name.as_bytes()].concat())
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
    held: Mutex<Vec<Held>>,
    stats: bool,
    /// Types for which the library lacks an op that statistics need.
    without_statistics: Mutex<HashSet<DType>>,
    /// Types for which the library lacks `AssignVariableOp`.
    without_assignment: Mutex<HashSet<DType>>,
    failed_runs: AtomicUsize,
    /// Set once memory has run out for a single tensor. That is a fault of the machine and not of
    /// the model, so the whole request fails instead of the tensor.
    exhausted: Mutex<Option<Refusal>>,
}

/// The results of the other lanes are valid even if one lane has panicked.
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
        // The end of the process frees the sessions faster than their destructors do.
        std::mem::forget(self.graphs);
    }

    /// Restores these tensors together. A batch that fails is halved until the tensors that fail are
    /// found.
    fn confirm(&mut self, tensors: &[Wanted<'_>]) {
        let mut pending = vec![tensors];
        while let Some(part) = pending.pop() {
            match self.restore(part) {
                Ok((shapes, stats)) => {
                    let mut held = locked(&self.work.held);
                    for (at, (wanted, dims)) in part.iter().zip(shapes).enumerate() {
                        let Some(slot) = held.get_mut(wanted.index) else { continue };
                        slot.set_value(wanted.tensor.dtype, &dims);
                        slot.stats = stats.get(at).copied();
                    }
                }
                Err(refusal) => {
                    let failed = self.work.failed_runs.fetch_add(1, Ordering::Relaxed);
                    if part.len() > 1 && failed < MAX_FAILED_RESTORES {
                        let (first, second) = part.split_at(part.len() / 2);
                        pending.push(second);
                        pending.push(first);
                        continue;
                    }
                    if refusal.code == StatusCode::RESOURCE_EXHAUSTED {
                        *locked(&self.work.exhausted) = Some(refusal);
                        return;
                    }
                    let failed = without_value(&refusal);
                    let mut held = locked(&self.work.held);
                    for wanted in part {
                        if let Some(slot) = held.get_mut(wanted.index) {
                            *slot = failed.clone();
                        }
                    }
                }
            }
        }
    }

    fn restore(&mut self, tensors: &[Wanted<'_>]) -> Result<Restored, Refusal> {
        let Some(dtype) = tensors.first().map(|wanted| wanted.tensor.dtype) else {
            return Ok(Restored::default());
        };
        let mut kind = Kind {
            dtype,
            slots: tensors.len(),
            assign: !locked(&self.work.without_assignment).contains(&dtype),
            stats: false,
        };
        if self.work.stats && kind.assign && !locked(&self.work.without_statistics).contains(&dtype)
        {
            kind.stats = statistics::can_take(dtype);
        }
        match self.restore_as(kind, tensors) {
            Err(refusal) if kind.assign && lacks_assignment(&refusal) => {
                locked(&self.work.without_assignment).insert(dtype);
                self.restore_as(Kind { assign: false, stats: false, ..kind }, tensors)
            }
            Err(refusal) if kind.stats && statistics::cannot_be_taken(&refusal) => {
                locked(&self.work.without_statistics).insert(dtype);
                self.restore_as(Kind { stats: false, ..kind }, tensors)
            }
            done => done,
        }
    }

    fn restore_as(&mut self, kind: Kind, tensors: &[Wanted<'_>]) -> Result<Restored, Refusal> {
        let without_statistics = &self.work.without_statistics;
        let graph = self.graph(kind)?;
        let shapes = graph.restore(tensors);
        let stats = shapes.as_ref().ok().map(|shapes| graph.statistics(shapes));
        graph.destroy()?;
        let stats = match stats {
            Some(Ok(stats)) => stats,
            // The shapes are an answer without statistics too.
            Some(Err(_)) => {
                locked(without_statistics).insert(kind.dtype);
                Vec::new()
            }
            None => Vec::new(),
        };
        Ok((shapes?, stats))
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

/// Dimensions and statistics of a batch's tensors; no statistics where the request wants none.
type Restored = (Vec<Vec<i64>>, Vec<Stats>);
