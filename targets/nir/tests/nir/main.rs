//! Tests of the crate: files of other tools, other tools on our files, damaged and hostile files, codes, random networks.

mod codes;
mod hostile;
mod memory;
mod networks;
mod public;
#[path = "../../../../tests/support/python.rs"]
mod python;
mod tools;

/// The events of `tools/executor.py`.
fn events(count: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u8::from(((state >> 33) as f64) / 2_f64.powi(31) < 0.3))
    };
    (0..count).map(|_| next()).collect()
}
