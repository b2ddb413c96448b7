//! Random specifications and rasters, the same for the same seed.

use synnet_ir::Raster;
use synnet_xylo::specification::{Dimensions, Specification};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A whole number of a range, both ends included.
    pub(crate) fn between<T: TryFrom<i64>>(&mut self, low: i64, high: i64) -> T {
        let number = low + (self.next() % (high - low + 1) as u64) as i64;
        T::try_from(number).unwrap_or_else(|_| panic!("{number} does not fit"))
    }

    fn list<T: TryFrom<i64>>(&mut self, count: usize, low: i64, high: i64) -> Vec<T> {
        (0..count).map(|_| self.between(low, high)).collect()
    }

    /// Weights, a part of which is 0.
    fn weights(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| if self.next().is_multiple_of(3) { 0 } else { self.between(-128, 127) }).collect()
    }

    /// Event counts.
    pub(crate) fn raster(&mut self, steps: usize, channels: usize) -> Raster {
        let count = |r: &mut Self| if r.next().is_multiple_of(3) { r.between(1, 15) } else { 0 };
        let events: Vec<u8> = (0..steps * channels).map(|_| count(self)).collect();
        super::raster_of(channels, &events)
    }

    /// A network in which everything is used that the flags allow: several neurons have an alias, to lower ids and
    /// to higher ones and one to neuron 0.
    pub(crate) fn specification(
        &mut self,
        dimensions: Dimensions,
        bias: bool,
        aliases: bool,
    ) -> Specification {
        let d = dimensions;
        let bias_range = if bias { 60 } else { 0 };
        let mut alias_target = vec![None; d.hidden];
        if aliases {
            for target in alias_target.iter_mut().skip(1).step_by(3) {
                *target = Some(self.between(0, d.hidden as i64 - 1));
            }
            alias_target[d.hidden - 1] = Some(0);
        }
        Specification {
            dimensions,
            weights_in: self.weights(d.inputs * d.input_expansion * d.synapses),
            weights_rec: self.weights(d.hidden * d.hidden * d.synapses),
            weights_out: self.weights(d.output_expansion * d.outputs),
            weight_shift_in: self.between(0, 3),
            weight_shift_rec: self.between(0, 1),
            weight_shift_out: self.between(0, 3),
            dash_mem: self.list(d.hidden, 1, 5),
            dash_syn: self.list(d.hidden, 1, 5),
            dash_syn_2: self.list(d.hidden, 1, 5),
            dash_mem_out: self.list(d.outputs, 1, 5),
            dash_syn_out: self.list(d.outputs, 1, 5),
            threshold: self.list(d.hidden, 100, 2000),
            threshold_out: self.list(d.outputs, 20, 900),
            bias: self.list(d.hidden, -bias_range, bias_range),
            bias_out: self.list(d.outputs, -bias_range, bias_range),
            alias_target,
        }
    }
}
