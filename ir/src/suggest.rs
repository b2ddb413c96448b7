//! "Did you mean": the one place that decides which name a misspelled one stands for, and how that is asked.

/// Comparisons of characters that one suggestion may take: a few milliseconds. Large networks have many names.
const MAX_COMPARISONS: usize = 400_000;

/// Returns the candidate that a misspelled name probably means, or `None` if none is close.
///
/// A candidate is close if one edit (insertion, deletion, substitution or transposition), plus one more for every
/// four characters of the shorter name, turns one into the other, and something of the name remains. A difference in
/// case alone is closest. The first of equally close candidates wins. Of thousands of candidates, the last ones are not
/// compared.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name_len = name.chars().count();
    let mut comparisons = 0_usize;
    let mut nearest: Option<(usize, &str)> = None;
    for candidate in candidates {
        if name.eq_ignore_ascii_case(candidate) {
            return Some(candidate);
        }
        let len = candidate.chars().count();
        let (short, long) = (name_len.min(len), name_len.max(len));
        let limit = 1 + short / 4;
        // The lengths alone make this many edits.
        if long - short > limit || nearest.is_some_and(|(distance, _)| distance <= long - short) {
            continue;
        }
        comparisons = comparisons.saturating_add(short.saturating_mul(long));
        if comparisons > MAX_COMPARISONS {
            break;
        }
        let distance = strsim::damerau_levenshtein(name, candidate);
        let is_nearer = nearest.is_none_or(|(minimum, _)| distance < minimum);
        if distance <= limit && distance < long && is_nearer {
            nearest = Some((distance, candidate));
        }
    }
    nearest.map(|(_, candidate)| candidate)
}

/// Returns the question about a name that was probably meant: "did you mean `linear`?".
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_close_names_are_suggested() {
        let names = ["tau_mem", "tau_syn", "threshold"];
        assert_eq!(nearest("tau_men", names), Some("tau_mem"));
        assert_eq!(nearest("treshhold", names), Some("threshold"));
        assert_eq!(nearest("TAU_SYN", names), Some("tau_syn"));
        assert_eq!(nearest("bias", names), None);
        assert_eq!(nearest("Ms", ["s", "ms"]), Some("ms"));
        assert_eq!(nearest("n", ["s"]), None);
        assert_eq!(nearest("abcd", ["abxx", "abcx", "ABCD"]), Some("ABCD"));
        let long = "x".repeat(1 << 20);
        assert_eq!(nearest(&long, [&*format!("{long}y")]), None);
    }
}
