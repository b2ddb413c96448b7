//! Reading and writing of arrays, and invalid bytes.

use npyz::{AutoSerialize, Order, WriterBuilder};
use proptest::prelude::*;
use synnet_arrays::{
    AnyArray, Array, ArrayData, ByteArray, NpzReader, NpzWriter, read_any_npy, read_npy, read_npz, write_npy,
};

fn npy<T: AutoSerialize + Copy>(shape: &[u64], order: Order, numbers: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(numbers.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

fn floats(values: Vec<f64>) -> ArrayData {
    ArrayData::Floats { values, bits: 64 }
}

/// Eight bytes with a given header.
fn with_header(header: &str) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &[0; 8]].concat()
}

/// A file with the given type, shape and bytes.
fn elements(kind: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

/// Code points of 4 bytes.
fn code_points(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()
}

fn archive() -> Vec<u8> {
    let mut archive = NpzWriter::new();
    archive.add("x", &[2], &[1.0f32, 2.0]).unwrap();
    archive.add("a", &[3, 20], &[7i64; 60]).unwrap();
    archive.finish().unwrap()
}

#[test]
fn every_numeric_type_is_read() {
    let expected = ArrayData::Integers(vec![1, 0, 1]);
    assert_eq!(read_npy(&npy(&[3], Order::C, &[true, false, true])).unwrap().numbers, expected);
    assert_eq!(read_npy(&npy(&[3], Order::C, &[1i8, 0, 1])).unwrap().numbers, expected);
    assert_eq!(read_npy(&npy(&[3], Order::C, &[1u16, 0, 1])).unwrap().numbers, expected);
    assert_eq!(read_npy(&npy(&[3], Order::C, &[1u64, 0, 1])).unwrap().numbers, expected);
    let expected = |bits| ArrayData::Floats { values: vec![0.5, -2.0], bits };
    assert_eq!(read_npy(&npy(&[2], Order::C, &[0.5f32, -2.0])).unwrap().numbers, expected(32));
    assert_eq!(read_npy(&npy(&[2], Order::C, &[0.5f64, -2.0])).unwrap().numbers, expected(64));
    let halves = elements("<f2", "(2,)", &[0x00, 0x38, 0x00, 0xc0]);
    assert_eq!(read_npy(&halves).unwrap().numbers, expected(16));
    let error = read_npy(&npy(&[2], Order::C, &[1, u64::MAX])).unwrap_err().to_string();
    assert_eq!(
        error,
        "element 1 is 18446744073709551615; integers above 9223372036854775807 are not supported"
    );
}

#[test]
fn fortran_order_becomes_row_major() {
    let array = read_npy(&npy(&[2, 3], Order::Fortran, &[0i64, 3, 1, 4, 2, 5])).unwrap();
    assert_eq!(array.numbers, ArrayData::Integers(vec![0, 1, 2, 3, 4, 5]));
}

#[test]
fn empty_and_scalar_arrays() {
    let array = read_npy(&npy::<f32>(&[0, 100_000], Order::Fortran, &[])).unwrap();
    assert_eq!(
        (&array.shape[..], array.numbers),
        (&[0, 100_000][..], ArrayData::Floats { values: vec![], bits: 32 })
    );
    let array = read_npy(&npy(&[], Order::C, &[3u8])).unwrap();
    assert_eq!((array.shape, array.numbers), (vec![], ArrayData::Integers(vec![3])));
    assert!(read_npz(&NpzWriter::new().finish().unwrap()).unwrap().is_empty());
}

#[test]
fn strings_are_read_as_they_are_written() {
    let strings = |bytes: &[u8]| match read_any_npy(bytes).unwrap() {
        AnyArray::Strings(array) => (array.shape, array.strings),
        AnyArray::Numbers(array) => panic!("{array:?}"),
    };
    let unicode = code_points("ja\0\0nein\u{1f600} \0\0\0\0\0\0");
    let expected = ["ja", "nein", "\u{1f600} ", ""].map(String::from).to_vec();
    assert_eq!(strings(&elements("<U4", "(4,)", &unicode)), (vec![4], expected.clone()));
    let swapped: Vec<u8> = unicode.chunks(4).flat_map(|x| x.iter().rev().copied()).collect();
    assert_eq!(strings(&elements(">U4", "(4,)", &swapped)).1, expected);
    let bytes = "ja\0\0\0\0nein\0\0\u{1f600} \0".as_bytes();
    assert_eq!(strings(&elements("|S6", "(3, 1)", bytes)), (vec![3, 1], expected[..3].to_vec()));
    assert_eq!(strings(&elements("|S1", "()", b"x")), (vec![], vec!["x".to_owned()]));
    assert_eq!(strings(&elements("|S0", "(0,)", b"")), (vec![0], vec![]));
    let numbers = read_any_npy(&npy(&[3], Order::C, &[1i8, 0, 1])).unwrap();
    assert_eq!(numbers, AnyArray::Numbers(read_npy(&npy(&[3], Order::C, &[1i8, 0, 1])).unwrap()));

    for (file, fault) in [
        (elements("|S2", "(2,)", b"ja\xffx"), "element 1 is not valid UTF-8"),
        (elements("<U1", "(1,)", &0xD800_u32.to_le_bytes()), "element 0 is not valid Unicode"),
        (elements("<U1", "(1,)", &u32::MAX.to_le_bytes()), "element 0 is not valid Unicode"),
        (elements("<U2", "(2,)", &[0; 15]), "the file is shorter than its header says"),
        (elements("<U4611686018427387904", "(1,)", b""), "larger than usize"),
        (elements("|S9223372036854775807", "(3,)", b""), "the file is shorter than its header says"),
        (elements("|S0", "(9223372036854775807,)", b""), "type `a string of length 0`"),
        (elements("<c8", "(1,)", &[0; 8]), "type `<c8`; expected integers, floats, Booleans or strings"),
        (
            elements("|O", "(1,)", &[0; 8]),
            "`|O` (Python objects): it is pickled, and unpickling can execute code",
        ),
    ] {
        let error = read_any_npy(&file).unwrap_err().to_string();
        assert!(error.contains(fault), "no {fault:?} in: {error}");
    }
    let error = read_npy(&elements("<U4", "(4,)", &unicode)).unwrap_err().to_string();
    assert_eq!(error, "the array has type `<U4`; expected integers, floats or Booleans");
}

#[test]
fn fractions_are_not_integers() {
    let array = |values: &[f64]| Array { shape: vec![values.len()], numbers: floats(values.into()) };
    assert_eq!(array(&[1.0, -2.0]).to_integers(), Some(vec![1, -2]));
    for number in [1.5, 1e17, f64::NAN, f64::INFINITY] {
        let array = array(&[1.0, number]);
        assert_eq!(array.to_integers(), None);
        assert_eq!(array.first_fraction().map(|(i, _)| i), Some(1));
    }
}

#[test]
fn an_archive_does_not_depend_on_the_clock() {
    let year = |bytes: &[u8]| u16::from_le_bytes([bytes[12], bytes[13]]) >> 9;
    assert_eq!(year(&archive()), 0, "1980, the first year that an archive can name");
}

#[test]
fn a_single_array_is_written_and_read() {
    let bytes = write_npy(&[2, 3], &[0u8, 1, 2, 3, 4, 255]).unwrap();
    let header = String::from_utf8_lossy(&bytes[..80]).into_owned();
    assert!(header.contains("'|u1'") && header.contains("(2, 3"), "{header}");
    let array = read_npy(&bytes).unwrap();
    assert_eq!((array.shape.as_slice(), array.to_integers()), (&[2, 3][..], Some(vec![0, 1, 2, 3, 4, 255])));
    assert!(write_npy(&[2, 2], &[0u8; 3]).is_err());
}

#[test]
fn arrays_that_do_not_fit_their_shape_are_not_written() {
    let mut archive = NpzWriter::new();
    assert!(archive.add("x", &[2, 2], &[1u8; 3]).is_err());
    assert!(archive.add("x", &[usize::MAX, usize::MAX], &[1u8]).is_err());
}

#[test]
fn a_reader_unpacks_what_it_is_asked_for() {
    // The bytes of `x` are damaged, but its header in the archive is not.
    let mut bytes = archive();
    let start = bytes.windows(5).position(|w| w == b"x.npy").unwrap() + 5;
    bytes[start + 3] ^= 0xff;
    let mut reader = NpzReader::open(&bytes).unwrap();
    assert_eq!(reader.names(), ["a", "x"]);
    assert_eq!(reader.array("a").unwrap().shape, [3, 20]);
    assert!(reader.array("x").unwrap_err().to_string().starts_with("array `x`: "));
    assert!(reader.array("y").unwrap_err().to_string().starts_with("array `y`: "));
    assert!(read_npz(&bytes).is_err());

    let mut reader = NpzReader::open(&bytes).unwrap().with_limit(500);
    let error = reader.array("a").unwrap_err().to_string();
    assert_eq!(error, "array `a`: it has more than 500 bytes, unpacked");
}

#[test]
fn malicious_headers_are_rejected() {
    let deep = format!("{{'descr': '<i8', 'fortran_order': False, 'shape': {}, }}", "(".repeat(900));
    let long = format!("{{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }}{}", " ".repeat(1000));
    for (header, fault) in [
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (9223372036854775808, 2), }", "more elements"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (9223372036854775808,), }", "shorter"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (0, 9223372036854775807, 3), }", "more elements"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000, 0, 16), }", "more elements"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (100000000, 0, 16), }", "more elements"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (1000, 1000), }", "shorter"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }", "not a tuple of sizes"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (1e3,), }", "not a tuple of sizes"),
        ("{'descr': [('a', '<i8', (3, 3))], 'fortran_order': False, 'shape': (1,), }", "plain numbers"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "`|O`"),
        ("{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (1,), }", "type string"),
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "`<c8`"),
        (&deep, "plain numbers"),
        (&long, "too long"),
    ] {
        let error = read_npy(&with_header(header)).unwrap_err().to_string();
        assert!(error.contains(fault), "{header}: {error}");
    }
    let huge = [b"\x93NUMPY\x02\x00", &u32::MAX.to_le_bytes()[..]].concat();
    assert!(read_npy(&huge).unwrap_err().to_string().contains("too long"));
}

