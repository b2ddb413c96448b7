//! The quantizer: what always holds, and how close the chip comes to the float network.

mod common;

use common::{float, network};
use proptest::prelude::*;
use synnet_ir::graph::Quantity;
use synnet_ir::{Network, Raster, timing};
use synnet_xylo::quantize::{LayerRange, Method};
use synnet_xylo::simulate::{Record, SimulationTrace, Simulator};
use synnet_xylo::{
    BuildOptions, FloatSpecification, build, build_with,
    chip::Chip,
    map::{MapOptions, map},
    quantize::{QuantizeOptions, Ranges, quantize},
};

/// A plain counter-based generator, so that the figures below stay what they are.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.next()).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// A SynNet 16-60-60-60-10 at 10 ms with time constants of 20, 40, 80 and 160 ms, and a membrane readout. Weights are
/// Gaussian with a few large ones, as training leaves them.
fn synnet(random: &mut Random) -> FloatSpecification {
    let dt = 10e-3;
    let tau = |ms: f64| timing::quantized_tau(ms * 1e-3, dt);
    let sizes = [16, 60, 60, 60, 10];
    let slow = [20.0, 40.0, 80.0, 160.0].map(tau);
    let taus = |n: usize, kinds: usize| -> Vec<f64> { (0..n).map(|i| slow[i % kinds]).collect() };
    let mut layers: Vec<_> = [(60, 2), (60, 4), (60, 4)]
        .iter()
        .enumerate()
        .map(|(i, &(n, kinds))| {
            let lif = network::lif(&[tau(20.0)], &taus(n, kinds), 31);
            network::layer(&format!("h{i}"), n, lif, network::line(i))
        })
        .collect();
    let mut out = network::lif(&[tau(20.0)], &[tau(20.0)], 1);
    out.threshold.values = vec![32767.0];
    layers.push(network::layer("out", 10, out, network::line(9)));
    let mut graph = network::chain(dt, 16, layers);
    graph.output.quantity = Quantity::Vmem;
    let gain = [0.5, 0.55, 0.5, 0.3];
    let weights: Vec<Vec<f32>> = (0..4)
        .map(|i| {
            let (rows, columns) = (sizes[i], sizes[i + 1]);
            let width = (2.0 / rows as f64).sqrt() * gain[i];
            let tail = |random: &mut Random| if random.next() < 0.03 { 3.0 } else { 1.0 };
            let scale = |column: usize| {
                if i < 3 { 2.0 * dt / taus(columns, if i == 0 { 2 } else { 4 })[column] } else { 1.0 }
            };
            (0..rows * columns)
                .map(|j| {
                    (random.normal() * tail(random) * width * scale(j % columns)
                        + 0.1 * width * scale(j % columns)) as f32
                })
                .collect()
        })
        .collect();
    map(&network::bind(&graph, &weights), Chip::find("xylo-audio3").unwrap()).unwrap()
}

fn raster(random: &mut Random, steps: usize) -> Raster {
    let mut rates = [0.0; 16];
    let mut raster = Vec::new();
    for t in 0..steps {
        if t % 10 == 0 {
            rates.fill_with(|| 3.0 * random.next().powi(3));
        }
        raster.push(rates.map(|rate| (rate + random.next()) as u8));
    }
    raster.into()
}

/// How the chip compares with the float network.
#[derive(Debug, Default)]
struct Agreement {
    /// For each hidden layer: spikes per neuron per step in float; share of spikes that differ.
    rates: [f64; 3],
    differing: [f64; 3],
    /// The same for the counts of a neuron over a whole sample.
    counts: [f64; 3],
    /// Root mean square error of the readout's membrane, relative to the membrane's.
    vmem_error: f64,
    /// Samples whose largest mean membrane potential is the same class.
    same_class: usize,
    /// Number of saturated states, over steps and neurons.
    saturated: usize,
}

/// Counts saturated states.
fn saturated(recording: &SimulationTrace) -> usize {
    let populations = [Some(&recording.readout), recording.hidden.as_ref()].into_iter().flatten();
    let states = populations.flat_map(|population| population.vmem.iter().chain(&population.isyn));
    states.filter(|x| **x == i16::MAX || **x == i16::MIN).count()
}

