//! NumPy archives of rasters, with labels or target sequences.

use synnet_arrays::{AnyArray, Array, NpzReader};
use synnet_ir::Raster;

use crate::{Error, Table};

/// Maximum size of one array, in bytes after decompression. While it is read, each number takes 8 bytes.
const MAX_BYTES: u64 = 1 << 28;

/// A target sequence: the number of outputs, and the values `[T, O]` in row-major order.
pub type Trace = (usize, Vec<f32>);

/// Reads samples of equal length from the bytes of a `.npz` file.
///
/// | array | shape | meaning |
/// |---|---|---|
/// | `rasters` | `[samples, T, C]` | event counts, or any finite values |
/// | `labels` | `[samples]` | integers or strings; the field `label` of the table |
/// | `targets` | `[samples, T, O]` | target sequences, in place of labels |
/// | any other name | `[samples]` | integers or strings; a field of that name |
///
/// Other arrays are ignored unless they have the shape `[samples]`. Strings have NumPy's types `U` or `S`.
///
/// # Errors
/// Returns an error if the bytes are not such an archive: an array is missing, has another shape or more than
/// 2^28 bytes; there are both labels and targets; a value is infinite or NaN; a label is a fraction; an array
/// holds neither numbers nor strings.
pub fn read(bytes: &[u8]) -> Result<Table, Error> {
    let mut reader = NpzReader::open(bytes)?.with_limit(MAX_BYTES);
    let names = reader.names().to_vec();
    let has = |name: &str| names.iter().any(|known| known == name);
    if !has("rasters") {
        return Err(Error::missing("array `rasters` [samples, T, C]", &names));
    }
    if has("labels") == has("targets") {
        return Err(if has("labels") {
            Error::invalid("the archive", "has both `labels` and `targets`; remove one of them")
        } else {
            Error::missing("array `labels` [samples] or `targets` [samples, T, O]", &names)
        });
    }
    let ([samples, steps, _], rasters) = read_rasters(&mut reader)?;
    let mut table = Table { rasters, ..Table::default() };
    for name in &names {
        match name.as_str() {
            "rasters" => {}
            "targets" => {
                let targets = reader.array(name)?;
                let [n, t, outputs] = shape(&targets, "`targets`", "[samples, T, O]")?;
                if (n, t) != (samples, steps) {
                    let reason = format!(
                        "has {n} samples of {t} steps, but `rasters` has {samples} samples of {steps}"
                    );
                    return Err(Error::invalid("`targets`", reason));
                }
                let values = finite(&targets, "`targets`")?;
                let traces = split(&values, samples).map(<[f32]>::to_vec).collect();
                table.targets = Some((outputs, traces));
            }
            name => {
                // From the header: an array that is ignored may be of any size.
                let shape = reader.shape(name)?;
                if shape == [samples] {
                    let array = reader.any_array(name)?;
                    let field = if name == "labels" { "label" } else { name };
                    if table.fields.insert(field.to_owned(), field_values(array, name)?).is_some() {
                        let reason = "has both `label` and `labels`; remove one of them";
                        return Err(Error::invalid("the archive", reason));
                    }
                } else if name == "labels" {
                    let reason =
                        format!("has shape {shape:?}; expected a label for each of {samples} samples");
                    return Err(Error::invalid("`labels`", reason));
                } else {
                    table.ignored.insert(name.to_owned(), format!("the shape {shape:?}"));
                }
            }
        }
    }
    Ok(table)
}

/// Reads one sample from the bytes of a `.npz` file: `raster`, `[T, C]`, and the target sequence `target`,
/// `[T, O]`, if there is one.
///
/// # Errors
/// Returns an error under the conditions of [`read`].
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
    let raster = Raster::from_dense(channels, steps, values)
        .map_err(|e| Error::invalid("`raster`:", e.to_string()))?;
    if !has("target") {
        return Ok((raster, None));
    }
    let target = reader.array("target")?;
    let [t, outputs] = shape(&target, "`target`", "[T, O]")?;
    if t != steps {
        return Err(Error::invalid("`target`", format!("has {t} steps, but `raster` has {steps}")));
    }
    Ok((raster, Some((outputs, finite(&target, "`target`")?))))
}

/// Reads `rasters`, and returns its shape and samples. Event counts of 8 bits, the usual type, are never widened.
fn read_rasters(reader: &mut NpzReader<'_>) -> Result<([usize; 3], Vec<Raster>), Error> {
    let wrong = |i: usize, e: &dyn std::fmt::Display| {
        Error::invalid(format!("sample {i} of `rasters`:"), e.to_string())
    };
    let expected = "[samples, T, C]";
    if let Some(counts) = reader.bytes("rasters")? {
        let shape @ [samples, steps, channels] = axes(&counts.shape, "`rasters`", expected)?;
        let rasters = split(&counts.data, samples).enumerate().map(|(i, counts)| {
            Raster::from_counts(channels, steps, counts.to_vec()).map_err(|e| wrong(i, &e))
        });
        return Ok((shape, rasters.collect::<Result<_, _>>()?));
    }
    let array = reader.array("rasters")?;
    let shape @ [samples, steps, channels] = axes(&array.shape, "`rasters`", expected)?;
    let values = finite(&array, "`rasters`")?;
    // The array takes 8 bytes per value.
    drop(array);
    let rasters = split(&values, samples)
        .enumerate()
        .map(|(i, values)| Raster::from_dense(channels, steps, values.to_vec()).map_err(|e| wrong(i, &e)));
    Ok((shape, rasters.collect::<Result<_, _>>()?))
}

/// Splits values into equal parts, which may be empty.
fn split<T>(values: &[T], parts: usize) -> impl Iterator<Item = &[T]> {
    let len = values.len() / parts.max(1);
    (0..parts).map(move |i| &values[i * len..(i + 1) * len])
}

/// Returns the shape of an array that must have `AXES` axes, none of them empty.
fn shape<const AXES: usize>(array: &Array, name: &str, expected: &str) -> Result<[usize; AXES], Error> {
    axes(&array.shape, name, expected)
}

/// As [`shape`], from the shape itself.
fn axes<const AXES: usize>(shape: &[usize], name: &str, expected: &str) -> Result<[usize; AXES], Error> {
    let error = || Error::invalid(name, format!("has shape {shape:?}; expected {expected}"));
    let shape: [usize; AXES] = shape.try_into().map_err(|_| error())?;
    if shape.contains(&0) {
        return Err(Error::invalid(name, format!("has shape {shape:?}, which is empty")));
    }
    Ok(shape)
}

/// Returns the values as f32; an error if one is infinite or NaN in f32.
fn finite(array: &Array, name: &str) -> Result<Vec<f32>, Error> {
    let values: Vec<f32> = array.to_floats().into_iter().map(|x| x as f32).collect();
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::invalid(
            name,
            format!("contains {} at {:?}; values must be finite", values[i], index(i, &array.shape)),
        )),
        None => Ok(values),
    }
}

/// Returns strings as they are, and integers as their digits.
fn field_values(array: AnyArray, name: &str) -> Result<Vec<String>, Error> {
    let array = match array {
        AnyArray::Strings(array) => return Ok(array.strings),
        AnyArray::Numbers(array) => array,
    };
    let numbers = array.to_integers().ok_or_else(|| {
        let (i, x) = array.first_fraction().unwrap_or_default();
        let reason = format!("contains {x} at index {i}; values must be integers or strings");
        Error::invalid(format!("`{name}`"), reason)
    })?;
    Ok(numbers.iter().map(i64::to_string).collect())
}

/// Returns the index per axis of element `i` of a row-major array without empty axes.
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
