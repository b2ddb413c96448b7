//! The results of detection as text, JSON and tables.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use synnet_ir::display::{format_percent, format_table, pluralize};

use super::scoring::{OperatingPoint, is_in_reach, percentile};
use super::{Detection, EngineResult, KeywordResult, RATES};
use crate::artifacts::WrittenFile;
use crate::cost::ContinuousCost;
use crate::error::Error;
use crate::files::{self, csv_field};
use crate::report::rates_json;
use crate::streams::SpokenWord;

impl KeywordResult {
    /// Returns the fraction of words that a point misses; 0 without words.
    pub fn miss_rate(&self, point: &OperatingPoint) -> f64 {
        point.misses as f64 / self.words.max(1) as f64
    }

    /// Returns the median and the 90th percentile of the latencies, in seconds; `None` without hits.
    pub fn latency(&self) -> Option<[f64; 2]> {
        Some([percentile(&self.latencies, 0.5)?, percentile(&self.latencies, 0.9)?])
    }
}

impl EngineResult {
    /// Returns the name of the file of the detector.
    pub fn detector_file(&self) -> String {
        match self.name.as_str() {
            crate::Engine::FLOAT => "detector.json".to_owned(),
            chip => format!("detector.{chip}.json"),
        }
    }
}

impl Detection {
    /// Returns the number of false alarms per hour of the test streams.
    pub fn per_hour(&self, point: &OperatingPoint) -> f64 {
        point.false_alarms as f64 / self.hours[1].max(f64::MIN_POSITIVE)
    }

    /// Summarizes the results in tables.
    pub fn text(&self) -> String {
        let [validation, test] = self.hours;
        let keywords: usize = self.engines.first().map_or(0, |e| e.keywords.iter().map(|k| k.words).sum());
        let mut text = format!(
            "{}: {} of {:.2} h with {}; thresholds for {} per hour, chosen on {:.2} h of validation\n\n",
            self.network,
            pluralize(self.streams.len(), "test stream"),
            test,
            pluralize(keywords, "keyword"),
            match self.options.false_alarms {
                1.0 => "1 false alarm".to_owned(),
                rate => format!("{rate} false alarms"),
            },
            validation,
        );
        text += &format_table(&self.summary());
        text += "\nmisses, and false alarms per hour, with thresholds chosen for other rates:\n\n";
        text += &format_table(&self.rates());
        text += "\nspikes per neuron per step in the test streams:\n\n";
        text += &format_table(&self.firing_rates());
        for cost in self.engines.iter().filter_map(|engine| engine.cost.as_ref()) {
            let _ = writeln!(text, "\n{}", cost.summary());
        }
        text
    }

