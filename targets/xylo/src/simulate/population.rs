//! A population of neurons in one step: how its states move, when it spikes.

use crate::chip::CoreVersion;

use super::delivery::{Block, Counts, LANES};
use super::program::{Alias, Constants, Neurons};

/// The states of a population, in blocks.
#[derive(Clone, Debug)]
pub(super) struct Population {
    /// Neurons without padding.
    pub(super) neurons: usize,
    pub(super) vmem: Vec<Block>,
    /// One for each synapse.
    pub(super) isyn: Vec<Vec<Block>>,
    /// Of the last step, those of aliases included.
    pub(super) spikes: Vec<Counts>,
    /// Not 0 where a rail was met since this was last cleared.
    pub(super) clamped: Vec<Block>,
    /// Of the last step, without those of aliases; used where there are aliases.
    own: Vec<Counts>,
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
            own: vec![[0; LANES]; blocks],
        }
    }

    pub(super) fn reset(&mut self) {
        self.vmem.fill([0; LANES]);
        self.isyn.iter_mut().for_each(|isyn| isyn.fill([0; LANES]));
        self.spikes.fill([0; LANES]);
    }

    /// Decay, integration, spikes. With `RECORD_SATURATION`, lanes of `clamped` become nonzero where a membrane meets a rail.
    #[inline(always)]
    pub(super) fn update<const RECORD_SATURATION: bool>(&mut self, neurons: &Neurons, core: CoreVersion) {
        match core {
            CoreVersion::V1 => self.integrate::<true, RECORD_SATURATION>(neurons),
            CoreVersion::V2 => self.integrate::<false, RECORD_SATURATION>(neurons),
        }
        for ((vmem, constants), spikes) in self.vmem.iter_mut().zip(&neurons.constants).zip(&mut self.spikes)
        {
            emit(vmem, &constants.threshold, spikes, neurons.cap);
        }
        if !neurons.aliases.is_empty() {
            self.own.copy_from_slice(&self.spikes);
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
            _ => {}
        }
    }

    /// Gives the spikes of a neuron to the target of its alias. Aliases come in ascending order of their sources, so
    /// this neuron has all that it gets within this step.
    ///
    /// A target with a higher id evolves after this neuron: what it is given counts first, and it emits only what
    /// then is left below the cap. It has emitted already, so the surplus is taken back.
    fn forward_alias_spikes(&mut self, alias: &Alias, neurons: &Neurons) {
        let spikes = self.spikes.as_flattened_mut();
        let total = spikes[alias.target] + spikes[alias.source];
        spikes[alias.target] = total.min(neurons.cap);
        if alias.target <= alias.source || total <= neurons.cap {
            return;
        }
        let own = &mut self.own.as_flattened_mut()[alias.target];
        let surplus = (total - neurons.cap).min(*own);
        *own -= surplus;
        let (block, lane) = (alias.target / LANES, alias.target % LANES);
        let threshold = neurons.constants[block].threshold[lane];
        let vmem = &mut self.vmem[block][lane];
        *vmem = vmem.wrapping_add(threshold.wrapping_mul(surplus.into()));
    }
}

#[inline(always)]
fn decay(isyn: &mut Block, dash: &Block) {
    for lane in 0..LANES {
        isyn[lane] = isyn[lane].wrapping_sub(leak(isyn[lane], dash[lane]));
    }
}

/// What a state loses: `x >> dash`, rounded down, but at least 1 where `x` is positive.
#[inline(always)]
fn leak(x: i16, dash: i16) -> i16 {
    // Where `x` is not positive, `x` itself is no more than the shifted value.
    x.wrapping_shr(dash as u32).max(x.min(1))
}

#[inline(always)]
fn integrate<const V1: bool, const RECORD_SATURATION: bool>(
    vmem: &mut Block,
    current: impl Fn(usize) -> i32,
    constants: &Constants,
    clamped: &mut Block,
) {
    for lane in 0..LANES {
        // Three values of 16 bits at most, none of the currents -32768 after its decay: a sum beyond 16 bits differs
        // from the rail in the lowest 16 as well.
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
        vmem[lane] = if V1 {
            add(v.wrapping_sub(leak), current(lane))
        } else {
            let change = add(leak.wrapping_neg(), current(lane));
            let change = add(change, constants.bias[lane].into());
            add(v, change.into())
        };
    }
}

/// Spikes while the membrane is at or above the threshold, up to `cap`: the first of every neuron, the second, and
/// so on.
#[inline(always)]
fn emit(vmem: &mut Block, threshold: &Block, spikes: &mut Counts, cap: u8) {
    *spikes = [0; LANES];
    for _ in 0..cap {
        let mut more = false;
        for lane in 0..LANES {
            let (v, threshold) = (vmem[lane], threshold[lane]);
            let over = v >= threshold;
            let rest = if over { v.wrapping_sub(threshold) } else { v };
            vmem[lane] = rest;
            spikes[lane] += u8::from(over);
            more |= rest >= threshold;
        }
        if !more {
            break;
        }
    }
}

fn clamp16(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
