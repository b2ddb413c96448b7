//! A population of neurons in one step: decay of currents, integration of membranes, spikes, aliases.

use crate::chip::CoreVersion;

use super::delivery::{LANES, LaneBlock, LaneCounts};
use super::program::{Alias, Constants, Neurons};

/// The states of a population, in blocks of [`LANES`] neurons.
#[derive(Clone, Debug)]
pub(super) struct Population {
    /// Number of neurons, without padding.
    pub(super) neurons: usize,
    pub(super) vmem: Vec<LaneBlock>,
    /// Synaptic currents, one list of blocks per synapse.
    pub(super) isyn: Vec<Vec<LaneBlock>>,
    /// Spike counts of the last step, alias spikes included.
    pub(super) spikes: Vec<LaneCounts>,
    /// Nonzero for each neuron with a state that saturated since this was last cleared.
    pub(super) clamped: Vec<LaneBlock>,
    /// Spike counts of the last step without alias spikes; used only if there are aliases.
    own_spikes: Vec<LaneCounts>,
}

impl Population {
    pub(super) fn new(neurons: &Neurons) -> Self {
        let blocks = neurons.constants.len();
        Self {
            neurons: neurons.count,
            vmem: vec![[0; LANES]; blocks],
            isyn: vec![vec![[0; LANES]; blocks]; neurons.synapses],
            spikes: vec![[0; LANES]; blocks],
            clamped: vec![[0; LANES]; blocks],
            own_spikes: vec![[0; LANES]; blocks],
        }
    }

    pub(super) fn reset(&mut self) {
        self.vmem.fill([0; LANES]);
        self.isyn.iter_mut().for_each(|isyn| isyn.fill([0; LANES]));
        self.spikes.fill([0; LANES]);
    }

    /// Runs decay, integration, spikes and aliases. With `RECORD_SATURATION`, lanes of `clamped` become nonzero if a
    /// membrane saturates.
    #[inline(always)]
    pub(super) fn update<const RECORD_SATURATION: bool>(&mut self, neurons: &Neurons, core: CoreVersion) {
        match core {
            // A constant parameter, so that the loops over lanes contain no branch.
            CoreVersion::V1 => self.integrate::<true, RECORD_SATURATION>(neurons),
            CoreVersion::V2 => self.integrate::<false, RECORD_SATURATION>(neurons),
        }
        for ((vmem, constants), spikes) in self.vmem.iter_mut().zip(&neurons.constants).zip(&mut self.spikes)
        {
            emit(vmem, &constants.threshold, spikes, neurons.cap);
        }
        // On the chip, neurons are updated one by one and an alias can reduce the spikes of its target. Updating all
        // neurons in vectors and correcting the targets afterwards gives the same states.
        if !neurons.aliases.is_empty() {
            self.own_spikes.copy_from_slice(&self.spikes);
            for alias in &neurons.aliases {
                self.forward_alias_spikes(alias, neurons);
            }
        }
    }

    #[inline(always)]
    fn integrate<const V1: bool, const RECORD_SATURATION: bool>(&mut self, neurons: &Neurons) {
        let blocks = self.vmem.iter_mut().zip(&mut self.clamped).zip(&neurons.constants);
        match self.isyn.as_mut_slice() {
            [isyn] => {
                for (((vmem, clamped), constants), isyn) in blocks.zip(isyn) {
                    decay(isyn, &constants.dash_syn[0]);
                    let current = |lane: usize| i32::from(isyn[lane]);
                    integrate::<V1, RECORD_SATURATION>(vmem, current, constants, clamped);
                }
            }
            [isyn, isyn2] => {
                for ((((vmem, clamped), constants), isyn), isyn2) in blocks.zip(isyn).zip(isyn2) {
                    decay(isyn, &constants.dash_syn[0]);
                    decay(isyn2, &constants.dash_syn[1]);
                    let current = |lane: usize| i32::from(isyn[lane]) + i32::from(isyn2[lane]);
                    integrate::<V1, RECORD_SATURATION>(vmem, current, constants, clamped);
                }
            }
            // `Specification::check` allows 1 or 2 synapses.
            _ => {}
        }
    }

