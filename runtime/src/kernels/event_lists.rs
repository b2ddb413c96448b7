//! Spikes as event lists, and products of event lists with matrices: one row of the matrix per event.
//!
//! Both products skip silent neurons, so their cost is proportional to the spike rate.

use pulp::{Arch, Simd, WithSimd};

use synnet_random::mix;

#[cfg(target_arch = "x86_64")]
use super::LANES;
use super::{for_chunks, load};

/// The nonzero outputs of a layer: one list of (neuron, count) per time step, for consecutive time steps.
/// Counts may be any numbers: a leaky integrator emits its current.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventLists {
    /// Time step of the first list.
    first: usize,
    /// Index at which each list begins, then the index at which the last one ends.
    starts: Vec<usize>,
    /// Neuron of each event. Elements from the end of the last list on are unused.
    neurons: Vec<u32>,
    counts: Vec<f32>,
}

/// The events of one time step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StepEvents<'a> {
    pub(crate) neurons: &'a [u32],
    pub(crate) counts: &'a [f32],
}

/// Consecutive lists, one per row, preceded by `early` rows without one.
#[derive(Clone, Copy)]
struct Lists<'a> {
    /// Rows whose events would have been emitted before the first list.
    early: usize,
    starts: &'a [usize],
    neurons: &'a [u32],
    counts: &'a [f32],
}

impl<'a> Lists<'a> {
    /// Iterates over the rows that have a list, with their events.
    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = (usize, StepEvents<'a>)> {
        self.starts.windows(2).enumerate().map(
            #[inline(always)]
            move |(i, bounds)| {
                let list = bounds[0]..bounds[1];
                (
                    self.early + i,
                    StepEvents { neurons: &self.neurons[list.clone()], counts: &self.counts[list] },
                )
            },
        )
    }
}

impl EventLists {
    /// Removes all lists. The next one is that of time step `first`.
    pub(crate) fn restart(&mut self, first: usize) {
        self.first = first;
        self.starts.clear();
        self.starts.push(0);
    }

    /// Returns the time step of the next list to be appended.
    pub(crate) fn next(&self) -> usize {
        self.first + self.starts.len().saturating_sub(1)
    }

    /// Returns the number of events in the steps `from..to`. Steps before the first list have none.
    pub(crate) fn count(&self, from: usize, to: usize) -> usize {
        let index = |time: usize| time.saturating_sub(self.first);
        self.starts[index(to)] - self.starts[index(from)]
    }

