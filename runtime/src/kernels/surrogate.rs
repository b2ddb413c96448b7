//! Surrogate gradients (Neftci, Mostafa and Zenke, 2019): what the backward pass takes for the derivative of
//! the spike count, which is 0 almost everywhere. The only place that turns a
//! [`SurrogateKind`](synnet_ir::graph::SurrogateKind) into numbers.

use pulp::Simd;

use super::exp::{MAX_ROUNDED, exp2_negative_lanes, round_lanes};

/// A surrogate gradient. Kernels are generic over it, so that each kind is compiled into the inner loop.
pub(crate) trait SurrogateGradient: Copy {
    /// Returns `theta` times the surrogate of `d spikes / d v` for each lane, at the membrane `v` before
    /// reset.
    fn lanes<S: Simd>(self, simd: S, v: S::f32s, theta: S::f32s, inverse_theta: S::f32s) -> S::f32s;

    /// Returns the factor, times -1, that turns the surrogate of `d spikes / d v` into that of
    /// `d spikes / d theta`, given `v / theta`. Rockpool's depend on `v / theta`, so it is `v / theta`.
    #[inline(always)]
    fn threshold_factor<S: Simd>(self, _: S, multiple: S::f32s) -> S::f32s {
        multiple
    }
}

/// Rockpool's `PeriodicExponential`: `exp(-|u' - theta/2| / w) / theta` with `u = v - theta/2`. From the
/// threshold on, `u'` is `u` less `floor(u / theta)` thresholds, at most `max_spikes - 1`; below it,
/// `u' = u`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeriodicExponential {
    inverse_window: f32,
    /// Maximum number of thresholds that are subtracted: `max_spikes - 1`.
    folds: f32,
}

impl SurrogateGradient for PeriodicExponential {
    #[inline(always)]
    fn lanes<S: Simd>(self, simd: S, v: S::f32s, theta: S::f32s, inverse_theta: S::f32s) -> S::f32s {
        // `|u' - theta/2|` is the distance of `v` from the nearest multiple of the threshold between 1 and
        // `max_spikes`: a rounding in place of the case distinction.
        let multiple = simd.max_f32s(simd.mul_f32s(v, inverse_theta), simd.splat_f32s(1.0));
        let max_multiple = simd.splat_f32s((self.folds + 1.0).min(MAX_ROUNDED));
        let nearest = round_lanes(simd, simd.min_f32s(multiple, max_multiple));
        let distance = simd.abs_f32s(simd.negate_mul_add_e_f32s(nearest, theta, v));
        let exponent =
            simd.mul_f32s(distance, simd.splat_f32s(-self.inverse_window * std::f32::consts::LOG2_E));
        exp2_negative_lanes(simd, exponent)
    }
}

/// Rockpool's `StepPWL`: `1 / theta` for `v >= theta - w`, else 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PiecewiseLinear {
    window: f32,
}

impl SurrogateGradient for PiecewiseLinear {
    #[inline(always)]
    fn lanes<S: Simd>(self, simd: S, v: S::f32s, theta: S::f32s, _: S::f32s) -> S::f32s {
        let from = simd.sub_f32s(theta, simd.splat_f32s(self.window));
        simd.select_f32s(simd.greater_than_or_equal_f32s(v, from), simd.splat_f32s(1.0), simd.splat_f32s(0.0))
    }
}

/// A surrogate that depends on the distance of `v` from the threshold alone, in windows: `x = |v - theta| / w`. It is
/// the derivative of a single spike, and falls on both sides of the threshold.
///
/// The function is chosen in each step: the choice is the same throughout a scan, so the branch is predicted, and
/// one kernel serves all four.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Centered {
    bump: Bump,
    inverse_window: f32,
}

/// A function of `x`, the distance from the threshold in windows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bump {
    /// `1 / (1 + x)^2` (Zenke and Ganguli, 2018).
    FastSigmoid,
    /// `1 / (2 w (1 + (pi / 2 * x)^2))` (Fang et al., 2021).
    Arctangent,
    /// `max(0, 1 - x) / w` (Esser et al., 2016).
    Triangle,
    /// `1 / (2 w)` for `x < 1`, else 0 (Wu et al., 2018).
    Boxcar,
}

impl Centered {
    /// Creates a surrogate with a window in the unit of the membrane.
    pub(crate) fn new(bump: Bump, window: f64) -> Self {
        Self { bump, inverse_window: (1.0 / window) as f32 }
    }
}

impl SurrogateGradient for Centered {
    #[inline(always)]
    fn lanes<S: Simd>(self, simd: S, v: S::f32s, theta: S::f32s, _: S::f32s) -> S::f32s {
        let splat = |x| simd.splat_f32s(x);
        let (one, inverse) = (splat(1.0), self.inverse_window);
        let x = simd.mul_f32s(simd.abs_f32s(simd.sub_f32s(v, theta)), splat(inverse));
        match self.bump {
            Bump::FastSigmoid => {
                let root = simd.add_f32s(one, x);
                simd.div_f32s(theta, simd.mul_f32s(root, root))
            }
            Bump::Arctangent => {
                let root = simd.mul_f32s(x, splat(std::f32::consts::FRAC_PI_2));
                let height = simd.mul_f32s(theta, splat(0.5 * inverse));
                simd.div_f32s(height, simd.mul_add_e_f32s(root, root, one))
            }
            Bump::Triangle => {
                let share = simd.max_f32s(simd.sub_f32s(one, x), splat(0.0));
                simd.mul_f32s(share, simd.mul_f32s(theta, splat(inverse)))
            }
            Bump::Boxcar => {
                let height = simd.mul_f32s(theta, splat(0.5 * inverse));
                simd.select_f32s(simd.less_than_f32s(x, one), height, splat(0.0))
            }
        }
    }

