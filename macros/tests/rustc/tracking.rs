//! Dependencies of a crate with the macro: every file that the macro read.

use std::path::Path;

use crate::compile;

const PROGRAM: &str = r#"
#![deny(warnings)]
synnet_macros::synnet!("nets/outer.snn", weights = "nets/outer.safetensors");

synnet_macros::synnet! {
    #![weights = "nets/clicks.safetensors"]
    network Clicks {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
        button -> linear -> click;
        output click.spikes;
    }
}
"#;
const OUTER: &str = "use \"inner.snn\"::Inner;

network Outer {
    dt: 1 ms;
    input events: 1;
    net body: Inner();
    events -> body;
    output body;
}
";
const INNER: &str = "network Inner {
    dt: 1 ms;
    input events: 1;
    layer out: expsyn(1) { tau_syn: 1 ms };
    events -> linear -> out;
    output out.isyn;
}
";

#[test]
fn every_file_that_was_read_is_watched() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tracking");
    std::fs::create_dir_all(folder.join("nets")).expect("the target folder can be written");
    let clicks = std::fs::read("tests/nets/clicks.safetensors").expect("it is there");
    let weight = synnet_ir::Tensor::new([1, 1], vec![1.0]);
    let outer = synnet_ir::Params { tensors: [("events->body.out.weight".to_owned(), weight)].into() };
    for (file, content) in [
        ("lib.rs", PROGRAM.as_bytes()),
        ("nets/outer.snn", OUTER.as_bytes()),
        ("nets/inner.snn", INNER.as_bytes()),
        ("nets/outer.safetensors", &outer.to_safetensors()),
        ("nets/clicks.safetensors", &clicks),
    ] {
        std::fs::write(folder.join(file), content).expect("the target folder can be written");
    }

    let output = compile(&folder, "lib.rs", &folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let watched = std::fs::read_to_string(folder.join("lib.d")).expect("the compiler wrote it");
    for file in ["outer.snn", "inner.snn", "outer.safetensors", "clicks.safetensors"] {
        let path = folder.join("nets").join(file);
        let line = format!("{}:", path.display());
        assert!(watched.lines().any(|other| other == line), "`{line}` is not in\n{watched}");
    }
}
