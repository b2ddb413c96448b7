//! Patterns of file names with fields, such as `{label}_{speaker}_{index}.wav`.

/// A pattern of file names: literal text and fields. Two fields are never adjacent, and the last segment is text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Text(String),
    Field(String),
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Returns an error if a `{` is not closed, fields are adjacent or repeated, or there is no extension.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            if open > 0 {
                segments.push(Segment::Text(rest[..open].to_owned()));
            } else {
                let close = rest.find('}').ok_or_else(|| format!("`{text}`: unclosed `{{`"))?;
                if matches!(segments.last(), Some(Segment::Field(_))) {
                    return Err(format!("`{text}`: adjacent fields; put text between them, such as `_`"));
                }
                segments.push(Segment::Field(rest[1..close].to_owned()));
                rest = &rest[close + 1..];
                continue;
            }
            rest = &rest[open..];
        }
        if let Some(twice) = segments.iter().enumerate().find_map(|(i, segment)| match segment {
            Segment::Field(name) if segments[..i].contains(segment) => Some(name),
            _ => None,
        }) {
            return Err(format!("`{text}`: duplicate field `{{{twice}}}`"));
        }
        match segments.last() {
            Some(Segment::Text(end)) if end.contains('.') => Ok(Self { segments }),
            _ => Err(format!("`{text}`: expected an extension such as `.wav` at the end")),
        }
    }

    /// Returns the names of the fields, in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_str()),
            Segment::Text(_) => None,
        })
    }

    /// Returns the extension of every name, with its dot.
    pub(super) fn extension(&self) -> &str {
        match self.segments.last() {
            Some(Segment::Text(end)) => end.rfind('.').map_or(end, |dot| &end[dot..]),
            _ => "",
        }
    }

    /// Returns the fields of a name with their values, or `None` if the name does not match. A field takes the shortest
    /// non-empty text without `/` up to the next literal text; the last literal is matched at the end of the name. The
    /// extension matches in any case.
    pub(super) fn matches<'p, 'n>(&'p self, name: &'n str) -> Option<Vec<(&'p str, &'n str)>> {
        let mut fields = Vec::new();
        let mut rest = name;
        let mut open: Option<&str> = None;
        for (i, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Field(field) => open = Some(field),
                Segment::Text(text) => {
                    let last = i + 1 == self.segments.len();
                    let at =
                        if last { rest.len().checked_sub(text.len())? } else { rest.find(text.as_str())? };
                    let found = rest.get(at..at + text.len())?;
                    let extension = if last { self.extension() } else { "" };
                    let (stem, end) = found.split_at_checked(text.len() - extension.len())?;
                    if !text.starts_with(stem) || !end.eq_ignore_ascii_case(extension) {
                        return None;
                    }
                    match open.take() {
                        Some(_) if at == 0 || rest[..at].contains('/') => return None,
                        Some(field) => fields.push((field, &rest[..at])),
                        None if at > 0 => return None,
                        None => {}
                    }
                    rest = &rest[at + text.len()..];
                }
            }
        }
        rest.is_empty().then_some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pattern: &str, name: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        let fields = pattern.matches(name)?;
        Some(fields.iter().map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn names_give_fields() {
        let fsdd = "{label}_{speaker}_{index}.wav";
        assert_eq!(fields(fsdd, "7_theo_12.wav").unwrap(), "label=7 speaker=theo index=12");
        assert_eq!(fields(fsdd, "7_theo.wav"), None);
        assert_eq!(fields(fsdd, "a/7_theo_12.wav"), None);
        assert_eq!(fields(fsdd, "_theo_12.wav"), None);
        assert_eq!(
            fields("{split}/{label}_{voice}.wav", "test/3_f1.wav").unwrap(),
            "split=test label=3 voice=f1"
        );
        assert_eq!(fields("x_{label}.wav", "y_3.wav"), None);
        assert_eq!(fields("{label}_Take.wav", "3_Take.WAV").unwrap(), "label=3");
        assert_eq!(fields("{label}_Take.wav", "3_take.wav"), None);
        assert_eq!(fields("{label}.wav", "\u{e4}wav"), None);
    }

    #[test]
    fn wrong_patterns_are_errors() {
        for wrong in ["", "{label}", "{a}{b}.wav", "{label.wav", "{a}_{a}.wav"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
