//! Marks that need no clearing between walks.

/// The last stamp of each item. A walk with a stamp of its own finds no item marked, which saves
/// clearing a vector of all items for each of thousands of walks.
pub(super) struct Stamps(Vec<usize>);

impl Stamps {
    pub fn new(items: usize) -> Stamps {
        Stamps(vec![usize::MAX; items])
    }

    /// Stamps an item; true where it did not have this stamp yet.
    pub fn add(&mut self, item: usize, stamp: usize) -> bool {
        self.0.get_mut(item).is_some_and(|last| std::mem::replace(last, stamp) != stamp)
    }

    /// True where the item's last stamp is this one.
    pub fn has(&self, item: usize, stamp: usize) -> bool {
        self.0.get(item) == Some(&stamp)
    }
}
