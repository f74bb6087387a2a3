//! The inventory: every variable of the model once, with what is known of it.
//!
//! It is built in stages, and the type of its items says which stage it has reached:
//!
//! ```text
//! Declared   the object graph or the collections, and the restore graph
//!    |       name, key, parts, declared shape and dtype, role, what lists say
//! Stored     + what the checkpoint stores under the key
//!    |
//! Settled    + whether training changes it, and the layer that owns it
//!    |
//! Confirmed  + what the session holds
//! ```
//!
//! A stage holds the one before and gives access to it by `Deref`, so that code which needs only the
//! declaration works at every stage. A question whose answer improves from stage to stage (dtype,
//! shape, parameters, bytes) is answered anew by `Confirmed`; asking an earlier stage is asking
//! without the later witnesses.

use std::ops::Deref;

use foldhash::HashMap;

use crate::evidence::keras::ConfigLayerId;
use crate::evidence::restore_graph::Part;
use crate::evidence::roles::Claim;
use crate::model::{Certainty, Counts, DType, Role, Shape, Stats, Trainable};
use crate::saved_model::{DeclaredShape, NodeId};

/// An item of an inventory. Items keep their ids through all stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ItemId(usize);

/// All variables of the model, at one stage.
#[derive(Clone, Debug)]
pub(crate) struct Inventory<Stage> {
    /// In the order of the object graph or of the collections.
    items: Vec<Stage>,
    /// The item of each object of the object graph that is a variable; empty for TF1. Several
    /// objects can be one item.
    of_object: HashMap<NodeId, ItemId>,
}

impl<Stage> Default for Inventory<Stage> {
    fn default() -> Self {
        Inventory { items: Vec::new(), of_object: HashMap::default() }
    }
}

impl<Stage> Inventory<Stage> {
    /// Appends an item.
    pub fn add(&mut self, item: Stage) -> ItemId {
        self.items.push(item);
        ItemId(self.items.len() - 1)
    }

    /// Says that an object stands for an item.
    pub fn set_object(&mut self, object: NodeId, item: ItemId) {
        self.of_object.insert(object, item);
    }

    /// Every object that stands for an item, in no order.
    pub fn objects(&self) -> impl Iterator<Item = (NodeId, ItemId)> {
        self.of_object.iter().map(|(object, item)| (*object, *item))
    }

    /// The item that an object stands for.
    pub fn of_object(&self, object: NodeId) -> Option<ItemId> {
        self.of_object.get(&object).copied()
    }

    /// Every item.
    pub fn iter(&self) -> impl Iterator<Item = (ItemId, &Stage)> {
        self.items.iter().enumerate().map(|(at, item)| (ItemId(at), item))
    }

    /// The item; `None` where the id is another inventory's.
    pub fn get(&self, id: ItemId) -> Option<&Stage> {
        self.items.get(id.0)
    }

    /// The item, to change it.
    pub fn get_mut(&mut self, id: ItemId) -> Option<&mut Stage> {
        self.items.get_mut(id.0)
    }

    /// The same inventory at the next stage.
    pub fn advance<Next>(self, mut step: impl FnMut(ItemId, Stage) -> Next) -> Inventory<Next> {
        let items = self.items.into_iter().enumerate();
        Inventory {
            items: items.map(|(at, item)| step(ItemId(at), item)).collect(),
            of_object: self.of_object,
        }
    }
}

impl<Stage: AsRef<Declared>> Inventory<Stage> {
    /// The counted items.
    pub fn weights(&self) -> impl Iterator<Item = (ItemId, &Stage)> {
        self.iter().filter(|(_, item)| item.as_ref().is_weight())
    }

    /// True where something is counted.
    pub fn has_weights(&self) -> bool {
        self.weights().next().is_some()
    }
}

/// What the declaration says of a variable.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// Name, not unique.
    pub name: String,
    /// Object of the object graph; `None` for TF1.
    pub node: Option<NodeId>,
    /// Key in the checkpoint; `None` where no witness gives one.
    pub key: Option<Vec<u8>>,
    /// The ops that the restore graph fills from this key.
    pub parts: Vec<Part>,
    /// Element type as declared.
    pub declared_dtype: Option<DType>,
    /// Shape as declared.
    pub declared_shape: DeclaredShape,
    /// True where the checkpoint's shape need not be the variable's.
    pub reshaped: bool,
    /// Why it is or is not counted.
    pub role: Role,
    /// The variable's own flag; `None` where it has none.
    pub flag: Option<bool>,
    /// What the model's lists or the collections say; `None` where none of them says anything.
    pub listed: Option<bool>,
    /// True where the init op fills it at load, and no checkpoint.
    pub filled_by_init: bool,
}

impl Declared {
    /// A variable of which only name, dtype, shape and role are known.
    pub fn new(name: String, dtype: Option<DType>, shape: DeclaredShape, role: Role) -> Declared {
        Declared {
            name,
            node: None,
            key: None,
            parts: Vec::new(),
            declared_dtype: dtype,
            declared_shape: shape,
            reshaped: false,
            role,
            flag: None,
            listed: None,
            filled_by_init: false,
        }
    }

