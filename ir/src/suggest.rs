//! "Did you mean": the one place that decides which name a misspelled one stands for, and how that is asked.

/// Returns the candidate that a misspelled name probably means, or `None` if none is close.
///
/// A candidate is close if one edit (insertion, deletion, substitution or transposition), plus one more for every
/// four characters of the shorter name, turns one into the other, and something of the name remains. A difference in
/// case alone is closest. The first of equally close candidates wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| {
        if name.eq_ignore_ascii_case(candidate) { 0 } else { strsim::damerau_levenshtein(name, candidate) }
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| {
            let (short, long) = (name.len().min(candidate.len()), name.len().max(candidate.len()));
            *distance <= 1 + short / 4 && *distance < long
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
    }
}
