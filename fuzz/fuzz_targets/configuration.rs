#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| synnet_fuzz_checks::check("configuration", bytes));