    /// The surrogate of `d spikes / d theta` is that of `d spikes / d v` times -1.
    #[inline(always)]
    fn threshold_factor<S: Simd>(self, simd: S, _: S::f32s) -> S::f32s {
        simd.splat_f32s(1.0)
    }
}

/// Returns the periodic exponential for neurons that spike at most `max_spikes` times per step. `window` is
/// positive.
pub(crate) fn periodic_exponential(window: f64, max_spikes: u32) -> PeriodicExponential {
    PeriodicExponential { inverse_window: (1.0 / window) as f32, folds: max_spikes as f32 - 1.0 }
}

/// Returns the piecewise linear surrogate; `window` is in the unit of the membrane.
pub(crate) fn piecewise_linear(window: f64) -> PiecewiseLinear {
    PiecewiseLinear { window: window as f32 }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};
    use synnet_ir::graph::{Surrogate, SurrogateKind};

    use super::*;
    use crate::kernels::archs;

    /// The documented formula, in f64.
    fn exact(surrogate: Surrogate, max_spikes: u32, v: f64, theta: f64) -> f64 {
        match surrogate.kind {
            SurrogateKind::PeriodicExponential => {
                let u = v - theta / 2.0;
                let folds = (u / theta).floor().min(f64::from(max_spikes) - 1.0);
                let folded = if v >= theta { u - folds * theta } else { u };
                (-(folded - theta / 2.0).abs() / surrogate.window).exp() / theta
            }
            SurrogateKind::PiecewiseLinear => f64::from(u8::from(v >= theta - surrogate.window)) / theta,
            // With the parameters of the papers, in place of a window.
            SurrogateKind::FastSigmoid => {
                let beta = 1.0 / surrogate.window;
                (1.0 + beta * (v - theta).abs()).powi(-2)
            }
            SurrogateKind::Arctangent => {
                let alpha = 1.0 / surrogate.window;
                alpha / (2.0 * (1.0 + (std::f64::consts::FRAC_PI_2 * alpha * (v - theta)).powi(2)))
            }
            SurrogateKind::Triangle => {
                (1.0 - ((v - theta) / surrogate.window).abs()).max(0.0) / surrogate.window
            }
            SurrogateKind::Boxcar => {
                let a = 2.0 * surrogate.window;
                f64::from(u8::from((v - theta).abs() < a / 2.0)) / a
            }
        }
    }

    /// The surrogate gradient as a kernel computes it.
    fn gradient(surrogate: Surrogate, max_spikes: u32, v: f32, theta: f32, arch: Arch) -> f32 {
        struct Lanes<L>(L, f32, f32);
        impl<L: SurrogateGradient> WithSimd for Lanes<L> {
            type Output = f32;

            fn with_simd<S: Simd>(self, simd: S) -> f32 {
                let [v, theta] = [self.1, self.2].map(|x| simd.splat_f32s(x));
                let slopes = self.0.lanes(simd, v, theta, simd.splat_f32s(1.0 / self.2));
                pulp::bytemuck::cast_slice::<_, f32>(&[slopes])[0] / self.2
            }
        }
        let centered = |bump| Centered::new(bump, surrogate.window);
        match surrogate.kind {
            SurrogateKind::PeriodicExponential => {
                arch.dispatch(Lanes(periodic_exponential(surrogate.window, max_spikes), v, theta))
            }
            SurrogateKind::PiecewiseLinear => {
                arch.dispatch(Lanes(piecewise_linear(surrogate.window), v, theta))
            }
            SurrogateKind::FastSigmoid => arch.dispatch(Lanes(centered(Bump::FastSigmoid), v, theta)),
            SurrogateKind::Arctangent => arch.dispatch(Lanes(centered(Bump::Arctangent), v, theta)),
            SurrogateKind::Triangle => arch.dispatch(Lanes(centered(Bump::Triangle), v, theta)),
            SurrogateKind::Boxcar => arch.dispatch(Lanes(centered(Bump::Boxcar), v, theta)),
        }
    }

    #[test]
    fn surrogate_gradients_match_the_formulas() {
        for kind in SurrogateKind::ALL {
            // Near its foot, the triangle is a difference of numbers near 1.
            let tolerance = if kind == SurrogateKind::Triangle { 1e-5 } else { 1e-29 };
            for window in [0.2, 0.5, 2.0] {
                for (theta, max_spikes) in [(1.0, 31), (0.7, 1), (1.3, 12), (2.0, 65536)] {
                    for i in -400..=2000 {
                        // Off the jumps of the functions, where rounding decides.
                        let v = f64::from(i) * 0.0137 + 0.000_71;
                        let surrogate = Surrogate { kind, window };
                        let expected = exact(surrogate, max_spikes, f64::from(v as f32), f64::from(theta));
                        for arch in archs() {
                            let found = f64::from(gradient(surrogate, max_spikes, v as f32, theta, arch));
                            assert!(
                                (found - expected).abs() <= 3e-5 * expected + tolerance,
                                "{kind:?} w={window} theta={theta} v={v}: {found}, not {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn surrogate_gradient_is_periodic() {
        let surrogate = Surrogate { kind: SurrogateKind::PeriodicExponential, window: 0.5 };
        for arch in archs() {
            let near = gradient(surrogate, 31, 1.25, 1.0, arch);
            assert_eq!(near, gradient(surrogate, 31, 5.25, 1.0, arch));
            assert!(gradient(surrogate, 3, 5.25, 1.0, arch) < near, "beyond the cap nothing is folded");
        }
    }
}
