//! Progress bars on a terminal; a few plain lines if standard error is redirected.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use synnet_ir::display::{format_duration, format_percent, format_whole_percent};
use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_runtime::train::LayerMetrics;
use synnet_runtime::{EpochMetrics, Progress};
use synnet_workbench::{Observer, Stage, network_source};

use crate::failure::{self, Failure, INTERRUPTED};
use crate::interrupts;
use crate::live_display::LiveDisplay;
use crate::progress_layout::layout;
use crate::terminal;

/// Shows warnings and progress of an experiment on standard error.
#[derive(Default)]
pub struct Terminal {
    screen: Arc<Mutex<Screen>>,
    interrupted: Arc<AtomicBool>,
    /// Whether work is running that an interrupt ends in order: training with a checkpoint, the encoding of a folder
    /// without leftovers.
    stoppable: Arc<AtomicBool>,
    watches_interrupts: AtomicBool,
    /// The warnings so far as JSON.
    reported: Mutex<Vec<Value>>,
}

/// The progress on the screen.
#[derive(Default)]
struct Screen {
    display: LiveDisplay,
    counter: Option<Counter>,
    training: Option<TrainingProgress>,
}

/// Counts the items of a stage.
struct Counter {
    name: &'static str,
    done: usize,
    items: usize,
}

impl Terminal {
    /// Returns the warnings so far as JSON.
    pub fn reported(&self) -> Vec<Value> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes Ctrl-C end training with a checkpoint. Before and after training, Ctrl-C ends the process at once: there
    /// is nothing to save, and files are never half-written, because they are renamed into place.
    pub fn watch_for_interrupts(&self) -> Result<(), Failure> {
        if self.watches_interrupts.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let (interrupted, stoppable) = (Arc::clone(&self.interrupted), Arc::clone(&self.stoppable));
        let screen = Arc::clone(&self.screen);
        interrupts::watch(move || {
            if !stoppable.load(Ordering::SeqCst) {
                lock(&screen).display.clear();
                std::process::exit(INTERRUPTED.into());
            }
            interrupted.store(true, Ordering::SeqCst);
        })
        .map_err(|e| Failure::Usage(format!("cannot watch for Ctrl-C: {e}")))
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.screen)
    }

    /// Hides the progress while `write` prints lines. The next update shows it again.
    fn write(&self, write: impl FnOnce()) {
        let mut screen = self.screen();
        screen.display.clear();
        write();
    }

    /// Marks work that an interrupt ends in order as complete. After an interrupt, what follows is not to be cut off
    /// by a second one: it writes the results so far.
    fn stoppable_work_done(&self) {
        self.stoppable.store(self.is_interrupted(), Ordering::SeqCst);
    }
}

/// A panic in another thread cannot leave the screen in a bad state: the next update draws it anew.
fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Terminal {
    fn warning(&self, message: &str) {
        let json = failure::message("warning", message);
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).push(json);
        self.write(|| terminal::warn(message));
    }

    fn note(&self, message: &str) {
        self.write(|| terminal::note(message));
    }

    fn diagnostics(&self, warnings: &[Diagnostic], sources: &Sources) {
        if let Value::Array(new) = network_source::to_json(warnings, sources) {
            self.reported.lock().unwrap_or_else(PoisonError::into_inner).extend(new);
        }
        let text = synnet_ir::render(warnings, sources, terminal::color());
        self.write(|| terminal::print_rendered(text.trim_end()));
    }

    fn items_added(&self, stage: Stage, items: usize) {
        let name = match stage {
            Stage::Reading => "reading",
            Stage::Comparing => "comparing",
            Stage::Encoding => "encoding",
            Stage::Detecting => "detecting",
        };
        // Without a handler, the bar would stay on the screen of an interrupted process. It is no reason to fail.
        let _ = self.watch_for_interrupts();
        if stage == Stage::Encoding {
            self.stoppable.store(true, Ordering::SeqCst);
        }
        let mut screen = self.screen();
        screen.counter.get_or_insert(Counter { name, done: 0, items: 0 }).items += items;
        screen.show_counter();
    }

    fn item_done(&self, _stage: Stage) {
        let mut screen = self.screen();
        if let Some(counter) = &mut screen.counter {
            counter.done += 1;
            screen.show_counter();
        }
    }

    fn stage_done(&self, stage: Stage) {
        let mut screen = self.screen();
        screen.display.clear();
        screen.counter = None;
        if stage == Stage::Encoding {
            self.stoppable_work_done();
        }
    }

    fn fold_started(&self, field: &str, tested: &str, left_out: Option<&str>) {
        let without = left_out.map(|value| format!(", without {value}")).unwrap_or_default();
        self.note(&format!("{field} {tested} tested{without}:"));
    }

    fn seed_started(&self, seed: u64) {
        self.note(&format!("seed {seed}:"));
    }

    fn training_started(&self, graph: &Graph, epochs: Range<usize>) {
        self.stoppable.store(true, Ordering::SeqCst);
        self.screen().training = Some(TrainingProgress::new(graph, epochs));
    }

    fn batch_done(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>) {
        let Screen { display, training, .. } = &mut *self.screen();
        if let Some(training) = training {
            display.update(|width| training.lines(progress, last, width));
        }
    }

    fn epoch_done(&self, metrics: &EpochMetrics, is_last: bool) {
        let screen = self.screen();
        if let Some(training) = screen.training.as_ref().filter(|_| screen.display.is_hidden()) {
            training.print_epoch(metrics, is_last);
        }
    }

    fn training_done(&self) {
        self.stoppable_work_done();
        let mut screen = self.screen();
        screen.display.clear();
        screen.training = None;
    }

    fn run_done(&self, results: &str) {
        terminal::print(format_args!("\n{}", results.trim_end()));
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}

