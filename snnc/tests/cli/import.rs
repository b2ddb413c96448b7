//! `snnc import`, and `snnc build` for other tools.

use std::path::PathBuf;

use synnet_ir::{Params, Tensor};
use synnet_nir::{Array, Nir, Node, write};

use crate::support::{Folder, TONES, repository, weights};

/// A folder with a file of snnTorch and one of Rockpool.
fn folder() -> Folder {
    let folder = Folder::new();
    let copy = |name: &str, path: PathBuf| folder.write(name, std::fs::read(path).unwrap());
    copy("braille.nir", repository("targets/nir/tests/files/brailernn-1.0.1.nir"));
    copy("lif.nir", repository("targets/nir/tests/files/lif_norse.nir"));
    copy("synnet.json", repository("targets/rockpool/tests/golden/synnet.json"));
    folder
}

/// Writes a file with a chain of nodes between input and output.
fn chain(nodes: &[(&str, Node)], width: i64) -> Vec<u8> {
    let mut root = Node::new(Node::GRAPH);
    let port = |kind: &str| Node::new(kind).with("shape", Array::i64([1], vec![width]));
    root.nodes.push(("input".into(), port("Input")));
    root.nodes.extend(nodes.iter().map(|(name, node)| ((*name).to_owned(), node.clone())));
    root.nodes.push(("output".into(), port("Output")));
    let names: Vec<String> = root.nodes.iter().map(|(name, _)| name.clone()).collect();
    root.edges = names.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    write(&Nir { version: "1.0".into(), root }).unwrap()
}

#[test]
fn imported_networks_are_checked_and_run() {
    let folder = folder();
    folder.snnc(&["import", "braille.nir", "-o", "nets/braille"]).failure(2, &["cannot write"]);
    folder.snnc(&["import", "braille.nir", "-o", "braille"]).success();
    let source = folder.read_text("braille.snn");
    assert!(
        source.contains("Imported from `braille.nir`.") && source.contains("layer lif1_lif: "),
        "{source}"
    );
    folder.snnc(&["fmt", "--check", "braille.snn"]).success();
    folder.snnc(&["check", "braille.snn"]).success();
    folder.snnc(&["show", "braille.snn", "--weights", "braille.safetensors"]).success();
    folder.snnc(&["import", "synnet.json", "-o", "synnet", "--output", "vmem"]).success();
    assert!(folder.read_text("synnet.snn").contains("output out.vmem;"));
}

#[test]
fn existing_files_stay() {
    let folder = folder();
    folder.write("braille.snn", "mine");
    folder
        .snnc(&["import", "braille.nir", "-o", "braille"])
        .failure(2, &["`braille.snn` already exists", "--overwrite"]);
    assert_eq!(folder.read_text("braille.snn"), "mine");
    folder.snnc(&["import", "braille.nir", "-o", "braille.snn", "--overwrite"]).success();
    assert!(folder.read_text("braille.snn").contains("network Braille"));
}

#[test]
fn what_is_missing_or_unsupported_is_listed_and_nothing_is_written() {
    let folder = folder();
    folder.snnc(&["import", "lif.nir", "-o", "lif"]).failure(1, &["N0105", "--dt 1ms"]);
    let convolution = || Node::new("Conv2d").with("weight", Array::f32([1, 1, 1, 1], vec![1.0]));
    folder.write(
        "conv.nir",
        chain(&[("a", convolution()), ("b", Node::new("SumPool2d")), ("c", convolution())], 4),
    );
    folder
        .snnc(&["import", "conv.nir", "-o", "conv"])
        .failure(1, &["`a` (Conv2d)", "`b` (SumPool2d)", "`c` (Conv2d)", "nothing was written"]);
    folder.write(
        "cut.nir",
        &std::fs::read(repository("targets/nir/tests/files/lif_norse.nir")).unwrap()[..3000],
    );
    folder.snnc(&["import", "cut.nir", "-o", "cut"]).failure(1, &["N0101"]);
    folder.snnc(&["import", "synnet.json", "-o", "s", "--dt", "1ms"]).failure(2, &["are for NIR"]);
    folder.snnc(&["import", "lif.nir", "-o", "s", "--output", "vmem"]).failure(2, &["are for Rockpool"]);
    folder.snnc(&["import", "lif.nir", "-o", "-"]).failure(2, &["two files"]);
    for name in ["lif", "conv", "cut", "s"] {
        assert!(
            !folder.path(&format!("{name}.snn")).exists()
                && !folder.path(&format!("{name}.safetensors")).exists()
        );
    }
}

#[test]
fn built_files_come_back() {
    let folder = folder();
    folder.write("tones.snn", TONES);
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    let build = |target: &str, out: &str| {
        folder
            .snnc(&["build", "tones.snn", "--weights", "w.safetensors", "--target", target, "-o", out])
            .success();
    };
    build("nir", "tones.nir");
    folder.snnc(&["import", "tones.nir", "-o", "again"]).success();
    build("rockpool", "tones.json");
    let mismatch = [
        "build",
        "tones.snn",
        "--weights",
        "w.safetensors",
        "--target",
        "rust",
        "--dialect",
        "euler",
        "-o",
        "x.rs",
    ];
    folder.snnc(&mismatch).failure(2, &["`--dialect` has no effect on target `rust`"]);
}

#[test]
fn weights_of_a_state_dict_replace_those_of_rockpool() {
    let folder = folder();
    let copy = |name: &str| {
        folder.write(name, std::fs::read(repository("targets/rockpool/tests/golden").join(name)).unwrap());
    };
    copy("wavesense.json");
    folder.snnc(&["import", "wavesense.json", "-o", "wavesense"]).success();
    folder.snnc(&["check", "wavesense.snn"]).success();
    assert!(folder.read_text("wavesense.snn").contains("layer dilated1: "));
    let weights = |first: &str| {
        let tensor = |rows, columns| Tensor::new([rows, columns], vec![0.25; rows * columns]);
        let names = [
            (first, tensor(3, 6)),
            ("seq.1_linear.weight", tensor(6, 5)),
            ("seq.out_linear.weight", tensor(5, 2)),
        ];
        Params { tensors: names.map(|(name, tensor)| (name.to_owned(), tensor)).into() }.to_safetensors()
    };
    folder.write("dict.safetensors", weights("seq.0_linear.weight"));
    folder.write("wrong.safetensors", weights("seq.zero.weight"));
    let import = |weights, out| folder.snnc(&["import", "synnet.json", "--weights", weights, "-o", out]);
    import("dict.safetensors", "state").success();
    folder.snnc(&["show", "state.snn", "--weights", "state.safetensors"]).success();
    import("wrong.safetensors", "other")
        .failure(1, &["`seq.zero.weight` names no module", "`seq.0_linear.weight` is missing"]);
    folder
        .snnc(&["import", "lif.nir", "--weights", "dict.safetensors", "-o", "lif"])
        .failure(2, &["are for Rockpool"]);
}
