//! Files that hold many recordings.

use synnet_data::{Table, npz, shd};
use synnet_ir::Raster;
use synnet_runtime::{Label, Sample};

use super::split::Assignment;
use super::{Source, SplitSample, summary};
use crate::error::Error;
use crate::files;
use crate::recipe::Format;

impl Source<'_> {
    /// The recordings of the file that the recipe uses, in the order of the file.
    pub(super) fn table(&self) -> Result<Vec<SplitSample>, Error> {
        let bytes = files::read(self.path)?;
        let table = match self.options.format {
            Format::Shd => shd::read(bytes, &self.binning()),
            _ => npz::read(&bytes),
        };
        let mut table = table.map_err(|e| Error::file(self.path, e))?;
        let wrong = |message: String| Error::file(self.path, message);
        table.rasters.first().map_or(Ok(()), |raster| self.check_width(raster)).map_err(wrong)?;
        let targets = self.targets(&mut table).map_err(wrong)?;
        for (field, key) in self.splitter.fields() {
            if !table.fields.contains_key(field) {
                let known: Vec<String> = table.fields.keys().map(|name| format!("`{name}`")).collect();
                let message =
                    format!("has no field `{field}`, which `{key}` asks for; it has {}", known.join(", "));
                return Err(wrong(message));
            }
        }
        let (mut errors, mut kept, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..table.rasters.len() {
            let value = |field: &str| table.fields.get(field).map_or("", |values| &values[i]);
            match self.splitter.role(value, self.all_test) {
                Ok(Some(role)) => {
                    kept.push(i);
                    roles.push(role);
                }
                Ok(None) => {}
                Err(why) => errors.push(format!("sample {i}: {why}")),
            }
        }
        if !errors.is_empty() {
            return Err(wrong(summary(&errors, "samples cannot be used")));
        }
        let names: Vec<String> = kept.iter().map(usize::to_string).collect();
        self.splitter.fraction(&names, &mut roles);
        Ok(self.recordings(table.rasters, targets, &kept, &roles))
    }

    fn recordings(
        &self,
        rasters: Vec<Raster>,
        targets: Option<Vec<Label>>,
        kept: &[usize],
        roles: &[Assignment],
    ) -> Vec<SplitSample> {
        let mut rasters: Vec<Option<Raster>> = rasters.into_iter().map(Some).collect();
        let mut targets: Vec<Option<Label>> = targets.into_iter().flatten().map(Some).collect();
        let recording = |(&i, role): (&usize, &Assignment)| {
            let raster = rasters[i].take()?;
            let target = match role.label {
                Some(label) => Label::Class(label),
                None => targets[i].take()?,
            };
            let seconds = raster.steps() as f64 * self.input.dt;
            Some(SplitSample { split: role.split, example: Sample { raster, label: target }, seconds })
        };
        kept.iter().zip(roles).filter_map(recording).collect()
    }

    /// The target traces of a table, where the recipe has no classes.
    fn targets(&self, table: &mut Table) -> Result<Option<Vec<Label>>, String> {
        match (table.targets.take(), self.options.classes.is_empty()) {
            (Some((outputs, traces)), true) => {
                let targets = traces.into_iter().map(|trace| self.trace(outputs, trace));
                targets.collect::<Result<_, _>>().map(Some)
            }
            (Some(_), false) => {
                Err("has `targets`, and the recipe names classes; leave out `data.classes`".into())
            }
            (None, true) => Err("has `labels`; name the classes with `data.classes`".into()),
            (None, false) => Ok(None),
        }
    }

    /// A target trace at the length of the recipe: cut, or filled with 0.
    pub(super) fn trace(&self, outputs: usize, mut trace: Vec<f32>) -> Result<Label, String> {
        if outputs != self.input.outputs {
            return Err(format!("has targets for {outputs} outputs; the network has {}", self.input.outputs));
        }
        let length = self.options.steps.checked_mul(outputs).filter(|&length| length <= 1 << 28);
        let length = length.ok_or("has targets that are too long: take fewer `data.steps`")?;
        trace.resize(length, 0.0);
        Ok(Label::Sequence(trace))
    }

    pub(super) fn check_width(&self, raster: &Raster) -> Result<(), String> {
        let (found, expected) = (raster.channels(), self.input.channels);
        if found == expected {
            return Ok(());
        }
        Err(format!("has rasters of {found} channels; the network takes {expected}: give it as many inputs"))
    }
}
