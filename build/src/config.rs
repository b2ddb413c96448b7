//! The configuration of a compilation, and the pipeline from a network to files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use synnet_ir::names::snake_case;
use synnet_ir::{Diagnostic, Graph, Sources, WeightsFile};
use synnet_rust::{Detector, Embedding, Module, RustOptions};

use crate::cargo;
use crate::error::Error;
use crate::files::{self, Files};

/// Compiles a network whose weights come at run time. Equals [`Config::compile`] with the defaults.
///
/// # Errors
/// As [`Config::compile`].
pub fn compile(network: impl AsRef<Path>) -> Result<(), Error> {
    Config::new().compile(network)
}

/// Arithmetic of a compiled network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// f32, as in training.
    #[default]
    Float,
    /// 8-bit weights and 16-bit states, equal to the simulator of SynSense's chips bit for bit. The weights are
    /// quantized during the build, so they are required.
    Integer,
}

/// Configuration of a compilation.
///
/// Unlike other generators, it needs no path of a support crate: generated code uses only `core`.
#[derive(Clone, Debug, Default)]
pub struct Config {
    weights: Option<PathBuf>,
    detector: Option<PathBuf>,
    allow_mismatch: bool,
    name: Option<String>,
    params: Vec<(String, String)>,
    type_name: Option<String>,
    file_name: Option<String>,
    numbers: Numbers,
    rates: BTreeMap<String, f64>,
    out_dir: Option<PathBuf>,
}

impl Config {
    /// Returns the defaults: weights at run time, the only network of the file with its default parameters, the
    /// network's name for the type, the source file's name for the output, arithmetic in f32, cargo's `OUT_DIR`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Embeds the weights of a safetensors file.
    #[must_use]
    pub fn weights(mut self, path: impl Into<PathBuf>) -> Self {
        self.weights = Some(path.into());
        self
    }

    /// Generates the decision of a keyword spotter beside the network: `Kws` gets a type `KwsDetector`, whose `step`
    /// takes the outputs of a step and returns whether each keyword is detected. The file is one that
    /// `snnc detect --out` writes, for this network and this arithmetic.
    #[must_use]
    pub fn detector(mut self, path: impl Into<PathBuf>) -> Self {
        self.detector = Some(path.into());
        self
    }

    /// Sets whether to accept weights that were trained for a network with different constants. By default, they are an
    /// error that lists the differences; if accepted, a warning of the build.
    #[must_use]
    pub fn allow_mismatch(mut self, allow: bool) -> Self {
        self.allow_mismatch = allow;
        self
    }

    /// Chooses a network of a file that contains several. The output files then have its name in snake case instead of
    /// the source file's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a parameter of the network to a value, written as in the language (`12`, `20 ms`).
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// Sets the name of the generated type, and in snake case of its module. By default, it is the network's.
    #[must_use]
    pub fn type_name(mut self, name: impl Into<String>) -> Self {
        self.type_name = Some(name.into());
        self
    }

    /// Sets the name of the output files, without extension: `kws_fast` gives `kws_fast.rs`, for
    /// `synnet::include_network!("kws_fast")`. So two variants of one network can coexist.
    #[must_use]
    pub fn file_name(mut self, stem: impl Into<String>) -> Self {
        self.file_name = Some(stem.into());
        self
    }

    /// Sets the arithmetic of the network.
    #[must_use]
    pub fn numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Sets the mean number of events per neuron per step of a layer, or per channel of the input, as `snnc eval`
    /// measures it. Code in f32 then processes the spikes of each layer in the faster of two ways; the results are the
    /// same.
    #[must_use]
    pub fn rate(mut self, layer: impl Into<String>, rate: f64) -> Self {
        self.rates.insert(layer.into(), rate);
        self
    }