fn compare(options: &QuantizeOptions, measured: bool, nets: u64) -> Agreement {
    let mut sum = Agreement::default();
    let per_net = 20;
    for seed in 0..nets {
        let mut random = Random(seed);
        let spec = synnet(&mut random);
        let rasters: Vec<Raster> = (0..2 * per_net).map(|_| raster(&mut random, 70)).collect();
        let mut options = options.clone();
        if measured {
            let mut ranges: Option<Ranges> = None;
            for raster in &rasters[per_net..] {
                let one = float::run(&spec, raster).ranges;
                match &mut ranges {
                    None => ranges = Some(one),
                    Some(all) => {
                        for (a, b) in all.layers.iter_mut().zip(one.layers) {
                            a.vmem.iter_mut().zip(b.vmem).for_each(|(a, b)| *a = a.max(b));
                            a.isyn.iter_mut().zip(b.isyn).for_each(|(a, b)| *a = a.max(b));
                        }
                    }
                }
            }
            options.ranges = ranges;
        }
        let (quantized, report) = quantize(&spec, Chip::find("xylo-audio3").unwrap(), &options).unwrap();
        let mut chip = Simulator::new(&quantized).unwrap();
        for raster in &rasters[..per_net] {
            let float = float::run(&spec, raster);
            chip.reset();
            let recording = chip.run(raster, Record::All).unwrap();
            let hidden = recording.hidden.as_ref().unwrap();
            for (l, ids) in [0..60, 60..120, 120..180].into_iter().enumerate() {
                let (mut count, mut differing) = (0.0, 0.0);
                let mut excess = [0.0; 180];
                for (t, spikes) in float.spikes.iter().enumerate() {
                    for n in ids.clone() {
                        count += spikes[n];
                        excess[n] += spikes[n] - f64::from(hidden.spikes[t * 180 + n]);
                        differing += (spikes[n] - f64::from(hidden.spikes[t * 180 + n])).abs();
                    }
                }
                sum.rates[l] += count / (60.0 * 70.0) / (per_net as f64 * nets as f64);
                sum.counts[l] += excess.iter().map(|x: &f64| x.abs()).sum::<f64>()
                    / count.max(1.0)
                    / (per_net as f64 * nets as f64);
                sum.differing[l] += differing / count.max(1.0) / (per_net as f64 * nets as f64);
            }
            sum.saturated += saturated(&recording);
            let (mut error, mut power) = (0.0, 0.0);
            let mut means = [[0.0; 10]; 2];
            for (t, vmem) in float.vmem_out.iter().enumerate() {
                for (n, &v) in vmem.iter().enumerate() {
                    let chip = f64::from(recording.readout.vmem[t * 10 + n]) / report.scale_out[n];
                    error += (v - chip).powi(2);
                    power += v * v;
                    means[0][n] += v;
                    means[1][n] += chip;
                }
            }
            sum.vmem_error += (error / power).sqrt() / (per_net as f64 * nets as f64);
            let class = |means: &[f64; 10]| (0..10).max_by(|&a, &b| means[a].total_cmp(&means[b])).unwrap();
            sum.same_class += usize::from(class(&means[0]) == class(&means[1]));
        }
    }
    sum
}

/// The figures of `docs/quantization.md`, with some tolerance.
#[test]
fn the_chip_stays_close_to_the_float_network() {
    let options = QuantizeOptions::default();
    let default = compare(&options, false, 3);
    let measured = compare(&options, true, 3);
    let unshifted = compare(&options.with_weight_shifts(false), true, 3);
    for agreement in [&default, &measured, &unshifted] {
        assert_eq!(agreement.saturated, 0, "{agreement:.3?}");
        assert!(agreement.counts[2] < 0.04, "{agreement:.3?}");
        assert!(agreement.vmem_error < 0.12, "{agreement:.3?}");
        assert!(agreement.same_class >= 54, "{agreement:.3?}");
    }
    assert!(measured.differing[0] < default.differing[0], "{measured:.3?} {default:.3?}");
}

