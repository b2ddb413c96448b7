//! The simulator against traces of `xylosim`, and against a plain transcription of its rules.

mod common;

use common::strategies::{cores, events, specifications};
use common::{Array, arrays, bytes, raster, raster_of};
use proptest::prelude::*;
use synnet_ir::Raster;
use synnet_xylo::chip::CoreVersion;
use synnet_xylo::simulate::{PopulationTrace, Record, SimulationTrace, Simulator};
use synnet_xylo::specification::Specification;

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
    for name in [
        "map_kws_audio3",
        "map_tutorial_audio3",
        "map_recurrent_audio2",
        "map_recurrent_audio3",
        "map_recurrent_imu",
        "map_two_synapses_audio2",
        "map_vmem_readout_audio3",
    ] {
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
            if let Some(isyn2) = &hidden.isyn2 {
                same(name, isyn2, get("rec_Isyn2"));
            }
            same(name, &recording.readout.vmem, get("rec_Vmem_out"));
            same(name, &recording.readout.isyn, get("rec_Isyn_out"));
        }
    }
}

/// The rules of the chip, one neuron and one weight at a time, in wide integers.
struct ReferenceModel<'a> {
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

impl<'a> ReferenceModel<'a> {
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
        for (i, &count) in events.iter().enumerate().filter(|(_, count)| **count > 0) {
            for t in 0..d.input_expansion {
                for k in 0..d.synapses {
                    let weight = s.weights_in[(i * d.input_expansion + t) * d.synapses + k];
                    deliver(&mut self.hidden[t], k, i64::from(count.min(15)), weight, s.weight_shift_in);
                }
            }
        }
        for (i, &count) in spikes.iter().enumerate().filter(|(_, count)| **count > 0) {
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

fn assert_equal(plain: &[Neuron], record: &PopulationTrace, step: usize) {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn simulator_follows_the_plain_rules(
        mut specification in specifications(),
        core in cores(),
        events in events(120),
    ) {
        if core == CoreVersion::V1 {
            specification.bias.fill(0);
            specification.bias_out.fill(0);
        }
        let inputs = specification.dimensions.inputs;
        let events = &events[..events.len() / inputs * inputs];
        let mut chip = Simulator::with_core(&specification, core).unwrap();
        let recording = chip.run(&raster_of(inputs, events), Record::All).unwrap();
        let mut plain = ReferenceModel::new(&specification, core);
        for (step, events) in events.chunks_exact(inputs).enumerate() {
            plain.step(events);
            assert_equal(&plain.hidden, recording.hidden.as_ref().unwrap(), step);
            assert_equal(&plain.readout, &recording.readout, step);
        }
        let hidden = (plain.hidden, recording.hidden.as_ref().unwrap());
        for (plain, record) in [hidden, (plain.readout, &recording.readout)] {
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
    let counts = input.counts().unwrap();
    let inputs = specification.dimensions.inputs;
    let [first_half, second_half] = {
        let (first, second) = counts.split_at(input.steps() / 2 * inputs);
        [first, second].map(|events| raster_of(inputs, events))
    };
    let mut chip = Simulator::new(&specification).unwrap();
    let whole = chip.run(&input, Record::All).unwrap();
    chip.reset();
    let first = chip.run(&first_half, Record::All).unwrap();
    let second = chip.run(&second_half, Record::All).unwrap();
    let joined = [first.hidden.unwrap().vmem, second.hidden.unwrap().vmem].concat();
    assert_eq!(joined, whole.hidden.as_ref().unwrap().vmem);

    chip.reset();
    for (step, events) in counts.chunks_exact(inputs).enumerate() {
        let of_step = step * chip.outputs()..(step + 1) * chip.outputs();
        assert_eq!(chip.step(events), &whole.output()[of_step.clone()]);
        assert_eq!(chip.readout_vmem(), &whole.readout.vmem[of_step.clone()]);
        assert_eq!(chip.readout_isyn(), &whole.readout.isyn[of_step]);
    }
    assert!(whole.hidden.as_ref().unwrap().spikes.ends_with(chip.hidden_spikes()));
    assert_eq!(chip.clipped_events(), whole.clipped_events);

    let batch = chip.run_batch(&[first_half, input.clone()], Record::All).unwrap();
    assert_eq!(batch[1], whole);
    let outputs = |recording: &SimulationTrace| recording.output().len();
    assert_eq!(outputs(&batch[0]) * 2, outputs(&whole));
}

#[test]
fn missing_channels_are_silent_and_surplus_ones_ignored() {
    let specification = Specification::from_npz(&bytes("raw_3")).unwrap().specification;
    let mut chip = Simulator::new(&specification).unwrap();
    let inputs = chip.inputs();
    let mut steps = |events: [&[u8]; 3]| {
        chip.reset();
        events.map(|events| {
            (chip.step(events).to_vec(), chip.readout_vmem().to_vec(), chip.hidden_spikes().to_vec())
        })
    };
    let (all, silent) = (vec![9; inputs + 1], vec![0; inputs]);
    let exact = steps([&all[..inputs], &[&all[..1], &silent[1..]].concat(), &silent]);
    assert_eq!(steps([&all, &all[..1], &[]]), exact);
    assert!(exact[0].2.iter().any(|&n| n > 0));
}

#[test]
fn rasters_that_do_not_fit_are_refused() {
    let specification = Specification::from_npz(&bytes("raw_0")).unwrap().specification;
    let mut chip = Simulator::new(&specification).unwrap();
    let mut refusal = |raster| chip.run(&raster, Record::Readout).unwrap_err().to_string();
    assert_eq!(
        refusal(Raster::from([[0; 14]].to_vec())),
        "the raster has 14 channels; the chip has 13 input channels"
    );
    let mut values = vec![1.0; 2 * 13];
    values[13 + 4] = 0.5;
    assert_eq!(
        refusal(Raster::from_dense(13, 2, values).unwrap()),
        "a chip takes event counts: the value is 0.5 in step 1, channel 4; counts of events are whole numbers \
         from 0 to 255"
    );
}
