//! Detectors as JSON files.

use serde_json::{Map, Value, json};

use super::{Detector, Keyword, Score};
use crate::program::Scalar;

/// Why a file does not hold a detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorFileError(String);

impl std::fmt::Display for DetectorFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DetectorFileError {}

const KEYS: [&str; 8] =
    ["network", "numbers", "outputs", "score", "window", "refractory", "weights", "keywords"];
const KEYWORD_KEYS: [&str; 3] = ["label", "output", "threshold"];

impl Detector {
    /// Returns the detector as JSON text.
    pub fn to_json(&self) -> String {
        let keywords = self.keywords.iter().map(|keyword| {
            json!({
                "label": keyword.label,
                "output": keyword.output,
                "threshold": number(self.numbers, keyword.threshold),
            })
        });
        let value = json!({
            "network": self.network,
            "numbers": self.numbers.name(),
            "outputs": self.outputs,
            "score": self.score.name(),
            "window": self.window,
            "refractory": self.refractory,
            "weights": self.weights,
            "keywords": keywords.collect::<Vec<_>>(),
        });
        format!("{value:#}\n")
    }

    /// Reads a detector from JSON text.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON, if a key is missing, unknown or of the wrong type, or if a value is
    /// out of range.
    pub fn from_json(text: &str) -> Result<Self, DetectorFileError> {
        let value: Value = serde_json::from_str(text).map_err(|e| DetectorFileError(e.to_string()))?;
        let detector = read(&value)?;
        detector.fault().map_or(Ok(detector), |fault| Err(DetectorFileError(fault)))
    }
}

/// Writes integers without a decimal point.
fn number(numbers: Scalar, x: f64) -> Value {
    if numbers == Scalar::F32 { json!(x) } else { json!(x as i64) }
}

fn read(value: &Value) -> Result<Detector, DetectorFileError> {
    let object = object(value, "the file", &KEYS)?;
    let name = text(object, "numbers")?;
    let numbers = [Scalar::F32, Scalar::I16, Scalar::U8].into_iter().find(|scalar| scalar.name() == name);
    let numbers = numbers.ok_or_else(|| wrong("numbers", "`f32`, `i16` or `u8`"))?;
    let score = text(object, "score")?;
    let weights = list(object, "weights")?.iter().map(|weight| {
        let weight = weight.as_u64().and_then(|weight| u16::try_from(weight).ok());
        weight.ok_or_else(|| wrong("weights", "integers from 0 to 32768"))
    });
    Ok(Detector {
        network: text(object, "network")?.to_owned(),
        numbers,
        outputs: whole(object, "outputs")?,
        score: [Score::Value, Score::Margin]
            .into_iter()
            .find(|known| known.name() == score)
            .ok_or_else(|| wrong("score", "`value` or `margin`"))?,
        window: whole(object, "window")?,
        refractory: whole(object, "refractory")?,
        weights: weights.collect::<Result<_, _>>()?,
        keywords: list(object, "keywords")?
            .iter()
            .map(|value| keyword(value, numbers))
            .collect::<Result<_, _>>()?,
    })
}

fn keyword(value: &Value, numbers: Scalar) -> Result<Keyword, DetectorFileError> {
    let object = object(value, "a keyword", &KEYWORD_KEYS)?;
    let threshold = get(object, "threshold")?.as_f64().ok_or_else(|| wrong("threshold", "a number"))?;
    Ok(Keyword {
        label: text(object, "label")?.to_owned(),
        output: whole(object, "output")?,
        // Decimal digits need not give the number of f32 that they were written for to the last bit of an f64.
        threshold: if numbers == Scalar::F32 { f64::from(threshold as f32) } else { threshold },
    })
}

fn object<'a>(
    value: &'a Value,
    what: &str,
    known: &[&str],
) -> Result<&'a Map<String, Value>, DetectorFileError> {
    let object =
        value.as_object().ok_or_else(|| DetectorFileError(format!("{what} must be a JSON object")))?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(DetectorFileError(format!("unknown key `{key}`"))),
        None => Ok(object),
    }
}

fn get<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a Value, DetectorFileError> {
    object.get(key).ok_or_else(|| DetectorFileError(format!("`{key}` is missing")))
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, DetectorFileError> {
    get(object, key)?.as_str().ok_or_else(|| wrong(key, "a string"))
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], DetectorFileError> {
    get(object, key)?.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, "a list"))
}

fn whole<T: TryFrom<u64>>(object: &Map<String, Value>, key: &str) -> Result<T, DetectorFileError> {
    let number = get(object, key)?.as_u64().and_then(|x| T::try_from(x).ok());
    number.ok_or_else(|| wrong(key, "a non-negative integer"))
}

fn wrong(key: &str, expected: &str) -> DetectorFileError {
    DetectorFileError(format!("`{key}`: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(numbers: Scalar, threshold: f64) -> Detector {
        Detector {
            network: "Kws".into(),
            numbers,
            outputs: 2,
            score: Score::Margin,
            window: 30,
            refractory: 100,
            weights: Vec::new(),
            keywords: vec![Keyword { label: "yes".into(), output: 1, threshold }],
        }
    }

    #[test]
    fn files_give_the_same_detector_again() {
        for detector in [detector(Scalar::F32, f64::from(0.1_f32)), detector(Scalar::I16, -7.0)] {
            assert_eq!(Detector::from_json(&detector.to_json()).unwrap(), detector);
        }
    }

    #[test]
    fn faults_are_named() {
        let text = detector(Scalar::I16, 7.0).to_json();
        for (old, new, message) in [
            ("{", "[", "expected"),
            ("\"window\": 30", "\"window\": 0", "the window is 0; it must be from 1 to 1000 steps"),
            ("\"window\"", "\"widow\"", "unknown key `widow`"),
            ("\"i16\"", "\"i8\"", "`numbers`: expected `f32`, `i16` or `u8`"),
            ("\"output\": 1", "\"output\": 2", "keyword `yes` has an output or a threshold"),
            (": 7", ": 7.5", "keyword `yes` has an output or a threshold"),
            ("\"refractory\": 100,", "", "`refractory` is missing"),
        ] {
            let error = Detector::from_json(&text.replacen(old, new, 1)).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
