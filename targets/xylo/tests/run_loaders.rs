//! The written files in Rockpool: the loader of each chip fills the configuration object, and Rockpool's
//! simulators agree with ours.
//!
//! Runs if Python has Rockpool: `SYNNET_PYTHON` names the interpreter, `python3` by default. The vendor's library
//! samna is replaced by a stand-in that keeps what it is given.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::random::Random;
use serde_json::{Map, Value, json};
use synnet_arrays::NpzWriter;
use synnet_ir::Raster;
use synnet_xylo::chip::CoreVersion;
use synnet_xylo::cost::{Activity, NeuronGroup, clock, cost};
use synnet_xylo::layer_table::{LayerIds, LayerTable, Population};
use synnet_xylo::loader::LoaderFiles;
use synnet_xylo::simulate::Record;
use synnet_xylo::specification::Dimensions;
use synnet_xylo::{
    chip::Chip, configuration::Configuration, loader::loader, simulate::Simulator,
    specification::Specification,
};

const STEPS: usize = 60;

/// A network that uses every feature of a chip.
struct Case {
    name: String,
    chip: &'static Chip,
    specification: Specification,
    raster: Raster,
}

impl Case {
    fn new(chip: &'static Chip, synapses: usize, rich: bool) -> Self {
        let mut random = Random(chip.name.len() as u64 + synapses as u64);
        let hidden = 14;
        let dimensions =
            Dimensions { inputs: 5, input_expansion: 9, hidden, output_expansion: 6, outputs: 3, synapses };
        let specification = random.specification(dimensions, rich && chip.bias, rich && chip.aliases);
        let name =
            format!("{}, {synapses} synapses{}", chip.name, if rich { ", biases, aliases" } else { "" });
        Self { name, chip, specification, raster: random.raster(STEPS, 5) }
    }

    fn layers(&self) -> LayerTable {
        let hidden = self.specification.dimensions.hidden;
        let layer = LayerIds {
            layer: "h".into(),
            population: Population::Hidden,
            ids: [0, hidden],
            neurons: (0..hidden).collect(),
            lag: 0,
            aliased_from: Vec::new(),
        };
        LayerTable { network: "Network".into(), layers: vec![layer] }
    }

