//! Names that stand for nothing.

/// A name that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no {what} `{name}`{}\n{what}s are {}",
    suggestion.as_ref().map_or(String::new(), |suggestion| format!("; {}", synnet_ir::did_you_mean(suggestion))),
    known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownName {
    /// What should have been named: "chip", "target", "engine".
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
    /// Every name there is.
    pub known: Vec<String>,
}

impl UnknownName {
    /// That `name` is no `what`; `known` are those that there are.
    pub(crate) fn new<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let suggestion = synnet_ir::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self { what, name: name.to_owned(), suggestion, known }
    }
}

#[cfg(test)]
mod tests {
    use super::UnknownName;

    #[test]
    fn unknown_names_come_with_a_suggestion() {
        let text = UnknownName::new("target", "xylo-audo3", ["rust", "xylo-audio3"]).to_string();
        assert_eq!(
            text,
            "there is no target `xylo-audo3`; did you mean `xylo-audio3`?\ntargets are `rust`, `xylo-audio3`"
        );
        assert!(!UnknownName::new("engine", "loihi", ["float"]).to_string().contains("did you mean"));
    }
}
