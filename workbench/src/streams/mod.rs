//! Continuous sound: streams that are composed of words and noise, and their way through the front end.
//!
//! `composer` draws words and pauses, decodes `words`, and adds `noise`, chunk by chunk. [`encode`] turns the chunks into
//! frames.

mod composer;
mod noise;
mod words;

use std::num::NonZeroU32;

use synnet_audio::audio3::{AudioFrontEnd, Frame, FrontEndOptions, Resampler};

use crate::error::Error;

pub(crate) use composer::{Draws, Material, Set, durations};
pub use composer::{Interval, SpokenWord};
pub(crate) use words::Recording;

/// Runs the front end on sound of a sample rate, whose next samples `next` appends; none at the end. `step` takes the
/// event counts of each time step.
///
/// # Errors
/// Returns an error of `next`, or an error if an option of the front end is outside its range.
pub(crate) fn encode(
    rate: NonZeroU32,
    front_end: &FrontEndOptions,
    mut next: impl FnMut(&mut Vec<f64>) -> Result<(), Error>,
    mut step: impl FnMut(Frame),
) -> Result<(), Error> {
    let mut resampler = Resampler::new(rate);
    let mut front_end = AudioFrontEnd::new(front_end).map_err(Error::input)?;
    let (mut samples, mut audio) = (Vec::new(), Vec::new());
    loop {
        samples.clear();
        audio.clear();
        next(&mut samples)?;
        if samples.is_empty() {
            resampler.finish(&mut audio);
        } else {
            resampler.push(&samples, &mut audio);
        }
        front_end.push_with(&audio, &mut step);
        if samples.is_empty() {
            return Ok(());
        }
    }
}
