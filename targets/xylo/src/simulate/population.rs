//! A population of neurons in one step: what it receives, how its states move, when it spikes.

use crate::chip::CoreVersion;

use super::program::{Neurons, Row, Shifts};

/// The states of a population.
#[derive(Clone, Debug)]
pub(super) struct Population {
    pub(super) vmem: Vec<i16>,
    /// One for each synapse.
    pub(super) isyn: Vec<Vec<i16>>,
    /// Of the last step, those of aliases included.
    pub(super) spikes: Vec<u8>,
    /// Of the last step, if that was watched: whether a rail was met.
    pub(super) clamped: Vec<bool>,
    /// What a state loses in this step.
    leak: Vec<i16>,
}

impl Population {
    pub(super) fn new(neurons: &Neurons) -> Self {
        let n = neurons.threshold.len();
        Self {
            vmem: vec![0; n],
            isyn: vec![vec![0; n]; neurons.dash_syn.len()],
            spikes: vec![0; n],
            clamped: vec![false; n],
            leak: vec![0; n],
        }
    }

    pub(super) fn reset(&mut self) {
        self.vmem.fill(0);
        self.isyn.iter_mut().for_each(|isyn| isyn.fill(0));
        self.spikes.fill(0);
    }

    /// Adds `count` events of a source. A saturating sum of equal addends needs no loop over them: it is one
    /// saturating addition of their product.
    pub(super) fn receive<const WATCH: bool>(&mut self, row: &Row, count: u8) {
        for stretch in &row.0 {
            let end = stretch.start + stretch.weights.len();
            let isyn = &mut self.isyn[stretch.synapse][stretch.start..end];
            if WATCH {
                let clamped = self.clamped[stretch.start..end].iter_mut();
                for ((clamped, &i), &w) in clamped.zip(&*isyn).zip(&stretch.weights) {
                    let sum = i32::from(i) + i32::from(w) * i32::from(count);
                    *clamped |= sum != i32::from(clamp16(sum));
                }
            }
            if count == 1 {
                for (i, &w) in isyn.iter_mut().zip(&stretch.weights) {
                    *i = i.saturating_add(w);
                }
            } else if count <= stretch.narrow_up_to {
                let count = i16::from(count);
                for (i, &w) in isyn.iter_mut().zip(&stretch.weights) {
                    *i = i.saturating_add(w.wrapping_mul(count));
                }
            } else {
                let count = i32::from(count);
                for (i, &w) in isyn.iter_mut().zip(&stretch.weights) {
                    *i = clamp16(i32::from(*i) + i32::from(w) * count);
                }
            }
        }
    }

    /// Decay, integration, spikes.
    pub(super) fn update<const WATCH: bool>(&mut self, neurons: &Neurons, core: CoreVersion) {
        for (isyn, dashes) in self.isyn.iter_mut().zip(&neurons.dash_syn) {
            leak(isyn, dashes, &mut self.leak);
            for (i, &leak) in isyn.iter_mut().zip(&self.leak) {
                *i = i.wrapping_sub(leak);
            }
        }
        leak(&self.vmem, &neurons.dash_mem, &mut self.leak);
        if WATCH {
            self.watch(neurons, core);
        }
        match core {
            CoreVersion::V1 => self.integrate_v1(),
            CoreVersion::V2 => self.integrate_v2(neurons.bias.as_deref()),
        }
        match &neurons.aliases {
            None => self.spike(neurons),
            Some(aliases) => self.spike_with_aliases(neurons, aliases),
        }
    }

    /// Marks neurons whose membranes are about to meet a rail. `leak` is what the membranes lose.
    fn watch(&mut self, neurons: &Neurons, core: CoreVersion) {
        for (neuron, clamped) in self.clamped.iter_mut().enumerate() {
            let currents: i32 = self.isyn.iter().map(|isyn| i32::from(isyn[neuron])).sum();
            let (vmem, leak) = (self.vmem[neuron], self.leak[neuron]);
            let mut add = |a: i16, b: i32| {
                let sum = i32::from(a) + b;
                *clamped |= sum != i32::from(clamp16(sum));
                clamp16(sum)
            };
            match core {
                CoreVersion::V1 => {
                    add(vmem.wrapping_sub(leak), currents);
                }
                CoreVersion::V2 => {
                    let bias = neurons.bias.as_ref().map_or(0, |bias| bias[neuron]);
                    let change = add(leak.wrapping_neg(), currents);
                    let change = add(change, bias.into());
                    add(vmem, change.into());
                }
            }
        }
    }

