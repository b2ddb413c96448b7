//! Datasets in a single file with many samples.

use synnet_data::{Table, npz, shd};
use synnet_ir::{Raster, did_you_mean, nearest};
use synnet_runtime::{Label, Sample};

use super::overlap::{self, Origin, SPEAKER};
use super::split::{Assignment, Fields, Seen, Split, required_fields};
use super::{Source, SplitSample};
use crate::codes;
use crate::error::Error;
use crate::files;
use crate::problem::Problem;
use crate::recipe::Format;
use crate::yaml::KeyPath;

/// A table, and the samples in it that the recipe uses.
pub(super) struct TableSamples {
    table: Table,
    /// Target sequences of all samples, if the recipe names no classes.
    targets: Option<Vec<Label>>,
    /// Indices of the samples, in the order of the file.
    selected: Vec<usize>,
    /// Their sets and classes.
    pub assignments: Vec<Assignment>,
}

impl Source<'_> {
    /// Reads a table and selects the samples that the recipe uses.
    pub(super) fn find_in_table(&self, seen: &mut Seen) -> Result<TableSamples, Error> {
        let bytes = files::read(self.path)?;
        let table = match self.options.format {
            Format::Shd => shd::read(bytes, &self.binning()),
            _ => npz::read(&bytes),
        };
        let wrong = |why: String| self.unusable(format!("`{}`: {why}", self.path.display()));
        let mut table = table.map_err(|e| wrong(e.to_string()))?;
        table.rasters.first().map_or(Ok(()), |raster| self.check_width(raster)).map_err(wrong)?;
        let targets = self.targets(&mut table).map_err(wrong)?;
        // The rules of the recipe do not apply to samples that only train.
        let is_required = |field: &str| self.set != Some(Split::Train) || field == "label";
        let missing: Vec<Problem> = required_fields(self.options)
            .filter(|(field, _)| is_required(field) && !table.fields.contains_key(*field))
            .map(|(field, key)| self.missing_field(&table, field, key))
            .collect();
        if !missing.is_empty() {
            return Err(self.recipe.error(missing));
        }
        let (mut selected, mut assignments) = (Vec::new(), Vec::new());
        for i in 0..table.rasters.len() {
            let value = |field: &str| table.fields.get(field).map_or("", |values| &values[i]);
            let sample = Fields { name: &format!("sample {i}"), value: &value };
            if let Some(assignment) = self.splitter.assign(&sample, self.set, seen) {
                selected.push(i);
                assignments.push(assignment);
            }
        }
        // Samples have no names: their indices decide which ones a validation fraction holds out.
        let names: Vec<String> = selected.iter().map(usize::to_string).collect();
        self.splitter.hold_out_fraction(self.set, &names, &mut assignments);
        Ok(TableSamples { table, targets, selected, assignments })
    }

    /// Returns the error about a field that a rule requires.
    fn missing_field(&self, table: &Table, field: &str, key: &str) -> Problem {
        let file = self.path.display();
        let reason = match table.ignored.get(field) {
            Some(found) => format!("; the array of this name has {found}, not one value per sample"),
            None => String::new(),
        };
        let path = KeyPath::dotted(key);
        let path = if key == "data.classes" { path } else { path.join(field) };
        let message = format!("`{file}` has no field `{field}`, which `{key}` requires{reason}");
        let known: Vec<&str> = table.fields.keys().map(String::as_str).collect();
        let help = match nearest(field, known.iter().copied()) {
            Some(nearest) => did_you_mean(nearest),
            None => format!("it has `{}`", known.join("`, `")),
        };
        Problem::at(&codes::NO_SAMPLE, path, message).with_help(help)
    }

    /// Takes the selected samples out of the table.
    pub(super) fn take_samples(&self, samples: TableSamples) -> Vec<SplitSample> {
        let TableSamples { table, targets, selected, assignments } = samples;
        let speakers = table.fields.get(SPEAKER);
        let mut rasters: Vec<Option<Raster>> = table.rasters.into_iter().map(Some).collect();
        let mut targets: Vec<Option<Label>> = targets.into_iter().flatten().map(Some).collect();
        let sample = |(&i, assignment): (&usize, &Assignment)| {
            let raster = rasters[i].take()?;
            let label = match assignment.label {
                Some(class) => Label::Class(class),
                None => targets[i].take()?,
            };
            let seconds = raster.steps() as f64 * self.input.dt;
            let origin = Origin {
                name: format!("sample {i} of {}", self.path.display()),
                content: overlap::hash(&raster),
                speaker: speakers.and_then(|speakers| speakers.get(i)).cloned(),
            };
            Some(SplitSample { split: assignment.split, sample: Sample { raster, label }, seconds, origin })
        };
        selected.iter().zip(&assignments).filter_map(sample).collect()
    }

    /// Takes the target sequences out of a table, if the recipe names no classes.
    fn targets(&self, table: &mut Table) -> Result<Option<Vec<Label>>, String> {
        match (table.targets.take(), self.options.classes.is_empty()) {
            (Some((outputs, traces)), true) => {
                let targets = traces.into_iter().map(|trace| self.target_sequence(outputs, trace));
                targets.collect::<Result<_, _>>().map(Some)
            }
            (Some(_), false) => {
                Err("has `targets`, but the recipe names classes; omit `data.classes`".into())
            }
            (None, true) => Err("has `labels`; name the classes with `data.classes`".into()),
            (None, false) => Ok(None),
        }
    }

    /// Cuts a target sequence `[steps, outputs]` to `data.steps`, or pads it with zeros.
    pub(super) fn target_sequence(&self, outputs: usize, mut trace: Vec<f32>) -> Result<Label, String> {
        if outputs != self.input.outputs {
            return Err(format!("has targets for {outputs} outputs; the network has {}", self.input.outputs));
        }
        let length = self.options.steps.checked_mul(outputs).filter(|&length| length <= 1 << 28);
        let length = length.ok_or("has target sequences that are too long; reduce `data.steps`")?;
        trace.resize(length, 0.0);
        Ok(Label::Sequence(trace))
    }

    /// Checks that a raster has the channels of the network.
    pub(super) fn check_width(&self, raster: &Raster) -> Result<(), String> {
        let (found, expected) = (raster.channels(), self.input.channels);
        if found == expected {
            return Ok(());
        }
        Err(format!("has {found} channels, but the network has {expected} inputs; change one of them"))
    }
}
