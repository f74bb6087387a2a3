//! From an outline to the tree with its numbers.
//!
//! The variables of a source are those it holds and those of every source it reaches. Sources that
//! reach each other (objects may refer back to their parents) have the same variables. Cost is
//! linear in the outline and in the sizes of the sets, never in the number of paths.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::outline::Outline;
use crate::model::{Counts, Group, GroupId, GroupKind, Groups, Trainable, Variable, VariableId};

/// Name of the group for weights that no layer or module owns.
const OUTSIDE: &str = "(outside the layers)";

/// Builds the tree over `variables` (the counted ones), and tells each variable its groups.
pub(crate) fn fill(outline: Outline, variables: &mut [Variable]) -> Groups {
    let (component, sets) = closures(&outline, variables.len());
    let everything: Vec<u32> = (0..variables.len() as u32).collect();
    let mut groups = Groups::default();
    let sharing: HashSet<usize> =
        outline.groups.iter().filter(|g| g.repeats).filter_map(|g| g.source).collect();
    let empty: Vec<u32> = Vec::new();
    let set_of = |at: usize| -> &Vec<u32> {
        match outline.groups.get(at).and_then(|g| g.source) {
            _ if at == 0 => &everything,
            Some(source) => &sets[component[source]],
            None => &empty,
        }
    };
    let mut owned = own_variables(&outline, &component, variables.len(), &set_of);
    add_strays(&mut owned, &outline, &component, &sets, variables.len());
    for (at, draft) in outline.groups.iter().enumerate() {
        let set = set_of(at);
        let own = std::mem::take(&mut owned[at]);
        groups.nodes.push(summed(
            Group {
                name: draft.name.clone(),
                class: draft.class.clone(),
                kind: draft.kind,
                counts: Counts::default(),
                trainable: 0,
                frozen: 0,
                undetermined: 0,
                own_parameters: 0,
                own: own.into_iter().map(|v| VariableId(v as usize)).collect(),
                shared: draft.repeats || draft.source.is_some_and(|s| sharing.contains(&s)),
                children: draft.children.iter().map(|c| GroupId(*c)).collect(),
            },
            set,
            variables,
        ));
    }
    let reached = outline.groups.first().and_then(|g| g.source).map(|s| &sets[component[s]]);
    if let Some(reached) = reached {
        set_strays_apart(reached, &mut groups, variables);
    }
    for (at, group) in groups.nodes.iter().enumerate() {
        for v in &group.own {
            variables[v.0].groups.push(GroupId(at));
        }
    }
    for variable in variables.iter_mut() {
        variable.shared = variable.groups.len() > 1;
    }
    groups
}

/// For every group the variables that it holds itself: those at and below it that no child has.
///
/// A child may refer back to its parent, and then has the same variables as the parent: such a
/// child accounts only for what the groups that the tree shows below it hold.
fn own_variables<'s>(
    outline: &'s Outline,
    component: &[usize],
    variables: usize,
    set_of: &dyn Fn(usize) -> &'s Vec<u32>,
) -> Vec<Vec<u32>> {
    let component_of = |at: usize| outline.groups[at].source.map(|source| component[source]);
    let mut sources = vec![0usize; component.len()];
    for c in component {
        sources[*c] += 1;
    }
    let mut owned: Vec<Vec<u32>> = vec![Vec::new(); outline.groups.len()];
    // What children that refer back account for, until their parent has been looked at.
    let mut accounted: HashMap<usize, Vec<u32>> = HashMap::new();
    let mut mark = vec![u32::MAX; variables];
    // Children come after their parents.
    for (at, draft) in outline.groups.iter().enumerate().rev().filter(|(_, g)| !g.repeats) {
        let (back, onward): (Vec<usize>, Vec<usize>) = draft
            .children
            .iter()
            .partition(|child| draft.source.is_some() && component_of(**child) == component_of(at));
        let from_back: Vec<Vec<u32>> =
            back.iter().filter_map(|child| accounted.remove(child)).collect();
        let below = || onward.iter().map(|c| set_of(*c)).chain(&from_back).flatten();
        for v in below() {
            mark[*v as usize] = at as u32;
        }
        let set = match (draft.source, back.is_empty()) {
            (Some(source), false) => &outline.holds[source],
            _ => set_of(at),
        };
        owned[at] = set.iter().copied().filter(|v| mark[*v as usize] != at as u32).collect();
        if component_of(at).is_some_and(|c| sources[c] > 1) {
            let mut all: Vec<u32> = below().chain(&owned[at]).copied().collect();
            all.sort_unstable();
            all.dedup();
            accounted.insert(at, all);
        }
    }
    owned
}

/// Gives the root what no source holds, where it does not have it yet.
fn add_strays(
    owned: &mut [Vec<u32>],
    outline: &Outline,
    component: &[usize],
    sets: &[Vec<u32>],
    variables: usize,
) {
    let (Some(root), Some(source)) =
        (owned.first_mut(), outline.groups.first().and_then(|g| g.source))
    else {
        return;
    };
    let mut known = vec![false; variables];
    for v in sets[component[source]].iter().chain(root.iter()) {
        known[*v as usize] = true;
    }
    root.extend((0..variables as u32).filter(|v| !known[*v as usize]));
}