/// Networks with weights of the initial distribution, some of which spike as often as they can: what the estimates of
/// no quantizer foresee, and ranges do.
#[test]
fn measured_ranges_prevent_saturation() {
    let chip = Chip::find("xylo-audio3").unwrap();
    for name in ["kws", "tutorial", "vmem_readout", "recurrent"] {
        let case = common::arrays(&format!("map_{name}_audio3"));
        let float = map(&network::of_case(&case), chip).unwrap();
        let raster = common::raster(&case["input"]);
        let trace = float::run(&float, &raster);
        let expected: f64 = trace.spikes.iter().flatten().sum();
        for ranges in [None, Some(trace.ranges)] {
            let measured = ranges.is_some();
            let (quantized, _) = quantize(&float, chip, &QuantizeOptions::new().with_ranges(ranges)).unwrap();
            let recording = Simulator::new(&quantized).unwrap().run(&raster, Record::All).unwrap();
            let spikes: f64 = recording.hidden.as_ref().unwrap().spikes.iter().map(|&n| f64::from(n)).sum();
            assert!((spikes / expected - 1.0).abs() < 0.02, "{name}: {spikes} spikes, {expected} in float");
            assert!(!measured || saturated(&recording) == 0, "{name}");
        }
    }
}

/// Magnitudes over many decades.
fn magnitude() -> impl Strategy<Value = f64> {
    (-4.0..3.0f64).prop_map(|x| 10f64.powf(x))
}

/// Nothing measured, or one range for each of two layers.
fn ranges() -> impl Strategy<Value = Option<Ranges>> {
    let layer = (magnitude(), magnitude()).prop_map(|(v, i)| LayerRange { vmem: vec![v], isyn: vec![i] });
    let layer = prop_oneof![3 => layer, 1 => Just(LayerRange::default())];
    proptest::option::of(proptest::collection::vec(layer, 0..3).prop_map(|layers| Ranges { layers }))
}

/// Everything that the methods of this project take.
fn options() -> impl Strategy<Value = QuantizeOptions> {
    let method = prop_oneof![Just(Method::Channel), Just(Method::Global)];
    let clip = proptest::option::of(20.0..=100.0f64);
    let bits = proptest::option::of(2..=8u32);
    (method, any::<bool>(), any::<bool>(), 1.0..4.0f64, clip, bits, ranges()).prop_map(
        |(method, weight_shifts, refine, headroom, clip, weight_bits, ranges)| {
            let options = QuantizeOptions::new().with_method(method).with_weight_shifts(weight_shifts);
            let options = options.with_refine(refine).with_headroom(headroom);
            options.with_clip(clip).with_weight_bits(weight_bits).with_ranges(ranges)
        },
    )
}

prop_compose! {
    /// A recurrent layer between input and readout, with anything for numbers.
    fn networks()(
        quantity in prop_oneof![Just(Quantity::Spikes), Just(Quantity::Vmem), Just(Quantity::Isyn)],
        hidden in 1..8usize, outputs in 1..5usize,
        never in any::<bool>(), thresholds in proptest::collection::vec(magnitude(), 2),
        sizes in proptest::collection::vec(magnitude(), 3), biases in proptest::collection::vec(-3.0..3.0f64, 2),
        seed in any::<u64>(),
    ) -> FloatSpecification {
        let mut random = Random(seed);
        let neuron = |threshold: f64, bias: f64, cap: u32| {
            let mut lif = network::lif(&[20e-3], &[40e-3], cap);
            lif.threshold.values = vec![threshold];
            lif.bias.values = vec![bias];
            lif
        };
        let threshold_out = if never { 32767.0 } else { thresholds[1] };
        let layers = vec![
            network::layer("h", hidden, neuron(thresholds[0], biases[0], 31), network::line(1)),
            network::layer("out", outputs, neuron(threshold_out, biases[1], 1), network::line(2)),
        ];
        let mut graph = network::chain(10e-3, 3, layers);
        network::connect(&mut graph, network::from_layer(0), 0);
        graph.output.quantity = quantity;
        let mut draw = |n: usize, size: f64| -> Vec<f32> {
            (0..n).map(|_| if random.next() < 0.2 { 0.0 } else { (random.normal() * size) as f32 }).collect()
        };
        let weights =
            [draw(3 * hidden, sizes[0]), draw(hidden * outputs, sizes[1]), draw(hidden * hidden, sizes[2])];
        map(&network::bind(&graph, &weights), Chip::find("xylo-audio3").unwrap()).unwrap()
    }
}

