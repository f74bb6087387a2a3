//! Compares what the session holds with the inventory.

use foldhash::HashSet;

use super::fact::Fact;
use super::inventory::{Confirmed, HeldVariable, Inventory, ItemId, Settled, Stored};
use super::session_fact::{SessionFact, Unconfirmed, Unproven, WhyNot};
use crate::evidence::restore_graph::resource_name;
use crate::evidence::runtime::Held;
use crate::model::{DType, Role, Shape, Stats};
use crate::saved_model::{Graph, OpId};

/// What the session confirmed of the counted variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Confirmation {
    /// Per item of the inventory: what the session holds of it.
    held: Vec<Option<HeldVariable>>,
    /// Counted variables that it does not hold.
    pub missing: Vec<Unconfirmed>,
    /// True where the model holds variables that the count leaves out and that belong to nothing.
    pub holds_more: bool,
    /// Where what it holds differs from what is stored, and what else it holds.
    pub facts: Vec<Fact>,
}

impl Confirmation {
    /// True where every counted variable is confirmed.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// Number of weights that the session was to confirm.
    pub fn weights(&self) -> usize {
        self.held.iter().flatten().count() + self.missing.len()
    }
}

/// Compares the inventory with the answer of a session. `unproven` says of which weights the answer
/// proves nothing. `parts_of` gives what the session holds of each part of an item, in the order of the
/// parts; one for an item without parts.
pub(crate) fn compare_session<'h>(
    inventory: &Inventory<Settled>,
    unproven: impl Fn(&Settled) -> Option<Unproven>,
    parts_of: impl Fn(ItemId, &Settled) -> Vec<Option<&'h Held>>,
) -> Confirmation {
    let mut confirmation = Confirmation::default();
    for (id, item) in inventory.iter() {
        let mut of_item = None;
        if item.is_weight() {
            let parts = parts_of(id, item);
            let mut missing = |why| {
                confirmation.missing.push(Unconfirmed { variable: item.name.clone(), why });
            };
            match (unproven(item), whole(item, &parts)) {
                (None, Ok((dtype, shape))) => {
                    confirmation.facts.extend(differences(item, dtype, &shape));
                    of_item = Some(HeldVariable { dtype, shape, stats: joined_stats(&parts) });
                }
                (Some(why), _) => missing(WhyNot::Unproven(why)),
                (None, Err(reason)) => missing(WhyNot::NotHeld(reason)),
            }
        }
        confirmation.held.push(of_item);
    }
    confirmation
}

/// The variables in which a loaded session holds a value although no item with a role has them. `held` is
/// what it holds of every variable op of the graph.
pub(crate) fn without_owner<'h>(
    inventory: &Inventory<Settled>,
    graph: &Graph<'_>,
    held: impl Iterator<Item = (OpId, &'h Held)>,
) -> Vec<String> {
    let with_role = inventory.iter().filter(|(_, item)| item.role != Role::Unrestored);
    let owned: HashSet<OpId> =
        with_role.flat_map(|(_, item)| &item.parts).filter_map(|part| part.op).collect();
    let resources: HashSet<_> = owned.iter().filter_map(|op| resource_name(graph, *op)).collect();
    let is_owned = |op: OpId| {
        owned.contains(&op) || resource_name(graph, op).is_some_and(|r| resources.contains(&r))
    };
    held.filter(|(op, held)| held.is_initialized() && !is_owned(*op))
        .filter_map(|(op, _)| graph.node(op).map(|node| node.name.to_owned()))
        .collect()
}

/// The inventory with what the session holds; without a confirmation no item is confirmed.
pub(crate) fn confirmed(
    inventory: Inventory<Settled>,
    confirmation: Option<&mut Confirmation>,
) -> Inventory<Confirmed> {
    let held = confirmation.map(|c| std::mem::take(&mut c.held)).unwrap_or_default();
    let mut held = held.into_iter();
    inventory.advance(|_, settled| Confirmed { settled, held: held.next().flatten() })
}

