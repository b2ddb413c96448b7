//! Delivery: the events of a step are added to synaptic currents.
//!
//! Counts become a list of events ([`SpikeList`]), and each event adds a row of weights ([`Matrix`]) to the currents.
//!
//! The addition of an event saturates, so the order of events matters once a current saturates; the order of targets
//! never does. So [`LANES`] targets stay in vector registers while the rows of all events are added to them, source
//! after source, by saturating additions. This gives the chip's result for all values.

use std::ops::Range;

/// Neurons per block. The last block is padded with neurons that nothing reaches.
///
/// A block is one word of the bit mask in [`SpikeList::collect`], and four vectors of AVX-512 in `i16`.
pub(super) const LANES: usize = 64;

/// One number per neuron of a block.
pub(super) type LaneBlock = [i16; LANES];

/// Spike counts of a block, one per neuron.
pub(super) type LaneCounts = [u8; LANES];

/// Splits values into blocks, and pads the last block with `fill`.
pub(super) fn blocks<T: Copy>(values: impl ExactSizeIterator<Item = T>, fill: T) -> Vec<[T; LANES]> {
    let mut blocks = vec![[fill; LANES]; values.len().div_ceil(LANES)];
    blocks.as_flattened_mut().iter_mut().zip(values).for_each(|(to, value)| *to = value);
    blocks
}

/// The sources that spike in a step, in ascending order.
#[derive(Clone, Debug)]
pub(super) struct SpikeList {
    /// The events of this step, followed by unused entries. Its length is the maximum number of events.
    list: Box<[Event]>,
    /// For each block of sources, the index of its first event in `list`; last, the number of events.
    starts: Box<[usize]>,
    /// Maximum count of an event. A larger count is split into several events of the same source, which gives the same
    /// sum: additions of one value saturate alike, one by one or at once.
    max_count: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Event {
    source: u32,
    count: i16,
}

impl SpikeList {
    /// Creates a list for `sources` that spike up to `cap` times per step, split into events of up to `max_count`
    /// spikes.
    pub(super) fn new(sources: usize, cap: u8, max_count: u8) -> Self {
        // Allocated for the worst case here, so that a step allocates nothing.
        let list = vec![Event::default(); sources * usize::from(cap.div_ceil(max_count))];
        let starts = vec![0; sources.div_ceil(LANES) + 1];
        Self { list: list.into(), starts: starts.into(), max_count }
    }

    pub(super) fn clear(&mut self) {
        self.starts.fill(0);
    }

    /// Collects the events of a step. No count may exceed the cap.
    #[inline(always)]
    pub(super) fn collect(&mut self, counts: &[LaneCounts]) {
        let mut end = 0;
        for (block, (counts, start)) in counts.iter().zip(&mut self.starts).enumerate() {
            *start = end;
            // Few sources spike, and a branch per source would be mispredicted, so set bits of a mask are visited
            // instead.
            let mut spiking = nonzero(counts);
            while spiking != 0 {
                let lane = spiking.trailing_zeros() as usize;
                spiking &= spiking - 1;
                let mut left = counts[lane];
                while left > 0 {
                    let count = left.min(self.max_count);
                    // In range: the list holds `cap / max_count` events, rounded up, for every source.
                    self.list[end] = Event { source: (block * LANES + lane) as u32, count: count.into() };
                    end += 1;
                    left -= count;
                }
            }
        }
        if let Some(last) = self.starts.last_mut() {
            *last = end;
        }
    }

