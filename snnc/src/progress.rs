//! Progress: bars on a terminal, a few plain lines elsewhere.

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

/// Shows on standard error what happens during an experiment.
#[derive(Default)]
pub struct Terminal {
    screen: Mutex<Screen>,
    interrupted: Arc<AtomicBool>,
    /// Whether a training is under way, which ends with a checkpoint if it is interrupted.
    training: Arc<AtomicBool>,
}

/// What is on the screen and changes.
#[derive(Default)]
struct Screen {
    /// The items of a stage.
    counter: Option<ProgressBar>,
    training: Option<TrainingProgress>,
}

impl Terminal {
    /// Makes Ctrl-C end a training with a checkpoint. Before and after a training it ends the process at once: there
    /// is nothing to save, and files are written aside and renamed.
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

    /// A panic while a bar was drawn leaves nothing that could not be drawn again.
    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines between the bars.
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

    fn items(&self, stage: Stage, items: usize) {
        let name = match stage {
            Stage::Reading => "recordings",
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

    fn batch(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>) {
        if let Some(training) = &self.screen().training {
            training.batch(progress, last);
        }
    }

    fn epoch(&self, metrics: &EpochMetrics, is_last: bool) {
        if let Some(training) = &self.screen().training {
            training.epoch(metrics, is_last);
        }
    }

    fn training_done(&self) {
        self.training.store(self.is_interrupted(), Ordering::SeqCst);
        if let Some(training) = self.screen().training.take() {
            training.bar.finish_and_clear();
        }
    }

    fn finished(&self, results: &str) {
        terminal::print(format_args!("\n{}", results.trim_end()));
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}

fn bar(what: &'static str, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(what);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

/// Progress of a training: two lines that follow every batch, or elsewhere than on a terminal one line for
/// about every tenth part of the epochs.
struct TrainingProgress {
    bar: ProgressBar,
    epochs: Range<usize>,
    started: Instant,
    /// Epochs between two plain lines, if there is no terminal.
    line_every: usize,
    /// The layers whose rates are shown.
    screen: Vec<String>,
}

impl TrainingProgress {
    /// Starts with the first of these epochs.
    fn new(graph: &Graph, epochs: Range<usize>) -> Self {
        let layers = graph.layers.iter().map(|layer| layer.name.clone());
        let bar = bar("training", "{prefix:<12} [{bar:30}] {msg}");
        bar.set_length((epochs.end as u64).saturating_mul(1000));
        let line_every = epochs.end.div_ceil(10).max(1);
        let screen = layers.filter(|layer| graph.uses_spikes_of(layer)).collect();
        Self { bar, epochs, started: Instant::now(), line_every, screen }
    }

    /// After a batch; `last` is the epoch before.
    fn batch(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>) {
        let Range { start: first, end: epochs } = self.epochs;
        let done = progress.epoch as f64 + progress.fraction();
        let elapsed = self.started.elapsed().as_secs_f64();
        let since = done - first as f64;
        let left = if since > 0.0 { elapsed / since * (epochs as f64 - done) } else { 0.0 };
        self.bar.set_position((done * 1000.0) as u64);
        self.bar.set_message(format!(
            "epoch {}/{epochs}  {}  {} left\n{:12} {}  gradient {:.1e}  lr {:.1e}",
            (progress.epoch + 1).min(epochs),
            figures(progress.loss, progress.accuracy, last),
            format_duration(Duration::from_secs_f64(left.max(0.0))),
            "",
            self.layers(progress.layers),
            progress.gradient_norm,
            progress.lr,
        ));
    }

    /// After an epoch.
    fn epoch(&self, metrics: &EpochMetrics, is_last: bool) {
        let number = metrics.epoch + 1;
        if self.bar.is_hidden() && (number.is_multiple_of(self.line_every) || is_last) {
            terminal::print(format_args!(
                "epoch {number}/{}  {}  {}",
                self.epochs.end,
                figures(metrics.loss, metrics.accuracy, Some(metrics)),
                self.layers(&metrics.layers)
            ));
        }
    }

    /// Rates of the layers; shares of silent or saturated neurons if they are worth a word.
    fn layers(&self, layers: &[LayerMetrics]) -> String {
        const NOTABLE_FRACTION: f64 = 0.1;
        let layers = layers.iter().filter(|layer| self.screen.contains(&layer.layer)).map(|layer| {
            let notes = [("silent", layer.silent_neurons), ("saturated", layer.saturated_neurons)];
            let notes = notes.iter().filter(|(_, fraction)| *fraction >= NOTABLE_FRACTION);
            let notes: Vec<String> =
                notes.map(|(what, fraction)| format!("{} {what}", format_whole_percent(*fraction))).collect();
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            format!("  {} {:.2}{notes}", layer.layer, layer.rate)
        });
        format!("rates{}", layers.collect::<String>())
    }
}

fn figures(loss: f64, accuracy: Option<f64>, validated: Option<&EpochMetrics>) -> String {
    let fraction = |what: &str, fraction: f64| format!("  {what} {}", format_percent(fraction));
    let accuracy = accuracy.map(|x| fraction("accuracy", x)).unwrap_or_default();
    let validation = validated.and_then(|metrics| metrics.validation.as_ref());
    let validation = validation.map(|found| match found.accuracy {
        Some(accuracy) => fraction("validation", accuracy),
        None => format!("  validation loss {:.3}", found.loss),
    });
    format!("loss {loss:.3}{accuracy}{}", validation.unwrap_or_default())
}