/// Moves weights that no source holds out of the root into a group of their own, where the tree
/// has other groups: the root's own weights are those that its source reaches.
fn set_strays_apart(reached: &[u32], groups: &mut Groups, variables: &[Variable]) {
    let reached: HashSet<u32> = reached.iter().copied().collect();
    let root = &mut groups.nodes[0];
    let (own, strays): (Vec<VariableId>, Vec<VariableId>) =
        root.own.drain(..).partition(|v| reached.contains(&(v.0 as u32)));
    root.own = own;
    root.own_parameters = own_parameters(root, variables);
    if strays.is_empty() {
        return;
    }
    let id = GroupId(groups.nodes.len());
    groups.nodes[0].children.push(id);
    let set: Vec<u32> = strays.iter().map(|v| v.0 as u32).collect();
    groups.nodes.push(summed(
        Group {
            name: OUTSIDE.into(),
            class: None,
            kind: GroupKind::Module,
            counts: Counts::default(),
            trainable: 0,
            frozen: 0,
            undetermined: 0,
            own_parameters: 0,
            own: strays,
            shared: false,
            children: Vec::new(),
        },
        &set,
        variables,
    ));
}

fn summed(mut group: Group, set: &[u32], variables: &[Variable]) -> Group {
    for v in set {
        let variable = &variables[*v as usize];
        group.counts.add(variable.parameters, variable.bytes);
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
    group.own.iter().fold(0u64, |n, v| n.saturating_add(variables[v.0].parameters))
}

/// For every source the component it belongs to, and for every component the sorted positions of
/// all variables that it reaches.
fn closures(outline: &Outline, variables: usize) -> (Vec<usize>, Vec<Vec<u32>>) {
    let (component, order) = components(&outline.reaches);
    let mut sets: Vec<Vec<u32>> = vec![Vec::new(); order.len()];
    let mut seen = vec![u32::MAX; variables];
    // Components come out with those they reach before them.
    for (at, members) in order.iter().enumerate() {
        let mut set = Vec::new();
        let mut merged = HashSet::new();
        let mut take = |v: u32, set: &mut Vec<u32>| {
            if seen[v as usize] != at as u32 {
                seen[v as usize] = at as u32;
                set.push(v);
            }
        };
        for source in members {
            for v in &outline.holds[*source] {
                take(*v, &mut set);
            }
            for to in &outline.reaches[*source] {
                let other = component[*to as usize];
                if other != at && merged.insert(other) {
                    for v in &sets[other] {
                        take(*v, &mut set);
                    }
                }
            }
        }
        set.sort_unstable();
        sets[at] = set;
    }
    (component, sets)
}

/// Strongly connected components by Tarjan's algorithm, without recursion: for every node its
/// component, and the members of each component, reached ones first.
fn components(edges: &[Vec<u32>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    const NONE: usize = usize::MAX;
    let count = edges.len();
    let (mut number, mut low) = (vec![NONE; count], vec![0usize; count]);
    let mut component = vec![NONE; count];
    let mut members = Vec::new();
    let (mut stack, mut next) = (Vec::new(), 0usize);
    for start in 0..count {
        if number[start] != NONE {
            continue;
        }
        let mut calls = vec![(start, 0usize)];
        while let Some((node, edge)) = calls.last_mut() {
            let node = *node;
            if *edge == 0 {
                number[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
            }
            if let Some(to) = edges[node].get(*edge) {
                *edge += 1;
                let to = *to as usize;
                if number[to] == NONE {
                    calls.push((to, 0));
                } else if component[to] == NONE {
                    low[node] = low[node].min(number[to]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == number[node] {
                let mut group = Vec::new();
                while let Some(member) = stack.pop() {
                    component[member] = members.len();
                    group.push(member);
                    if member == node {
                        break;
                    }
                }
                members.push(group);
            }
        }
    }
    (component, members)
}

#[cfg(test)]
mod tests {
    use super::super::outline::OutlineGroup;
    use super::*;

    #[test]
    fn sources_that_reach_each_other_are_one_component() {
        let (component, members) = components(&[vec![1], vec![2], vec![1, 3], vec![]]);
        assert_eq!(component[1], component[2]);
        assert_ne!(component[0], component[1]);
        assert!(component[3] < component[1] && component[1] < component[0]);
        assert_eq!(members.len(), 3);
    }

    fn variable(parameters: u64) -> Variable {
        Variable {
            name: String::new(),
            checkpoint_key: None,
            dtype: crate::model::DType::FLOAT32,
            shape: crate::model::Shape(vec![parameters]),
            parameters,
            bytes: parameters.saturating_mul(4),
            trainable: Trainable::Yes,
            paths: Vec::new(),
            groups: Vec::new(),
            shared: false,
            confirmed: false,
            stats: None,
        }
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
    fn a_child_that_shows_its_parent_again_leaves_it_its_own_variables() {
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
    fn sums_beyond_64_bits_stop_at_the_largest_number() {
        let outline = Outline {
            groups: vec![group(0, &[], false)],
            holds: vec![vec![]],
            reaches: vec![vec![]],
            cut: false,
        };
        let groups = fill(outline, &mut [variable(u64::MAX), variable(5)]);
        assert_eq!(groups.nodes[0].counts.parameters, u64::MAX);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let edges: Vec<Vec<u32>> = (1..200_000).map(|i| vec![i]).chain([vec![]]).collect();
        assert_eq!(components(&edges).1.len(), 200_000);
    }

    #[test]
    fn a_node_with_no_edge_is_entered_once() {
        assert_eq!(components(&[vec![], vec![0]]).1, [vec![0], vec![1]]);
    }
}
