//! One value for each object of an object graph.

use super::object_graph::{NodeId, ObjectGraph};

/// A value for each object. An object of another graph has the default one.
#[derive(Clone, Debug)]
pub(crate) struct PerObject<T>(Vec<T>);

impl<T: Copy + Default> PerObject<T> {
    /// The default value for every object.
    pub fn new(graph: &ObjectGraph<'_>) -> PerObject<T> {
        PerObject(vec![T::default(); graph.len()])
    }

    /// The value of this object.
    pub fn get(&self, object: NodeId) -> T {
        self.0.get(object.index()).copied().unwrap_or_default()
    }

    /// Replaces the value of this object and gives the one before.
    pub fn set(&mut self, object: NodeId, value: T) -> T {
        let slot = self.0.get_mut(object.index());
        slot.map(|slot| std::mem::replace(slot, value)).unwrap_or_default()
    }
}
