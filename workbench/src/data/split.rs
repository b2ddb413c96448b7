//! Assignment of samples to training, validation and test set, and to classes, by their fields and names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use synnet_ir::display::pluralize;
use synnet_ir::{did_you_mean, nearest};
use unicode_normalization::UnicodeNormalization;

use super::list::List;
use crate::codes;
use crate::error::Error;
use crate::observer::Observer;
use crate::problem::Problem;
use crate::recipe::{DataOptions, Filter, ValidationSplit, Written, plain, stratified_sample};
use crate::yaml::KeyPath;

/// The set of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// Training.
    Train,
    /// Selection of the best epoch.
    Validation,
    /// Evaluation after training.
    Test,
}

/// Set and class of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The set.
    pub split: Split,
    /// Index of the class, if the recipe names classes.
    pub label: Option<usize>,
}

/// What the rules know of a sample.
pub(super) struct Fields<'a> {
    /// The name of the file, relative to the folder; in a table, `sample 3`.
    pub name: &'a str,
    /// Returns the value of a field; empty if there is no such field.
    pub value: &'a dyn Fn(&str) -> &'a str,
}

/// The rules of a recipe that assign samples.
pub(super) struct Splitter<'a> {
    options: &'a DataOptions,
    classes: &'a [String],
    /// Index of each class.
    indices: HashMap<&'a str, usize>,
    /// Whether a numeric label is the index of a class, because no class name is a number and none gathers others.
    by_index: bool,
    /// The class that gathers labels which are not listed.
    unknown: Option<usize>,
    /// Every field that the rules require.
    fields: BTreeSet<&'a str>,
    /// The list files of the rules, by their key.
    lists: BTreeMap<&'static str, List>,
}

/// The name of the class that gathers labels which are not listed, unless the recipe names another one.
const UNKNOWN: &str = "unknown";

/// What was seen of the samples of all sources, to report rules without effect.
#[derive(Default)]
pub(super) struct Seen {
    /// The values of each field of all samples.
    all: BTreeMap<String, BTreeSet<String>>,
    /// The same, of the samples that `data.only` selects.
    selected: BTreeMap<String, BTreeSet<String>>,
    /// Names of all files, if there are list files.
    names: HashSet<String>,
    /// Labels in the class of unknown labels, with their numbers of samples.
    gathered: BTreeMap<String, usize>,
    /// Labels that are no class.
    unlisted: BTreeMap<String, Unlisted>,
    /// Number of samples that both the test and the validation rule select.
    in_both: usize,
}

impl Seen {
    /// Returns the values of a field of the selected samples.
    pub(super) fn values(&self, field: &str) -> Vec<String> {
        self.selected.get(field).into_iter().flatten().cloned().collect()
    }
}

/// The samples of a label that is no class.
#[derive(Debug, Default)]
struct Unlisted {
    count: usize,
    /// The name of the first one.
    example: String,
}

impl<'a> Splitter<'a> {
    /// Creates the splitter of a recipe; `classes` are its class names.
    ///
    /// # Errors
    /// Returns an error if a list file cannot be read.
    pub(super) fn new(options: &'a DataOptions, classes: &'a [String]) -> Result<Self, Error> {
        let name = options.unknown.as_ref().map_or_else(|| UNKNOWN.to_owned(), plain);
        let indices: HashMap<&str, usize> = classes.iter().map(String::as_str).zip(0..).collect();
        let unknown = indices.get(name.as_str()).copied();
        // With a class of unknown labels, a number that is not listed is an unknown label.
        let by_index = unknown.is_none() && classes.iter().all(|class| class.parse::<i64>().is_err());
        let mut lists = BTreeMap::new();
        for (key, rule) in rules(options) {
            if let Some(path) = &rule.list {
                lists.insert(key, List::read(path)?);
            }
        }
        let fields = required_fields(options).map(|(field, _)| field).collect();
        Ok(Self { options, classes, indices, by_index, unknown, fields, lists })
    }

