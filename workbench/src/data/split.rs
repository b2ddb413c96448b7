//! Assignment of samples to training, validation and test set, and to classes, by their fields.

use crate::recipe::{DataOptions, Filter, ValidationSplit, plain, stratified_sample};

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

/// The rules of a recipe that assign samples.
pub(super) struct Splitter<'a> {
    options: &'a DataOptions,
    classes: &'a [String],
    /// Whether a numeric label is the index of a class, because no class name is a number.
    by_index: bool,
}

impl<'a> Splitter<'a> {
    /// Creates the splitter of a recipe; `classes` are its class names.
    pub(super) fn new(options: &'a DataOptions, classes: &'a [String]) -> Self {
        let by_index = classes.iter().all(|class| class.parse::<i64>().is_err());
        Self { options, classes, by_index }
    }

    /// Returns every field that the rules require, with the key of the recipe that requires it.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let fields =
            |rule: &'a Filter, key: &'static str| rule.keys().map(move |field| (field.as_str(), key));
        let validation = match &self.options.validation {
            ValidationSplit::Filter(rule) => Some(rule),
            _ => None,
        };
        let label = (!self.classes.is_empty()).then_some(("label", "data.classes"));
        fields(&self.options.test, "data.test")
            .chain(fields(&self.options.only, "data.only"))
            .chain(validation.into_iter().flat_map(move |rule| fields(rule, "data.validation")))
            .chain(label)
    }

    /// Assigns a sample by the values of its fields. Returns `None` if the recipe does not use it.
    ///
    /// # Errors
    /// Returns an error if the label is not a class.
    pub(super) fn assign<'v>(
        &self,
        value: impl Fn(&str) -> &'v str,
        all_test: bool,
    ) -> Result<Option<Assignment>, String> {
        let matches = |rule: &Filter| {
            rule.iter().all(|(field, values)| values.iter().any(|v| plain(v) == value(field)))
        };
        if !matches(&self.options.only) {
            return Ok(None);
        }
        let label = if self.classes.is_empty() { None } else { Some(self.label(value("label"))?) };
        // An empty rule matches everything, but stands for no test set in this source.
        let is_test = all_test || !self.options.test.is_empty() && matches(&self.options.test);
        let split = match &self.options.validation {
            _ if is_test => Split::Test,
            ValidationSplit::Filter(rule) if matches(rule) => Split::Validation,
            _ => Split::Train,
        };
        Ok(Some(Assignment { split, label }))
    }

    fn label(&self, label: &str) -> Result<usize, String> {
        let index = || label.parse().ok().filter(|&i: &usize| self.by_index && i < self.classes.len());
        self.classes.iter().position(|class| class == label).or_else(index).ok_or_else(|| {
            format!("the label `{label}` is not one of the classes {}", self.classes.join(", "))
        })
    }

    /// Moves a fraction of each class from training to validation, if the recipe asks for one. `names` are those of the
    /// samples, in the order of `assignments`.
    pub(super) fn hold_out_fraction(&self, names: &[String], assignments: &mut [Assignment]) {
        let ValidationSplit::Fraction(fraction) = self.options.validation else { return };
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
        let splitter = Splitter::new(&options, &classes);
        let assign = |label: &'static str, voice: &'static str, take: &'static str| {
            let value = move |field: &str| match field {
                "label" => label,
                "voice" => voice,
                _ => take,
            };
            splitter.assign(value, false).unwrap().map(|a| (a.split, a.label.unwrap()))
        };
        assert_eq!(assign("low", "a", "1"), Some((Split::Train, 0)));
        assert_eq!(assign("high", "a", "5"), Some((Split::Test, 1)));
        assert_eq!(assign("high", "b", "3"), Some((Split::Validation, 1)));
        assert_eq!(assign("high", "a", "3"), Some((Split::Train, 1)));
        assert_eq!(assign("high", "c", "1"), None);
        // No class name is a number, so a number is the index of a class.
        assert_eq!(assign("1", "a", "1"), Some((Split::Train, 1)));
        assert!(splitter.assign(|_| "2", false).unwrap().is_none());
        assert_eq!(splitter.label("2").unwrap_err(), "the label `2` is not one of the classes low, high");
    }

    #[test]
    fn fraction_is_taken_from_every_class() {
        let options = options("classes: 2, test: {}, validation: 0.25");
        let classes = ["0".to_owned(), "1".to_owned()];
        let splitter = Splitter::new(&options, &classes);
        let names: Vec<String> = (0..40).map(|i| format!("{i}.wav")).collect();
        let mut assignments: Vec<Assignment> = (0..40)
            .map(|i| Assignment { split: if i < 8 { Split::Test } else { Split::Train }, label: Some(i % 2) })
            .collect();
        splitter.hold_out_fraction(&names, &mut assignments);
        for class in 0..2 {
            let count =
                |split| assignments.iter().filter(|a| a.label == Some(class) && a.split == split).count();
            assert_eq!([count(Split::Train), count(Split::Validation), count(Split::Test)], [12, 4, 4]);
        }
        assert!(assignments[..8].iter().all(|assignment| assignment.split == Split::Test));
    }
}
