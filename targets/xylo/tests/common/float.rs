//! The chip in float numbers: its layout and delays, without rounding and without limits.

use synnet_ir::Raster;
use synnet_xylo::FloatSpecification;
use synnet_xylo::quantize::{LayerRange, Ranges};

/// Traces `[step][neuron]`.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) spikes: Vec<Vec<f64>>,
    pub(crate) vmem_out: Vec<Vec<f64>>,
    pub(crate) ranges: Ranges,
}

struct Population {
    vmem: Vec<f64>,
    isyn: Vec<Vec<f64>>,
}

impl Population {
    fn new(neurons: usize, synapses: usize) -> Self {
        Self { vmem: vec![0.0; neurons], isyn: vec![vec![0.0; synapses]; neurons] }
    }

    fn step(
        &mut self,
        dash_mem: &[f64],
        dash_syn: &[&[f64]],
        bias: &[f64],
        threshold: &[f64],
        alias_target: &[Option<usize>],
        cap: f64,
    ) -> Vec<f64> {
        let decay = |dash: f64| 1.0 - (-dash.round_ties_even()).exp2();
        // Of aliases to higher ids.
        let mut received = vec![0.0; self.vmem.len()];
        (0..self.vmem.len())
            .map(|n| {
                for (isyn, dash) in self.isyn[n].iter_mut().zip(dash_syn) {
                    *isyn *= decay(dash[n]);
                }
                let v = self.vmem[n] * decay(dash_mem[n]) + self.isyn[n].iter().sum::<f64>() + bias[n];
                let spikes = (v / threshold[n]).floor().clamp(0.0, cap - received[n]);
                self.vmem[n] = v - spikes * threshold[n];
                let sent = received[n] + spikes;
                if let Some(&Some(target)) = alias_target.get(n) {
                    received[target] = f64::min(received[target] + sent, cap);
                }
                sent
            })
            .collect()
    }
}

pub(crate) fn run(spec: &FloatSpecification, raster: &Raster) -> Trace {
    let d = spec.dimensions;
    let mut hidden = Population::new(d.hidden, d.synapses);
    let mut readout = Population::new(d.outputs, 1);
    let mut spikes = vec![0.0; d.hidden];
    let mut trace = Trace::default();
    let graph_layers = spec.layers.iter().map(|l| l.layer.index() + 1).max().unwrap();
    trace.ranges.layers = vec![LayerRange::default(); graph_layers];
    for events in raster.counts().unwrap().chunks_exact(d.inputs) {
        let mut deliver = |count: f64, row: &[f64]| {
            for (i, w) in row.iter().enumerate() {
                hidden.isyn[i / d.synapses][i % d.synapses] += count * w;
            }
        };
        for (&count, row) in
            events.iter().zip(spec.weights_in.chunks_exact((d.input_expansion * d.synapses).max(1)))
        {
            deliver(count.into(), row);
        }
        for (&count, row) in spikes.iter().zip(spec.weights_rec.chunks_exact(d.hidden * d.synapses)) {
            if count > 0.0 {
                deliver(count, row);
            }
        }
        let first = d.hidden - d.output_expansion;
        for (&count, row) in spikes[first..].iter().zip(spec.weights_out.chunks_exact(d.outputs)) {
            for (neuron, w) in readout.isyn.iter_mut().zip(row) {
                neuron[0] += count * w;
            }
        }
        spikes = hidden.step(
            &spec.dash_mem,
            &[spec.dash_syn.as_slice(), &spec.dash_syn_2][..d.synapses],
            &spec.bias,
            &spec.threshold,
            &spec.alias_target,
            31.0,
        );
        let out = readout.step(
            &spec.dash_mem_out,
            &[&spec.dash_syn_out],
            &spec.bias_out,
            &spec.threshold_out,
            &[],
            1.0,
        );
        for layer in &spec.layers {
            let (population, spikes, threshold) = if layer.readout {
                (&readout, &out, &spec.threshold_out)
            } else {
                (&hidden, &spikes, &spec.threshold)
            };
            let ids = layer.ids.clone();
            let f32s = |xs: &[f64]| xs.iter().map(|&x| x as f32).collect::<Vec<_>>();
            let largest = |isyn: &Vec<f64>| isyn.iter().fold(0.0, |m: f64, x| m.max(x.abs())) as f32;
            let isyn: Vec<f32> = population.isyn[ids.clone()].iter().map(largest).collect();
            trace.ranges.layers[layer.layer.index()].observe(
                &f32s(&population.vmem[ids.clone()]),
                &isyn,
                &f32s(&spikes[ids.clone()]),
                |n| threshold[ids.start + n],
            );
        }
        trace.spikes.push(spikes.clone());
        trace.vmem_out.push(readout.vmem.clone());
    }
    trace
}
