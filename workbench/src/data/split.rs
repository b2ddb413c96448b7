//! From the fields of a recording to its class and its set.

use crate::recipe::{DataOptions, Filter, ValidationSplit, plain, stratified_sample};

/// What a recording is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// To learn from.
    Train,
    /// To choose the best epoch by.
    Validation,
    /// Held back.
    Test,
}

/// What becomes of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Its set.
    pub split: Split,
    /// Its class, where there are classes.
    pub label: Option<usize>,
}

/// The rules of a recipe.
pub(super) struct Splitter<'a> {
    options: &'a DataOptions,
    classes: &'a [String],
    /// Whether numbers name no class, so that they are its index.
    by_index: bool,
}

impl<'a> Splitter<'a> {
    /// The rules of a recipe with these classes.
    pub(super) fn new(options: &'a DataOptions, classes: &'a [String]) -> Self {
        let by_index = classes.iter().all(|class| class.parse::<i64>().is_err());
        Self { options, classes, by_index }
    }

    /// Every field that the rules ask for, with the key that does.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let of = |rule: &'a Filter, key: &'static str| rule.keys().map(move |field| (field.as_str(), key));
        let validation = match &self.options.validation {
            ValidationSplit::Filter(rule) => Some(rule),
            _ => None,
        };
        let label = (!self.classes.is_empty()).then_some(("label", "data.classes"));
        of(&self.options.test, "data.test")
            .chain(of(&self.options.only, "data.only"))
            .chain(validation.into_iter().flat_map(move |rule| of(rule, "data.validation")))
            .chain(label)
    }

    /// What becomes of a recording with these fields, or `None` for one that the recipe leaves out.
    pub(super) fn role<'v>(
        &self,
        value: impl Fn(&str) -> &'v str,
        all_test: bool,
    ) -> Result<Option<Assignment>, String> {
        let has = |wanted: &Filter| {
            wanted.iter().all(|(field, values)| values.iter().any(|v| plain(v) == value(field)))
        };
        if !has(&self.options.only) {
            return Ok(None);
        }
        let label = if self.classes.is_empty() { None } else { Some(self.label(value("label"))?) };
        let is_test = all_test || !self.options.test.is_empty() && has(&self.options.test);
        let split = match &self.options.validation {
            _ if is_test => Split::Test,
            ValidationSplit::Filter(rule) if has(rule) => Split::Validation,
            _ => Split::Train,
        };
        Ok(Some(Assignment { split, label }))
    }

    fn label(&self, label: &str) -> Result<usize, String> {
        let index = || label.parse().ok().filter(|&i: &usize| self.by_index && i < self.classes.len());
        self.classes
            .iter()
            .position(|class| class == label)
            .or_else(index)
            .ok_or_else(|| format!("the label `{label}` is none of the classes {}", self.classes.join(", ")))
    }

    /// Moves a share of each class from training to validation, where the recipe asks for one. `names` are those of
    /// the recordings, in the order of their roles.
    pub(super) fn fraction(&self, names: &[String], roles: &mut [Assignment]) {
        let ValidationSplit::Fraction(fraction) = self.options.validation else { return };
        let names = names.iter().map(String::as_str);
        let (mut training, recordings): (Vec<&mut Assignment>, Vec<_>) = roles
            .iter_mut()
            .zip(names)
            .filter(|(role, _)| role.split == Split::Train)
            .map(|(role, name)| {
                let label = role.label;
                (role, (label, name))
            })
            .unzip();
        let chosen = stratified_sample(fraction, &recordings);
        let chosen = training.iter_mut().zip(chosen).filter(|(_, chosen)| *chosen);
        chosen.for_each(|(role, _)| role.split = Split::Validation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> DataOptions {
        serde_yaml::from_str(&format!("{{path: p, steps: 1, {text}}}")).unwrap()
    }

    #[test]
    fn fields_decide_on_set_and_class() {
        let options = options(
            "classes: [low, high], only: {voice: [a, b]}, test: {take: [4, 5]}, validation: {take: [3], voice: [b]}",
        );
        let classes = ["low".to_owned(), "high".to_owned()];
        let splitter = Splitter::new(&options, &classes);
        let role = |label: &'static str, voice: &'static str, take: &'static str| {
            let value = move |field: &str| match field {
                "label" => label,
                "voice" => voice,
                _ => take,
            };
            splitter.role(value, false).unwrap().map(|role| (role.split, role.label.unwrap()))
        };
        assert_eq!(role("low", "a", "1"), Some((Split::Train, 0)));
        assert_eq!(role("high", "a", "5"), Some((Split::Test, 1)));
        assert_eq!(role("high", "b", "3"), Some((Split::Validation, 1)));
        assert_eq!(role("high", "a", "3"), Some((Split::Train, 1)));
        assert_eq!(role("high", "c", "1"), None);
        // Where no class is called by a number, a number is the index of one.
        assert_eq!(role("1", "a", "1"), Some((Split::Train, 1)));
        assert!(splitter.role(|_| "2", false).unwrap().is_none());
        assert_eq!(splitter.label("2").unwrap_err(), "the label `2` is none of the classes low, high");
    }

    #[test]
    fn fraction_is_taken_from_every_class() {
        let options = options("classes: 2, test: {}, validation: 0.25");
        let classes = ["0".to_owned(), "1".to_owned()];
        let splitter = Splitter::new(&options, &classes);
        let names: Vec<String> = (0..40).map(|i| format!("{i}.wav")).collect();
        let mut roles: Vec<Assignment> = (0..40)
            .map(|i| Assignment { split: if i < 8 { Split::Test } else { Split::Train }, label: Some(i % 2) })
            .collect();
        splitter.fraction(&names, &mut roles);
        for class in 0..2 {
            let count = |split| roles.iter().filter(|r| r.label == Some(class) && r.split == split).count();
            assert_eq!([count(Split::Train), count(Split::Validation), count(Split::Test)], [12, 4, 4]);
        }
        assert!(roles[..8].iter().all(|role| role.split == Split::Test));
    }
}
