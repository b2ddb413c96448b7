//! Time constants over the index of the neuron, one trace for each layer. Layers with the same values share a trace.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::axis::{decades, format_number, ticks};
use super::canvas::{Anchor, Canvas, number, text_width};
use super::palette::{range, tau};
use super::{Drawing, Size, Subject, labels};
use crate::graph::{LayerId, LayerParameter};

/// What is drawn, with titles.
const CHARTS: [(&str, LayerParameter); 3] = [
    ("synaptic time constants", LayerParameter::SynLeak),
    ("membrane time constants", LayerParameter::MemLeak),
    ("adaptation time constants", LayerParameter::AhpLeak),
];

/// Number of line colors in the style sheet.
const LINE_COLORS: usize = 7;
/// Maximum number of names in the legend.
const MAX_NAMES: usize = 14;
/// Maximum number of neurons whose dots are connected by a line.
const MAX_CONNECTED: usize = 64;
/// Maximum number of dots of a trace.
const MAX_DOTS: usize = 1500;
/// Maximum number of dots and line ends of a chart, so that pages of large networks stay small.
const MAX_POINTS: usize = 24_000;
/// Maximum number of layers that the legend names for one trace.
const MAX_MERGED: usize = 4;
/// Time constants whose ratio is at least this have a logarithmic axis.
const LOGARITHMIC: f64 = 8.0;

const LEFT: f64 = 46.0;
const TOP: f64 = 12.0;
const HEIGHT: f64 = 190.0;
const FLOOR: f64 = TOP + HEIGHT;

/// Draws the synaptic and the membrane time constants of the layers, and those of the adaptation if there are any. The
/// axis is logarithmic if the values span about a decade. With a declared graph, its values are dashed lines.
pub fn time_constants(subject: &Subject<'_>, size: Size) -> Vec<Drawing> {
    CHARTS.iter().filter_map(|&(title, which)| chart(subject, size, title, which)).collect()
}

/// The values of layers that have the same.
struct Trace {
    layers: Vec<LayerId>,
    synapses: usize,
    /// One value in seconds for each synapse of each neuron.
    values: Vec<f64>,
    /// The same before training.
    declared: Option<Vec<f64>>,
}

fn traces(subject: &Subject<'_>, which: LayerParameter) -> Vec<Trace> {
    let dt = subject.graph.dt;
    let values = |graph: &crate::Graph, id: LayerId| {
        let layer = graph.layer(id);
        let leak = which.leak(layer)?;
        Some((0..which.elements(layer)).map(|i| tau(leak, i, dt)).collect::<Vec<f64>>())
    };
    let mut traces: Vec<Trace> = Vec::new();
    // Traces by what they show.
    let mut known: HashMap<Key, usize> = HashMap::new();
    for id in subject.layers() {
        let Some(now) = values(subject.graph, id) else { continue };
        let synapses = now.len() / subject.graph.layer(id).size.max(1);
        let declared = subject.declared.and_then(|graph| values(graph, id)).filter(|before| *before != now);
        let bits = |values: &Vec<f64>| values.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        let key = (synapses, bits(&now), declared.as_ref().map(bits));
        match known.entry(key) {
            Entry::Occupied(entry) => traces[*entry.get()].layers.push(id),
            Entry::Vacant(entry) => {
                entry.insert(traces.len());
                traces.push(Trace { layers: vec![id], synapses, values: now, declared });
            }
        }
    }
    traces
}

/// Synapses, values, and declared values of a trace, as bits.
type Key = (usize, Vec<u64>, Option<Vec<u64>>);

