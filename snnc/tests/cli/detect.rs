//! `snnc detect`: continuous sound, its tables and its page, and the same decisions in generated code.

use std::process::Command;

use serde_json::Value;

use crate::support::{Folder, RECIPE, TONES, Wav, weights};

/// A recording of words with pauses, and the table of its words.
fn stream(file: &str) -> (Vec<u8>, String) {
    let words = [("low", 300.0, 0.4), ("high", 2000.0, 0.3), ("high", 2100.0, 0.5), ("low", 330.0, 0.3)];
    let silence = |seconds: f64| vec![0; 2 * (8000.0 * seconds) as usize];
    let (mut data, mut table) = (silence(0.5), String::from("file,start,end,label\n"));
    for (label, hertz, seconds) in words.into_iter().cycle().take(12) {
        let start = data.len() as f64 / 16_000.0;
        data.extend(&Wav::PLAIN.tone(hertz, seconds)[44..]);
        table += &format!("{file},{start},{},{label}\n", data.len() as f64 / 16_000.0);
        data.extend(silence(0.7));
    }
    let mut wav = Wav::PLAIN.tone(300.0, 0.1)[..44].to_vec();
    wav[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
    wav[40..44].copy_from_slice(&(data.len() as u32).to_le_bytes());
    wav.extend(data);
    (wav, table)
}

/// A folder with a recipe whose section `detection` has these lines, weights, words and a labeled stream.
fn folder(detection: &str) -> Folder {
    let folder = Folder::new();
    folder.write("tones.snn", TONES);
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    let recipe = RECIPE.replace("  classes:", "  validation: { take: [3] }\n  classes:");
    folder.write("tones.yaml", format!("{recipe}detection:\n{detection}"));
    for (label, hertz) in [("low", 300.0), ("high", 2000.0)] {
        for take in 0..6 {
            let tone = Wav::PLAIN.tone(hertz + 20.0 * f64::from(take), 0.3);
            folder.write(&format!("data/{label}_{take}.wav"), tone);
        }
    }
    let (wav, table) = stream("stream.wav");
    folder.write("stream.wav", wav);
    folder.write("table.csv", table);
    folder
}

const TABLES: &str = "  keywords: [high, low]
  score: margin
  window: 12
  refractory: 20
  false_alarms: 1800
  tables: { validation: table.csv, test: table.csv }
";

const DETECT: [&str; 6] = ["detect", "tones.yaml", "--weights", "w.safetensors", "--on", "xylo-audio3"];

/// The results without the speed.
fn results(folder: &Folder, words: &[&str]) -> Value {
    let mut json = folder.snnc(&[&DETECT[..], words, &["--json"]].concat()).success().json();
    let object = json.as_object_mut().expect("results are an object");
    assert!(object.remove("times_real_time").is_some_and(|speed| speed.as_f64() > Some(0.0)));
    object.remove("files");
    json
}

#[test]
fn labeled_recordings_give_tables_and_a_page() {
    let folder = folder(TABLES);
    let json = results(&folder, &["--out", "out", "--html", "page.html"]);
    assert_eq!(json["engines"][1]["engine"], "xylo-audio3");
    let keyword = &json["engines"][0]["keywords"][0];
    assert_eq!((&keyword["keyword"], &keyword["words"]), (&"high".into(), &6.into()));
    let detections = folder.read_text("out/detections.csv");
    for engine in ["float", "xylo-audio3"] {
        // Each word is hit or missed.
        let of_words = detections
            .lines()
            .filter(|line| line.starts_with(&format!("{engine},")) && !line.contains(",false alarm,"));
        assert_eq!(of_words.count(), 12, "{detections}");
    }
    // A false alarm has the word that was spoken then.
    let alarms: Vec<&str> = detections.lines().filter(|line| line.contains(",false alarm,")).collect();
    let is_named = |line: &&&str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [time, start, end] = [4, 6, 7].map(|i| cells[i].parse::<f64>());
        matches!((time, start, end), (Ok(time), Ok(start), Ok(end)) if start <= time && time <= end + 0.5)
            && ["low", "high"].contains(&cells[5])
            && cells[8] == "stream.wav"
    };
    assert!(alarms.iter().any(|line| is_named(&line)), "{detections}");
    assert!(folder.read_text("out/det.csv").lines().count() > 10);
    assert!(folder.read_text("out/detector.json").contains("\"f32\""));
    assert!(folder.read_text("out/detector.xylo-audio3.json").contains("\"i16\""));
    let page = folder.read_text("page.html");
    assert!(
        page.contains("Detection error tradeoff") && page.contains("heard at") && page.contains("stream.wav")
    );
}

