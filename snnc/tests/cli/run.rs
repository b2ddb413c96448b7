//! `snnc run`.

use crate::support::{Folder, digits, events, npy, weights};

/// Two layers, the first with two synapses, and a leaky integrator.
const NET: &str = "network N {
    dt: 1 ms;
    input x: 6;
    layer a: lif(5) { synapses: 2, tau_mem: 10 ms, tau_syn: 5 ms };
    layer out: expsyn(3) { tau_syn: 10 ms };
    x -> linear -> a -> linear -> out;
    output out;
}
";
const STEPS: usize = 30;
const RUN: [&str; 8] =
    ["run", "net.snn", "--weights", "w.safetensors", "--input", "in.npy", "--output", "out.npz"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("net.snn", NET);
    let mut params = weights(NET);
    params.tensors.values_mut().flat_map(|t| &mut t.data).for_each(|w| *w *= 5.0);
    folder.write("w.safetensors", params.to_safetensors());
    folder
}

#[test]
fn arrays_of_every_type_and_order_give_the_same() {
    let folder = folder();
    // Ones and zeros, so that every type can hold them.
    let ones: Vec<u8> = events(STEPS, 6).iter().map(|&n| u8::from(n > 0)).collect();
    let columns: Vec<u8> = (0..6).flat_map(|c| ones.iter().skip(c).step_by(6)).copied().collect();
    let wide = |bytes: &dyn Fn(u8) -> Vec<u8>| ones.iter().flat_map(|&n| bytes(n)).collect::<Vec<u8>>();
    let shape = [STEPS, 6];
    let files = [
        npy("|u1", false, &shape, &ones),
        npy("|b1", false, &shape, &ones),
        npy("|i1", true, &shape, &columns),
        npy("<i8", false, &shape, &wide(&|n| i64::from(n).to_le_bytes().to_vec())),
        npy(">i4", false, &shape, &wide(&|n| i32::from(n).to_be_bytes().to_vec())),
        npy("<f4", false, &shape, &wide(&|n| f32::from(n).to_le_bytes().to_vec())),
        npy("<f8", false, &shape, &wide(&|n| f64::from(n).to_le_bytes().to_vec())),
        npy("|u1", false, &[1, STEPS, 6], &ones),
    ];
    let mut outputs = Vec::new();
    for file in files {
        folder.write("in.npy", file);
        let json = folder.snnc(&[&RUN[..], &["--json"]].concat()).success().json();
        assert_eq!(json["shape"], serde_json::json!([1, STEPS, 3]));
        outputs.push(folder.read("out.npz"));
    }
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    assert!(folder.arrays("out.npz")["output"].to_floats().iter().any(|&x| x != 0.0));
    assert_eq!(folder.files(), ["in.npy", "net.snn", "out.npz", "w.safetensors"]);
}

#[test]
fn a_batch_is_its_sequences_one_by_one() {
    let folder = folder();
    let (first, second) = (events(STEPS, 6), events(STEPS, 6).into_iter().rev().collect::<Vec<u8>>());
    let mut outputs = Vec::new();
    for raster in [&first, &second] {
        folder.write("in.npy", npy("|u1", false, &[STEPS, 6], raster));
        folder.snnc(&RUN).success();
        outputs.extend(folder.arrays("out.npz")["output"].to_floats());
    }
    folder.write("in.npy", npy("|u1", false, &[2, STEPS, 6], &[first, second].concat()));
    folder.snnc(&RUN).success();
    let output = &folder.arrays("out.npz")["output"];
    assert_eq!(output.shape, [2, STEPS, 3]);
    assert_eq!(output.to_floats(), outputs);
}

#[test]
fn traces_have_the_documented_names_and_shapes() {
    let folder = folder();
    folder.write("in.npy", npy("|u1", false, &[2, STEPS / 2, 6], &events(STEPS, 6)));
    folder.snnc(&[&RUN[..], &["--record"]].concat()).success();
    let arrays = folder.arrays("out.npz");
    let shapes: Vec<(&str, &[usize])> =
        arrays.iter().map(|(name, a)| (name.as_str(), a.shape.as_slice())).collect();
    assert_eq!(
        shapes,
        [
            ("a.isyn", &[2, STEPS / 2, 5, 2][..]),
            ("a.spikes", &[2, STEPS / 2, 5]),
            ("a.vmem", &[2, STEPS / 2, 5]),
            ("out.isyn", &[2, STEPS / 2, 3]),
            ("output", &[2, STEPS / 2, 3]),
        ]
    );
    assert_eq!(arrays["output"], arrays["out.isyn"]);
    assert!(arrays["a.spikes"].to_floats().iter().sum::<f64>() > 0.0, "nothing spikes");
    // States are those after the reset.
    let below = |(v, s): (&f64, &f64)| *s == 0.0 || *v < 1.0;
    assert!(arrays["a.vmem"].to_floats().iter().zip(&arrays["a.spikes"].to_floats()).all(below));
}

#[test]
fn input_and_output_may_be_pipes() {
    let folder = folder();
    let input = npy("|u1", false, &[STEPS, 6], &events(STEPS, 6));
    folder.write("in.npy", &input);
    folder.snnc(&RUN).success();
    let words = ["run", "net.snn", "--weights", "w.safetensors", "--input", "-", "--output", "-"];
    assert_eq!(folder.snnc_with_input(&words, &input).success().stdout, folder.read("out.npz"));
}

