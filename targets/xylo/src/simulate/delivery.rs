//! Events on their way to synaptic currents.
//!
//! The addition of an event saturates, so the order of events matters at the rails; which target comes first does
//! not. [`LANES`] targets therefore stay in vector registers while the rows of all events are added to them, source
//! after source, by saturating additions: the chip's result, whatever the values.

use std::ops::Range;

/// Neurons are held in blocks of so many; the last block is padded with neurons that nothing reaches.
pub(super) const LANES: usize = 64;

/// A number for each neuron of a block.
pub(super) type Block = [i16; LANES];

/// Spike counts of a block.
pub(super) type Counts = [u8; LANES];

/// As many blocks as hold `n` values, the rest filled.
pub(super) fn blocks<T: Copy>(values: impl ExactSizeIterator<Item = T>, fill: T) -> Vec<[T; LANES]> {
    let mut blocks = vec![[fill; LANES]; values.len().div_ceil(LANES)];
    blocks.as_flattened_mut().iter_mut().zip(values).for_each(|(to, value)| *to = value);
    blocks
}

/// The sources that spike in a step, in ascending order.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// As many as there can be; those of this step come first.
    list: Box<[Event]>,
    /// Where each block of sources begins in the list, and where the last one ends.
    starts: Box<[usize]>,
    /// Largest count of an event; a greater one is two events or more of the same source. To saturating additions of
    /// one value that is the same.
    max_count: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Event {
    source: u32,
    count: i16,
}

impl Events {
    /// Room for the events of sources that spike up to `cap` times, `max_count` at once.
    pub(super) fn new(sources: usize, cap: u8, max_count: u8) -> Self {
        let list = vec![Event::default(); sources * usize::from(cap.div_ceil(max_count))];
        let starts = vec![0; sources.div_ceil(LANES) + 1];
        Self { list: list.into(), starts: starts.into(), max_count }
    }

    pub(super) fn clear(&mut self) {
        self.starts.fill(0);
    }

    /// Takes the sources that have a count; none is above the cap.
    #[inline(always)]
    pub(super) fn collect(&mut self, counts: &[Counts]) {
        let mut end = 0;
        for (block, (counts, start)) in counts.iter().zip(&mut self.starts).enumerate() {
            *start = end;
            let mut spiking = nonzero(counts);
            while spiking != 0 {
                let lane = spiking.trailing_zeros() as usize;
                spiking &= spiking - 1;
                let mut left = counts[lane];
                while left > 0 {
                    let count = left.min(self.max_count);
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

    /// The events of some blocks of sources.
    fn of(&self, blocks: &Range<usize>) -> &[Event] {
        &self.list[self.starts[blocks.start]..self.starts[blocks.end]]
    }
}

/// A bit for each count that is not 0. Counts are at most 127.
#[inline(always)]
fn nonzero(counts: &Counts) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, _) = counts.as_chunks::<8>();
    words.iter().rev().fold(0, |bits, &word| {
        // A count above 0 carries into the highest bit of its byte; the product gathers these bits.
        let ones = ((u64::from_le_bytes(word) + 0x7f * LOW) >> 7) & LOW;
        bits << 8 | ones.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Weights from one kind of source to one synapse of the neurons of a population.
#[derive(Debug)]
pub(super) struct Matrix {
    shift: u32,
    panels: Vec<Panel>,
}

/// Weights to one block of targets.
#[derive(Debug)]
struct Panel {
    target: usize,
    /// Blocks of sources that have weights here.
    sources: Range<usize>,
    /// One for each source of those blocks.
    rows: Vec<[i8; LANES]>,
}

impl Matrix {
    /// Of weights `[sources, targets]`, whose first source is number `first`, with their left shift.
    pub(super) fn new(weights: &[i8], targets: usize, first: usize, shift: u8) -> Self {
        let panels = (0..targets).step_by(LANES);
        let panels = panels.filter_map(|target| Panel::new(weights, targets, first, target)).collect();
        Self { shift: shift.into(), panels }
    }

    /// Largest count whose product with every weight fits 16 bits, at least 1.
    pub(super) fn max_count(&self) -> u8 {
        let weights = self.panels.iter().flat_map(|panel| panel.rows.as_flattened());
        let largest = weights.map(|w| u32::from(w.unsigned_abs())).max().unwrap_or(0).max(1) << self.shift;
        (i16::MAX as u32 / largest).clamp(1, u8::MAX.into()) as u8
    }

    /// Adds the events to currents, one after the other. With `RECORD_SATURATION`, lanes of `clamped` become nonzero where an
    /// addition meets a rail.
    #[inline(always)]
    pub(super) fn deliver<const RECORD_SATURATION: bool>(
        &self,
        events: &Events,
        isyn: &mut [Block],
        clamped: &mut [Block],
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
    /// `None` where there are no weights.
    fn new(weights: &[i8], targets: usize, first: usize, target: usize) -> Option<Self> {
        let width = LANES.min(targets - target);
        let row = |row: &'_ [i8]| row[target..target + width].iter().any(|&w| w != 0);
        let rows = weights.chunks_exact(targets);
        let low = first + rows.clone().position(row)?;
        let high = first + rows.clone().rposition(row)?;
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
        isyn: &mut Block,
        clamped: &mut Block,
    ) {
        let first = self.sources.start * LANES;
        // In registers, until all events are added.
        let (mut sums, mut rails) = (*isyn, *clamped);
        for event in events {
            let row = &self.rows[event.source as usize - first];
            let factor = event.count << shift;
            for lane in 0..LANES {
                let term = i16::from(row[lane]).wrapping_mul(factor);
                let sum = sums[lane].saturating_add(term);
                if RECORD_SATURATION {
                    rails[lane] |= sum ^ sums[lane].wrapping_add(term);
                }
                sums[lane] = sum;
            }
        }
        *isyn = sums;
        if RECORD_SATURATION {
            *clamped = rails;
        }
    }
}
