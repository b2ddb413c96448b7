//! `snnc sim`, compared with traces of the vendor's simulator.

use std::collections::BTreeMap;

use synnet_arrays::{Array, NpzWriter, read_npz};

use crate::support::{Folder, npy, repository};

/// A reference case: the specification with input and recorded states beside it.
fn golden(name: &str) -> (Vec<u8>, BTreeMap<String, Array>) {
    let path = repository(&format!("tests/golden/xylo/{name}.npz"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let arrays = read_npz(&bytes).expect("it is an archive of arrays");
    (bytes, arrays)
}

fn input(case: &BTreeMap<String, Array>) -> Vec<u8> {
    let input = case["input"].to_integers().expect("events are whole");
    let bytes: Vec<u8> = input.iter().flat_map(|n| n.to_le_bytes()).collect();
    npy("<i8", false, &case["input"].shape, &bytes)
}

const SIM: [&str; 6] = ["sim", "spec.npz", "--input", "in.npy", "--output", "out.npz"];

#[test]
fn every_state_is_the_recorded_one() {
    for name in ["raw_0", "raw_5", "raw_11"] {
        let folder = Folder::new();
        let (spec, case) = golden(name);
        folder.write("spec.npz", spec);
        folder.write("in.npy", input(&case));
        folder.snnc(&[&SIM[..], &["--record"]].concat()).success();
        let arrays = folder.arrays("out.npz");
        let states = [
            ("hidden.isyn", "rec_Isyn"),
            ("hidden.isyn2", "rec_Isyn2"),
            ("hidden.spikes", "rec_Spikes"),
            ("hidden.vmem", "rec_Vmem"),
            ("output", "out"),
            ("readout.isyn", "rec_Isyn_out"),
            ("readout.spikes", "out"),
            ("readout.vmem", "rec_Vmem_out"),
        ];
        assert!(arrays.keys().eq(states.iter().map(|(ours, _)| ours)), "{name}: {:?}", arrays.keys());
        for (ours, theirs) in states {
            assert_eq!(arrays[ours].shape, case[theirs].shape, "{name}: {ours}");
            assert_eq!(arrays[ours].to_integers(), case[theirs].to_integers(), "{name}: {ours}");
        }

        folder.snnc(&SIM).success();
        let output = folder.arrays("out.npz");
        assert!(output.keys().eq(["output"]), "states are recorded on request only");
        assert_eq!(output["output"], arrays["output"]);
    }
}

#[test]
fn a_batch_has_an_axis_for_it() {
    let folder = Folder::new();
    let (spec, case) = golden("raw_2");
    folder.write("spec.npz", spec);
    let [steps, channels] = case["input"].shape[..] else { panic!("the input is a raster") };
    let events: Vec<u8> = case["input"].to_floats().iter().map(|&n| n as u8).collect();
    folder.write("in.npy", npy("|u1", false, &[2, steps, channels], &[&events[..], &events].concat()));
    folder.snnc(&SIM).success();
    let output = &folder.arrays("out.npz")["output"];
    let one = case["out"].to_integers().expect("spikes are whole");
    assert_eq!(output.shape, [2, steps, case["out"].shape[1]]);
    assert_eq!(output.to_integers(), Some([&one[..], &one].concat()));
}

#[test]
fn events_beyond_what_the_chip_takes_are_counted() {
    let folder = Folder::new();
    let (spec, case) = golden("raw_0");
    folder.write("spec.npz", spec);
    let channels = case["input"].shape[1];
    let with_first = |n: u16| {
        let mut events = vec![0u16; 3 * channels];
        events[0] = n;
        npy("<u2", false, &[3, channels], &events.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>())
    };
    folder.write("in.npy", with_first(15));
    let outcome = folder.snnc(&[&SIM[..], &["--json"]].concat()).success();
    assert_eq!((outcome.json()["dropped_events"].as_u64(), outcome.stderr.as_str()), (Some(0), ""));
    let full = folder.read("out.npz");
    folder.write("in.npy", with_first(1000));
    let outcome = folder.snnc(&[&SIM[..], &["--json"]].concat()).success();
    assert_eq!(outcome.json()["dropped_events"], 985);
    assert!(outcome.stderr.contains("985 input events dropped"), "{}", outcome.stderr);
    assert_eq!(folder.read("out.npz"), full);
}

#[test]
fn non_count_inputs_are_rejected() {
    let folder = Folder::new();
    let (spec, case) = golden("raw_0");
    folder.write("spec.npz", spec);
    let channels = case["input"].shape[1];
    for (value, says) in [(0.5f32, "0.5"), (-1.0, "-1"), (f32::NAN, "NaN")] {
        let values: Vec<u8> = vec![value; channels].iter().flat_map(|x| x.to_le_bytes()).collect();
        folder.write("in.npy", npy("<f4", false, &[1, channels], &values));
        folder.snnc(&SIM).failure(1, &["`in.npy`", says, "step 0, channel 0"]);
    }
    folder.write("in.npy", npy("|u1", false, &[1, channels + 1], &vec![0; channels + 1]));
    folder.snnc(&SIM).failure(1, &["`in.npy`", "input channels"]);
    assert_eq!(folder.files(), ["in.npy", "spec.npz"]);
}

#[test]
fn an_input_without_steps_gives_recordings_without_steps() {
    let folder = Folder::new();
    let (spec, case) = golden("raw_2");
    folder.write("spec.npz", spec);
    let channels = case["input"].shape[1];
    folder.write("in.npy", npy("<i8", false, &[0, channels], &[]));
    folder.snnc(&[&SIM[..], &["--record"]].concat()).success();
    let arrays = folder.arrays("out.npz");
    assert_eq!(arrays["hidden.vmem"].shape, [0, case["rec_Vmem"].shape[1]]);
    assert_eq!(arrays["output"].shape, [0, case["out"].shape[1]]);
}

#[test]
fn damaged_specifications_are_refused() {
    let folder = Folder::new();
    let (whole, case) = golden("raw_0");
    folder.write("in.npy", input(&case));
    let mut flipped = whole.clone();
    let name = flipped.windows(10).position(|bytes| bytes == b"weights_in").expect("it is in the archive");
    flipped[name + 150..name + 300].fill(0xa5);
    let mut misshaped = NpzWriter::new();
    for (name, array) in &case {
        let numbers = array.to_integers().expect("they are whole");
        let shape = if name == "threshold" { vec![numbers.len() / 2, 2] } else { array.shape.clone() };
        let count = shape.iter().product();
        misshaped.add(name, &shape, &numbers[..count]).expect("the shape suits");
    }
    for (what, bytes, says) in [
        ("cut off", whole[..whole.len() / 2].to_vec(), ".npz"),
        ("overwritten", flipped, "weights_in"),
        ("no archive", b"PK not really".to_vec(), ".npz"),
        ("empty", Vec::new(), ".npz"),
        ("nothing in it", NpzWriter::new().finish().expect("it can be empty"), "weights_in"),
        ("misshaped", misshaped.finish().expect("it is complete"), "threshold"),
    ] {
        folder.write("spec.npz", bytes);
        let outcome = folder.snnc(&SIM);
        assert_eq!(outcome.code, Some(1), "{what}: {}", outcome.stderr);
        outcome.failure(1, &["`spec.npz`", says]);
        assert_eq!(folder.files(), ["in.npy", "spec.npz"], "{what}");
    }
}

/// A specification of one hidden and one readout neuron, without the arrays whose names begin with `without`.
fn small(without: &str, threshold_out: i64) -> Vec<u8> {
    let mut archive = NpzWriter::new();
    for (name, shape, value) in [
        ("weights_in", &[1, 1][..], 100),
        ("weights_out", &[1, 1], 100),
        ("dash_mem", &[1], 2),
        ("dash_mem_out", &[1], 2),
        ("dash_syn", &[1], 2),
        ("dash_syn_out", &[1], 2),
        ("threshold", &[1], 50),
        ("threshold_out", &[1], threshold_out),
    ] {
        if without.is_empty() || !name.starts_with(without) {
            archive.add(name, shape, &[value]).expect("the shape fits");
        }
    }
    archive.finish().expect("archives can be written")
}

#[test]
fn a_readout_that_is_read_by_its_membrane_gives_it() {
    let folder = Folder::new();
    folder.write("in.npy", npy("|u1", false, &[9, 1], &[1; 9]));
    for (threshold, arrays) in [(32767, &["output", "readout.vmem"][..]), (50, &["output"])] {
        folder.write("spec.npz", small("", threshold));
        let said = folder.snnc(&SIM).success().stderr;
        let written = folder.arrays("out.npz");
        assert!(written.keys().eq(arrays), "{:?}", written.keys());
        assert_eq!(said.contains("`readout.vmem`"), threshold == 32767, "{said}");
    }
}

#[test]
fn missing_arrays_are_reported() {
    let folder = Folder::new();
    folder.write("in.npy", npy("|u1", false, &[9, 1], &[1; 9]));
    folder.write("spec.npz", small("dash_syn", 50));
    let said = folder.snnc(&SIM).success().stderr;
    assert!(said.contains("lacks `dash_syn`, `dash_syn_2`, `dash_syn_out`"), "{said}");
}

#[test]
fn any_number_of_events_is_counted() {
    let folder = Folder::new();
    folder.write("spec.npz", small("", 50));
    folder.write("in.npy", npy("<f4", false, &[3, 1], &1e30f32.to_le_bytes().repeat(3)));
    let said = folder.snnc(&SIM).success().stderr;
    assert!(said.contains("input events dropped"), "{said}");
}

#[test]
fn other_files_are_not_compiled_networks() {
    let folder = Folder::new();
    folder.write("net.snn", "network N {}");
    folder.write("in.npy", npy("|u1", false, &[9, 1], &[1; 9]));
    let words = ["sim", "net.snn", "--input", "in.npy", "--output", "out.npz"];
    folder.snnc(&words).failure(2, &["`net.snn` is a network, but a compiled network is expected here"]);
}