    /// Returns the events of step `time - lag`; none before the first list.
    #[inline(always)]
    pub(crate) fn at(&self, time: usize, lag: usize) -> StepEvents<'_> {
        let Some(i) = time.checked_sub(self.first).and_then(|i| i.checked_sub(lag)) else {
            return StepEvents::default();
        };
        let list = self.starts[i]..self.starts[i + 1];
        StepEvents { neurons: &self.neurons[list.clone()], counts: &self.counts[list] }
    }

    /// Returns the lists of `rows` steps from `time - lag` on.
    #[inline(always)]
    fn lists(&self, time: usize, lag: usize, rows: usize) -> Lists<'_> {
        // Row `r` reads step `time + r - lag`, which has a list from `r = first + lag - time` on. The order
        // of the operations keeps every difference in range; delays can be as large as `usize::MAX`.
        let early = (self.first.saturating_add(lag)).saturating_sub(time).min(rows);
        let from = (time + early).saturating_sub(lag).saturating_sub(self.first);
        let starts = if early < rows { &self.starts[from..from + rows - early + 1] } else { &[] };
        Lists { early, starts, neurons: &self.neurons, counts: &self.counts }
    }

    /// Appends one list per row of `rows`, `[steps, width]`.
    pub(crate) fn append(&mut self, rows: &[f32], (steps, width): (usize, usize), arch: Arch) {
        if width == 0 {
            let end = self.end();
            self.starts.extend(std::iter::repeat_n(end, steps));
        } else {
            match arch {
                // Layers are padded to `LANES`; the channels of the input need not be.
                #[cfg(target_arch = "x86_64")]
                Arch::V4(simd) if width.is_multiple_of(LANES) => {
                    simd.vectorize(
                        #[inline(always)]
                        || self.append_compressed(simd, rows, width),
                    );
                }
                _ => arch.dispatch(Append { events: self, rows, width }),
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn append_compressed(&mut self, simd: pulp::x86::V4, rows: &[f32], width: usize) {
        let mut end = self.end();
        // Room for the case that every neuron spikes, and for the last whole vector that `compress` stores.
        self.reserve(end + rows.len() + LANES);
        for row in rows.chunks_exact(width) {
            end += super::compress::compress(simd, row, &mut self.neurons[end..], &mut self.counts[end..]);
            self.starts.push(end);
        }
    }

    /// Replaces the lists by the events of `source` that arrive in the steps `from..to` with a delay of
    /// `lag`, without those that `dropout` drops.
    pub(crate) fn filter(&mut self, source: &Self, (from, to): (usize, usize), lag: usize, dropout: Dropout) {
        self.restart(from);
        let mut end = 0;
        for time in from..to {
            let step = source.at(time, lag);
            self.reserve(end + step.neurons.len());
            // Store each event and advance only if it is kept: a branch here would be mispredicted at random.
            for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
                self.neurons[end] = neuron;
                self.counts[end] = count;
                end += usize::from(!dropout.is_dropped(time, neuron as usize));
            }
            self.starts.push(end);
        }
    }

    /// Replaces the lists by the last `steps` lists of `source`, or by all of them if there are fewer.
    pub(crate) fn keep_last(&mut self, source: &Self, steps: usize) {
        let next = source.next();
        let first = next.saturating_sub(steps).max(source.first);
        self.restart(first);
        for time in first..next {
            let step = source.at(time, 0);
            let end = self.end();
            self.reserve(end + step.neurons.len());
            self.neurons[end..end + step.neurons.len()].copy_from_slice(step.neurons);
            self.counts[end..end + step.counts.len()].copy_from_slice(step.counts);
            self.starts.push(end + step.neurons.len());
        }
    }

    /// Writes the events of step `time + r - lag` as dense row `r` of `out`, `[rows, width]`.
    pub(crate) fn scatter(&self, time: usize, lag: usize, out: &mut [f32], width: usize) {
        for (i, row) in out.chunks_exact_mut(width).enumerate() {
            row.fill(0.0);
            let step = self.at(time + i, lag);
            for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
                row[neuron as usize] = count;
            }
        }
    }

    /// Returns the number of events.
    fn end(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Grows the buffers to at least `len` elements.
    fn reserve(&mut self, len: usize) {
        if self.neurons.len() < len {
            let len = capacity(len);
            self.neurons.resize(len, 0);
            self.counts.resize(len, 0.0);
        }
    }
}

/// Returns the length of buffers for at least `len` events, up to an eighth more: after a few samples, no allocation is
/// needed.
pub(crate) fn capacity(len: usize) -> usize {
    len.next_multiple_of((len.next_power_of_two() / 16).max(1024))
}

/// The dropout mask of a connection in one sample.
///
/// The mask is a hash of key, time step and neuron and is never stored: the backward pass and recomputed
/// segments reproduce it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    key: u32,
    /// A count is dropped if its hash is below this.
    limit: u32,
    /// Neurons of the source.
    width: usize,
}

impl Dropout {
    /// Creates the mask of the connection `site`, which drops counts with a probability from 0 to 1.
    pub(crate) fn new(key: u32, site: u32, probability: f64, width: usize) -> Self {
        // The product saturates at 2^32 - 1: with a probability of 1, one count in 2^32 remains.
        Self { key: mix(key, site), limit: (probability * 4_294_967_296.0) as u32, width }
    }

    /// Returns whether the count of a neuron that arrives in step `time` is dropped.
    #[inline(always)]
    pub(crate) fn is_dropped(self, time: usize, neuron: usize) -> bool {
        mix(self.key, (time as u32).wrapping_mul(self.width as u32).wrapping_add(neuron as u32)) < self.limit
    }

    /// Sets the gradients on dropped counts to zero: `rows`, `[rows, width]`, begin at step `time`.
    pub(crate) fn mask(self, time: usize, rows: &mut [f32], width: usize) {
        super::vectorized(
            #[inline(always)]
            || {
                for (i, row) in rows.chunks_exact_mut(width).enumerate() {
                    for (neuron, x) in row.iter_mut().enumerate() {
                        *x = if self.is_dropped(time + i, neuron) { 0.0 } else { *x };
                    }
                }
            },
        );
    }
}

struct Append<'a> {
    events: &'a mut EventLists,
    rows: &'a [f32],
    width: usize,
}

/// Bits of the word that marks the spiking neurons: one neuron per bit.
const WORD: usize = 64;

impl WithSimd for Append<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut end = self.events.end();
        self.events.reserve(end + self.rows.len());
        for row in self.rows.chunks_exact(self.width) {
            for (i, word) in row.chunks(WORD).enumerate() {
                // The number of events is known before the loop, so it runs without bounds checks and its end
                // is the only branch. `spiking` has no bits beyond `word`: the `min` and `%` below never act.
                let mut spiking = spiking(simd, word);
                let spikes = spiking.count_ones() as usize;
                let neurons = self.events.neurons[end..end + spikes].iter_mut();
                for (neuron, count) in neurons.zip(&mut self.events.counts[end..end + spikes]) {
                    let lane = spiking.trailing_zeros() as usize % WORD;
                    *neuron = (i * WORD + lane) as u32;
                    *count = word[lane.min(word.len() - 1)];
                    spiking &= spiking.wrapping_sub(1);
                }
                end += spikes;
            }
            self.events.starts.push(end);
        }
    }
}