    /// Sets the output folder, instead of cargo's `OUT_DIR`. With it, any program can compile a network, not only a
    /// build script.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles a network: `nets/kws.snn` becomes `OUT_DIR/kws.rs` and, with weights, `OUT_DIR/kws.weights`. Files that
    /// would not change are not written. In a build script (if `OUT_DIR` is set), tells cargo which files to watch, and
    /// shows the warnings of the network.
    ///
    /// Paths are relative to the current folder, which in a build script is that of `Cargo.toml`.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or written, the weights or the detector do not fit the network, the
    /// network has errors, or there is no output folder. Files are written only if everything before succeeded.
    pub fn compile(&self, network: impl AsRef<Path>) -> Result<(), Error> {
        let mut files = Files::default();
        let result = self.compile_files(network.as_ref(), &mut files);
        // After an error, too: the build must run again when the file is corrected.
        cargo::watch(&files.read);
        result
    }

    fn compile_files(&self, network: &Path, files: &mut Files) -> Result<(), Error> {
        let stem = self.stem(network)?;
        let module = self.generate(network, &stem, files)?;
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => cargo::out_dir().ok_or_else(|| {
                Error::new(
                    "there is no `OUT_DIR` outside of a build script; set a folder with `Config::out_dir`",
                )
            })?,
        };
        // The weights first, because the module includes them.
        if let Some(bytes) = &module.weights {
            files::write(&folder.join(format!("{stem}.weights")), bytes)?;
        }
        files::write(&folder.join(format!("{stem}.rs")), module.source().as_bytes())
    }

    /// Returns the name of the output files, without extension.
    fn stem(&self, network: &Path) -> Result<String, Error> {
        let of_the_file = || network.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let of_the_network = || self.name.as_ref().map(|name| snake_case(name));
        let stem = self.file_name.clone().or_else(of_the_network).or_else(of_the_file);
        let stem = stem.ok_or_else(|| Error::new(format!("`{}` does not name a file", network.display())))?;
        match Path::new(&stem).file_name() {
            Some(name) if name == stem.as_str() => Ok(stem),
            _ => {
                Err(Error::new(format!("`{stem}` is not the name of a file; set its folder with `out_dir`")))
            }
        }
    }

    /// Runs the pipeline from a source file to a module.
    fn generate(&self, path: &Path, stem: &str, files: &mut Files) -> Result<Module, Error> {
        let mut sources = Sources::new();
        let text = files.read_network(path)?;
        let root = sources.add(path.to_string_lossy(), text);
        let options =
            synnet_dsl::CompileOptions::new().with_name(self.name.clone()).with_params(self.params.clone());
        let compilation = synnet_dsl::compile(&mut sources, root, &options, files);
        let render = |diagnostics: &[Diagnostic]| synnet_ir::render(diagnostics, &sources, false);
        let Some(graph) = compilation.graph else { return Err(Error::new(render(&compilation.diagnostics))) };
        cargo::warn(&render(&compilation.diagnostics));
        self.check_rates(&graph)?;
        let weights = self.weights.as_ref().map(|path| read_weights(path, files)).transpose()?;
        let found =
            weights.as_ref().map(|weights| weights.check(&graph, self.allow_mismatch)).unwrap_or_default();
        let detector = self.detector.as_ref().map(|path| read_detector(path, files)).transpose()?;
        let mut options = RustOptions::new()
            .with_embedding(Embedding::Include(format!("{stem}.weights")))
            .with_numbers(match self.numbers {
                Numbers::Float => synnet_rust::Numbers::Float,
                Numbers::Integer => synnet_rust::Numbers::integer(),
            })
            .with_detector(detector)
            .with_rates(self.rates.clone());
        let misfit = options.detector.as_ref().map(|d| d.check(&graph, &options.numbers)).unwrap_or_default();
        let refused: Vec<Diagnostic> =
            found.iter().chain(&misfit).filter(|d| d.is_error()).cloned().collect();
        if !refused.is_empty() {
            return Err(Error::new(render(&refused)));
        }
        cargo::warn(&render(&found));
        options.name.clone_from(&self.type_name);
        let module = synnet_rust::generate_with(&graph, weights.as_ref().map(|w| &w.params), &options)
            .map_err(|diagnostics| Error::new(render(&diagnostics)))?;
        cargo::warn(&render(&module.warnings));
        Ok(module)
    }

    /// Checks that rates belong to layers of the graph and are 0 or more, and that the arithmetic is f32.
    fn check_rates(&self, graph: &Graph) -> Result<(), Error> {
        if self.numbers == Numbers::Integer && !self.rates.is_empty() {
            return Err(Error::new("rates are for code in f32: integer code does not use them"));
        }
        let known = |name: &str| name == graph.input.name || graph.layers.iter().any(|l| l.name == name);
        let unknown = self.rates.keys().filter(|name| !known(name)).map(|name| {
            format!(
                "a rate is given for `{name}`, which is neither the input nor a layer of network `{}`",
                graph.name
            )
        });
        let impossible = self.rates.iter().filter(|(_, rate)| !(rate.is_finite() && **rate >= 0.0));
        let impossible =
            impossible.map(|(name, rate)| format!("the rate of `{name}` is {rate}; expected 0 or more"));
        let wrong: Vec<String> = unknown.chain(impossible).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::new(wrong.join("\n"))) }
    }
}

