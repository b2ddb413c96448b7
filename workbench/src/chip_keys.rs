//! The keys of a chip description whose numbers have narrower ranges than their types. Messages take the ranges from
//! here.

use crate::yaml::Key;

const fn key(path: &'static str, expected: &'static str) -> Key {
    Key { path, expected, default: "" }
}

const NEURONS: &str = "an integer from 1 to 4096";
const EXPANSION: &str = "an integer from 1 to `hidden`";
const MIN_DASH: &str = "an integer from 0 to `max`";
const MAX_DASH: &str = "an integer from `min` to 15";

/// The keys in the order of a description. Those at the top are complete, so that messages list them in this order.
pub(crate) const KEYS: &[Key] = &[
    key("name", "lower-case letters, digits, `-` and `_`"),
    key("title", "a string"),
    key("part", "a string"),
    key("rockpool", "the name of a Python package"),
    key("configuration", "`samna_xylo_core2`"),
    key("core", "`v1` or `v2`"),
    key("inputs", NEURONS),
    key("input_expansion", EXPANSION),
    key("hidden", NEURONS),
    key("output_expansion", EXPANSION),
    key("outputs", NEURONS),
    key("synapses", "a mapping with `hidden` and `readout`"),
    key("synapses.hidden", "an integer from 1 to 2"),
    key("synapses.readout", "1"),
    key("fan_out", "a mapping with `per_neuron` and `total`"),
    key("fan_out.per_neuron", "a non-negative integer"),
    key("fan_out.total", "a non-negative integer"),
    key("weight_bits", "an integer from 2 to 8"),
    key("weight_shift", "an integer from 0 to 7"),
    key("threshold", "an integer from 1 to 32767"),
    key("bias", "`true` or `false`"),
    key("aliases", "`true` or `false`"),
    key("dash", "a mapping with `synapse` and `membrane`"),
    key("dash.synapse", "a mapping with `min` and `max`"),
    key("dash.synapse.min", MIN_DASH),
    key("dash.synapse.max", MAX_DASH),
    key("dash.membrane", "a mapping with `min` and `max`"),
    key("dash.membrane.min", MIN_DASH),
    key("dash.membrane.max", MAX_DASH),
    key("events", "a mapping with `input`, `hidden` and `readout`"),
    key("events.input", "15"),
    key("events.hidden", "31"),
    key("events.readout", "1"),
    key("cycles", "`dense` or `expansion`"),
    key("clock", "a mapping with `default_mhz` and `documented_mhz`"),
    key("power", "a mapping with `measured`, `basis` and other keys"),
];

#[cfg(test)]
mod tests {
    use super::KEYS;
    use crate::ChipCatalog;

    /// Returns the messages about a description with a value in place of another one.
    fn messages(path: &str, value: i64) -> String {
        let text = ChipCatalog::default().source("xylo-audio3").unwrap().to_owned();
        let mut chip: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        chip["name"] = "mine".into();
        let mut place = &mut chip;
        for part in path.split('.') {
            place = &mut place[part];
        }
        assert!(place.is_i64(), "`{path}` is not an integer");
        *place = value.into();
        let result = ChipCatalog::default().add("mine.yaml", serde_yaml::to_string(&chip).unwrap());
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn ranges_are_those_of_the_check() {
        let mut count = 0;
        for key in KEYS {
            let Some(range) = key.expected.strip_prefix("an integer from ") else { continue };
            let limits =
                range.split_once(" to ").and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
            // Limits that are other keys depend on the description.
            let Some((min, max)) = limits else { continue };
            let subject = format!("`{}` is ", key.path);
            for value in [min, max] {
                assert!(!messages(key.path, value).contains(&subject), "{}: {value}", key.path);
            }
            // The last two are not values of the types of some keys.
            for value in [min - 1, max + 1, -1_000_000, 1_000_000] {
                let message = messages(key.path, value);
                assert!(message.contains(&subject) && message.contains(range), "{message}");
            }
            count += 1;
        }
        assert_eq!(count, 7);
    }
}
