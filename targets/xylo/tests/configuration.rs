//! Configuration files: their form, the round trip, and all errors of a damaged file.

mod common;

use common::random::Random;
use proptest::prelude::*;
use serde_json::{Value, json};
use synnet_xylo::simulate::Record;
use synnet_xylo::specification::Dimensions;
use synnet_xylo::{configuration::Configuration, simulate::Simulator, specification::Specification};

/// Path of a file written by the vendor's library, for comparison. None is part of this project.
const REAL_FILE: &str = "SYNNET_SAMNA_JSON";

fn dimensions(hidden: usize, synapses: usize) -> Dimensions {
    Dimensions {
        inputs: 2,
        input_expansion: hidden - 1,
        hidden,
        output_expansion: hidden - 1,
        outputs: 1,
        synapses,
    }
}

fn small() -> Specification {
    Random(1).specification(dimensions(3, 2), true, true)
}

fn read(value: &Value) -> Result<Configuration, String> {
    Configuration::from_json(value.to_string().as_bytes()).map_err(|e| e.to_string())
}

#[test]
fn the_file() {
    insta::assert_snapshot!(Configuration::new(&small()).unwrap().to_json());
}

#[test]
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know what was not run")]
fn a_file_of_samna_reads_and_is_written_the_same() {
    let Some(path) = std::env::var_os(REAL_FILE) else {
        eprintln!("skipped: `{REAL_FILE}` names no file that samna wrote");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let real = Configuration::from_json(text.as_bytes()).unwrap();
    assert_eq!(real.to_json(), text.trim_end());
    // A network of the same sizes gives the same text but for numbers, flags and aliases.
    let ours = Configuration::new(real.specification()).unwrap().to_json();
    let form = |text: &str| -> String {
        let plain = text.replace("true", "T").replace("false", "T").replace('-', "");
        plain.chars().filter(|c| !c.is_ascii_digit()).collect()
    };
    assert_eq!(form(&ours), form(text.trim_end()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_is_read(seed: u64, hidden in 2..7usize, synapses in 1..3usize, bias: bool, aliases: bool) {
        let specification = Random(seed).specification(dimensions(hidden, synapses), bias, aliases);
        let written = Configuration::new(&specification).unwrap();
        let read = Configuration::from_json(written.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(read.to_json(), written.to_json());
        prop_assert_eq!(read.specification(), &specification.with_full_expansion());

        let raster = Random(seed).raster(20, 2);
        let run = |s: &Specification| Simulator::new(s).unwrap().run(&raster, Record::All).unwrap();
        prop_assert_eq!(run(&specification), run(read.specification()));
    }
}

#[test]
fn flags_and_clocks_follow_the_network() {
    for (synapses, bias, aliases) in [(1, false, false), (2, false, true), (1, true, false)] {
        let specification = Random(2).specification(dimensions(3, synapses), bias, aliases);
        let text = Configuration::new(&specification).unwrap().to_json();
        let file: Value = serde_json::from_str(&text).unwrap();
        let flag = |path: &str| file["value0"].pointer(path).unwrap().as_bool().unwrap();
        assert_eq!(flag("/synapse2Enable"), synapses == 2);
        assert_eq!(flag("/debug/isyn2ClockEnable"), synapses == 2);
        assert_eq!(flag("/biasEnable"), bias);
        assert_eq!(flag("/debug/biasClockEnable"), bias);
        assert_eq!(flag("/reservoir/aliasing"), aliases);
        let always = ["isynClockEnable", "raClockEnable", "hmClockEnable", "ramPowerEnable"];
        assert!(always.iter().all(|clock| flag(&format!("/debug/{clock}"))));
    }
}

#[test]
fn every_fault_is_named() {
    let mut file: Value = serde_json::from_str(&Configuration::new(&small()).unwrap().to_json()).unwrap();
    let root = &mut file["value0"];
    root["biasEnable"] = json!(1);
    root["operationMode"] = json!(-1);
    root["timeResolutionWrap"] = json!(0.5);
    root["input"]["syn2Weights"] = root["input"]["syn2_weights"].take();
    root["input"].as_object_mut().unwrap().remove("syn2_weights");
    root["input"]["weightBitShift"] = json!(8);
    root["reservoir"]["weights"]["values"][4] = json!(200);
    root["reservoir"]["weights"]["values"][5] = json!("many");
    root["reservoir"]["syn2Weights"]["offsets"]["value0"] = json!(1);
    root["reservoir"]["neurons"][0]["aliasTarget"] = json!({ "nullopt": false });
    root["reservoir"]["neurons"][1]["iSynDecay"] = json!(16);
    root["reservoir"]["neurons"][2].as_object_mut().unwrap().remove("threshold");
    root["readout"]["weights"]["dimensions"]["value1"] = json!(9);
    root["readout"]["neurons"] = json!({});
    root["debug"]["monitorNeuronSpike"] = json!({ "nullopt": false, "data": { "start": 0, "end": 2 } });
    root["debug"]["zebra"] = json!(null);
    insta::assert_snapshot!(read(&file).unwrap_err());
}

#[test]
fn contradictions_are_named() {
    let text = Configuration::new(&small()).unwrap().to_json();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let root = &mut file["value0"];
    let last = root["reservoir"]["neurons"].as_array_mut().unwrap().pop().unwrap();
    root["reservoir"]["neurons"][0]["aliasTarget"] = json!({ "nullopt": false, "data": 7 });
    root["reservoir"]["aliasing"] = json!(false);
    root["readout"]["neurons"] = json!([]);
    insta::assert_snapshot!(read(&file).unwrap_err());

    // As Rockpool allows, the last hidden neurons may lack input weights.
    let mut file: Value = serde_json::from_str(&text).unwrap();
    for key in ["weights", "syn2_weights"] {
        let matrix = json!({ "dimensions": { "value0": 2, "value1": 2 }, "offsets": { "value0": 2, "value1": 1 },
                             "values": [1, 2, 3, 4] });
        file["value0"]["input"][key] = matrix;
    }
    let narrow = read(&file).unwrap();
    assert_eq!(
        (narrow.specification().dimensions.input_expansion, narrow.specification().weights_in.len()),
        (2, 8)
    );

    // Cereal has called the value of an optional by two names.
    let mut file: Value = serde_json::from_str(&text).unwrap();
    file["value0"]["reservoir"]["neurons"][2] = last;
    file["value0"]["reservoir"]["neurons"][2]["aliasTarget"] = json!({ "nullopt": false, "value": 0 });
    assert_eq!(read(&file).unwrap().specification().alias_target[2], Some(0));
}

#[test]
fn malformed_bytes_are_rejected() {
    let text = Configuration::new(&small()).unwrap().to_json();
    for cut in 0..text.len() {
        assert!(Configuration::from_json(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    for (bytes, says) in [
        ("[1]", "`the file`: expected an object, found a list"),
        ("{}", "`value0`: is missing"),
        ("{\"value0\": 3}", "`value0`: expected an object, found a number"),
        (&"[".repeat(100_000), "not JSON: recursion limit"),
    ] {
        let error = Configuration::from_json(bytes.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let four_billion = json!(u32::MAX);
    file["value0"]["reservoir"]["weights"]["dimensions"] =
        json!({ "value0": four_billion, "value1": four_billion });
    assert!(read(&file).unwrap_err().contains("expected 18446744065119617025"));
    // The errors of a file of another kind are not all listed.
    let neurons = vec![json!(0); 1000];
    file["value0"]["reservoir"]["neurons"] = json!(neurons);
    assert!(read(&file).unwrap_err().ends_with("and 971 more"));
}
