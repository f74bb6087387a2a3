//! The total that Keras itself prints, where it is another one than the count: the first number that
//! people compare with.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};

use super::fact::{CountFact, KerasTotal};
use super::inventory::{Confirmed, Inventory, ItemId, sum};
use crate::evidence::files::FileEvidence;
use crate::evidence::object_graph::Printed;
use crate::model::{Counts, Role};
use crate::saved_model::DeclaredShape;

/// The fact that Keras prints another total; `None` also where that total cannot be computed.
pub(super) fn of_keras_total(
    inventory: &Inventory<Confirmed>,
    files: &FileEvidence<'_>,
) -> Option<CountFact> {
    let (objects, facts) = files.objects.as_ref()?;
    let sizes = inventory.weights().map(|(_, item)| item.parameters());
    let counted = sizes.collect::<Option<Vec<_>>>()?;
    let counted = counted.into_iter().try_fold(0u64, u64::checked_add)?;
    let (adds, mut printed) = match &facts.printed {
        Printed::Unknown => return None,
        Printed::Listed(list) => (list, 0),
        Printed::WeightsAnd(optimizer) => (optimizer, counted),
    };
    let mut also: BTreeMap<Role, Counts> = BTreeMap::new();
    let (mut open, mut left_out) = (Counts::default(), Counts::default());
    let (mut seen, mut weights) = (HashSet::new(), HashSet::<ItemId>::new());
    for id in adds.iter().filter(|id| seen.insert(**id)) {
        let shape = &objects.variable(*id)?.shape;
        let elements = elements_to_keras(shape)?;
        printed = printed.checked_add(elements)?;
        let item_id = inventory.of_object(*id)?;
        let item = inventory.get(item_id)?;
        if !item.is_weight() {
            also.entry(item.role).or_default().add(elements, 0);
        } else if weights.insert(item_id) && shape.known().is_none() {
            open.add(item.parameters()?, 0);
        }
    }
    if matches!(facts.printed, Printed::Listed(_)) {
        let not_listed = inventory.weights().filter(|(id, _)| !weights.contains(id));
        left_out = sum(not_listed.map(|(_, item)| item));
    }
    let also = also.into_iter().collect();
    let total = KerasTotal { printed, counted, also, open, left_out };
    (printed != counted).then_some(CountFact::KerasPrintsOther(total))
}

/// The elements of a shape as Keras takes it: an unknown dimension is 0. `None` for an unknown rank, of
/// which Keras prints nothing.
fn elements_to_keras(shape: &DeclaredShape) -> Option<u64> {
    match (shape, shape.known()) {
        (_, Some(shape)) => shape.elements(),
        (DeclaredShape::Dims(_), None) => Some(0),
        (DeclaredShape::Unknown | DeclaredShape::TooManyDims(_), None) => None,
    }
}
