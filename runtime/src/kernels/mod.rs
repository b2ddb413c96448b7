//! The inner loops.
//!
//! [`lif`], [`integrator`] and [`rows`] are the canonical arithmetic, one step at a time, that the
//! interpreter runs. The others are the scans and products of training, over blocks of time steps.
//! They are written once over `pulp`'s vectors and compiled for AVX-512, AVX2 and plain code; the
//! machine decides at run time. Every neuron is a lane and sums run in the order of time, so AVX-512
//! and AVX2 give the same bits; without fused multiply-add the last bits differ.
//!
//! Rows of a block are padded to whole multiples of [`LANES`] with neurons that never spike: their weights, decays
//! and gradients are 0 and their threshold is 1. Nothing that a layer emits comes from its padding, whatever its
//! neurons do.

#[cfg(target_arch = "x86_64")]
mod compress;
pub(crate) mod event_lists;
pub(crate) mod exp;
pub(crate) mod integrator;
pub(crate) mod lif;
pub(crate) mod membrane;
pub(crate) mod product;
pub(crate) mod rows;
pub(crate) mod surrogate;
pub(crate) mod synapse;

use pulp::Simd;

/// Rows are as wide as a whole number of these: the widest vector that a machine may have.
pub(crate) const LANES: usize = 16;

/// A width with its padding.
pub(crate) fn padded(width: usize) -> usize {
    width.next_multiple_of(LANES)
}

/// Runs a closure compiled for the widest vector instructions of this machine. What it calls must
/// be inlined to profit.
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// 1 where a number is infinite or NaN; in integers, so that loops which collect it vectorize.
#[inline(always)]
pub(crate) fn non_finite_bit(x: f32) -> u32 {
    u32::from(x.to_bits() & 0x7fff_ffff >= 0x7f80_0000)
}

/// `K` vectors of a row.
#[inline(always)]
fn load<S: Simd, const K: usize>(simd: S, row: &[S::f32s], at: usize) -> [S::f32s; K] {
    let mut vectors = [simd.splat_f32s(0.0); K];
    vectors.copy_from_slice(&row[at..at + K]);
    vectors
}

#[inline(always)]
fn store<S: Simd, const K: usize>(row: &mut [S::f32s], at: usize, vectors: [S::f32s; K]) {
    row[at..at + K].copy_from_slice(&vectors);
}

/// Calls `$kernel::<S, K>(.., at)` for the vectors `0..$vectors` of a row, as many (`K`) at a time as registers
/// hold.
macro_rules! for_chunks {
    ($vectors:expr, [$($k:literal),*], |$at:ident, $K:ident| $body:expr) => {{
        let mut $at = 0;
        $(
            while $vectors - $at >= $k {
                const $K: usize = $k;
                $body;
                $at += $k;
            }
        )*
    }};
}
use for_chunks;

/// The vector instructions that this machine has, plain code first.
#[cfg(test)]
pub(crate) fn archs() -> impl Iterator<Item = pulp::Arch> {
    #[cfg(target_arch = "x86_64")]
    let more = [pulp::x86::V3::try_new().map(pulp::Arch::V3), pulp::x86::V4::try_new().map(pulp::Arch::V4)];
    #[cfg(not(target_arch = "x86_64"))]
    let more = [Some(pulp::Arch::new())];
    std::iter::once(pulp::Arch::Scalar).chain(more.into_iter().flatten())
}
