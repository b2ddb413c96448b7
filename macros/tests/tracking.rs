//! What a crate with the macro depends on: every file that the macro read.

use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = r#"
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

/// The macro as it was compiled for this test: the newest of its libraries.
fn compiled_macro() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a file");
    let entries = std::fs::read_dir(test.parent().expect("it lies in a folder")).expect("it can be read");
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let libraries = paths.filter(|path| {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str());
        name.trim_start_matches("lib").starts_with("synnet_macros-")
            && extension == std::env::consts::DLL_EXTENSION.into()
    });
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    libraries.max_by_key(modified).expect("the macro was compiled for this test")
}

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

    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let library = format!("synnet_macros={}", compiled_macro().display());
    let arguments =
        ["--edition", "2024", "--crate-type", "lib", "--emit", "dep-info,metadata", "-D", "warnings"];
    let mut command = Command::new(rustc);
    command.args(arguments).args(["--extern", &library, "lib.rs"]);
    command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
    let output = command.output().expect("a compiler compiled this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let watched = std::fs::read_to_string(folder.join("lib.d")).expect("the compiler wrote it");
    for file in ["outer.snn", "inner.snn", "outer.safetensors", "clicks.safetensors"] {
        let path = folder.join("nets").join(file);
        let line = format!("{}:", path.display());
        assert!(watched.lines().any(|other| other == line), "`{line}` is not in\n{watched}");
    }
}
