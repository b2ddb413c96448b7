//! Keys that have no effect, given the others: each is a warning, because its author expects something from it.

use synnet_audio::audio3::Normalization;
use synnet_ir::Graph;
use synnet_ir::display::pluralize;
use synnet_ir::graph::{LayerParameter, LeakUnit};
use synnet_ir::{Slot, TensorSpec};
use synnet_runtime::Schedule;

use super::{Format, FrontEnd, Recipe};
use crate::problem::Problem;
use crate::target::TargetOption;
use crate::yaml::{KeyPath, Node};

/// Returns a warning for each key without effect, whatever the network. `tree` has the keys that are given.
///
/// `front_end` is never among them: `snnc encode` and `snnc run` take it from recipes of any format.
pub(super) fn warnings(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let checks = [front_end, data, seeds, schedule, regularizers, selection, chips, quantize];
    checks.iter().flat_map(|check| check(recipe, tree)).collect()
}

/// Returns whether a recipe gives a key.
fn has(tree: &Node, path: &str) -> bool {
    KeyPath::dotted(path).0.iter().try_fold(tree, |node, part| node.get(part)).is_some()
}

/// Returns a warning for each of the keys that is given.
fn given(tree: &Node, keys: &[&str], reason: &str, help: &str) -> Vec<Problem> {
    let keys = keys.iter().filter(|key| has(tree, key));
    keys.map(|key| Problem::without_effect(key, reason, help)).collect()
}

fn front_end(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let FrontEnd::XyloAudio3(options) = &recipe.front_end;
    let (keys, reason, help): (&[&str], _, _) = match options.normalization {
        Normalization::Fixed => (
            &["front_end.b1", "front_end.b2", "front_end.low_pass", "front_end.eps"],
            "with `normalization: fixed`, thresholds are not averages",
            "omit it, or choose another `normalization`",
        ),
        Normalization::Joint | Normalization::Channel => (
            &["front_end.fixed_threshold"],
            "it is the threshold of `normalization: fixed`",
            "add `normalization: fixed`, or omit it",
        ),
    };
    let problems = given(tree, keys, reason, help).into_iter();
    problems.map(|problem| problem.involving("front_end.normalization")).collect()
}

fn data(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    let format = recipe.data.format;
    if format != Format::Wav {
        let reason = "only the output of the audio front end is cached";
        problems.extend(given(tree, &["data.cache"], reason, "omit it"));
    }
    if recipe.training_streams().is_some() {
        let reason = "streams are composed anew, and their events are not cached";
        problems.extend(given(tree, &["data.cache"], reason, "omit it"));
    }
    if format == Format::Shd {
        problems.extend(given(tree, &["data.ignore"], "the samples are in a single file", "omit it"));
    }
    problems.into_iter().map(|problem| problem.involving("data.format")).collect()
}

fn seeds(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    if recipe.seeds.is_none() {
        return Vec::new();
    }
    let found = given(tree, &["training.seed"], "`seeds` lists the seeds", "omit one of them");
    found.into_iter().map(|problem| problem.involving("seeds")).collect()
}

fn schedule(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let epochs = recipe.training.epochs;
    let Schedule::StepDecay(step) = &recipe.training.schedule else { return Vec::new() };
    if epochs == 0 || step.factor == 1.0 || step.warm_up + step.every < epochs as f64 {
        return Vec::new();
    }
    let reason = format!("training ends after {}, before the first step", pluralize(epochs, "epoch"));
    let found = given(tree, &["training.schedule.every"], &reason, "lower it, or train for more epochs");
    found.into_iter().map(|problem| problem.involving("training.epochs")).collect()
}

fn regularizers(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(rate) = &recipe.training.rate_regularizer {
        let (weight, target) = ("training.rate_regularizer.weight", "training.rate_regularizer.target");
        let (silent, minimum) =
            ("training.rate_regularizer.silent_weight", "training.rate_regularizer.minimum");
        if rate.silent_weight > 0.0 && rate.minimum == 0.0 {
            let help = "set `minimum`, the rate below which it applies, or omit it";
            problems.extend(given(tree, &[silent], "no rate is below `minimum`, which is 0", help));
        } else if rate.silent_weight == 0.0 && rate.minimum > 0.0 {
            let help = "set `silent_weight`, or omit it";
            problems.extend(given(tree, &[minimum], "`silent_weight` is 0", help));
        }
        if rate.weight == 0.0 && rate.silent_weight == 0.0 {
            let help = "set a weight above 0, or omit `rate_regularizer`";
            problems.extend(given(tree, &[weight, target], "all weights are 0", help));
        }
    }
    if recipe.training.membrane_regularizer.is_some_and(|membrane| membrane.weight == 0.0) {
        let help = "set `weight` above 0, or omit it";
        problems.extend(given(tree, &["training.membrane_regularizer"], "its `weight` is 0", help));
    }
    if recipe.training.weight_regularizer.is_some_and(|weights| weights.l1 == 0.0 && weights.l2 == 0.0) {
        let help = "set `l1` or `l2` above 0, or omit it";
        problems.extend(given(tree, &["training.weight_regularizer"], "`l1` and `l2` are 0", help));
    }
    problems
}

