//! How detections are scored: hits, misses, false alarms, latency, and their curve over thresholds.
//!
//! # Rules
//! * A word can be hit from its start until `tolerance` seconds after its end, both inclusive.
//! * Detections are taken in the order of time. Each hits the word of its keyword that can be hit at this time and has
//!   not been hit; if there are several, the one whose time ends first. No other assignment hits more words.
//! * A detection that hits no word is a false alarm. So is a second one in the same word.
//! * A word that is not hit is a miss. The miss rate is the fraction of all words of the keyword.
//! * The rate of false alarms is their number divided by the duration of all streams, words included.
//! * The latency is the time from the end of a word to its detection. It is negative if the word is detected before it
//!   ends.
//!
//! Each keyword is scored on its own, as in the spoken term detection evaluation of NIST (Fiscus et al., 2007). A
//! detection error tradeoff curve (Martin et al., 1997) has a point for each threshold. Its false alarms are a rate per
//! hour, as usual for keyword spotting, because continuous sound has no number of trials.

use rayon::prelude::*;
use synnet_step::detector::Trigger;

pub use crate::streams::Interval;

/// Assigns detections of a keyword to its words. Returns the index of the word that each detection hits; `None` for a
/// false alarm. `detections` are in ascending order, in seconds.
pub fn align(words: &[Interval], detections: &[f64], tolerance: f64) -> Vec<Option<usize>> {
    let mut is_hit = vec![false; words.len()];
    let mut assign = |&at: &f64| {
        let open =
            words.iter().enumerate().filter(|(i, word)| !is_hit[*i] && is_in_reach(word, at, tolerance));
        let (first, _) = open.min_by(|(_, a), (_, b)| a.end.total_cmp(&b.end))?;
        is_hit[first] = true;
        Some(first)
    };
    detections.iter().map(&mut assign).collect()
}

/// Returns whether a detection can hit a word.
pub(super) fn is_in_reach(word: &Interval, at: f64, tolerance: f64) -> bool {
    word.start <= at && at <= word.end + tolerance
}

/// The scores of a keyword in a stream, with its words.
pub(super) struct Track<'a> {
    /// The score of each step is `scores[step * stride + offset]`.
    pub(super) scores: &'a [f64],
    pub(super) stride: usize,
    pub(super) offset: usize,
    /// Words of the keyword.
    pub(super) words: Vec<Interval>,
}

/// What is common to all streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Duration of a step, in seconds.
    pub(super) dt: f64,
    /// Steps after a detection without another one.
    pub(super) refractory: u32,
    /// Seconds after the end of a word.
    pub(super) tolerance: f64,
}

/// The result of a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// Minimum score of a detection: `window` times the mean.
    pub threshold: f64,
    /// Number of words that were not detected.
    pub misses: usize,
    /// Number of false alarms.
    pub false_alarms: usize,
}

impl Track<'_> {
    fn scores(&self) -> impl Iterator<Item = f64> {
        self.scores.iter().skip(self.offset).step_by(self.stride).copied()
    }

    /// Returns the times of the detections with a threshold, in seconds: the ends of their steps.
    pub(super) fn detections(&self, threshold: f64, rules: &Rules) -> Vec<f64> {
        let mut trigger = Trigger::new(threshold, rules.refractory);
        let steps = self.scores().enumerate().filter(|(_, score)| trigger.step(*score));
        steps.map(|(step, _)| (step + 1) as f64 * rules.dt).collect()
    }
}