    /// Returns the table of the chosen thresholds: a row for each engine and keyword.
    pub(super) fn summary(&self) -> Vec<Vec<String>> {
        let head = ["engine", "keyword", "words", "misses", "false alarms/h", "median latency", "90 %"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for engine in &self.engines {
            for keyword in &engine.keywords {
                let latency = keyword.latency().map(|latency| latency.map(milliseconds));
                let [median, high] = latency.unwrap_or_else(|| ["-".to_owned(), "-".to_owned()]);
                rows.push(vec![
                    engine.name.clone(),
                    keyword.label.clone(),
                    keyword.words.to_string(),
                    format_percent(keyword.miss_rate(&keyword.point)),
                    format!("{:.2}", self.per_hour(&keyword.point)),
                    median,
                    high,
                ]);
            }
        }
        rows
    }

    /// Returns the table of further rates.
    pub(super) fn rates(&self) -> Vec<Vec<String>> {
        let head = RATES.iter().map(|rate| format!("{rate}/h"));
        let mut rows = vec![["engine", "keyword"].map(str::to_owned).into_iter().chain(head).collect()];
        for engine in &self.engines {
            for keyword in &engine.keywords {
                let cells = keyword.at_rates.iter().map(|point| {
                    format!("{}, {:.2}", format_percent(keyword.miss_rate(point)), self.per_hour(point))
                });
                rows.push([engine.name.clone(), keyword.label.clone()].into_iter().chain(cells).collect());
            }
        }
        rows
    }

    /// Returns the table of the firing rates: a row for each engine.
    pub(super) fn firing_rates(&self) -> Vec<Vec<String>> {
        let layers = self.engines.first().map(|engine| engine.rates.iter().map(|(layer, _)| layer.clone()));
        let mut rows =
            vec![std::iter::once("engine".to_owned()).chain(layers.into_iter().flatten()).collect()];
        rows.extend(self.engines.iter().map(|engine| {
            let rates = engine.rates.iter().map(|(_, rate)| format!("{rate:.3}"));
            std::iter::once(engine.name.clone()).chain(rates).collect()
        }));
        rows
    }

    /// Returns the results as JSON.
    pub fn json(&self) -> Value {
        let engines = self.engines.iter().map(|engine| {
            let keywords = engine.keywords.iter().map(|keyword| {
                let rates = RATES.iter().zip(&keyword.at_rates).map(|(rate, point)| {
                    json!({
                        "chosen_for": rate,
                        "threshold": point.threshold,
                        "miss_rate": keyword.miss_rate(point),
                        "false_alarms_per_hour": self.per_hour(point),
                    })
                });
                json!({
                    "keyword": keyword.label,
                    "words": keyword.words,
                    "threshold": keyword.point.threshold,
                    "misses": keyword.point.misses,
                    "miss_rate": keyword.miss_rate(&keyword.point),
                    "false_alarms": keyword.point.false_alarms,
                    "false_alarms_per_hour": self.per_hour(&keyword.point),
                    "median_latency": keyword.latency().map(|[median, _]| median),
                    "latency_90": keyword.latency().map(|[_, high]| high),
                    "at_rates": rates.collect::<Vec<_>>(),
                })
            });
            json!({
                "engine": engine.name,
                "keywords": keywords.collect::<Vec<_>>(),
                "rates": rates_json(&engine.rates),
                "cost": engine.cost.as_ref().map(ContinuousCost::to_json),
            })
        });
        json!({
            "network": self.network,
            "validation_hours": self.hours[0],
            "test_hours": self.hours[1],
            "streams": self.streams.len(),
            "engines": engines.collect::<Vec<_>>(),
            "times_real_time": self.speed,
        })
    }

    /// Returns the table of all detections and misses. The word of a false alarm is the last one that began before it and
    /// ended at most the tolerance before it, if there is one.
    pub fn detections_csv(&self) -> String {
        let describe = |word: &SpokenWord| {
            let (label, file) = (csv_field(&word.label), csv_field(&word.file));
            format!("{label},{:.3},{:.3},{file}", word.interval.start, word.interval.end)
        };
        let mut text = String::from("engine,stream,outcome,keyword,time,word,word_start,word_end,file\n");
        for engine in &self.engines {
            for (s, stream) in self.streams.iter().enumerate() {
                let name = csv_field(&stream.name);
                let detections = engine.detections.iter().filter(|detected| detected.stream == s);
                let mut rows: Vec<(f64, String)> = Vec::new();
                let mut is_hit = vec![false; stream.words.len()];
                for detected in detections {
                    let keyword = csv_field(&self.keywords[detected.keyword]);
                    let at = detected.at;
                    let row = match detected.word {
                        Some(word) => {
                            is_hit[word] = true;
                            format!("hit,{keyword},{at:.3},{}", describe(&stream.words[word]))
                        }
                        None => {
                            // The word that was taken for the keyword.
                            let word = stream
                                .words
                                .iter()
                                .rfind(|word| is_in_reach(&word.interval, at, self.options.tolerance));
                            format!(
                                "false alarm,{keyword},{at:.3},{}",
                                word.map_or(",,,".to_owned(), describe)
                            )
                        }
                    };
                    rows.push((at, row));
                }
                for (word, _) in stream.words.iter().zip(is_hit).filter(|(_, is_hit)| !is_hit) {
                    if word.keyword.is_some() {
                        rows.push((
                            word.interval.start,
                            format!("miss,{},,{}", csv_field(&word.label), describe(word)),
                        ));
                    }
                }
                rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                for (_, row) in rows {
                    let _ = writeln!(text, "{},{name},{row}", engine.name);
                }
            }
        }
        text
    }

    /// Returns the table of the curves.
    pub fn det_csv(&self) -> String {
        let mut text = String::from("engine,keyword,threshold,miss_rate,false_alarms_per_hour\n");
        for engine in &self.engines {
            for keyword in &engine.keywords {
                for point in &keyword.curve {
                    let (misses, rate) = (keyword.miss_rate(point), self.per_hour(point));
                    let label = csv_field(&keyword.label);
                    let _ =
                        writeln!(text, "{},{label},{},{misses:.6},{rate:.6}", engine.name, point.threshold);
                }
            }
        }
        text
    }

    /// Writes the tables and the detectors to a folder. Returns the files.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<WrittenFile>, Error> {
        files::create_folder(folder)?;
        let mut contents = vec![
            ("detections.csv".to_owned(), "hits, misses and false alarms".to_owned(), self.detections_csv()),
            ("det.csv".to_owned(), "points of the curves".to_owned(), self.det_csv()),
        ];
        for engine in &self.engines {
            let description = format!("detector for `snnc build --detector`, for {}", engine.name);
            contents.push((engine.detector_file(), description, engine.detector.to_json()));
        }
        let paths: Vec<_> = contents.iter().map(|(name, ..)| folder.join(name)).collect();
        let all = paths.iter().zip(&contents);
        let all: Vec<(&Path, &[u8])> =
            all.map(|(path, (.., text))| (path.as_path(), text.as_bytes())).collect();
        files::write_together(&all)?;
        let written = paths.into_iter().zip(contents);
        Ok(written.map(|(path, (_, description, _))| WrittenFile { path, description }).collect())
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.0} ms", 1e3 * seconds)
}
