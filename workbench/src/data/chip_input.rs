//! Checks that a chip can take the events of the samples.

use synnet_ir::Raster;
use synnet_ir::display::{format_thousands, pluralize};
use synnet_xylo::chip::Chip;

use super::{SplitSample, error_list};
use crate::codes;
use crate::error::Error;
use crate::observer::Observer;
use crate::problem::Problem;
use crate::recipe::Recipe;

/// Checks every sample in the steps that the recipe takes of it. The observer gets a warning about events above the limit of the chip
/// per channel per step, which it drops.
///
/// # Errors
/// Returns an error that lists samples with values that are not whole numbers from 0 to 255.
pub(super) fn check(
    samples: &[SplitSample],
    recipe: &Recipe,
    chip: &Chip,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let (mut errors, mut dropped, mut affected) = (Vec::new(), 0.0, 0);
    for SplitSample { sample, origin, .. } in samples {
        match excess(&sample.raster, recipe.data.steps, chip.events.input as f32) {
            Ok(excess) => {
                dropped += excess;
                affected += usize::from(excess > 0.0);
            }
            Err(place) => errors.push(format!("`{}` has {place}", origin.name)),
        }
    }
    if !errors.is_empty() {
        let predicate =
            format!("cannot run on {}, which takes event counts, whole numbers from 0 to 255", chip.title);
        let message = error_list(&errors, "sample", "samples", &predicate);
        let help = "to train without a chip, remove `chip` and set `build: [rust]`";
        let problem = Problem::new(&codes::UNUSABLE_SAMPLE, "data.path", message).with_help(help);
        return Err(recipe.error(vec![problem]));
    }
    if affected > 0 {
        observer.warning(&format!(
            "{} drops {} in {} of {}: it takes at most {} per channel per step",
            chip.title,
            if dropped == 1.0 {
                "1 event".to_owned()
            } else {
                format!("{} events", format_thousands(dropped))
            },
            affected,
            pluralize(samples.len(), "sample"),
            chip.events.input
        ));
    }
    Ok(())
}

/// Returns the number of events above the limit, or the first value that is not a count.
fn excess(raster: &Raster, steps: usize, limit: f32) -> Result<f64, String> {
    let (mut excess, mut invalid) = (0.0, None);
    for step in 0..steps.min(raster.steps()) {
        raster.visit_step(step, |channel, value| {
            if invalid.is_none()
                && !(value.fract() == 0.0 && (0.0..=f32::from(Raster::MAX_COUNT)).contains(&value))
            {
                invalid = Some(format!("{value} in step {step}, channel {channel}"));
            }
            excess += f64::from((value - limit).max(0.0));
        });
    }
    invalid.map_or(Ok(excess), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_value_that_is_not_a_count_is_named() {
        let raster = |values: &[f32]| Raster::from_dense(2, values.len() / 2, values.to_vec()).unwrap();
        assert_eq!(excess(&raster(&[0.0, 15.0, 17.0, 255.0]), 2, 15.0), Ok(242.0));
        for (value, text) in [(0.5, "0.5"), (-1.0, "-1"), (256.0, "256")] {
            let error = excess(&raster(&[0.0, 1.0, 2.0, value]), 2, 15.0).unwrap_err();
            assert_eq!(error, format!("{text} in step 1, channel 1"));
            assert_eq!(excess(&raster(&[0.0, 1.0, 2.0, value]), 1, 15.0), Ok(0.0));
        }
    }
}
