//! The checks of a recipe that types cannot express: ranges, names, and keys that depend on each other.

use std::collections::HashSet;
use std::sync::Arc;

use synnet_audio::audio3::FrontEndOptionsError;
use synnet_data::waveform;
use synnet_dsl::vocabulary::Unit;

use super::data::MAX_CLASSES;
use super::{DataOptions, Format, FrontEnd, Recipe, ValidationSplit};
use crate::chip_catalog::ChipCatalog;
use crate::codes;
use crate::data::pattern::Pattern;
use crate::data::{required_fields, rules};
use crate::problem::Problem;
use crate::target::NamedTarget;
use crate::yaml::KeyPath;

impl Recipe {
    /// Looks up targets and chips, sets defaults that depend on other keys, and returns every problem.
    pub(super) fn check(&mut self, chips: &ChipCatalog) -> Vec<Problem> {
        self.select_by_validation();
        let mut problems = self.look_up(chips);
        problems.extend(self.check_seeds());
        problems.extend(self.check_selection());
        problems.extend(self.data.problems());
        problems.extend(self.front_end.problems());
        problems.extend(self.training.errors().into_iter().map(Problem::of_training_option));
        problems.extend(self.quantize_problems());
        problems.extend(self.detection_problems());
        problems
    }

    /// Looks up targets and chips by name.
    fn look_up(&mut self, chips: &ChipCatalog) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.targets.clear();
        for (i, text) in self.build.iter().enumerate() {
            let path = KeyPath::dotted("build").join(i);
            if self.build[..i].contains(text) {
                let message = format!("duplicate target `{text}`");
                problems.push(
                    Problem::at(&codes::DUPLICATE_VALUE, path, message).with_help("remove one of them"),
                );
                continue;
            }
            match NamedTarget::from_name(text, chips.iter()) {
                Ok(target) => self.targets.push(target),
                Err(unknown) => problems.push(Problem::unknown_name(path, &unknown)),
            }
        }
        self.simulated_chip = match &self.chip {
            Some(name) => match chips.get(name) {
                Ok(chip) => Some(Arc::clone(chip)),
                Err(unknown) => {
                    problems.push(Problem::unknown_name(KeyPath::dotted("chip"), &unknown));
                    None
                }
            },
            None => self.build.iter().find_map(|name| chips.find(name)).cloned(),
        };
        problems
    }

    fn check_seeds(&self) -> Vec<Problem> {
        let Some(seeds) = &self.seeds else { return Vec::new() };
        if seeds.is_empty() {
            let problem = Problem::new(&codes::RANGE, "seeds", "`seeds` is empty");
            return vec![problem.with_help("specify at least one seed, or omit the key")];
        }
        let twice = seeds.iter().enumerate().filter(|(i, seed)| seeds[..*i].contains(seed));
        let problem = |(i, seed)| {
            let message = format!("duplicate seed {seed}");
            Problem::at(&codes::DUPLICATE_VALUE, KeyPath::dotted("seeds").join(i), message)
                .with_help("remove one of them")
        };
        twice.map(problem).collect()
    }

    fn check_selection(&self) -> Option<Problem> {
        let by = self.training.selection?.by;
        (by.needs_validation() && self.data.validation == ValidationSplit::None).then(|| {
            let message =
                format!("`training.selection.by` is `{}`, but there is no validation set", by.name());
            Problem::new(&codes::CONFLICT, "training.selection.by", message)
                .involving("data.validation")
                .with_help("select a validation set with `data.validation`")
        })
    }
}

