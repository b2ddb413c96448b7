//! The decision of a keyword spotter, beside the network whose outputs it takes.

use std::fmt::Write as _;

use synnet_step::detector::{Detector, Score};
use synnet_step::{Scalar, docs::one_line};

use crate::names::Names;
use crate::text::{array, float_literal, scalar, zero};

/// Returns the declarations of a detector that fits the program.
pub(crate) fn declarations(detector: &Detector, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let number = scalar(detector.numbers);
    let score = match detector.score {
        Score::Value => "its output",
        Score::Margin => "the distance of its output to the largest other one",
    };
    let Detector { window, refractory, .. } = detector;
    format!(
        "/** Number of keywords. */
#define {macros}_KEYWORDS {}U

/** Number of steps over which the detector sums outputs. */
#define {macros}_WINDOW {window}U

/** Number of steps after a detection in which the same keyword is not detected. */
#define {macros}_REFRACTORY {refractory}U

/**
 * Decides in which steps a keyword is detected.
 *
 * The score of a keyword is {score}, summed over the last {window} steps. A keyword
 * is detected if its score reaches its threshold, but not again in the next {refractory} steps.
 */
typedef struct {{
    /** Outputs of the last steps, a ring buffer. */
    {number} history[{macros}_WINDOW][{macros}_OUTPUTS];
    /** Row of the next step. */
    uint32_t next;
    /** Steps until each keyword can be detected again. */
    uint32_t waiting[{macros}_KEYWORDS];
}} {prefix}_detector;

/** Labels of the keywords. */
extern const char *const {prefix}_keywords[{macros}_KEYWORDS];

/** Forgets all steps. Also initializes a detector. */
void {prefix}_detector_reset({prefix}_detector *detector);

/**
 * Takes the outputs of a step of the network. Writes 1 for each keyword that is detected in it, 0 for the others.
 *
 * Returns the number of detected keywords.
 */
uint32_t {prefix}_detector_step({prefix}_detector *detector, const {number} output[{macros}_OUTPUTS], uint8_t detected[{macros}_KEYWORDS]);

",
        detector.keywords.len()
    )
}

/// Returns the functions and tables of a detector.
pub(crate) fn definitions(detector: &Detector, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let number = scalar(detector.numbers);
    let is_float = detector.numbers == Scalar::F32;
    let (sum, zero_sum, zero) = if is_float {
        ("float", "0.0f", zero(Scalar::F32))
    } else {
        ("int32_t", "0", zero(detector.numbers))
    };
    let mut text = format!("const char *const {prefix}_keywords[{macros}_KEYWORDS] = {{\n");
    for keyword in &detector.keywords {
        let _ = writeln!(text, "    {},", string(&keyword.label));
    }
    text += "};\n\n";
    let own: Vec<String> = detector.keywords.iter().map(|keyword| format!("{}U", keyword.output)).collect();
    let thresholds: Vec<String> = detector
        .keywords
        .iter()
        .map(
            |keyword| {
                if is_float { float_literal(keyword.threshold as f32) } else { integer(keyword.threshold) }
            },
        )
        .collect();
    let _ = write!(
        text,
        "static const uint32_t {prefix}_keyword_outputs[{macros}_KEYWORDS] = {{\n{}}};\n\n\
         static const {sum} {prefix}_thresholds[{macros}_KEYWORDS] = {{\n{}}};\n\n",
        array(&own),
        array(&thresholds)
    );
    let weighted = if detector.weights.is_empty() {
        ""
    } else {
        let weights: Vec<String> = detector.weights.iter().map(|weight| format!("{weight}")).collect();
        let _ = write!(
            text,
            "static const int64_t {prefix}_output_weights[{macros}_OUTPUTS] = {{\n{}}};\n\n",
            array(&weights)
        );
        "    for (size_t j = 0U; j < OUTPUTS; j++) {
        levels[j] = (int32_t)(((int64_t)levels[j] * PREFIX_output_weights[j]) / 32768);
    }
"
    };
    let score = match detector.score {
        Score::Value => "            SUM score = levels[own];\n",
        Score::Margin => {
            "            size_t first = (own == 0U) ? 1U : 0U;
            SUM rival = levels[first];
            for (size_t j = first + 1U; j < OUTPUTS; j++) {
                if ((j != own) && (levels[j] > rival)) {
                    rival = levels[j];
                }
            }
            SUM score = levels[own] - rival;
"
        }
    };
    let functions = format!(
        "void PREFIX_detector_reset(PREFIX_detector *detector)
{{
    for (size_t t = 0U; t < MACROS_WINDOW; t++) {{
        for (size_t j = 0U; j < OUTPUTS; j++) {{
            detector->history[t][j] = {zero};
        }}
    }}
    detector->next = 0U;
    for (size_t k = 0U; k < MACROS_KEYWORDS; k++) {{
        detector->waiting[k] = 0U;
    }}
}}

uint32_t PREFIX_detector_step(PREFIX_detector *detector, const {number} output[OUTPUTS], uint8_t detected[MACROS_KEYWORDS])
{{
    SUM levels[OUTPUTS];
    uint32_t count = 0U;
    for (size_t j = 0U; j < OUTPUTS; j++) {{
        detector->history[detector->next][j] = output[j];
        levels[j] = {zero_sum};
    }}
    detector->next++;
    if (detector->next >= MACROS_WINDOW) {{
        detector->next = 0U;
    }}
    for (size_t t = 0U; t < MACROS_WINDOW; t++) {{
        for (size_t j = 0U; j < OUTPUTS; j++) {{
            levels[j] += (SUM)detector->history[t][j];
        }}
    }}
{weighted}    for (size_t k = 0U; k < MACROS_KEYWORDS; k++) {{
        detected[k] = 0U;
        if (detector->waiting[k] > 0U) {{
            detector->waiting[k]--;
        }} else {{
            const size_t own = PREFIX_keyword_outputs[k];
{score}            if (score >= PREFIX_thresholds[k]) {{
                detected[k] = 1U;
                count++;
                detector->waiting[k] = MACROS_REFRACTORY;
            }}
        }}
    }}
    return count;
}}
"
    );
    let functions = functions
        .replace("PREFIX", prefix)
        .replace("OUTPUTS", &format!("{macros}_OUTPUTS"))
        .replace("MACROS", &macros)
        .replace("SUM", sum);
    text + &functions
}

/// Returns the literal of an integer. C has no literal for the smallest one.
fn integer(x: f64) -> String {
    let x = x as i32;
    if x == i32::MIN { "(-2147483647 - 1)".to_owned() } else { x.to_string() }
}

/// Returns a string literal. Bytes beyond ASCII, and those with a meaning in literals, become octal escapes.
fn string(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in one_line(text).bytes() {
        match byte {
            b'"' | b'\\' | b'?' | 0..=31 | 127.. => {
                let _ = write!(literal, "\\{byte:03o}");
            }
            _ => literal.push(byte.into()),
        }
    }
    literal + "\""
}
