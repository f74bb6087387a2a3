#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tfcensus::fuzzing::saved_model(bytes));
