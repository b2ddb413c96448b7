//! NumPy archives of rasters.

use synnet_arrays::{Array, NpzReader};
use synnet_ir::Raster;

use crate::{Error, Table};

/// Most bytes of one array, unpacked. Numbers are held as 8 bytes each while they are read.
const MAX_BYTES: u64 = 1 << 28;

/// What the network should give: the number of outputs, and the values `[T, O]` in row-major order.
pub type Trace = (usize, Vec<f32>);

/// Reads many recordings of one length from the bytes of a `.npz` file.
///
/// | array | shape | meaning |
/// |---|---|---|
/// | `rasters` | `[samples, T, C]` | event counts, or any finite values |
/// | `labels` | `[samples]` | whole numbers; the field `label` of the table |
/// | `targets` | `[samples, T, O]` | instead of labels: what the network should give |
/// | any other name | `[samples]` | whole numbers; a field of that name |
///
/// Arrays of other shapes are ignored.
///
/// # Errors
/// Where the bytes are no such archive: an array is missing or has another shape, there are labels as well as
/// targets, a value is not finite, a label is not a whole number; an array of more than 2^28 bytes.
pub fn read(bytes: &[u8]) -> Result<Table, Error> {
    let mut reader = NpzReader::open(bytes)?.with_limit(MAX_BYTES);
    let names = reader.names().to_vec();
    let has = |name: &str| names.iter().any(|known| known == name);
    if !has("rasters") {
        return Err(Error::missing("array `rasters` [samples, T, C]", &names));
    }
    if has("labels") == has("targets") {
        return Err(if has("labels") {
            Error::part(
                "the archive",
                "has both `labels` and `targets`; keep those that the network should give",
            )
        } else {
            Error::missing("array `labels` [samples] or `targets` [samples, T, O]", &names)
        });
    }
    let rasters = reader.array("rasters")?;
    let [samples, steps, channels] = shape(&rasters, "`rasters`", "[samples, T, C]")?;
    let mut table = Table { rasters: split_rasters(&rasters, samples, steps, channels)?, ..Table::default() };
    drop(rasters);
    for name in &names {
        match name.as_str() {
            "rasters" => {}
            "targets" => {
                let targets = reader.array(name)?;
                let [n, t, outputs] = shape(&targets, "`targets`", "[samples, T, O]")?;
                if (n, t) != (samples, steps) {
                    let reason = format!("are {n} samples of {t} steps; `rasters` are {samples} of {steps}");
                    return Err(Error::part("`targets`", reason));
                }
                let values = finite(&targets, "`targets`")?;
                let traces = split(&values, samples).map(<[f32]>::to_vec).collect();
                table.targets = Some((outputs, traces));
            }
            name => {
                let array = reader.array(name)?;
                if array.shape == [samples] {
                    let field = if name == "labels" { "label" } else { name };
                    table.fields.insert(field.to_owned(), whole(&array, name)?);
                } else if name == "labels" {
                    let reason =
                        format!("has the shape {:?}; one label for each of {samples} samples", array.shape);
                    return Err(Error::part("`labels`", reason));
                }
            }
        }
    }
    Ok(table)
}

/// Reads one recording from the bytes of a `.npz` file: `raster` `[T, C]` and, where there is one, `target`
/// `[T, O]`, which comes with the number of outputs.
///
/// # Errors
/// As [`read`].
pub fn read_sample(bytes: &[u8]) -> Result<(Raster, Option<Trace>), Error> {
    let mut reader = NpzReader::open(bytes)?.with_limit(MAX_BYTES);
    let names = reader.names().to_vec();
    let has = |name: &str| names.iter().any(|known| known == name);
    if !has("raster") {
        return Err(Error::missing("array `raster` [T, C]", &names));
    }
    let raster = reader.array("raster")?;
    let [steps, channels] = shape(&raster, "`raster`", "[T, C]")?;
    let values = finite(&raster, "`raster`")?;
    let raster =
        Raster::from_dense(channels, steps, values).map_err(|e| Error::part("`raster`:", e.to_string()))?;
    if !has("target") {
        return Ok((raster, None));
    }
    let target = reader.array("target")?;
    let [t, outputs] = shape(&target, "`target`", "[T, O]")?;
    if t != steps {
        return Err(Error::part("`target`", format!("has {t} steps; `raster` has {steps}")));
    }
    Ok((raster, Some((outputs, finite(&target, "`target`")?))))
}

fn split_rasters(array: &Array, samples: usize, steps: usize, channels: usize) -> Result<Vec<Raster>, Error> {
    let values = finite(array, "`rasters`")?;
    split(&values, samples)
        .enumerate()
        .map(|(i, values)| {
            Raster::from_dense(channels, steps, values.to_vec())
                .map_err(|e| Error::part(format!("sample {i} of `rasters`:"), e.to_string()))
        })
        .collect()
}

/// Equal parts, also where they are empty.
fn split(values: &[f32], parts: usize) -> impl Iterator<Item = &[f32]> {
    let len = values.len() / parts.max(1);
    (0..parts).map(move |i| &values[i * len..(i + 1) * len])
}

/// The extents of an array that must have so many axes, the first of which must not be empty.
fn shape<const AXES: usize>(array: &Array, name: &str, expected: &str) -> Result<[usize; AXES], Error> {
    let reason = || Error::part(name, format!("has the shape {:?}; expected {expected}", array.shape));
    let shape: [usize; AXES] = array.shape[..].try_into().map_err(|_| reason())?;
    if shape.contains(&0) {
        return Err(Error::part(name, format!("has the shape {shape:?}, which holds nothing")));
    }
    Ok(shape)
}

/// The numbers as f32, all finite.
fn finite(array: &Array, name: &str) -> Result<Vec<f32>, Error> {
    let values: Vec<f32> = array.to_floats().into_iter().map(|x| x as f32).collect();
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::part(
            name,
            format!("holds {} at {:?}; values are finite", values[i], index(i, &array.shape)),
        )),
        None => Ok(values),
    }
}

/// Whole numbers as texts.
fn whole(array: &Array, name: &str) -> Result<Vec<String>, Error> {
    let numbers = array.to_integers().ok_or_else(|| {
        let (i, x) = array.first_fraction().unwrap_or_default();
        Error::part(format!("`{name}`"), format!("holds {x} at {i}; it must hold whole numbers"))
    })?;
    Ok(numbers.iter().map(i64::to_string).collect())
}

/// The place of an element in an array without empty axes.
fn index(mut i: usize, shape: &[usize]) -> Vec<usize> {
    let mut place: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&extent| {
            let along = i % extent;
            i /= extent;
            along
        })
        .collect();
    place.reverse();
    place
}
