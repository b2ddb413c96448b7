#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| synnet_fuzz_checks::check("hdf5", bytes));
