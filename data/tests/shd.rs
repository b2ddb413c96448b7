//! Files written by h5py: contents, and errors for damaged ones.

use synnet_data::{Binning, Table, shd};

const BINNING: Binning = Binning { channels: 700, pool: 1, dt: 0.01, steps: 100, unit: 1.0 };

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

/// The events of `shd.csv` as rasters, computed directly. A step begins at a time that `stored` gives as the
/// file stores it.
fn expected(stored: impl Fn(f64) -> f64) -> (Vec<Vec<f32>>, Vec<String>, Vec<String>) {
    let text = String::from_utf8(file("shd.csv")).unwrap();
    let (mut rasters, mut labels, mut speakers) = (vec![], vec![], vec![]);
    for line in text.lines() {
        let words: Vec<&str> = line.split(',').collect();
        if words[0].parse::<usize>().unwrap() == rasters.len() {
            rasters.push(vec![0.0_f32; 100 * 700]);
            labels.push(words[1].to_owned());
            speakers.push(words[2].to_owned());
        }
        let [_, _, _, time, unit] = words[..] else { continue };
        let time: f64 = time.parse().unwrap();
        let step = (1..100).take_while(|&step| stored(f64::from(step) / 100.0) <= time).count();
        rasters.last_mut().unwrap()[step * 700 + unit.parse::<usize>().unwrap()] += 1.0;
    }
    (rasters, labels, speakers)
}

#[test]
fn events_labels_and_speakers_are_those_that_were_written() {
    let half = |time| f64::from(half::f16::from_f64(time));
    let double = |time| time;
    assert_ne!(expected(half).0, expected(double).0, "some times are those of a step in 16 bits");
    for (name, (rasters, labels, speakers)) in [("shd.h5", expected(half)), ("shd_wide.h5", expected(double))]
    {
        assert_eq!(rasters.len(), 24);
        let table = shd::read(file(name), &BINNING).unwrap();
        assert_eq!(table.fields.keys().collect::<Vec<_>>(), ["label", "speaker"], "{name}");
        assert_eq!((&table.fields["label"], &table.fields["speaker"]), (&labels, &speakers), "{name}");
        for (i, (raster, expected)) in table.rasters.iter().zip(&rasters).enumerate() {
            let mut dense = raster.to_dense();
            dense.resize(expected.len(), 0.0);
            assert!(dense == *expected, "sample {i} of {name}");
        }
    }
}

#[test]
fn labels_and_fields_may_be_text() {
    let table = shd::read(file("text.h5"), &BINNING).unwrap();
    let fields: Vec<(&str, Vec<&str>)> = table
        .fields
        .iter()
        .map(|(name, values)| (name.as_str(), values.iter().map(String::as_str).collect()))
        .collect();
    let expected = [
        ("city", vec!["Ulm", "Bern", "Linz"]),
        ("label", vec!["ja", "nein", "größer"]),
        ("room", vec!["hall", "lab 2", "lab 2"]),
    ];
    assert_eq!(fields, expected);
    assert_eq!(table.rasters[2].to_dense()[2 * 700 + 2], 1.0);
}

#[test]
fn neighboring_channels_are_pooled() {
    let whole = shd::read(file("shd.h5"), &BINNING).unwrap();
    let pooled = shd::read(file("shd.h5"), &Binning { channels: 16, pool: 44, ..BINNING }).unwrap();
    let total = |table: &Table| -> f32 { table.rasters.iter().flat_map(|r| r.to_dense()).sum() };
    assert_eq!(total(&whole), total(&pooled));
    assert_eq!(pooled.rasters[0].channels(), 16);
}

#[test]
fn mismatches_are_reported() {
    for (binning, says) in [
        (Binning { channels: 16, ..BINNING }, "of `spikes`: event 0 is on channel"),
        (Binning { channels: 16, pool: 20, ..BINNING }, "20 of the recording each"),
    ] {
        let error = shd::read(file("shd.h5"), &binning).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let text = replaced(file("text.h5"), "größer".as_bytes(), b"gr\xc3\xb6\xff\xc3er");
    for (bytes, says) in [
        (text, "element 2 of `labels` is not UTF-8 text"),
        (vec![], "does not start with the HDF5 signature"),
        (b"PK\x03\x04".to_vec(), "does not start with the HDF5 signature"),
        (file("shd.h5")[..100].to_vec(), "cannot be read"),
        // The name of the group of events is changed.
        (replaced(file("shd.h5"), b"spikes\0", b"spokes\0"), "spikes/times"),
        (replaced(file("shd.h5"), b"labels\0", b"lapels\0"), "there is no array `labels`"),
        (replaced(file("shd.h5"), b"GCOL", b"GC0L"), "refers to a sequence that the file does not contain"),
    ] {
        let error = shd::read(bytes, &BINNING).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
}

fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let at: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i..].starts_with(from)).collect();
    assert!(!at.is_empty());
    at.iter().for_each(|&i| bytes[i..i + to.len()].copy_from_slice(to));
    bytes
}

/// Each byte of the metadata is set to extreme values, and the file is truncated in many places: the result
/// is an error or other numbers, never a panic or memory out of proportion to the file.
#[test]
fn corrupted_files_never_panic_in_the_reader() {
    let mut errors = 0;
    for (name, stride) in [("shd.h5", 7), ("shd_wide.h5", 13), ("text.h5", 5)] {
        let bytes = file(name);
        for at in (0..bytes.len()).step_by(stride) {
            for value in [0xff, 0x00, bytes[at] ^ 0x80] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                errors += usize::from(shd::read(bytes, &BINNING).is_err());
            }
        }
        for end in (0..bytes.len()).step_by(297) {
            errors += usize::from(shd::read(bytes[..end].to_vec(), &BINNING).is_err());
        }
    }
    assert!(errors > 300, "{errors}");
}
