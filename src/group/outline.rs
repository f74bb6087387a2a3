//! An outline of the tree: groups without numbers.

use crate::model::GroupKind;

/// A group of the tree to be.
#[derive(Clone, Debug)]
pub(crate) struct OutlineGroup {
    /// Its name among its siblings.
    pub name: String,
    /// Its class, where metadata names one.
    pub class: Option<String>,
    /// What it is.
    pub kind: GroupKind,
    /// Its children in order.
    pub children: Vec<usize>,
    /// The source whose variables it stands for; `None` for groups that hold nothing.
    pub source: Option<usize>,
    /// True where its source is in the tree already: it then has no children.
    pub repeats: bool,
}

/// Groups, and the sources of variables behind them. The same source may stand behind several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// The groups, parents first. The root is the first.
    pub groups: Vec<OutlineGroup>,
    /// Per source: positions of the counted variables that it holds without passing through
    /// another source.
    pub holds: Vec<Vec<u32>>,
    /// Per source: the other sources that it reaches.
    pub reaches: Vec<Vec<u32>>,
    /// True where groups were left out because they lie too deep.
    pub cut: bool,
}

impl Outline {
    /// Adds a group and gives its position.
    pub fn add(&mut self, group: OutlineGroup) -> usize {
        self.groups.push(group);
        self.groups.len() - 1
    }
}
