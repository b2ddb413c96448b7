//! The inner loops: plain functions over rows, vectorised by the compiler.
//!
//! Each public function picks the widest instructions of the machine at run time and runs the same
//! code under them. Rust contracts no multiplication and addition, so the results are the same.

pub(crate) mod exp;
pub(crate) mod integrator;
pub(crate) mod lif;
pub(crate) mod matmul;
pub(crate) mod rows;

/// Runs a closure compiled for the widest vector instructions of this machine. What it calls must
/// be inlined to profit.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