/// Returns a word with a bit for each of 1 to 64 counts: 1 if the count is not zero.
#[inline(always)]
fn spiking<S: Simd>(simd: S, counts: &[f32]) -> u64 {
    let (vectors, rest) = S::as_simd_f32s(counts);
    let zero = simd.splat_f32s(0.0);
    let mut silent = 0;
    for (j, &vector) in vectors.iter().enumerate() {
        silent |= u64::from(bits(simd, simd.equal_f32s(vector, zero))) << (j * S::F32_LANES);
    }
    for (j, &count) in rest.iter().enumerate() {
        silent |= u64::from(count == 0.0) << (vectors.len() * S::F32_LANES + j);
    }
    !silent & (u64::MAX >> (WORD - counts.len()))
}

/// Returns a mask as a word with one bit per lane.
#[inline(always)]
fn bits<S: Simd>(_: S, mask: S::m32s) -> u32 {
    let bytes = pulp::bytemuck::bytes_of(&mask);
    // AVX-512 has masks of 16 bits. Elsewhere, a lane of a mask is all ones or all zeros, as wide as a lane
    // of a vector.
    if let [low, high] = *bytes {
        return u32::from(u16::from_le_bytes([low, high]));
    }
    let lane = bytes.len() / S::F32_LANES;
    let lanes = bytes.chunks_exact(lane.max(1)).take(S::F32_LANES);
    lanes.enumerate().fold(0, |bits, (i, lane)| bits | u32::from(lane[0] & 1) << i)
}

/// The product of counts and a matrix: `out[r] += count * matrix[neuron]` for every event of step
/// `time + r - lag`.
pub(crate) struct AddRows<'a> {
    /// Events of the source.
    pub(crate) events: &'a EventLists,
    /// Time step of the first row of `out`.
    pub(crate) time: usize,
    /// Delay of the connection, in steps.
    pub(crate) lag: usize,
    /// `[neurons, width]`.
    pub(crate) matrix: &'a [f32],
    /// A multiple of [`LANES`](super::LANES).
    pub(crate) width: usize,
    /// `[rows, width]`.
    pub(crate) out: &'a mut [f32],
}

impl AddRows<'_> {
    /// Runs the kernel with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if self.width > 0 {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors_per_row = self.width / S::F32_LANES;
        let matrix = S::as_simd_f32s(self.matrix).0;
        let out = S::as_mut_simd_f32s(self.out).0;
        let lists = self.events.lists(self.time, self.lag, out.len() / vectors_per_row);
        // One panel of up to 64 columns at a time, for all rows: the panel of the matrix stays in the
        // first-level cache, and the sums of a row stay in registers over all of its events.
        for_chunks!(vectors_per_row, [4, 2, 1], |at, K| {
            for (r, step) in lists.iter() {
                let row = &mut out[r * vectors_per_row + at..][..K];
                let mut sums: [_; K] = load(simd, row, 0);
                for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
                    let weights = &matrix[neuron as usize * vectors_per_row + at..][..K];
                    let count = simd.splat_f32s(count);
                    for k in 0..K {
                        sums[k] = simd.mul_add_e_f32s(count, weights[k], sums[k]);
                    }
                }
                row.copy_from_slice(&sums);
            }
        });
    }
}

/// The gradient of that matrix: `d_matrix[neuron] += count * rows[r]` for every event of step
/// `time + r - lag`.
pub(crate) struct AddOuter<'a> {
    /// Events of the source.
    pub(crate) events: &'a EventLists,
    /// Time step of the first row of `rows`.
    pub(crate) time: usize,
    /// Delay of the connection, in steps.
    pub(crate) lag: usize,
    /// Gradient on the input columns, `[rows, width]`.
    pub(crate) rows: &'a [f32],
    /// A multiple of [`LANES`](super::LANES).
    pub(crate) width: usize,
    /// `[neurons, width]`.
    pub(crate) d_matrix: &'a mut [f32],
}

impl AddOuter<'_> {
    /// Runs the kernel with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if self.width > 0 {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for AddOuter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors_per_row = self.width / S::F32_LANES;
        let rows = S::as_simd_f32s(self.rows).0;
        let d_matrix = S::as_mut_simd_f32s(self.d_matrix).0;
        let lists = self.events.lists(self.time, self.lag, rows.len() / vectors_per_row);
        for_chunks!(vectors_per_row, [4, 2, 1], |at, K| {
            // Here the gradient of a row stays in registers, and each event adds to another row of the
            // matrix.
            for (r, step) in lists.iter() {
                let gradient: [_; K] = load(simd, rows, r * vectors_per_row + at);
                for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
                    let sums = &mut d_matrix[neuron as usize * vectors_per_row + at..][..K];
                    let count = simd.splat_f32s(count);
                    for k in 0..K {
                        sums[k] = simd.mul_add_e_f32s(count, gradient[k], sums[k]);
                    }
                }
            }
        });
    }
}
