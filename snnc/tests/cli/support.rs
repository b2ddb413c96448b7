//! Test support: a working folder, the command, and its input files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use synnet_arrays::{Array, read_npz};
use synnet_dsl::{CompileOptions, NoImports};
use synnet_ir::{Graph, Params, Sources};
use synnet_runtime::initial_params;

/// A folder of this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The network of the main example.
pub(crate) fn digits() -> PathBuf {
    repository("examples/digits/digits.snn")
}

/// A folder for one test, gone at its end.
pub(crate) struct Folder(tempfile::TempDir);

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary folders can be made"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, in folders that are created.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        let folder = path.parent().expect("it is below the folder");
        std::fs::create_dir_all(folder).expect("the folder can be created");
        std::fs::write(path, content).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("`{name}`: {e}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("it is text")
    }

    /// The arrays of an archive.
    pub(crate) fn arrays(&self, name: &str) -> BTreeMap<String, Array> {
        read_npz(&self.read(name)).expect("it is an archive of arrays")
    }

    /// The names of all files, sorted; hidden ones, too.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, names: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    walk(root, &path, names);
                } else {
                    names.push(path.strip_prefix(root).expect("it is below").display().to_string());
                }
            }
        }
        let mut names = Vec::new();
        walk(self.0.path(), self.0.path(), &mut names);
        names.sort();
        names
    }

    /// Returns the command with these arguments, to be started in the folder.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snnc"));
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("NO_COLOR");
        // Outside of the folder, whose files tests count, and never the user's.
        command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        command
    }

    /// Runs the command with these arguments.
    pub(crate) fn snnc<S: AsRef<std::ffi::OsStr>>(&self, words: &[S]) -> Outcome {
        Outcome::of(self.command(words).output().expect("the command can be started"))
    }

    /// As [`snnc`](Self::snnc), with a text or bytes on standard input.
    pub(crate) fn snnc_with_input<S: AsRef<std::ffi::OsStr>>(&self, words: &[S], input: &[u8]) -> Outcome {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A command that refuses its arguments does not read.
        let _ = stdin.write_all(input);
        drop(stdin);
        Outcome::of(child.wait_with_output().expect("the command ends"))
    }
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        assert!(!stderr.contains("panicked at"), "a panic reached the user:\n{stderr}");
        assert!(!stderr.contains('\u{1b}'), "colors are for terminals:\n{stderr}");
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// Asserts success.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts failure with this exit code and all of these messages.
    #[track_caller]
    pub(crate) fn failure(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for text in says {
            assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.stderr);
        }
        self
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).expect("standard output is JSON")
    }
}

/// Compiles a text that holds one network.
pub(crate) fn graph(text: &str) -> Graph {
    let mut sources = Sources::new();
    let root = sources.add("network.snn", text);
    let compilation = synnet_dsl::compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    compilation.graph.expect("the text has no errors")
}

/// Initial weights of a text's network.
pub(crate) fn weights(text: &str) -> Params {
    initial_params(&graph(text), 1)
}

/// Initial weights of the main example, as a file.
pub(crate) fn digits_weights() -> Vec<u8> {
    let text = std::fs::read_to_string(digits()).expect("the example can be read");
    weights(&text).to_safetensors()
}

/// A `.npy` file, version 1.0, of numbers that are given as bytes.
pub(crate) fn npy(kind: &str, fortran: bool, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let shape: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    while (10 + header.len()) % 64 != 63 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    file
}

/// Events `[steps, channels]`, most of them 0, as 8-bit counts.
pub(crate) fn events(steps: usize, channels: usize) -> Vec<u8> {
    (0..steps * channels).map(|i| if i * i % 7 == 1 { 1 + (i % 3) as u8 } else { 0 }).collect()
}

/// The header of a WAV file of PCM samples.
pub(crate) struct Wav {
    pub(crate) rate: u32,
    pub(crate) channels: u16,
    pub(crate) bits: u16,
}

impl Wav {
    /// Telephone quality: 8 kHz, mono, 16 bits.
    pub(crate) const PLAIN: Self = Self { rate: 8000, channels: 1, bits: 16 };

    /// Returns a tone of this frequency and duration that fades in and out.
    pub(crate) fn tone(&self, hertz: f64, seconds: f64) -> Vec<u8> {
        let frames = (f64::from(self.rate) * seconds) as usize;
        let mut data: Vec<u8> = Vec::new();
        for i in 0..frames {
            let t = i as f64 / f64::from(self.rate);
            let loudness = (std::f64::consts::PI * i as f64 / frames as f64).sin();
            let sample = 0.5 * loudness * (std::f64::consts::TAU * hertz * t).sin();
            // 8-bit samples are the only ones without a sign.
            let offset = if self.bits == 8 { 128 } else { 0 };
            let value = (sample * 2f64.powi(i32::from(self.bits) - 1)) as i64 + offset;
            for _ in 0..self.channels {
                data.extend(&value.to_le_bytes()[..usize::from(self.bits / 8)]);
            }
        }
        let frame = self.channels * self.bits / 8;
        let mut file = b"RIFF".to_vec();
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        file.extend(self.channels.to_le_bytes());
        file.extend(self.rate.to_le_bytes());
        file.extend((self.rate * u32::from(frame)).to_le_bytes());
        file.extend(frame.to_le_bytes());
        file.extend(self.bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }
}

/// Removes duration, paths and warnings from the results of training, which differ from run to run: a resumed run does
/// not repeat the warnings of the epochs before.
pub(crate) fn result(mut json: Value) -> Value {
    let object = json.as_object_mut().expect("results are an object");
    assert!(["seconds", "files", "diagnostics"].iter().all(|key| object.remove(*key).is_some()));
    json
}

/// A network for two tones.
pub(crate) const TONES: &str = "use std::SynNet;

network Tones(p_dropout = 0.1) = SynNet(
    n_channels: 16,
    n_classes: 2,
    size_hidden_layers: [12],
    time_constants_per_layer: [2],
    tau_syn_base: 20 ms,
    tau_mem: 20 ms,
    tau_syn_out: 20 ms,
    p_dropout: p_dropout,
    dt: 10 ms,
    output: vmem,
);
";

/// A recipe for it.
pub(crate) const RECIPE: &str = r#"network: tones.snn
data:
  path: data
  pattern: "{label}_{take}.wav"
  test: { take: [4, 5] }
  classes: [low, high]
  steps: 20
front_end: { kind: xylo_audio3, normalization: joint, decimation: 488 }
training:
  epochs: 6
  batch: 3
  seed: 3
  loss: { kind: cross_entropy, readout: mean_vmem }
  optimizer: { kind: adam, lr: 0.01 }
  schedule: { kind: cosine }
  augmentation: { time_shift: 2 }
"#;

/// A folder with network, recipe and recordings of low and high tones, six of each.
pub(crate) fn tones() -> Folder {
    let folder = Folder::new();
    folder.write("tones.snn", TONES);
    folder.write("tones.yaml", RECIPE);
    for take in 0..6 {
        let detuned = 1.0 + 0.03 * f64::from(take);
        folder.write(&format!("data/low_{take}.wav"), Wav::PLAIN.tone(300.0 * detuned, 0.2));
        folder.write(&format!("data/high_{take}.wav"), Wav::PLAIN.tone(2500.0 * detuned, 0.2));
    }
    folder
}