    /// Returns the events of a range of blocks of sources.
    fn of(&self, blocks: &Range<usize>) -> &[Event] {
        &self.list[self.starts[blocks.start]..self.starts[blocks.end]]
    }
}

/// Returns a mask with one bit per nonzero count. Counts are at most 127.
#[inline(always)]
fn nonzero(counts: &LaneCounts) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, _) = counts.as_chunks::<8>();
    // Eight counts at a time, as the bytes of a word, which every machine can do.
    words.iter().rev().fold(0, |bits, &word| {
        // Adding 0x7f carries into the highest bit of each byte with a nonzero count, and no further, because counts
        // are at most 127. The product moves these bits, in order, to the highest byte.
        let ones = ((u64::from_le_bytes(word) + 0x7f * LOW) >> 7) & LOW;
        bits << 8 | ones.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Weights from the input or from hidden neurons to one synapse of a population, split into panels of targets.
#[derive(Debug)]
pub(super) struct Matrix {
    shift: u32,
    panels: Vec<Panel>,
}

/// Weights to one block of targets.
#[derive(Debug)]
struct Panel {
    /// Index of the block.
    target: usize,
    /// Blocks of sources with nonzero weights to this block. A layer feeds few others, so most blocks are skipped.
    sources: Range<usize>,
    /// One row per source of those blocks, the padding included.
    rows: Vec<[i8; LANES]>,
}

impl Matrix {
    /// Creates a matrix of weights `[sources, targets]` with their left shift. `first` is the id of the first source.
    pub(super) fn new(weights: &[i8], targets: usize, first: usize, shift: u8) -> Self {
        let panels = (0..targets).step_by(LANES);
        let panels = panels.filter_map(|target| Panel::new(weights, targets, first, target)).collect();
        Self { shift: shift.into(), panels }
    }

    /// Returns the maximum count whose product with every weight fits 16 bits, at least 1.
    pub(super) fn max_count(&self) -> u8 {
        // A single event always fits: at most 128 << 7 = 16384.
        let weights = self.panels.iter().flat_map(|panel| panel.rows.as_flattened());
        let largest = weights.map(|w| u32::from(w.unsigned_abs())).max().unwrap_or(0).max(1) << self.shift;
        (i16::MAX as u32 / largest).clamp(1, u8::MAX.into()) as u8
    }

    /// Adds the events to the currents, one after the other. With `RECORD_SATURATION`, lanes of `clamped` become
    /// nonzero if an addition saturates.
    #[inline(always)]
    pub(super) fn deliver<const RECORD_SATURATION: bool>(
        &self,
        events: &SpikeList,
        isyn: &mut [LaneBlock],
        clamped: &mut [LaneBlock],
    ) {
        for panel in &self.panels {
            let events = events.of(&panel.sources);
            if !events.is_empty() {
                let clamped = &mut clamped[panel.target];
                panel.add::<RECORD_SATURATION>(events, self.shift, &mut isyn[panel.target], clamped);
            }
        }
    }
}

impl Panel {
    /// Returns `None` if all weights to the block are zero.
    fn new(weights: &[i8], targets: usize, first: usize, target: usize) -> Option<Self> {
        let width = LANES.min(targets - target);
        let row = |row: &'_ [i8]| row[target..target + width].iter().any(|&w| w != 0);
        let rows = weights.chunks_exact(targets);
        let low = first + rows.clone().position(row)?;
        let high = first + rows.clone().rposition(row)?;
        // Whole blocks of sources, because `SpikeList::starts` has one entry per block.
        let sources = low / LANES..high / LANES + 1;
        let origin = sources.start * LANES;
        let mut panel = vec![[0; LANES]; sources.len() * LANES];
        for (source, row) in (first..).zip(rows).take(high + 1 - first).skip(low - first) {
            panel[source - origin][..width].copy_from_slice(&row[target..target + width]);
        }
        Some(Self { target: target / LANES, sources, rows: panel })
    }

    #[inline(always)]
    fn add<const RECORD_SATURATION: bool>(
        &self,
        events: &[Event],
        shift: u32,
        isyn: &mut LaneBlock,
        clamped: &mut LaneBlock,
    ) {
        let first = self.sources.start * LANES;
        // Copies stay in registers until all events are added; writing through the references would reach memory each
        // time.
        let (mut sums, mut saturated) = (*isyn, *clamped);
        for event in events {
            let row = &self.rows[event.source as usize - first];
            // Fits 16 bits with every weight (`max_count`), so the product below never wraps.
            let factor = event.count << shift;
            for lane in 0..LANES {
                let term = i16::from(row[lane]).wrapping_mul(factor);
                let sum = sums[lane].saturating_add(term);
                if RECORD_SATURATION {
                    // A saturated sum differs from the wrapped one, so the XOR is nonzero exactly then.
                    saturated[lane] |= sum ^ sums[lane].wrapping_add(term);
                }
                sums[lane] = sum;
            }
        }
        *isyn = sums;
        if RECORD_SATURATION {
            *clamped = saturated;
        }
    }
}
