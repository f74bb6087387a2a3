//! Runs one reader once on a generated model, or writes the model. `scripts/check_linear` counts the
//! instructions.
//!
//! ```text
//! one_reader list
//! one_reader read READER VARIABLES NODES FUNCTION_NODES LAYERS SHARDS
//! one_reader write FOLDER VARIABLES NODES FUNCTION_NODES LAYERS SHARDS
//! ```
//!
//! Generating the model costs instructions too. `callgrind --toggle-collect=…reading` counts those of
//! the reader alone.

#![allow(clippy::print_stdout)] // Its output is its answer.

use std::hint::black_box;
use std::path::Path;

use tfcensus::testkit::bench::{READERS, with_reader};
use tfcensus::testkit::large_model::{LargeModel, Size};

/// Instructions are counted below this function only; callgrind finds it by its name.
#[inline(never)]
#[unsafe(no_mangle)]
extern "Rust" fn reading(run: &mut dyn FnMut() -> usize) -> usize {
    black_box(run())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["list"] => READERS.iter().for_each(|name| println!("{name}")),
        ["read", reader, size @ ..] => {
            with_reader(reader, &LargeModel::new(parse(size)), &mut |run| {
                assert!(reading(run) > 0, "{reader} found nothing");
            });
        }
        ["write", folder, size @ ..] => {
            LargeModel::new(parse(size)).write(Path::new(folder)).expect("a folder to write to");
        }
        _ => panic!("see the head of tests/benches/one_reader.rs"),
    }
}

fn parse(numbers: &[&str]) -> Size {
    let numbers: Vec<u32> = numbers.iter().map(|n| n.parse().expect("a number")).collect();
    let [variables, nodes, function_nodes, layers, shards] = numbers[..] else {
        panic!("five numbers are needed");
    };
    Size { variables, nodes, function_nodes, layers, shards }
}
