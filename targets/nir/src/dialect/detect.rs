//! Recognizing the tool that wrote a file, by the relations between its numbers.

use super::Dialect;
use crate::nodes::Primitive;

/// The dialect of a file, and the time step that its numbers give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detection {
    pub(crate) dialect: Dialect,
    /// Time step in seconds; `None` if the numbers do not depend on it.
    pub(crate) dt: Option<f64>,
    /// Why: the relation that holds, for messages.
    pub(crate) reason: &'static str,
}

/// snnTorch's time step, which is fixed (`dt = 1e-4` in its `export_nir.py`).
const SNNTORCH_STEP: f64 = 1e-4;
/// Relative difference up to which two numbers are taken for equal: files hold 32 bits.
const TOLERANCE: f64 = 2e-5;

/// What the nodes say about their origin.
#[derive(Default)]
struct Evidence {
    /// Time constants of membranes and integrators with their `r`.
    pairs: Vec<(f64, f64)>,
    /// Time constants of synapses with their `w_in`.
    synapses: Vec<(f64, f64)>,
    /// `r` of neurons without leak.
    integrators: Vec<f64>,
    has_reset: bool,
    has_linear: bool,
    has_rockpool_name: bool,
    /// The input has the name that `torch.fx` gives to an argument `input`, as SpikingJelly traces modules.
    has_traced_input: bool,
    /// All nodes but the ends have numbers for names, as `nirtorch` names modules of a sequence; potentials reset to 0.
    has_numbers_only: bool,
}

/// Recognizes the dialect of nodes, given with their names.
pub(crate) fn detect<'a>(nodes: impl Iterator<Item = (&'a str, &'a Primitive)>) -> Detection {
    let evidence = Evidence::collect(nodes);
    let found = |dialect, dt, reason| Detection { dialect, dt, reason };
    if evidence.pairs.is_empty() {
        return evidence.without_time_constants();
    }
    if evidence.pairs.iter().all(|&(_, r)| close(r, 1.0)) {
        // Time constants of a second and more are numbers of steps.
        if evidence.synapses.is_empty() && evidence.pairs.iter().all(|&(tau, _)| tau >= 1.0) {
            return found(Dialect::Sinabs, None, "`r` is 1 and time constants are long");
        }
        if evidence.has_traced_input && evidence.has_reset && evidence.synapses.is_empty() {
            // `decay_input`, its default.
            return found(Dialect::SpikingJelly, None, "`r` is 1, and the input is called `input_1`");
        }
        // Since nir 1.0.6 all files have `v_reset`, which Norse leaves at 0.
        if (!evidence.has_reset || evidence.has_numbers_only) && !evidence.has_linear {
            return found(Dialect::Norse, None, "`r` is 1");
        }
        return found(Dialect::Euler, None, "`r` is 1");
    }
    let step = |f: fn(f64, f64) -> Option<f64>| evidence.step(f);
    let has_gain = evidence.synapses.iter().any(|&(_, w_in)| !close(w_in, 1.0));
    let rockpool = [
        (step(exponential_step), "`r` is `tau * exp(-dt / tau) / dt`"),
        (step(|tau, r| Some(tau / (1.0 + r))), "`r` is `tau / dt - 1`"),
    ];
    let rockpool = rockpool.into_iter().filter_map(|(dt, reason)| Some((dt?, Dialect::Rockpool, reason)));
    let euler = step(|tau, r| Some(tau / r)).map(|dt| {
        let dialect = if close(dt, SNNTORCH_STEP) { Dialect::SnnTorch } else { Dialect::SpikingJelly };
        (dt, dialect, "`r` is `tau / dt`")
    });
    let spyx = step(|tau, r| (r < 1.0).then_some(tau * (1.0 - r)));
    let spyx = spyx.map(|dt| (dt, Dialect::Spyx, "`r` is `1 - dt / tau`"));
    // Synapses without gain rule out forward Euler, whose `w_in` is `tau_syn / dt`; a gain rules out the others.
    let euler = euler.filter(|_| has_gain || evidence.synapses.is_empty() || evidence.gain_is_euler());
    let others = rockpool.chain(spyx).filter(|_| !has_gain);
    // One time constant fits every relation. Then only the time step distinguishes the tools, which people choose in few
    // digits.
    let digits = |dt: f64, dialect: Dialect| match (dialect, evidence.has_rockpool_name) {
        (Dialect::Rockpool, true) => 0,
        _ => significant_digits(dt),
    };
    let best = euler.into_iter().chain(others).min_by_key(|&(dt, dialect, _)| digits(dt, dialect));
    match best {
        Some((dt, dialect, reason)) => found(dialect, Some(dt), reason),
        None => found(Dialect::Euler, None, "no relation of a known tool holds"),
    }
}