    /// Assigns a sample by its name and fields; `set` is that of all samples of its source. Returns `None` if the recipe
    /// does not use it, or if its label is no class, which [`check`](Self::check) reports.
    pub(super) fn assign(
        &self,
        sample: &Fields<'_>,
        set: Option<Split>,
        seen: &mut Seen,
    ) -> Option<Assignment> {
        if set == Some(Split::Train) {
            return Some(Assignment { split: Split::Train, label: self.class(sample, seen)? });
        }
        let all_test = set == Some(Split::Test);
        if !self.lists.is_empty() {
            seen.names.insert(sample.name.to_owned());
        }
        add_values(&mut seen.all, &self.fields, sample);
        if !self.matches(ONLY, &self.options.only, sample) {
            return None;
        }
        if !all_test {
            add_values(&mut seen.selected, &self.fields, sample);
        }
        let label = self.class(sample, seen)?;
        // An empty rule matches everything, but stands for no test set in this source.
        let is_test =
            all_test || !self.options.test.is_empty() && self.matches(TEST, &self.options.test, sample);
        let is_validation = match &self.options.validation {
            ValidationSplit::Filter(rule) => self.matches(VALIDATION, rule, sample),
            ValidationSplit::None | ValidationSplit::Fraction(_) => false,
        };
        seen.in_both += usize::from(is_test && is_validation && !all_test);
        let split = match (is_test, is_validation) {
            (true, _) => Split::Test,
            (false, true) => Split::Validation,
            (false, false) => Split::Train,
        };
        Some(Assignment { split, label })
    }

    fn matches(&self, key: &str, rule: &Filter, sample: &Fields<'_>) -> bool {
        let has = |(field, values): (&String, &Vec<Written>)| {
            values.iter().any(|v| v.as_str() == (sample.value)(field))
        };
        rule.fields.iter().all(has) && self.lists.get(key).is_none_or(|list| list.contains(sample.name))
    }

    /// Returns the class of a sample if the recipe names classes, or `None` if its label is no class.
    #[expect(clippy::option_option, reason = "a sample without a class differs from one that is not used")]
    fn class(&self, sample: &Fields<'_>, seen: &mut Seen) -> Option<Option<usize>> {
        if self.classes.is_empty() { Some(None) } else { self.label(sample, seen).map(Some) }
    }

    fn label(&self, sample: &Fields<'_>, seen: &mut Seen) -> Option<usize> {
        let label = (sample.value)("label");
        // Indices are written without leading zeros: `007` is a name.
        let index = label.parse().ok().filter(|i: &usize| i.to_string() == label);
        let index = index.filter(|&i| self.by_index && i < self.classes.len());
        if let Some(known) = self.indices.get(label).copied().or(index) {
            return Some(known);
        }
        if let Some(unknown) = self.unknown {
            *seen.gathered.entry(label.to_owned()).or_default() += 1;
            return Some(unknown);
        }
        let unlisted = seen.unlisted.entry(label.to_owned()).or_default();
        if unlisted.count == 0 {
            sample.name.clone_into(&mut unlisted.example);
        }
        unlisted.count += 1;
        None
    }

    /// Returns the error about labels that are no class.
    fn unlisted_labels(&self, seen: &Seen) -> Option<Problem> {
        let describe = |(label, unlisted): (&String, &Unlisted)| match (unlisted.count, &unlisted.example) {
            (1, example) => format!("`{label}` (`{example}`)"),
            (count, example) => format!("`{label}` ({count} samples, such as `{example}`)"),
        };
        let described: Vec<String> = seen.unlisted.iter().map(describe).collect();
        let subject = match described.len() {
            0 => return None,
            1 => "a label".to_owned(),
            count => format!("{count} labels"),
        };
        let message = format!("`data.classes` lacks {subject} of the samples: {}", enumerated(&described));
        let looks_like_class = |label: &String| self.classes.iter().any(|class| is_same_text(class, label));
        let help = if seen.unlisted.keys().any(looks_like_class) {
            COMBINING.to_owned()
        } else {
            let object = if described.len() == 1 { "it" } else { "them" };
            let rule = match self.options.train_path {
                Some(_) => "`data.only` or, in `data.train_path`, with `data.ignore`",
                None => "`data.only`",
            };
            format!(
                "list {object}, leave {object} out with {rule}, or add the class `{UNKNOWN}`, which gathers other labels"
            )
        };
        Some(Problem::new(&codes::NO_SAMPLE, "data.classes", message).with_help(help))
    }

