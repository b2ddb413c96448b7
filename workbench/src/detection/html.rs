//! The page of detection: curves, tables, and what was spoken and heard when.

use maud::{Markup, html};

use super::{Detection, EngineResult, KeywordResult};
use crate::cost::ContinuousCost;
use crate::html::{
    self, Curve, Curves, Timeline, TimelineRow, TimelineSpan, details, document, section, side_by_side,
};
use synnet_ir::display::{format_percent, format_range, pluralize};

/// Number of streams that the page shows.
const MAX_STREAMS: usize = 4;
const CURVES: &str = "Each point is a threshold, on the test streams. A dot marks the threshold that was chosen on the \
                      validation streams. Lower and further left is better.";
const TIMELINE: &str = "The first test streams, from left to right and row by row. Filled bars are keywords, outlined \
                        ones other words. Below them, a line for each engine: a dot is a hit, a cross a false alarm, a \
                        ring under a keyword a miss. Hover over a mark to see what it is.";

impl Detection {
    /// Returns the results as a self-contained HTML page.
    pub fn html(&self) -> String {
        let curves: Vec<Markup> = (0..self.keywords.len()).map(|k| self.curves(k)).collect();
        let body = html! {
            h1 { (self.network) ": detection" }
            p.under {
                (pluralize(self.streams.len(), "test stream")) " of " (format!("{:.2}", self.hours[1])) " hours; window of "
                (pluralize(self.options.window, "step")) ", refractory time of "
                (pluralize(self.options.refractory as usize, "step")) ", tolerance of " (self.options.tolerance) " s"
            }
            (html::tiles(&self.tiles()))
            (section("Results", "Thresholds are chosen on the validation streams; all numbers are of the test streams.",
                &html::table(&self.summary())))
            (section("Detection error tradeoff", CURVES, &side_by_side(&curves)))
            (section("Other rates of false alarms",
                "Misses, and false alarms per hour, with thresholds that were chosen for these rates.",
                &html::table(&self.rates())))
            (section("Activity and energy", "Spikes per neuron per step in the test streams.", &self.activity()))
            (section("Timeline", TIMELINE, &self.timelines()))
            (section("Detectors", "The files that `snnc build --detector` takes.", &self.detectors()))
        };
        document(&format!("{}: detection", self.network), &body).into_string()
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        for engine in &self.engines {
            let (words, misses) = engine
                .keywords
                .iter()
                .fold((0, 0), |(words, misses), k| (words + k.words, misses + k.point.misses));
            let alarms: f64 = engine.keywords.iter().map(|k| self.per_hour(&k.point)).sum();
            let share = misses as f64 / words.max(1) as f64;
            tiles.push((format_percent(share), format!("misses, {}", engine.name)));
            tiles.push((format!("{alarms:.2}"), format!("false alarms per hour, {}", engine.name)));
            if let Some([low, high]) = engine.cost.as_ref().and_then(ContinuousCost::microwatts) {
                let power = format_range(low, high, "uW");
                tiles.push((power, format!("estimated power of the digital part, {}", engine.name)));
            }
        }
        tiles
    }

    fn activity(&self) -> Markup {
        html! {
            (html::table(&self.firing_rates()))
            @for cost in self.engines.iter().filter_map(|engine| engine.cost.as_ref()) { p { (cost.summary()) "." } }
        }
    }

    fn curves(&self, k: usize) -> Markup {
        let curve = |(i, engine): (usize, &EngineResult)| {
            let keyword = engine.keywords.get(k)?;
            let place = |point| [self.per_hour(point), keyword.miss_rate(point)];
            Some(Curve {
                name: engine.name.clone(),
                points: frontier(self, keyword),
                mark: Some(place(&keyword.point)),
                color: i,
            })
        };
        let title = format!("Keyword {}", self.keywords[k]);
        // Fewer than one false alarm in all streams cannot be measured.
        let lowest = 0.5 / self.hours[1].max(1e-3);
        let lines = self.engines.iter().enumerate().filter_map(curve).collect();
        Curves {
            title: &title,
            unit: "misses over false alarms per hour",
            axes: ["false alarms per hour", "misses"],
            lowest,
            curves: lines,
        }
        .html()
    }

    fn timelines(&self) -> Markup {
        let timelines: Vec<Markup> =
            (0..self.streams.len().min(MAX_STREAMS)).map(|s| self.timeline(s)).collect();
        html! {
            (side_by_side(&timelines))
            @if self.streams.len() > MAX_STREAMS {
                p.under { (pluralize(self.streams.len() - MAX_STREAMS, "more stream")) " not shown" }
            }
        }
    }

    fn timeline(&self, s: usize) -> Markup {
        let stream = &self.streams[s];
        let spans = stream.words.iter().map(|word| TimelineSpan {
            start: word.interval.start,
            end: word.interval.end,
            label: word.label.clone(),
            is_filled: word.keyword.is_some(),
        });
        let rows = self.engines.iter().map(|engine| {
            let detections = || engine.detections.iter().filter(|detected| detected.stream == s);
            let label = |keyword: usize| self.keywords[keyword].clone();
            let hits = detections().filter(|d| d.word.is_some()).map(|d| (d.at, label(d.keyword)));
            let false_alarms = detections().filter(|d| d.word.is_none()).map(|d| (d.at, label(d.keyword)));
            let missed = stream.words.iter().enumerate().filter(|(i, word)| {
                word.keyword.is_some() && !detections().any(|detected| detected.word == Some(*i))
            });
            let misses =
                missed.map(|(_, word)| (0.5 * (word.interval.start + word.interval.end), word.label.clone()));
            TimelineRow {
                name: engine.name.clone(),
                hits: hits.collect(),
                false_alarms: false_alarms.collect(),
                misses: misses.collect(),
            }
        });
        Timeline {
            title: &format!("Stream {}", stream.name),
            unit: &format!("{:.0} s, {}", stream.seconds, pluralize(stream.words.len(), "word")),
            seconds: stream.seconds,
            spans: spans.collect(),
            rows: rows.collect(),
        }
        .html()
    }

    fn detectors(&self) -> Markup {
        html! {
            @for engine in &self.engines {
                (details(&html! { (engine.detector_file()) }, false, &html! { pre { (engine.detector.to_json()) } }))
            }
        }
    }
}

/// Returns the points of a curve without those that are worse in both respects, by ascending rate of false alarms.
fn frontier(detection: &Detection, keyword: &KeywordResult) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> =
        keyword.curve.iter().map(|point| [detection.per_hour(point), keyword.miss_rate(point)]).collect();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut best = f64::INFINITY;
    points.retain(|point| {
        let is_better = point[1] < best;
        best = best.min(point[1]);
        is_better
    });
    points
}
