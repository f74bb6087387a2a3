//! Which variables each source of an outline reaches.
//!
//! The variables of a source are those that it holds and those of every source that it reaches. Walking
//! from each source would cost quadratic time. Sources that reach each other (objects may refer back
//! to their parents) have the same variables, so the sources are joined to strongly connected
//! components, and each component takes over the sets of those that it reaches.

use foldhash::{HashSet, HashSetExt};

use super::outline::Outline;
use super::stamps::Stamps;

/// The variables that every source reaches, itself included.
pub(super) struct Closures {
    /// The component of each source.
    component: Vec<usize>,
    /// Of each component the number of sources.
    sources: Vec<usize>,
    /// Of each component the sorted positions of the variables that it reaches.
    sets: Vec<Vec<u32>>,
}

impl Closures {
    pub fn new(outline: &Outline, variables: usize) -> Closures {
        let (component, members) = components(&outline.reaches);
        let mut sets: Vec<Vec<u32>> = Vec::with_capacity(members.len());
        let mut seen = Stamps::new(variables);
        // Every component comes after those that it reaches.
        for (at, sources) in members.iter().enumerate() {
            let mut set = Vec::new();
            let mut merged = HashSet::new();
            for source in sources {
                let held = outline.holds.get(*source).into_iter().flatten().copied();
                set.extend(held.filter(|v| seen.add(*v as usize, at)));
                let reached = outline.reaches.get(*source).into_iter().flatten();
                for other in reached.filter_map(|to| component.get(*to)) {
                    if *other != at && merged.insert(*other) {
                        let reached = sets.get(*other).into_iter().flatten().copied();
                        set.extend(reached.filter(|v| seen.add(*v as usize, at)));
                    }
                }
            }
            set.sort_unstable();
            sets.push(set);
        }
        Closures { component, sources: members.iter().map(Vec::len).collect(), sets }
    }

    /// Positions of the variables that the source reaches.
    pub fn of(&self, source: usize) -> &[u32] {
        self.component(source).and_then(|c| self.sets.get(c)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The component of a source.
    pub fn component(&self, source: usize) -> Option<usize> {
        self.component.get(source).copied()
    }

    /// True where a component has several sources, which reach each other.
    pub fn is_cyclic(&self, component: usize) -> bool {
        self.sources.get(component).is_some_and(|sources| *sources > 1)
    }
}

/// Strongly connected components by Tarjan's algorithm, with a stack of its own in place of recursion:
/// for every node its component, and the members of each component. A component comes after those
/// that it reaches.
fn components(edges: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let visits = vec![Visit::default(); edges.len()];
    let mut tarjan = Tarjan { edges, visits, entered: 0, open: Vec::new(), members: Vec::new() };
    for start in 0..edges.len() {
        tarjan.walk_from(start);
    }
    let component = tarjan.visits.iter().map(|v| v.component.unwrap_or_default()).collect();
    (component, tarjan.members)
}

/// The state of one node in the walk.
#[derive(Clone, Copy, Default)]
struct Visit {
    /// Its place in the order of the walk; `None` before it is entered.
    number: Option<usize>,
    /// The lowest number that is known to be reached from it within its component.
    low: usize,
    /// Its component, once all members are known.
    component: Option<usize>,
}

struct Tarjan<'e> {
    edges: &'e [Vec<usize>],
    visits: Vec<Visit>,
    /// Number of nodes entered.
    entered: usize,
    /// Nodes whose component is not known yet.
    open: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl Tarjan<'_> {
    fn walk_from(&mut self, start: usize) {
        if self.visit(start).number.is_some() {
            return;
        }
        self.enter(start);
        // The nodes on the way from the start, and the next edge of each.
        let mut path = vec![(start, 0)];
        while let Some((node, next_edge)) = path.last_mut() {
            let (node, edge) = (*node, *next_edge);
            *next_edge += 1;
            let Some(to) = self.edges.get(node).and_then(|edges| edges.get(edge)).copied() else {
                path.pop();
                self.leave(node, path.last().map(|(parent, _)| *parent));
                continue;
            };
            match self.visit(to) {
                Visit { number: None, .. } => {
                    self.enter(to);
                    path.push((to, 0));
                }
                Visit { number: Some(number), component: None, .. } => self.lower(node, number),
                _ => {}
            }
        }
    }

    fn visit(&self, node: usize) -> Visit {
        self.visits.get(node).copied().unwrap_or_default()
    }

    fn enter(&mut self, node: usize) {
        if let Some(visit) = self.visits.get_mut(node) {
            (visit.number, visit.low) = (Some(self.entered), self.entered);
        }
        self.entered += 1;
        self.open.push(node);
    }

    fn lower(&mut self, node: usize, low: usize) {
        if let Some(visit) = self.visits.get_mut(node) {
            visit.low = visit.low.min(low);
        }
    }

    /// Passes the lowest number on to the parent. A node that reaches none below its own number closes a
    /// component: itself and all nodes that were entered after it and are still open.
    fn leave(&mut self, node: usize, parent: Option<usize>) {
        let Visit { number, low, .. } = self.visit(node);
        if let Some(parent) = parent {
            self.lower(parent, low);
        }
        if number != Some(low) {
            return;
        }
        let mut members = Vec::new();
        while let Some(member) = self.open.pop() {
            if let Some(visit) = self.visits.get_mut(member) {
                visit.component = Some(self.members.len());
            }
            members.push(member);
            if member == node {
                break;
            }
        }
        self.members.push(members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_reach_each_other_are_one_component() {
        let (component, members) = components(&[vec![1], vec![2], vec![1, 3], vec![]]);
        assert_eq!(component[1], component[2]);
        assert_ne!(component[0], component[1]);
        assert!(component[3] < component[1] && component[1] < component[0]);
        assert_eq!(members.len(), 3);
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let edges: Vec<Vec<usize>> = (1..200_000).map(|i| vec![i]).chain([vec![]]).collect();
        assert_eq!(components(&edges).1.len(), 200_000);
    }

    #[test]
    fn a_node_without_edges_is_entered_once() {
        assert_eq!(components(&[vec![], vec![0]]).1, [vec![0], vec![1]]);
    }
}
