//! A crate with a network, built by cargo repeatedly: what causes the network to be compiled again, and the messages
//! about errors.

use std::path::{Path, PathBuf};
use std::process::Command;

use synnet_ir::{Params, Tensor};

const NETWORK: &str = "use \"parts/body.snn\"::Body;

network Kws {
    dt: 1 ms;
    input events: 1;
    net body: Body();
    events -> body;
    output body;
}
";
const BODY: &str = "network Body {
    dt: 1 ms;
    input events: 1;
    layer out: expsyn(1) { tau_syn: 1 ms };
    events -> linear -> out;
    output out.isyn;
}
";

/// A package in a temporary folder.
struct Package(tempfile::TempDir);

impl Package {
    fn new() -> Self {
        let package = Self(tempfile::tempdir().expect("temporary folders can be made"));
        let manifest = "[package]\nname = \"app\"\nedition = \"2024\"\n\n[workspace]\n";
        let script = "fn main() -> Result<(), synnet_build::Error> {
            synnet_build::Config::new().weights(\"nets/kws.safetensors\").compile(\"nets/kws.snn\")
        }";
        let program = "include!(concat!(env!(\"OUT_DIR\"), \"/kws.rs\"));
        fn main() {
            println!(\"{:.3}\", Kws::new().step(&[1.0])[0]);
        }";
        package.write("Cargo.toml", manifest);
        package.write("build.rs", script);
        package.write("src/main.rs", program);
        package.write("nets/kws.snn", NETWORK);
        package.write("nets/parts/body.snn", BODY);
        package.write("nets/kws.safetensors", weight(1.0));
        package.write("nets/other.snn", BODY);
        package
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.0.path().join(file);
        std::fs::create_dir_all(path.parent().expect("it is below the package")).expect("it can be made");
        std::fs::write(path, content).expect("it can be written");
    }

    /// Runs the program. Returns its output, and whether the network was compiled.
    #[track_caller]
    fn run(&self) -> (String, bool) {
        let (succeeded, stdout, stderr) = self.cargo();
        assert!(succeeded, "{stderr}");
        (stdout.trim().to_owned(), stderr.contains("build-script-build`"))
    }

    /// Runs the program with cargo. Returns whether it succeeds, and the output of both.
    fn cargo(&self) -> (bool, String, String) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["run", "--offline", "--verbose", "--color", "never"]).current_dir(self.0.path());
        command.env("CARGO_TARGET_DIR", self.0.path().join("target"));
        // The build script is linked with the library under test as it was compiled for this test: cargo
        // need not compile it and all that it depends on once more.
        let (library, dependencies) = compiled_library();
        let flags =
            ["--extern", &format!("synnet_build={library}"), "-L", &format!("dependency={dependencies}")];
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        let output = command.output().expect("cargo runs this test");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("cargo writes text");
        (output.status.success(), text(output.stdout), text(output.stderr))
    }
}

/// The newest `libsynnet_build`, and the folder of all that was compiled for this test.
fn compiled_library() -> (String, String) {
    let test = std::env::current_exe().expect("this test has a file");
    let folder = test.parent().expect("it lies in a folder");
    let entries = std::fs::read_dir(folder).expect("the folder can be read").filter_map(Result::ok);
    let libraries = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| name.starts_with("libsynnet_build-") && name.ends_with(".rlib"))
    });
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let newest = libraries.max_by_key(modified).expect("the library was compiled for this test");
    let text = |path: &Path| path.to_str().expect("the path is text").to_owned();
    (text(&newest), text(folder))
}

fn weight(value: f32) -> Vec<u8> {
    let tensor = Tensor::new([1, 1], vec![value]);
    Params { tensors: [("events->body.out.weight".to_owned(), tensor)].into() }.to_safetensors()
}

/// Output of the network for one event: the weight times the decay.
fn output(weight: f64, steps_per_tau: f64) -> String {
    format!("{:.3}", weight * (-1.0 / steps_per_tau).exp())
}

#[test]
fn a_network_is_rebuilt_when_its_inputs_change() {
    let package = Package::new();
    assert_eq!(package.run(), (output(1.0, 1.0), true), "the first time");
    assert_eq!(package.run(), (output(1.0, 1.0), false), "nothing changed");

    package.write("nets/other.snn", "nonsense");
    package.write("notes.txt", "unrelated");
    assert_eq!(package.run(), (output(1.0, 1.0), false), "unrelated files changed");

    package.write("nets/parts/body.snn", BODY.replace("tau_syn: 1 ms", "tau_syn: 2 ms"));
    assert_eq!(package.run(), (output(1.0, 2.0), true), "the imported file changed");

    package.write("nets/kws.safetensors", weight(3.0));
    assert_eq!(package.run(), (output(3.0, 2.0), true), "the weights changed");
    assert_eq!(package.run(), (output(3.0, 2.0), false), "nothing changed since");
}

#[test]
fn errors_and_warnings_show_source_lines() {
    let package = Package::new();
    package.write("nets/kws.snn", NETWORK.replace("network Kws", "network Kws(spare = 1)"));
    let (succeeded, _, stderr) = package.cargo();
    assert!(succeeded && stderr.contains("warning[W0201]: unused parameter `spare`"), "{stderr}");

    package.write("nets/kws.snn", NETWORK.replace("1 ms", "1"));
    package.write("nets/parts/body.snn", BODY.replace("expsyn", "expsin"));
    let (succeeded, _, stderr) = package.cargo();
    assert!(!succeeded);
    for shown in [
        "error[E0301]: `dt` must be a time, but 1 has no unit",
        "--> nets/kws.snn:4:9",
        "did you mean `expsyn`?",
        "--> nets/parts/body.snn:4:16",
    ] {
        assert!(stderr.contains(shown), "no {shown:?} in:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}
