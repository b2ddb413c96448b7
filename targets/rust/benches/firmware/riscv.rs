//! Start, exit and instruction counter of an RV32 core under QEMU.

use core::arch::asm;
use core::ffi::CStr;

core::arch::global_asm!(
    ".section .vectors, \"ax\"",
    ".global reset",
    "reset:",
    "la sp, stack_top",
    "call start",
    "1: j 1b",
);

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    exit_with(crate::run())
}

/// A call to the debugger, which is QEMU.
fn semihosting(operation: u32, argument: u32) {
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => _,
            in("a1") argument,
            options(nostack),
        );
    }
}

/// Prints text.
pub fn print(text: &CStr) {
    semihosting(0x04, text.as_ptr() as u32);
}

/// Ends the program: QEMU exits with 0 or 1.
pub fn exit_with(success: bool) -> ! {
    semihosting(0x18, if success { 0x20026 } else { 0x20023 });
    loop {}
}

pub fn start_counter() {}

pub fn counter() -> u32 {
    let count;
    unsafe { asm!("csrr {0}, minstret", out(reg) count) }
    count
}

/// Instructions between two readings. QEMU runs with 2^6 ns per instruction, and counts nanoseconds.
pub fn instructions(before: u32, after: u32) -> u32 {
    after.wrapping_sub(before) >> 6
}
