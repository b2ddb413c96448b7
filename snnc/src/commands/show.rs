//! `snnc show`: what a network consists of, what of a chip it takes, and what a built network holds.

use serde_json::{Value, json};
use synnet_xylo::specification::Dimensions;
use synnet_xylo::{Budget, Chip, QuantizeOptions, Specification};

use crate::cli::{Show, ShowFormat};
use synnet_workbench::cost::CostSummary;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::target::Target;
use synnet_workbench::{artifacts, source, terminal};

/// Prints a network, or a built one.
pub fn run(args: &Show, json: bool) -> Result<(), Failure> {
    if artifacts::is_built(&args.network.net) {
        return built(args, json);
    }
    if args.dt.is_some() {
        return Err(Failure::Io("`--dt` is for built networks: this one says how long a step takes".into()));
    }
    let loaded = super::load(&args.network)?;
    let graph = &loaded.graph;
    let format = if json { ShowFormat::Json } else { args.format };
    let chip = match Target::or_chosen(args.target.as_ref())? {
        Some(Target::Chip(chip)) => Some(chip),
        Some(target) => {
            let what = "only chips have a limited number of neurons";
            return Err(Failure::Io(format!("`--target {}`: {what}", target.name())));
        }
        None => None,
    };
    let Some(chip) = chip else {
        if args.weights.is_some() {
            return Err(Failure::Io(
                "`--weights` is for what a network costs on a chip: give `--target`".into(),
            ));
        }
        return terminal::print(&match format {
            ShowFormat::Table => synnet_ir::to_table(graph),
            ShowFormat::Yaml => synnet_ir::to_yaml(graph),
            ShowFormat::Json => synnet_ir::to_json(graph),
            ShowFormat::Dot => synnet_ir::to_dot(graph),
        });
    };
    let budget = Budget::of(graph, chip);
    // The budget is worth most where the network does not fit.
    let fits = source::accept(&synnet_xylo::rules::check(graph, chip), &loaded.sources);
    let cost = match (&args.weights, &fits) {
        (Some(weights), Ok(())) => Some(cost(&loaded, weights, chip)?),
        _ => None,
    };
    match format {
        ShowFormat::Json => {
            let cost = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
            terminal::print_json(&json!({ "network": to_value(graph)?, "budget": budget, "cost": cost }))?;
        }
        ShowFormat::Table => {
            let mut text = format!("{}\n{budget}", synnet_ir::to_table(graph));
            if let Some(cost) = &cost {
                text += &format!("\n{}", in_words(cost.as_ref(), chip));
            }
            terminal::print(&text)?;
        }
        ShowFormat::Yaml | ShowFormat::Dot => {
            let what = "is shown as a table or as JSON";
            return Err(Failure::Io(format!("what a network takes of a chip {what}: leave out `--format`")));
        }
    }
    fits
}

fn to_value(graph: &synnet_ir::Graph) -> Result<Value, Failure> {
    serde_json::from_str(&synnet_ir::to_json(graph)).map_err(|e| Failure::Io(e.to_string()))
}

/// What the network costs with these weights; `None` for chips of which that is not known.
fn cost(
    loaded: &source::Loaded,
    weights: &std::path::Path,
    chip: &Chip,
) -> Result<Option<CostSummary>, Failure> {
    let network = source::bind(loaded, weights)?;
    let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default()).map_err(|diagnostics| {
        Failure::Rendered(synnet_ir::render(&diagnostics, &loaded.sources, terminal::color()))
    })?;
    Ok(CostSummary::of_build(&build, chip))
}

fn in_words(cost: Option<&CostSummary>, chip: &Chip) -> String {
    cost.map_or_else(
        || format!("what a network costs on {} is not known: there is no model of its cycles\n", chip.title),
        CostSummary::in_full,
    )
}

/// A specification or a configuration.
fn built(args: &Show, json: bool) -> Result<(), Failure> {
    let network = &args.network;
    if network.name.is_some() || !network.params.is_empty() || args.weights.is_some() {
        return Err(Failure::Io("a built network has no names, parameters or weights to set".into()));
    }
    if !matches!(args.format, ShowFormat::Table | ShowFormat::Json) {
        return Err(Failure::Io("a built network is shown as a table or as JSON".into()));
    }
    let path = &network.net;
    let loaded = artifacts::read_xylo(path)?;
    let spec = &loaded.specification;
    let chip = artifacts::chip_of(path, &loaded, args.target.as_ref())?;
    let budget = chip.map(|chip| Budget::of_specification(spec, chip));
    let cost = chip.map(|chip| CostSummary::of_specification(spec, chip, args.dt));
    if json || args.format == ShowFormat::Json {
        let known = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
        terminal::print_json(&json!({
            "chip": chip.map(|chip| &chip.name),
            "populations": populations(spec).map(|p| p.to_json()),
            "weights": matrices(spec).map(|m| m.to_json()),
            "aliases": spec.alias_target.iter().flatten().count(),
            "defaulted_arrays": loaded.defaulted,
            "budget": budget,
            "cost": known,
        }))?;
    } else {
        let mut text = table(spec);
        if !loaded.defaulted.is_empty() {
            text += &format!("\nnot in the file, so as Rockpool has them: {}\n", loaded.defaulted.join(", "));
        }
        if let (Some(chip), Some(budget), Some(cost)) = (chip, &budget, &cost) {
            text += &format!("\n{budget}\n{}", in_words(cost.as_ref(), chip));
        } else {
            text += "\nwhat it takes of a chip, and what it costs there: give `--target`\n";
        }
        terminal::print(&text)?;
    }
    chip.map_or(Ok(()), |chip| artifacts::check_xylo(path, spec, chip))
}

