//! A loss and a training loop of one's own: the right output's mean membrane lies 0.2 above the other's.
use synnet_dsl::{NoImports, Options, compile};
use synnet_ir::Sources;
use synnet_runtime::*;

const NETWORK: &str = "network Which {
    dt: 1 ms;
    input events: 2;
    neuron fast = lif { tau_mem: 5 ms, tau_syn: 5 ms };
    layer hidden: fast(8);
    layer out: fast(2) { threshold: 32767 };
    events -> linear { scale: 1 } -> hidden -> linear { scale: 1 } -> out;
    output out.vmem;
}";

fn main() {
    let mut sources = Sources::new();
    let root = sources.add("which.snn", NETWORK);
    let graph = compile(&mut sources, root, &Options::default(), &mut NoImports).graph.unwrap();
    let raster = |class| (0..20).map(|i| f32::from(i % 2 == class)).collect();
    let sample = |class| Sample { raster: raster(class), steps: 10, target: Target::Class(class) };
    let data = Dataset::new(2, 10, (0..32).map(|i| sample(i % 2)).collect()).unwrap();

    let hinge = |output: &[f32], target: &Target, gradient: &mut [f32]| {
        let right = if *target == Target::Class(0) { [1.0, -1.0] } else { [-1.0, 1.0] };
        let mean = 0.1 * output.iter().zip(right.iter().cycle()).map(|(v, side)| v * side).sum::<f32>();
        let slope = if mean < 0.2 { -0.1 } else { 0.0 };
        gradient.iter_mut().zip(right.iter().cycle()).for_each(|(g, side)| *g = slope * side);
        f64::from((0.2 - mean).max(0.0))
    };
    let options = TrainOptions::new(Loss::Mse {}, 20, 8); // `step_with` does not ask for this loss
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 0), options).unwrap();
    while !trainer.is_finished() {
        for batch in trainer.batches(&data) {
            trainer.step_with(&data, &batch, &hinge).unwrap();
        }
    }
    assert_eq!(evaluate(trainer.network(), &data, Readout::MeanVmem).unwrap().accuracy, 1.0);
}