    /// Moves a fraction of each class from training to validation, if the recipe asks for one. `names` are those of the
    /// samples, in the order of `assignments`. Sources whose samples all belong to one `set` keep them.
    pub(super) fn hold_out_fraction(
        &self,
        set: Option<Split>,
        names: &[String],
        assignments: &mut [Assignment],
    ) {
        let (&ValidationSplit::Fraction(fraction), None) = (&self.options.validation, set) else { return };
        let names = names.iter().map(String::as_str);
        let (mut training, samples): (Vec<&mut Assignment>, Vec<_>) = assignments
            .iter_mut()
            .zip(names)
            .filter(|(assignment, _)| assignment.split == Split::Train)
            .map(|(assignment, name)| {
                let label = assignment.label;
                (assignment, (label, name))
            })
            .unzip();
        let chosen = stratified_sample(fraction, &samples);
        let chosen = training.iter_mut().zip(chosen).filter(|(_, chosen)| *chosen);
        chosen.for_each(|(assignment, _)| assignment.split = Split::Validation);
    }

    /// Returns an error for every value that no sample has, for list files that name no sample, and about labels that are
    /// no class. The observer gets what the class of unknown labels gathers.
    pub(super) fn check(&self, seen: &Seen, observer: &dyn Observer) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.unlisted_labels(seen).into_iter().collect();
        // If no sample is selected at all, the reason is `only`, not the other rules.
        let nothing_selected = !seen.all.is_empty() && seen.selected.is_empty();
        for (key, rule) in rules(self.options).filter(|(key, _)| *key == ONLY || !nothing_selected) {
            let values = if key == ONLY { &seen.all } else { &seen.selected };
            problems.extend(unmatched_values(key, rule, values));
            problems.extend(self.check_list(key, rule, seen, observer));
        }
        if seen.in_both > 0 {
            observer.warning(&format!(
                "`{TEST}` and `{VALIDATION}` both select {}, which belong to the test set",
                pluralize(seen.in_both, "sample")
            ));
        }
        if let Some(unknown) = self.unknown.filter(|_| !seen.gathered.is_empty()) {
            let labels: Vec<&str> = seen.gathered.keys().map(String::as_str).collect();
            observer.note(&format!(
                "class `{}` gathers {} of {}: {}",
                self.classes[unknown],
                pluralize(seen.gathered.values().sum(), "sample"),
                pluralize(labels.len(), "label"),
                listed(&labels)
            ));
        }
        problems
    }

    /// Returns an error if a list names no sample. Warns if some of its names do not exist.
    fn check_list(&self, key: &str, rule: &Filter, seen: &Seen, observer: &dyn Observer) -> Option<Problem> {
        let (list, path) = (self.lists.get(key)?, rule.list.as_ref()?);
        let missing = list.missing(&seen.names);
        let first = missing.first()?;
        let summary = format!(
            "`{key}`: {} of {} in `{}` are not among the samples, such as `{first}`",
            missing.len(),
            pluralize(list.len(), "name"),
            path.display()
        );
        if missing.len() == list.len() || self.options.strict {
            let problem = Problem::new(&codes::NO_SAMPLE, &format!("{key}.list"), summary);
            return Some(
                problem.with_help("names are relative to `data.path`, and `data.ignore` leaves files out"),
            );
        }
        observer.warning(&summary);
        None
    }
}

/// Returns every field that the rules of a recipe require, with the key that requires it.
pub(crate) fn required_fields(options: &DataOptions) -> impl Iterator<Item = (&str, &'static str)> {
    let label = (!options.classes.is_empty()).then_some(("label", "data.classes"));
    let fields =
        rules(options).flat_map(|(key, rule)| rule.fields.keys().map(move |field| (field.as_str(), key)));
    fields.chain(label)
}

/// Returns the keys of the rules with a list file.
pub(super) fn list_keys(options: &DataOptions) -> impl Iterator<Item = &'static str> {
    rules(options).filter(|(_, rule)| rule.list.is_some()).map(|(key, _)| key)
}

