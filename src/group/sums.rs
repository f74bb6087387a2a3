//! From an outline to the tree with its numbers.
//!
//! A group counts the distinct variables that its source reaches, so that a variable in two layers
//! counts once in every ancestor. Adding up children would count it twice. Cost is linear in the
//! outline and in the sizes of the sets, whatever the number of paths to a variable.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::closure::Closures;
use super::outline::Outline;
use super::stamps::Stamps;
use crate::model::{Group, GroupId, GroupKind, Groups, Trainable, Variable, VariableId};

/// Name of the group for weights that no layer or module owns.
const OUTSIDE: &str = "(outside the layers)";

/// Builds the tree over `variables` (the counted ones), and sets the groups of each variable.
pub(crate) fn fill(outline: Outline, variables: &mut [Variable]) -> Groups {
    let sets = GroupSets::new(&outline, variables.len());
    let mut owned = sets.own_variables();
    sets.add_unheld(&mut owned);
    let repeated = outline.groups.iter().filter(|g| g.repeats);
    let shared_sources: HashSet<usize> = repeated.filter_map(|g| g.source).collect();
    let mut groups = Groups::default();
    for ((at, planned), own) in outline.groups.iter().enumerate().zip(owned) {
        let group = Group {
            class: planned.class.clone(),
            own: own.into_iter().map(|v| VariableId(v as usize)).collect(),
            shared: planned.repeats || planned.source.is_some_and(|s| shared_sources.contains(&s)),
            children: planned.children.iter().map(|c| GroupId(*c)).collect(),
            ..Group::new(&planned.name, planned.kind)
        };
        let set = sets.of(at).iter().map(|v| *v as usize);
        groups.nodes.push(summed(group, set, variables));
    }
    if let Some(source) = outline.groups.first().and_then(|g| g.source) {
        move_unheld_apart(sets.closures.of(source), &mut groups, variables);
    }
    for (at, group) in groups.nodes.iter().enumerate() {
        for v in &group.own {
            if let Some(variable) = variables.get_mut(v.0) {
                variable.groups.push(GroupId(at));
            }
        }
    }
    for variable in variables.iter_mut() {
        variable.shared = variable.groups.len() > 1;
    }
    groups
}

/// The variables of every group of an outline.
struct GroupSets<'o> {
    outline: &'o Outline,
    closures: Closures,
    /// Positions of all counted variables.
    everything: Vec<u32>,
}

