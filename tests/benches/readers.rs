//! The time of each reader, and of the step that joins their facts, on generated models of three
//! sizes: `cargo bench --features testkit`.

use divan::Bencher;
use tfcensus::testkit::bench::{READERS, with_reader};
use tfcensus::testkit::large_model::{LargeModel, Size};

fn main() {
    divan::main();
}

/// All sizes grow together, in the proportions of real models.
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
    let model = LargeModel::new(size(VARIABLES));
    let mut bencher = Some(bencher);
    with_reader(name, &model, &mut |run| {
        if let Some(bencher) = bencher.take() {
            bencher.bench_local(&mut *run);
        }
    });
}
