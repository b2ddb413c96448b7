//! The types of plain scalars: the core schema of YAML 1.2, as `serde_yaml` applies it.

use super::Scalar;

/// A scalar with the type that its text has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    /// Returns the value of the text.
    pub(crate) fn resolve(&self) -> Resolved<'_> {
        let text = self.text.as_str();
        if self.is_quoted {
            return Resolved::Text(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
            "true" | "True" | "TRUE" => Resolved::Bool(true),
            "false" | "False" | "FALSE" => Resolved::Bool(false),
            _ => integer(text).or_else(|| float(text).map(Resolved::Float)).unwrap_or(Resolved::Text(text)),
        }
    }
}

fn integer(text: &str) -> Option<Resolved<'static>> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let with_prefix =
        prefixes.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = with_prefix.unwrap_or((digits, 10));
    // A leading zero makes a name or a date of digits: `007` is text.
    let is_text = radix == 10 && digits.len() > 1 && digits.starts_with('0');
    if is_text || digits.starts_with(['+', '-']) {
        return None;
    }
    if is_negative {
        let value = i64::from_str_radix(&format!("-{digits}"), radix).ok()?;
        return Some(Resolved::Signed(value));
    }
    Some(Resolved::Unsigned(u64::from_str_radix(digits, radix).ok()?))
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    match text {
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ if matches!(unsigned, ".inf" | ".Inf" | ".INF") => return Some(f64::INFINITY),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_padded = digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if is_padded || (unsigned.len() < text.len() && unsigned.starts_with(['+', '-'])) {
        return None;
    }
    unsigned.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), is_quoted: false }
    }

    /// The values that `serde_yaml` gives the same text.
    #[test]
    fn scalars_have_the_types_of_serde_yaml() {
        let texts = [
            "",
            "~",
            "null",
            "Null",
            "nul",
            "true",
            "False",
            "yes",
            "no",
            "on",
            "0",
            "-0",
            "+1",
            "1",
            "-1",
            "007",
            "-007",
            "0x1f",
            "-0x1f",
            "0o17",
            "0b101",
            "0x",
            "1_000",
            "1.0",
            "1.",
            ".5",
            "-.5",
            "1e3",
            "1E-3",
            "1e400",
            "+.inf",
            ".inf",
            "-.INF",
            "nan",
            "inf",
            "infinity",
            "18446744073709551615",
            "-9223372036854775808",
            "+-1",
            "--1",
            "0x+1",
            "1e",
            "e1",
            "12:30",
            "2024-01-01",
            "0e1",
            "00e1",
            "00.5",
        ];
        for text in texts {
            let value: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
            let scalar = plain(text);
            let agrees = match scalar.resolve() {
                Resolved::Null => value.is_null(),
                Resolved::Bool(b) => value.as_bool() == Some(b),
                Resolved::Unsigned(n) => value.as_u64() == Some(n),
                Resolved::Signed(n) => value.as_i64() == Some(n),
                Resolved::Float(x) => value.as_f64() == Some(x),
                Resolved::Text(t) => value.as_str() == Some(t),
            };
            assert!(agrees, "{text}: {:?} and {value:?}", scalar.resolve());
        }
        assert_eq!(Scalar { text: "1".into(), is_quoted: true }.resolve(), Resolved::Text("1"));
        assert!(matches!(plain(".nan").resolve(), Resolved::Float(x) if x.is_nan()));
    }
}
