//! How long each reader takes, and what joins their facts, on made models of three sizes:
//! `cargo bench --features benchmarks`.

use divan::Bencher;
use tfcensus::benchmarks::{Made, READERS, Size, with_reader};

fn main() {
    divan::main();
}

/// Everything grows together, in the proportions of real models.
fn size(variables: u32) -> Size {
    Size {
        variables,
        nodes: 4 * variables,
        function_nodes: 8 * variables,
        layers: variables / 4,
        shards: 4,
    }
}

#[divan::bench(args = READERS, consts = [100, 1_000, 10_000])]
fn reader<const VARIABLES: u32>(bencher: Bencher<'_, '_>, name: &str) {
    let made = Made::new(size(VARIABLES));
    let mut bencher = Some(bencher);
    with_reader(name, &made, &mut |run| {
        if let Some(bencher) = bencher.take() {
            bencher.bench_local(&mut *run);
        }
    });
}