proptest! {
    #[test]
    fn a_neuron_has_one_scale(spec in networks(), options in options()) {
        let bits = options.weight_bits.unwrap_or(8);
        let largest_shift = match (options.weight_shifts, &options.ranges) {
            (false, _) => 0,
            (true, None) => 8 - bits as u8,
            (true, Some(_)) => 7,
        };
        let limit = (1 << (bits - 1)) - 1;
        let (q, report) = quantize(&spec, Chip::find("xylo-audio3").unwrap(), &options).unwrap();
        q.check().unwrap();
        let d = spec.dimensions;
        let groups = [
            (&q.weights_in, &spec.weights_in, d.input_expansion, report.weight_shift_in, &report.scale),
            (&q.weights_rec, &spec.weights_rec, d.hidden, report.weight_shift_rec, &report.scale),
            (&q.weights_out, &spec.weights_out, d.outputs, report.weight_shift_out, &report.scale_out),
        ];
        let mut clipped = 0;
        for (chip, float, width, shift, scale) in groups {
            prop_assert!(shift <= largest_shift);
            for (i, (&chip, &float)) in chip.iter().zip(float).enumerate() {
                let chip = i32::from(chip);
                prop_assert!((-limit..=limit).contains(&chip));
                // Every weight is the nearest on its neuron's scale; only clipping lets weights saturate.
                let exact = float * scale[i % width] / f64::from(1 << shift);
                let off = (f64::from(chip) - exact).abs();
                let saturated = chip.abs() == limit && chip.signum() == float.signum() as i32;
                prop_assert!(off <= 0.5 + 1e-9 || (saturated && options.clip.is_some()), "{} for {}", chip, exact);
                clipped += usize::from(off > 0.5 + 1e-9);
            }
        }
        prop_assert_eq!(report.layers.iter().map(|layer| layer.saturated).sum::<usize>(), clipped);
        for n in 0..d.hidden {
            let exact = (spec.threshold[n] * report.scale[n]).max(1.0);
            prop_assert!((f64::from(q.threshold[n]) - exact).abs() <= 0.5 + 1e-9);
            prop_assert!((f64::from(q.bias[n]) - spec.bias[n] * report.scale[n]).abs() <= 0.5 + 1e-9);
            prop_assert!(options.method == Method::Channel || report.scale[n] == report.scale[0]);
        }
        for n in 0..d.outputs {
            let exact = (spec.threshold_out[n] * report.scale_out[n]).max(1.0);
            if report.silent_readout {
                prop_assert_eq!(q.threshold_out[n], i16::MAX);
                prop_assert!(spec.output != Quantity::Spikes);
            } else {
                prop_assert!((f64::from(q.threshold_out[n]) - exact).abs() <= 0.5 + 1e-9);
            }
            let shared = spec.output != Quantity::Spikes || options.method == Method::Global;
            prop_assert!(!shared || report.scale_out[n] == report.scale_out[0]);
        }
    }

    #[test]
    fn quantization_is_invariant_to_units(spec in networks(), options in options(), power in -8..8i32) {
        let factor = f64::from(power).exp2();
        let mut scaled = spec.clone();
        let groups = [
            &mut scaled.weights_in, &mut scaled.weights_rec, &mut scaled.weights_out, &mut scaled.threshold,
            &mut scaled.threshold_out, &mut scaled.bias, &mut scaled.bias_out,
        ];
        groups.into_iter().flatten().for_each(|x| *x *= factor);
        let chip = Chip::find("xylo-audio3").unwrap();
        let mut scaled_ranges = options.ranges.clone();
        for layer in scaled_ranges.iter_mut().flat_map(|ranges| &mut ranges.layers) {
            layer.vmem.iter_mut().chain(&mut layer.isyn).for_each(|x| *x *= factor);
        }
        let scaled_options = options.clone().with_ranges(scaled_ranges);
        let [(a, _), (b, _)] = [(&spec, options), (&scaled, scaled_options)]
            .map(|(spec, options)| quantize(spec, chip, &options).unwrap());
        prop_assert_eq!(a, b);
    }
}

