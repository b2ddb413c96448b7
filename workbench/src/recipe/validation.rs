//! The validation set of a recipe.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Filter;

/// The samples of the validation set, among those that are not in the test set.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ValidationSplit {
    /// There is no validation set.
    #[default]
    None,
    /// A fraction of each class, between 0 and 1.
    Fraction(f64),
    /// The samples that match a rule.
    Filter(Filter),
}

impl<'de> Deserialize<'de> for ValidationSplit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SplitVisitor;

        impl<'de> Visitor<'de> for SplitVisitor {
            type Value = ValidationSplit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a fraction such as 0.1, values of fields such as `{ take: [3] }`, or a list file",
                )
            }

            fn visit_unit<E: de::Error>(self) -> Result<ValidationSplit, E> {
                Ok(ValidationSplit::None)
            }

            fn visit_f64<E: de::Error>(self, fraction: f64) -> Result<ValidationSplit, E> {
                Ok(ValidationSplit::Fraction(fraction))
            }

            fn visit_u64<E: de::Error>(self, fraction: u64) -> Result<ValidationSplit, E> {
                Ok(ValidationSplit::Fraction(fraction as f64))
            }

            fn visit_i64<E: de::Error>(self, fraction: i64) -> Result<ValidationSplit, E> {
                Ok(ValidationSplit::Fraction(fraction as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ValidationSplit, A::Error> {
                let rule = Filter::deserialize(MapAccessDeserializer::new(map))?;
                if rule.is_empty() {
                    return Err(de::Error::custom("an empty rule matches all samples"));
                }
                Ok(ValidationSplit::Filter(rule))
            }
        }

        deserializer.deserialize_any(SplitVisitor)
    }
}

/// Chooses a fraction of each class (`None` counts as a class): at least one sample of a class with two or more, but
/// never all. The choice follows a hash of the names, so that adding or removing samples hardly changes it.
pub(crate) fn stratified_sample(fraction: f64, samples: &[(Option<usize>, &str)]) -> Vec<bool> {
    let mut classes: BTreeMap<Option<usize>, Vec<(u64, usize)>> = BTreeMap::new();
    for (i, (class, name)) in samples.iter().enumerate() {
        classes.entry(*class).or_default().push((rank(name), i));
    }
    let mut chosen = vec![false; samples.len()];
    for members in classes.values_mut() {
        members.sort_unstable();
        let count = (fraction * members.len() as f64).round() as usize;
        let count = count.clamp(usize::from(members.len() > 1), members.len().saturating_sub(1));
        members[..count].iter().for_each(|(_, i)| chosen[*i] = true);
    }
    chosen
}

/// Hashes a name with FNV-1a and the finalizer of SplitMix64: FNV-1a alone maps names that differ in the last character
/// to nearby values.
fn rank(name: &str) -> u64 {
    let mut mixed = synnet_ir::fnv1a(name.as_bytes());
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_is_stratified() {
        let names: Vec<String> = (0..40).map(|i| format!("{}_{i}.wav", i % 4)).collect();
        let samples: Vec<(Option<usize>, &str)> =
            names.iter().enumerate().map(|(i, n)| (Some(i % 4), n.as_str())).collect();
        let chosen = stratified_sample(0.2, &samples);
        for class in 0..4 {
            let count =
                samples.iter().zip(&chosen).filter(|((c, _), chosen)| *c == Some(class) && **chosen).count();
            assert_eq!(count, 2, "class {class}");
        }
        // Removing a sample changes the choice of at most one other.
        let fewer = stratified_sample(0.2, &samples[1..]);
        assert!(fewer.iter().zip(&chosen[1..]).filter(|(a, b)| a != b).count() <= 1);
        assert_eq!(
            stratified_sample(0.01, &[(Some(0), "a"), (Some(0), "b"), (None, "c")])
                .iter()
                .filter(|c| **c)
                .count(),
            1
        );
    }

    #[test]
    fn validation_splits_parse() {
        let read = |text: &str| serde_yaml::from_str::<ValidationSplit>(text).map_err(|e| e.to_string());
        assert_eq!(read("0.2").unwrap(), ValidationSplit::Fraction(0.2));
        assert!(
            matches!(read("{take: [3, 4]}").unwrap(), ValidationSplit::Filter(rule) if rule.fields["take"].len() == 2)
        );
        assert!(read("some").unwrap_err().contains("expected a fraction such as 0.1"));
        assert!(read("{take: 3}").is_err() && read("{}").is_err());
    }
}