/// Scores a threshold on all streams.
pub(super) fn operate(tracks: &[Track<'_>], threshold: f64, rules: &Rules) -> OperatingPoint {
    let mut point = OperatingPoint { threshold, misses: 0, false_alarms: 0 };
    for track in tracks {
        let detections = track.detections(threshold, rules);
        let hits = align(&track.words, &detections, rules.tolerance).into_iter().flatten().count();
        point.misses += track.words.len() - hits;
        point.false_alarms += detections.len() - hits;
    }
    point
}

/// Scores thresholds from the lowest score to one above the highest, in ascending order. `above` returns the next number
/// above a score.
pub(super) fn sweep(tracks: &[Track<'_>], rules: &Rules, above: fn(f64) -> f64) -> Vec<OperatingPoint> {
    let thresholds = thresholds(tracks, rules, above);
    thresholds.par_iter().map(|&threshold| operate(tracks, threshold, rules)).collect()
}

/// Maximum number of thresholds of a curve that are below the highest ones, and number of those.
const MAX_SPREAD: usize = 200;
const HIGHEST: usize = 200;

/// Returns the thresholds of a curve: the highest scores of spans of the refractory time, of which each can be a
/// detection. The highest of them, where false alarms are rare, are all taken; of the others, a sample.
fn thresholds(tracks: &[Track<'_>], rules: &Rules, above: fn(f64) -> f64) -> Vec<f64> {
    let span = rules.refractory as usize + 1;
    let mut peaks: Vec<f64> = Vec::new();
    for track in tracks {
        let mut peak = f64::NEG_INFINITY;
        for (step, score) in track.scores().enumerate() {
            if step % span == 0 && step > 0 {
                peaks.push(peak);
                peak = f64::NEG_INFINITY;
            }
            peak = peak.max(score);
        }
        peaks.push(peak);
    }
    peaks.retain(|peak| peak.is_finite());
    peaks.sort_by(f64::total_cmp);
    peaks.dedup();
    let low = peaks.len().saturating_sub(HIGHEST);
    let every = low.div_ceil(MAX_SPREAD).max(1);
    let mut kept: Vec<f64> = peaks[..low].iter().copied().step_by(every).collect();
    kept.extend_from_slice(&peaks[low..]);
    kept.push(above(peaks.last().copied().unwrap_or(0.0)));
    kept
}

/// Returns the lowest threshold of a curve such that neither it nor a higher one gives more than `per_hour` false alarms
/// in `hours`. The highest threshold of a curve gives none.
pub(super) fn choose(curve: &[OperatingPoint], per_hour: f64, hours: f64) -> Option<OperatingPoint> {
    let allowed = per_hour * hours;
    curve.iter().rev().take_while(|point| point.false_alarms as f64 <= allowed).last().copied()
}

/// Returns a percentile of numbers by the nearest rank; `None` without numbers. `share` is from 0 to 1.
pub(super) fn percentile(numbers: &[f64], share: f64) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use synnet_random::{Purpose, Stream};

    fn words(all: &[[f64; 2]]) -> Vec<Interval> {
        all.iter().map(|&[start, end]| Interval { start, end }).collect()
    }

    #[test]
    fn detections_are_hits_from_the_start_of_a_word_to_the_tolerance() {
        let words = words(&[[1.0, 2.0]]);
        for (at, is_hit) in [(0.99, false), (1.0, true), (2.0, true), (2.5, true), (2.51, false)] {
            assert_eq!(align(&words, &[at], 0.5), [is_hit.then_some(0)], "{at}");
        }
    }

    #[test]
    fn second_detection_of_a_word_is_a_false_alarm() {
        assert_eq!(align(&words(&[[1.0, 2.0]]), &[1.5, 1.9], 0.5), [Some(0), None]);
        // With the next word near enough, it hits that one.
        let both = words(&[[1.0, 2.0], [2.2, 3.0]]);
        assert_eq!(align(&both, &[1.5, 2.3], 0.5), [Some(0), Some(1)]);
        // The word whose time ends first is hit first.
        assert_eq!(align(&both, &[2.3, 3.4], 0.5), [Some(0), Some(1)]);
        assert_eq!(align(&[], &[1.0], 0.5), [None]);
        assert_eq!(align(&both, &[], 0.5), []);
    }

    /// The largest number of hits of any assignment, by trial.
    fn most_hits(words: &[Interval], detections: &[f64], free: &mut Vec<bool>, tolerance: f64) -> usize {
        let Some((&at, rest)) = detections.split_first() else { return 0 };
        let mut most = most_hits(words, rest, free, tolerance);
        for i in 0..words.len() {
            if free[i] && words[i].start <= at && at <= words[i].end + tolerance {
                free[i] = false;
                most = most.max(1 + most_hits(words, rest, free, tolerance));
                free[i] = true;
            }
        }
        most
    }

    #[test]
    fn no_assignment_hits_more_words() {
        for case in 0..300 {
            let mut stream = Stream::new(case, Purpose::Detection, 9, 9);
            let words: Vec<Interval> = (0..stream.below(5))
                .map(|_| {
                    let start = 8.0 * stream.unit();
                    Interval { start, end: start + 0.2 + 2.0 * stream.unit() }
                })
                .collect();
            let mut detections: Vec<f64> = (0..stream.below(6)).map(|_| 10.0 * stream.unit()).collect();
            detections.sort_by(f64::total_cmp);
            let hits = align(&words, &detections, 0.5).into_iter().flatten().count();
            let most = most_hits(&words, &detections, &mut vec![true; words.len()], 0.5);
            assert_eq!(hits, most, "case {case}: {words:?} {detections:?}");
        }
    }

    const RULES: Rules = Rules { dt: 0.5, refractory: 1, tolerance: 0.5 };

    fn track(scores: &[f64]) -> Track<'_> {
        Track { scores, stride: 1, offset: 0, words: words(&[[0.5, 1.5]]) }
    }

    #[test]
    fn curve_goes_from_no_misses_to_no_false_alarms() {
        // The word is detected at 1.5 s with a score of 5; at 3 s, a score of 3 is a false alarm.
        let scores = [0.0, 1.0, 5.0, 0.0, 0.0, 3.0, 0.0];
        let tracks = [track(&scores)];
        let curve = sweep(&tracks, &RULES, |x| x + 1.0);
        let counts: Vec<_> = curve.iter().map(|p| (p.threshold, p.misses, p.false_alarms)).collect();
        assert_eq!(counts, [(0.0, 0, 3), (1.0, 0, 1), (3.0, 0, 1), (5.0, 0, 0), (6.0, 1, 0)]);
        assert_eq!(choose(&curve, 0.0, 1.0).unwrap().threshold, 5.0);
        assert_eq!(choose(&curve, 1.0, 1.0).unwrap().threshold, 1.0);
        assert_eq!(choose(&curve, 1.0, 0.5).unwrap().threshold, 5.0);
    }

    #[test]
    fn percentiles_are_numbers_of_the_list() {
        let numbers = [3.0, 1.0, 2.0, 4.0];
        assert_eq!(percentile(&numbers, 0.5), Some(2.0));
        assert_eq!(percentile(&numbers, 0.9), Some(4.0));
        assert_eq!(percentile(&[7.0], 0.0), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
