//! Microphone samples become a spoken digit, without standard library and allocator: front end and network in integers,
//! with an own panic handler. The program runs on a recording of "seven" in flash, and prints the word.
//!
//! On a Cortex-M under QEMU, and on a developer's machine:
//!
//! `cargo run --release --target thumbv7em-none-eabihf` and `cargo run --release`, both in this folder
//!
//! The modules `cortex_m` and `host` only start and end the program. For a real board, use its runtime crate, such as
//! `cortex-m-rt`, and push the samples of its microphone to [`Spotter`](spotter::Spotter).

#![no_std]
#![no_main]

mod digits;
#[cfg_attr(target_os = "none", path = "cortex_m.rs")]
#[cfg_attr(not(target_os = "none"), path = "host.rs")]
mod machine;
#[cfg(feature = "measure")]
mod measure;
mod spotter;

use core::panic::PanicInfo;

use spotter::Spotter;

/// A WAV file of 16-bit PCM. Its header has 44 bytes.
static RECORDING: &[u8] = include_bytes!("../../digits/data/test/7_annie_0.wav");
const HEADER: usize = 44;
/// Samples per second of the recording.
const RATE: core::num::NonZeroU32 = core::num::NonZeroU32::new(8000).unwrap();
/// Samples arrive in chunks of 10 ms, as from a buffer that a microphone fills.
const CHUNK: usize = 80;

/// Returns the chunks of the recording.
fn chunks() -> impl Iterator<Item = [i16; CHUNK]> {
    let (samples, _) = RECORDING.split_at_checked(HEADER).unwrap_or_default().1.as_chunks::<2>();
    let (chunks, _) = samples.as_chunks::<CHUNK>();
    chunks.iter().map(|chunk| chunk.map(i16::from_le_bytes))
}

/// The program; returns whether it recognized the word.
fn run() -> bool {
    let Some(mut spotter) = Spotter::new() else { return false };
    for samples in chunks() {
        spotter.push(&samples);
    }
    machine::print(spotter.word());
    #[cfg(feature = "measure")]
    measure::report();
    spotter.word() == c"seven\n"
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}

/// The symbol table of a program that can panic has this name.
// SAFETY: no other function has it.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn a_panic_is_reachable() -> ! {
    machine::exit_with(false)
}