impl<'o> GroupSets<'o> {
    fn new(outline: &'o Outline, variables: usize) -> GroupSets<'o> {
        let closures = Closures::new(outline, variables);
        GroupSets { outline, closures, everything: (0..).take(variables).collect() }
    }

    /// Positions of the variables at and below a group. The root has all counted variables, including
    /// those that its source does not reach.
    fn of(&self, group: usize) -> &[u32] {
        match self.outline.groups.get(group).and_then(|g| g.source) {
            _ if group == 0 => &self.everything,
            Some(source) => self.closures.of(source),
            None => &[],
        }
    }

    fn component_of(&self, group: usize) -> Option<usize> {
        let source = self.outline.groups.get(group)?.source?;
        self.closures.component(source)
    }

    /// For every group the variables that it holds itself: those at and below it that no child has.
    ///
    /// A child may refer back to its parent, and then has the same variables as the parent. Such a
    /// child accounts only for the variables of the groups that the tree shows below it.
    fn own_variables(&self) -> Vec<Vec<u32>> {
        let groups = &self.outline.groups;
        let mut owned: Vec<Vec<u32>> = vec![Vec::new(); groups.len()];
        // What children that refer back account for, until their parent is reached.
        let mut accounted: HashMap<usize, Vec<u32>> = HashMap::new();
        let mut below_stamps = Stamps::new(self.everything.len());
        // Children come after their parents.
        for (at, group) in groups.iter().enumerate().rev().filter(|(_, g)| !g.repeats) {
            let component = self.component_of(at);
            let (back, onward): (Vec<usize>, Vec<usize>) = group
                .children
                .iter()
                .partition(|child| component.is_some() && self.component_of(**child) == component);
            let from_back: Vec<Vec<u32>> =
                back.iter().filter_map(|child| accounted.remove(child)).collect();
            let onward = || onward.iter().flat_map(|child| self.of(*child));
            let below = || onward().chain(from_back.iter().flatten());
            for v in below() {
                below_stamps.add(*v as usize, at);
            }
            let set = match (group.source, back.is_empty()) {
                (Some(source), false) => self.outline.held_by(source),
                _ => self.of(at),
            };
            let is_own = |v: &u32| !below_stamps.has(*v as usize, at);
            let own: Vec<u32> = set.iter().copied().filter(is_own).collect();
            if component.is_some_and(|c| self.closures.is_cyclic(c)) {
                let mut all: Vec<u32> = below().chain(&own).copied().collect();
                all.sort_unstable();
                all.dedup();
                accounted.insert(at, all);
            }
            if let Some(owned) = owned.get_mut(at) {
                *owned = own;
            }
        }
        owned
    }

    /// Gives the root the variables that its source does not reach, where it does not have them yet.
    fn add_unheld(&self, owned: &mut [Vec<u32>]) {
        let source = self.outline.groups.first().and_then(|g| g.source);
        let (Some(root), Some(source)) = (owned.first_mut(), source) else { return };
        let mut known = Stamps::new(self.everything.len());
        for v in self.closures.of(source).iter().chain(root.iter()) {
            known.add(*v as usize, 0);
        }
        root.extend(self.everything.iter().filter(|v| !known.has(**v as usize, 0)));
    }
}

/// Moves weights that no source holds out of the root into a group of their own: what the root shows
/// as its own is what its source reaches.
fn move_unheld_apart(reached: &[u32], groups: &mut Groups, variables: &[Variable]) {
    let reached: HashSet<usize> = reached.iter().map(|v| *v as usize).collect();
    let id = GroupId(groups.nodes.len());
    let Some(root) = groups.nodes.first_mut() else { return };
    let (own, unheld): (Vec<VariableId>, Vec<VariableId>) =
        root.own.drain(..).partition(|v| reached.contains(&v.0));
    root.own = own;
    root.own_parameters = own_parameters(root, variables);
    if unheld.is_empty() {
        return;
    }
    root.children.push(id);
    let set: Vec<usize> = unheld.iter().map(|v| v.0).collect();
    let group = Group { own: unheld, ..Group::new(OUTSIDE, GroupKind::Module) };
    groups.nodes.push(summed(group, set, variables));
}

/// The group with the sums of the variables at these positions.
fn summed(mut group: Group, set: impl IntoIterator<Item = usize>, variables: &[Variable]) -> Group {
    for variable in set.into_iter().filter_map(|v| variables.get(v)) {
        group.counts.add(variable.parameters, variable.bytes);
        group.trainable_is = group.trainable_is.and(variable.trainable_is);
        let sum = match variable.trainable {
            Trainable::Yes => &mut group.trainable,
            Trainable::Frozen => &mut group.frozen,
            Trainable::Undetermined => &mut group.undetermined,
            Trainable::No => continue,
        };
        *sum = sum.saturating_add(variable.parameters);
    }
    group.own_parameters = own_parameters(&group, variables);
    group
}

fn own_parameters(group: &Group, variables: &[Variable]) -> u64 {
    let own = group.own.iter().filter_map(|v| variables.get(v.0));
    own.fold(0u64, |sum, variable| sum.saturating_add(variable.parameters))
}

#[cfg(test)]
mod tests {
    use super::super::outline::OutlineGroup;
    use super::*;

    fn variable(parameters: u64) -> Variable {
        let shape = crate::model::Shape(vec![parameters]);
        let mut variable = Variable::new("", crate::model::DType::FLOAT32, shape);
        variable.trainable = Trainable::Yes;
        variable
    }

    fn group(source: usize, children: &[usize], repeats: bool) -> OutlineGroup {
        OutlineGroup {
            name: String::new(),
            class: None,
            kind: GroupKind::Module,
            children: children.to_vec(),
            source: Some(source),
            repeats,
        }
    }

    #[test]
    fn a_parent_keeps_its_own_variables_where_a_child_refers_back_to_it() {
        // The root holds 2 and the child 3 parameters; the child's child is the root again.
        let outline = Outline {
            groups: vec![group(0, &[1], false), group(1, &[2], false), group(0, &[], true)],
            holds: vec![vec![0], vec![1]],
            reaches: vec![vec![1], vec![0]],
            cut: false,
        };
        let mut variables = [variable(2), variable(3)];
        let groups = fill(outline, &mut variables);
        let own: Vec<u64> = groups.nodes.iter().map(|g| g.own_parameters).collect();
        assert_eq!(own, [2, 3, 0]);
        assert!(groups.nodes.iter().all(|g| g.counts.parameters == 5));
        assert!(variables.iter().all(|v| v.groups.len() == 1 && !v.shared));
    }

    #[test]
    fn sums_beyond_64_bits_saturate() {
        let outline = Outline {
            groups: vec![group(0, &[], false)],
            holds: vec![vec![]],
            reaches: vec![vec![]],
            cut: false,
        };
        let groups = fill(outline, &mut [variable(u64::MAX), variable(5)]);
        assert_eq!(groups.nodes[0].counts.parameters, u64::MAX);
    }
}