fn selection(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let epochs = recipe.training.epochs;
    let Some(patience) = recipe.training.selection.and_then(|selection| selection.patience) else {
        return Vec::new();
    };
    if epochs == 0 || patience < epochs {
        return Vec::new();
    }
    let reason = format!("training has only {}", pluralize(epochs, "epoch"));
    let help = "lower it, or train for more epochs";
    let found = given(tree, &["training.selection.patience"], &reason, help);
    found.into_iter().map(|problem| problem.involving("training.epochs")).collect()
}

fn chips(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    if !recipe.data.classes.is_empty() || recipe.quantize.aware_from.is_some() {
        return Vec::new();
    }
    let reason = "chips are evaluated by the classes of samples, and `data.classes` is not set";
    let found = given(tree, &["chip"], reason, "omit it, or name the classes");
    found.into_iter().map(|problem| problem.involving("data.classes")).collect()
}

fn quantize(recipe: &Recipe, tree: &Node) -> Vec<Problem> {
    let quantize = &recipe.quantize;
    let mut targets = recipe.targets.iter();
    let is_used = recipe.simulated_chip.is_some()
        || targets.any(|target| target.accepts(TargetOption::Quantize))
        // Reported as an error.
        || quantize.aware_from.is_some();
    let found = if !is_used {
        let reason = "no target of `build` has integer weights, and `chip` is not set";
        given(tree, &["quantize"], reason, "omit it, or add a target, such as `xylo-audio3`")
    } else if !quantize.measure_ranges && quantize.options.method.rockpool().is_none() {
        let reason = "the ranges of the states are measured only with `weight_shifts: true`";
        given(tree, &["quantize.headroom"], reason, "add `weight_shifts: true`, or omit it")
    } else {
        Vec::new()
    };
    found.into_iter().map(|problem| problem.involving("build").involving("chip")).collect()
}

/// Returns a warning for each training option that has no effect on a network.
pub(crate) fn network_warnings(recipe: &Recipe, graph: &Graph) -> Vec<Problem> {
    let learned: Vec<TensorSpec> = graph.tensors().into_iter().filter(|spec| spec.learn).collect();
    let leak = |spec: &TensorSpec| match spec.slot {
        Slot::Layer(id, which) => which.leak(graph.layer(id)).map(|leak| leak.unit),
        Slot::Weight(_) | Slot::LinearBias(_) => None,
    };
    let is_threshold = |spec: &TensorSpec| matches!(spec.slot, Slot::Layer(_, LayerParameter::Threshold));
    let is_decay = |spec: &TensorSpec| matches!(leak(spec), Some(LeakUnit::Decay | LeakUnit::BitShift));
    let is_tau = |spec: &TensorSpec| leak(spec) == Some(LeakUnit::TimeConstant);
    let bounds: [(&str, bool, &str); 4] = [
        ("min_tau", learned.iter().any(is_tau), "time constants"),
        ("min_decay", learned.iter().any(is_decay), "decays or bit shifts"),
        ("max_decay", learned.iter().any(is_decay), "decays or bit shifts"),
        ("min_threshold", learned.iter().any(is_threshold), "thresholds"),
    ];
    let name = &graph.name;
    let mut problems = Vec::new();
    for (key, _, what) in bounds.iter().filter(|(_, is_used, _)| !is_used) {
        let path = format!("training.bounds.{key}");
        if recipe.gives(&path) {
            let reason = format!("network `{name}` learns no {what}");
            problems.push(Problem::without_effect(
                &path,
                reason,
                "omit it, or declare one with `learn(...)`",
            ));
        }
    }
    for key in recipe.training.lr_factors.keys().filter(|key| !key.contains('.')) {
        let suffix = format!(".{key}");
        let mut meant = learned.iter().filter(|spec| spec.name.ends_with(&suffix)).peekable();
        let is_named = |spec: &TensorSpec| recipe.training.lr_factors.contains_key(&spec.name);
        if meant.peek().is_some() && meant.all(is_named) {
            let path = format!("training.lr_factors.{key}");
            let reason = "every tensor that it names has a factor of its own";
            problems.push(Problem::without_effect(&path, reason, "omit it"));
        }
    }
    problems
}

impl Recipe {
    /// Returns whether the source of the recipe gives a key.
    pub(super) fn gives(&self, path: &str) -> bool {
        let tree = self.source.as_ref().and_then(|source| source.tree.as_ref());
        tree.is_some_and(|tree| has(tree, path))
    }
}
