//! The tape, walked backwards.

use synnet_dsl::Network;
use synnet_dsl::graph::{Lif, SurrogateKind};
use synnet_dsl::network::Slot;

use super::forward::drop_counts;
use super::{DropoutKey, Gradients, LifOp, Op, Prepared, Tape, ValueId, Workspace};
use crate::kernels::lif::{Adjoints, ConstantGradients, Recorded};
use crate::kernels::rows::add;
use crate::kernels::{integrator, lif, matmul};
use crate::surrogate::{periodic_exponential, piecewise_linear};

impl Workspace {
    /// Sets the gradients on all values to zero, before a loss fills those that it knows.
    pub(crate) fn clear_gradients(&mut self) {
        self.gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
    }

    fn take_gradient(&mut self, id: ValueId) -> Vec<f32> {
        std::mem::take(&mut self.gradients[id.0])
    }
}

impl Tape {
    /// Adds the gradients of everything that learns to `gradients`, from those that lie on values.
    /// `dropout` is the key of the forward walk.
    pub(crate) fn backward(
        &self,
        network: &Network,
        prepared: &Prepared,
        dropout: Option<DropoutKey>,
        workspace: &mut Workspace,
        gradients: &mut Gradients,
    ) {
        for op in self.ops.iter().rev().filter(|op| self.is_differentiable(op.output())) {
            match op {
                Op::Zero { .. } => {}
                Op::Add { input, output, delay } if self.is_differentiable(*input) => {
                    let mut d_input = workspace.take_gradient(*input);
                    let d_output = &workspace.gradients[output.0];
                    let from = (delay.saturating_mul(self.width(*input))).min(d_output.len());
                    add(&mut d_input, &d_output[from..]);
                    workspace.gradients[input.0] = d_input;
                }
                Op::Dropout { input, output, probability, site } if self.is_differentiable(*input) => {
                    let mut d_output = workspace.take_gradient(*output);
                    if let Some(key) = dropout {
                        drop_counts(&mut d_output, key, *site, *probability);
                    }
                    add(&mut workspace.gradients[input.0], &d_output);
                    workspace.gradients[output.0] = d_output;
                }
                Op::Add { .. } | Op::Dropout { .. } => {}
                Op::Linear { input, output, connection, .. } => {
                    self.linear(network, *connection, *input, *output, workspace, gradients);
                }
                Op::Lif(op) => self.lif(op, network, prepared, workspace, gradients),
                Op::ExpSyn { layer, input, isyn } => {
                    self.expsyn(*layer, *input, *isyn, (network, prepared), workspace, gradients);
                }
            }
        }
    }

    fn linear(
        &self,
        network: &Network,
        connection: usize,
        input: ValueId,
        output: ValueId,
        workspace: &mut Workspace,
        gradients: &mut Gradients,
    ) {
        let (sources, columns) = (self.width(input), self.width(output));
        let mut d_input = workspace.take_gradient(input);
        let (x, d_output) = (&workspace.values[input.0], &workspace.gradients[output.0]);
        if let Some(i) = self.learnt.index(Slot::Weight(connection)) {
            matmul::gradient_of_matrix(x, d_output, &mut gradients.tensors[i], sources, columns);
        }
        if let Some(i) = self.learnt.index(Slot::LinearBias(connection)) {
            d_output.chunks_exact(columns.max(1)).for_each(|row| add(&mut gradients.tensors[i], row));
        }
        if self.is_differentiable(input) {
            let matrix = &network.linear(connection).matrix.data;
            matmul::gradient_of_counts(d_output, matrix, &mut d_input, sources, columns);
        }
        workspace.gradients[input.0] = d_input;
    }