#[test]
fn composed_streams_are_the_same_for_any_number_of_threads() {
    let noise = "noise: [white, pink, babble], recordings: hiss";
    let streams = format!("streams: {{ validation: 22, test: 22, length: 11, {noise} }}");
    let folder = folder(&format!("  keywords: [high]\n  window: 12\n  refractory: 20\n  {streams}\n"));
    for (name, hertz) in [("a", 900.0), ("b", 700.0)] {
        folder.write(&format!("hiss/{name}.wav"), Wav::PLAIN.tone(hertz, 1.0));
    }
    let one = results(&folder, &["--threads", "1", "--out", "one"]);
    assert_eq!(one, results(&folder, &["--threads", "3", "--out", "three"]));
    for file in ["detections.csv", "det.csv", "detector.json", "detector.xylo-audio3.json"] {
        assert!(folder.read(&format!("one/{file}")) == folder.read(&format!("three/{file}")), "{file}");
    }
    assert_eq!(one["streams"], 2);
    let other = results(&folder, &["--set", "detection.streams.seed=1", "--out", "other"]);
    assert_ne!(one, other);
}

#[test]
fn training_on_streams_depends_on_the_seed_only() {
    let streams = "streams: { train: 33, validation: 22, test: 22, length: 11, keyword_share: 0.5 }";
    let folder = folder(&format!("  keywords: [high]\n  window: 12\n  {streams}\n"));
    let recipe = folder
        .read_text("tones.yaml")
        .replace("  steps: 20", "  steps: 60\n  augmentation: { pitch: 0.2, every: 4 }");
    folder.write("tones.yaml", recipe);
    let train = |out: &str, rest: &[&str]| {
        folder.snnc(&[&["train", "tones.yaml", "--out", out], rest].concat()).success();
        folder.read(&format!("{out}/weights.safetensors"))
    };
    let expected = train("a", &["--threads", "1"]);
    assert!(expected == train("b", &["--threads", "3"]));
    assert!(expected != train("c", &["--set", "training.seed=4"]));
    assert!(expected != train("d", &["--set", "detection.streams.train=22"]));
    // The set of epoch 6 is composed again.
    let constant = ["--set", "training.schedule.kind=constant"];
    let whole = train("e", &constant);
    train("f", &[&constant[..], &["--set", "training.epochs=5"]].concat());
    assert!(whole == train("f", &[&constant[..], &["--resume"]].concat()));

    let set = |value| ["train", "tones.yaml", "--out", "g", "--set", value];
    folder
        .snnc(&set("data.steps=20"))
        .failure(1, &["`high` in the training streams fits in a segment of 20 steps", "raise it, or lower"]);
    folder.snnc(&set("data.steps=2000")).failure(1, &["in a segment", "streams"]);
    folder
        .snnc(&set("detection.streams.keyword_share=0"))
        .failure(1, &["the training streams do not have the keyword `high`"]);
    let cached = folder.snnc(&set("data.cache=true")).success();
    assert!(
        cached.stderr.contains("`data.cache` has no effect: streams are composed anew"),
        "{}",
        cached.stderr
    );
}

/// Returns the times of the detections of an engine and a keyword, in steps.
fn steps(detections: &str, engine: &str, keyword: &str) -> Vec<i64> {
    let rows = detections.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[0] == engine && row[3] == keyword && !row[4].is_empty());
    rows.map(|row| (row[4].parse::<f64>().expect("it is a time") * 48_828.125 / 488.0).round() as i64)
        .collect()
}

