//! Cycles, clock and power, against Rockpool's model on reference networks.

mod common;

use std::slice;

use common::random::Random;
use common::{arrays, raster, specification};
use synnet_xylo::cost::{Activity, NeuronGroup, clock, cost, power};
use synnet_xylo::simulate::Record;
use synnet_xylo::specification::Dimensions;
use synnet_xylo::{chip::Chip, simulate::Simulator};

fn chip(name: &str) -> &'static Chip {
    Chip::find(name).unwrap()
}

/// A folder of reference cases besides those of this project.
const MORE_CASES: &str = "SYNNET_XYLO_CASES";

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs()
}

#[test]
fn cycles_and_clock_are_those_of_rockpool() {
    let mut folders = vec![format!("{}/../../tests/golden/xylo", env!("CARGO_MANIFEST_DIR"))];
    folders.extend(std::env::var(MORE_CASES));
    let mut compared = 0;
    for folder in folders {
        for file in std::fs::read_dir(&folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let Some(case) = name.strip_suffix(".npz").filter(|name| name.starts_with("map_")) else {
                continue;
            };
            let chip = chip(&format!("xylo-{}", case.rsplit('_').next().unwrap()));
            let golden = common::arrays_of(&std::fs::read(format!("{folder}/{name}")).unwrap());
            for quantizer in ["channel", "global"] {
                let Some(expected) = golden.get(&format!("{quantizer}_cycles")) else { continue };
                let spec = specification(&golden, quantizer);
                let worst = Activity::worst_case(&spec);
                let cost = cost(&spec, chip, &NeuronGroup::populations(&spec), &worst).unwrap();
                let place = format!("{case}, {quantizer}");
                assert!(
                    close(cost.cycles, expected.data[0]),
                    "{place}: {} {}",
                    cost.cycles,
                    expected.data[0]
                );
                if let Some(second) = cost.second_synapse_operations {
                    assert!(close(second, expected.data[1]), "{place}: {second} {}", expected.data[1]);
                }
                let hertz = 1e6 * clock(chip, cost.cycles, golden["dt"].data[0]).suggested_mhz;
                assert!(close(hertz, golden[&format!("{quantizer}_clock_hz")].data[0]), "{place}: {hertz}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 15, "only {compared} cases were compared");
}

#[test]
fn layer_costs_sum_up_and_predict_savings_per_neuron() {
    let dimensions =
        Dimensions { inputs: 3, input_expansion: 5, hidden: 9, output_expansion: 4, outputs: 2, synapses: 1 };
    for name in ["xylo-audio2", "xylo-audio3"] {
        let mut spec = Random(5).specification(dimensions, false, false);
        spec.weights_in.fill(1);
        spec.weights_out.fill(1);
        // The second layer has no connections of its own.
        let second = 5..9;
        for source in second.clone() {
            for target in second.clone() {
                spec.weights_rec[source * 9 + target] = 0;
            }
        }
        let section = |name: &str, ids, readout| NeuronGroup { name: name.into(), ids, readout };
        let sections =
            [section("a", 0..5, false), section("b", second.clone(), false), section("out", 0..2, true)];
        let activity = Activity { input: 0.5, hidden: (0..9).map(|n| f64::from(n) / 10.0).collect() };
        let of = |spec: &synnet_xylo::specification::Specification, activity: &Activity| {
            cost(spec, chip(name), &NeuronGroup::populations(spec), activity).unwrap()
        };
        let whole = of(&spec, &activity);
        let parts = cost(&spec, chip(name), &sections, &activity).unwrap();
        assert!(close(parts.cycles, whole.cycles), "{name}");
        let sum = parts.channels + parts.layers.iter().map(|layer| layer.cycles()).sum::<f64>();
        assert!(close(parts.cycles, sum), "{name}");

        // Removing each neuron of the second layer in turn saves on average what is promised, but for the change of
        // the mean activity.
        let worst = Activity::worst_case(&spec);
        let promised = cost(&spec, chip(name), &sections, &worst).unwrap().layers[1].saved_by_one_less;
        let saved: Vec<f64> = second
            .map(|gone| {
                let less = without(&spec, gone);
                of(&spec, &worst).cycles - of(&less, &Activity::worst_case(&less)).cycles
            })
            .collect();
        let mean = saved.iter().sum::<f64>() / saved.len() as f64;
        assert!(close(promised, mean), "{name}: {promised} {mean}");
    }
}

/// The specification without one of the hidden neurons that feed the readout and take no input.
fn without(
    spec: &synnet_xylo::specification::Specification,
    gone: usize,
) -> synnet_xylo::specification::Specification {
    let d = spec.dimensions;
    let keep = |n: usize| n != gone;
    let rows = (0..d.hidden).filter(|&n| keep(n));
    let weights_rec = rows
        .flat_map(|s| (0..d.hidden).filter(|&t| keep(t)).map(move |t| spec.weights_rec[s * d.hidden + t]));
    let weights_rec = weights_rec.collect();
    let mut less = spec.clone();
    less.dimensions = Dimensions { hidden: d.hidden - 1, output_expansion: d.output_expansion - 1, ..d };
    less.weights_rec = weights_rec;
    less.weights_out.truncate((d.output_expansion - 1) * d.outputs);
    for list in [&mut less.dash_mem, &mut less.dash_syn, &mut less.dash_syn_2] {
        list.pop();
    }
    less.threshold.pop();
    less.bias.pop();
    less.alias_target.pop();
    less
}

#[test]
fn activity_is_measured_in_recordings() {
    let golden = arrays("map_tutorial_audio3");
    let spec = specification(&golden, "channel");
    let raster = raster(&golden["input"]);
    let record = |record| vec![Simulator::new(&spec).unwrap().run(&raster, record).unwrap()];
    let activity = Activity::measured(slice::from_ref(&raster), &record(Record::All)).unwrap();
    let share = |name: &str| {
        let data = &golden[name].data;
        data.iter().filter(|&&x| x > 0.0).count() as f64 / data.len() as f64
    };
    assert!(close(activity.input, share("input")));
    assert!((activity.mean_hidden() - share("channel_rec_Spikes")).abs() < 1e-12);
    assert_eq!(Activity::measured(slice::from_ref(&raster), &record(Record::Readout)), None);

    let sections = NeuronGroup::populations(&spec);
    let of = |activity: &Activity| cost(&spec, chip("xylo-audio3"), &sections, activity).unwrap().cycles;
    assert!(of(&activity) < of(&Activity::worst_case(&spec)));
    assert_eq!(cost(&spec, chip("xylo-1"), &sections, &activity), None, "no model of this chip is known");
}

#[test]
fn clocks_and_power_come_from_the_chip() {
    let audio3 = chip("xylo-audio3");
    // 12,036 cycles in steps of 1 ms and of 0.1 ms, and more than any clock has.
    let choice =
        |cycles, dt| (clock(audio3, cycles, dt).suggested_mhz, clock(audio3, cycles, dt).documented_mhz);
    assert_eq!(choice(12_000.0, 1e-3), (14.4, Some(25.0)));
    assert_eq!(choice(12_000.0, 1e-2).1, Some(6.25));
    assert_eq!(choice(12_000.0, 1e-4).1, None);
    let range = power(audio3, 12.5).unwrap();
    assert_eq!((range.low_uw, range.high_uw), (145.0 + 25.0 * 12.5, 145.0 + 29.0 * 12.5));
    assert_eq!(range.energy_uj(0.5), [range.low_uw / 2.0, range.high_uw / 2.0]);
    // Every measurement on this chip lies within the range, give or take what the lines were fitted to.
    for measured in &audio3.power.as_ref().unwrap().measured {
        let range = power(audio3, measured.mhz).unwrap();
        assert!((range.low_uw - 5.0..=range.high_uw + 5.0).contains(&measured.uw), "{measured:?}");
    }
    let audio2 = chip("xylo-audio2");
    let range = power(audio2, 6.25).unwrap();
    assert_eq!((range.low_uw, range.high_uw), (250.0, 271.0));
    assert_eq!(power(audio2, 12.5), None, "power was measured at one clock only");
    assert_eq!(power(chip("xylo-1"), 12.5), None);
}
