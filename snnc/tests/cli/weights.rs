//! Weights files: the network that they were trained for, training from them, and output folders that hold a run.

use crate::support::{Folder, RECIPE, TONES, npy, repository, tones, weights};

const TRAIN: [&str; 4] = ["train", "tones.yaml", "--out", "out"];

/// A folder with a run of two epochs in `out`, with a parameter set by the recipe.
fn trained() -> Folder {
    let folder = tones();
    let network = TONES
        .replace("p_dropout = 0.1", "p_dropout = 0.1, tau = 20 ms")
        .replace("tau_mem: 20 ms", "tau_mem: tau");
    folder.write("tones.snn", network);
    let recipe = RECIPE.replace("epochs: 6", "epochs: 2");
    folder.write("tones.yaml", format!("params: {{ tau: 60 ms }}\nbuild: [xylo-audio3]\n{recipe}"));
    folder.snnc(&TRAIN).success();
    folder.write("x.npy", npy("|u1", false, &[5, 16], &[1; 80]));
    folder
}

const WEIGHTS: [&str; 2] = ["--weights", "out/weights.safetensors"];

#[test]
fn weights_of_another_network_are_refused() {
    let folder = trained();
    let table = "constant     trained with    now\n          h0.tau_mem   74.88875689 ms  14.42695041 ms\n          out.tau_mem";
    let commands: [&[&str]; 4] = [
        &["build", "tones.snn", "--target", "xylo-audio3", "-o", "k"],
        &["build", "tones.snn", "--target", "rust", "-o", "k.rs"],
        &["run", "tones.snn", "--input", "x.npy", "--output", "y.npz"],
        &["show", "tones.snn"],
    ];
    for command in commands {
        let words = [command, &WEIGHTS].concat();
        let outcome = folder.snnc(&words).failure(1, &["error[E0606]", "`Tones(tau: 60 ms)`", table]);
        assert!(outcome.stderr.contains("--> tones.snn:3:9"), "{}", outcome.stderr);
        let allowed = folder.snnc(&[&words[..], &["--allow-mismatch"]].concat()).success();
        assert!(allowed.stderr.contains("warning[E0606]"), "{}", allowed.stderr);
        let right = folder.snnc(&[&words[..], &["--param", "tau=60 ms"]].concat()).success();
        assert!(!right.stderr.contains("E0606"), "{}", right.stderr);
    }
    for command in [&["eval"][..], &["compare", "--target", "xylo-audio3"]] {
        let words = [command, &["tones.yaml"], &WEIGHTS].concat();
        folder.snnc(&words).success();
        folder.snnc(&[&words[..], &["--set", "params.tau=20 ms"]].concat()).failure(1, &["E0606", table]);
        folder
            .snnc(
                &[&words[..], &["--set", "front_end.decimation=400", "--set", "data.classes=[high, low]"]]
                    .concat(),
            )
            .failure(
                1,
                &["front_end.decimation  488           400", "classes               low, high     high, low"],
            );
    }
    // Weights of other tools say nothing about their network.
    folder.write("plain.safetensors", weights(TONES).to_safetensors());
    folder.snnc(&["show", "tones.snn", "--weights", "plain.safetensors"]).success();
}

#[test]
fn recipes_stand_for_their_networks() {
    let folder = trained();
    folder.snnc(&[&["build", "tones.yaml", "-o", "k"][..], &WEIGHTS].concat()).success();
    let (built, by_hand) = (folder.arrays("out/tones.spec.npz"), folder.arrays("k.spec.npz"));
    assert!(built.keys().eq(by_hand.keys()));
    for (name, array) in &built {
        assert_eq!(array.to_floats(), by_hand[name].to_floats(), "{name}");
    }
    let shown = folder.snnc(&["show", "tones.yaml"]).success();
    assert!(shown.text().contains("74.89 ms") && shown.text().contains("Xylo"), "{}", shown.text());
    folder
        .snnc(&[&["run", "tones.yaml", "--input", "x.npy", "--output", "y.npz"][..], &WEIGHTS].concat())
        .success();
    folder
        .snnc(&["show", "tones.yaml", "--param", "tau=1 ms"])
        .failure(2, &["a recipe sets them as `name` and `params`"]);
}

