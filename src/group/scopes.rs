//! The tree of name scopes: `a/b/kernel` lies in `b`, which lies in `a`.

use foldhash::{HashMap, HashMapExt};

use super::outline::{Outline, OutlineGroup};
use crate::limits::MAX_TREE_DEPTH;
use crate::model::{GroupKind, Variable};

/// Builds the outline from the names of the counted variables.
pub(crate) fn outline(variables: &[Variable]) -> Outline {
    let mut outline = Outline::default();
    let mut scopes: HashMap<&str, usize> = HashMap::new();
    outline.add(scope("model", 0));
    add_source(&mut outline);
    for (at, variable) in (0..).zip(variables) {
        let mut parent = 0;
        for (depth, (end, _)) in variable.name.match_indices('/').enumerate() {
            if depth >= MAX_TREE_DEPTH {
                outline.cut = true;
                break;
            }
            let prefix = variable.name.get(..end).unwrap_or_default();
            parent = *scopes.entry(prefix).or_insert_with(|| {
                let name = prefix.rsplit('/').next().unwrap_or(prefix);
                let source = add_source(&mut outline);
                outline.reach(parent, source);
                outline.add_below(parent, scope(name, source))
            });
        }
        outline.hold(parent, at);
    }
    outline
}

/// Every scope is a group and a source, with the same position.
fn add_source(outline: &mut Outline) -> usize {
    outline.holds.push(Vec::new());
    outline.reaches.push(Vec::new());
    outline.holds.len() - 1
}

fn scope(name: &str, source: usize) -> OutlineGroup {
    OutlineGroup {
        name: name.to_owned(),
        class: None,
        kind: GroupKind::Scope,
        children: Vec::new(),
        source: Some(source),
        repeats: false,
    }
}
