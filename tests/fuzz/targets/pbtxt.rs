#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tfcensus::testkit::fuzz::pbtxt(bytes));