#[test]
fn shown_weights_are_the_trained_ones() {
    let folder = tones();
    let network = "network Learner {
    dt: 10 ms; input x: 16;
    neuron n = alif { tau_mem: learn 20 ms, tau_syn: 30 ms, tau_ahp: 50 ms, w_ahp: -0.5, bias: 0.25, noise_std: 0.1 };
    layer h: n(4);
    layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, threshold: 32767 };
    x -> linear -> h -> linear -> out;
    output out.vmem;
}
";
    folder.write("learner.snn", network);
    let mut params = weights(network);
    let taus = synnet_ir::Tensor::new([1], vec![0.075]);
    params.tensors.insert("h.tau_mem".to_owned(), taus);
    folder.write("w.safetensors", params.to_safetensors());
    let plain = folder.snnc(&["show", "learner.snn", "--format", "full"]).success();
    for column in ["tau_ahp", "w_ahp", "bias", "noise_std", "surrogate"] {
        assert!(plain.text().contains(column), "{column}: {}", plain.text());
    }
    let words = ["show", "learner.snn", "--weights", "w.safetensors", "--format", "table"];
    let shown = folder.snnc(&words[..4]).success();
    let brief = folder.snnc(&words).success();
    assert!(brief.text().contains("h.tau_mem  20 ms     75 ms    75 ms"), "{}", brief.text());
    for line in [
        "constant   declared  trained  mean",
        "h.tau_mem  20 ms     75 ms    75 ms",
        "min",
        "75 ms (learned)",
    ] {
        assert!(shown.text().contains(line), "{line}: {}", shown.text());
    }
    let json = folder.snnc(&["show", "learner.snn", "--weights", "w.safetensors", "--json"]).success().json();
    let tensors = json["tensors"].as_array().expect("it is a list");
    let tau = tensors.iter().find(|tensor| tensor["name"] == "h.tau_mem").expect("it is listed");
    assert!((tau["mean"].as_f64().expect("a number") - 0.075).abs() < 1e-6, "{tau}");
}

#[test]
fn finished_runs_are_not_replaced_by_other_ones() {
    let folder = trained();
    let before = folder.read("out/weights.safetensors");
    let refused = |rest: &[&str], says: &[&str]| {
        folder
            .snnc(&[&TRAIN[..], rest].concat())
            .failure(2, &[&["`out` already contains a run with different options"], says].concat());
        assert_eq!(folder.read("out/weights.safetensors"), before);
    };
    refused(&["--set", "training.epochs=3"], &["`epochs` is 3, but it is 2", "`--overwrite`"]);
    refused(&["--set", "params.tau=30 ms"], &["different network"]);
    refused(&["--set", "data.test={take: [4]}"], &["different dataset"]);
    folder.write("w.safetensors", &before);
    refused(&["--weights", "w.safetensors"], &["different initial weights"]);
    // The same options give the same weights.
    folder.snnc(&TRAIN).success();
    assert_eq!(folder.read("out/weights.safetensors"), before);
    folder.snnc(&[&TRAIN[..], &["--set", "training.epochs=3", "--overwrite"]].concat()).success();
    assert_ne!(folder.read("out/weights.safetensors"), before);
    std::fs::remove_file(folder.path("out/checkpoint.safetensors")).expect("it was written");
    folder.snnc(&TRAIN).failure(2, &["`out` already contains a run whose options are unknown"]);
}

#[test]
fn training_starts_from_weights_and_is_extended() {
    let folder = trained();
    let constant = ["--set", "training.schedule={kind: constant}"];
    let train = |out: &str, rest: &[&str]| {
        let words = [&["train", "tones.yaml", "--out", out][..], &constant, rest].concat();
        folder.snnc(&words).success();
        folder.read(&format!("{out}/weights.safetensors"))
    };
    // Two epochs and two more give the weights of four.
    let four = train("four", &["--set", "training.epochs=4"]);
    train("two", &[]);
    assert!(four == train("two", &["--set", "training.epochs=4", "--resume"]));
    folder
        .snnc(&[&["train", "tones.yaml", "--out", "two", "--resume"][..], &constant].concat())
        .failure(1, &["`epochs` is 2, but it is 4"]);
    // No epochs: the weights of the file, then the initial ones of the seed.
    let kept = train("kept", &["--set", "training.epochs=0", "--weights", "four/weights.safetensors"]);
    let tensors = |bytes: &[u8]| synnet_ir::Params::from_safetensors(bytes).expect("they are weights");
    assert_eq!(tensors(&kept), tensors(&four));
    let tuned = train("tuned", &["--weights", "four/weights.safetensors"]);
    assert!(tensors(&tuned) != tensors(&four));
    let initial = train("initial", &["--set", "training.epochs=0"]);
    let run = |rest: &[&str]| {
        let words = ["run", "tones.yaml", "--input", "x.npy", "--output", "y.npz", "--record"];
        folder.snnc(&[&words[..], rest].concat()).success();
        folder.arrays("y.npz")["h0.vmem"].to_floats()
    };
    folder.write("i.safetensors", &initial);
    assert_eq!(run(&["--init", "3"]), run(&["--weights", "i.safetensors"]));
    assert_ne!(run(&["--init", "4"]), run(&["--init", "3"]));
    folder.snnc(&["run", "tones.yaml", "--input", "x.npy", "--output", "y.npz"]).failure(2, &["--weights"]);
}

