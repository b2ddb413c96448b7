//! The `.npz` form of a specification: defaults, and all errors at once.

use synnet_arrays::NpzWriter;
use synnet_xylo::specification::Specification;

/// An archive of 64-bit integers.
fn npz(arrays: &[(&str, &[usize], Vec<i64>)]) -> Vec<u8> {
    let mut archive = NpzWriter::new();
    for (name, shape, data) in arrays {
        archive.add(name, shape, data).unwrap();
    }
    archive.finish().unwrap()
}

#[test]
fn missing_arrays_take_defaults() {
    let bytes = npz(&[("weights_in", &[2, 3], vec![1; 6]), ("weights_out", &[2, 1], vec![5, -6])]);
    let loaded = Specification::from_npz(&bytes).unwrap();
    let s = &loaded.specification;
    assert_eq!((s.dimensions.hidden, s.dimensions.output_expansion, s.dimensions.synapses), (3, 2, 1));
    assert_eq!((s.weights_rec.len(), &s.dash_mem[..], &s.threshold[..]), (9, &[0; 3][..], &[0; 3][..]));
    insta::assert_snapshot!(loaded.defaulted.join(" "));
    assert_eq!(Specification::from_npz(&s.to_npz().unwrap()).unwrap().specification, *s);
}

#[test]
fn narrow_matrices_gain_silent_synapses() {
    let bytes = npz(&[
        ("weights_in", &[1, 2], vec![3, 4]),
        ("weights_rec", &[2, 2, 2], (1..9).collect()),
        ("weights_out", &[2, 1], vec![5, -6]),
        ("bias_hidden", &[2], vec![7, 8]),
    ]);
    let s = Specification::from_npz(&bytes).unwrap().specification;
    assert_eq!(s.weights_in, [3, 0, 4, 0]);
    assert_eq!(s.bias, [7, 8]);
}

#[test]
fn every_fault_is_named() {
    let bytes = npz(&[
        ("weights_in", &[1, 5], vec![300; 5]),
        ("weights_rec", &[2, 3, 3], vec![0; 18]),
        ("weights_out", &[7, 1], vec![0; 7]),
        ("dash_mem", &[2], vec![1, 16]),
        ("dash_mum", &[2], vec![1, 1]),
        ("threshold", &[3], vec![1, 1, 1]),
        ("weight_shift_in", &[2], vec![1, 1]),
        ("alias_target", &[2], vec![0, 2]),
        ("nonsense", &[1], vec![1]),
        ("rec_Vmem", &[1], vec![1]),
    ]);
    insta::assert_snapshot!(Specification::from_npz(&bytes).unwrap_err());
}

#[test]
fn required_matrices() {
    insta::assert_snapshot!(Specification::from_npz(&npz(&[("bias", &[1], vec![1])])).unwrap_err());
}

#[test]
fn malformed_bytes_are_rejected() {
    let whole = npz(&[("weights_in", &[2, 3], vec![1; 6]), ("weights_out", &[2, 1], vec![5, -6])]);
    for cut in 0..whole.len() {
        assert!(Specification::from_npz(&whole[..cut]).is_err());
    }
    let scalar = npz(&[("weights_in", &[], vec![1])]);
    assert!(Specification::from_npz(&scalar).unwrap_err().to_string().contains("shape []"));
    let wide = npz(&[("weights_in", &[1, 5000], vec![1; 5000]), ("weights_out", &[1, 1], vec![1])]);
    assert!(Specification::from_npz(&wide).unwrap_err().to_string().contains("at most 4096"));
}

#[test]
fn only_arrays_of_a_specification_are_unpacked() {
    let arrays = |weight: f64| {
        let mut archive = NpzWriter::new();
        archive.add("rec_Vmem", &[9 << 20], &vec![0i64; 9 << 20]).unwrap();
        archive.add("weights_in", &[1, 2], &[weight, 3.0]).unwrap();
        archive.add("weights_out", &[1, 1], &[1u8]).unwrap();
        archive.finish().unwrap()
    };
    // A recording may be larger than an array of a specification.
    let loaded = Specification::from_npz(&arrays(2.0)).unwrap();
    assert_eq!((loaded.specification.weights_in, loaded.ignored), (vec![2, 3], vec!["rec_Vmem".to_string()]));
    let error = Specification::from_npz(&arrays(0.5)).unwrap_err().to_string();
    assert_eq!(error, "array `weights_in` contains 0.5 at element 0, which is not an integer");
}

#[test]
fn every_damaged_byte_is_detected() {
    let bytes = npz(&[("weights_in", &[2, 3], vec![1; 6]), ("weights_out", &[2, 1], vec![5, -6])]);
    let specification = Specification::from_npz(&bytes).unwrap().specification;
    let bytes = specification.to_npz().unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        assert!(Specification::from_npz(&damaged).is_err(), "byte {at}");
    }
    let weights = (0..16 * 900).map(|i| i * i % 251 - 125).collect();
    let large = npz(&[("weights_in", &[16, 900], weights), ("weights_out", &[900, 1], vec![5; 900])]);
    let mut large = Specification::from_npz(&large).unwrap().specification.to_npz().unwrap();
    let mut at = 0;
    for _ in 0..1000 {
        at = (at * 7_919 + 104_729) % large.len();
        large[at] ^= 0x20;
        assert!(Specification::from_npz(&large).is_err(), "byte {at}");
        large[at] ^= 0x20;
    }
    assert!(Specification::from_npz(&large).is_ok());
}
