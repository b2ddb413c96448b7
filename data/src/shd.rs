//! The HDF5 layout of the Spiking Heidelberg Digits and Spiking Speech Commands (Cramer et al., IEEE TNNLS
//! 2020).

use rayon::prelude::*;
use synnet_ir::Raster;

use crate::binning::InvalidEvent;
use crate::hdf5::{File, Ragged};
use crate::{Binning, Error, Table};

/// Reads all samples of a file.
///
/// | array | shape | meaning |
/// |---|---|---|
/// | `spikes/times` | `[samples]`, a sequence each | times of the events, in units of [`Binning::unit`] |
/// | `spikes/units` | `[samples]`, a sequence each | channels of the events |
/// | `labels` | `[samples]` | integers or text; the field `label` of the table |
/// | `extra/<name>` | `[samples]` | integers or text, such as `speaker`; fields of these names |
///
/// Other arrays in `extra` are ignored.
///
/// # Errors
/// Returns an error if the bytes are not such a file, or if an event is outside the raster.
pub fn read(bytes: Vec<u8>, binning: &Binning) -> Result<Table, Error> {
    let file = File::open(bytes)?;
    let labels = file.values("labels")?;
    let times = file.ragged("spikes/times")?;
    let units = file.ragged("spikes/units")?;
    let samples = labels.len();
    for (name, found) in [("`spikes/times`", times.len()), ("`spikes/units`", units.len())] {
        if found != samples {
            return Err(Error::invalid(name, format!("has {found} samples, but `labels` has {samples}")));
        }
    }
    let rasters: Vec<Result<Raster, Error>> =
        (0..samples).into_par_iter().map(|i| raster(&times, &units, i, binning)).collect();
    let mut table = Table { rasters: rasters.into_iter().collect::<Result<_, _>>()?, ..Table::default() };
    table.fields.insert("label".into(), labels);
    for name in file.names_in("extra") {
        // The group also has class names and tables of speakers, which are not per sample.
        let path = format!("extra/{name}");
        let values = match file.len(&path) {
            Ok(len) if len != samples => {
                table.ignored.insert(name, format!("{len} values"));
                continue;
            }
            _ => file.values(&path),
        };
        match values {
            Ok(values) => drop(table.fields.insert(name, values)),
            Err(_) => drop(table.ignored.insert(name, "values of another type or shape".to_owned())),
        }
    }
    Ok(table)
}

fn raster(times: &Ragged<'_>, units: &Ragged<'_>, i: usize, binning: &Binning) -> Result<Raster, Error> {
    let resolution = times.resolution();
    let (times, units) = (times.get(i)?, units.get(i)?);
    if times.len() != units.len() {
        let reason = format!("has {} times and {} units", times.len(), units.len());
        return Err(Error::invalid(format!("sample {i} of `spikes`"), reason));
    }
    let raster = binning.raster(units.into_iter().zip(times), resolution);
    raster.map_err(|InvalidEvent { index, reason }| {
        Error::invalid(format!("sample {i} of `spikes`: event {index}"), reason)
    })
}
