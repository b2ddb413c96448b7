//! Networks of other tools: `tests/golden/field` has their spikes and gradients, and says how they were made. A new pair
//! of files is a new test.

use std::path::{Path, PathBuf};

use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Network, Params, Sources, Tensor, render};
use synnet_runtime::gradient::batch_gradients;
use synnet_runtime::loss::MeanSquaredError;
use synnet_runtime::{Interpreter, Label, Sequence, Tracing};

/// Maximum difference of an output or a gradient, relative to the largest value of its tensor.
const TOLERANCE: f32 = 2e-4;

/// A network with what another tool computed.
struct Case {
    name: String,
    network: Network,
    tensors: Params,
}

impl Case {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
        let mut sources = Sources::new();
        let text = std::fs::read_to_string(path).expect("the network is readable");
        let root = sources.add(format!("{name}.snn"), text);
        let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
        let graph = compilation
            .graph
            .unwrap_or_else(|| panic!("{}", render(&compilation.diagnostics, &sources, false)));
        let bytes = std::fs::read(path.with_extension("safetensors")).expect("the tensors are readable");
        let tensors = Params::from_safetensors(&bytes).expect("the tensors are safetensors");
        let weights = tensors
            .tensors
            .iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix("param/")?.to_owned(), tensor.clone())));
        let network = Network::bind(&graph, &Params { tensors: weights.collect() })
            .unwrap_or_else(|errors| panic!("{name}: {errors}"));
        Self { name, network, tensors }
    }

    fn tensor(&self, name: &str) -> &Tensor {
        self.tensors.tensors.get(name).unwrap_or_else(|| panic!("{} has no `{name}`", self.name))
    }

    /// Returns a tensor `[batch, time, width]`.
    fn sequence(&self, name: &str) -> Sequence {
        let tensor = self.tensor(name);
        let [batch, time, width] = tensor.shape[..] else { panic!("{name} is no sequence") };
        Sequence { batch, time, width, data: tensor.data.clone() }
    }

    /// Compares the spikes of the layers that the case records; all must be equal.
    fn assert_spikes<'a>(&self, layers: impl Iterator<Item = (&'a str, &'a Sequence)>) {
        let mut compared = 0;
        for (layer, found) in layers {
            let Some(expected) = self.tensors.tensors.get(&format!("spikes/{layer}")) else { continue };
            let width = found.width;
            for (i, (found, expected)) in found.data.iter().zip(&expected.data).enumerate() {
                let (step, neuron) = (i / width, i % width);
                assert_eq!(found, expected, "{}: `{layer}`, row {step}, neuron {neuron}", self.name);
            }
            assert_eq!(found.data.len(), expected.data.len(), "{}: `{layer}`", self.name);
            compared += 1;
        }
        let recorded = self.tensors.tensors.keys().filter(|name| name.starts_with("spikes/")).count();
        assert_eq!(compared, recorded, "{}: layers of other names", self.name);
    }
}

fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-9_f32, |largest, x| largest.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < TOLERANCE * largest, "{what}[{i}]: {found}, not {expected}");
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/field"));
    let entries = std::fs::read_dir(folder).expect("the folder of cases exists");
    let paths = entries.map(|entry| entry.expect("the folder is readable").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "snn")).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| Case::read(path)).collect()
}

#[test]
fn the_interpreter_has_the_spikes_of_other_tools() {
    for case in cases() {
        let run = Interpreter::new(&case.network).run(&case.sequence("input"), Tracing::On, 0).unwrap();
        let spiking = run.layers.iter().filter_map(|layer| Some((&*layer.name, layer.spikes.as_ref()?)));
        case.assert_spikes(spiking);
        assert_near(&run.output.data, &case.tensor("output").data, &format!("{}: output", case.name));
    }
}

#[test]
fn training_has_the_spikes_and_gradients_of_other_tools() {
    for case in cases() {
        let (input, target) = (case.sequence("input"), case.sequence("target"));
        let labels: Vec<Label> =
            (0..target.batch).map(|b| Label::Sequence(target.sample(b).to_vec())).collect();
        let found = batch_gradients(&case.network, &MeanSquaredError::new().into(), &input, &labels).unwrap();
        let layers = &case.network.graph.layers;
        case.assert_spikes(layers.iter().map(|layer| &*layer.name).zip(&found.layers));
        let (loss, expected) = (found.loss as f32, &case.tensor("loss").data);
        assert_near(&[loss], expected, &format!("{}: loss", case.name));
        let gradients = case.tensors.tensors.keys().filter_map(|name| name.strip_prefix("grad/"));
        for name in gradients {
            let found = &found.gradients.tensors[name];
            let expected = case.tensor(&format!("grad/{name}"));
            assert_eq!(found.shape, expected.shape, "{}: {name}", case.name);
            assert_near(&found.data, &expected.data, &format!("{}: gradient of {name}", case.name));
        }
    }
}
