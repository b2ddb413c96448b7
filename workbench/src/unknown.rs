//! The error for unknown names of chips, targets and engines.

/// An unknown name, with all known names and a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no {kind} `{name}`{}\n{kind}s are {}",
    suggestion.as_ref().map_or(String::new(), |suggestion| format!("; {}", synnet_ir::did_you_mean(suggestion))),
    known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownName {
    /// The kind of the name: "chip", "target" or "engine".
    pub kind: &'static str,
    /// The unknown name.
    pub name: String,
    /// The most similar known name, if one is similar enough.
    pub suggestion: Option<String>,
    /// All known names.
    pub known: Vec<String>,
}

impl UnknownName {
    pub(crate) fn new<'a>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let suggestion = synnet_ir::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self { kind, name: name.to_owned(), suggestion, known }
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
