//! Start and output on a developer's machine, by its C library.

use core::ffi::{CStr, c_char, c_int};

// SAFETY: these are the declarations in the C standard, and of `write` and `strlen` as POSIX has them.
unsafe extern "C" {
    safe fn exit(status: c_int) -> !;
    fn write(file: c_int, bytes: *const c_char, count: usize) -> isize;
}

/// Prints text.
pub(crate) fn print(text: &CStr) {
    // SAFETY: the text has as many bytes as it says.
    unsafe { write(1, text.as_ptr(), text.count_bytes()) };
}

/// Ends the program.
pub(crate) fn exit_with(success: bool) -> ! {
    exit(i32::from(!success))
}

/// The entry point for the start-up code of the C library.
// SAFETY: the C library expects a function with this name and signature, and there is no other.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!crate::run())
}
