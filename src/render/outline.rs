//! Which rows of the tree are shown.
//!
//! With a depth every group down to it has a row. Without one, the rows fit a screenful: the
//! deepest level that fits, and one level more with the small siblings of each parent rolled up
//! where only a few rows would be left otherwise. Works without recursion on trees of any depth.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::model::{Group, GroupId, Report};
use crate::select::{GroupSums, Sort, sums_below};

/// Rows that fit a screenful together with header and totals.
pub const SCREENFUL: usize = 40;
/// With fewer rows than this the next level is shown too, its small siblings rolled up.
const SPARSE: usize = 12;
/// Siblings shown at least where others are rolled up.
const MIN_SIBLINGS: usize = 3;

/// One row of the tree.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    /// For each ancestor below the root, whether a sibling follows it; then for the row itself.
    pub follows: Vec<bool>,
    /// What the row shows.
    pub what: Shown<'r>,
}

/// What a row shows.
#[derive(Clone, Debug)]
pub enum Shown<'r> {
    /// A group, with the number of groups below it that have no row.
    Group(GroupId, &'r Group, usize),
    /// Siblings without a row of their own.
    Rest(GroupSums),
}

/// The rows to show, the root first; empty only for a report without groups.
pub fn outline(report: &Report, depth: Option<usize>, sort: Sort) -> Vec<Row<'_>> {
    let tree = Tree::new(report);
    let (depth, siblings) = match depth {
        Some(depth) => (depth, usize::MAX),
        None => tree.fit(SCREENFUL),
    };
    tree.rows(depth, siblings, sort)
}

struct Tree<'r> {
    report: &'r Report,
    nodes: &'r [Group],
    depths: Vec<usize>,
    below: Vec<usize>,
}

impl<'r> Tree<'r> {
    fn new(report: &'r Report) -> Tree<'r> {
        let nodes = report.groups.nodes.as_slice();
        let mut tree =
            Tree { report, nodes, depths: vec![0; nodes.len()], below: vec![0; nodes.len()] };
        for at in 0..nodes.len() {
            for child in tree.children(at) {
                tree.depths[child] = tree.depths[at] + 1;
            }
        }
        for at in (0..nodes.len()).rev() {
            tree.below[at] = tree.children(at).map(|child| tree.below[child] + 1).sum();
        }
        tree
    }

    /// Children come after their parents; an edge that does not is not followed.
    fn children(&self, at: usize) -> impl Iterator<Item = usize> + use<'r> {
        let last = self.nodes.len();
        let children = self.nodes.get(at).map_or(&[][..], |group| group.children.as_slice());
        children.iter().map(|id| id.0).filter(move |child| *child > at && *child < last)
    }

    /// Rows down to this depth with at most so many siblings of each parent.
    fn row_count(&self, depth: usize, siblings: usize) -> usize {
        let mut count = usize::from(!self.nodes.is_empty());
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            if self.depths.get(at).is_none_or(|d| *d >= depth) {
                continue;
            }
            let (shown, rest) = self.split(at, siblings);
            count += shown.len() + usize::from(!rest.is_empty());
            open.extend(shown);
        }
        count
    }

    /// Depth and number of siblings for at most `most` rows.
    fn fit(&self, most: usize) -> (usize, usize) {
        let deepest = self.depths.iter().copied().max().unwrap_or(0);
        let mut depth = 0;
        while depth < deepest && self.row_count(depth + 1, usize::MAX) <= most {
            depth += 1;
        }
        if depth == deepest || self.row_count(depth, usize::MAX) >= SPARSE {
            return (depth, usize::MAX);
        }
        let siblings = (MIN_SIBLINGS..most)
            .rev()
            .find(|siblings| self.row_count(depth + 1, *siblings) <= most);
        match siblings {
            Some(siblings) => (depth + 1, siblings),
            None => (depth, usize::MAX),
        }
    }

    /// The children that get a row, in the model's order, and those that are rolled up: the ones
    /// with the fewest parameters. One row is never rolled up alone.
    fn split(&self, at: usize, siblings: usize) -> (Vec<usize>, Vec<usize>) {
        let children: Vec<usize> = self.children(at).collect();
        if children.len() <= siblings.saturating_add(1) {
            return (children, Vec::new());
        }
        let mut by_size = children.clone();
        by_size.sort_by_key(|child| Reverse(self.nodes[*child].counts.parameters));
        let kept: HashSet<usize> = by_size.into_iter().take(siblings).collect();
        children.into_iter().partition(|child| kept.contains(child))
    }

    fn rows(&self, depth: usize, siblings: usize, sort: Sort) -> Vec<Row<'r>> {
        enum Pending {
            Group(usize),
            Rest(Vec<GroupId>),
        }
        let mut rows = Vec::new();
        let mut pending = Vec::new();
        if !self.nodes.is_empty() {
            pending.push((Vec::new(), Pending::Group(0)));
        }
        while let Some((follows, what)) = pending.pop() {
            let at = match what {
                Pending::Group(at) => at,
                Pending::Rest(groups) => {
                    rows.push(Row { follows, what: Shown::Rest(sums_below(self.report, &groups)) });
                    continue;
                }
            };
            let open = self.depths[at] < depth;
            let (mut shown, rest) =
                if open { self.split(at, siblings) } else { Default::default() };
            self.sort(&mut shown, sort);
            let mut below: Vec<Pending> = shown.into_iter().map(Pending::Group).collect();
            if !rest.is_empty() {
                below.push(Pending::Rest(rest.into_iter().map(GroupId).collect()));
            }
            for (i, child) in below.into_iter().rev().enumerate() {
                let mut child_follows = follows.clone();
                child_follows.push(i > 0);
                pending.push((child_follows, child));
            }
            let hidden = if open { 0 } else { self.below[at] };
            rows.push(Row { follows, what: Shown::Group(GroupId(at), &self.nodes[at], hidden) });
        }
        rows
    }

    fn sort(&self, groups: &mut [usize], sort: Sort) {
        match sort {
            Sort::Model => {}
            Sort::Parameters => {
                groups.sort_by_key(|at| Reverse(self.nodes[*at].counts.parameters));
            }
            Sort::Bytes => groups.sort_by_key(|at| Reverse(self.nodes[*at].counts.bytes)),
            Sort::Name => groups.sort_by(|a, b| self.nodes[*a].name.cmp(&self.nodes[*b].name)),
        }
    }
}
