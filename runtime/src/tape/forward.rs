//! The tape, walked forwards.

use synnet_dsl::Network;

use super::{DropoutKey, LifOp, Op, Prepared, Tape, ValueId, Workspace};
use crate::kernels::lif::{Recurrent, Traces};
use crate::kernels::rows::add;
use crate::kernels::{integrator, lif, matmul, vectorised};
use crate::random::mix;

impl Tape {
    /// Runs one sample `[time, channels]`; dropout acts where a key is given.
    ///
    /// # Panics
    /// Where the input does not fill the workspace.
    pub(crate) fn forward(
        &self,
        network: &Network,
        prepared: &Prepared,
        input: &[f32],
        dropout: Option<DropoutKey>,
        workspace: &mut Workspace,
    ) {
        workspace.values[self.input.0].copy_from_slice(input);
        for op in &self.ops {
            match op {
                Op::Zero { output } => workspace.values[output.0].fill(0.0),
                Op::Add { input, output, delay } => {
                    let mut out = workspace.take(*output);
                    let from = (delay.saturating_mul(self.width(*input))).min(out.len());
                    add(&mut out[from..], &workspace.values[input.0]);
                    workspace.values[output.0] = out;
                }
                Op::Dropout { input, output, probability, site } => {
                    let mut out = workspace.take(*output);
                    out.copy_from_slice(&workspace.values[input.0]);
                    if let Some(key) = dropout {
                        drop_counts(&mut out, key, *site, *probability);
                    }
                    workspace.values[output.0] = out;
                }
                Op::Linear { input, output, connection, bias } => {
                    let mut out = workspace.take(*output);
                    let weights = network.linear(*connection);
                    let columns = self.width(*output);
                    if let (true, Some(bias)) = (*bias, &weights.bias) {
                        out.chunks_exact_mut(columns.max(1)).for_each(|row| add(row, bias));
                    }
                    let counts = &workspace.values[input.0];
                    matmul::forward(counts, &weights.matrix.data, &mut out, self.width(*input), columns);
                    workspace.values[output.0] = out;
                }
                Op::Lif(op) => op.forward(network, prepared, workspace),
                Op::ExpSyn { layer, input, isyn } => {
                    let mut out = workspace.take(*isyn);
                    integrator::forward(&workspace.values[input.0], prepared.expsyn(*layer), &mut out);
                    workspace.values[isyn.0] = out;
                }
            }
        }
    }

    pub(super) fn width(&self, id: ValueId) -> usize {
        self.values[id.0].width
    }
}

impl LifOp {
    fn forward(&self, network: &Network, prepared: &Prepared, workspace: &mut Workspace) {
        let recurrent = self.recurrent(network);
        let mut input = workspace.take(self.input);
        let mut before_reset = workspace.take(self.before_reset);
        let mut spikes = workspace.take(self.spikes);
        let [mut vmem, mut isyn, mut iahp] =
            [self.vmem, self.isyn, self.iahp].map(|id| id.map(|id| workspace.take(id)).unwrap_or_default());
        let mut traces = Traces {
            before_reset: &mut before_reset,
            spikes: &mut spikes,
            vmem: &mut vmem,
            isyn: &mut isyn,
            iahp: &mut iahp,
        };
        lif::forward(prepared.lif(self.layer), &recurrent, &mut input, &mut traces);
        workspace.values[self.input.0] = input;
        workspace.values[self.before_reset.0] = before_reset;
        workspace.values[self.spikes.0] = spikes;
        for (id, value) in [(self.vmem, vmem), (self.isyn, isyn), (self.iahp, iahp)] {
            if let Some(id) = id {
                workspace.values[id.0] = value;
            }
        }
    }

    pub(super) fn recurrent<'a>(&self, network: &'a Network) -> Vec<Recurrent<'a>> {
        let path = |&(i, lag): &(usize, usize)| Recurrent { matrix: &network.linear(i).matrix.data, lag };
        self.recurrent.iter().map(path).collect()
    }
}

impl Workspace {
    /// Takes a value's buffer out, to write it while others are read.
    pub(super) fn take(&mut self, id: ValueId) -> Vec<f32> {
        std::mem::take(&mut self.values[id.0])
    }
}

/// Sets each value to zero with a probability. The same key and site drop the same places.
pub(super) fn drop_counts(values: &mut [f32], key: DropoutKey, site: u32, probability: f64) {
    let below = (probability * 4_294_967_296.0) as u64;
    let key = mix(key.0, site);
    vectorised(
        #[inline(always)]
        || {
            // `below` saturates at 2^32 - 1: a probability of 1 leaves one count in 2^32.
            let below = below.min(u64::from(u32::MAX)) as u32;
            for (i, value) in values.iter_mut().enumerate() {
                *value = if mix(key, i as u32) < below { 0.0 } else { *value };
            }
        },
    );
}
