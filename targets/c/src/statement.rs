//! Statements about one element as C. The element has the index `i`, and for nested arrays `s`.

use synnet_step::{Constant, ConstantName, Layer, StateName, Statement};

use crate::text::{float_literal, values};

/// An element of a layer, in the body of a loop.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) layer: &'a Layer,
    /// Name of the layer.
    pub(crate) name: &'a str,
    /// Prefix of all names.
    pub(crate) prefix: &'a str,
    /// Number of synapses, if the elements are currents in nested arrays.
    pub(crate) synapses: Option<usize>,
}

/// Currents of integers and the constants of their leaks, by synapse.
const CURRENTS: [(StateName, ConstantName); 2] =
    [(StateName::Isyn, ConstantName::DashSyn), (StateName::Isyn2, ConstantName::DashSyn2)];

impl Element<'_> {
    /// Returns the lines of a statement.
    pub(crate) fn statement(&self, statement: Statement) -> String {
        let constant = |name| self.constant(name);
        let threshold = || constant(ConstantName::Threshold);
        let prefix = self.prefix;
        match statement {
            Statement::FilterCurrent => {
                let (isyn, received, decay) =
                    (self.current(), self.received(), constant(ConstantName::DecaySyn));
                format!("        {isyn} = ({isyn} + {received}) * {decay};\n")
            }
            Statement::TakeInput => format!("        {} = {};\n", self.current(), self.received()),
            Statement::Adapt => {
                let (weight, decay) = (constant(ConstantName::WAhp), constant(ConstantName::DecayAhp));
                format!(
                    "        layer->iahp[i] = (layer->iahp[i] + (layer->spikes[i] * {weight})) * {decay};\n"
                )
            }
            Statement::Integrate { leak, synapses, adaptation } => {
                let (bias, total) = (constant(ConstantName::Bias), total(synapses, adaptation));
                let vmem = match leak {
                    true => format!("(layer->vmem[i] * {})", constant(ConstantName::DecayMem)),
                    false => "layer->vmem[i]".to_owned(),
                };
                // Currents are summed before the membrane is added.
                format!("        layer->vmem[i] = {vmem} + ({total} + {bias});\n")
            }
            Statement::Compare => {
                format!("        layer->spikes[i] = (layer->vmem[i] >= {}) ? 1.0f : 0.0f;\n", threshold())
            }
            Statement::Divide { most } => format!(
                "        layer->spikes[i] = {prefix}_spike_count(layer->vmem[i], {}, {});\n",
                threshold(),
                float_literal(most as f32)
            ),
            Statement::Subtract => {
                format!("        layer->vmem[i] -= layer->spikes[i] * {};\n", threshold())
            }
            Statement::Zero => "        if (layer->spikes[i] != 0.0f) {
            layer->vmem[i] = 0.0f;
        }
"
            .to_owned(),
            Statement::LeakCurrent { synapse } => {
                let (isyn, dash) = CURRENTS[synapse];
                let (isyn, dash) = (format!("layer->{}[i]", isyn.name()), constant(dash));
                format!("        {isyn} = (int16_t)({isyn} - {prefix}_leak({isyn}, {dash}));\n")
            }
            Statement::LeakMembrane { synapses, bias } => self.leak_membrane(synapses, bias),
            Statement::SpikeOnce => {
                let threshold = threshold();
                format!(
                    "        layer->spikes[i] = 0U;
        if (layer->vmem[i] >= {threshold}) {{
            layer->spikes[i] = 1U;
            layer->vmem[i] = {prefix}_wrap((int32_t)layer->vmem[i] - {threshold});
        }}
"
                )
            }
            Statement::DivideSpikes { most } => {
                let threshold = threshold();
                format!(
                    "        layer->spikes[i] = 0U;
        if (layer->vmem[i] >= {threshold}) {{
            const int32_t fits = (int32_t)layer->vmem[i] / {threshold};
            const int32_t count = (fits < {most}) ? fits : {most};
            layer->spikes[i] = (uint8_t)count;
            layer->vmem[i] = (int16_t)((int32_t)layer->vmem[i] - (count * {threshold}));
        }}
"
                )
            }
            Statement::CountSpikes { most } => format!(
                "        uint8_t spikes = 0U;\n{}        layer->spikes[i] = spikes;\n",
                self.count_spikes("spikes", most)
            ),
        }
    }

    /// Returns the lines that count the spikes of a neuron beyond those that `spikes` already has, and reset it.
    pub(crate) fn count_spikes(&self, spikes: &str, most: u8) -> String {
        let (prefix, threshold) = (self.prefix, self.constant(ConstantName::Threshold));
        format!(
            "        while (({spikes} < {most}U) && (layer->vmem[i] >= {threshold})) {{
            {spikes}++;
            layer->vmem[i] = {prefix}_wrap((int32_t)layer->vmem[i] - {threshold});
        }}
"
        )
    }

    fn leak_membrane(&self, synapses: usize, bias: bool) -> String {
        let (prefix, dash) = (self.prefix, self.constant(ConstantName::DashMem));
        let currents: String =
            CURRENTS[..synapses].iter().map(|(name, _)| format!(" + layer->{}[i]", name.name())).collect();
        // The chip saturates the change before it adds the bias, and again when it adds the change to the membrane.
        let mut change = format!("{prefix}_saturate(-{prefix}_leak(layer->vmem[i], {dash}){currents})");
        if bias {
            change = format!("{prefix}_saturate({change} + {})", self.constant(ConstantName::Bias));
        }
        format!("        layer->vmem[i] = (int16_t){prefix}_saturate(layer->vmem[i] + {change});\n")
    }

    fn current(&self) -> &'static str {
        if self.synapses.is_some() { "layer->isyn[i][s]" } else { "layer->isyn[i]" }
    }

    fn received(&self) -> String {
        format!("inputs[{}]", self.index())
    }

    /// Returns the index of the element in a flat array.
    fn index(&self) -> String {
        self.synapses.map_or_else(|| "i".to_owned(), |synapses| format!("({synapses}U * i) + s"))
    }

    /// Returns the expression for a constant.
    fn constant(&self, name: ConstantName) -> String {
        match self.layer.constant(name) {
            Some(constant) if constant.is_table() => {
                let (prefix, layer, name) = (self.prefix, self.name, name.name().to_ascii_lowercase());
                format!("{prefix}_{layer}_{name}[{}]", self.index())
            }
            constant => literal(constant),
        }
    }
}

/// Returns the literal of a constant on which all elements agree.
fn literal(constant: Option<&Constant>) -> String {
    let literal = constant.and_then(|constant| values(constant).into_iter().next());
    // Every statement comes with its constants, so there is one; negative numbers would run into a `-` before them.
    let literal = literal.unwrap_or_else(|| "0".to_owned());
    if literal.starts_with('-') { format!("({literal})") } else { literal }
}

/// Returns the sum of a neuron's currents in f32.
fn total(synapses: usize, adaptation: bool) -> String {
    let mut total = if synapses == 1 {
        "layer->isyn[i]".to_owned()
    } else {
        // Added from the first synapse on, as in the interpreter: the order of a float sum matters.
        (0..synapses).map(|s| format!("layer->isyn[i][{s}]")).collect::<Vec<_>>().join(" + ")
    };
    if adaptation {
        total.push_str(" + layer->iahp[i]");
    }
    total
}
