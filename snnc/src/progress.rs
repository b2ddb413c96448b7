//! Progress: bars on a terminal, a few plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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

/// Progress of a training: one tick per batch, one line per epoch.
pub struct TrainingProgress {
    bar: ProgressBar,
    epochs: usize,
    first_epoch: usize,
    started: Instant,
    /// Epochs between two plain lines, where there is no terminal.
    line_every: usize,
}

/// What is shown after a batch.
pub struct Shown<'a> {
    /// Epoch, counted from 0.
    pub epoch: usize,
    /// Part of the epoch that is done, 0 to 1.
    pub fraction: f64,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// Accuracy on the training set in the epoch so far.
    pub accuracy: f64,
    /// Spikes per neuron and step of each layer.
    pub rates: &'a [f64],
}

impl TrainingProgress {
    /// Starts at epoch `first_epoch` of `epochs`.
    pub fn new(first_epoch: usize, epochs: usize) -> Self {
        let bar = bar("training", "{prefix:<12} [{bar:30}] {msg}");
        bar.set_length((epochs as u64).saturating_mul(1000));
        let line_every = epochs.div_ceil(10).max(1);
        Self { bar, epochs, first_epoch, started: Instant::now(), line_every }
    }

    /// After a batch.
    pub fn batch(&self, shown: &Shown<'_>) {
        let done = shown.epoch as f64 + shown.fraction;
        let elapsed = self.started.elapsed().as_secs_f64();
        let since = done - self.first_epoch as f64;
        let left = if since > 0.0 { elapsed / since * (self.epochs as f64 - done) } else { 0.0 };
        self.bar.set_position((done * 1000.0) as u64);
        self.bar.set_message(format!(
            "epoch {}/{}  {}  {} left",
            (shown.epoch + 1).min(self.epochs),
            self.epochs,
            figures(shown),
            clock(Duration::from_secs_f64(left.max(0.0)))
        ));
    }

    /// After an epoch.
    pub fn epoch(&self, shown: &Shown<'_>) {
        let number = shown.epoch + 1;
        if self.bar.is_hidden() && (number.is_multiple_of(self.line_every) || number == self.epochs) {
            terminal::say(format_args!("epoch {number}/{}  {}", self.epochs, figures(shown)));
        }
    }

    /// Removes the bar and returns the time that it took.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

fn figures(shown: &Shown<'_>) -> String {
    let rates: String = shown.rates.iter().map(|rate| format!(" {rate:.2}")).collect();
    let rates = if rates.is_empty() { rates } else { format!("  rates{rates}") };
    format!("loss {:.3}  accuracy {:.1} %{rates}", shown.loss, 100.0 * shown.accuracy)
}

/// Minutes and seconds.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