#[test]
fn a_membrane_readout_does_not_lose_its_weights() {
    let case = common::arrays("map_vmem_readout_audio3");
    let chip = Chip::find("xylo-audio3").unwrap();
    let build = synnet_xylo::build(&network::of_case(&case), chip, &QuantizeOptions::default()).unwrap();
    assert!(build.report.silent_readout);
    assert_eq!(build.specification.threshold_out, [32767; 4]);
    assert_eq!(build.specification.weights_out.iter().map(|w| w.unsigned_abs()).max(), Some(127));
    assert!(build.report.layers.iter().all(|layer| !layer.dead && layer.weight_error < 0.01));
}

/// Shifts make up for missing bits of the weights, so that the states keep their resolution.
#[test]
fn fewer_bits_of_weights_leave_the_states_their_resolution() {
    let case = common::arrays("map_vmem_readout_audio3");
    let network = network::of_case(&case);
    let chip = Chip::find("xylo-audio3").unwrap();
    let of = |options| synnet_xylo::build(&network, chip, &options).unwrap();
    let unrefined = QuantizeOptions::new().with_refine(false);
    let whole = of(unrefined.clone());
    for bits in [2, 3, 5, 8] {
        let few = of(unrefined.clone().with_weight_bits(bits));
        let spec = &few.specification;
        let spare = 8 - bits as u8;
        assert!(spec.weight_shift_in.max(spec.weight_shift_rec) <= spare, "{bits} bits");
        assert_eq!(spec.weight_shift_out, spare, "{bits} bits");
        let weights = spec.weights_in.iter().chain(&spec.weights_rec).chain(&spec.weights_out);
        assert_eq!(weights.map(|w| w.unsigned_abs()).max(), Some((1 << (bits - 1)) - 1));
        let scales = few.report.scale.iter().zip(&whole.report.scale);
        assert!(scales.into_iter().all(|(few, whole)| few / whole > 0.25 && few <= whole), "{bits} bits");
        let without = unrefined.clone().with_weight_shifts(false);
        let coarse = of(without.with_weight_bits(bits)).specification;
        assert_eq!([coarse.weight_shift_in, coarse.weight_shift_rec, coarse.weight_shift_out], [0; 3]);
    }
}

/// Two weights and a threshold, of one neuron.
fn one_neuron(weights: [f32; 2], threshold: f64) -> Network {
    let mut neuron = network::lif(&[20e-3], &[20e-3], 31);
    neuron.threshold.values = vec![threshold];
    let layers = vec![
        network::layer("h", 1, neuron, network::line(1)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(2)),
    ];
    network::bind(&network::chain(10e-3, 2, layers), &[weights.to_vec(), vec![1.0]])
}

#[test]
fn a_coarse_threshold_is_reported() {
    let chip = Chip::find("xylo-audio3").unwrap();
    for (threshold, warns) in [(0.5, false), (0.012, true)] {
        let built = build(&one_neuron([1.0, 0.3], threshold), chip, &QuantizeOptions::default()).unwrap();
        let coarse: Vec<_> = built.warnings.iter().filter(|warning| warning.code.id == "X0402").collect();
        assert_eq!(coarse.len(), usize::from(warns), "{threshold}: {coarse:?}");
        assert!(coarse.iter().all(|warning| warning.span == Some(network::line(1))));
    }
}

