//! Random changes of rasters.

use super::options::Augmentation;
use crate::dataset::Dataset;
use crate::random::{Purpose, Stream};

/// Writes sample `i` as epoch `epoch` sees it, `[steps, channels]`.
pub(super) fn write_sample(
    options: &Augmentation,
    seed: u64,
    epoch: u64,
    dataset: &Dataset,
    i: usize,
    raster: &mut [f32],
) {
    let mut stream = Stream::new(seed, Purpose::Augment, epoch, i as u64);
    let reach = i64::from(options.time_shift);
    let shift = stream.below(2 * reach as u64 + 1) as i64 - reach;
    dataset.write_sample(i, shift, raster);
    if options.channel_drop > 0.0 {
        for channel in 0..dataset.channels() {
            if stream.unit() < options.channel_drop {
                raster.iter_mut().skip(channel).step_by(dataset.channels()).for_each(|x| *x = 0.0);
            }
        }
    }
    if options.event_drop > 0.0 {
        raster.iter_mut().filter(|x| **x != 0.0).for_each(|x| *x = thin(*x, options.event_drop, &mut stream));
    }
}

/// A count after each of its events had a chance of being lost.
fn thin(count: f32, probability: f64, stream: &mut Stream) -> f32 {
    /// Above this a value is hardly a count of events, and is kept or lost as a whole.
    const MOST_EVENTS: f32 = 256.0;
    if count > 0.0 && count <= MOST_EVENTS && count.fract() == 0.0 {
        (0..count as u32).filter(|_| stream.unit() >= probability).count() as f32
    } else if stream.unit() < probability {
        0.0
    } else {
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Sample;
    use crate::loss::Target;

    fn augmented(options: &Augmentation, epoch: u64, i: usize) -> Vec<f32> {
        let sample = Sample { raster: vec![3.0; 2000], steps: 500, target: Target::Class(0) };
        let dataset = Dataset::new(4, 500, vec![sample; 3]).unwrap();
        let mut raster = vec![0.0; 2000];
        write_sample(options, 11, epoch, &dataset, i, &mut raster);
        raster
    }

    #[test]
    fn events_are_lost_at_the_probability_that_is_asked_for() {
        let options = Augmentation { event_drop: 0.25, ..Augmentation::default() };
        let kept = augmented(&options, 0, 0).iter().sum::<f32>() / 6000.0;
        assert!((kept - 0.75).abs() < 0.02, "{kept}");
        assert_eq!(augmented(&options, 0, 0), augmented(&options, 0, 0));
        assert_ne!(augmented(&options, 0, 0), augmented(&options, 1, 0));
        assert_ne!(augmented(&options, 0, 0), augmented(&options, 0, 1));
    }

    #[test]
    fn shifts_reach_both_ends_and_no_further() {
        let options = Augmentation { time_shift: 2, ..Augmentation::default() };
        let silent = |epoch| {
            let raster = augmented(&options, epoch, 0);
            let leading = raster.iter().take_while(|x| **x == 0.0).count() as i64 / 4;
            let trailing = raster.iter().rev().take_while(|x| **x == 0.0).count() as i64 / 4;
            leading - trailing
        };
        let mut shifts: Vec<i64> = (0..60).map(silent).collect();
        shifts.sort_unstable();
        shifts.dedup();
        assert_eq!(shifts, [-2, -1, 0, 1, 2]);
    }

    #[test]
    fn channels_fall_silent_whole() {
        let options = Augmentation { channel_drop: 0.5, ..Augmentation::default() };
        let raster = augmented(&options, 0, 0);
        for channel in 0..4 {
            let values: Vec<f32> = raster.iter().skip(channel).step_by(4).copied().collect();
            assert!(values.iter().all(|x| *x == values[0]));
        }
    }
}
