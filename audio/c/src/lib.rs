//! The audio front end of [`synnet_audio`] for C. `include/synnet_audio3.h` documents the functions.

#![no_std]

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::num::NonZeroU32;
use core::panic::PanicInfo;
use core::slice;

use synnet_audio::audio3::{
    AudioFrontEnd, CHANNELS, FrontEndOptions, FrontEndOptionsError, Integers, Normalization, Resampler,
};

/// `audio3_front_end` of the header.
#[repr(C, align(8))]
pub struct State {
    /// [`READY`] if the rest is initialized. Of a variable that C left at zero, or of options that were refused, it is
    /// not.
    ready: u32,
    parts: MaybeUninit<Parts>,
}

const READY: u32 = 0x6175_6433;

struct Parts {
    resampler: Resampler<i16>,
    front_end: AudioFrontEnd<Integers>,
}

const _: () = {
    assert!(size_of::<State>() <= in_header(b"#define AUDIO3_STATE_SIZE "), "the header states another size");
    assert!(align_of::<State>() == 8);
    assert!(CHANNELS == in_header(b"#define AUDIO3_CHANNELS "));
};

/// Returns the number that follows a text in the header, or 0.
const fn in_header(text: &[u8]) -> usize {
    let header = include_bytes!("../include/synnet_audio3.h");
    let (mut start, mut number) = (0, 0);
    while start + text.len() < header.len() {
        let mut i = 0;
        while i < text.len() && header[start + i] == text[i] {
            i += 1;
        }
        if i == text.len() {
            let mut digit = start + i;
            while header[digit].is_ascii_digit() {
                number = 10 * number + (header[digit] - b'0') as usize;
                digit += 1;
            }
            return number;
        }
        start += 1;
    }
    0
}

/// `audio3_options` of the header.
#[repr(C)]
pub struct Options {
    sample_rate: u32,
    normalization: u32,
    fixed_threshold: u64,
    b1: u32,
    b2: u32,
    low_pass: u32,
    eps: u32,
    decimation: u32,
    cap: u32,
}

/// A result other than success, as the header numbers it.
#[derive(Clone, Copy)]
#[repr(i32)]
enum Failure {
    NullPointer = 1,
    NotInitialized,
    SampleRate,
    Normalization,
    FixedThreshold,
    B1,
    B2,
    LowPass,
    Eps,
    Decimation,
    Cap,
}

/// Returns the number that the header gives a result.
fn number(result: Result<(), Failure>) -> c_int {
    result.map_or_else(|failure| failure as c_int, |()| 0)
}

/// Sets all options to their defaults.
///
/// # Safety
/// `options` is null, or points to memory of this type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn audio3_defaults(options: *mut MaybeUninit<Options>, sample_rate: u32) -> c_int {
    // SAFETY: the caller promises it.
    let Some(options) = (unsafe { options.as_mut() }) else { return number(Err(Failure::NullPointer)) };
    let defaults = FrontEndOptions::default();
    options.write(Options {
        sample_rate,
        normalization: 0,
        fixed_threshold: defaults.fixed_threshold,
        b1: defaults.b1,
        b2: defaults.b2,
        low_pass: defaults.low_pass,
        eps: defaults.eps,
        decimation: defaults.decimation,
        cap: defaults.cap.into(),
    });
    0
}

/// Initializes a state.
///
/// # Safety
/// Each pointer is null, or points to memory of its type; the options are initialized.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn audio3_init(state: *mut State, options: *const Options) -> c_int {
    if state.is_null() {
        return number(Err(Failure::NullPointer));
    }
    // SAFETY: the state is not null, and the caller promises the rest. Nothing is read from it.
    unsafe { (&raw mut (*state).ready).write(0) };
    // SAFETY: the caller promises it.
    let Some(options) = (unsafe { options.as_ref() }) else { return number(Err(Failure::NullPointer)) };
    number(parts(options).map(|parts| {
        // SAFETY: as above.
        unsafe { state.write(State { ready: READY, parts: MaybeUninit::new(parts) }) };
    }))
}