#[test]
fn extended_schedules_are_a_warning() {
    let folder = trained();
    let outcome = folder.snnc(&[&TRAIN[..], &["--resume", "--set", "training.epochs=3"]].concat()).success();
    assert!(outcome.stderr.contains("the learning rate jumps"), "{}", outcome.stderr);
}

#[test]
fn inputs_are_not_replaced_by_outputs() {
    let folder = trained();
    let weights = folder.read("out/weights.safetensors");
    folder.write("k.weights", &weights);
    std::fs::hard_link(folder.path("x.npy"), folder.path("hard.npz")).expect("it can be linked");
    #[cfg(unix)]
    std::os::unix::fs::symlink("x.npy", folder.path("soft.npz")).expect("it can be linked");
    let before = folder.files();
    for (words, file) in [
        (
            &["build", "tones.yaml", "--weights", "k.weights", "--target", "rust", "-o", "k.rs"][..],
            "k.weights",
        ),
        (&["build", "tones.snn", "--target", "rust", "-o", "tones.snn"], "tones.snn"),
        (&["build", "tones.yaml", "--target", "rust", "-o", "./tones.snn"], "tones.snn"),
        (&["run", "tones.yaml", "--init", "1", "--input", "x.npy", "--output", "x.npy"], "x.npy"),
        (&["run", "tones.yaml", "--init", "1", "--input", "x.npy", "--output", "tones.yaml"], "tones.yaml"),
        (
            &["sim", "out/tones.spec.npz", "--input", "x.npy", "--output", "out/tones.spec.npz"],
            "tones.spec.npz",
        ),
        (&["eval", "tones.yaml", "--weights", "k.weights", "--report", "k.weights"], "k.weights"),
        (&["encode", "data/low_0.wav", "-o", "data/low_0.wav"], "low_0.wav"),
        (&["encode", "data/low_0.wav", "-o", "e.npy", "--html", "data/low_0.wav"], "low_0.wav"),
        (&["encode", "data/low_0.wav", "-o", "tones.yaml", "--recipe", "tones.yaml"], "tones.yaml"),
        (
            &["run", "tones.snn", "--init", "1", "--input", "x.npy", "--output", "o.npz", "--html", "x.npy"],
            "x.npy",
        ),
        (&["show", "tones.snn", "--format", "yaml", "-o", "data/../tones.snn"], "tones.snn"),
        (&["show", "out/tones.spec.npz", "-o", "out/tones.spec.npz"], "tones.spec.npz"),
        (
            &["show", "tones.snn", "--weights", "k.weights", "--format", "html", "-o", "k.weights"],
            "k.weights",
        ),
        (&["compare", "tones.yaml", "--weights", "k.weights", "--html", "tones.snn"], "tones.snn"),
        (&["eval", "tones.yaml", "--weights", "k.weights", "--report", "data/low_0.wav"], "low_0.wav"),
        // Other names of the same files.
        (&["run", "tones.yaml", "--init", "1", "--input", "x.npy", "--output", "hard.npz"], "hard.npz"),
        (&["run", "tones.yaml", "--init", "1", "--input", "x.npy", "--output", "soft.npz"], "soft.npz"),
        (
            &["train", "tones.yaml", "--weights", "out/weights.safetensors", "--out", "out", "--overwrite"],
            "weights.safetensors",
        ),
    ] {
        folder.snnc(words).failure(2, &[file, "is an input of this command and would be replaced"]);
    }
    let twice = ["encode", "data/low_0.wav", "-o", "e.npy", "--html", "data/../e.npy"];
    folder.snnc(&twice).failure(2, &["is the name of two outputs"]);
    assert_eq!(folder.files(), before);
    assert_eq!(folder.read("k.weights"), weights);
}

