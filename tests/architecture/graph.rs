//! Which file uses what another one defines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::names::{Definition, resolve};
use super::tree::Crate;

/// One file uses a name that another defines.
pub struct Edge {
    pub from: String,
    pub line: usize,
    pub to: String,
    pub name: String,
    /// True where it leads from the program into the library.
    pub is_foreign: bool,
    /// What on the way is hidden from the documentation.
    pub hidden: Option<String>,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} uses `{}` of {}", self.from, self.line, self.name, self.to)
    }
}

/// All such uses of a crate.
pub struct Dependencies {
    pub files: BTreeSet<String>,
    pub edges: Vec<Edge>,
}

impl Dependencies {
    /// The uses in a crate; `library` is the one that it calls `tfcensus`.
    pub fn of(krate: &Crate, library: Option<&Crate>) -> Dependencies {
        let files = krate.files.iter().map(|file| file.path.clone()).collect();
        let mut found = Dependencies { files, edges: Vec::new() };
        for file in &krate.files {
            let module = krate.modules.get(&file.module);
            // What a module passes on is no use of its own.
            let imports = module.into_iter().flat_map(|m| &m.imports).filter(|i| !i.is_reexport);
            let imports = imports.map(|import| (&import.path, import.line));
            let paths = file.paths.iter().map(|(path, line)| (path, *line));
            for (path, line) in imports.chain(paths) {
                let foreign = library.filter(|_| path.first().is_some_and(|p| p == "tfcensus"));
                let definition = match foreign {
                    Some(library) => resolve(library, &[], &path[1..]),
                    None => resolve(krate, &file.module, path),
                };
                let Some(Definition { file: to, name, hidden }) = definition else { continue };
                if to != file.path {
                    let (from, is_foreign) = (file.path.clone(), foreign.is_some());
                    found.edges.push(Edge { from, line, to, name, is_foreign, hidden });
                }
            }
        }
        found
    }

    /// Files that use each other, each group with the names that join it.
    pub fn circles(&self) -> Vec<String> {
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for edge in self.edges.iter().filter(|edge| !edge.is_foreign) {
            uses.entry(&edge.from).or_default().insert(&edge.to);
        }
        let reach = |start: &str| {
            let mut seen: BTreeSet<String> = BTreeSet::new();
            let mut open = vec![start];
            while let Some(file) = open.pop() {
                for next in uses.get(file).into_iter().flatten() {
                    if seen.insert((*next).to_owned()) {
                        open.push(next);
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<String>> =
            uses.keys().map(|file| (*file, reach(file))).collect();
        let mut groups: BTreeSet<Vec<&str>> = BTreeSet::new();
        for (file, seen) in reached.iter().filter(|(file, seen)| seen.contains(**file)) {
            let back = |other: &&str| seen.contains(*other) && reached[other].contains(*file);
            groups.insert(reached.keys().copied().filter(back).collect());
        }
        groups.into_iter().map(|group| self.describe(&group)).collect()
    }

    fn describe(&self, group: &[&str]) -> String {
        let inside = |path: &String| group.contains(&path.as_str());
        let edges = self.edges.iter().filter(|e| inside(&e.from) && inside(&e.to));
        let edges: BTreeSet<String> = edges.map(Edge::to_string).collect();
        let edges: Vec<String> = edges.into_iter().collect();
        format!("{}\n      {}", group.join(" <-> "), edges.join("\n      "))
    }
}
