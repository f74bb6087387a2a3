#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tfcensus::testkit::fuzz::checkpoint_object_graph(bytes));