/// The hidden neurons or the readout.
struct Population {
    name: &'static str,
    neurons: usize,
    /// The constants of the neurons by their names; empty where there are none.
    constants: [(&'static str, Vec<i64>); 5],
    aliases: usize,
}

fn populations(spec: &Specification) -> [Population; 2] {
    let Dimensions { hidden, outputs, synapses, .. } = spec.dimensions;
    let bytes = |values: &[u8]| values.iter().map(|&x| x.into()).collect::<Vec<i64>>();
    let words = |values: &[i16]| values.iter().map(|&x| x.into()).collect::<Vec<i64>>();
    let second = if synapses > 1 { bytes(&spec.dash_syn_2) } else { Vec::new() };
    [
        Population {
            name: "hidden",
            neurons: hidden,
            constants: [
                ("dash_mem", bytes(&spec.dash_mem)),
                ("dash_syn", bytes(&spec.dash_syn)),
                ("dash_syn_2", second),
                ("threshold", words(&spec.threshold)),
                ("bias", words(&spec.bias)),
            ],
            aliases: spec.alias_target.iter().flatten().count(),
        },
        Population {
            name: "readout",
            neurons: outputs,
            constants: [
                ("dash_mem", bytes(&spec.dash_mem_out)),
                ("dash_syn", bytes(&spec.dash_syn_out)),
                ("dash_syn_2", Vec::new()),
                ("threshold", words(&spec.threshold_out)),
                ("bias", words(&spec.bias_out)),
            ],
            aliases: 0,
        },
    ]
}

/// Least and greatest.
fn ends(values: &[i64]) -> Option<(i64, i64)> {
    Some((*values.iter().min()?, *values.iter().max()?))
}

fn range(values: &[i64]) -> String {
    match ends(values) {
        None => "-".into(),
        Some((low, high)) if low == high => low.to_string(),
        Some((low, high)) => format!("{low} to {high}"),
    }
}

impl Population {
    fn to_json(&self) -> Value {
        let mut value = json!({ "name": self.name, "neurons": self.neurons });
        for (name, values) in &self.constants {
            value[*name] = json!(ends(values));
        }
        value
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![self.name.to_owned(), self.neurons.to_string()];
        row.extend(self.constants.iter().map(|(_, values)| range(values)));
        row.push(self.aliases.to_string());
        row
    }
}

/// Weights into one place.
struct Matrix<'a> {
    name: &'static str,
    shape: [usize; 3],
    values: &'a [i8],
    shift: u8,
}

fn matrices(spec: &Specification) -> [Matrix<'_>; 3] {
    let d = spec.dimensions;
    let matrix = |name, shape, values, shift| Matrix { name, shape, values, shift };
    [
        matrix(
            "input",
            [d.inputs, d.input_expansion, d.synapses],
            &spec.weights_in[..],
            spec.weight_shift_in,
        ),
        matrix("hidden", [d.hidden, d.hidden, d.synapses], &spec.weights_rec, spec.weight_shift_rec),
        matrix("readout", [d.output_expansion, d.outputs, 1], &spec.weights_out, spec.weight_shift_out),
    ]
}

impl Matrix<'_> {
    fn present(&self) -> usize {
        self.values.iter().filter(|&&w| w != 0).count()
    }

    fn wide(&self) -> Vec<i64> {
        self.values.iter().map(|&w| w.into()).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "shape": self.shape, "nonzero": self.present(), "range": ends(&self.wide()),
            "shift": self.shift,
        })
    }

    fn row(&self) -> Vec<String> {
        let [sources, targets, synapses] = self.shape;
        let share = 100.0 * self.present() as f64 / self.values.len().max(1) as f64;
        vec![
            self.name.to_owned(),
            format!("{sources} x {targets} x {synapses}"),
            format!("{} ({share:.0} %)", self.present()),
            range(&self.wide()),
            self.shift.to_string(),
        ]
    }
}

/// A specification in two tables.
fn table(spec: &Specification) -> String {
    let head = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let names = ["neurons", "number", "dash_mem", "dash_syn", "dash_syn_2", "threshold", "bias", "aliases"];
    let neurons: Vec<_> =
        std::iter::once(head(&names)).chain(populations(spec).iter().map(Population::row)).collect();
    let names = ["weights", "sources x targets x synapses", "not zero", "range", "shift"];
    let weights: Vec<_> =
        std::iter::once(head(&names)).chain(matrices(spec).iter().map(Matrix::row)).collect();
    format!("{}\n{}", terminal::table(&neurons), terminal::table(&weights))
}
