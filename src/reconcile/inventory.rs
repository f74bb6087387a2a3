//! The inventory: every variable of the model once, with what is known of it.

use crate::model::{DType, PartialShape, Role, Shape, Stats, Trainable};
use crate::saved_model::{DeclaredShape, NodeId};

/// A variable op that holds all or a part of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Position of the op in the main graph; `None` where only the checkpoint knows the part.
    pub op: Option<usize>,
    /// The slice, as `RestoreV2` is told; empty for the whole variable.
    pub slice: String,
}

/// One variable of the model, counted or not.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Name, not unique.
    pub name: String,
    /// Object of the object graph; `None` for TF1.
    pub node: Option<NodeId>,
    /// Key in the checkpoint; `None` where nothing says.
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
    /// What lists, layers or collections say; `None` while nothing does.
    pub listed: Option<bool>,
    /// Whether training would change it.
    pub trainable: Trainable,
    /// What the checkpoint stores under its key.
    pub stored: Option<Stored>,
    /// What the session holds.
    pub held: Option<(DType, Shape)>,
    /// Statistics of its values, taken in the session.
    pub stats: Option<Stats>,
}

/// What the checkpoint stores of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Element type; `None` where its number is 0.
    pub dtype: Option<DType>,
    /// Full shape, also of a partitioned variable.
    pub shape: Shape,
    /// Bytes of its data, slices included.
    pub byte_len: u64,
}

impl Item {
    /// An item of which only the declaration is known yet.
    pub fn declared(name: String, dtype: Option<DType>, shape: DeclaredShape, role: Role) -> Item {
        Item {
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
            trainable: Trainable::Undetermined,
            stored: None,
            held: None,
            stats: None,
        }
    }

    /// Element type by the best witness: session, checkpoint, declaration.
    pub fn dtype(&self) -> Option<DType> {
        let held = self.held.as_ref().map(|h| h.0);
        held.or_else(|| self.stored.as_ref().and_then(|s| s.dtype)).or(self.declared_dtype)
    }

    /// Shape by the best witness: session, checkpoint, declaration. `None` where no witness knows
    /// it in full.
    pub fn shape(&self) -> Option<Shape> {
        if let Some((_, shape)) = &self.held {
            return Some(shape.clone());
        }
        if let (Some(stored), false) = (&self.stored, self.reshaped) {
            return Some(stored.shape.clone());
        }
        let declared = self.declared_shape.partial().as_ref().and_then(PartialShape::known);
        declared.or_else(|| self.stored.as_ref().map(|s| s.shape.clone()))
    }

    /// Elements; `None` where the shape is unknown or the number exceeds 64 bits.
    pub fn parameters(&self) -> Option<u64> {
        self.shape()?.elements()
    }

    /// Stored bytes, or those that its elements would take; strings have none.
    pub fn bytes(&self) -> u64 {
        match self.dtype() {
            Some(dtype) if !dtype.is_numeric() => 0,
            dtype => match &self.stored {
                Some(stored) => stored.byte_len,
                None => {
                    let width = dtype.and_then(DType::byte_width).unwrap_or(0);
                    self.parameters().unwrap_or(0).saturating_mul(width)
                }
            },
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

/// All variables of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    /// The variables in the order of the object graph or of the collections.
    pub items: Vec<Item>,
}

impl Inventory {
    /// The counted ones.
    pub fn weights(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|i| i.is_weight())
    }
}
