//! The section `quantize` of a recipe, and quantization-aware training.

use crate::support::{Folder, RECIPE, TONES, result, tones};

/// Returns the message of `check` about the recipe with this section.
fn check_error(section: &str) -> String {
    let folder = Folder::new();
    folder.write("tones.snn", TONES);
    folder.write("tones.yaml", format!("{RECIPE}{section}"));
    folder.snnc(&["check", "tones.yaml"]).failure(1, &[]).stderr
}

#[test]
fn errors_of_the_section_are_reported() {
    for (section, says) in [
        (
            "quantize: { metod: channel }\n",
            &["unknown key `metod` in `quantize`", "did you mean `method`?"][..],
        ),
        ("quantize: { awar: true }\n", &["unknown key `awar` in `quantize`", "did you mean `aware`?"]),
        ("quantize: { method: chanel }\n", &["`quantize.method` is `chanel`", "did you mean `channel`?"]),
        ("quantize: { weight_bits: 1 }\n", &["`quantize.weight_bits` is 1; expected 2 to 8"]),
        ("quantize: { clip: 0 }\n", &["`quantize.clip` is 0; expected a percentile above 0"]),
        ("quantize: { headroom: 0.5 }\n", &["`quantize.headroom` is 0.5; expected 1 or more"]),
        (
            "quantize: { headroom: much }\n",
            &["`quantize.headroom` is `much`; expected a number that is at least 1", "the default: 2"],
        ),
        ("quantize: channel\n", &["`quantize` is `channel`; expected a mapping of options"]),
        (
            "quantize: { aware: soon }\n",
            &["`quantize.aware` is `soon`; expected `true`, `false` or `{ from_epoch: N }`"],
        ),
        ("quantize: { aware: { from: 3 } }\n", &["unknown key `from` in `quantize.aware`", "`from_epoch`"]),
        (
            "quantize: { aware: { from_epoch: 6 } }\n",
            &["`quantize.aware.from_epoch` is 6, but training has 6 epochs; it must be 0 to 5"],
        ),
        (
            "quantize: { aware: true }\nbuild: [rust-int]\n",
            &["`quantize.aware` needs a chip", "name one with `chip` or in `build`"],
        ),
        (
            "quantize: { aware: true, weight_shifts: true }\n",
            &["`quantize.weight_shifts` and `quantize.aware` exclude each other", "omit one of them"],
        ),
        (
            "quantize: { method: rockpool-global, clip: 99, refine: false }\n",
            &[
                "`quantize.clip` has no effect: quantizer `rockpool-global` reproduces Rockpool's and has no options",
                "`quantize.refine` has no effect",
            ],
        ),
    ] {
        let said = check_error(section);
        assert!(said.contains("`quantize") && said.contains("--> tones.yaml:17:"), "{said}");
        for text in says {
            assert!(said.contains(text), "{section}: no {text:?} in:\n{said}");
        }
    }
    let said = check_error("quantize: { aware: true, method: rockpool-channel }\n");
    assert!(said.contains("`rockpool-channel` is for comparison, not for training"), "{said}");
}

