//! Which ops are good, and which have state: the two lists beside this file.
//!
//! Two lists and not one, so that an op that nobody has looked at is told from one that was: a test
//! compares both with the registry of the library.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt};

const GOOD_OPS: &str = include_str!("good_ops.txt");
const OTHER_OPS: &str = include_str!("other_ops.txt");

/// What the lists say of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Reaches nothing but the memory of the process, whatever its inputs.
    pub is_good: bool,
    /// Has state in every version of the library, so that nothing evaluates it before it is run.
    pub is_stateful: bool,
}

/// Built once, on the first question: of 1,800 names, in less than a tenth of a millisecond.
static OPS: LazyLock<HashMap<&'static str, Listed>> = LazyLock::new(|| {
    let mut ops = HashMap::with_capacity(2048);
    for (list, is_good) in [(GOOD_OPS, true), (OTHER_OPS, false)] {
        for (name, mark) in entries(list) {
            ops.insert(name, Listed { is_good, is_stateful: mark == '!' });
        }
    }
    ops
});

/// The names of a list, each with its mark: `!`, `?` or none, which is a space.
fn entries(list: &'static str) -> impl Iterator<Item = (&'static str, char)> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|entry| match entry.strip_suffix(['!', '?']) {
        Some(name) if entry.ends_with('!') => (name, '!'),
        Some(name) => (name, '?'),
        None => (entry, ' '),
    })
}

/// What the lists say of this op; `None` where neither has it: an op of another library, or of a
/// newer one.
pub(super) fn listed(op: &str) -> Option<Listed> {
    OPS.get(op).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_op_is_in_one_list_once() {
        let all = entries(GOOD_OPS).chain(entries(OTHER_OPS)).count();
        assert_eq!(all, OPS.len());
        assert!(all > 1_800, "only {all} ops");
    }

    #[test]
    fn names_are_told_from_their_marks_and_headings() {
        assert_eq!(listed("Add"), Some(Listed { is_good: true, is_stateful: false }));
        assert_eq!(listed("VarHandleOp"), Some(Listed { is_good: true, is_stateful: true }));
        assert_eq!(listed("ReadFile"), Some(Listed { is_good: false, is_stateful: false }));
        assert_eq!(listed("WriteFile"), Some(Listed { is_good: false, is_stateful: true }));
        // With state in 2.15, without in 2.21.
        assert_eq!(listed("XlaCallModule"), Some(Listed { is_good: false, is_stateful: false }));
        for no_op in ["#", "why", "WriteFile!", ""] {
            assert_eq!(listed(no_op), None);
        }
    }
}
