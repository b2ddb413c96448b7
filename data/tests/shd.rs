//! Files written by h5py: contents, and errors for damaged ones.

use synnet_data::{Binning, Table, shd};

const BINNING: Binning = Binning { channels: 700, pool: 1, dt: 0.01, steps: 100, unit: 1.0 };

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

/// The events of `shd.csv` as rasters, computed directly.
fn expected() -> (Vec<Vec<f32>>, Vec<String>, Vec<String>) {
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
        let step = (time.parse::<f64>().unwrap() * 100.0) as usize;
        rasters.last_mut().unwrap()[step * 700 + unit.parse::<usize>().unwrap()] += 1.0;
    }
    (rasters, labels, speakers)
}

#[test]
fn events_labels_and_speakers_are_those_that_were_written() {
    let (rasters, labels, speakers) = expected();
    assert_eq!(rasters.len(), 24);
    for name in ["shd.h5", "shd_wide.h5"] {
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
    for (bytes, says) in [
        (vec![], "does not start with the HDF5 signature"),
        (b"PK\x03\x04".to_vec(), "does not start with the HDF5 signature"),
        (file("shd.h5")[..100].to_vec(), "cannot be read"),
        // The name of the group of events is changed.
        (replaced(b"spikes\0", b"spokes\0"), "spikes/times"),
        (replaced(b"labels\0", b"lapels\0"), "there is no array `labels`"),
        (replaced(b"GCOL", b"GC0L"), "refers to a sequence that the file does not contain"),
    ] {
        let error = shd::read(bytes, &BINNING).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
}

fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = file("shd.h5");
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
    for (name, stride) in [("shd.h5", 7), ("shd_wide.h5", 13)] {
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