#[test]
fn truncated_files_are_errors() {
    let whole = npy(&[4], Order::C, &[1i32, 2, 3, 4]);
    for end in 0..whole.len() {
        assert!(read_npy(&whole[..end]).is_err(), "cut at byte {end}");
    }
    let whole = archive();
    for end in 0..whole.len() {
        assert!(read_npz(&whole[..end]).is_err(), "cut at byte {end}");
    }
}

/// Damaged bytes give other numbers or an error; nothing panics, and the number of elements fits the shape.
#[test]
fn flipped_bits_never_panic() {
    let flips = |bytes: &[u8], check: &dyn Fn(&[u8])| {
        let mut bytes = bytes.to_vec();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            check(&bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    };
    flips(&npy(&[2, 3], Order::Fortran, &[1i16, 2, 3, 4, 5, 6]), &|bytes| {
        if let Ok(array) = read_npy(bytes) {
            assert_eq!(array.shape.iter().product::<usize>(), array.to_floats().len());
        }
    });
    for strings in [elements("<U4", "(2, 1)", &code_points("ja\0\0nein")), elements("|S2", "(2,)", b"jano")] {
        flips(&strings, &|bytes| {
            if let Ok(AnyArray::Strings(array)) = read_any_npy(bytes) {
                assert_eq!(array.shape.iter().product::<usize>(), array.strings.len());
            }
        });
    }
    flips(&archive(), &|bytes| drop(read_npz(bytes)));
}

proptest! {
    #[test]
    fn corrupted_bytes_never_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let strings = elements("<U4", "(2, 1)", &code_points("ja\0\0nein"));
        for mut bytes in [npy(&[2, 3], Order::C, &[1.0f64; 6]), strings, archive()] {
            for (place, byte) in &damage {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            drop(read_npy(&bytes));
            drop(read_any_npy(&bytes));
            drop(read_npz(&bytes));
            drop(read_npz(&bytes[..cut.index(bytes.len())]));
        }
    }

    #[test]
    fn what_is_written_is_read(numbers in proptest::collection::vec(any::<f64>(), 0..50)) {
        let mut archive = NpzWriter::new();
        archive.add("numbers", &[numbers.len(), 1], &numbers).unwrap();
        let array = read_npz(&archive.finish().unwrap()).unwrap().remove("numbers").unwrap();
        prop_assert_eq!(array, Array { shape: vec![numbers.len(), 1], numbers: floats(numbers) });
    }
}

#[test]
fn shapes_and_bytes_are_read_without_the_rest() {
    let mut archive = NpzWriter::new();
    archive.add("counts", &[2, 3], &[1_u8, 2, 3, 4, 5, 6]).unwrap();
    archive.add("numbers", &[3], &[1_i16, 2, 3]).unwrap();
    let bytes = archive.finish().unwrap();
    let mut reader = NpzReader::open(&bytes).unwrap();
    assert_eq!(reader.shape("counts").unwrap(), [2, 3]);
    assert_eq!(
        reader.bytes("counts").unwrap(),
        Some(ByteArray { shape: vec![2, 3], data: vec![1, 2, 3, 4, 5, 6] })
    );
    assert_eq!(reader.shape("numbers").unwrap(), [3]);
    assert_eq!(reader.bytes("numbers").unwrap(), None);
    assert!(reader.shape("nothing").is_err());
}
