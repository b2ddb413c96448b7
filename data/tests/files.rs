//! Archives and event lists: contents, and the messages of errors.

use proptest::prelude::*;
use synnet_arrays::NpzWriter;
use synnet_data::{Binning, Error, event_list, npz};

const BINNING: Binning = Binning { channels: 4, pool: 1, dt: 1e-3, steps: 50, unit: 1e-3 };

/// Returns an archive of integers and floats, by name and shape.
fn archive(integers: &[(&str, &[usize], &[i64])], floats: &[(&str, &[usize], &[f64])]) -> Vec<u8> {
    let mut archive = NpzWriter::new();
    for (name, shape, numbers) in integers {
        archive.add(name, shape, numbers).unwrap();
    }
    for (name, shape, numbers) in floats {
        archive.add(name, shape, numbers).unwrap();
    }
    archive.finish().unwrap()
}

const RASTERS: (&str, &[usize], &[i64]) = ("rasters", &[2, 3, 2], &[1, 0, 0, 2, 0, 0, 0, 3, 0, 0, 4, 0]);

#[test]
fn an_archive_holds_rasters_labels_and_fields() {
    let bytes = archive(
        &[RASTERS, ("labels", &[2], &[7, 3]), ("speaker", &[2], &[0, 1]), ("other", &[5], &[0; 5])],
        &[],
    );
    let table = npz::read(&bytes).unwrap();
    assert_eq!(table.rasters[1].to_dense(), [0.0, 3.0, 0.0, 0.0, 4.0, 0.0]);
    assert_eq!(table.fields["label"], ["7", "3"]);
    assert_eq!(table.fields["speaker"], ["0", "1"]);
    assert_eq!((table.fields.len(), table.targets), (2, None));
}

/// The elements of an array that is ignored are damaged, so that decoding them would be an error.
#[test]
fn arrays_that_are_ignored_are_not_decoded() {
    // Values that do not compress: the elements begin long before the damage.
    let values: Vec<f64> = (0..4096_u32).map(|i| f64::from(i).sin()).collect();
    let mut bytes = archive(&[RASTERS, ("labels", &[2], &[7, 3])], &[("other", &[64, 64], &values)]);
    let name = b"other.npy";
    let start = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[start + 20_000] ^= 1;
    assert!(synnet_arrays::read_npz(&bytes).is_err());
    let table = npz::read(&bytes).unwrap();
    assert_eq!(table.ignored["other"], "the shape [64, 64]");
}

#[test]
fn counts_of_eight_bits_are_the_same_samples() {
    let counts: Vec<u8> = RASTERS.2.iter().map(|&count| count as u8).collect();
    let mut narrow = NpzWriter::new();
    narrow.add("rasters", RASTERS.1, &counts).unwrap();
    narrow.add("labels", &[2], &[7_i64, 3]).unwrap();
    let wide = npz::read(&archive(&[RASTERS, ("labels", &[2], &[7, 3])], &[])).unwrap();
    assert_eq!(npz::read(&narrow.finish().unwrap()).unwrap().rasters, wide.rasters);
}

/// Returns a file that NumPy wrote.
fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

#[test]
fn labels_and_fields_may_be_text() {
    let table = npz::read(&golden("text.npz")).unwrap();
    assert_eq!(table.fields["label"], ["ja", "nein", "größer"]);
    assert_eq!(table.fields["room"], ["hall", "lab 2", "lab 2"]);
    let error = npz::read(&golden("objects.npz")).unwrap_err().to_string();
    assert_eq!(
        error,
        "array `labels`: the array has type `|O` (Python objects): it is pickled, and unpickling can execute code; save \
         numbers or fixed-width strings, for example with `array.astype(str)`"
    );
}