#[test]
fn neurons_that_die_by_rounding_are_removed_on_request() {
    let chip = Chip::find("xylo-audio3").unwrap();
    let layers = vec![
        network::layer("h", 3, network::lif(&[20e-3], &[20e-3], 31), network::line(1)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(2)),
    ];
    // The scale of a neuron is at most 32767 / 32 thresholds, so the second neuron's only weight becomes 0; and the
    // third's weight to the readout does.
    let weights = [vec![1.0, 1e-5, 1.0], vec![1.0, 1.0, 1e-5]];
    let network = network::bind(&network::chain(10e-3, 1, layers), &weights);
    let built = |remove_dead| {
        let map = MapOptions::new().with_remove_dead(remove_dead);
        build_with(&network, chip, &BuildOptions::new().with_map(map)).unwrap()
    };
    assert_eq!(built(false).specification.dimensions.hidden, 3);
    let built = built(true);
    assert_eq!((built.specification.dimensions.hidden, &built.float.layers[0].neurons[..]), (1, &[0][..]));
    let removed = &built.float.removed;
    assert_eq!((removed[0].silent.clone(), removed[0].without_effect.clone()), (vec![1], vec![2]));
}

#[test]
fn a_scale_that_ranges_cut_is_reported() {
    let chip = Chip::find("xylo-audio3").unwrap();
    let network = one_neuron([1.0, 0.3], 0.5);
    // A state of 32 leaves room for a scale of 1024 / headroom, a state of 10,000 for one of about 3.
    for (peak, warns) in [(32.0, false), (1e4, true)] {
        let layer = |vmem: f64| LayerRange { vmem: vec![vmem], isyn: vec![0.1] };
        let ranges = Ranges { layers: vec![layer(peak), layer(1.0)] };
        let built = build(&network, chip, &QuantizeOptions::new().with_ranges(ranges)).unwrap();
        let cut: Vec<_> = built.warnings.iter().filter(|warning| warning.code.id == "X0406").collect();
        assert_eq!(cut.len(), usize::from(warns), "{peak}: {cut:?}");
        assert!(cut.iter().all(|warning| warning.span == Some(network::line(1))));
        assert_eq!(built.report.layers[0].cut_by_ranges, usize::from(warns));
    }
}

#[test]
fn clipping_widens_the_range_of_small_weights() {
    let chip = Chip::find("xylo-audio3").unwrap();
    let network = one_neuron([10.0, -0.1], 5.0);
    let weights = |clip| {
        let options = QuantizeOptions::new().with_clip(clip).with_refine(false);
        let built = build(&network, chip, &options).unwrap();
        (built.specification.weights_in.clone(), built.report.layers[0].saturated)
    };
    assert_eq!(weights(None), (vec![127, -1], 0));
    assert_eq!(weights(Some(50.0)), (vec![127, -20], 1), "the headroom of the threshold is the limit then");
}

#[test]
fn ineffective_options_are_reported_and_ignored() {
    let odd = QuantizeOptions::new().with_headroom(f64::NAN).with_clip(-1.0).with_weight_bits(99);
    let errors =
        odd.errors().iter().map(|(key, predicate)| format!("`{key}` {predicate}; ")).collect::<String>();
    assert!(
        ["`headroom` is NaN", "`clip` is -1", "`weight_bits` is 99"].iter().all(|f| errors.contains(f)),
        "{errors}"
    );
    assert_eq!(QuantizeOptions::default().errors(), []);
    let network = one_neuron([1.0, -0.5], 1.0);
    let chip = Chip::find("xylo-audio3").unwrap();
    let [a, b] = [odd, QuantizeOptions::default()].map(|options| build(&network, chip, &options).unwrap());
    assert_eq!(a.specification, b.specification);
}

#[test]
fn a_silent_layer_is_reported() {
    let dt = 10e-3;
    let mut deaf = network::lif(&[20e-3], &[20e-3], 31);
    deaf.threshold.values = vec![1e9];
    let layers = vec![
        network::layer("deaf", 2, deaf, network::line(1)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(2)),
    ];
    let network = network::bind(&network::chain(dt, 1, layers), &[vec![0.5, 0.5], vec![1.0, 1.0]]);
    let chip = Chip::find("xylo-audio3").unwrap();
    let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default()).unwrap();
    let silent: Vec<_> = build.warnings.iter().filter(|warning| warning.code.id == "X0401").collect();
    assert_eq!(silent.len(), 1);
    assert_eq!(
        silent[0].message,
        "all weights into `deaf` are zero after quantization: the layer stays silent"
    );
    assert_eq!(silent[0].span, Some(network::line(1)));
}
