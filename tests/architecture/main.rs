//! Holds the code to the shape that ARCHITECTURE.md describes.
//!
//! Every file of `src/` is parsed, code of tests left out. A name is followed through re-exports to the
//! file that defines it, so that neither the crate's façade nor a `mod.rs` hides where code comes from.

mod graph;
mod names;
mod rules;
mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use graph::Dependencies;
use tree::{Crate, crate_of};

fn library() -> (Crate, Dependencies) {
    let library = crate_of("src/lib.rs");
    let dependencies = Dependencies::of(&library, None);
    (library, dependencies)
}

fn program(library: &Crate) -> (Crate, Dependencies) {
    let program = crate_of("src/bin/tfcensus/main.rs");
    let dependencies = Dependencies::of(&program, Some(library));
    (program, dependencies)
}

/// Fails with every fault, and where there is nothing to check.
fn hold(rule: &str, checked: usize, faults: BTreeSet<String>) {
    assert!(checked > 0, "{rule}: nothing was checked");
    let list: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    assert!(faults.is_empty(), "{rule}; {} faults:\n{}", list.len(), list.join("\n"));
}

#[test]
fn data_flows_one_way() {
    let (library, dependencies) = library();
    let mut faults: BTreeSet<String> = library
        .files
        .iter()
        .map(|file| rules::room(&file.path))
        .filter(|room| room != "lib" && !rules::is_known(room))
        .map(|room| format!("`{room}` has no place in tests/architecture/rules.rs"))
        .collect();
    for edge in &dependencies.edges {
        let (from, to) = (rules::room(&edge.from), rules::room(&edge.to));
        if from != to && from != "lib" && !rules::may_use(&from, &to) {
            faults.insert(format!("{edge}: `{from}` may not use `{to}`"));
        }
    }
    hold("data flows one way", dependencies.edges.len(), faults);
}

#[test]
fn witnesses_and_the_two_processes_do_not_know_each_other() {
    let (_, dependencies) = library();
    let mut faults = BTreeSet::new();
    for edge in &dependencies.edges {
        for strangers in rules::STRANGERS {
            let side = |path: &str| strangers.iter().find(|part| rules::is_part(path, part));
            if let (Some(from), Some(to)) = (side(&edge.from), side(&edge.to))
                && from != to
            {
                faults.insert(format!("{edge}: `{from}` and `{to}` do not know each other"));
            }
        }
    }
    for part in rules::STRANGERS.iter().copied().flatten() {
        let known = dependencies.files.iter().any(|file| rules::is_part(file, part));
        if !known {
            faults.insert(format!("there is no `{part}`: is the rule out of date?"));
        }
    }
    hold("strangers", dependencies.edges.len(), faults);
}

#[test]
fn one_file_names_the_tensorflow_crate() {
    let (library, _) = library();
    let (program, _) = program(&library);
    let mut found = BTreeSet::new();
    for file in library.files.iter().chain(&program.files) {
        if file.tokens.contains(" tensorflow ::") || file.tokens.contains(" tensorflow_sys ::") {
            found.insert(file.path.clone());
        }
    }
    let elsewhere = found.iter().filter(|path| !rules::names_tensorflow(path)).cloned().collect();
    hold("only the session names the `tensorflow` crate", found.len(), elsewhere);
}

#[test]
fn one_file_opens_what_may_be_no_file() {
    let (library, _) = library();
    let (program, _) = program(&library);
    let ways = [" File :: open ", " fs :: read ", " fs :: read_to_string "];
    let mut found = BTreeSet::new();
    for file in library.files.iter().chain(&program.files) {
        if ways.iter().any(|way| file.tokens.contains(way)) {
            found.insert(file.path.clone());
        }
    }
    let elsewhere = found.iter().filter(|path| !rules::opens_files(path)).cloned().collect();
    hold("files are opened by `regular_file::open`", found.len(), elsewhere);
}

#[test]
fn the_program_uses_the_public_api() {
    let (library, _) = library();
    let (program, dependencies) = program(&library);
    let mut faults = BTreeSet::new();
    for edge in dependencies.edges.iter().filter(|edge| edge.is_foreign) {
        if let Some(hidden) = &edge.hidden {
            faults.insert(format!("{edge}: `{hidden}` is hidden from the documentation"));
        }
    }
    for file in &program.files {
        let is_argument_file = file.path.contains("/args");
        if file.tokens.contains(" clap ::") && !is_argument_file {
            faults.insert(format!("{}: names clap outside of args", file.path));
        }
    }
    hold("the program uses the public API", dependencies.edges.len(), faults);
}

#[test]
fn no_file_is_part_of_a_circle() {
    let (library, dependencies) = library();
    let (_, of_program) = program(&library);
    let mut faults = BTreeSet::new();
    for dependencies in [&dependencies, &of_program] {
        faults.extend(dependencies.circles());
    }
    hold("no circle between files", dependencies.files.len(), faults);
}

/// Most lines of a file that is no data.
const MAX_FILE_LINES: usize = 400;
/// Most lines of a function.
const MAX_FUNCTION_LINES: usize = 60;

#[test]
fn files_and_functions_are_short() {
    let (library, _) = library();
    let (program, _) = program(&library);
    let mut faults = BTreeSet::new();
    let files = library.files.iter().chain(&program.files);
    let files: Vec<_> = files.collect();
    for file in &files {
        for (name, lines) in file.functions.iter().filter(|(_, n)| *n > MAX_FUNCTION_LINES) {
            faults.insert(format!("{}: fn {name} has {lines} lines", file.path));
        }
    }
    for path in tree::text_files(Path::new("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        if lines > MAX_FILE_LINES {
            faults.insert(format!("{}: {lines} lines", path.display()));
        }
    }
    hold("files and functions are short", files.len(), faults);
}