#[test]
fn generated_code_makes_the_same_decisions() {
    let folder = folder(TABLES);
    results(&folder, &["--out", "out"]);
    folder.snnc(&["encode", "stream.wav", "-o", "frames.npy", "--recipe", "tones.yaml"]).success();
    let mut main = String::from("fn main() {\n");
    for (target, detector, number) in
        [("rust", "detector.json", "f32"), ("rust-int", "detector.xylo-audio3.json", "u8")]
    {
        let (file, detector) = (format!("{number}.rs"), format!("out/{detector}"));
        let build = ["build", "tones.yaml", "--weights", "w.safetensors", "--target", target];
        folder.snnc(&[&build[..], &["--detector", &detector, "-o", &file]].concat()).success();
        main += &format!("    net_{number}::main();\n");
        folder.write(
            &format!("run_{number}.rs"),
            format!(
                "include!({file:?});
                pub fn main() {{
                    let bytes = std::fs::read(\"frames.npy\").unwrap();
                    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
                    let (mut net, mut detector) = (Tones::new(), TonesDetector::new());
                    for (step, frame) in bytes[header..].as_chunks::<16>().0.iter().enumerate() {{
                        let detected = detector.step(&net.step(&frame.map({number}::from)));
                        for (label, _) in TonesDetector::LABELS.iter().zip(detected).filter(|(_, is)| *is) {{
                            println!(\"{number} {{label}} {{}}\", step + 1);
                        }}
                    }}
                }}"
            ),
        );
        main = format!("#[path = \"run_{number}.rs\"] mod net_{number};\n{main}");
    }
    folder.write("main.rs", main + "}\n");
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let mut compile = Command::new(rustc);
    compile.args(["--edition", "2024", "-O", "main.rs", "-o", "main"]).current_dir(folder.path(""));
    let output = compile.output().expect("the compiler starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(folder.path("main")).current_dir(folder.path("")).output().expect("it starts");
    let printed = String::from_utf8(output.stdout).expect("it prints text");
    let detections = folder.read_text("out/detections.csv");
    for (engine, number) in [("float", "f32"), ("xylo-audio3", "u8")] {
        for keyword in ["high", "low"] {
            let start = format!("{number} {keyword} ");
            let found = printed.lines().filter_map(|line| line.strip_prefix(&start)?.parse().ok());
            let found: Vec<i64> = found.collect();
            assert_eq!(found, steps(&detections, engine, keyword), "{engine} {keyword}");
            assert!(!found.is_empty(), "{engine}, {keyword}: {detections}");
        }
    }
}

#[test]
fn mistakes_are_named() {
    let folder = folder(TABLES);
    folder.write("bad.csv", "file,start,end,label\nstream.wav,2,1,low\n");
    let set = |value| [&DETECT[..], &["--set", value]].concat();
    folder
        .snnc(&set("detection.tables.test=bad.csv"))
        .failure(1, &["`bad.csv`: line 2: the word ends at 1 s, but starts at 2 s"]);
    folder.snnc(&set("detection.tables.test=nowhere.csv")).failure(2, &["nowhere.csv"]);
    folder
        .snnc(&set("detection.keywords=[hihg]"))
        .failure(1, &["`hihg` is not one of", "did you mean `high`?"]);
    folder.write("plain.yaml", RECIPE);
    let plain = ["detect", "plain.yaml", "--weights", "w.safetensors"];
    folder.snnc(&plain).failure(1, &["`detection` is missing"]);
    folder
        .snnc(&[&DETECT[..4], &["--quantizer", "global"]].concat())
        .failure(2, &["name a chip with `--on`"]);
    folder.write("d.json", "{}");
    let build = ["build", "tones.snn", "--weights", "w.safetensors", "--detector", "d.json", "-o", "x.rs"];
    folder
        .snnc(&[&build[..], &["--target", "rust"]].concat())
        .failure(1, &["`d.json`: `numbers` is missing"]);
    folder
        .snnc(&[&build[..], &["--target", "nir"]].concat())
        .failure(2, &["`--detector` has no effect on target `nir`"]);
}
