//! Cross-validation over the values of a field, such as speakers: one network for each value, which is tested on the
//! samples with that value and trained on the others.

use std::path::{Path, PathBuf};

use serde_json::json;
use synnet_ir::display::{format_list, indent};

use crate::codes;
use crate::data;
use crate::error::Error;
use crate::files;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::recipe::Filter;
use crate::report::{FoldResult, FoldTable};
use crate::run::{RunOptions, RunResult, no_checkpoint, run};
use crate::training::{CHECKPOINT, SEEDS, WEIGHTS};

/// Name of the file with the metrics of every fold.
const FOLDS: &str = "folds.csv";
/// Minimum number of values of the field.
const MIN_VALUES: usize = 2;

/// How the samples are divided.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoldOptions {
    /// The field whose values divide the samples, such as `speaker`.
    pub field: String,
    /// Whether the samples of each value are left out entirely in turn, and the folds are those of the remaining values
    /// (nested cross-validation). A choice that is made on these results has seen nothing of what is left out. `false`
    /// by default.
    pub nested: bool,
}

impl FoldOptions {
    /// Returns the options for one fold per value of a field.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into(), nested: false }
    }

    /// Leaves each value out in turn, with the folds of the others.
    #[must_use]
    pub fn nested(mut self) -> Self {
        self.nested = true;
        self
    }
}

/// One fold: the value that is tested, and the one that is left out.
struct Fold {
    tested: String,
    left_out: Option<String>,
    folder: PathBuf,
}

/// Runs a recipe once for each fold, as [`run`](fn@run) does, with `data.test` replaced by the value of the fold. The folds
/// have folders of their own in that of `options`, named `speaker-theo`, or `without-jackson/speaker-theo` if they are
/// nested.
///
/// # Errors
/// Returns an error if the field has fewer than two values, or three if folds are nested, and the errors of
/// [`run`](fn@run).
pub fn run_folds(
    plan: &Plan,
    folds: &FoldOptions,
    options: &RunOptions,
    observer: &dyn Observer,
) -> Result<RunResult, Error> {
    let field = &folds.field;
    let values = data::field_values(&plan.recipe, field, plan.input(), observer)?;
    if values == [""] {
        let message = format!("the names of the samples have no field `{field}`");
        let problem = Problem::new(&codes::NO_SAMPLE, "data.pattern", message);
        return Err(plan
            .recipe
            .error(vec![problem.with_help("choose a field of the pattern with `--folds`")]));
    }
    let minimum = MIN_VALUES + usize::from(folds.nested);
    if values.len() < minimum {
        let message = format!(
            "the samples have {} in the field `{field}`; folds need at least {minimum} values",
            if values.len() == 1 {
                format!("one value, `{}`,", values[0])
            } else {
                format!("{} values", values.len())
            },
        );
        let problem = Problem::new(&codes::NO_SAMPLE, "data.path", message);
        return Err(plan.recipe.error(vec![problem.with_help("choose another field with `--folds`")]));
    }
    if !options.overwrite {
        check_folder(&options.out)?;
    }
    let all = divide(&values, folds, &options.out);
    if options.resume && !all.iter().any(|fold| has_checkpoint(&fold.folder)) {
        return Err(no_checkpoint(&options.out));
    }
    let mut results = Vec::new();
    for fold in all {
        observer.fold_started(field, &fold.tested, fold.left_out.as_deref());
        let run_options = RunOptions {
            out: fold.folder.clone(),
            resume: options.resume && has_checkpoint(&fold.folder),
            ..options.clone()
        };
        let result = run(plan_of(plan, &fold, &values, field), &run_options, observer)?;
        results.push(FoldResult {
            folder: fold.folder.strip_prefix(&options.out).unwrap_or(&fold.folder).display().to_string(),
            tested: fold.tested,
            left_out: fold.left_out,
            outcomes: result.outcomes,
            json: result.json,
        });
    }
    summarize(plan, field, results, &options.out)
}

/// Returns the folds in the order of the values.
fn divide(values: &[String], options: &FoldOptions, out: &Path) -> Vec<Fold> {
    let folder = |prefix: &str, i: usize| folder_name(prefix, &values[i], i);
    let all = || 0..values.len();
    if !options.nested {
        let fold = |i: usize| Fold {
            tested: values[i].clone(),
            left_out: None,
            folder: out.join(folder(&options.field, i)),
        };
        return all().map(fold).collect();
    }
    let mut folds = Vec::new();
    for without in all() {
        let parent = out.join(folder("without", without));
        folds.extend(all().filter(|&i| i != without).map(|i| Fold {
            tested: values[i].clone(),
            left_out: Some(values[without].clone()),
            folder: parent.join(folder(&options.field, i)),
        }));
    }
    folds
}

/// Returns the name of the folder of value `i`. If the value has characters that file systems treat in their own ways,
/// its index makes the name unique.
fn folder_name(prefix: &str, value: &str, i: usize) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let plain: String = value.chars().map(|c| if is_plain(c) { c } else { '_' }).take(64).collect();
    if plain == value { format!("{prefix}-{plain}") } else { format!("{prefix}-{plain}-{i}") }
}

/// Returns the plan of a fold.
fn plan_of(plan: &Plan, fold: &Fold, values: &[String], field: &str) -> Plan {
    let mut plan = plan.clone();
    let data = &mut plan.recipe.data;
    data.test = Filter::new().with_field(field, [fold.tested.as_str()]);
    if let Some(left_out) = &fold.left_out {
        let kept = values.iter().filter(|value| *value != left_out).map(String::as_str);
        data.only = data.only.clone().with_field(field, kept);
    }
    plan
}

fn has_checkpoint(folder: &Path) -> bool {
    let seeds = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folder.join(CHECKPOINT).exists() || seeds.into_iter().any(|entry| entry.path().join(CHECKPOINT).exists())
}

/// Checks that the folder holds no run without folds, whose report would be replaced.
fn check_folder(folder: &Path) -> Result<(), Error> {
    let holds = |name: &str| folder.join(name).exists();
    if !holds(FOLDS) && [WEIGHTS, CHECKPOINT, SEEDS].into_iter().any(holds) {
        return Err(Error::Refused(format!(
            "`{}` already contains a run without folds: choose another folder with `--out`, or overwrite it with \
             `--overwrite`",
            folder.display()
        )));
    }
    Ok(())
}

/// Writes the statistics over all folds.
fn summarize(plan: &Plan, field: &str, results: Vec<FoldResult>, out: &Path) -> Result<RunResult, Error> {
    let folds = FoldTable { network: &plan.loaded.graph.name, field, folds: &results };
    let (table, page) = (out.join(FOLDS), out.join("report.html"));
    files::write_together(&[(&table, folds.csv().as_bytes()), (&page, folds.html().as_bytes())])?;
    let files = [("report.html", "HTML report on all folds"), (FOLDS, "metrics of every fold and seed")];
    let files = files.map(|(name, description)| vec![name.to_owned(), description.to_owned()]);
    let summary = format!(
        "{}:\n\n{}\nwritten to {}:\n{}",
        folds.title(),
        folds.table(),
        out.display(),
        indent(&format_list(&files))
    );
    let json = json!({ "folds": folds.json(), "files": [table, page] });
    Ok(RunResult {
        outcomes: results.into_iter().flat_map(|fold| fold.outcomes).collect(),
        summary: Some(summary),
        json,
    })
}
