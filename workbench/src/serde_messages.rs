//! Rewriting serde's errors about recipes and chip descriptions: terms of these files instead of Rust's, and
//! suggestions.

/// Adds "did you mean" to serde's message about an unknown field or variant.
pub(crate) fn with_suggestion(message: &str) -> String {
    match suggestion(message) {
        Some(suggestion) => format!("{message}; {}", synnet_ir::did_you_mean(suggestion)),
        None => message.to_owned(),
    }
}

/// Former names of keys that are too different from the present ones to be recognized as misspellings.
const FORMER_NAMES: [(&str, &str); 3] =
    [("checkpoint", "recompute"), ("least", "minimum"), ("rest_weight", "nontarget_weight")];

/// Returns the name that was probably meant by the unknown field or variant in serde's message.
pub(crate) fn suggestion(message: &str) -> Option<&str> {
    // Every second part lies between backticks: first the unknown name, then the expected ones.
    let mut names = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let present = FORMER_NAMES.iter().find(|(former, _)| *former == unknown).map(|(_, present)| *present);
    present
        .and_then(|present| names.clone().find(|name| *name == present))
        .or_else(|| synnet_ir::nearest(unknown, names))
}

/// Replaces the Rust types that serde expects by terms of a recipe.
pub(crate) fn plain_message(message: &str) -> String {
    let Some((found, expected)) = message.split_once(", expected ") else { return message.to_owned() };
    let expected = match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number, 0 or more",
        "f64" | "f32" => "a number",
        _ if expected.starts_with("internally tagged enum ") => "options in braces, such as `{ kind: ... }`",
        "a YAML mapping" => "a mapping of options",
        _ if expected.starts_with("struct ") => "a mapping of options",
        _ => return message.to_owned(),
    };
    format!("{found}, expected {expected}")
}

/// Like [`plain_message`], with a suggestion, for a message of the form `KEY: MESSAGE at line N column M`.
pub(crate) fn plain_message_with_location(message: &str) -> String {
    let (message, place) = message.split_at(message.rfind(" at line ").unwrap_or(message.len()));
    let start = ["unknown ", "invalid ", "missing "].iter().filter_map(|word| message.find(word)).min();
    let (key, message) = message.split_at(start.unwrap_or(0));
    let message = plain_message(&with_suggestion(message));
    let place = place.strip_prefix(" at ").map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{key}{message}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_types_are_terms_of_a_recipe() {
        for (message, expected) in [
            ("invalid value: integer `-1`, expected usize", "a whole number, 0 or more"),
            ("invalid type: string \"mse\", expected internally tagged enum Loss", "options in braces"),
            ("invalid type: integer `1`, expected struct DataOptions", "a mapping of options"),
        ] {
            let plain = plain_message(message);
            assert!(plain.split_once(", expected ").unwrap().1.starts_with(expected), "{plain}");
        }
    }

    #[test]
    fn former_names_of_keys_suggest_the_present_ones() {
        for (former, present) in FORMER_NAMES {
            let message = format!("unknown field `{former}`, expected one of `epochs`, `{present}`");
            assert_eq!(suggestion(&message), Some(present));
            let elsewhere = format!("unknown field `{former}`, expected one of `epochs`, `batch`");
            assert_eq!(suggestion(&elsewhere), None);
        }
    }

    #[test]
    fn unknown_keys_get_a_suggestion() {
        let message = with_suggestion("unknown field `epoch`, expected one of `epochs`, `batch`");
        assert!(message.ends_with("did you mean `epochs`?"), "{message}");
        let message = with_suggestion("unknown field `zebra`, expected one of `epochs`, `batch`");
        assert!(!message.contains("did you mean"), "{message}");
        let message = with_suggestion("unknown variant `adamW`, expected one of `sgd`, `adam`, `adamw`");
        assert!(message.ends_with("did you mean `adamw`?"), "{message}");
    }

    #[test]
    fn locations_in_a_description_are_kept() {
        let message = "dash.max: invalid value: integer `300`, expected u8 at line 7 column 9";
        let plain =
            "dash.max: invalid value: integer `300`, expected a whole number, 0 or more (line 7 column 9)";
        assert_eq!(plain_message_with_location(message), plain);
    }
}
