//! Spike detection with AVX-512, which packs the lanes selected by a mask in one instruction.

use pulp::bytemuck::cast;
use pulp::x86::V4;
use pulp::{Simd, u32x16};

use super::LANES;

/// Writes the indices and counts of the nonzero elements of a row, in ascending order, and returns their
/// number.
///
/// The length of `row` is a multiple of [`LANES`]; `neurons` and `counts` hold at least [`LANES`] elements
/// more.
#[inline(always)]
pub(crate) fn compress(simd: V4, row: &[f32], neurons: &mut [u32], counts: &mut [f32]) -> usize {
    let mut lanes = u32x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut found = 0;
    for &vector in V4::as_simd_f32s(row).0 {
        // Each vector is stored whole. Its unused lanes lie after the events found so far, and the next
        // store overwrites them; the last one needs the extra `LANES` elements.
        let spikes = simd.avx512f._mm512_test_epi32_mask(cast(vector), cast(vector));
        let packed = simd.avx512f._mm512_maskz_compress_epi32(spikes, cast(lanes));
        V4::as_mut_simd_u32s(&mut neurons[found..found + LANES]).0[0] = cast(packed);
        let packed = simd.avx512f._mm512_maskz_compress_ps(spikes, cast(vector));
        V4::as_mut_simd_f32s(&mut counts[found..found + LANES]).0[0] = cast(packed);
        found += spikes.count_ones() as usize;
        lanes = simd.add_u32s(lanes, simd.splat_u32s(LANES as u32));
    }
    found
}