/// The variable that the parts make up together, or why they do not.
fn whole(item: &Stored, parts: &[Option<&Held>]) -> Result<(DType, Shape), Option<String>> {
    if parts.is_empty() {
        return Err(Some("nothing in the graph restores it".into()));
    }
    let slices = item.parts.iter().filter(|part| !part.slice.is_empty()).count();
    if slices > 0 && slices < item.parts.len() {
        return Err(Some("the whole of it is restored, and a slice of it elsewhere".into()));
    }
    let mut dtype = None;
    let mut elements = 0u64;
    let mut only = None;
    for (k, held) in parts.iter().enumerate() {
        let held = held.ok_or(None)?;
        let (Some(d), Some(shape), true) = (held.dtype, &held.shape, held.is_initialized()) else {
            return Err(held.error.clone().or(Some("it is not initialised".into())));
        };
        if dtype.is_some_and(|known| known != d) {
            return Err(Some("its parts have different dtypes".into()));
        }
        dtype = Some(d);
        let slice = item.parts.get(k).map(|p| p.slice.as_str()).unwrap_or_default();
        if let Some(expected) = slice_shape(slice)
            && expected != *shape
        {
            return Err(Some(format!("its slice is {expected}, the session holds {shape}")));
        }
        elements = elements.saturating_add(shape.elements().ok_or(None)?);
        only = Some((slice.is_empty(), shape));
    }
    let dtype = dtype.ok_or(None)?;
    match only {
        // Several handles to one whole variable hold one value: the last one's shape is all of theirs.
        Some((true, shape)) => Ok((dtype, shape.clone())),
        _ => {
            let full = item
                .tensor
                .as_ref()
                .map(|t| t.shape.clone())
                .or_else(|| item.parts.first().and_then(|p| full_shape(&p.slice)));
            let full = full.ok_or(None)?;
            if full.elements() == Some(elements) {
                Ok((dtype, full))
            } else {
                Err(Some(format!("its parts hold {elements} elements in all, not those of {full}")))
            }
        }
    }
}

/// The statistics of all parts together; `None` where a part has none.
fn joined_stats(parts: &[Option<&Held>]) -> Option<Stats> {
    let mut joined: Option<(Stats, u64)> = None;
    for held in parts {
        let held = held.as_ref()?;
        let (stats, elements) = (held.stats?, held.shape.as_ref()?.elements()?);
        joined = Some(match joined {
            None => (stats, elements),
            Some((sum, n)) => (sum.join(stats, (n, elements)), n.saturating_add(elements)),
        });
    }
    joined.map(|(stats, _)| stats)
}

/// Where the session differs from the checkpoint.
fn differences(item: &Stored, dtype: DType, shape: &Shape) -> Vec<Fact> {
    let Some(tensor) = &item.tensor else { return Vec::new() };
    let mut facts = Vec::new();
    if !item.reshaped && tensor.shape != *shape {
        let (variable, stored, held) = (item.name.clone(), tensor.shape.clone(), shape.clone());
        facts.push(SessionFact::ShapeDiffers { variable, stored, held }.into());
    }
    if let Some(stored) = tensor.dtype.filter(|stored| *stored != dtype) {
        let variable = item.name.clone();
        facts.push(SessionFact::DTypeDiffers { variable, stored, held: dtype }.into());
    }
    facts
}

/// The full shape in a slice specification such as `10 4 0,4:-`.
fn full_shape(spec: &str) -> Option<Shape> {
    let mut words: Vec<&str> = spec.split(' ').collect();
    words.pop()?;
    words.into_iter().map(|w| w.parse().ok()).collect::<Option<_>>().map(Shape)
}

/// The shape of the slice itself; `None` for the whole variable or a specification that cannot be read.
fn slice_shape(spec: &str) -> Option<Shape> {
    let full = full_shape(spec)?;
    let extents: Vec<&str> = spec.rsplit(' ').next()?.split(':').collect();
    if extents.len() != full.0.len() {
        return None;
    }
    extents
        .into_iter()
        .zip(&full.0)
        .map(|(extent, whole)| match extent {
            "-" => Some(*whole),
            extent => extent.split_once(',')?.1.parse().ok(),
        })
        .collect::<Option<_>>()
        .map(Shape)
}

#[cfg(test)]
mod tests {
    use super::super::inventory::{Declared, StoredTensor};
    use super::*;
    use crate::model::Role;
    use crate::saved_model::DeclaredShape;

    #[test]
    fn a_session_that_differs_from_the_checkpoint_is_contradicted() {
        let declared = Declared::new("w".into(), None, DeclaredShape::Unknown, Role::Weight);
        let float32 = DType::from_name("float32").unwrap();
        let tensor = StoredTensor { dtype: Some(float32), shape: Shape(vec![2, 3]), byte_len: 24 };
        let item = Stored { declared, tensor: Some(tensor) };
        assert_eq!(differences(&item, float32, &Shape(vec![2, 3])), []);
        let half = DType::from_name("float16").unwrap();
        assert_eq!(
            differences(&item, half, &Shape(vec![3, 2])),
            [
                Fact::Session(SessionFact::ShapeDiffers {
                    variable: "w".into(),
                    stored: Shape(vec![2, 3]),
                    held: Shape(vec![3, 2]),
                }),
                Fact::Session(SessionFact::DTypeDiffers {
                    variable: "w".into(),
                    stored: float32,
                    held: half,
                }),
            ]
        );
    }

    #[test]
    fn reads_slice_specifications() {
        assert_eq!(full_shape("10 4 0,4:-"), Some(Shape(vec![10, 4])));
        assert_eq!(slice_shape("10 4 0,4:-"), Some(Shape(vec![4, 4])));
        assert_eq!(slice_shape("10 4 4,3:0,4"), Some(Shape(vec![3, 4])));
        assert_eq!(slice_shape(""), None);
        assert_eq!(slice_shape("10 x 0,4:-"), None);
    }
}
