//! Overlap between the samples that training uses and the test set.

use std::collections::{BTreeSet, HashMap};

use synnet_ir::Raster;
use xxhash_rust::xxh3::Xxh3;

use super::SplitSample;
use super::split::Split;
use crate::observer::Observer;
use crate::recipe::DataOptions;

/// The field that tells apart the people who were recorded.
pub(super) const SPEAKER: &str = "speaker";

/// Where a sample comes from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The file, or the index in a file.
    pub name: String,
    /// Hash of the file's bytes, or of the events.
    pub content: u128,
    /// The value of the field `speaker`, if there is one.
    pub speaker: Option<String>,
}

/// Returns the hash of a raster's events.
pub(super) fn hash(raster: &Raster) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&raster.steps().to_le_bytes());
    for t in 0..raster.steps() {
        raster.visit_step(t, |channel, value| {
            hash.update(&t.to_le_bytes());
            hash.update(&channel.to_le_bytes());
            hash.update(&value.to_le_bytes());
        });
    }
    hash.digest128()
}

/// Warns about test samples that training or validation uses as well, and about speakers in both.
pub(super) fn warn(samples: &[SplitSample], options: &DataOptions, observer: &dyn Observer) {
    let (test, others): (Vec<_>, Vec<_>) = samples.iter().partition(|sample| sample.split == Split::Test);
    // Words of streams have no raster of their own.
    let has_events = |sample: &&&SplitSample| {
        let raster = &sample.sample.raster;
        raster.steps() == 0 || raster.has_events(options.steps)
    };
    let contents: HashMap<u128, &str> =
        others.iter().map(|sample| (sample.origin.content, sample.origin.name.as_str())).collect();
    let mut repeated = test
        .iter()
        .filter(has_events)
        .filter_map(|sample| Some((&sample.origin.name, contents.get(&sample.origin.content)?)));
    if let Some((name, twin)) = repeated.next() {
        observer.warning(&format!(
            "{} of the {} test samples are also in the training or validation set, with the same content, such as \
             `{name}` and `{twin}`",
            1 + repeated.count(),
            test.len()
        ));
    }
    let speakers = |samples: &[&SplitSample]| -> BTreeSet<String> {
        samples.iter().filter_map(|sample| sample.origin.speaker.clone()).collect()
    };
    let (tested, trained) = (speakers(&test), speakers(&others));
    let both: Vec<&str> = tested.intersection(&trained).map(String::as_str).collect();
    if !both.is_empty() && is_split_by_speaker(options) {
        let shown: Vec<String> = both.iter().take(8).map(|speaker| format!("`{speaker}`")).collect();
        observer.warning(&format!(
            "{} of the {} speakers in the test set are also in the training or validation set: {}",
            both.len(),
            tested.len(),
            shown.join(", ")
        ));
    }
}

/// Returns whether the split may be meant to separate speakers: a rule names the field, or a list or a folder names the
/// test samples.
fn is_split_by_speaker(options: &DataOptions) -> bool {
    options.test.fields.contains_key(SPEAKER) || options.test.list.is_some() || options.test_path.is_some()
}
