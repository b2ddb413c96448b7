//! The inner loops of interpreter and training.
//!
//! [`lif`], [`integrator`] and [`rows`] are the canonical arithmetic of the interpreter, one step at a time.
//! The other modules are the scans and products of training, over blocks of time steps. They are written once
//! over `pulp`'s vectors and compiled for AVX-512, AVX2 and scalar code; the choice is made at run time. Each
//! neuron has a lane of its own, and sums over time run in the order of time. So AVX-512 and AVX2 give the
//! same bits; without fused multiply-add, the last bits differ.
//!
//! Rows are padded to multiples of [`LANES`] with neurons that never spike: their weights, decays and
//! gradients are 0, and their threshold is 1. Padding never emits an event, whatever the real neurons do.

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

/// Lanes of the widest vector, AVX-512 with f32. Rows are padded to a multiple of it.
pub(crate) const LANES: usize = 16;

/// Rounds a width up to a multiple of [`LANES`].
pub(crate) fn padded(width: usize) -> usize {
    width.next_multiple_of(LANES)
}

/// Runs a closure that is compiled for the widest vector instructions of this machine. Only code inlined into
/// the closure benefits.
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Returns 1 if a number is infinite or NaN, and else 0.
#[inline(always)]
pub(crate) fn non_finite_bit(x: f32) -> u32 {
    // In integers: a loop that combines the bits vectorizes, one that returns at the first does not.
    u32::from(x.to_bits() & 0x7fff_ffff >= 0x7f80_0000)
}

/// Loads `K` vectors of a row, from vector `at` on.
#[inline(always)]
fn load<S: Simd, const K: usize>(simd: S, row: &[S::f32s], at: usize) -> [S::f32s; K] {
    let mut vectors = [simd.splat_f32s(0.0); K];
    vectors.copy_from_slice(&row[at..at + K]);
    vectors
}

/// Stores `K` vectors to a row, from vector `at` on.
#[inline(always)]
fn store<S: Simd, const K: usize>(row: &mut [S::f32s], at: usize, vectors: [S::f32s; K]) {
    row[at..at + K].copy_from_slice(&vectors);
}

/// Evaluates `$body` for consecutive chunks of the vectors `0..$vectors` of a row: `$at` is the first vector
/// of a chunk, and the constant `$K` is its length, from the largest of the given sizes to the smallest.
///
/// Chunks of several vectors are independent chains of operations, which hide each other's latency. Their
/// number is limited by the registers that the body needs.
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

/// Returns the instruction sets of this machine, scalar code first.
#[cfg(test)]
pub(crate) fn archs() -> impl Iterator<Item = pulp::Arch> {
    #[cfg(target_arch = "x86_64")]
    let more = [pulp::x86::V3::try_new().map(pulp::Arch::V3), pulp::x86::V4::try_new().map(pulp::Arch::V4)];
    #[cfg(not(target_arch = "x86_64"))]
    let more = [Some(pulp::Arch::new())];
    std::iter::once(pulp::Arch::Scalar).chain(more.into_iter().flatten())
}