    fn lif(
        &self,
        op: &LifOp,
        network: &Network,
        prepared: &Prepared,
        workspace: &mut Workspace,
        gradients: &mut Gradients,
    ) {
        let lif =
            network.graph.layers[op.layer].as_lif().expect("the layer is of integrate-and-fire neurons");
        let mut d_spikes = workspace.take_gradient(op.spikes);
        let mut d_input = workspace.take_gradient(op.input);
        let mut sums = workspace.constants[op.layer].take();
        let value = |id: Option<ValueId>| id.map_or(&[][..], |id| &workspace.values[id.0]);
        let gradient = |id: Option<ValueId>| id.map_or(&[][..], |id| &workspace.gradients[id.0]);
        let recorded = Recorded {
            input: &workspace.values[op.input.0],
            before_reset: &workspace.values[op.before_reset.0],
            spikes: &workspace.values[op.spikes.0],
            isyn: value(op.isyn),
            iahp: value(op.iahp),
        };
        let mut adjoints = Adjoints {
            spikes: &mut d_spikes,
            vmem: gradient(op.vmem),
            isyn: gradient(op.isyn),
            input: &mut d_input,
        };
        if let Some(sums) = &mut sums {
            *sums = ConstantGradients::new(prepared.lif(op.layer));
        }
        backward_of(lif, op, (network, prepared), recorded, &mut adjoints, sums.as_mut());
        self.recurrent_weights(op, recorded.spikes, &d_input, gradients);
        if let Some(sums) = &sums {
            gradients.add_constants(&self.learnt, network, op.layer, sums);
        }
        workspace.constants[op.layer] = sums;
        workspace.gradients[op.spikes.0] = d_spikes;
        workspace.gradients[op.input.0] = d_input;
    }

    /// Gradients of recurrent matrices: spikes against the input that came `lag` steps later.
    fn recurrent_weights(&self, op: &LifOp, spikes: &[f32], d_input: &[f32], gradients: &mut Gradients) {
        let (neurons, columns) = (self.width(op.spikes), self.width(op.input));
        for &(connection, lag) in &op.recurrent {
            let Some(i) = self.learnt.index(Slot::Weight(connection)) else { continue };
            let time = spikes.len() / neurons.max(1);
            let steps = time.saturating_sub(lag);
            let later = &d_input[(time - steps) * columns..];
            let earlier = &spikes[..steps * neurons];
            matmul::gradient_of_matrix(earlier, later, &mut gradients.tensors[i], neurons, columns);
        }
    }

    fn expsyn(
        &self,
        layer: usize,
        input: ValueId,
        isyn: ValueId,
        (network, prepared): (&Network, &Prepared),
        workspace: &mut Workspace,
        gradients: &mut Gradients,
    ) {
        let decay = prepared.expsyn(layer);
        let mut d_input = workspace.take_gradient(input);
        let mut sums = ConstantGradients { beta: vec![0.0; decay.len()], ..ConstantGradients::default() };
        let learns = self.learns_constants(layer);
        integrator::backward(
            &workspace.values[input.0],
            decay,
            &workspace.values[isyn.0],
            &workspace.gradients[isyn.0],
            &mut d_input,
            learns.then_some(&mut sums.beta),
        );
        if learns {
            gradients.add_constants(&self.learnt, network, layer, &sums);
        }
        workspace.gradients[input.0] = d_input;
    }
}

/// The scan's gradient, compiled for each surrogate.
fn backward_of(
    lif: &Lif,
    op: &LifOp,
    (network, prepared): (&Network, &Prepared),
    recorded: Recorded<'_>,
    adjoints: &mut Adjoints<'_>,
    sums: Option<&mut ConstantGradients>,
) {
    let (constants, recurrent) = (prepared.lif(op.layer), op.recurrent(network));
    match lif.surrogate.kind {
        SurrogateKind::PeriodicExponential => {
            let surrogate = periodic_exponential(lif.surrogate.window, lif.max_spikes);
            lif::backward(constants, surrogate, &recurrent, recorded, adjoints, sums);
        }
        SurrogateKind::PiecewiseLinear => {
            let surrogate = piecewise_linear(lif.surrogate.window);
            lif::backward(constants, surrogate, &recurrent, recorded, adjoints, sums);
        }
    }
}

impl Op {
    /// A value that the operation writes, to tell whether its gradient matters.
    fn output(&self) -> ValueId {
        match self {
            Self::Zero { output }
            | Self::Add { output, .. }
            | Self::Dropout { output, .. }
            | Self::Linear { output, .. } => *output,
            Self::Lif(op) => op.spikes,
            Self::ExpSyn { isyn, .. } => *isyn,
        }
    }
}
