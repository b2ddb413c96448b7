//! Quantities of a graph as text for people: the one formatter for times and for numbers.

use crate::graph::Quantity;

/// A time as one would write it: the largest unit in which it is at least 1, up to nine digits.
pub fn time_text(seconds: f64) -> String {
    let (scale, unit) = match seconds.abs() {
        s if s >= 1.0 => (1.0, "s"),
        s if s >= 1e-3 || s == 0.0 => (1e-3, "ms"),
        s if s >= 1e-6 => (1e-6, "us"),
        _ => (1e-9, "ns"),
    };
    // Nine digits hide the rounding of the conversion.
    let rounded: f64 = format!("{:.9e}", seconds / scale).parse().unwrap_or(seconds / scale);
    format!("{rounded} {unit}")
}

/// A time with four digits.
pub fn rounded_time(seconds: f64) -> String {
    let rounded: f64 = format!("{seconds:.3e}").parse().unwrap_or(seconds);
    time_text(rounded)
}

/// A whole number as it is, another with four digits.
pub fn digits(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// A quantity in words: "spikes", "membrane potentials", "synaptic currents".
pub fn quantity_name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Spikes => "spikes",
        Quantity::Vmem => "membrane potentials",
        Quantity::Isyn => "synaptic currents",
    }
}