impl Evidence {
    fn collect<'a>(nodes: impl Iterator<Item = (&'a str, &'a Primitive)>) -> Self {
        let mut evidence = Self { has_numbers_only: true, ..Self::default() };
        let each = |a: &[f64], b: &[f64]| -> Vec<(f64, f64)> {
            let len = a.len().max(b.len());
            let at = |list: &[f64], i: usize| if list.len() == 1 { list[0] } else { list[i] };
            (0..len).map(|i| (at(a, i), at(b, i))).collect()
        };
        for (name, primitive) in nodes {
            evidence.has_rockpool_name |= name.ends_with("Torch");
            let is_end = matches!(primitive, Primitive::Input(_) | Primitive::Output(_));
            evidence.has_traced_input |= is_end && name == "input_1";
            evidence.has_numbers_only &= is_end || name.bytes().all(|byte| byte.is_ascii_digit());
            match primitive {
                Primitive::If(node) => {
                    evidence.integrators.extend(&node.r);
                    evidence.reset(&node.v_reset);
                }
                Primitive::I(node) => evidence.integrators.extend(&node.r),
                Primitive::Lif(node) => {
                    evidence.pairs.extend(each(&node.tau, &node.r));
                    evidence.reset(&node.v_reset);
                }
                Primitive::Li(node) => evidence.pairs.extend(each(&node.tau, &node.r)),
                Primitive::CubaLif(node) => {
                    evidence.pairs.extend(each(&node.tau_mem, &node.r));
                    evidence.synapses.extend(each(&node.tau_syn, node.w_in()));
                    evidence.reset(&node.v_reset);
                }
                Primitive::CubaLi(node) => {
                    evidence.pairs.extend(each(&node.0.tau_mem, &node.0.r));
                    evidence.synapses.extend(each(&node.0.tau_syn, node.0.w_in()));
                }
                Primitive::Affine(affine) => evidence.has_linear |= affine.bias.is_none(),
                Primitive::Input(_)
                | Primitive::Output(_)
                | Primitive::Pass(_)
                | Primitive::Scale(_)
                | Primitive::Delay(_) => {}
            }
        }
        evidence
    }

    fn reset(&mut self, v_reset: &Option<Vec<f64>>) {
        self.has_reset |= v_reset.is_some();
        self.has_numbers_only &= v_reset.iter().flatten().all(|&v| v == 0.0);
    }

    fn without_time_constants(&self) -> Detection {
        let first = self.integrators.first().copied().unwrap_or(1.0);
        let is_uniform = self.integrators.iter().all(|&r| close(r, first));
        if is_uniform && first > 1.0 && !close(first, 1.0) && significant_digits(1.0 / first) <= 3 {
            let reason = "`r` of its `IF` nodes is `1 / dt`";
            return Detection { dialect: Dialect::SpikingJelly, dt: Some(1.0 / first), reason };
        }
        if is_uniform && close(first, 1.0) && !self.has_reset && !self.integrators.is_empty() {
            let reason = "its `IF` nodes have no `v_reset`";
            return Detection { dialect: Dialect::Sinabs, dt: None, reason };
        }
        Detection { dialect: Dialect::Euler, dt: None, reason: "it has no time constants" }
    }

    /// Returns the time step by which a relation holds for all pairs; `None` if it does not.
    fn step(&self, relation: impl Fn(f64, f64) -> Option<f64>) -> Option<f64> {
        let first = relation(self.pairs[0].0, self.pairs[0].1).filter(|dt| dt.is_finite() && *dt > 0.0)?;
        let holds = |&(tau, r): &(f64, f64)| relation(tau, r).is_some_and(|dt| close(dt, first));
        // The shortest decimal number nearby: files hold 32 bits, and people choose few digits.
        self.pairs.iter().all(holds).then(|| rounded(first))
    }

    fn gain_is_euler(&self) -> bool {
        let Some(dt) = self.step(|tau, r| Some(tau / r)) else { return false };
        self.synapses.iter().all(|&(tau, w_in)| close(w_in * dt, tau))
    }
}

/// Solves `r = exp(-x) / x` for `x = dt / tau`, and returns `dt`.
fn exponential_step(tau: f64, r: f64) -> Option<f64> {
    if !(r > 0.0 && r.is_finite()) {
        return None;
    }
    // Newton's method on ln r + ln x + x = 0, which is concave and increasing: it converges from the left.
    let mut x = 1.0 / (1.0 + r);
    for _ in 0..60 {
        x -= (r.ln() + x.ln() + x) / (1.0 / x + 1.0);
        if x.is_nan() || x <= 0.0 {
            return None;
        }
    }
    Some(tau * x)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

/// Returns the number with the fewest digits that equals `value` within the tolerance.
fn rounded(value: f64) -> f64 {
    (0..6)
        .filter_map(|digits| format!("{value:.digits$e}").parse().ok())
        .find(|&candidate| close(candidate, value))
        .unwrap_or(value)
}

fn significant_digits(value: f64) -> usize {
    (0..6)
        .find(|&digits| format!("{value:.digits$e}").parse().is_ok_and(|x: f64| close(x, value)))
        .unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_from_the_relation_of_rockpool() {
        for (tau, dt) in [(2.5e-3, 1e-4), (0.02, 0.01), (1.0, 1e-3)] {
            let r = tau * f64::exp(-dt / tau) / dt;
            assert!(close(exponential_step(tau, r).unwrap(), dt));
        }
        assert_eq!(exponential_step(1.0, -1.0), None);
    }

    #[test]
    fn steps_are_rounded_to_what_people_choose() {
        assert_eq!(rounded(9.999_999_6e-5), 1e-4);
        assert_eq!((significant_digits(1e-4), significant_digits(1.0408e-4)), (0, 4));
    }
}
