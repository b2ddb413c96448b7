//! Sources written by the grammar of the language.

use crate::choices::Choices;

const TIMES: &[&str] = &[
    "10 ms",
    "20 ms",
    "2 ms",
    "1 ms",
    "0.5 ms",
    "100 ms",
    "1 s",
    "7 ms",
    "1 / rate",
    "n * 1 ms",
    "geometric(2 ms, 2)",
    "[2 ms, 8 ms]",
    "none",
    "1000 s",
    "1 us",
    "0 ms",
    "max(2 ms, 3 ms)",
];
const NUMBERS: &[&str] = &[
    "1",
    "0.5",
    "0",
    "-0.5",
    "2",
    "0.9",
    "n",
    "n / 2",
    "0.01",
    "100",
    "1e6",
    "-1",
    "32767",
    "1e-6",
    "1e38",
    "3.5e38",
    "1e-45",
    "[1 + 0.1 * k for k in 0..n]",
    "repeat([1, 2])",
    "if n > 2 { 1 } else { 2 }",
    "3 % 2",
];
const COUNTS: &[&str] =
    &["n", "1", "2", "3", "8", "16", "17", "n + 1", "64", "0", "len([1, 2])", "2 * n", "63"];
const FIELDS: &[&str] = &[
    "tau_mem",
    "tau_syn",
    "tau_mem",
    "tau_syn",
    "threshold",
    "bias",
    "max_spikes",
    "reset",
    "surrogate",
    "window",
    "noise_std",
    "synapses",
    "dash_mem",
    "dash_syn",
    "alpha",
    "beta",
    "tau_ahp",
    "w_ahp",
];

/// Writes a source by the choices of `bytes`.
pub(crate) fn write(bytes: &[u8]) -> String {
    let mut choices = Choices::new(bytes);
    let mut writer = Writer { choices: &mut choices, text: String::new(), layers: Vec::new() };
    writer.file();
    writer.text
}

struct Writer<'c, 'b> {
    choices: &'c mut Choices<'b>,
    text: String,
    /// Names of the input, layers and instances.
    layers: Vec<String>,
}

impl Writer<'_, '_> {
    fn file(&mut self) {
        self.text += "use std::SynNet;\nuse std::WaveSense;\n";
        if self.choices.one_in(4) {
            self.text += "network Part(size = 3) { dt: 1 ms; input x: size; layer h: lif(size) { tau_mem: 4 ms, \
                          tau_syn: 2 ms }; x -> linear -> h; output h; }\n";
        }
        let doc =
            self.choices.pick(&["", "", "/// Documented.\n", "/// `*/` \"\\\n///\n/// <b>\u{e9}</b>\n"]);
        self.text += doc;
        match self.choices.below(8) {
            7 => self.instance(),
            _ => self.network(),
        }
    }

    /// A network that is an instance of one of the library.
    fn instance(&mut self) {
        let layers = self.choices.pick(&["[8]", "[8, 4]", "[n]", "[2, 2, 2]", "[]"]);
        let taus = self.choices.pick(&["[2]", "[2, 2]", "[1]", "[2, 4, 2]", "[0]"]);
        let channels = self.choices.pick(COUNTS);
        let output = self.choices.pick(&["vmem", "spikes", "isyn"]);
        let name = self.choices.pick(&["SynNet", "WaveSense"]);
        self.text += &match name {
            "SynNet" => format!(
                "network N(n = 4) = SynNet(n_channels: {channels}, n_classes: 3, size_hidden_layers: {layers}, \
                 time_constants_per_layer: {taus}, output: {output});\n"
            ),
            _ => format!(
                "network N(n = 4) = WaveSense(dilations: {taus}, n_classes: 2, n_channels_in: {channels}, \
                 n_channels_res: 4, n_channels_skip: 4, n_hidden: 4, kernel_size: 2);\n"
            ),
        };
    }

    fn network(&mut self) {
        let name = self.choices.pick(&["N", "Net", "U8", "Char", "Self", "main", "n"]);
        let dt = self.choices.pick(&["1 ms", "1 ms", "10 ms", "0.1 ms", "3 ms", "1 us", "1 s"]);
        let channels = self.choices.pick(COUNTS);
        self.text +=
            &format!("network {name}(n = 4) {{\n dt: {dt};\n input x: {channels};\n let rate = 100 Hz;\n");
        self.layers.push("x".to_owned());
        for i in 0..1 + self.choices.below(5) {
            self.layer(i);
        }
        for _ in 0..1 + self.choices.below(5) {
            self.chain();
        }
        self.control();
        let last = self.layers.last().cloned().unwrap_or_default();
        let quantity = self.choices.pick(&["", "", ".vmem", ".isyn", ".spikes"]);
        self.text += &format!(" output {last}{quantity};\n}}\n");
    }

