//! Which recordings are held back from training to choose the best epoch by.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Value;

/// The recordings held back: a share of each class, or those with certain values of their fields.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub enum Validation {
    /// `{ share: 0.2, seed: 0 }`: of each class this share of the recordings that are not for the test.
    Share {
        /// Between 0 and 1.
        share: f64,
        /// Decides which.
        seed: u64,
    },
    /// `{ take: [3, 4] }`: for one or several fields, the values that mark them.
    Fields(BTreeMap<String, Vec<Value>>),
}

impl TryFrom<BTreeMap<String, Value>> for Validation {
    type Error = String;

    fn try_from(mut map: BTreeMap<String, Value>) -> Result<Self, String> {
        let Some(share) = map.remove("share") else {
            let lists = map.into_iter().map(|(field, values)| match values {
                Value::Sequence(values) => Ok((field, values)),
                _ => Err(format!("`{field}`: expected a list of values, or the keys `share` and `seed`")),
            });
            let fields: BTreeMap<_, _> = lists.collect::<Result<_, _>>()?;
            return if fields.is_empty() {
                Err("expected `share`, or a field with the values that are held back".into())
            } else {
                Ok(Self::Fields(fields))
            };
        };
        let share = share.as_f64().filter(|share| *share > 0.0 && *share < 1.0);
        let share = share.ok_or("`share`: expected a number between 0 and 1")?;
        let seed = map.remove("seed").map_or(Some(0), |seed| seed.as_u64());
        let seed = seed.ok_or("`seed`: expected a whole number, 0 or more")?;
        match map.keys().next() {
            Some(other) => Err(format!("`{other}`: beside `share` there is only `seed`")),
            None => Ok(Self::Share { share, seed }),
        }
    }
}

/// Of each class so many recordings as `share` says, at least one where there are two. A recording's chance hangs
/// on its name and the seed alone, so that others which come or go change little.
pub fn drawn(share: f64, seed: u64, recordings: &[(usize, &str)]) -> Vec<bool> {
    let mut classes: BTreeMap<usize, Vec<(u64, usize)>> = BTreeMap::new();
    for (i, (class, name)) in recordings.iter().enumerate() {
        classes.entry(*class).or_default().push((rank(seed, name), i));
    }
    let mut chosen = vec![false; recordings.len()];
    for members in classes.values_mut() {
        members.sort_unstable();
        let count = (share * members.len() as f64).round() as usize;
        let count = count.clamp(usize::from(members.len() > 1), members.len().saturating_sub(1));
        members[..count].iter().for_each(|(_, i)| chosen[*i] = true);
    }
    chosen
}

/// FNV-1a of the name, mixed with the seed as SplitMix64 mixes.
fn rank(seed: u64, name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut mixed = hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_of_each_class() {
        let names: Vec<String> = (0..40).map(|i| format!("{}_{i}.wav", i % 4)).collect();
        let recordings: Vec<(usize, &str)> =
            names.iter().enumerate().map(|(i, n)| (i % 4, n.as_str())).collect();
        let chosen = drawn(0.2, 0, &recordings);
        for class in 0..4 {
            let count =
                recordings.iter().zip(&chosen).filter(|((c, _), chosen)| *c == class && **chosen).count();
            assert_eq!(count, 2, "class {class}");
        }
        assert_ne!(chosen, drawn(0.2, 1, &recordings));
        // One recording less moves at most one other.
        let fewer = drawn(0.2, 0, &recordings[1..]);
        assert!(fewer.iter().zip(&chosen[1..]).filter(|(a, b)| a != b).count() <= 1);
        assert_eq!(drawn(0.01, 0, &[(0, "a"), (0, "b"), (1, "c")]).iter().filter(|c| **c).count(), 1);
    }

    #[test]
    fn what_is_held_back_reads_as_it_is_written() {
        let read = |text: &str| serde_yaml::from_str::<Validation>(text).map_err(|e| e.to_string());
        assert_eq!(read("{share: 0.2}").unwrap(), Validation::Share { share: 0.2, seed: 0 });
        assert_eq!(read("{share: 0.5, seed: 3}").unwrap(), Validation::Share { share: 0.5, seed: 3 });
        assert!(
            matches!(read("{take: [3, 4]}").unwrap(), Validation::Fields(fields) if fields["take"].len() == 2)
        );
        for (text, says) in [
            ("{share: 1.5}", "between 0 and 1"),
            ("{share: 0.5, sed: 1}", "`sed`"),
            ("{seed: 1}", "`seed`: expected a list"),
            ("{}", "expected `share`"),
            ("{take: 3}", "`take`: expected a list"),
        ] {
            assert!(read(text).unwrap_err().contains(says), "{text}");
        }
    }
}
