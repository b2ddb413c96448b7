//! Progress bars on a terminal; a few plain lines if standard error is redirected.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use synnet_ir::display::{format_duration, format_percent, format_whole_percent};
use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_runtime::train::LayerMetrics;
use synnet_runtime::{EpochMetrics, Progress};
use synnet_workbench::{Observer, Stage};

use crate::failure::{Failure, INTERRUPTED};
use crate::terminal;

/// Shows warnings and progress of an experiment on standard error.
#[derive(Default)]
pub struct Terminal {
    screen: Mutex<Screen>,
    interrupted: Arc<AtomicBool>,
    /// Whether training is running. If so, an interrupt ends it with a checkpoint.
    training: Arc<AtomicBool>,
}

/// The bars on the screen.
#[derive(Default)]
struct Screen {
    /// Counts the items of a stage.
    counter: Option<ProgressBar>,
    training: Option<TrainingProgress>,
}

impl Terminal {
    /// Makes Ctrl-C end training with a checkpoint. Before and after training, Ctrl-C ends the process at once: there
    /// is nothing to save, and files are never half-written, because they are renamed into place.
    pub fn watch_for_interrupts(&self) -> Result<(), Failure> {
        let (interrupted, training) = (Arc::clone(&self.interrupted), Arc::clone(&self.training));
        ctrlc::set_handler(move || {
            if !training.load(Ordering::SeqCst) {
                std::process::exit(INTERRUPTED.into());
            }
            interrupted.store(true, Ordering::SeqCst);
        })
        .map_err(|e| Failure::Usage(format!("cannot watch for Ctrl-C: {e}")))
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        // A panic in another thread cannot leave the bars in a bad state: the next update redraws them.
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hides the bars while `write` prints lines.
    fn write(&self, write: impl FnOnce()) {
        let screen = self.screen();
        let training = screen.training.as_ref().map(|training| &training.bar);
        match training.or(screen.counter.as_ref()) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Terminal {
    fn warning(&self, message: &str) {
        self.write(|| terminal::warn(message));
    }

    fn note(&self, message: &str) {
        self.write(|| terminal::print(message));
    }

    fn diagnostics(&self, warnings: &[Diagnostic], sources: &Sources) {
        let text = synnet_ir::render(warnings, sources, terminal::color());
        self.write(|| terminal::print(text.trim_end()));
    }

    fn items_added(&self, stage: Stage, items: usize) {
        let name = match stage {
            Stage::Reading => "reading",
            Stage::Comparing => "comparing",
        };
        let mut screen = self.screen();
        let bar = screen.counter.get_or_insert_with(|| bar(name, "{prefix:<12} [{bar:30}] {pos}/{len}"));
        bar.inc_length(items as u64);
    }

    fn item_done(&self, _stage: Stage) {
        if let Some(bar) = &self.screen().counter {
            bar.inc(1);
        }
    }

    fn stage_done(&self, _stage: Stage) {
        if let Some(bar) = self.screen().counter.take() {
            bar.finish_and_clear();
        }
    }

    fn seed_started(&self, seed: u64) {
        self.note(&format!("seed {seed}:"));
    }

    fn training_started(&self, graph: &Graph, epochs: Range<usize>) {
        self.training.store(true, Ordering::SeqCst);
        self.screen().training = Some(TrainingProgress::new(graph, epochs));
    }

    fn batch_done(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>) {
        if let Some(training) = &self.screen().training {
            training.show_batch(progress, last);
        }
    }

    fn epoch_done(&self, metrics: &EpochMetrics, is_last: bool) {
        if let Some(training) = &self.screen().training {
            training.print_epoch(metrics, is_last);
        }
    }

    fn training_done(&self) {
        self.training.store(self.is_interrupted(), Ordering::SeqCst);
        if let Some(training) = self.screen().training.take() {
            training.bar.finish_and_clear();
        }
    }

    fn run_done(&self, results: &str) {
        terminal::print(format_args!("\n{}", results.trim_end()));
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}

fn bar(name: &'static str, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Hidden until it is complete, so that no half-configured bar is drawn.
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(name);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

/// Progress of training. On a terminal, two lines are updated after every batch; otherwise, about ten lines are printed
/// in total.
struct TrainingProgress {
    bar: ProgressBar,
    epochs: Range<usize>,
    started: Instant,
    /// Epochs between two plain lines, if there is no terminal.
    line_every: usize,
    /// Layers whose firing rates are shown.
    layers: Vec<String>,
}

impl TrainingProgress {
    /// `epochs` are those still to run, from 0.
    fn new(graph: &Graph, epochs: Range<usize>) -> Self {
        let layers = graph.layers.iter().map(|layer| layer.name.clone());
        let bar = bar("training", "{prefix:<12} [{bar:30}] {msg}");
        // A thousand ticks for each epoch: the bar also moves within an epoch.
        bar.set_length((epochs.end as u64).saturating_mul(1000));
        let line_every = epochs.end.div_ceil(10).max(1);
        let layers = layers.filter(|layer| graph.uses_spikes_of(layer)).collect();
        Self { bar, epochs, started: Instant::now(), line_every, layers }
    }

    /// Updates the bar after a batch; `last` holds the metrics of the last complete epoch.
    fn show_batch(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>) {
        let Range { start: first, end: epochs } = self.epochs;
        let done = progress.epoch as f64 + progress.fraction();
        let elapsed = self.started.elapsed().as_secs_f64();
        // A resumed run measures its own epochs only.
        let measured = done - first as f64;
        let left = if measured > 0.0 { elapsed / measured * (epochs as f64 - done) } else { 0.0 };
        self.bar.set_position((done * 1000.0) as u64);
        self.bar.set_message(format!(
            "epoch {}/{epochs}  {}  {} left\n{:12} {}  gradient {:.1e}  lr {:.1e}",
            (progress.epoch + 1).min(epochs),
            metrics_summary(progress.loss, progress.accuracy, last),
            format_duration(Duration::from_secs_f64(left.max(0.0))),
            "",
            self.rates(progress.layers),
            progress.gradient_norm,
            progress.lr,
        ));
    }

    /// Prints a line after an epoch, if there is no terminal.
    fn print_epoch(&self, metrics: &EpochMetrics, is_last: bool) {
        let number = metrics.epoch + 1;
        if self.bar.is_hidden() && (number.is_multiple_of(self.line_every) || is_last) {
            terminal::print(format_args!(
                "epoch {number}/{}  {}  {}",
                self.epochs.end,
                metrics_summary(metrics.loss, metrics.accuracy, Some(metrics)),
                self.rates(&metrics.layers)
            ));
        }
    }

    /// Formats the firing rates of the layers, with notable fractions of silent or saturated neurons.
    fn rates(&self, layers: &[LayerMetrics]) -> String {
        const NOTABLE_FRACTION: f64 = 0.1;
        let layers = layers.iter().filter(|layer| self.layers.contains(&layer.layer)).map(|layer| {
            let notes = [("silent", layer.silent_neurons), ("saturated", layer.saturated_neurons)];
            let notes = notes.iter().filter(|(_, fraction)| *fraction >= NOTABLE_FRACTION);
            let notes: Vec<String> = notes
                .map(|(state, fraction)| format!("{} {state}", format_whole_percent(*fraction)))
                .collect();
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            format!("  {} {:.2}{notes}", layer.layer, layer.rate)
        });
        format!("rates{}", layers.collect::<String>())
    }
}

/// Formats loss and accuracy; `validated` is the epoch whose validation results are current.
fn metrics_summary(loss: f64, accuracy: Option<f64>, validated: Option<&EpochMetrics>) -> String {
    let fraction = |name: &str, fraction: f64| format!("  {name} {}", format_percent(fraction));
    let accuracy = accuracy.map(|x| fraction("accuracy", x)).unwrap_or_default();
    let validation = validated.and_then(|metrics| metrics.validation.as_ref());
    let validation = validation.map(|result| match result.accuracy {
        Some(accuracy) => fraction("validation", accuracy),
        None => format!("  validation loss {:.3}", result.loss),
    });
    format!("loss {loss:.3}{accuracy}{}", validation.unwrap_or_default())
}
