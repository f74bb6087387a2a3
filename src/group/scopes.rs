//! The tree of name scopes: `a/b/kernel` lies in `b`, which lies in `a`.

use foldhash::{HashMap, HashMapExt};

use super::MAX_TREE_DEPTH;
use super::outline::{Outline, OutlineGroup};
use crate::model::{GroupKind, Variable};

/// Builds the outline from the names of the counted variables.
pub(crate) fn outline(variables: &[Variable]) -> Outline {
    let mut outline = Outline::default();
    let mut scopes: HashMap<&str, usize> = HashMap::new();
    add(&mut outline, "model", None);
    for (at, variable) in variables.iter().enumerate() {
        let mut parent = 0usize;
        for (depth, (end, _)) in variable.name.match_indices('/').enumerate() {
            if depth >= MAX_TREE_DEPTH {
                outline.cut = true;
                break;
            }
            let prefix = &variable.name[..end];
            parent = match scopes.get(prefix) {
                Some(known) => *known,
                None => {
                    let name = prefix.rsplit('/').next().unwrap_or(prefix);
                    let new = add(&mut outline, name, Some(parent));
                    scopes.insert(prefix, new);
                    new
                }
            };
        }
        outline.holds[parent].push(at as u32);
    }
    outline
}

/// Adds a scope; here the source of each group is the group itself.
fn add(outline: &mut Outline, name: &str, parent: Option<usize>) -> usize {
    let source = outline.holds.len();
    outline.holds.push(Vec::new());
    outline.reaches.push(Vec::new());
    let at = outline.add(OutlineGroup {
        name: name.to_owned(),
        class: None,
        kind: GroupKind::Scope,
        children: Vec::new(),
        source: Some(source),
        repeats: false,
    });
    if let Some(parent) = parent {
        outline.groups[parent].children.push(at);
        outline.reaches[parent].push(source as u32);
    }
    at
}