#[test]
fn constants_that_the_weights_replace_are_a_warning() {
    let folder = tones();
    let text = |tau: &str| {
        format!(
            "network N {{ dt: 10 ms; input x: 16; layer h: lif(4) {{ tau_mem: {tau}, tau_syn: 20 ms }}; \
             layer out: lif(2) {{ tau_mem: 20 ms, tau_syn: 20 ms, threshold: 32767 }}; \
             x -> linear -> h -> linear -> out; output out.vmem; }}"
        )
    };
    folder.write("tones.snn", text("learn 40 ms"));
    folder.write("r.yaml", format!("build: []\n{}", RECIPE.replace("epochs: 6", "epochs: 1")));
    folder.snnc(&["train", "r.yaml", "--out", "out"]).success();
    folder.write("frozen.snn", text("90 ms"));
    let outcome = folder.snnc(&[&["show", "frozen.snn"][..], &WEIGHTS].concat()).success();
    assert!(outcome.stderr.contains("warning[W0601]: the weights set `h.tau_mem` to"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("but the network declares 90 ms"), "{}", outcome.stderr);
    // A constant that is learned now starts from the same value, or is a mismatch.
    folder.write("tones.snn", text("40 ms"));
    folder.snnc(&["train", "r.yaml", "--out", "fixed"]).success();
    folder.write("tones.snn", text("learn 40 ms"));
    let words = ["train", "r.yaml", "--weights", "fixed/weights.safetensors", "--out"];
    folder.snnc(&[&words[..], &["tuned"]].concat()).success();
    folder.write("tones.snn", text("learn 60 ms"));
    folder
        .snnc(&[&words[..], &["other"]].concat())
        .failure(1, &["`h.tau_mem` was 40 ms in training, but is learned now"]);
}

#[test]
fn folders_hold_one_kind_of_run() {
    let folder = trained();
    folder
        .snnc(&[&TRAIN[..], &["--seeds", "2"]].concat())
        .failure(2, &["`out` already contains a run of a single seed"]);
    let seeds = |count: &str| folder.snnc(&["train", "tones.yaml", "--out", "many", "--seeds", count]);
    seeds("2").success();
    seeds("1").failure(2, &["`many` already contains a summary that includes other seeds, such as 4"]);
    folder
        .snnc(&["train", "tones.yaml", "--out", "many"])
        .failure(2, &["`many` already contains runs of several seeds"]);
    // Files of the run that is replaced do not stay beside the new ones without a word.
    let overwrite = ["--overwrite", "--set", "build=[rust]", "--set", "training.epochs=0"];
    let outcome = folder.snnc(&[&TRAIN[..], &overwrite].concat()).success();
    let said = "`out` still holds files that do not belong to this run: `tones.py`, `tones.spec.npz`";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert!(!folder.path("out/metrics.csv").exists());
}

/// Returns the bytes of a safetensors file with one tensor, and bytes around it: the header's padding, and what follows the
/// data.
fn file(name: &str, kind: &str, shape: [usize; 2], data: &[u8], padding: &str, rest: &[u8]) -> Vec<u8> {
    let header = format!(
        r#"{{"{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[0,{}]}}}}{padding}"#,
        data.len()
    );
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data, rest].concat()
}

