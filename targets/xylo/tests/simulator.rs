//! The simulator against recordings of `xylosim`, and against a plain transcription of its rules.

mod common;

use common::{Array, arrays, bytes, raster};
use proptest::prelude::*;
use synnet_xylo::chip::CoreVersion;
use synnet_xylo::simulate::{PopulationRecord, Record, Recording, Simulator};
use synnet_xylo::specification::{Dimensions, Specification};

fn same<T: Copy + Into<f64>>(name: &str, ours: &[T], theirs: &Array) {
    assert_eq!(ours.len(), theirs.data.len(), "{name}: length");
    for (i, (&a, &b)) in ours.iter().zip(&theirs.data).enumerate() {
        let neurons = theirs.shape[1];
        assert_eq!(a.into(), b, "{name}: step {}, neuron {}", i / neurons, i % neurons);
    }
}

#[test]
fn every_state_equals_xylosim_on_random_specifications() {
    for case in 0..12 {
        let name = format!("raw_{case}");
        let loaded = Specification::from_npz(&bytes(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let golden = arrays(&name);
        let mut chip = Simulator::new(&loaded.specification).unwrap();
        let recording = chip.run(&raster(&golden["input"]), Record::All).unwrap();
        let hidden = recording.hidden.as_ref().unwrap();
        same(&name, recording.output(), &golden["out"]);
        same(&name, &hidden.spikes, &golden["rec_Spikes"]);
        same(&name, &hidden.vmem, &golden["rec_Vmem"]);
        same(&name, &hidden.isyn, &golden["rec_Isyn"]);
        same(&name, hidden.isyn2.as_ref().unwrap(), &golden["rec_Isyn2"]);
        same(&name, &recording.readout.vmem, &golden["rec_Vmem_out"]);
        same(&name, &recording.readout.isyn, &golden["rec_Isyn_out"]);
    }
}

#[test]
fn every_state_equals_xylosim_on_mapped_networks() {
    for name in ["map_kws_audio3", "map_tutorial_audio3", "map_recurrent_audio3", "map_vmem_readout_audio3"] {
        let golden = arrays(name);
        for prefix in ["channel", "global"] {
            let specification = common::specification(&golden, prefix);
            let mut chip = Simulator::new(&specification).unwrap();
            let recording = chip.run(&raster(&golden["input"]), Record::All).unwrap();
            let hidden = recording.hidden.as_ref().unwrap();
            let get = |what: &str| &golden[&format!("{prefix}_{what}")];
            same(name, recording.output(), get("out"));
            same(name, &hidden.spikes, get("rec_Spikes"));
            same(name, &hidden.vmem, get("rec_Vmem"));
            same(name, &hidden.isyn, get("rec_Isyn"));
            same(name, &recording.readout.vmem, get("rec_Vmem_out"));
            same(name, &recording.readout.isyn, get("rec_Isyn_out"));
        }
    }
}

/// The rules of the chip, one neuron and one weight at a time, in wide integers.
struct Plain<'a> {
    s: &'a Specification,
    core: CoreVersion,
    hidden: Vec<Neuron>,
    readout: Vec<Neuron>,
}

#[derive(Clone, Default)]
struct Neuron {
    isyn: [i64; 2],
    vmem: i64,
    spikes: i64,
    /// Whether a rail was met in this step.
    clamped: bool,
    /// In how many steps so far.
    saturations: u32,
}

fn wrap(x: i64) -> i64 {
    i64::from(x as i16)
}

fn leak(x: i64, dash: u8) -> i64 {
    match x >> dash {
        0 if x > 0 => 1,
        amount => amount,
    }
}

impl<'a> Plain<'a> {
    fn new(s: &'a Specification, core: CoreVersion) -> Self {
        let population = |n| vec![Neuron::default(); n];
        Self { s, core, hidden: population(s.dimensions.hidden), readout: population(s.dimensions.outputs) }
    }

    fn step(&mut self, events: &[u8]) {
        let (s, d) = (self.s, self.s.dimensions);
        let spikes: Vec<i64> = self.hidden.iter().map(|neuron| neuron.spikes).collect();
        let deliver = |target: &mut Neuron, synapse: usize, count: i64, weight: i8, shift: u8| {
            for _ in 0..count {
                let sum = target.isyn[synapse] + wrap(i64::from(weight) << shift);
                target.isyn[synapse] = target.saturate(sum);
            }
        };
        for (i, &count) in events.iter().enumerate() {
            for t in 0..d.input_expansion {
                for k in 0..d.synapses {
                    let weight = s.weights_in[(i * d.input_expansion + t) * d.synapses + k];
                    deliver(&mut self.hidden[t], k, i64::from(count.min(15)), weight, s.weight_shift_in);
                }
            }
        }
        for (i, &count) in spikes.iter().enumerate() {
            for t in 0..d.hidden {
                for k in 0..d.synapses {
                    let weight = s.weights_rec[(i * d.hidden + t) * d.synapses + k];
                    deliver(&mut self.hidden[t], k, count, weight, s.weight_shift_rec);
                }
            }
        }
        let first = d.hidden - d.output_expansion;
        for (i, &count) in spikes.iter().enumerate().skip(first) {
            for t in 0..d.outputs {
                let weight = s.weights_out[(i - first) * d.outputs + t];
                deliver(&mut self.readout[t], 0, count, weight, s.weight_shift_out);
            }
        }
        let version = self.core;
        self.hidden.iter_mut().chain(&mut self.readout).for_each(|neuron| neuron.spikes = 0);
        for k in 0..d.hidden {
            let dashes = [s.dash_syn[k], s.dash_syn_2[k]];
            let constants = (s.dash_mem[k], i64::from(s.threshold[k]), i64::from(s.bias[k]));
            self.hidden[k].update(version, &dashes[..d.synapses], constants, 31);
            if let Some(target) = s.alias_target[k] {
                self.hidden[target].spikes = (self.hidden[target].spikes + self.hidden[k].spikes).min(31);
            }
        }
        for k in 0..d.outputs {
            let constants = (s.dash_mem_out[k], i64::from(s.threshold_out[k]), i64::from(s.bias_out[k]));
            self.readout[k].update(version, &[s.dash_syn_out[k]], constants, 1);
        }
    }
}

impl Neuron {
    fn saturate(&mut self, x: i64) -> i64 {
        let clamped = x.clamp(-32768, 32767);
        self.clamped |= x != clamped;
        clamped
    }

    fn update(
        &mut self,
        core: CoreVersion,
        dashes: &[u8],
        (dash_mem, threshold, bias): (u8, i64, i64),
        cap: i64,
    ) {
        let mut total = 0;
        for (isyn, &dash) in self.isyn.iter_mut().zip(dashes) {
            *isyn = wrap(*isyn - leak(*isyn, dash));
            total += *isyn;
        }
        let loss = leak(self.vmem, dash_mem);
        self.vmem = match core {
            CoreVersion::V1 => self.saturate(wrap(self.vmem - loss) + total),
            CoreVersion::V2 => {
                let change = self.saturate(wrap(-loss) + total);
                let change = self.saturate(change + bias);
                self.saturate(self.vmem + change)
            }
        };
        self.saturations += u32::from(std::mem::take(&mut self.clamped));
        while self.vmem >= threshold && self.spikes < cap {
            self.spikes += 1;
            self.vmem = wrap(self.vmem - threshold);
        }
    }
}

fn numbers<T: Copy>(values: &[T], get: impl Fn(T) -> i64) -> Vec<i64> {
    values.iter().map(|&x| get(x)).collect()
}

fn assert_equal(plain: &[Neuron], record: &PopulationRecord, step: usize) {
    let n = record.neurons;
    let range = step * n..(step + 1) * n;
    let of = |get: fn(&Neuron) -> i64| plain.iter().map(get).collect::<Vec<i64>>();
    assert_eq!(numbers(&record.isyn[range.clone()], i64::from), of(|x| x.isyn[0]), "isyn, step {step}");
    if let Some(isyn2) = &record.isyn2 {
        assert_eq!(numbers(&isyn2[range.clone()], i64::from), of(|x| x.isyn[1]), "isyn2, step {step}");
    }
    assert_eq!(numbers(&record.vmem[range.clone()], i64::from), of(|x| x.vmem), "vmem, step {step}");
    assert_eq!(numbers(&record.spikes[range], i64::from), of(|x| x.spikes), "spikes, step {step}");
}

/// Values from the whole range, with a leaning to small ones and to the ends.
fn state() -> impl Strategy<Value = i16> {
    prop_oneof![-300..300i16, any::<i16>(), Just(i16::MAX), Just(i16::MIN)]
}

fn weight() -> impl Strategy<Value = i8> {
    prop_oneof![2 => Just(0), 3 => any::<i8>(), 1 => Just(i8::MIN), 1 => Just(i8::MAX)]
}

prop_compose! {
    fn dimensions()(
        inputs in 1..5usize, hidden in 1..40usize, outputs in 1..4usize, synapses in 1..3usize
    )(
        input_expansion in 1..=hidden, output_expansion in 1..=hidden,
        (inputs, hidden, outputs, synapses) in Just((inputs, hidden, outputs, synapses))
    ) -> Dimensions {
        Dimensions { inputs, input_expansion, hidden, output_expansion, outputs, synapses }
    }
}

fn specifications() -> impl Strategy<Value = Specification> {
    use proptest::collection::vec;
    dimensions().prop_flat_map(|d| {
        let weights = (
            vec(weight(), d.inputs * d.input_expansion * d.synapses),
            vec(weight(), d.hidden * d.hidden * d.synapses),
            vec(weight(), d.output_expansion * d.outputs),
        );
        let dashes = move |n: usize| vec(0..16u8, n);
        let leaks =
            (dashes(d.hidden), dashes(d.hidden), dashes(d.hidden), dashes(d.outputs), dashes(d.outputs));
        let values = (
            vec(state(), d.hidden),
            vec(state(), d.outputs),
            vec(state(), d.hidden),
            vec(state(), d.outputs),
        );
        let aliases = vec(proptest::option::weighted(0.2, 0..d.hidden), d.hidden);
        (weights, (0..8u8, 0..8u8, 0..8u8), leaks, values, aliases, any::<bool>()).prop_map(
            move |(weights, shifts, leaks, values, alias_target, biased)| Specification {
                dimensions: d,
                weights_in: weights.0,
                weights_rec: weights.1,
                weights_out: weights.2,
                weight_shift_in: shifts.0,
                weight_shift_rec: shifts.1,
                weight_shift_out: shifts.2,
                dash_mem: leaks.0,
                dash_syn: leaks.1,
                dash_syn_2: leaks.2,
                dash_mem_out: leaks.3,
                dash_syn_out: leaks.4,
                threshold: values.0,
                threshold_out: values.1,
                bias: values.2.into_iter().map(|b| if biased { b } else { 0 }).collect(),
                bias_out: values.3.into_iter().map(|b| if biased { b } else { 0 }).collect(),
                alias_target,
            },
        )
    })
}

fn core() -> impl Strategy<Value = CoreVersion> {
    prop_oneof![Just(CoreVersion::V1), Just(CoreVersion::V2)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn simulator_follows_the_plain_rules(
        mut specification in specifications(),
        core in core(),
        events in proptest::collection::vec(prop_oneof![3 => Just(0u8), 2 => 0..4u8, 1 => any::<u8>()], 4 * 30),
    ) {
        if core == CoreVersion::V1 {
            specification.bias.fill(0);
            specification.bias_out.fill(0);
        }
        let inputs = specification.dimensions.inputs;
        let events = &events[..events.len() / inputs * inputs];
        let mut chip = Simulator::with_core(&specification, core).unwrap();
        let recording = chip.run(events, Record::All).unwrap();
        let mut plain = Plain::new(&specification, core);
        for (step, events) in events.chunks_exact(inputs).enumerate() {
            plain.step(events);
            assert_equal(&plain.hidden, recording.hidden.as_ref().unwrap(), step);
            assert_equal(&plain.readout, &recording.readout, step);
        }
        for (plain, record) in [(plain.hidden, recording.hidden.as_ref().unwrap()), (plain.readout, &recording.readout)] {
            let counts: Vec<u32> = plain.iter().map(|neuron| neuron.saturations).collect();
            prop_assert_eq!(&counts, &record.saturations);
        }
        let dropped: u64 = events.iter().map(|&n| u64::from(n.saturating_sub(15))).sum();
        prop_assert_eq!(recording.clipped_events, dropped);

        let read = Specification::from_npz(&specification.to_npz().unwrap()).unwrap();
        prop_assert_eq!(&read.specification, &specification);
    }
}

#[test]
fn state_survives_between_runs_until_reset() {
    let golden = arrays("raw_3");
    let specification = Specification::from_npz(&bytes("raw_3")).unwrap().specification;
    let input = raster(&golden["input"]);
    let half = input.len() / 2 / specification.dimensions.inputs * specification.dimensions.inputs;
    let mut chip = Simulator::new(&specification).unwrap();
    let whole = chip.run(&input, Record::All).unwrap();
    chip.reset();
    let first = chip.run(&input[..half], Record::All).unwrap();
    let second = chip.run(&input[half..], Record::All).unwrap();
    let joined = [first.hidden.unwrap().vmem, second.hidden.unwrap().vmem].concat();
    assert_eq!(joined, whole.hidden.as_ref().unwrap().vmem);

    let batch = chip.run_batch(&[&input[..half], &input], Record::All).unwrap();
    assert_eq!(batch[1], whole);
    let outputs = |recording: &Recording| recording.output().len();
    assert_eq!(outputs(&batch[0]) * 2, outputs(&whole));
}

#[test]
fn ragged_rasters_are_refused() {
    let specification = Specification::from_npz(&bytes("raw_0")).unwrap().specification;
    let error = Simulator::new(&specification).unwrap().run(&[0; 14], Record::Readout).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a raster of 14 values does not consist of whole steps of 13 input channels"
    );
}
