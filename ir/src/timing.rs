//! Conversion between time constants, decays and bit shifts, in one place.

/// Returns the decay per time step of an exponential with time constant `tau` (s) at step `dt` (s).
pub fn tau_to_decay(tau: f64, dt: f64) -> f64 {
    (-dt / tau).exp()
}

/// Returns the time constant (s) of a decay per time step of `dt` (s).
pub fn decay_to_tau(decay: f64, dt: f64) -> f64 {
    -dt / decay.ln()
}

/// Returns the bit shift `dash` whose decay `1 - 2^-dash` is nearest to that of `tau`, not yet rounded.
pub fn tau_to_bit_shift(tau: f64, dt: f64) -> f64 {
    decay_to_bit_shift(tau_to_decay(tau, dt))
}

/// Returns the bit shift `dash` with decay `1 - 2^-dash`, not rounded.
pub fn decay_to_bit_shift(decay: f64) -> f64 {
    -(1.0 - decay).log2()
}

/// Returns the decay per time step of a bit shift: `1 - 2^-dash`.
pub fn bit_shift_to_decay(dash: f64) -> f64 {
    1.0 - (-dash).exp2()
}

/// Returns the time constant nearest to `tau` that an integer bit shift expresses (Rockpool's
/// `quantize_time_constants`): `dash = round(tau_to_bit_shift(tau))`, `tau' = -dt / ln(1 - 2^-dash)`.
///
/// For a `tau` whose bit shift rounds to 0, there is none; the result is then 0.
pub fn quantized_tau(tau: f64, dt: f64) -> f64 {
    decay_to_tau(bit_shift_to_decay(tau_to_bit_shift(tau, dt).round_ties_even()), dt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_shifts_match_the_decay_not_the_ratio() {
        // At tau/dt = 2.5 the rule log2(tau/dt) would give 1.
        assert_eq!(tau_to_bit_shift(2.5e-3, 1e-3).round(), 2.0);
        assert_eq!(tau_to_bit_shift(2e-3, 1e-3).round(), 1.0);
    }

    #[test]
    fn quantized_time_constants_are_fixed_points() {
        for tau in [1.2e-3, 2e-3, 4e-3, 17e-3, 256e-3] {
            let once = quantized_tau(tau, 1e-3);
            assert!((quantized_tau(once, 1e-3) - once).abs() < 1e-12);
            let dash = tau_to_bit_shift(once, 1e-3);
            assert!((dash - dash.round()).abs() < 1e-9);
        }
    }
}