/// The library of the format, in Python, refuses and accepts the same files.
#[test]
fn padding_is_accepted_where_the_format_allows_it() {
    let folder = Folder::new();
    folder.write("net.snn", SMALL);
    let data: Vec<u8> = [0.5_f32, -1.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let write = |padding: &str, data: &[u8], rest: &[u8]| {
        folder.write("w.safetensors", file("x->a.weight", "F32", [1, 2], data, padding, rest));
        folder.snnc(&["show", "net.snn", "--weights", "w.safetensors"])
    };
    write("", &data, &[]).success();
    write("  \n", &data, &[]).success();
    let cases = [
        (
            "\0\0\0",
            &data[..],
            &[][..],
            "`w.safetensors`: not a safetensors file: its header is padded with 3 NUL bytes",
        ),
        ("", &data, b"end", "its tensors end 3 B before the file does"),
        ("", &data, &[0; 8], "its tensors end 8 B before the file does"),
    ];
    for (padding, data, rest, says) in cases {
        write(padding, data, rest).failure(1, &[says]);
    }
    let whole = file("x->a.weight", "F32", [1, 2], &data, "", &[]);
    folder.write("w.safetensors", &whole[..whole.len() - 3]);
    folder
        .snnc(&["show", "net.snn", "--weights", "w.safetensors"])
        .failure(1, &["it is cut off: 3 B of its tensors are missing"]);
}

const SMALL: &str = "network Small {
    dt: 1 ms;
    input x: 1;
    layer a: lif(2) { tau_mem: 5 ms, tau_syn: 5 ms };
    x -> linear -> a;
    output a.spikes;
}
";

#[test]
fn numbers_of_16_bits_are_converted_with_a_warning() {
    let folder = tones();
    folder.write("net.snn", SMALL);
    folder.write("x.npy", npy("|u1", false, &[3, 1], &[1, 0, 1]));
    folder.write(
        "synnet.json",
        std::fs::read(repository("targets/rockpool/tests/golden/synnet.json")).unwrap(),
    );
    // 0.5 and -1.25, as numpy and torch write them.
    for (kind, data) in [("F16", [0x00, 0x38, 0x00, 0xbd]), ("BF16", [0x00, 0x3f, 0xa0, 0xbf])] {
        folder.write("w.safetensors", file("x->a.weight", kind, [1, 2], &data, "", &[]));
        let commands: [&[&str]; 4] = [
            &["run", "net.snn", "--input", "x.npy", "--output", "y.npz"],
            &["show", "net.snn"],
            &["build", "net.snn", "--target", "rust", "-o", "net.rs"],
            &["build", "net.snn", "--target", "c", "-o", "net.c"],
        ];
        let warning = format!("warning[W0602]: tensor `x->a.weight` holds {kind} numbers");
        for command in commands {
            let outcome = folder.snnc(&[command, &["--weights", "w.safetensors"]].concat()).success();
            assert!(outcome.stderr.contains(&warning), "{command:?}: {}", outcome.stderr);
        }
        let shown = folder.snnc(&["show", "net.snn", "--weights", "w.safetensors"]).success();
        assert!(shown.text().contains("-1.25"), "{}", shown.text());
        // All tensors of the recipe's network, and of a `state_dict`.
        let tensors = weights(TONES).tensors.into_iter();
        let tensors: Vec<_> = tensors.map(|(name, tensor)| (name, tensor.shape.clone())).collect();
        folder.write("tones.safetensors", zeros(&tensors, kind));
        let recipes: [&[&str]; 3] = [
            &["train", "tones.yaml", "--out", "out", "--overwrite", "--set", "training.epochs=0"],
            &["eval", "tones.yaml"],
            &["compare", "tones.yaml", "--target", "xylo-audio3"],
        ];
        for command in recipes {
            let outcome = folder.snnc(&[command, &["--weights", "tones.safetensors"]].concat()).success();
            assert!(outcome.stderr.contains("warning[W0602]"), "{command:?}: {}", outcome.stderr);
        }
        let names = [
            ("seq.0_linear.weight", [3, 6]),
            ("seq.1_linear.weight", [6, 5]),
            ("seq.out_linear.weight", [5, 2]),
        ];
        let tensors = names.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
        folder.write("dict.safetensors", zeros(&tensors, kind));
        let import =
            ["import", "synnet.json", "--weights", "dict.safetensors", "-o", "synnet", "--overwrite"];
        let outcome = folder.snnc(&import).success();
        let warning =
            format!("warning[W0602]: tensor `seq.0_linear.weight` and 2 others hold {kind} numbers");
        assert!(outcome.stderr.contains(&warning), "{}", outcome.stderr);
    }
}

/// Returns a file with tensors of zeros of 16 bits.
fn zeros(tensors: &[(String, Vec<usize>)], kind: &str) -> Vec<u8> {
    let mut end = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, shape)| {
            let start = end;
            end += 2 * shape.iter().product::<usize>();
            format!(r#""{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; end]].concat()
}
