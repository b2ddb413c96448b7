//! Start, output and instruction counter of a Cortex-M under QEMU.

#![allow(dead_code, reason = "each program uses a part")]

use core::arch::asm;
use core::ffi::CStr;

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

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    exit_with(crate::run())
}

/// A call to the debugger, which is QEMU.
fn semihosting(operation: u32, argument: u32) {
    // SAFETY: the operations used here read memory at most.
    unsafe { asm!("bkpt #0xab", inout("r0") operation => _, in("r1") argument, options(nostack)) }
}

/// Prints text.
pub(crate) fn print(text: &CStr) {
    semihosting(0x04, text.as_ptr() as u32);
}

/// Ends the program: QEMU exits with 0 or 1.
pub(crate) fn exit_with(success: bool) -> ! {
    semihosting(0x18, if success { 0x20026 } else { 0x20023 });
    loop {}
}

const SYSTICK: *mut u32 = 0xE000_E010 as *mut u32;

/// Starts the 24 bits of SysTick from the clock of the core.
pub(crate) fn start_counter() {
    // SAFETY: every Cortex-M of these boards has SysTick at this address, and nothing else here uses it.
    unsafe {
        SYSTICK.add(1).write_volatile(0x00FF_FFFF);
        SYSTICK.add(2).write_volatile(0);
        SYSTICK.write_volatile(5);
    }
}

/// Ticks; the counter counts down.
pub(crate) fn counter() -> u32 {
    // SAFETY: as in `start_counter`.
    unsafe { SYSTICK.add(2).read_volatile() }
}

/// Instructions between two readings. QEMU runs with 2^6 ns per instruction, and the counter at 25 MHz: 1.6 ticks.
pub(crate) fn instructions(before: u32, after: u32) -> u32 {
    (before.wrapping_sub(after) & 0x00FF_FFFF) * 5 / 8
}