/// Returns the problem of each list file that does not exist.
pub(super) fn missing_lists(options: &DataOptions) -> impl Iterator<Item = Problem> {
    rules(options).filter_map(|(key, rule)| {
        let path = rule.list.as_ref().filter(|path| !path.exists())?;
        let message = format!("`{key}.list`: there is no such file: `{}`", path.display());
        let help = "correct the path, which is relative to `data.path` or to the folder of the recipe";
        Some(Problem::new(&codes::FILE, &format!("{key}.list"), message).with_help(help))
    })
}

/// Returns whether the test or the validation rule names the label of a class.
pub(super) fn holds_out(options: &DataOptions, class: &str) -> bool {
    let labels =
        rules(options).filter(|(key, _)| *key != ONLY).filter_map(|(_, rule)| rule.fields.get("label"));
    labels.flatten().any(|label| label.as_str() == class)
}

/// The keys of the rules.
const ONLY: &str = "data.only";
const TEST: &str = "data.test";
const VALIDATION: &str = "data.validation";

/// Returns the rules of a recipe with their keys.
pub(crate) fn rules(options: &DataOptions) -> impl Iterator<Item = (&'static str, &Filter)> {
    let validation = match &options.validation {
        ValidationSplit::Filter(rule) => Some((VALIDATION, rule)),
        ValidationSplit::None | ValidationSplit::Fraction(_) => None,
    };
    [(TEST, &options.test), (ONLY, &options.only)].into_iter().chain(validation)
}

fn add_values(seen: &mut BTreeMap<String, BTreeSet<String>>, fields: &BTreeSet<&str>, sample: &Fields<'_>) {
    for field in fields {
        let value = (sample.value)(field);
        let values = seen.entry((*field).to_owned()).or_default();
        if !values.contains(value) {
            values.insert(value.to_owned());
        }
    }
}

/// Returns an error for each value of a rule that no sample has.
fn unmatched_values(key: &str, rule: &Filter, seen: &BTreeMap<String, BTreeSet<String>>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, values) in &rule.fields {
        let known: Vec<&str> = seen.get(field).into_iter().flatten().map(String::as_str).collect();
        for (i, value) in values.iter().map(plain).enumerate() {
            if known.contains(&value.as_str()) {
                continue;
            }
            let help = match nearest(&value, known.iter().copied()) {
                _ if known.iter().any(|known| is_same_text(known, &value)) => COMBINING.to_owned(),
                Some(nearest) => did_you_mean(nearest),
                None => format!("its values are {}", listed(&known)),
            };
            let path = KeyPath::dotted(key).join(field).join(i);
            let message = format!("`{key}`: no sample has `{field}: {value}`");
            problems.push(Problem::at(&codes::NO_SAMPLE, path, message).with_help(help));
        }
    }
    problems
}

/// The advice about names that look the same.
const COMBINING: &str = "file names hold the same text with other characters, such as `e` and a combining accent for \
                         `\u{e9}` (macOS writes names so): copy the name from a file, or rename the files";

/// Returns whether two names that differ look the same: canonically equivalent Unicode.
fn is_same_text(a: &str, b: &str) -> bool {
    !(a.is_ascii() && b.is_ascii()) && a != b && a.nfc().eq(b.nfc())
}

/// Lists the first names.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    enumerated(&quoted)
}

