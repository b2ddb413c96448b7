//! Progress: bars on a terminal, a few plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use synnet_ir::Graph;
use synnet_runtime::EpochMetrics;
use synnet_runtime::Progress;
use synnet_runtime::train::LayerMetrics;

use crate::report::spikes_matter;
use crate::terminal;

/// A bar that counts things, such as files read.
pub fn counter(what: &'static str) -> ProgressBar {
    bar(what, "{prefix:<12} [{bar:30}] {pos}/{len}")
}

fn bar(what: &'static str, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(what);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

/// Progress of a training: two lines that follow every batch, or elsewhere than on a terminal one line for
/// about every tenth part of the epochs.
pub struct TrainingProgress {
    bar: ProgressBar,
    epochs: usize,
    first_epoch: usize,
    started: Instant,
    /// Epochs between two plain lines, where there is no terminal.
    line_every: usize,
    /// The layers whose rates are shown.
    shown: Vec<String>,
}

impl TrainingProgress {
    /// Starts at epoch `first_epoch` of `epochs`.
    pub fn new(graph: &Graph, first_epoch: usize, epochs: usize) -> Self {
        let layers = graph.layers.iter().map(|layer| layer.name.clone());
        let bar = bar("training", "{prefix:<12} [{bar:30}] {msg}");
        bar.set_length((epochs as u64).saturating_mul(1000));
        let line_every = epochs.div_ceil(10).max(1);
        let shown = layers.filter(|layer| spikes_matter(graph, layer)).collect();
        Self { bar, epochs, first_epoch, started: Instant::now(), line_every, shown }
    }

    /// After a batch; `validation` is what the epoch before gave.
    pub fn batch(&self, progress: &Progress<'_>, validation: Option<&EpochMetrics>) {
        let done = progress.epoch as f64 + progress.fraction();
        let elapsed = self.started.elapsed().as_secs_f64();
        let since = done - self.first_epoch as f64;
        let left = if since > 0.0 { elapsed / since * (self.epochs as f64 - done) } else { 0.0 };
        self.bar.set_position((done * 1000.0) as u64);
        self.bar.set_message(format!(
            "epoch {}/{}  {}  {} left\n{:12} {}  gradient {:.1e}  lr {:.1e}",
            (progress.epoch + 1).min(self.epochs),
            self.epochs,
            figures(progress.loss, progress.accuracy, validation),
            clock(Duration::from_secs_f64(left.max(0.0))),
            "",
            self.layers(progress.layers),
            progress.gradient_norm,
            progress.lr,
        ));
    }

    /// After an epoch; `last`: whether it was the last one.
    pub fn epoch(&self, metrics: &EpochMetrics, last: bool) {
        let number = metrics.epoch + 1;
        if self.bar.is_hidden() && (number.is_multiple_of(self.line_every) || last) {
            terminal::say(format_args!(
                "epoch {number}/{}  {}  {}",
                self.epochs,
                figures(metrics.loss, metrics.accuracy, Some(metrics)),
                self.layers(&metrics.layers)
            ));
        }
    }

    /// Rates of the layers; shares of silent or saturated neurons where they are worth a word.
    fn layers(&self, layers: &[LayerMetrics]) -> String {
        const WORTH_A_WORD: f64 = 0.1;
        let layers = layers.iter().filter(|layer| self.shown.contains(&layer.layer)).map(|layer| {
            let notes = [("silent", layer.silent_neurons), ("saturated", layer.saturated_neurons)];
            let notes = notes.iter().filter(|(_, share)| *share >= WORTH_A_WORD);
            let notes: Vec<String> =
                notes.map(|(what, share)| format!("{:.0} % {what}", 100.0 * share)).collect();
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            format!("  {} {:.2}{notes}", layer.layer, layer.rate)
        });
        format!("rates{}", layers.collect::<String>())
    }

    /// A warning between the lines.
    pub fn warn(&self, text: &str) {
        self.bar.suspend(|| terminal::warn(text));
    }

    /// Removes the bar and returns the time that it took.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

fn figures(loss: f64, accuracy: Option<f64>, validated: Option<&EpochMetrics>) -> String {
    let share = |what: &str, share: f64| format!("  {what} {:.1} %", 100.0 * share);
    let accuracy = accuracy.map(|x| share("accuracy", x)).unwrap_or_default();
    let validation = validated.and_then(|metrics| metrics.validation.as_ref());
    let validation = validation.map(|found| match found.accuracy {
        Some(accuracy) => share("validation", accuracy),
        None => format!("  validation loss {:.3}", found.loss),
    });
    format!("loss {loss:.3}{accuracy}{}", validation.unwrap_or_default())
}

/// Minutes and seconds.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