    /// The network's files as `snnc build` writes them, and a raster.
    fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let mut files = LoaderFiles { specification: "network.spec.npz", configuration: None };
        let layers = self.layers();
        std::fs::write(folder.join(files.specification), self.specification.to_npz_with(&layers).unwrap())
            .unwrap();
        if self.chip.configuration.is_some() {
            files.configuration = Some("network.json");
            let text = Configuration::new(&self.specification).unwrap().to_json();
            std::fs::write(folder.join("network.json"), text).unwrap();
        }
        std::fs::write(folder.join("network.py"), loader(&layers, files, self.chip)).unwrap();
        let mut raster = NpzWriter::new();
        raster.add("raster", &[STEPS, 5], &self.raster.counts().unwrap()).unwrap();
        std::fs::write(folder.join("raster.npz"), raster.finish().unwrap()).unwrap();
    }

    fn check(&self, found: &Value) {
        self.check_simulation(found);
        let Some(configuration) = found.get("configuration") else {
            assert!(self.chip.rockpool.is_none(), "{}", self.name);
            return;
        };
        let expected = self.configuration();
        // Nothing is missing, and nothing of the network is there that was not expected.
        contains(&self.name, configuration, &expected);
        for part in ["input", "hidden", "reservoir", "readout"] {
            contains(&self.name, &expected[part], &configuration[part]);
        }
        if let Some(from_json) = found.get("from_json") {
            // Every field that Rockpool sets is in the file, with the same value.
            contains(&self.name, from_json, configuration);
        }
        self.check_cost(found);
    }

    fn check_simulation(&self, found: &Value) {
        let mut ours = Simulator::with_core(&self.specification, self.chip.core).unwrap();
        let recording = ours.run(&self.raster, Record::All).unwrap();
        let hidden = recording.hidden.as_ref().unwrap();
        let wide = |states: &[i16]| states.iter().map(|&x| i64::from(x)).collect::<Vec<_>>();
        let counts = |spikes: &[u8]| spikes.iter().map(|&x| i64::from(x)).collect::<Vec<_>>();
        assert!(recording.output().iter().any(|&n| n > 0), "{}: a silent readout shows little", self.name);
        let states = &found["states"];
        let mut pairs = vec![
            ("output", counts(recording.output()), &found["output"]),
            ("Spikes", counts(&hidden.spikes), &states["Spikes"]),
            ("Vmem", wide(&hidden.vmem), &states["Vmem"]),
            ("Isyn", wide(&hidden.isyn), &states["Isyn"]),
            ("Vmem_out", wide(&recording.readout.vmem), &states["Vmem_out"]),
            ("Isyn_out", wide(&recording.readout.isyn), &states["Isyn_out"]),
        ];
        // Rockpool's simulators of some chips do not record the second current.
        if let (Some(isyn2), Some(theirs)) = (&hidden.isyn2, states.get("Isyn2")) {
            pairs.push(("Isyn2", wide(isyn2), theirs));
        }
        for (state, ours, theirs) in pairs {
            assert_eq!(ours, numbers(theirs), "{}: {state}", self.name);
        }
    }

    /// What Rockpool sets in samna's object.
    fn configuration(&self) -> Value {
        let s = &self.specification;
        // On Audio 2 every hidden neuron has input and readout weights.
        let dense = self.chip.output_expansion == self.chip.hidden;
        let s = if dense { &s.with_full_expansion() } else { s };
        let d = s.dimensions;
        let second = d.synapses > 1;
        let bias = s.bias.iter().chain(&s.bias_out).any(|&bias| bias != 0);
        let two = self.chip.synapses.hidden > 1;
        let hidden_neuron = |n: usize| {
            let mut neuron = json!({
                "threshold": s.threshold[n], "v_mem_decay": s.dash_mem[n], "i_syn_decay": s.dash_syn[n],
            });
            let mut set =
                |key: &str, value: Value| drop(neuron.as_object_mut().unwrap().insert(key.into(), value));
            if two {
                set("i_syn2_decay", s.dash_syn_2[n].into());
            }
            if bias {
                set("v_mem_bias", s.bias[n].into());
            }
            if let Some(target) = s.alias_target[n] {
                set("alias_target", target.into());
            }
            neuron
        };
        let readout_neuron = |n: usize| {
            let mut neuron = json!({
                "threshold": s.threshold_out[n], "v_mem_decay": s.dash_mem_out[n], "i_syn_decay": s.dash_syn_out[n],
            });
            if bias {
                neuron["v_mem_bias"] = s.bias_out[n].into();
            }
            neuron
        };
        let plane = |weights: &[i8], columns: usize, synapse: usize| -> Value {
            let rows = weights.chunks_exact(columns * d.synapses);
            rows.map(|row| row.iter().skip(synapse).step_by(d.synapses).copied().collect::<Vec<_>>())
                .collect()
        };
        let mut input = json!({
            "weight_bit_shift": s.weight_shift_in, "weights": plane(&s.weights_in, d.input_expansion, 0),
        });
        let mut hidden = json!({
            "weight_bit_shift": s.weight_shift_rec, "weights": plane(&s.weights_rec, d.hidden, 0),
            "neurons": (0..d.hidden).map(hidden_neuron).collect::<Vec<_>>(),
            "aliasing": s.alias_target.iter().any(Option::is_some),
        });
        if second {
            input["syn2_weights"] = plane(&s.weights_in, d.input_expansion, 1);
            hidden["syn2_weights"] = plane(&s.weights_rec, d.hidden, 1);
        }
        let weights_out: Vec<&[i8]> = s.weights_out.chunks_exact(d.outputs).collect();
        let readout = json!({
            "weight_bit_shift": s.weight_shift_out, "weights": weights_out,
            "neurons": (0..d.outputs).map(readout_neuron).collect::<Vec<_>>(),
        });
        let mut whole = Map::from_iter([("input".into(), input), ("readout".into(), readout)]);
        whole.insert(if dense { "reservoir" } else { "hidden" }.into(), hidden);
        if bias {
            whole.insert("bias_enable".into(), true.into());
        }
        if two {
            whole.insert("synapse2_enable".into(), second.into());
        }
        whole.into()
    }

    fn check_cost(&self, found: &Value) {
        let sections = NeuronGroup::populations(&self.specification);
        let of = |activity: &Activity| cost(&self.specification, self.chip, &sections, activity).unwrap();
        for row in found["cycles"].as_array().unwrap() {
            let number = |i: usize| row[i].as_f64().unwrap();
            let ours = of(&Activity::uniform(&self.specification, number(0), number(1)));
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
            assert!(close(ours.cycles, number(2)), "{}: {} {row}", self.name, ours.cycles);
            if let Some(second) = ours.second_synapse_operations {
                assert!(close(second, number(3)), "{}: {second} {row}", self.name);
            }
        }
        let worst = of(&Activity::worst_case(&self.specification)).cycles;
        let hertz = 1e6 * clock(self.chip, worst, 2e-3).suggested_mhz;
        assert!((hertz / found["clock_hz"].as_f64().unwrap() - 1.0).abs() < 1e-12, "{}", self.name);
    }
}

/// The numbers of a nested list, in their order.
fn numbers(value: &Value) -> Vec<i64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_i64().unwrap_or_else(|| panic!("{other} is not a whole number"))],
    }
}

/// Returns whether `whole` contains everything in `part`.
#[track_caller]
fn contains(place: &str, whole: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            for (key, member) in members {
                contains(&format!("{place}.{key}"), &whole[key.as_str()], member);
            }
        }
        Value::Array(list) => {
            assert_eq!(whole.as_array().map(Vec::len), Some(list.len()), "{place}");
            list.iter().enumerate().for_each(|(i, x)| contains(&format!("{place}[{i}]"), &whole[i], x));
        }
        plain => assert_eq!(whole, plain, "{place}"),
    }
}

/// Returns the interpreter if it has Rockpool.
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know what was not run")]
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SYNNET_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let probe = "import importlib.util as u; assert u.find_spec('rockpool') and u.find_spec('xylosim')";
    let found = Command::new(&python).args(["-c", probe]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: `{}` has no Rockpool; `SYNNET_PYTHON` can name another Python", python.display());
    None
}

#[test]
fn every_chip_is_configured_and_simulated_as_rockpool_does() {
    let Some(python) = python() else { return };
    let mut cases = Vec::new();
    for chip in Chip::all() {
        for synapses in 1..=chip.synapses.hidden {
            cases.push(Case::new(chip, synapses, true));
        }
        cases.push(Case::new(chip, 1, false));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run_loaders");
    let _ = std::fs::remove_dir_all(&folder);
    for (i, case) in cases.iter().enumerate() {
        case.write(&folder.join(format!("case{i}")));
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run_loaders");
    let output = Command::new(python)
        .arg(scripts.join("run_loaders.py"))
        .arg(&folder)
        .env("PYTHONPATH", scripts.join("stand_in"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (i, case) in cases.iter().enumerate() {
        case.check(&found[format!("case{i}")]);
    }
    assert!(cases.iter().any(|case| case.chip.core == CoreVersion::V1));
}