fn parts(options: &Options) -> Result<Parts, Failure> {
    let rate = NonZeroU32::new(options.sample_rate).ok_or(Failure::SampleRate)?;
    let normalization = match options.normalization {
        0 => Normalization::Joint,
        1 => Normalization::Channel,
        2 => Normalization::Fixed,
        _ => return Err(Failure::Normalization),
    };
    let chosen = FrontEndOptions::default()
        .with_normalization(normalization)
        .with_fixed_threshold(options.fixed_threshold)
        .with_factor(options.b1, options.b2)
        .with_low_pass(options.low_pass)
        .with_eps(options.eps)
        .with_decimation(options.decimation)
        .with_cap(u8::try_from(options.cap).map_err(|_| Failure::Cap)?);
    let front_end = AudioFrontEnd::with_arithmetic(&chosen).map_err(|error| match error {
        FrontEndOptionsError::OutOfRange { name: "fixed_threshold", .. } => Failure::FixedThreshold,
        FrontEndOptionsError::OutOfRange { name: "b1", .. } => Failure::B1,
        FrontEndOptionsError::OutOfRange { name: "low_pass", .. } => Failure::LowPass,
        FrontEndOptionsError::OutOfRange { name: "eps", .. } => Failure::Eps,
        FrontEndOptionsError::OutOfRange { name: "decimation", .. } => Failure::Decimation,
        FrontEndOptionsError::OutOfRange { .. } => Failure::Cap,
        _ => Failure::B2,
    })?;
    Ok(Parts { resampler: Resampler::for_pcm(rate), front_end })
}

/// What receives the counts of a time step; null to discard them.
type Receiver = Option<extern "C" fn(context: *mut c_void, counts: &[u8; CHANNELS])>;

/// Takes the next samples.
///
/// # Safety
/// `state` is null, or points to a state that [`audio3_init`] has seen or that is zero. `samples` points to `count`
/// samples, unless there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn audio3_push(
    state: *mut State,
    samples: *const i16,
    count: usize,
    receiver: Receiver,
    context: *mut c_void,
) -> c_int {
    // SAFETY: the caller promises it.
    number(unsafe { ready(state) }.and_then(|Parts { resampler, front_end }| {
        if count == 0 {
            return Ok(());
        }
        if samples.is_null() {
            return Err(Failure::NullPointer);
        }
        // SAFETY: the caller promises it.
        let samples = unsafe { slice::from_raw_parts(samples, count) };
        front_end.push_resampled(resampler, samples, |counts| receive(receiver, context, &counts));
        Ok(())
    }))
}

/// Ends a recording.
///
/// # Safety
/// As for [`audio3_push`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn audio3_finish(state: *mut State, receiver: Receiver, context: *mut c_void) -> c_int {
    // SAFETY: the caller promises it.
    number(unsafe { ready(state) }.map(|Parts { resampler, front_end }| {
        front_end.finish_resampled(resampler, |counts| receive(receiver, context, &counts));
    }))
}

fn receive(receiver: Receiver, context: *mut c_void, counts: &[u8; CHANNELS]) {
    if let Some(receiver) = receiver {
        receiver(context, counts);
    }
}

/// Returns the parts of an initialized state.
///
/// # Safety
/// As for [`audio3_push`].
unsafe fn ready<'a>(state: *mut State) -> Result<&'a mut Parts, Failure> {
    // SAFETY: the caller promises it.
    let state = unsafe { state.as_mut() }.ok_or(Failure::NullPointer)?;
    if state.ready != READY {
        return Err(Failure::NotInitialized);
    }
    // SAFETY: `audio3_init` has written both together.
    Ok(unsafe { state.parts.assume_init_mut() })
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    audio3_a_panic_is_reachable()
}

/// The symbol table of a program that can panic has this name, if its linker removes what is not used.
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn audio3_a_panic_is_reachable() -> ! {
    loop {
        core::hint::spin_loop();
    }
}