#[test]
fn an_archive_holds_target_traces() {
    let traces: Vec<f64> = (0..6).map(|i| 0.5 * f64::from(i)).collect();
    let bytes = archive(&[RASTERS], &[("targets", &[2, 3, 1], &traces)]);
    let table = npz::read(&bytes).unwrap();
    assert_eq!(table.targets, Some((1, vec![vec![0.0, 0.5, 1.0], vec![1.5, 2.0, 2.5]])));

    let bytes = archive(&[("raster", &[2, 1], &[5, 6])], &[("target", &[2, 2], &[0.0, 1.0, 2.0, 3.0])]);
    let (raster, target) = npz::read_sample(&bytes).unwrap();
    assert_eq!((raster.to_dense(), target), (vec![5.0, 6.0], Some((2, vec![0.0, 1.0, 2.0, 3.0]))));
}

#[test]
fn archives_that_do_not_fit_are_explained() {
    let labels: (&str, &[usize], &[i64]) = ("labels", &[2], &[0, 1]);
    for (bytes, says) in [
        (b"no archive".to_vec(), "not an archive of NumPy arrays"),
        (archive(&[labels], &[]), "no array `rasters` [samples, T, C]; the file contains `labels`"),
        (archive(&[RASTERS, ("label", &[2], &[0, 1])], &[]), "no array `labels` [samples] or `targets`"),
        (archive(&[RASTERS, labels, ("label", &[2], &[0, 1])], &[]), "has both `label` and `labels`"),
        (archive(&[RASTERS, labels], &[("targets", &[2, 3, 1], &[0.0; 6])]), "both `labels` and `targets`"),
        (archive(&[("rasters", &[2, 3], &[0; 6]), labels], &[]), "`rasters` has shape [2, 3]; expected"),
        (archive(&[("rasters", &[2, 0, 3], &[]), labels], &[]), "which is empty"),
        (archive(&[RASTERS, ("labels", &[3], &[0, 1, 2])], &[]), "a label for each of 2 samples"),
        (archive(&[RASTERS], &[("labels", &[2], &[0.0, 0.5])]), "`labels` contains 0.5 at index 1"),
        (archive(&[RASTERS], &[("targets", &[2, 2, 1], &[0.0; 4])]), "2 samples of 2 steps"),
        (
            archive(&[labels], &[("rasters", &[2, 1, 1], &[0.0, f64::NAN])]),
            "`rasters` contains NaN at [1, 0, 0]",
        ),
    ] {
        let error = npz::read(&bytes).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
    for (bytes, says) in [
        (archive(&[("x", &[1], &[0])], &[]), "no array `raster` [T, C]; the file contains `x`"),
        (
            archive(&[("raster", &[2, 1], &[0, 0])], &[("target", &[3, 1], &[0.0; 3])]),
            "has 3 steps, but `raster` has 2",
        ),
        (archive(&[], &[("raster", &[1, 2], &[0.0, f64::INFINITY])]), "`raster` contains inf at [0, 1]"),
    ] {
        let error = npz::read_sample(&bytes).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
}

#[test]
fn csv_dialects_are_accepted() {
    let expected = event_list::read_csv(b"2,1.5\n0,3.0\n", &BINNING).unwrap();
    assert_eq!(expected.to_dense(), [0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 0., 0., 1., 0., 0., 0.]);
    for text in [
        "channel,time\n2,1.5\n0,3.0",
        "Time;Channel\r\n1.5;2\r\n3.0;0\r\n",
        "# a comment\n\n  0\t3.0\n2   1.5\n",
        "\u{feff}channel time\n2 1.5\n0 3e0\n",
    ] {
        assert_eq!(event_list::read_csv(text.as_bytes(), &BINNING).unwrap(), expected, "{text:?}");
    }
    let bytes = archive(&[("channel", &[2], &[2, 0])], &[("time", &[2], &[1.5, 3.0])]);
    assert_eq!(event_list::read_npz(&bytes, &BINNING).unwrap(), expected);
    assert_eq!(event_list::read_csv(b"channel,time\n", &BINNING).unwrap().steps(), 0);
}

/// Event `k` of each file is at `k` steps of 1/3 ms, written as well as the type of the file allows.
#[test]
fn times_of_steps_are_in_their_steps() {
    let binning = Binning { channels: 1, pool: 1, dt: 1e-3 / 3.0, steps: 3000, unit: 1e-3 };
    let times: Vec<f64> = (0..3000).map(|k| f64::from(k) / 3.0).collect();
    let singles: Vec<f32> = times.iter().map(|&time| time as f32).collect();
    let texts = [
        times.iter().map(|time| format!("0,{time:.6}\n")).collect::<String>(),
        times.iter().map(|time| format!("0 {time:.2}\n")).collect(),
        times.iter().map(|time| format!("0\t{time:e}\n")).collect(),
    ];
    let mut rasters: Vec<_> =
        texts.iter().map(|text| event_list::read_csv(text.as_bytes(), &binning).unwrap()).collect();
    for doubles in [true, false] {
        let mut archive = NpzWriter::new();
        archive.add("channel", &[3000], &[0_u8; 3000]).unwrap();
        match doubles {
            true => archive.add("time", &[3000], &times).unwrap(),
            false => archive.add("time", &[3000], &singles).unwrap(),
        }
        rasters.push(event_list::read_npz(&archive.finish().unwrap(), &binning).unwrap());
    }
    let micros: Vec<i64> = times.iter().map(|time| (time * 1e3).round() as i64).collect();
    let bytes = archive(&[("channel", &[3000], &[0; 3000]), ("time", &[3000], &micros)], &[]);
    rasters.push(event_list::read_npz(&bytes, &Binning { unit: 1e-6, ..binning }).unwrap());
    for (i, raster) in rasters.iter().enumerate() {
        assert!(raster.to_dense() == [1.0; 3000], "file {i}");
    }
    // 0.6 ms is not the end of step 1, 0.666667 ms, written with one decimal.
    let raster = event_list::read_csv(b"0,0.6\n", &binning).unwrap();
    assert_eq!(raster.to_dense(), [0.0, 1.0]);
}

#[test]
fn events_that_do_not_fit_are_explained() {
    for (text, says) in [
        (&b"channel,time\n0,1\n0;2;3\n"[..], "line 3: expected a channel and a time, found `0;2;3`"),
        (b"time,unit\n", "line 1: expected a channel and a time, found `time,unit`"),
        (b"0,1\n\n4,2\n", "line 3: the event is on channel 4, but the raster has 4 channels"),
        (b"0,-1\n", "line 1: the event is at time -1"),
        (b"0,1\n\xff\n", "line 2: not UTF-8 text"),
    ] {
        let error = event_list::read_csv(text, &BINNING).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
    for (bytes, says) in [
        (archive(&[("channel", &[1], &[0])], &[]), "no array `time` [events]; the file contains `channel`"),
        (
            archive(&[("channel", &[1], &[0])], &[("time", &[2], &[0.0; 2])]),
            "`channel` has 1 events, but `time` has 2",
        ),
        (archive(&[("channel", &[1, 1], &[0])], &[("time", &[1], &[0.0])]), "expected [events]"),
        (archive(&[("channel", &[2], &[0, 9])], &[("time", &[2], &[0.0; 2])]), "event 1 is on channel 9"),
    ] {
        let error = event_list::read_npz(&bytes, &BINNING).unwrap_err().to_string();
        assert!(error.contains(says), "no {says:?} in: {error}");
    }
}

proptest! {
    #[test]
    fn arbitrary_csv_never_panics(text in "[0-9a-z.,; \n\u{e9}-]{0,60}") {
        if let Ok(raster) = event_list::read_csv(text.as_bytes(), &BINNING) {
            prop_assert!(raster.steps() <= BINNING.steps);
        }
    }

    #[test]
    fn corrupted_archives_never_panic(at in 0_usize..800, value: u8) {
        for mut bytes in [archive(&[RASTERS, ("labels", &[2], &[0, 1])], &[]), golden("text.npz")] {
            let at = at % bytes.len();
            bytes[at] = value;
            let result: Result<_, Error> = npz::read(&bytes);
            prop_assert!(result.is_ok() || !result.unwrap_err().to_string().is_empty());
        }
    }
}
