//! Conversion of names to the naming conventions of files, modules and types.

/// Returns the words of a name in lower case, joined by `_`: `KWSNet2` gives `kws_net2`.
///
/// The result contains only ASCII letters, digits and `_`, and begins with a letter: if necessary, `n` is
/// prepended.
pub fn snake_case(name: &str) -> String {
    let joined = words(name).join("_").to_ascii_lowercase();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("n{joined}") }
}

/// Returns the words of a name, each with a capital, without separators: `hidden_a` gives `HiddenA`.
///
/// The result contains only ASCII letters and digits, and begins with a letter: if necessary, `N` is
/// prepended.
pub fn camel_case(name: &str) -> String {
    let capitalized = words(name).into_iter().map(|mut word| {
        word[..1].make_ascii_uppercase();
        word
    });
    let joined: String = capitalized.collect();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("N{joined}") }
}

/// Returns the words of a name: runs of letters and digits, divided also before a capital that follows a
/// small letter or a digit, and before the last capital of a run that a small letter follows.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (i, &c) in characters.iter().enumerate() {
        let after_small = i > 0 && !characters[i - 1].is_ascii_uppercase();
        let before_small = characters.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && (after_small || before_small)) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::{camel_case, snake_case};

    #[test]
    fn cases_follow_rust() {
        let cases = [
            ("Kws", "kws", "Kws"),
            ("SpokenDigits", "spoken_digits", "SpokenDigits"),
            ("KWSNet2", "kws_net2", "KWSNet2"),
            ("body.h0", "body_h0", "BodyH0"),
            ("hidden_a", "hidden_a", "HiddenA"),
            ("__", "n", "N"),
            ("0x", "n0x", "N0x"),
            ("\u{e9}t\u{e9}", "t", "T"),
        ];
        for (name, snake, camel) in cases {
            assert_eq!((snake_case(name).as_str(), camel_case(name).as_str()), (snake, camel), "{name}");
        }
    }
}