fn read_weights(path: &Path, files: &mut Files) -> Result<WeightsFile, Error> {
    WeightsFile::from_safetensors(&files.read_weights(path)?)
        .map_err(|error| Error::new(format!("`{}`: {error}", path.display())))
}

fn read_detector(path: &Path, files: &mut Files) -> Result<Detector, Error> {
    Detector::from_json(&files.read_detector(path)?)
        .map_err(|error| Error::new(format!("`{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use synnet_ir::{Params, Tensor, WeightsMetadata};

    const NETWORK: &str = "use \"part.snn\"::Part;
        network Kws(count = 3) {
            dt: 1 ms;
            input events: 2;
            layer h: lif(count) { tau_mem: 2 ms, tau_syn: 2 ms };
            net part: Part();
            events -> linear -> h -> part;
            output part;
        }";
    const PART: &str = "network Part {
            dt: 1 ms;
            input events: 3;
            layer out: lif(2) { tau_mem: 2 ms, tau_syn: 2 ms };
            events -> linear -> out;
            output out.spikes;
        }";

    /// Creates a folder with a network, its import and its weights.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let tensors = [("events->h.weight", [2, 3]), ("h->part.out.weight", [3, 2])]
            .map(|(name, shape)| (name.to_owned(), Tensor::zeros(shape)));
        let weights = Params { tensors: tensors.into() }.to_safetensors();
        for (name, bytes) in
            [("kws.snn", NETWORK.as_bytes()), ("part.snn", PART.as_bytes()), ("kws.safetensors", &weights)]
        {
            std::fs::write(folder.path().join(name), bytes).expect("the folder can be written");
        }
        folder
    }

    fn config(folder: &Path) -> Config {
        Config::new().weights(folder.join("kws.safetensors")).out_dir(folder.join("out"))
    }

    #[test]
    fn code_and_weights_are_written_and_every_file_read_is_watched() {
        let folder = folder();
        let mut files = Files::default();
        config(folder.path()).compile_files(&folder.path().join("kws.snn"), &mut files).expect("it compiles");
        let names: Vec<&str> =
            files.read.iter().filter_map(|path| path.file_name().and_then(|name| name.to_str())).collect();
        assert_eq!(names, ["kws.snn", "part.snn", "kws.safetensors"]);
        let code = std::fs::read_to_string(folder.path().join("out/kws.rs")).expect("it was written");
        assert!(code.contains("pub struct Kws {") && code.contains("include_bytes!(\"kws.weights\")"));
        let weights = std::fs::read(folder.path().join("out/kws.weights")).expect("it was written");
        assert_eq!(weights.len(), 16 + 4 * (2 * 3 + 3 * 2));
    }

    #[cfg(unix)]
    #[test]
    fn files_have_the_usual_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let mode = |name: &str| {
            let metadata = std::fs::metadata(folder.path().join(name)).expect("it was written");
            metadata.permissions().mode() & 0o777
        };
        let compile = || config(folder.path()).compile(folder.path().join("kws.snn")).expect("it compiles");
        compile();
        // The test itself has written this one, with the umask of the process.
        let usual = mode("kws.snn");
        assert_eq!((mode("out/kws.rs"), mode("out/kws.weights")), (usual, usual));
        let code = folder.path().join("out/kws.rs");
        std::fs::write(&code, "old").expect("it can be replaced");
        std::fs::set_permissions(&code, PermissionsExt::from_mode(0o640)).expect("it is ours");
        compile();
        assert!(std::fs::read(&code).expect("it was written") != b"old" && mode("out/kws.rs") == 0o640);
    }

    #[test]
    fn weights_of_another_network_are_refused() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        let graph = |text: &str| {
            std::fs::write(&path, text).expect("the folder can be written");
            let mut files = Files::default();
            let mut sources = Sources::new();
            let root = sources.add(path.to_string_lossy(), text.to_owned());
            synnet_dsl::compile(&mut sources, root, &synnet_dsl::CompileOptions::new(), &mut files).graph
        };
        let trained = WeightsMetadata::new(&graph(NETWORK).expect("it compiles"));
        let params = std::fs::read(folder.path().join("kws.safetensors")).expect("it was written");
        let params = Params::from_safetensors(&params).expect("these are weights");
        let bytes = params.to_safetensors_with(&trained.entries());
        std::fs::write(folder.path().join("kws.safetensors"), bytes).expect("the folder can be written");
        config(folder.path()).compile(&path).expect("it is the same network");

        graph(&NETWORK.replace("tau_mem: 2 ms", "tau_mem: 9 ms"));
        let error = config(folder.path()).compile(&path).expect_err("it is another network").to_string();
        assert!(
            error.contains("E0606") && error.contains("`h.tau_mem` was 2 ms in training, but is 9 ms now"),
            "{error}"
        );
        config(folder.path()).allow_mismatch(true).compile(&path).expect("it is allowed");
    }

    #[test]
    fn unchanged_files_are_not_rewritten() {
        let folder = folder();
        let compile = || config(folder.path()).compile(folder.path().join("kws.snn")).expect("it compiles");
        let code = folder.path().join("out/kws.rs");
        compile();
        let past = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let file = std::fs::File::options().write(true).open(&code).expect("it was written");
        file.set_modified(past).expect("its time can be set");
        let modified = || std::fs::metadata(&code).and_then(|data| data.modified()).expect("it is there");
        compile();
        assert_eq!(modified(), past);
        let other = NETWORK.replace("dt: 1 ms", "dt: 2 ms");
        std::fs::write(folder.path().join("kws.snn"), &other).expect("the folder can be written");
        std::fs::write(folder.path().join("part.snn"), PART.replace("dt: 1 ms", "dt: 2 ms"))
            .expect("the folder can be written");
        compile();
        assert_ne!(modified(), past);
    }

    #[test]
    fn names_and_parameters_choose_the_network() {
        let folder = folder();
        let other_default = NETWORK.replace("count = 3", "count = 9");
        std::fs::write(folder.path().join("kws.snn"), other_default).expect("the folder can be written");
        let config = Config::new().name("Kws").param("count", "1 + 2").out_dir(folder.path());
        config.compile(folder.path().join("kws.snn")).expect("it compiles");
        let code = std::fs::read_to_string(folder.path().join("kws.rs")).expect("it was written");
        assert!(code.contains("pub vmem: [f32; 3]") && code.contains("pub struct Kws<'w>"));
    }

    #[test]
    fn outside_a_build_script_out_dir_is_required() {
        let folder = folder();
        assert_eq!(cargo::out_dir(), None, "tests are no build scripts");
        let error = compile(folder.path().join("kws.snn")).expect_err("there is no folder");
        assert!(error.to_string().contains("set a folder with `Config::out_dir`"), "{error}");
    }

    #[test]
    fn one_network_can_be_written_twice() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        config(folder.path()).compile(&path).expect("it compiles");
        let other = config(folder.path()).file_name("kws_again").type_name("Again");
        other.compile(&path).expect("it compiles");
        let read = |name: &str| {
            std::fs::read_to_string(folder.path().join("out").join(name)).expect("it was written")
        };
        assert!(read("kws.rs").contains("pub struct Kws "));
        assert!(read("kws_again.rs").contains("pub struct Again "));
        assert!(read("kws_again.rs").contains("include_bytes!(\"kws_again.weights\")"));
        let elsewhere = other.file_name("../kws").compile(&path).expect_err("it leaves the folder");
        assert!(elsewhere.to_string().contains("not the name of a file"), "{elsewhere}");
    }

    #[test]
    fn rates_belong_to_layers() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        let code = |config: Config| {
            config.compile(&path).expect("it compiles");
            std::fs::read_to_string(folder.path().join("out/kws.rs")).expect("it was written")
        };
        let sparse = code(config(folder.path()));
        assert_ne!(code(config(folder.path()).rate("h", 3.0)), sparse);
        let wrong = config(folder.path()).rate("g", 1.0).rate("h", f64::NAN);
        let integers = config(folder.path()).rate("h", 1.0).numbers(Numbers::Integer).compile(&path);
        assert!(integers.expect_err("they have no rates").to_string().contains("rates are for code in f32"));
        let error = wrong.compile(&path).expect_err("both are wrong").to_string();
        assert!(
            error.contains("a rate is given for `g`") && error.contains("the rate of `h` is NaN"),
            "{error}"
        );
    }

    #[test]
    fn integers_are_another_form() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        config(folder.path()).numbers(Numbers::Integer).compile(&path).expect("it compiles");
        let code = std::fs::read_to_string(folder.path().join("out/kws.rs")).expect("it was written");
        assert!(code.contains("pub vmem: [i16; 3]"), "{code}");
        let error = Config::new().numbers(Numbers::Integer).compile(&path).expect_err("it has no weights");
        assert!(error.to_string().contains("pass the weights"), "{error}");
    }

    /// Writes a detector for outputs of this type.
    fn detector(folder: &Path, network: &str, numbers: &str) -> PathBuf {
        let path = folder.join("detector.json");
        let text = format!(
            r#"{{ "network": "{network}", "numbers": "{numbers}", "outputs": 2, "score": "margin", "window": 3,
                "refractory": 4, "weights": [], "keywords": [{{ "label": "go", "output": 1, "threshold": 2 }}] }}"#
        );
        std::fs::write(&path, text).expect("the folder can be written");
        path
    }

    #[test]
    fn detectors_are_generated_beside_the_network() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        let code = |numbers, scalar| {
            let mut files = Files::default();
            let config = config(folder.path()).numbers(numbers);
            let config = config.detector(detector(folder.path(), "Kws", scalar));
            config.compile_files(&path, &mut files).map(|()| {
                assert!(files.read.contains(&folder.path().join("detector.json")));
                std::fs::read_to_string(folder.path().join("out/kws.rs")).expect("it was written")
            })
        };
        for (numbers, scalar, step) in [
            (Numbers::Float, "f32", "pub fn step(&mut self, output: &[f32; 2]) -> [bool; 1]"),
            (Numbers::Integer, "u8", "pub fn step(&mut self, output: &[u8; 2]) -> [bool; 1]"),
        ] {
            let code = code(numbers, scalar).expect("it compiles");
            assert!(code.contains("pub struct KwsDetector") && code.contains(step), "{code}");
        }
        let error = code(Numbers::Integer, "f32").expect_err("they are other numbers").to_string();
        assert!(error.contains("it takes outputs in f32, but those of the code are in u8"), "{error}");
        assert!(error.contains("with `snnc detect`"), "{error}");
    }

    #[test]
    fn detectors_of_another_network_are_refused() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        let error = |file: &Path| {
            let result = config(folder.path()).detector(file).compile(&path);
            result.expect_err("the detector does not fit").to_string()
        };
        let other = error(&detector(folder.path(), "Other", "f32"));
        assert!(other.contains("it belongs to network `Other`, not to `Kws`"), "{other}");
        let weights = error(&folder.path().join("kws.safetensors"));
        assert!(weights.ends_with("it is a weights file, but a detector is expected here"), "{weights}");
        let wrong = error(&detector(folder.path(), "Kws", "f64"));
        assert!(wrong.ends_with("detector.json`: `numbers`: expected `f32`, `i16` or `u8`"), "{wrong}");
        assert!(!folder.path().join("out").exists());
    }

    #[test]
    fn all_errors_are_reported_and_nothing_is_written() {
        let folder = folder();
        let path = folder.path().join("kws.snn");
        let wrong = NETWORK.replace("dt: 1 ms", "dt: 1").replace("lif(count)", "liff(count)");
        std::fs::write(&path, wrong).expect("the folder can be written");
        let error = config(folder.path()).compile(&path).expect_err("there are two mistakes");
        for shown in [format!("{error}"), format!("{error:?}")] {
            assert!(
                shown.contains("`dt` must be a time") && shown.contains("did you mean `lif`?"),
                "{shown}"
            );
        }
        assert!(!folder.path().join("out").exists());
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = folder();
        let missing =
            config(folder.path()).compile(folder.path().join("none.snn")).expect_err("it is missing");
        assert!(missing.to_string().starts_with("cannot read `"), "{missing}");
        assert!(missing.to_string().contains("none.snn`: there is no such file"), "{missing}");
        let of_a_folder =
            config(folder.path()).name("Kws").compile(folder.path()).expect_err("it is no file");
        assert!(of_a_folder.to_string().starts_with("cannot read `"), "{of_a_folder}");
        std::fs::write(folder.path().join("latin.snn"), b"\xe9").expect("the folder can be written");
        let latin =
            config(folder.path()).compile(folder.path().join("latin.snn")).expect_err("it is no text");
        assert!(latin.to_string().ends_with("latin.snn`: it is not UTF-8 text"), "{latin}");
        let path = folder.path().join("kws.snn");
        let blocked = config(folder.path()).out_dir(&path).compile(&path).expect_err("there is a file");
        assert!(blocked.to_string().starts_with("cannot write `"), "{blocked}");
        std::fs::write(folder.path().join("kws.safetensors"), "no").expect("the folder can be written");
        let weights = config(folder.path()).compile(&path).expect_err("these are no weights");
        assert!(weights.to_string().contains("kws.safetensors`: not a safetensors file"), "{weights}");
        let swapped = Config::new().weights(&path).out_dir(folder.path()).compile(&path);
        let swapped = swapped.expect_err("this is the network").to_string();
        assert!(swapped.ends_with("it is a network, but a weights file is expected here"), "{swapped}");
        std::fs::write(folder.path().join("kws.yaml"), "network: kws.snn\n")
            .expect("the folder can be written");
        let recipe =
            config(folder.path()).compile(folder.path().join("kws.yaml")).expect_err("it is a recipe");
        assert!(recipe.to_string().ends_with("it is a recipe, but a network is expected here"), "{recipe}");
        std::fs::write(folder.path().join("kws.safetensors"), Params::default().to_safetensors())
            .expect("the folder can be written");
        let empty = config(folder.path()).compile(&path).expect_err("two tensors are missing");
        assert!(empty.to_string().contains("`events->h.weight`"), "{empty}");
        assert!(empty.to_string().contains("`h->part.out.weight`"), "{empty}");
    }
}