/// Enumerates the first items, and counts the others.
fn enumerated(items: &[String]) -> String {
    const MAX_LISTED: usize = 12;
    let shown = items[..items.len().min(MAX_LISTED)].join(", ");
    let more = items.len().saturating_sub(MAX_LISTED);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> DataOptions {
        serde_yaml::from_str(&format!("{{path: p, steps: 1, {text}}}")).unwrap()
    }

    #[test]
    fn fields_determine_set_and_class() {
        let options = options(
            "classes: [low, high], only: {voice: [a, b]}, test: {take: [4, 5]}, validation: {take: [3], voice: [b]}",
        );
        let classes = ["low".to_owned(), "high".to_owned()];
        let splitter = Splitter::new(&options, &classes).unwrap();
        let assign = |label: &'static str, voice: &'static str, take: &'static str| {
            let value = move |field: &str| match field {
                "label" => label,
                "voice" => voice,
                _ => take,
            };
            let fields = Fields { name: "", value: &value };
            let assigned = splitter.assign(&fields, None, &mut Seen::default());
            assigned.map(|a| (a.split, a.label.unwrap()))
        };
        assert_eq!(assign("low", "a", "1"), Some((Split::Train, 0)));
        assert_eq!(assign("high", "a", "5"), Some((Split::Test, 1)));
        assert_eq!(assign("high", "b", "3"), Some((Split::Validation, 1)));
        assert_eq!(assign("high", "a", "3"), Some((Split::Train, 1)));
        assert_eq!(assign("high", "c", "1"), None);
        // No class name is a number, so a number is the index of a class.
        assert_eq!(assign("1", "a", "1"), Some((Split::Train, 1)));
        assert_eq!(assign("2", "c", "1"), None);
        let mut seen = Seen::default();
        for (name, label) in [("a", "2"), ("b", "01"), ("c", "2")] {
            assert_eq!(splitter.label(&Fields { name, value: &|_| label }, &mut seen), None);
        }
        let problem = splitter.unlisted_labels(&seen).unwrap().into_diagnostic(None, &[]);
        assert_eq!(
            problem.message,
            "`data.classes` lacks 2 labels of the samples: `01` (`b`), `2` (2 samples, such as `a`)"
        );
    }

    #[test]
    fn fraction_is_taken_from_every_class() {
        let options = options("classes: 2, test: {}, validation: 0.25");
        let classes = ["0".to_owned(), "1".to_owned()];
        let splitter = Splitter::new(&options, &classes).unwrap();
        let names: Vec<String> = (0..40).map(|i| format!("{i}.wav")).collect();
        let mut assignments: Vec<Assignment> = (0..40)
            .map(|i| Assignment { split: if i < 8 { Split::Test } else { Split::Train }, label: Some(i % 2) })
            .collect();
        splitter.hold_out_fraction(None, &names, &mut assignments);
        for class in 0..2 {
            let count =
                |split| assignments.iter().filter(|a| a.label == Some(class) && a.split == split).count();
            assert_eq!([count(Split::Train), count(Split::Validation), count(Split::Test)], [12, 4, 4]);
        }
        assert!(assignments[..8].iter().all(|assignment| assignment.split == Split::Test));
    }

    #[test]
    fn unknown_labels_are_gathered() {
        for (keys, gathers) in [("classes: [yes, unknown]", 1), ("classes: [rest, yes], unknown: rest", 0)] {
            let options = options(&format!("{keys}, test: {{}}"));
            let classes: Vec<String> = options.classes.iter().map(plain).collect();
            let splitter = Splitter::new(&options, &classes).unwrap();
            let mut seen = Seen::default();
            let mut label = |label| splitter.label(&Fields { name: "", value: &|_| label }, &mut seen);
            assert_eq!(label("bed"), Some(gathers));
            assert_eq!(label("yes"), Some(1 - gathers));
            assert_eq!(seen.gathered["bed"], 1);
        }
    }

    #[test]
    fn values_that_no_sample_has_are_errors() {
        let options =
            options("classes: [a], only: {set: [x]}, test: {speaker: [theo, thoe]}, validation: {take: [9]}");
        let classes = ["a".to_owned()];
        let splitter = Splitter::new(&options, &classes).unwrap();
        let mut seen = Seen::default();
        for (set, speaker, take) in [("x", "theo", "1"), ("x", "ann", "2"), ("y", "thoe", "9")] {
            let value = move |field: &str| match field {
                "set" => set,
                "speaker" => speaker,
                "take" => take,
                _ => "a",
            };
            splitter.assign(&Fields { name: "", value: &value }, None, &mut seen);
        }
        let problems = splitter.check(&seen, &crate::Silent);
        let found: Vec<(String, Option<String>)> =
            problems.into_iter().map(|p| p.into_diagnostic(None, &[])).map(|d| (d.message, d.help)).collect();
        let expected = [
            ("`data.test`: no sample has `speaker: thoe`", "did you mean `theo`?"),
            ("`data.validation`: no sample has `take: 9`", "its values are `1`, `2`"),
        ];
        assert_eq!(found, expected.map(|(message, help)| (message.to_owned(), Some(help.to_owned()))));
    }
}
