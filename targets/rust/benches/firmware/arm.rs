//! Start, exit and instruction counter of a Cortex-M under QEMU.

use core::arch::asm;

core::arch::global_asm!(
    ".section .vectors, \"a\"",
    ".word reset",
    ".section .text.reset",
    ".global reset",
    ".thumb_func",
    "reset:",
    // Turn the FPU on, where there is one: CPACR. Elsewhere the write has no effect.
    "ldr r0, =0xE000ED88",
    "ldr r1, =0x00F00000",
    "str r1, [r0]",
    "dsb",
    "isb",
    "bl start",
    "b .",
);

/// A call to the debugger, which is QEMU.
fn semihosting(operation: u32, argument: u32) {
    unsafe { asm!("bkpt #0xab", inout("r0") operation => _, in("r1") argument, options(nostack)) }
}

/// Prints text that ends with a zero.
pub fn print(text: &[u8]) {
    semihosting(0x04, text.as_ptr() as u32);
}

pub fn exit() -> ! {
    semihosting(0x18, 0x20026);
    loop {}
}

const SYSTICK: *mut u32 = 0xE000_E010 as *mut u32;

pub fn start_counter() {
    // The whole 24 bits, from the clock of the core.
    unsafe {
        SYSTICK.add(1).write_volatile(0x00FF_FFFF);
        SYSTICK.add(2).write_volatile(0);
        SYSTICK.write_volatile(5);
    }
}

/// Ticks from one call to the next; the counter counts down.
pub fn counter() -> u32 {
    unsafe { SYSTICK.add(2).read_volatile() }
}

/// Instructions between two readings. QEMU runs with 2^6 ns per instruction, and the counter at 25 MHz: 1.6 ticks.
pub fn instructions(before: u32, after: u32) -> u32 {
    (before.wrapping_sub(after) & 0x00FF_FFFF) * 5 / 8
}