#[test]
fn mismatched_inputs_are_rejected() {
    let folder = folder();
    let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let mut broken = vec![0.0; 2 * 6];
    broken[7] = f32::NAN;
    let whole = npy("|u1", false, &[STEPS, 6], &events(STEPS, 6));
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("wrong channels", npy("|u1", false, &[STEPS, 5], &events(STEPS, 5)), "6 input channels"),
        ("one axis", npy("|u1", false, &[6], &[0; 6]), "[T, 6] or [B, T, 6]"),
        (
            "not a number",
            npy("<f4", false, &[2, 6], &floats(&broken)),
            "NaN at sequence 0, step 1, channel 1",
        ),
        ("infinite", npy("<f4", false, &[1, 6], &floats(&[f32::INFINITY; 6])), "inf at"),
        ("text", npy("<U1", false, &[1, 6], &[0; 24]), "expected integers, floats or Booleans"),
        ("cut off", whole[..whole.len() - 7].to_vec(), "shorter than its header says"),
        ("no array", b"hello".to_vec(), "not a NumPy array"),
        ("empty", Vec::new(), "not a NumPy array"),
    ];
    for (what, file, says) in cases {
        folder.write("in.npy", file);
        let outcome = folder.snnc(&RUN);
        assert_eq!(outcome.code, Some(1), "{what}: {}", outcome.stderr);
        outcome.failure(1, &["`in.npy`", says]);
        assert_eq!(folder.files(), ["in.npy", "net.snn", "w.safetensors"], "{what}");
    }
}

#[test]
fn an_input_without_steps_gives_an_output_without_steps() {
    let folder = folder();
    folder.write("in.npy", npy("|u1", false, &[0, 6], &[]));
    folder.snnc(&[&RUN[..], &["--record"]].concat()).success();
    assert_eq!(folder.arrays("out.npz")["output"].shape, [1, 0, 3]);
}

#[test]
fn the_main_example_runs() {
    let folder = Folder::new();
    folder.write("w.safetensors", crate::support::digits_weights());
    folder.write("in.npy", npy("|u1", false, &[STEPS, 16], &events(STEPS, 16)));
    let digits = digits();
    let mut words = RUN.to_vec();
    words[1] = digits.to_str().expect("the path is text");
    words.push("--record");
    folder.snnc(&words).success();
    let arrays = folder.arrays("out.npz");
    assert_eq!(arrays["output"].shape, [1, STEPS, 10]);
    assert_eq!(arrays["output"], arrays["out.vmem"]);
    assert_eq!(arrays["h2.spikes"].shape, [1, STEPS, 60]);
}

#[test]
fn outputs_that_are_not_finite_are_reported() {
    let folder = folder();
    folder.write("in.npy", npy("|u1", false, &[2, STEPS / 2, 6], &events(STEPS, 6)));
    let said = folder.snnc(&RUN).success().stderr;
    assert!(!said.contains("not finite"), "{said}");
    let mut params = weights(NET);
    params.tensors.values_mut().flat_map(|t| &mut t.data).for_each(|w| *w = 3e38);
    folder.write("w.safetensors", params.to_safetensors());
    let outcome = folder.snnc(&[&RUN[..], &["--json"]].concat()).success();
    let values = folder.arrays("out.npz")["output"].to_floats();
    let count = values.iter().filter(|x| !x.is_finite()).count();
    let first = values.iter().position(|x| !x.is_finite()).expect("sums overflow");
    let place = format!("in sequence 0, step {}, output {}", first / 3, first % 3);
    for text in [&format!("{count} of 90 output values are not finite; the first is inf"), &place] {
        assert!(outcome.stderr.contains(text), "no {text:?} in {}", outcome.stderr);
    }
    assert_eq!(outcome.json()["non_finite"], count);
}

#[test]
fn a_page_shows_the_states_of_one_sequence() {
    let folder = folder();
    let (first, second) = (events(STEPS, 6), vec![0; STEPS * 6]);
    folder.write("in.npy", npy("|u1", false, &[2, STEPS, 6], &[first.clone(), second].concat()));
    let page = |sequence: &'static str| [&RUN[..], &["--html", "page.html", "--sequence", sequence]].concat();
    folder.snnc(&page("0")).success();
    let html = folder.read_text("page.html");
    let count: u32 = first.iter().map(|&n| u32::from(n)).sum();
    for text in
        ["<h1>in.npy</h1>", "Sequence 1 of 2", &format!("<b>{count}</b>"), ">membrane<", ">current<", ">out<"]
    {
        assert!(html.contains(text), "no {text:?} in {html}");
    }
    assert!(!html.contains("NaN") && !html.contains("href"));
    folder.snnc(&page("1")).success();
    assert!(folder.read_text("page.html").contains("<b>0</b><span>input events</span>"));
    folder.snnc(&page("2")).failure(2, &["`--sequence 2` is out of range: the input has 2 sequences"]);
    let mut both = page("0");
    both[7] = "-";
    both[9] = "-";
    folder.snnc(&both).failure(2, &["`--output -` and `--html -` both write to standard output"]);
}
