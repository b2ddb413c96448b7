//! A network without standard library and allocator, and with a panic handler of its own. It listens to the
//! spikes of a spoken "seven" and succeeds where it hears a seven.
//!
//! `cargo run --release --manifest-path examples/no-std/Cargo.toml`
//!
//! The C library only starts and ends the program, so that it runs on a developer's machine. On a
//! microcontroller, `main` and the panic handler give way to what its runtime crate offers (`#[entry]` of
//! `cortex-m-rt`, say); `recognizes_seven` and all that it calls stay as they are.
//!
//! `src/digits.rs` and `src/digits.weights` were made by `snnc build --target rust-int`: 8-bit weights, 16-bit
//! states, no floating point. The README has the whole command.

#![no_std]
#![no_main]

mod digits;

use core::panic::PanicInfo;

use digits::Digits;

/// Spike counts of a recording, 16 channels per time step, as the front end of the chip makes them.
static SEVEN: &[u8] = include_bytes!("seven.events");

/// Whether the network takes the recording for a seven: the readout neuron with the greatest mean membrane
/// potential is the digit.
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

/// Where the C library's start-up code goes: 0 is success, as everywhere.
// SAFETY: the C library wants a function of this name and kind, and there is no other.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!recognizes_seven())
}

// SAFETY: it is the C standard's function, which takes nothing and does not return.
unsafe extern "C" {
    safe fn abort() -> !;
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    abort()
}
