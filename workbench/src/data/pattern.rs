//! Names with fields: `{label}_{speaker}_{index}.wav`.

/// A pattern of file names: literal text and fields in turn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    parts: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Text(String),
    Field(String),
}

impl Pattern {
    /// Reads a pattern. Two fields need text between them, and the pattern ends in an extension.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            if open > 0 {
                parts.push(Segment::Text(rest[..open].to_owned()));
            } else {
                let close = rest.find('}').ok_or_else(|| format!("`{text}`: a `{{` has no `}}`"))?;
                if matches!(parts.last(), Some(Segment::Field(_))) {
                    return Err(format!("`{text}`: two fields need some text between them"));
                }
                parts.push(Segment::Field(rest[1..close].to_owned()));
                rest = &rest[close + 1..];
                continue;
            }
            rest = &rest[open..];
        }
        if let Some(twice) = parts.iter().enumerate().find_map(|(i, part)| match part {
            Segment::Field(name) if parts[..i].contains(part) => Some(name),
            _ => None,
        }) {
            return Err(format!("`{text}`: the field `{{{twice}}}` stands twice"));
        }
        match parts.last() {
            Some(Segment::Text(end)) if end.contains('.') => Ok(Self { parts }),
            _ => Err(format!("`{text}`: expected an extension such as `.wav` at the end")),
        }
    }

    /// The names of the fields, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Segment::Field(name) => Some(name.as_str()),
            Segment::Text(_) => None,
        })
    }

    /// The extension that every name has, with its dot.
    pub(super) fn extension(&self) -> &str {
        match self.parts.last() {
            Some(Segment::Text(end)) => end.rfind('.').map_or(end, |dot| &end[dot..]),
            _ => "",
        }
    }

    /// The fields of a name, or `None` where the name does not match. A field is the shortest
    /// non-empty text without `/` that lets the rest match.
    pub(super) fn matches<'p, 'n>(&'p self, name: &'n str) -> Option<Vec<(&'p str, &'n str)>> {
        let mut fields = Vec::new();
        let mut rest = name;
        let mut open: Option<&str> = None;
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Segment::Field(field) => open = Some(field),
                Segment::Text(text) => {
                    let last = i + 1 == self.parts.len();
                    let at =
                        if last { rest.len().checked_sub(text.len())? } else { rest.find(text.as_str())? };
                    if !rest.is_char_boundary(at) || &rest[at..at + text.len()] != text {
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
    }

    #[test]
    fn wrong_patterns_are_errors() {
        for wrong in ["", "{label}", "{a}{b}.wav", "{label.wav", "{a}_{a}.wav"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