    /// Adds the spikes of a neuron to those of its alias target. Aliases are in ascending order of their sources, so
    /// this neuron has already received everything that reaches it within this step.
    ///
    /// On the chip, a target with a higher id is updated after this neuron: received spikes count first, and the target
    /// emits only what the cap then allows. Here it has already emitted its own spikes, so the surplus is taken back.
    fn forward_alias_spikes(&mut self, alias: &Alias, neurons: &Neurons) {
        let spikes = self.spikes.as_flattened_mut();
        let total = spikes[alias.target] + spikes[alias.source];
        spikes[alias.target] = total.min(neurons.cap);
        if alias.target <= alias.source || total <= neurons.cap {
            return;
        }
        let own = &mut self.own_spikes.as_flattened_mut()[alias.target];
        // Received spikes beyond the cap are lost, so at most the target's own spikes can be taken back.
        let surplus = (total - neurons.cap).min(*own);
        *own -= surplus;
        let (block, lane) = (alias.target / LANES, alias.target % LANES);
        let threshold = neurons.constants[block].threshold[lane];
        let vmem = &mut self.vmem[block][lane];
        // Undoes the resets of these spikes. Both directions wrap, so the membrane is restored exactly.
        *vmem = vmem.wrapping_add(threshold.wrapping_mul(surplus.into()));
    }
}

#[inline(always)]
fn decay(isyn: &mut LaneBlock, dash: &LaneBlock) {
    for lane in 0..LANES {
        // A leak has the sign of its state and at most its magnitude, so this never wraps.
        isyn[lane] = isyn[lane].wrapping_sub(leak(isyn[lane], dash[lane]));
    }
}

/// Returns the loss of a state in a step: `x >> dash`, rounded down, but at least 1 if `x` is positive.
#[inline(always)]
fn leak(x: i16, dash: i16) -> i16 {
    // Branch-free: `x.min(1)` is 1 for a positive `x`; otherwise it is `x`, which the shifted value is never below.
    x.wrapping_shr(dash as u32).max(x.min(1))
}

#[inline(always)]
fn integrate<const V1: bool, const RECORD_SATURATION: bool>(
    vmem: &mut LaneBlock,
    current: impl Fn(usize) -> i32,
    constants: &Constants,
    clamped: &mut LaneBlock,
) {
    for lane in 0..LANES {
        // The sum of at most three values of 16 bits, in 32. Currents are above -32768 after their decay, so a sum
        // beyond 16 bits also differs from the clamped value in its lowest 16 bits, and the XOR detects it.
        let mut add = |a: i16, b: i32| {
            let sum = i32::from(a) + b;
            let result = clamp16(sum);
            if RECORD_SATURATION {
                clamped[lane] |= result ^ sum as i16;
            }
            result
        };
        let v = vmem[lane];
        let leak = leak(v, constants.dash_mem[lane]);
        // V1 applies the leak to the membrane itself; V2 applies it to the change, which saturates before it is added.
        vmem[lane] = if V1 {
            add(v.wrapping_sub(leak), current(lane))
        } else {
            let change = add(leak.wrapping_neg(), current(lane));
            let change = add(change, constants.bias[lane].into());
            add(v, change.into())
        };
    }
}

/// Emits spikes while the membrane is at or above the threshold, up to `cap`: first the first spike of every neuron,
/// then the second, and so on.
#[inline(always)]
fn emit(vmem: &mut LaneBlock, threshold: &LaneBlock, spikes: &mut LaneCounts, cap: u8) {
    *spikes = [0; LANES];
    for _ in 0..cap {
        let mut more = false;
        for lane in 0..LANES {
            let (v, threshold) = (vmem[lane], threshold[lane]);
            let over = v >= threshold;
            // Wraps as on the chip: a negative threshold can raise the membrane beyond 16 bits.
            let rest = if over { v.wrapping_sub(threshold) } else { v };
            vmem[lane] = rest;
            spikes[lane] += u8::from(over);
            more |= rest >= threshold;
        }
        // Most steps end after one or two rounds, far from the cap of 31.
        if !more {
            break;
        }
    }
}

fn clamp16(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
