//! The synnet side of `benches/training.py` and `benches/curves.py`: times training steps on request.
//!
//! The scripts start it with a case, a folder with `net.snn` and `case.safetensors`: the weights, the input
//! `x`, `[batch, steps, channels]`, and the target `y`, `[batch, steps, outputs]`. It writes the loss and its
//! gradients to `--result`, for comparison with other engines, then reads numbers of seconds, one per line,
//! and answers each with the times of the steps done within it. A step is a forward pass, a backward pass and
//! Adam on the whole batch.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Graph, Params, Sources, Tensor, render};
use synnet_runtime::loss::MeanSquaredError;
use synnet_runtime::optimizer::Adam;
use synnet_runtime::{Control, Dataset, DenseSample, Label, TrainOptions, Trainer};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Maximum number of times in one answer.
const MAX_RUNS: usize = 2000;
/// Approximate size of the rasters of an epoch, in bytes: with enough batches, the start of an epoch is
/// negligible.
const EPOCH_BYTES: usize = 16 << 20;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name);
        place.and_then(|i| arguments.get(i + 1)).map(String::as_str)
    };
    let (Some(case), Some(result)) = (option("--case"), option("--result")) else {
        println!("training: needs a case; run `python benches/training.py`");
        return Ok(());
    };
    let threads: usize = option("--threads").unwrap_or("1").parse()?;
    let case = Case::read(Path::new(case))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        std::fs::write(result, case.loss_and_gradients()?.to_safetensors())?;
        serve(Engine::new(&case)?)
    })
}

/// Answers requests until there are no more.
fn serve(mut engine: Engine) -> Outcome<()> {
    engine.steps(Duration::ZERO)?;
    println!("{}", json!({ "version": format!("synnet {}", env!("CARGO_PKG_VERSION")) }));
    for line in std::io::stdin().lock().lines() {
        let seconds = engine.steps(Duration::from_secs_f64(line?.trim().parse()?))?;
        println!("{}", json!({ "seconds": seconds, "peak_mib": peak_mib() }));
    }
    Ok(())
}

/// Returns the maximum resident memory of this process, if the system reports it.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.unwrap_or(0.0) / 1024.0
}

/// A network, its weights, and one batch.
struct Case {
    graph: Graph,
    weights: Params,
    channels: usize,
    steps: usize,
    batch: Vec<DenseSample>,
}

impl Case {
    fn read(folder: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(folder.join("net.snn"))?;
        let mut sources = Sources::new();
        let root = sources.add("net.snn", text.as_str());
        let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
        let graph = compilation.graph.ok_or_else(|| render(&compilation.diagnostics, &sources, false))?;
        let mut weights = Params::from_safetensors(&std::fs::read(folder.join("case.safetensors"))?)?;
        let mut take =
            |name: &str| weights.tensors.remove(name).ok_or(format!("the case has no tensor `{name}`"));
        let (x, y) = (take("x")?, take("y")?);
        let &[_, steps, channels] = &*x.shape else {
            return Err("`x` is not [batch, steps, channels]".into());
        };
        let targets = y.data.chunks_exact(steps * graph.outputs());
        let batch = x.data.chunks_exact(steps * channels).zip(targets).map(|(raster, target)| DenseSample {
            raster: raster.to_vec(),
            steps,
            label: Label::Sequence(target.to_vec()),
        });
        let batch = batch.collect();
        Ok(Self { graph, weights, channels, steps, batch })
    }

    /// Returns a trainer, and a dataset that repeats the batch.
    fn trainer(&self, batches: usize, lr: f64, eps: f64) -> Outcome<(Trainer, Dataset)> {
        let options = TrainOptions::new(MeanSquaredError::new(), 1_000_000, self.batch.len())
            .with_optimizer(Adam::new(lr).with_eps(eps));
        let trainer = Trainer::new(&self.graph, self.weights.clone(), options)
            .map_err(|errors| render(&errors, &Sources::new(), false))?;
        let samples = std::iter::repeat_n(&self.batch, batches).flatten().cloned().collect();
        let dataset = Dataset::new(self.channels, self.steps, samples)
            .map_err(|errors| render(&errors, &Sources::new(), false))?;
        Ok((trainer, dataset))
    }

    /// Returns the loss of the batch, and the gradient of every weight.
    ///
    /// The first update of Adam is `lr * g / (|g| + eps)`. With `eps` far above every gradient, this is
    /// `lr / eps * g`, scaled so that rounding of the weight itself is negligible.
    fn loss_and_gradients(&self) -> Outcome<Params> {
        let (factor, eps) = (1e6, 1e6);
        let (mut trainer, dataset) = self.trainer(1, factor * eps, eps)?;
        let metrics = trainer.epoch(&dataset, &mut |_| Control::Continue)?;
        let after = trainer.params();
        let gradient = |(name, before): (&String, &Tensor)| {
            let moved = before.data.iter().zip(&after.tensors[name].data);
            let data =
                moved.map(|(before, after)| ((f64::from(*before) - f64::from(*after)) / factor) as f32);
            (name.clone(), Tensor::new(before.shape.clone(), data.collect()))
        };
        let mut tensors: BTreeMap<String, Tensor> = self.weights.tensors.iter().map(gradient).collect();
        tensors.insert("loss".to_owned(), Tensor::new([1], vec![metrics.loss as f32]));
        Ok(Params { tensors })
    }
}

/// What is timed.
struct Engine {
    trainer: Trainer,
    dataset: Dataset,
}

impl Engine {
    fn new(case: &Case) -> Outcome<Self> {
        let bytes = case.batch.iter().map(|sample| size_of_val(&*sample.raster)).sum::<usize>();
        let batches = (EPOCH_BYTES / bytes.max(1)).clamp(3, 500);
        // The learning rate is so low that the network does not change while its steps are timed.
        let (trainer, dataset) = case.trainer(batches, 1e-8, 1e-8)?;
        Ok(Self { trainer, dataset })
    }

    /// Runs at least one step, and continues until the time is over. Returns the seconds of every step except
    /// the first of an epoch, which prepares buffers.
    fn steps(&mut self, time: Duration) -> Outcome<Vec<f64>> {
        let start = Instant::now();
        let mut seconds = Vec::with_capacity(MAX_RUNS);
        while seconds.is_empty() || (start.elapsed() < time && seconds.len() < MAX_RUNS) {
            let mut last = None;
            self.trainer.epoch(&self.dataset, &mut |_| {
                let now = Instant::now();
                seconds.extend(last.map(|last| now.duration_since(last).as_secs_f64()));
                last = Some(now);
                let done = !seconds.is_empty() && (start.elapsed() >= time || seconds.len() >= MAX_RUNS);
                if done { Control::Stop } else { Control::Continue }
            })?;
        }
        Ok(seconds)
    }
}
