//! Runs a network on recorded events and prints, in this order: instructions of all steps, of the longest step, a hash
//! of all outputs, bytes of code, bytes of constants, bytes of the network's type, and bytes of stack of a step. Code
//! includes that of this program, about 1 KB; constants include the events.

#![no_std]
#![no_main]
#![allow(dead_code)]

mod machine;
mod net;

use core::ffi::CStr;
use core::hint::black_box;

use net::Digits;

include!("config.rs");

static EVENTS: &[u8] = include_bytes!("events.bin");
static mut NETWORK: Digits = Digits::new();

unsafe extern "C" {
    static text_size: u8;
    static rodata_size: u8;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    machine::print(c"panic\n");
    machine::exit_with(false)
}

/// The program, which `machine` starts.
fn run() -> bool {
    // The image has no start code that clears memory.
    unsafe { (&raw mut NETWORK).write_volatile(Digits::new()) };
    let network = unsafe { &mut *(&raw mut NETWORK) };
    machine::start_counter();
    let empty = measure(|| {});
    let (mut total, mut longest, mut hash) = (0_u32, 0, 0x811c_9dc5_u32);
    for events in EVENTS.chunks_exact(Digits::INPUTS) {
        let mut input = [Count::default(); Digits::INPUTS];
        for (input, &events) in input.iter_mut().zip(events) {
            *input = Count::from(events);
        }
        let mut output = Default::default();
        let count = measure(|| output = step(network, black_box(&input))) - empty;
        total += count;
        longest = longest.max(count);
        for byte in output.iter().flat_map(|x| x.to_le_bytes()) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    let [text, rodata] = [&raw const text_size as u32, &raw const rodata_size as u32];
    let stack = stack(network);
    for number in [total, longest, hash, text, rodata, size_of::<Digits>() as u32, stack] {
        print(number);
    }
    true
}

#[inline(never)]
fn step(network: &mut Digits, input: &[Count; Digits::INPUTS]) -> [Output; Digits::OUTPUTS] {
    network.step(input)
}

fn measure(run: impl FnOnce()) -> u32 {
    let before = machine::counter();
    run();
    machine::instructions(before, machine::counter())
}

/// Bytes of stack below this function that a step uses: those that it changes in a painted area. Less than 256 bytes are
/// not distinguished from those of this function.
#[inline(never)]
fn stack(network: &mut Digits) -> u32 {
    const PAINT: u8 = 0xa5;
    let marker = 0_u8;
    let here = black_box(&raw const marker) as *mut u8;
    // Far below, there is nothing but unused stack.
    let area = |i: usize| unsafe { here.sub(256 + i) };
    for i in 0..8192 {
        unsafe { area(i).write_volatile(PAINT) };
    }
    black_box(step(network, black_box(&[Count::default(); Digits::INPUTS])));
    let used = (0..8192).rev().find(|&i| unsafe { area(i).read_volatile() } != PAINT);
    used.map_or(256, |i| i as u32 + 256)
}

fn print(number: u32) {
    let mut text = *b"          \n\0";
    let mut rest = number;
    for digit in text[..10].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    machine::print(CStr::from_bytes_until_nul(&text).unwrap_or_default());
}
