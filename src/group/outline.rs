//! An outline of the tree: groups without numbers, and the sources of variables behind them.
//!
//! A source is whatever can hold variables: an object, a layer of a configuration, or a scope. Groups
//! and sources are referred to by their positions here.

use crate::model::GroupKind;

/// A group without its numbers.
#[derive(Clone, Debug)]
pub(crate) struct OutlineGroup {
    /// Its name among its siblings.
    pub name: String,
    /// Its class, where metadata names one.
    pub class: Option<String>,
    /// Its kind.
    pub kind: GroupKind,
    /// Positions of its children, in order.
    pub children: Vec<usize>,
    /// The source whose variables it shows; `None` for groups without variables.
    pub source: Option<usize>,
    /// True where its source stands in the tree before it; it then has no children.
    pub repeats: bool,
}

/// Groups, and the sources of variables behind them. Several groups may have the same source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// The groups, parents before children. The first is the root.
    pub groups: Vec<OutlineGroup>,
    /// For each source the positions of the counted variables that it holds other than through another
    /// source.
    pub holds: Vec<Vec<u32>>,
    /// For each source the other sources that it reaches.
    pub reaches: Vec<Vec<usize>>,
    /// True where groups beyond the deepest level are left out.
    pub cut: bool,
}

impl Outline {
    /// Adds a group and gives its position.
    pub fn add(&mut self, group: OutlineGroup) -> usize {
        self.groups.push(group);
        self.groups.len() - 1
    }

    /// Adds a group below another and gives its position.
    pub fn add_below(&mut self, parent: usize, group: OutlineGroup) -> usize {
        let at = self.add(group);
        if let Some(parent) = self.groups.get_mut(parent) {
            parent.children.push(at);
        }
        at
    }

    /// Makes a source hold the counted variable at this position.
    pub fn hold(&mut self, source: usize, variable: u32) {
        if let Some(held) = self.holds.get_mut(source) {
            held.push(variable);
        }
    }

    /// Makes a source reach another.
    pub fn reach(&mut self, source: usize, other: usize) {
        if let Some(reached) = self.reaches.get_mut(source) {
            reached.push(other);
        }
    }

    /// Positions of the counted variables that a source holds.
    pub fn held_by(&self, source: usize) -> &[u32] {
        self.holds.get(source).map(Vec::as_slice).unwrap_or_default()
    }
}
