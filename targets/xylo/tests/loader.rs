//! The Python scripts, as they are written. `run_loaders.rs` runs them.

use synnet_xylo::layer_table::{LayerIds, LayerTable, Population};
use synnet_xylo::loader::LoaderFiles;
use synnet_xylo::{chip::Chip, loader::loader};

const FILES: LoaderFiles<'_> =
    LoaderFiles { specification: "digits.spec.npz", configuration: Some("digits.json") };

fn chip(name: &str) -> &'static Chip {
    Chip::find(name).unwrap()
}

/// Two hidden layers, of which the first is aliased to the second and has lost a neuron, and a readout.
fn layers(network: &str) -> LayerTable {
    let layer = |layer: &str, population, ids: [usize; 2], neurons: Vec<usize>, lag| LayerIds {
        layer: layer.into(),
        population,
        ids,
        neurons,
        lag,
        aliased_from: if layer == "h1" { vec!["h0".into()] } else { Vec::new() },
    };
    let layers = vec![
        layer("h0", Population::Hidden, [0, 3], vec![0, 2, 3], 0),
        layer("h1", Population::Hidden, [3, 7], (0..4).collect(), 1),
        layer("out", Population::Readout, [0, 2], (0..2).collect(), 2),
    ];
    LayerTable { network: network.into(), layers }
}

#[test]
fn scripts() {
    let layers = layers("Digits");
    insta::assert_snapshot!("audio2", loader(&layers, FILES, chip("xylo-audio2")));
    insta::assert_snapshot!(
        "audio3",
        loader(&layers, LoaderFiles { configuration: None, ..FILES }, chip("xylo-audio3"))
    );
    insta::assert_snapshot!(
        "xylo1",
        loader(&layers, LoaderFiles { configuration: None, ..FILES }, chip("xylo-1"))
    );
}

#[test]
fn names_cannot_leave_their_string() {
    let files = LoaderFiles { specification: "b\"\\.npz", configuration: None };
    let mut own = chip("xylo-audio3").clone();
    own.rockpool = Some("os; import sys\nquit()".into());
    own.title = "a\"\"\"b".into();
    let text = loader(&layers("a\"\"\"\nimport os"), files, &own);
    assert!(text.starts_with("\"\"\"Network \"a\\\"\\\"\\\" import os\" on a\\\"\\\"\\\"b"));
    assert!(text.contains("with_name(\"b\\\"\\\\.npz\")") && text.contains("from osimportsysquit import"));
    assert!(text.contains("  * None of this was tested"));
}
