//! The answer to one request, put together from the events of the worker.

use std::path::PathBuf;
use std::time::Duration;

use crate::evidence::runtime::protocol::{Held, Ready};
use crate::limits::{MAX_EXTRA_EVENTS, MAX_UNDECLARED_BYTES};

/// What the session said of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The worker: the library's version, and what the kernel kept it from.
    pub ready: Ready,
    /// The library's file.
    pub library: PathBuf,
    /// Wall time from the worker's start to this answer.
    pub elapsed: Duration,
    /// Peak resident memory of the worker up to this answer, in bytes.
    pub peak_bytes: Option<u64>,
    /// One for each variable or tensor of the request, in the same order.
    pub held: Vec<Held>,
    /// After a load: the variable ops of the session's graph that the request did not name.
    pub undeclared: Vec<String>,
}

/// An answer of which more events are to come. It refuses what does not belong to the request, and
/// more than an answer can need: a worker must not fill its parent's memory or keep it for ever.
pub(super) struct PartialAnswer {
    pub held: Vec<Held>,
    pub undeclared: Vec<String>,
    undeclared_bytes: usize,
    events_left: u64,
}

impl PartialAnswer {
    /// The answer to a request for this many variables or tensors.
    pub fn new(requested: usize) -> PartialAnswer {
        PartialAnswer {
            held: vec![Held::default(); requested],
            undeclared: Vec::new(),
            undeclared_bytes: 0,
            events_left: MAX_EXTRA_EVENTS.saturating_add(requested as u64),
        }
    }

    /// Counts one event.
    pub fn count_event(&mut self) -> Result<(), &'static str> {
        self.events_left = self.events_left.checked_sub(1).ok_or("too many events")?;
        Ok(())
    }

    /// Takes what the session holds, from the variable at position `first` on.
    pub fn take_held(&mut self, first: u64, part: Vec<Held>) -> Result<(), &'static str> {
        let places = usize::try_from(first)
            .ok()
            .and_then(|first| self.held.get_mut(first..)?.get_mut(..part.len()))
            .ok_or("more variables than the request names")?;
        places.iter_mut().zip(part).for_each(|(place, held)| *place = held);
        Ok(())
    }

    /// Takes names of undeclared variables.
    pub fn take_undeclared(&mut self, names: Vec<String>) -> Result<(), &'static str> {
        let bytes = names.iter().map(|name| name.len() + size_of::<String>()).sum::<usize>();
        self.undeclared_bytes = self.undeclared_bytes.saturating_add(bytes);
        if self.undeclared_bytes > MAX_UNDECLARED_BYTES {
            return Err("too many undeclared variables");
        }
        self.undeclared.extend(names);
        Ok(())
    }
}
