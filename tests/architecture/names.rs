//! Follows a path through imports and re-exports to the file that defines what it names.

use super::tree::{Crate, Module};

/// Longest chain of re-exports that is followed.
const MAX_STEPS: usize = 32;

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The file that defines it.
    pub file: String,
    /// The item, or the module where the path ends at one.
    pub name: String,
    /// What on the way is hidden from the documentation.
    pub hidden: Option<String>,
}

/// Resolves a path that stands in `module`. `None` where it leads into another crate.
pub fn resolve(krate: &Crate, module: &[String], path: &[String]) -> Option<Definition> {
    follow(krate, module.to_vec(), path, None, 0)
}

fn follow(
    krate: &Crate,
    module: Vec<String>,
    path: &[String],
    hidden: Option<String>,
    steps: usize,
) -> Option<Definition> {
    if steps > MAX_STEPS {
        return None;
    }
    let this = krate.modules.get(&module)?;
    // A module by itself (`use crate::source;`, `pub(in crate::source)`) is a way to names, not a use
    // of one: the paths that go on from it count.
    let (first, rest) = path.split_first()?;
    let mut parent = module.clone();
    match first.as_str() {
        "crate" => return follow(krate, Vec::new(), rest, hidden, steps + 1),
        "self" => return follow(krate, module, rest, hidden, steps + 1),
        "super" => {
            parent.pop()?;
            return follow(krate, parent, rest, hidden, steps + 1);
        }
        _ => {}
    }
    // A function may have the name of a module: a path that goes on means the module.
    let means_item = rest.is_empty() || !this.children.contains_key(first);
    if let Some(is_hidden) = this.items.get(first).filter(|_| means_item) {
        let hidden = hidden.or(is_hidden.then(|| first.clone()));
        return Some(Definition { file: this.file.clone(), name: first.clone(), hidden });
    }
    if let Some(is_hidden) = this.children.get(first) {
        let hidden = hidden.or(is_hidden.then(|| first.clone()));
        parent.push(first.clone());
        return follow(krate, parent, rest, hidden, steps + 1);
    }
    by_import(krate, &module, this, first, rest, hidden, steps)
}

fn by_import(
    krate: &Crate,
    module: &[String],
    this: &Module,
    first: &str,
    rest: &[String],
    hidden: Option<String>,
    steps: usize,
) -> Option<Definition> {
    for import in this.imports.iter().filter(|import| import.name == first) {
        let hidden = hidden.clone().or(import.is_hidden.then(|| first.to_owned()));
        let path = [import.path.as_slice(), rest].concat();
        // A name may be imported from a child of the same name.
        if path.first().is_some_and(|p| p == first) && !this.children.contains_key(first) {
            continue;
        }
        if let Some(found) = follow(krate, module.to_vec(), &path, hidden, steps + 1) {
            return Some(found);
        }
    }
    for import in this.imports.iter().filter(|import| import.name == "*") {
        let wanted = [vec![first.to_owned()], rest.to_vec()].concat();
        let path = [import.path.as_slice(), &wanted].concat();
        if let Some(found) = follow(krate, module.to_vec(), &path, hidden.clone(), steps + 8) {
            return Some(found);
        }
    }
    None
}