    /// What a list says against a role that is told by the name. A collection claims what is trained,
    /// and nothing else: every variable of TF1 is in one.
    pub fn claim(&self) -> Claim {
        match self.listed {
            Some(trainable) if trainable || self.node.is_some() => Claim::of_list(trainable),
            _ => Claim::None,
        }
    }

    /// True where it counts.
    pub fn is_weight(&self) -> bool {
        self.role == Role::Weight
    }

    /// The key as text for a person.
    pub fn key_text(&self) -> Option<String> {
        self.key.as_ref().map(|k| String::from_utf8_lossy(k).into_owned())
    }
}

/// A declared variable and what the checkpoint stores of it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The declaration.
    pub declared: Declared,
    /// What is stored under its key; `None` where nothing is, or there is no checkpoint.
    pub tensor: Option<StoredTensor>,
}

/// What the checkpoint stores under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredTensor {
    /// Element type; `None` where its number is 0.
    pub dtype: Option<DType>,
    /// Full shape, also of a partitioned variable.
    pub shape: Shape,
    /// Bytes of its data, slices included.
    pub byte_len: u64,
}

impl Stored {
    /// Element type: as stored, else as declared.
    pub fn dtype(&self) -> Option<DType> {
        self.tensor.as_ref().and_then(|t| t.dtype).or(self.declared_dtype)
    }

    /// Shape: as stored, else as declared; `None` where neither knows it in full.
    pub fn shape(&self) -> Option<Shape> {
        if let (Some(tensor), false) = (&self.tensor, self.reshaped) {
            return Some(tensor.shape.clone());
        }
        let declared = self.declared_shape.known();
        declared.or_else(|| self.tensor.as_ref().map(|t| t.shape.clone()))
    }
}

/// A variable of which all files have been heard.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// Declaration and checkpoint.
    pub stored: Stored,
    /// Whether training would change it.
    pub trainable: Trainable,
    /// An upper bound where its own flag says that it is trainable, and a layer around it may have been
    /// frozen without a trace.
    pub trainable_is: Certainty,
    /// The layer of a `.keras` configuration that owns it.
    pub config_layer: Option<ConfigLayerId>,
}

/// A variable of which all witnesses have been heard.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    /// What the files say.
    pub settled: Settled,
    /// What the session holds; `None` where it holds nothing, or there is no session.
    pub held: Option<HeldVariable>,
}

/// What the session holds of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeldVariable {
    /// Element type.
    pub dtype: DType,
    /// Shape of the whole variable.
    pub shape: Shape,
    /// Statistics of its values, where they were asked for.
    pub stats: Option<Stats>,
}

impl Confirmed {
    /// Element type by the best witness: session, checkpoint, declaration.
    pub fn dtype(&self) -> Option<DType> {
        self.held.as_ref().map(|held| held.dtype).or_else(|| self.stored.dtype())
    }

    /// Shape by the best witness: session, checkpoint, declaration. `None` where no witness knows
    /// it in full.
    pub fn shape(&self) -> Option<Shape> {
        match &self.held {
            Some(held) => Some(held.shape.clone()),
            None => self.stored.shape(),
        }
    }

    /// Elements; `None` where the shape is unknown or the number exceeds 64 bits.
    pub fn parameters(&self) -> Option<u64> {
        self.shape()?.elements()
    }

    /// What a counted variable contributes to the totals: dtype, shape, elements. `None` where no
    /// witness knows one of them, so that the variable is in no total.
    pub fn size(&self) -> Option<(DType, Shape, u64)> {
        let shape = self.shape()?;
        let parameters = shape.elements()?;
        Some((self.dtype()?, shape, parameters))
    }

    /// Stored bytes, or those that its elements would take; strings have none.
    pub fn bytes(&self) -> u64 {
        match (self.dtype(), &self.tensor) {
            (Some(dtype), _) if !dtype.is_numeric() => 0,
            (_, Some(tensor)) => tensor.byte_len,
            (dtype, None) => {
                let width = dtype.and_then(DType::byte_width).unwrap_or(0);
                self.parameters().unwrap_or(0).saturating_mul(width)
            }
        }
    }

    /// Statistics of its values, where the session took them.
    pub fn stats(&self) -> Option<Stats> {
        self.held.as_ref().and_then(|held| held.stats)
    }
}

/// Sums of items; an item of unknown shape adds nothing but its number.
pub(crate) fn sum<'i>(items: impl IntoIterator<Item = &'i Confirmed>) -> Counts {
    let mut counts = Counts::default();
    for item in items {
        counts.add(item.parameters().unwrap_or(0), item.bytes());
    }
    counts
}

/// Gives a stage access to the one before it, and to the declaration by reference.
macro_rules! stage {
    ($stage:ident . $before:ident : $Before:ident) => {
        impl Deref for $stage {
            type Target = $Before;
            fn deref(&self) -> &$Before {
                &self.$before
            }
        }

        impl AsRef<Declared> for $stage {
            fn as_ref(&self) -> &Declared {
                self.$before.as_ref()
            }
        }
    };
}

impl AsRef<Declared> for Declared {
    fn as_ref(&self) -> &Declared {
        self
    }
}

stage!(Stored.declared: Declared);
stage!(Settled.stored: Stored);
stage!(Confirmed.settled: Settled);
