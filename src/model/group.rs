//! The tree of sub-models, layers, modules or scopes.

use super::words::words;
use super::{Certainty, Counts, GroupId, VariableId};

/// The tree, kept flat so that code that walks it needs no recursion. Node 0 is the root.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The nodes, parents before children; [`Groups::root`] is the first.
    pub nodes: Vec<Group>,
}

impl Groups {
    /// The root, which holds every counted variable.
    pub fn root(&self) -> GroupId {
        GroupId(0)
    }

    /// The group with this id.
    ///
    /// # Panics
    /// Where the id is of another report, of more groups.
    #[allow(clippy::indexing_slicing, reason = "ids are positions in this list")]
    pub fn get(&self, id: GroupId) -> &Group {
        &self.nodes[id.0]
    }
}

words! {
    /// What a group is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum GroupKind {
        /// A model, or a model used as a layer.
        Model => "model",
        /// A layer.
        Layer => "layer",
        /// A module of the object graph.
        Module => "module",
        /// A name scope.
        Scope => "scope",
    }
}

/// One sub-model, layer, module or scope.
///
/// Its numbers are of the distinct variables at and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Its name among its siblings.
    pub name: String,
    /// Its class, where metadata names one.
    pub class: Option<String>,
    /// What it is.
    pub kind: GroupKind,
    /// Sums of the distinct variables at and below it.
    pub counts: Counts,
    /// Parameters of those that training would change.
    pub trainable: u64,
    /// Whether [`Group::trainable`] is exact or an upper bound.
    pub trainable_is: Certainty,
    /// Parameters of those frozen although their own flag says trainable.
    pub frozen: u64,
    /// Parameters of those whose trainability no file states.
    pub undetermined: u64,
    /// Parameters of the variables that it holds directly.
    pub own_parameters: u64,
    /// The variables that it holds directly.
    pub own: Vec<VariableId>,
    /// True where the tree reaches it more than once. The second and later
    /// visits have no children.
    pub shared: bool,
    /// Its children, in the model's order.
    pub children: Vec<GroupId>,
}

impl Group {
    /// A group without variables and without children.
    pub fn new(name: impl Into<String>, kind: GroupKind) -> Group {
        Group {
            name: name.into(),
            class: None,
            kind,
            counts: Counts::default(),
            trainable: 0,
            trainable_is: Certainty::Exact,
            frozen: 0,
            undetermined: 0,
            own_parameters: 0,
            own: Vec::new(),
            shared: false,
            children: Vec::new(),
        }
    }
}