impl Trace {
    /// Returns the names of its layers.
    fn names(&self, subject: &Subject<'_>) -> String {
        let names = self.layers.iter().take(MAX_MERGED);
        let names: Vec<String> = names.map(|id| labels::shortened(&subject.graph.layer(*id).name)).collect();
        match self.layers.len().saturating_sub(MAX_MERGED) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

fn chart(subject: &Subject<'_>, size: Size, title: &str, which: LayerParameter) -> Option<Drawing> {
    let traces = traces(subject, which);
    let values =
        || traces.iter().flat_map(|trace| trace.values.iter().chain(trace.declared.iter().flatten()));
    let [low, high] = range(values().copied());
    if low > high {
        return None;
    }
    let neurons = traces.iter().map(|trace| trace.values.len() / trace.synapses).max().unwrap_or(1);
    let columns = traces.iter().map(|trace| trace.synapses).sum();
    let axes = Axes::new(size, neurons, columns, [low, high]);
    let mut canvas = Canvas::new();
    axes.draw(&mut canvas);
    for (i, trace) in traces.iter().enumerate() {
        let width = axes.dot_size(i, traces.len());
        canvas.open(&trace.names(subject));
        axes.draw_trace(&mut canvas, trace, i, width);
        canvas.close();
    }
    legend(&mut canvas, subject, &traces, axes.width);
    let (content, view_box) = canvas.finish();
    Some(Drawing { title: title.to_owned(), note: format!("in {}", axes.unit.1), view_box, content })
}

/// Names the traces below the chart.
fn legend(canvas: &mut Canvas, subject: &Subject<'_>, traces: &[Trace], right: f64) {
    let (mut x, mut y) = (LEFT, FLOOR + 52.0);
    let mut item = |canvas: &mut Canvas, mark: Option<usize>, text: &str| {
        let width = 14.0 + text_width(text) + 14.0;
        if x > LEFT && x + width > right + 14.0 {
            (x, y) = (LEFT, y + 17.0);
        }
        if let Some(color) = mark {
            let d = format!("M{} {}h0", number(x + 5.0), number(y - 4.0));
            canvas.thick_path(&format!("dots c{color}"), &d, 7.0);
        }
        canvas.text("small", [x + 14.0, y], Anchor::Start, text);
        x += width;
    };
    for (i, trace) in traces.iter().enumerate().take(MAX_NAMES) {
        item(canvas, Some(i % LINE_COLORS), &trace.names(subject));
    }
    if traces.len() > MAX_NAMES {
        let layers: usize = traces[MAX_NAMES..].iter().map(|trace| trace.layers.len()).sum();
        item(canvas, None, &format!("and {layers} more"));
    }
    if traces.iter().any(|trace| trace.declared.is_some()) {
        item(canvas, None, "dashed: declared");
    }
}

/// The plot area, which maps values to coordinates.
struct Axes {
    /// Right end.
    width: f64,
    neurons: usize,
    /// Maximum number of points of a trace.
    max_points: usize,
    /// Seconds per unit, and the name of the unit.
    unit: (f64, &'static str),
    is_logarithmic: bool,
    marks: Vec<f64>,
    /// Ends of the vertical axis, as logarithms on a logarithmic one.
    ends: [f64; 2],
}

impl Axes {
    /// `columns` is the number of traces, those of each synapse counted alone.
    fn new(size: Size, neurons: usize, columns: usize, [low, high]: [f64; 2]) -> Self {
        let unit = match high {
            high if high >= 2.0 => (1.0, "s"),
            high if high >= 5e-4 => (1e-3, "ms"),
            high if high >= 5e-7 => (1e-6, "\u{b5}s"),
            _ => (1e-9, "ns"),
        };
        let (low, high) = (low / unit.0, high / unit.0);
        let is_logarithmic = high / low >= LOGARITHMIC;
        let marks = if is_logarithmic { decades(low, high, 6) } else { ticks(0.0, high, 4) };
        let position = |x: f64| if is_logarithmic { x.log10() } else { x };
        let ends = [marks[0], marks[marks.len() - 1]].map(position);
        let width = if size == Size::Wide { 500.0 } else { 310.0 };
        let max_points = (MAX_POINTS / columns.max(1)).clamp(2, MAX_DOTS);
        Self { width, neurons, max_points, unit, is_logarithmic, marks, ends }
    }

    /// Returns the coordinate of a neuron, from 0.
    fn x(&self, neuron: f64) -> f64 {
        let share = if self.neurons > 1 { neuron / (self.neurons - 1) as f64 } else { 0.5 };
        LEFT + 8.0 + share * (self.width - LEFT - 16.0)
    }

    /// Returns the coordinate of a time constant in seconds; infinite ones are at the top.
    fn y(&self, tau: f64) -> f64 {
        let value = tau / self.unit.0;
        let position = if self.is_logarithmic { value.log10() } else { value };
        let share = (position - self.ends[0]) / (self.ends[1] - self.ends[0]).max(f64::MIN_POSITIVE);
        FLOOR - share.min(1.0) * HEIGHT
    }

    /// Returns the size of the dots of a trace. Later traces have smaller ones, so that equal values are all visible.
    fn dot_size(&self, index: usize, traces: usize) -> f64 {
        let smallest = if self.neurons <= MAX_CONNECTED { 3.5 } else { 2.5 };
        if traces > MAX_NAMES {
            return smallest;
        }
        let distance = (self.width - LEFT) / self.neurons as f64;
        let largest = (0.8 * distance).clamp(smallest + 2.5, 11.0);
        let share = index as f64 / (traces.max(2) - 1) as f64;
        largest - share * (largest - smallest)
    }

    fn draw(&self, canvas: &mut Canvas) {
        for &mark in &self.marks {
            let y = self.y(mark * self.unit.0);
            canvas.line("rule", &[[LEFT, y], [self.width, y]]);
            canvas.text("small", [LEFT - 6.0, y + 4.0], Anchor::End, &format_number(mark));
        }
        canvas.line("axis", &[[LEFT, FLOOR], [self.width, FLOOR]]);
        let last = self.neurons - 1;
        let count = if self.width > 400.0 { 8 } else { 5 };
        let marks = ticks(0.0, last as f64, count.min(last.max(1)));
        for neuron in marks.into_iter().filter(|mark| mark.fract() == 0.0 && *mark <= last as f64) {
            let x = self.x(neuron);
            canvas.line("axis", &[[x, FLOOR], [x, FLOOR + 4.0]]);
            canvas.text("small", [x, FLOOR + 16.0], Anchor::Middle, &format_number(neuron));
        }
        canvas.text("small quiet", [(LEFT + self.width) / 2.0, FLOOR + 32.0], Anchor::Middle, "neuron");
    }

    fn draw_trace(&self, canvas: &mut Canvas, trace: &Trace, index: usize, width: f64) {
        let color = index % LINE_COLORS;
        let neurons = trace.values.len() / trace.synapses;
        for synapse in 0..trace.synapses {
            let of = |values: &[f64], i: usize| values[i * trace.synapses + synapse];
            let points = |values: &[f64]| -> Vec<[f64; 2]> {
                (0..neurons).map(|i| [self.x(i as f64), self.y(of(values, i))]).collect()
            };
            let now = points(&trace.values);
            if let Some(before) = trace.declared.as_deref().map(points) {
                canvas.line(&format!("line faint dashed c{color}"), &thinned(&before, self.max_points));
            } else if neurons <= MAX_CONNECTED {
                canvas.line(&format!("line faint c{color}"), &thinned(&now, self.max_points));
            }
            canvas.thick_path(&format!("dots c{color}"), &dots(&now, self.max_points), width);
        }
    }
}

/// Returns the points of a line without those between neighbors at the same height, and of a longer one its lowest and
/// highest points.
fn thinned(points: &[[f64; 2]], max: usize) -> Vec<[f64; 2]> {
    let is_corner = |i: usize| {
        let flat = |j: Option<usize>| {
            j.and_then(|j| points.get(j)).is_some_and(|other| number(other[1]) == number(points[i][1]))
        };
        !(flat(i.checked_sub(1)) && flat(i.checked_add(1)))
    };
    let corners: Vec<[f64; 2]> = (0..points.len()).filter(|&i| is_corner(i)).map(|i| points[i]).collect();
    if corners.len() <= max {
        return corners;
    }
    let extremes = |part: &[[f64; 2]]| {
        let by_height = |a: &usize, b: &usize| part[*a][1].total_cmp(&part[*b][1]);
        let (high, low) = ((0..part.len()).min_by(by_height), (0..part.len()).max_by(by_height));
        let mut both: Vec<usize> = high.into_iter().chain(low).collect();
        both.sort_unstable();
        both.dedup();
        both.into_iter().map(|i| part[i]).collect::<Vec<_>>()
    };
    corners.chunks((2 * corners.len()).div_ceil(max)).flat_map(extremes).collect()
}

/// Returns the commands that draw a dot at each point. Dots of many neurons are a sample; neighbors at the same height
/// become a line.
fn dots(points: &[[f64; 2]], max: usize) -> String {
    let stride = points.len().div_ceil(max).max(1);
    let mut rows: std::collections::BTreeMap<String, Vec<f64>> = std::collections::BTreeMap::new();
    for start in (0..points.len()).step_by(stride) {
        // Values often repeat every few neurons: a varying offset meets all of them.
        let i = (start + (start / stride * 7) % stride).min(points.len() - 1);
        rows.entry(number(points[i][1])).or_default().push(points[i][0]);
    }
    let mut d = String::new();
    for (y, xs) in rows {
        let mut xs = xs.into_iter().peekable();
        while let Some(first) = xs.next() {
            let mut last = first;
            while let Some(next) = xs.next_if(|next| next - last < 2.0) {
                last = next;
            }
            d += &format!("M{} {y}h{}", number(first), number(last - first));
        }
    }
    d
}