    /// A layer or an instance, connected from one before in most cases.
    fn layer(&mut self, index: usize) {
        let name = match self.choices.below(4) {
            3 => format!("h[{index}]"),
            _ => ["a", "b", "fn", "out", "state"][index.min(4)].to_owned(),
        };
        if self.choices.one_in(10) {
            self.text += &format!(" net {name}: Part(size: n);\n");
        } else {
            let kind = self.choices.pick(&["lif", "lif", "lif", "expsyn", "alif"]);
            let size = self.choices.pick(COUNTS);
            let fields = self.fields(kind);
            self.text += &format!(" layer {name}: {kind}({size}) {{ {fields} }};\n");
        }
        if !self.choices.one_in(8) {
            let source = self.source();
            let operators = self.operators();
            self.text += &format!(" {source} -> {operators}{name};\n");
        }
        self.layers.push(name);
    }

    /// The fields that a neuron requires, and some more; rarely one too few or too many.
    fn fields(&mut self, kind: &str) -> String {
        let mut names = match kind {
            "expsyn" => vec!["tau_syn"],
            "alif" => vec!["tau_mem", "tau_syn", "tau_ahp", "w_ahp"],
            _ => vec!["tau_mem", "tau_syn"],
        };
        for _ in 0..self.choices.below(4) {
            let name = self.choices.pick(FIELDS);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let fields = names.into_iter().map(|name| {
            let learn = if self.choices.one_in(6) { "learn " } else { "" };
            let value = match name {
                "tau_mem" | "tau_syn" | "tau_ahp" => self.choices.pick(TIMES),
                "reset" => self.choices.pick(&["subtract", "zero"]),
                "surrogate" => self.choices.pick(&[
                    "piecewise_linear",
                    "periodic_exponential",
                    "fast_sigmoid",
                    "arctangent",
                    "triangle",
                    "boxcar",
                ]),
                "max_spikes" | "synapses" | "dash_mem" | "dash_syn" => self.choices.pick(COUNTS),
                _ => self.choices.pick(NUMBERS),
            };
            format!("{name}: {learn}{value}")
        });
        fields.collect::<Vec<_>>().join(", ")
    }

    fn source(&mut self) -> String {
        let names: Vec<&str> = self.layers.iter().map(String::as_str).collect();
        let first = self.choices.pick(&names);
        match self.choices.below(6) {
            5 => format!("{first} + {}", self.choices.pick(&names)),
            _ => first.to_owned(),
        }
    }

    fn operators(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.choices.below(2) {
            text += &match self.choices.below(8) {
                5 => format!("delay({}) -> ", self.choices.pick(COUNTS)),
                6 => format!("dropout({}) -> ", self.choices.pick(NUMBERS)),
                7 => return text,
                _ => continue,
            };
        }
        text + &match self.choices.below(6) {
            3 => format!("linear {{ scale: {} }} -> ", self.choices.pick(NUMBERS)),
            4 => format!(
                "linear {{ init: {}, bias: {}, learn: {} }} -> ",
                self.choices.pick(&["normal(0, 0.1)", "uniform(-1, 1)", "constant(0.5)", "constant(1e39)"]),
                self.choices.pick(&["true", "false", "uniform(-0.1, 0.1)"]),
                self.choices.pick(&["true", "false"]),
            ),
            _ => "linear -> ".to_owned(),
        }
    }

    fn chain(&mut self) {
        let source = self.source();
        let operators = self.operators();
        let names: Vec<&str> = self.layers.iter().map(String::as_str).collect();
        let target = self.choices.pick(&names);
        if self.choices.one_in(2) {
            self.text += &format!(" {source} -> {operators}{target};\n");
        }
    }

    /// Loops, conditions, assertions and bindings.
    fn control(&mut self) {
        for i in 0..self.choices.below(3) {
            let range = self.choices.pick(&["0..2", "0..n", "1..1", "0..40", "0..300", "[1, 2]", "5..2"]);
            let from = self.source();
            self.text += &match self.choices.below(6) {
                0 => format!(" let v{i} = [k * 2 for k in {range}];\n"),
                1 => " assert(n > 2, \"n is {n}\");\n".to_owned(),
                2 => format!(
                    " for i in {range} {{ layer g[i]: lif(2) {{ tau_mem: 5 ms, tau_syn: 5 ms }}; {from} -> linear -> g[i]; }}\n"
                ),
                3 => format!(" if n > 2 {{ {from} -> linear -> a; }} else {{ }}\n"),
                4 => format!(" for i in {range} {{ for j in {range} {{ {from} -> linear -> a; }} }}\n"),
                _ => format!(" sum(h[i] for i in {range}) -> linear -> a;\n"),
            };
        }
    }
}
