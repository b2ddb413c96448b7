//! Instructions and memory of the spotter, on a Cortex-M under QEMU.

use core::ffi::CStr;
use core::hint::black_box;

use synnet_audio::audio3::{CHANNELS, Resampler};

use crate::digits::Digits;
use crate::spotter::{Spotter, front_end};
use crate::{CHUNK, RATE, chunks, machine};

unsafe extern "C" {
    static text_size: u8;
    static rodata_size: u8;
}

/// Prints a line for each figure. Instructions are those of 10 ms, a chunk or a step: the mean over the recording.
pub(crate) fn report() {
    machine::start_counter();
    let mut resampler = Resampler::for_pcm(RATE);
    let (mut audio, mut steps) = ([0_i16; CHUNK * 7], 0);
    let (Some(mut front_end), mut net) = (front_end(), Digits::new()) else { return };
    let [mut resampling, mut filtering, mut stepping] = [0; 3];
    for chunk in chunks() {
        let mut samples = 0;
        resampling += measure(|| {
            resampler.push_with(&chunk, |value| {
                if let Some(place) = audio.get_mut(samples) {
                    *place = value;
                    samples += 1;
                }
            });
        });
        let (mut frame, mut complete) = ([0; CHANNELS], false);
        let audio = audio.get(..samples).unwrap_or_default();
        filtering += measure(|| {
            // As `push_resampled` does.
            for block in audio.chunks(64) {
                front_end.push_with(block, |counts| {
                    frame = counts;
                    complete = true;
                });
            }
        });
        if complete {
            steps += 1;
            stepping += measure(|| {
                black_box(net.step(black_box(&frame)));
            });
        }
    }
    let chunks = chunks().count() as u32;
    print(c"instructions of 10 ms, resampler   ", resampling / chunks.max(1));
    print(c"instructions of 10 ms, front end   ", filtering / chunks.max(1));
    print(c"instructions of 10 ms, network     ", stepping / steps.max(1));
    // SAFETY: only the addresses of these symbols of `link.ld` are used.
    let [text, rodata] = [&raw const text_size as u32, &raw const rodata_size as u32];
    print(c"bytes of code                      ", text);
    print(c"bytes of constants and recording   ", rodata);
    print(c"bytes of the recording             ", crate::RECORDING.len() as u32);
    print(c"bytes of states                    ", size_of::<Spotter>() as u32);
    let Some(mut spotter) = Spotter::new() else { return };
    print(c"bytes of stack                     ", stack(&mut spotter));
}

fn measure(run: impl FnOnce()) -> u32 {
    let before = machine::counter();
    run();
    machine::instructions(before, machine::counter())
}

/// Returns the bytes of stack that a chunk needs: those that it changes in a painted area. Less than 256 bytes are not
/// distinguished from those of this function.
#[inline(never)]
fn stack(spotter: &mut Spotter) -> u32 {
    const PAINT: u8 = 0xa5;
    let marker = 0_u8;
    let here = black_box(&raw const marker) as *mut u8;
    for i in 0..8192 {
        // SAFETY: far below, there is nothing but unused stack.
        unsafe { here.sub(256 + i).write_volatile(PAINT) };
    }
    push(spotter, &[1000; CHUNK]);
    // SAFETY: as above.
    let used = (0..8192).rev().find(|&i| unsafe { here.sub(256 + i).read_volatile() } != PAINT);
    used.map_or(256, |i| i as u32 + 256)
}

#[inline(never)]
fn push(spotter: &mut Spotter, samples: &[i16; CHUNK]) {
    spotter.push(black_box(samples));
    black_box(spotter.word());
}

fn print(label: &CStr, number: u32) {
    machine::print(label);
    let mut text = *b"           \n\0";
    let mut rest = number;
    for digit in text.iter_mut().take(11).rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    machine::print(CStr::from_bytes_until_nul(&text).unwrap_or_default());
}