impl DataOptions {
    /// Returns every problem of the section.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |problem| problems.push(problem);
        let mut known = HashSet::new();
        for (i, class) in self.classes.iter().enumerate() {
            if !known.insert(class) {
                let path = KeyPath::dotted("data.classes").join(i);
                let message = format!("duplicate class `{class}`");
                add(Problem::at(&codes::DUPLICATE_VALUE, path, message).with_help("remove one of them"));
            }
        }
        if self.classes.len() > MAX_CLASSES {
            let message = format!("`data.classes` has {} classes; at most {MAX_CLASSES}", self.classes.len());
            let problem = Problem::new(&codes::RANGE, "data.classes", message);
            add(problem.with_help("gather labels in one class, and name it as `data.unknown`"));
        }
        if let Some(unknown) = self.unknown.as_ref().filter(|unknown| !self.classes.contains(unknown)) {
            let message = format!("`data.unknown` is `{unknown}`, which is not one of `data.classes`");
            let problem = Problem::new(&codes::CONFLICT, "data.unknown", message);
            add(problem.involving("data.classes").with_help("add it to `data.classes`"));
        }
        for (key, value) in [("steps", self.steps), ("channel_pool", self.channel_pool)] {
            if value == 0 {
                let message = format!("`data.{key}` is 0; it must be 1 or more");
                add(Problem::new(&codes::RANGE, &format!("data.{key}"), message));
            }
        }
        if self.test.is_empty() && self.test_path.is_none() {
            let help = "select the samples of the test set, or name their folder with `data.test_path`";
            let problem = Problem::new(&codes::MISSING_KEY, "data.test", "`data.test` is missing");
            add(problem.involving("data.test_path").with_help(help));
        }
        if let ValidationSplit::Fraction(fraction) = self.validation
            && !(fraction > 0.0 && fraction < 1.0)
        {
            let message = format!("`data.validation` is {fraction}; a fraction must be above 0 and below 1");
            add(Problem::new(&codes::RANGE, "data.validation", message));
        }
        if self.classes.is_empty() && self.format != Format::Npz {
            let problem = Problem::new(&codes::MISSING_KEY, "data.classes", "`data.classes` is missing");
            add(problem.involving("data.format").with_help("name the classes in the order of the outputs"));
        }
        for (name, predicate) in self.augmentation.errors() {
            let path = format!("data.augmentation.{name}");
            add(Problem::new(&codes::RANGE, &path, format!("`{path}` {predicate}")));
        }
        for (i, text) in self.ignore.iter().enumerate() {
            if glob::Pattern::new(text.trim_end_matches('/')).is_err() {
                let path = KeyPath::dotted("data.ignore").join(i);
                let message = format!("`data.ignore`: `{text}` is not a pattern of names");
                let help = "`*` stands for any text; close each `[`, and write `[[]` for the character `[`";
                add(Problem::at(&codes::RANGE, path, message).with_help(help));
            }
        }
        problems.extend(self.rule_problems());
        problems.extend(self.format_problems());
        problems.extend(self.pattern_problems());
        problems
    }

    /// Checks that every field of a rule has values: no sample could match it otherwise.
    fn rule_problems(&self) -> Vec<Problem> {
        let empty = rules(self).flat_map(|(key, rule)| {
            let fields = rule.fields.iter().filter(|(_, values)| values.is_empty());
            fields.map(move |(field, _)| KeyPath::dotted(key).join(field))
        });
        let problem = |path: KeyPath| {
            let message = format!("`{path}` has no values, so that no sample can match it");
            Problem::at(&codes::RANGE, path, message).with_help("list values, or remove the field")
        };
        empty.map(problem).collect()
    }

    /// Checks the pattern of file names, and that it has every field that a rule requires.
    fn pattern_problems(&self) -> Vec<Problem> {
        let Some(text) = self.pattern.as_ref().filter(|_| self.format != Format::Shd) else {
            return Vec::new();
        };
        let pattern = match Pattern::parse(text) {
            Ok(pattern) => pattern,
            Err(why) => {
                let message = format!("`data.pattern`: {why}");
                return vec![Problem::new(&codes::CONFLICT, "data.pattern", message)];
            }
        };
        let missing =
            required_fields(self).filter(|(field, _)| !pattern.fields().any(|known| known == *field));
        let problem = |(field, key): (&str, &str)| {
            let message =
                format!("`data.pattern`: `{text}` has no field `{{{field}}}`, which `{key}` requires");
            let path = KeyPath::dotted(key);
            let path = if key == "data.classes" { KeyPath::dotted("data.pattern") } else { path.join(field) };
            Problem::at(&codes::CONFLICT, path, message).involving("data.pattern")
        };
        missing.map(problem).collect()
    }

    /// Checks that keys which the format requires are given, and that others have no value.
    fn format_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let (format, content) = match self.format {
            Format::Wav => ("wav", "audio"),
            Format::Npz => ("npz", "rasters"),
            Format::Events => ("events", "event lists"),
            Format::Shd => ("shd", "a single file"),
        };
        let mut only_for = |key: &str, others: &str, help: &str| {
            let message =
                format!("`data.{key}` applies only to {others}, but `data.format` is `{format}` ({content})");
            let problem = Problem::new(&codes::CONFLICT, &format!("data.{key}"), message);
            problems.push(problem.involving("data.format").with_help(help));
        };
        let binned = matches!(self.format, Format::Events | Format::Shd);
        if self.format == Format::Shd && self.pattern.is_some() {
            only_for("pattern", "folders", "omit it");
        }
        if self.time_unit != Unit::Second && self.format != Format::Events {
            only_for("time_unit", "event lists", "omit it");
        }
        if self.channel_pool != 1 && !binned {
            only_for("channel_pool", "event lists and `shd` files", "omit it");
        }
        if self.augmentation != waveform::Augmentation::default() && self.format != Format::Wav {
            only_for("augmentation", "audio", "use `training.augmentation` for rasters");
        }
        if matches!(self.format, Format::Wav | Format::Events) && self.pattern.is_none() {
            let problem = Problem::new(&codes::MISSING_KEY, "data.pattern", "`data.pattern` is missing");
            let help = "specify the pattern of the file names, such as `{label}_{take}.wav`";
            problems.push(problem.involving("data.format").with_help(help));
        }
        problems
    }
}

impl FrontEnd {
    /// Returns every problem of the section.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let Self::XyloAudio3(options) = self;
        let problem = |error| match error {
            FrontEndOptionsError::OutOfRange { name, value, min, max } => {
                let path = format!("front_end.{name}");
                let message = format!("`{path}` is {value}; it must be from {min} to {max}");
                Problem::new(&codes::RANGE, &path, message)
            }
            FrontEndOptionsError::ThresholdNotPositive { b1, b2 } => {
                let message = format!("`front_end.b1` is {b1}, but must be above `b2`, which is {b2}");
                Problem::new(&codes::RANGE, "front_end.b1", message).involving("front_end.b2")
            }
            other => Problem::new(&codes::RANGE, "front_end", format!("`front_end`: {other}")),
        };
        options.errors().map(problem).collect()
    }
}
