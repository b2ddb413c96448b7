//! The modules that have equivalents, with their parameters.

use synnet_ir::graph::{
    Adaptation, ExpSyn, Leak, LeakUnit, Lif, LifSpans, Neuron, Parameter, Reset, Surrogate, SurrogateKind,
};
use synnet_ir::{Diagnostic, Diagnostics};

use crate::codes;
use crate::tree::{Module, Numbers};

/// A layer of neurons, before its name and its connections.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    pub(crate) neuron: Neuron,
    pub(crate) size: usize,
    pub(crate) dt: f64,
    /// Weights to itself, `[size, size * synapses]`.
    pub(crate) recurrent: Option<Vec<f64>>,
}

/// A matrix, `[inputs, outputs]`, with biases.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

/// Reads the parameters of one module, with its path for errors.
pub(crate) struct Reader<'a> {
    pub(crate) path: &'a str,
    pub(crate) module: &'a Module,
    pub(crate) errors: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn error(&mut self, parameter: &str, what: &str) {
        let message = format!("parameter `{parameter}` of module `{}` {what}", self.path);
        let help = "save the network again with `net.save`";
        self.errors.push(Diagnostic::error_without_span(&codes::PARAMETER, message).with_help(help));
    }

    fn numbers(&mut self, parameter: &str) -> Option<Numbers> {
        let Some(value) = self.module.get(parameter) else {
            self.error(parameter, "is missing");
            return None;
        };
        let numbers = Numbers::of(value);
        if numbers.is_none() {
            self.error(parameter, "does not hold finite numbers of one shape");
        }
        numbers
    }

    fn number(&mut self, parameter: &str) -> Option<f64> {
        let numbers = self.numbers(parameter)?;
        if let [value] = numbers.values[..] {
            return Some(value);
        }
        self.error(parameter, "holds several numbers");
        None
    }

    /// Returns one value, or one for each of `elements`; the shortest decimal numbers with the same 32 bits.
    fn parameter(&mut self, parameter: &str, elements: usize) -> Option<Parameter> {
        let numbers = self.numbers(parameter)?;
        let len = numbers.values.len();
        if len != 1 && len != elements {
            self.error(parameter, &format!("has {len} values, but the layer has {elements} elements"));
            return None;
        }
        let mut values: Vec<f64> = numbers.values.iter().map(|&x| shortest(x)).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            values.truncate(1);
        }
        Some(Parameter { values, ..Parameter::uniform(0.0) })
    }

    /// Reads `LinearTorch`.
    pub(crate) fn linear(&mut self) -> Option<Matrix> {
        let weight = self.numbers("weight")?;
        let [inputs, outputs] = weight.shape[..] else {
            self.error("weight", "is not a matrix");
            return None;
        };
        let bias = match self.module.get("bias") {
            None => None,
            Some(_) => Some(self.numbers("bias")?.values).filter(|bias| bias.iter().any(|&b| b != 0.0)),
        };
        if bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
            self.error("bias", "does not have one value per column of `weight`");
            return None;
        }
        Some(Matrix { inputs, outputs, weight: weight.values, bias })
    }

    /// Reads `ExpSynTorch`. `size` is known from what is before it, if there is something.
    pub(crate) fn expsyn(&mut self, size: Option<usize>) -> Option<Cells> {
        let tau = self.numbers("tau")?;
        let size = size.unwrap_or(tau.values.len());
        let parameter = self.parameter("tau", size)?;
        let syn = Some(Leak { unit: LeakUnit::TimeConstant, parameter });
        Some(Cells { neuron: Neuron::ExpSyn(ExpSyn { syn }), size, dt: self.number("dt")?, recurrent: None })
    }

    /// Reads `LIFTorch` or `aLIFTorch`; `inputs` is the number of its columns.
    pub(crate) fn lif(
        &mut self,
        inputs: usize,
        is_adaptive: bool,
        surrogate: SurrogateKind,
    ) -> Option<Cells> {
        let (size, columns) = self.extents(inputs)?;
        let synapses = columns / size;
        let (unit, mem, syn) = self.leak_names()?;
        let mem = self.parameter(mem, size);
        let syn = self.parameter(syn, columns);
        let [threshold, bias] = ["threshold", "bias"].map(|name| self.parameter(name, size));
        let adaptation = if is_adaptive {
            let leak = self
                .parameter("tau_ahp", size)
                .map(|parameter| Leak { unit: LeakUnit::TimeConstant, parameter });
            let w_ahp = self.parameter("w_ahp", size);
            Some(Adaptation { leak: leak?, w_ahp: w_ahp? })
        } else {
            None
        };
        let [noise_std, window, max_spikes, dt] =
            ["noise_std", "learning_window", "max_spikes_per_dt", "dt"].map(|name| self.number(name));
        let recurrent = self.recurrent(size, columns)?;
        let lif = Lif {
            synapses,
            mem: Some(Leak { unit, parameter: mem? }),
            syn: Some(Leak { unit, parameter: syn? }),
            threshold: threshold?,
            bias: bias?,
            noise_std: shortest(noise_std?),
            reset: Reset::Subtract,
            max_spikes: max_spikes?.clamp(1.0, f64::from(u32::MAX)) as u32,
            surrogate: Surrogate { kind: surrogate, window: shortest(window?) },
            adaptation,
            spans: LifSpans::default(),
        };
        Some(Cells { neuron: Neuron::Lif(lif), size, dt: dt?, recurrent })
    }

    /// Returns the numbers of neurons and of columns, which follow from the weights to itself.
    fn extents(&mut self, inputs: usize) -> Option<(usize, usize)> {
        let Some(numbers) = self.module.get("w_rec").and_then(Numbers::of) else {
            return Some((inputs, inputs));
        };
        let [size, columns] = numbers.shape[..] else {
            self.error("w_rec", "is not a matrix");
            return None;
        };
        if size == 0 || columns != inputs || columns % size != 0 {
            self.error("w_rec", &format!("has the shape [{size}, {columns}], but {inputs} lines arrive"));
            return None;
        }
        Some((size, columns))
    }

    fn recurrent(&mut self, size: usize, columns: usize) -> Option<Option<Vec<f64>>> {
        if self.module.get("_has_rec").and_then(serde_json::Value::as_bool) != Some(true) {
            return Some(None);
        }
        let weights = self.numbers("w_rec")?;
        if weights.values.len() != size * columns {
            self.error("w_rec", "does not have one row per neuron");
            return None;
        }
        Some(Some(weights.values))
    }

    /// Returns the names of the leaks, by the form in which the module trains them.
    fn leak_names(&mut self) -> Option<(LeakUnit, &'static str, &'static str)> {
        match self.module.get("leak_mode").and_then(serde_json::Value::as_str).unwrap_or("taus") {
            "taus" => Some((LeakUnit::TimeConstant, "tau_mem", "tau_syn")),
            "decays" => Some((LeakUnit::Decay, "alpha", "beta")),
            "bitshifts" => Some((LeakUnit::BitShift, "dash_mem", "dash_syn")),
            other => {
                self.error("leak_mode", &format!("is `{other}`; expected `taus`, `decays` or `bitshifts`"));
                None
            }
        }
    }
}

/// Returns the shortest decimal number with the same 32 bits.
fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}
