//! Start, exit and instruction counter of an RV32 core under QEMU.

use core::arch::asm;

core::arch::global_asm!(
    ".section .vectors, \"ax\"",
    ".global reset",
    "reset:",
    "la sp, stack_top",
    "call start",
    "1: j 1b",
);

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

/// Prints text that ends with a zero.
pub fn print(text: &[u8]) {
    semihosting(0x04, text.as_ptr() as u32);
}

pub fn exit() -> ! {
    semihosting(0x18, 0x20026);
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