    fn integrate_v1(&mut self) {
        for (v, &leak) in self.vmem.iter_mut().zip(&self.leak) {
            *v = v.wrapping_sub(leak);
        }
        match self.isyn.as_slice() {
            [isyn, isyn2] => {
                for ((v, &i), &i2) in self.vmem.iter_mut().zip(isyn).zip(isyn2) {
                    *v = clamp16(i32::from(*v) + i32::from(i) + i32::from(i2));
                }
            }
            [isyn, ..] => {
                for (v, &i) in self.vmem.iter_mut().zip(isyn) {
                    *v = v.saturating_add(i);
                }
            }
            [] => {}
        }
    }

    fn integrate_v2(&mut self, bias: Option<&[i16]>) {
        // From here on `leak` holds what is added to the membrane.
        let change = &mut self.leak;
        match self.isyn.as_slice() {
            [isyn, isyn2] => {
                for ((change, &i), &i2) in change.iter_mut().zip(isyn).zip(isyn2) {
                    *change = clamp16(i32::from(change.wrapping_neg()) + i32::from(i) + i32::from(i2));
                }
            }
            [isyn, ..] => {
                for (change, &i) in change.iter_mut().zip(isyn) {
                    *change = change.wrapping_neg().saturating_add(i);
                }
            }
            [] => {}
        }
        if let Some(bias) = bias {
            for (change, &bias) in change.iter_mut().zip(bias) {
                *change = change.saturating_add(bias);
            }
        }
        for (v, &change) in self.vmem.iter_mut().zip(&*change) {
            *v = v.saturating_add(change);
        }
    }

    fn spike(&mut self, neurons: &Neurons) {
        const LANES: usize = 16;
        self.spikes.fill(0);
        let chunks = self.vmem.chunks_mut(LANES).zip(neurons.threshold.chunks(LANES));
        for ((vmem, threshold), spikes) in chunks.zip(self.spikes.chunks_mut(LANES)) {
            // Most neurons are silent in most steps.
            if vmem.iter().zip(threshold).fold(false, |any, (v, t)| any | (v >= t)) {
                for ((v, &threshold), n) in vmem.iter_mut().zip(threshold).zip(spikes) {
                    *n = emit(v, threshold, 0, neurons.cap);
                }
            }
        }
    }

    /// One neuron after the other: a neuron may find spikes that an alias has put there.
    fn spike_with_aliases(&mut self, neurons: &Neurons, aliases: &[Option<usize>]) {
        self.spikes.fill(0);
        for (neuron, &target) in aliases.iter().enumerate() {
            let received = self.spikes[neuron];
            let n = emit(&mut self.vmem[neuron], neurons.threshold[neuron], received, neurons.cap);
            self.spikes[neuron] = n;
            if let Some(target) = target {
                self.spikes[target] = (self.spikes[target] + n).min(neurons.cap);
            }
        }
    }
}

/// Spikes while the membrane is at or above the threshold, starting from the count `n`.
fn emit(vmem: &mut i16, threshold: i16, mut n: u8, cap: u8) -> u8 {
    while *vmem >= threshold && n < cap {
        n += 1;
        *vmem = vmem.wrapping_sub(threshold);
    }
    n
}

/// What each state loses: `x >> dash`, rounded down, but at least 1 where `x` is positive.
fn leak(states: &[i16], dashes: &Shifts, leak: &mut [i16]) {
    debug_assert_eq!(states.len(), dashes.len);
    leak.copy_from_slice(states);
    for (bit, mask) in &dashes.bits {
        // Spelt out, so that each shift is by a constant.
        match bit {
            1 => shift::<1>(leak, mask),
            2 => shift::<2>(leak, mask),
            4 => shift::<4>(leak, mask),
            _ => shift::<8>(leak, mask),
        }
    }
    for (leak, &x) in leak.iter_mut().zip(states) {
        *leak |= i16::from((x > 0) & (*leak == 0));
    }
}

fn shift<const BY: u32>(values: &mut [i16], mask: &[i16]) {
    for (x, &mask) in values.iter_mut().zip(mask) {
        *x = ((*x >> BY) & mask) | (*x & !mask);
    }
}

fn clamp16(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