impl Screen {
    fn show_counter(&mut self) {
        let Some(Counter { name, done, items }) = &self.counter else { return };
        let fraction = *done as f64 / (*items).max(1) as f64;
        self.display.update(|width| layout(name, fraction, &[format!("{done}/{items}")], width));
    }
}

/// Progress of training. On a terminal, a few lines are updated after every batch; otherwise, about ten lines are
/// printed in total.
struct TrainingProgress {
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
        let line_every = epochs.end.div_ceil(10).max(1);
        let layers = layers.filter(|layer| graph.uses_spikes_of(layer)).collect();
        Self { epochs, started: Instant::now(), line_every, layers }
    }

    /// Returns the lines to show after a batch; `last` holds the metrics of the last complete epoch.
    fn lines(&self, progress: &Progress<'_>, last: Option<&EpochMetrics>, width: usize) -> Vec<String> {
        let Range { start: first, end: epochs } = self.epochs;
        let done = progress.epoch as f64 + progress.fraction();
        let elapsed = self.started.elapsed().as_secs_f64();
        // A resumed run measures its own epochs only.
        let measured = done - first as f64;
        let left = if measured > 0.0 { elapsed / measured * (epochs as f64 - done) } else { 0.0 };
        let mut parts = vec![format!("epoch {}/{epochs}", (progress.epoch + 1).min(epochs))];
        parts.extend(metrics_summary(progress.loss, progress.accuracy, last));
        parts.push(format!("{} left", format_duration(Duration::from_secs_f64(left.max(0.0)))));
        parts.extend(self.rates(progress.layers));
        parts.push(format!("gradient {:.1e}", progress.gradient_norm));
        parts.push(format!("lr {:.1e}", progress.lr));
        layout("training", done / (epochs as f64).max(1.0), &parts, width)
    }

    /// Prints a line after an epoch, if it is due.
    fn print_epoch(&self, metrics: &EpochMetrics, is_last: bool) {
        let number = metrics.epoch + 1;
        if number.is_multiple_of(self.line_every) || is_last {
            let mut parts = vec![format!("epoch {number}/{}", self.epochs.end)];
            parts.extend(metrics_summary(metrics.loss, metrics.accuracy, Some(metrics)));
            parts.extend(self.rates(&metrics.layers));
            terminal::note(parts.join("  "));
        }
    }

    /// Formats the firing rates of the layers, with notable fractions of silent or saturated neurons.
    fn rates(&self, layers: &[LayerMetrics]) -> Vec<String> {
        const NOTABLE_FRACTION: f64 = 0.1;
        let layers = layers.iter().filter(|layer| self.layers.contains(&layer.layer));
        let rates = layers.enumerate().map(|(i, layer)| {
            let notes = [("silent", layer.silent_neurons), ("saturated", layer.saturated_neurons)];
            let notes = notes.iter().filter(|(_, fraction)| *fraction >= NOTABLE_FRACTION);
            let notes: Vec<String> = notes
                .map(|(state, fraction)| format!("{} {state}", format_whole_percent(*fraction)))
                .collect();
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            let head = if i == 0 { "rates  " } else { "" };
            format!("{head}{} {:.2}{notes}", layer.layer, layer.rate)
        });
        rates.collect()
    }
}

/// Formats loss and accuracy; `validated` is the epoch whose validation results are current.
fn metrics_summary(loss: f64, accuracy: Option<f64>, validated: Option<&EpochMetrics>) -> Vec<String> {
    let fraction = |name: &str, fraction: f64| format!("{name} {}", format_percent(fraction));
    let validation = validated.and_then(|metrics| metrics.validation.as_ref());
    let validation = validation.map(|result| match result.accuracy {
        Some(accuracy) => fraction("validation", accuracy),
        None => format!("validation loss {:.3}", result.loss),
    });
    let accuracy = accuracy.map(|x| fraction("accuracy", x));
    std::iter::once(format!("loss {loss:.3}")).chain(accuracy).chain(validation).collect()
}