/// With weights of two bits, the accuracy on the chip is perfect after quantization-aware training.
#[test]
fn quantization_aware_training_works() {
    let folder = tones();
    let words = |out: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        let mut words = vec!["train", "tones.yaml", "--json", "--set", "training.epochs=60", "--out", out];
        words.extend(["--set", "quantize.weight_bits=2", "--set", "build=[rust-int, xylo-audio3]"]);
        more.iter().for_each(|setting| words.extend(["--set", setting]));
        words
    };
    let plain = folder.snnc(&words("plain", &[])).success().json();
    let late = folder.snnc(&words("late", &["quantize.aware={ from_epoch: 20 }"])).success().json();
    let aware = folder.snnc(&words("aware", &["quantize.aware=true"])).success().json();
    let weights = |out: &str| folder.read(&format!("{out}/weights.safetensors"));
    assert!(weights("plain") != weights("late") && weights("late") != weights("aware"));
    // The first 20 epochs are the same.
    let metrics = |out: &str| folder.read_text(&format!("{out}/metrics.csv"));
    let (plain_metrics, late_metrics) = (metrics("plain"), metrics("late"));
    let differs = plain_metrics.lines().zip(late_metrics.lines()).position(|(a, b)| a != b);
    assert_eq!(differs, Some(21), "line 0 is the header");
    for json in [late, aware.clone()] {
        assert_eq!(json["xylo-audio3"]["accuracy"], 1.0, "{plain:#}\n{json:#}");
    }
    // The chip has weights of two bits: -1, 0 and 1.
    let spec = folder.arrays("aware/tones.spec.npz");
    let largest =
        spec["weights_rec"].to_floats().into_iter().chain(spec["weights_in"].to_floats()).fold(0.0, f64::max);
    assert_eq!(largest, 1.0);

    let eval = |more: &[&'static str]| {
        let words =
            ["eval", "tones.yaml", "--weights", "aware/weights.safetensors", "--json", "--on", "xylo-audio3"];
        folder.snnc(&[&words[..], &["--set", "quantize.weight_bits=2"], more].concat())
    };
    let same = eval(&[]).success().json();
    assert_eq!(same["xylo-audio3"], aware["xylo-audio3"]);
    eval(&["--quantizer", "global"]).success();
    eval(&["--quantizer", "globl"]).failure(2, &["channel, global, rockpool-channel"]);
    let float = ["eval", "tones.yaml", "--weights", "aware/weights.safetensors", "--quantizer", "global"];
    folder
        .snnc(&float)
        .failure(2, &["`--quantizer` has no effect on the engine `float`: name a chip with `--on`"]);
}

#[test]
fn quantization_aware_training_resumes() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--out", "a", "--set", "quantize.aware={ from_epoch: 2 }"];
    let whole = folder.snnc(&words).success().json();
    for (setting, threads) in [("build=[xylo-audio3]", "1"), ("build=[xylo-audio3]", "3")] {
        let more = ["--set", setting, "--threads", threads, "--resume"];
        let resumed = folder.snnc(&[&words[..], &more].concat()).success().json();
        assert_eq!(result(resumed), result(whole.clone()));
    }
    let says = ["checkpoint.safetensors` was made with another quantization"];
    for other in ["quantize.aware=false", "quantize.weight_bits=4", "chip=xylo-audio2"] {
        folder.snnc(&[&words[..], &["--set", other, "--resume"]].concat()).failure(1, &says);
    }
}

/// Ranges are measured on the training set if, and only if, the recipe enables weight shifts.
#[test]
fn weight_shifts_use_training_set_ranges() {
    let folder = tones();
    let shifts = |out: &str, settings: &[&str]| -> Vec<f64> {
        let mut words = vec!["train", "tones.yaml", "--out", out, "--set", "training.epochs=2"];
        settings.iter().for_each(|setting| words.extend(["--set", setting]));
        folder.snnc(&words).success();
        let spec = folder.arrays(&format!("{out}/tones.spec.npz"));
        ["weight_shift_in", "weight_shift_rec", "weight_shift_out"]
            .iter()
            .flat_map(|k| spec[*k].to_floats())
            .collect()
    };
    assert_eq!(shifts("without", &[]), [0.0; 3]);
    assert_eq!(shifts("refused", &["quantize.weight_shifts=false"]), [0.0; 3]);
    let chosen = shifts("with", &["quantize.weight_shifts=true"]);
    assert!(chosen.iter().sum::<f64>() > 0.0, "{chosen:?}");
    // More headroom leaves less to shift by.
    let wide = shifts("wide", &["quantize={ weight_shifts: true, headroom: 16 }"]);
    assert!(wide.iter().sum::<f64>() < chosen.iter().sum::<f64>(), "{wide:?} {chosen:?}");
}
