//! Groups of two models side by side, matched by the names on the way from the root.

use std::collections::HashMap;

use crate::model::{Certainty, Counts, Group};

/// A group that was added, removed, or has other numbers or another class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupChange {
    /// Names from the root, which is left out, with `/` between them; empty for the root.
    pub path: String,
    /// As it was; `None` where it was added.
    pub before: Option<GroupState>,
    /// As it is; `None` where it was removed.
    pub after: Option<GroupState>,
}

/// What a diff shows of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupState {
    /// Its class, where metadata names one.
    pub class: Option<String>,
    /// Sums of the distinct variables at and below it.
    pub counts: Counts,
    /// Parameters of those that training would change.
    pub trainable: u64,
    /// Whether that is exact or an upper bound.
    pub trainable_is: Certainty,
}

impl GroupState {
    /// True where class or numbers cannot be the same.
    fn differs(&self, other: &GroupState) -> bool {
        let trainable = |state: &GroupState| (state.trainable_is, state.trainable);
        self.class != other.class
            || self.counts != other.counts
            || !Certainty::may_be_equal(trainable(self), trainable(other))
    }
}

impl From<&Group> for GroupState {
    fn from(group: &Group) -> GroupState {
        GroupState {
            class: group.class.clone(),
            counts: group.counts,
            trainable: group.trainable,
            trainable_is: group.trainable_is,
        }
    }
}

/// The groups that differ: those of `after` in its order, then the removed ones.
pub fn changes(before: &[Group], after: &[Group]) -> Vec<GroupChange> {
    let (old, new) = (places(before), places(after));
    let index = |places: &[Place]| -> HashMap<(String, usize), usize> {
        places.iter().enumerate().map(|(at, place)| (place.key(), at)).collect()
    };
    let (old_index, new_index) = (index(&old), index(&new));
    let mut out = Vec::new();
    for (group, place) in after.iter().zip(&new) {
        let was = old_index.get(&place.key()).and_then(|at| before.get(*at));
        let change = match was {
            Some(was) if !GroupState::from(was).differs(&group.into()) => continue,
            // An added group stands for all groups below it.
            None if !place.parent_is_in(&new, &old_index) => continue,
            was => GroupChange {
                path: place.shown(),
                before: was.map(Into::into),
                after: Some(group.into()),
            },
        };
        out.push(change);
    }
    for (group, place) in before.iter().zip(&old) {
        if !new_index.contains_key(&place.key()) && place.parent_is_in(&old, &new_index) {
            let path = place.shown();
            out.push(GroupChange { path, before: Some(group.into()), after: None });
        }
    }
    out
}

/// The place of a group in the tree.
#[derive(Clone, Default)]
struct Place {
    /// Each name below the root's with `/` before it, so that an empty name is not the root.
    path: String,
    /// How many groups of this path come before it.
    repeat: usize,
    parent: Option<usize>,
}

impl Place {
    fn key(&self) -> (String, usize) {
        (self.path.clone(), self.repeat)
    }

    fn shown(&self) -> String {
        self.path.strip_prefix('/').unwrap_or("").to_owned()
    }

    /// True for the root, and where the other model has the parent too.
    fn parent_is_in(&self, own: &[Place], other: &HashMap<(String, usize), usize>) -> bool {
        let parent = self.parent.and_then(|at| own.get(at));
        parent.is_none_or(|parent| other.contains_key(&parent.key()))
    }
}

fn places(groups: &[Group]) -> Vec<Place> {
    let mut places = vec![Place::default(); groups.len()];
    let mut seen: HashMap<String, usize> = HashMap::new();
    for at in 0..groups.len() {
        for child in groups[at].children.iter().map(|id| id.0) {
            // Parents come before children; an edge that leads back is not followed.
            let Some(group) = groups.get(child).filter(|_| child > at) else { continue };
            let path = format!("{}/{}", places[at].path, group.name);
            let repeat = seen.entry(path.clone()).or_default();
            places[child] = Place { path, repeat: *repeat, parent: Some(at) };
            *repeat += 1;
        }
    }
    places
}
