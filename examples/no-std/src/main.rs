//! A network without standard library and allocator, and with its own panic handler. The program runs on the events of
//! a spoken "seven" and exits with code 0 if it recognizes the word.
//!
//! `cargo run --release --manifest-path examples/no-std/Cargo.toml`
//!
//! The C library only starts and ends the program, so that it runs on a developer's machine. On a microcontroller,
//! replace `main` and the panic handler by those of its runtime crate, such as `#[entry]` of `cortex-m-rt`;
//! `recognizes_seven` and everything that it calls stay the same.
//!
//! `snnc build --target rust-int` generated `src/digits.rs` and `src/digits.weights`: 8-bit weights, 16-bit states, no
//! floating point. The README has the full command.

#![no_std]
#![no_main]

mod digits;

use core::panic::PanicInfo;

use digits::Digits;

/// Event counts `[steps, 16]` of a recording, as the chip's audio front end produces them.
static SEVEN: &[u8] = include_bytes!("seven.events");

/// Returns whether the network classifies the recording as a seven: the readout neuron with the largest mean membrane
/// potential is the class.
fn recognizes_seven() -> bool {
    let mut net = Digits::new();
    let mut evidence = [0_i32; Digits::OUTPUTS];
    let (frames, _) = SEVEN.as_chunks::<{ Digits::INPUTS }>();
    for frame in frames {
        for (sum, vmem) in evidence.iter_mut().zip(net.step(frame)) {
            *sum += i32::from(vmem);
        }
    }
    evidence.iter().enumerate().max_by_key(|(_, sum)| **sum).is_some_and(|(digit, _)| digit == 7)
}

/// The entry point for the start-up code of the C library; 0 is success.
// SAFETY: the C library expects a function with this name and signature, and there is no other.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!recognizes_seven())
}

// SAFETY: this is the declaration in the C standard: `abort` takes no arguments and does not return.
unsafe extern "C" {
    safe fn abort() -> !;
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    abort()
}
