//! The session's answer held against the inventory.

use super::{Inventory, Item};
use crate::evidence::runtime::Held;
use crate::model::{Code, Counts, DType, Finding, Shape, Stats};

/// How far the session confirmed the counted variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// Per item: true where the session holds it.
    pub confirmed: Vec<bool>,
    /// Sums of what it holds of the counted variables.
    pub counts: Counts,
    /// Names of counted variables that it does not hold, and why, as far as it said.
    pub missing: Vec<(String, Option<String>)>,
}

impl Confirmation {
    /// True where every counted variable is confirmed.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Takes the answer of a full load: `held` per variable op, by the op's position in the graph.
pub(crate) fn compare_load<'h>(
    inventory: &mut Inventory,
    held: impl Fn(usize) -> Option<&'h Held>,
    findings: &mut Vec<Finding>,
) -> Confirmation {
    compare(inventory, findings, |item, _| {
        item.parts.iter().map(|part| part.op.and_then(&held)).collect()
    })
}

/// Takes the answer of a session over the variables: `held` per item and part.
pub(crate) fn compare_restore<'h>(
    inventory: &mut Inventory,
    held: impl Fn(usize, usize) -> Option<&'h Held>,
    findings: &mut Vec<Finding>,
) -> Confirmation {
    compare(inventory, findings, |item, at| {
        (0..item.parts.len().max(1)).map(|part| held(at, part)).collect()
    })
}

fn compare<'h>(
    inventory: &mut Inventory,
    findings: &mut Vec<Finding>,
    parts_of: impl Fn(&Item, usize) -> Vec<Option<&'h Held>>,
) -> Confirmation {
    let mut confirmation =
        Confirmation { confirmed: vec![false; inventory.items.len()], ..Confirmation::default() };
    for (at, item) in inventory.items.iter_mut().enumerate() {
        if !item.is_weight() {
            continue;
        }
        let parts = parts_of(item, at);
        match whole(item, &parts) {
            Ok((dtype, shape)) => {
                report_differences(item, dtype, &shape, findings);
                item.held = Some((dtype, shape));
                item.stats = joined_stats(&parts);
                confirmation.confirmed[at] = true;
                confirmation.counts.add(item.parameters().unwrap_or(0), item.bytes());
            }
            Err(why) => confirmation.missing.push((item.name.clone(), why)),
        }
    }
    confirmation
}

/// The variable that the parts make up together, or why they do not.
fn whole(item: &Item, parts: &[Option<&Held>]) -> Result<(DType, Shape), Option<String>> {
    if parts.is_empty() {
        return Err(Some("nothing in the graph restores it".into()));
    }
    let mut dtype = None;
    let mut elements = 0u64;
    let mut only = None;
    for (k, held) in parts.iter().enumerate() {
        let held = held.ok_or(None)?;
        let (Some(d), Some(shape), true) = (held.dtype, &held.shape, held.initialized) else {
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
        // Several handles to one whole variable hold the same; the last speaks for all.
        Some((true, shape)) => Ok((dtype, shape.clone())),
        _ => {
            let full = item
                .stored
                .as_ref()
                .map(|s| s.shape.clone())
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

fn report_differences(item: &Item, dtype: DType, shape: &Shape, findings: &mut Vec<Finding>) {
    let Some(stored) = &item.stored else { return };
    if !item.reshaped && stored.shape != *shape {
        findings.push(
            Finding::new(
                Code::RuntimeShapeDiffers,
                "the session holds another shape than the checkpoint stores",
            )
            .about(&item.name)
            .values(&stored.shape, shape),
        );
    }
    if let Some(stored) = stored.dtype.filter(|d| *d != dtype) {
        findings.push(
            Finding::new(
                Code::RuntimeDTypeDiffers,
                "the session holds another dtype than the checkpoint stores",
            )
            .about(&item.name)
            .values(stored, dtype),
        );
    }
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
    use super::super::inventory::Stored;
    use super::*;
    use crate::model::Role;
    use crate::saved_model::DeclaredShape;

    #[test]
    fn a_session_that_holds_something_else_than_is_stored_is_contradicted() {
        let mut item = Item::declared("w".into(), None, DeclaredShape::Unknown, Role::Weight);
        item.stored = Some(Stored {
            dtype: DType::from_name("float32"),
            shape: Shape(vec![2, 3]),
            byte_len: 24,
        });
        let mut findings = Vec::new();
        let float32 = DType::from_name("float32").unwrap();
        report_differences(&item, float32, &Shape(vec![2, 3]), &mut findings);
        assert!(findings.is_empty());
        let half = DType::from_name("float16").unwrap();
        report_differences(&item, half, &Shape(vec![3, 2]), &mut findings);
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::RuntimeShapeDiffers, Code::RuntimeDTypeDiffers]);
        assert_eq!(findings[0].expected.as_deref(), Some("[2, 3]"));
        assert_eq!(findings[0].found.as_deref(), Some("[3, 2]"));
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
