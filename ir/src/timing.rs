//! Time constants, decays and bit shifts: the one place that converts between them.

/// Decay per time step of an exponential with time constant `tau` (s) at step `dt` (s).
pub fn decay_of_tau(tau: f64, dt: f64) -> f64 {
    (-dt / tau).exp()
}

/// Time constant (s) of a decay per time step.
pub fn tau_of_decay(decay: f64, dt: f64) -> f64 {
    -dt / decay.ln()
}

/// The bit shift `dash` whose decay `1 - 2^-dash` is nearest to that of `tau`, not yet rounded.
pub fn dash_of_tau(tau: f64, dt: f64) -> f64 {
    dash_of_decay(decay_of_tau(tau, dt))
}

/// The bit shift `dash` with decay `1 - 2^-dash`, not rounded.
pub fn dash_of_decay(decay: f64) -> f64 {
    -(1.0 - decay).log2()
}

/// Decay per time step of a bit shift: `1 - 2^-dash`.
pub fn decay_of_dash(dash: f64) -> f64 {
    1.0 - (-dash).exp2()
}

/// The time constant nearest to `tau` that a whole bit shift can express (Rockpool's
/// `quantize_time_constants`): `dash = round(dash_of_tau(tau))`, `tau' = -dt / ln(1 - 2^-dash)`.
///
/// A `tau` so short that its bit shift rounds to 0 has no such neighbor; the result is then 0.
pub fn quantized_tau(tau: f64, dt: f64) -> f64 {
    tau_of_decay(decay_of_dash(dash_of_tau(tau, dt).round_ties_even()), dt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_shifts_match_the_decay_not_the_ratio() {
        // At tau/dt = 2.5 the rule log2(tau/dt) would give 1.
        assert_eq!(dash_of_tau(2.5e-3, 1e-3).round(), 2.0);
        assert_eq!(dash_of_tau(2e-3, 1e-3).round(), 1.0);
    }

    #[test]
    fn quantized_time_constants_are_fixed_points() {
        for tau in [1.2e-3, 2e-3, 4e-3, 17e-3, 256e-3] {
            let once = quantized_tau(tau, 1e-3);
            assert!((quantized_tau(once, 1e-3) - once).abs() < 1e-12);
            let dash = dash_of_tau(once, 1e-3);
            assert!((dash - dash.round()).abs() < 1e-9);
        }
    }
}
