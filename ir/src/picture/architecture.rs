//! The architecture: input, layers and connections, and the output.

use super::canvas::{Anchor, Canvas, number, text_width};
use super::layout::{LINE_HEIGHT, Layout, MAX_SINGLE, Node, THICKNESS, has_membrane};
use super::palette::{COLORS, Palette, tau};
use super::{Drawing, Size, Subject, edges, labels};
use crate::display::format_time_rounded;
use crate::graph::{Endpoint, LayerId, LayerParameter, Leak};

/// Draws the architecture. Layers are columns (or rows) of neurons, larger ones blocks, whose length grows with their
/// size. Their colors are their time constants: on the side of the input those of the synapses, on the other side those
/// of the membrane.
pub fn architecture(subject: &Subject<'_>, size: Size) -> Drawing {
    let graph = subject.graph;
    let layout = Layout::new(subject, size);
    let palette = Palette::new(subject);
    let mut canvas = Canvas::new();
    edges::draw(&mut canvas, &layout, subject);
    for node in &layout.nodes {
        draw_node(&mut canvas, size, node, subject, palette.as_ref());
    }
    draw_output(&mut canvas, &layout, subject);
    edges::write(&mut canvas, &layout);
    draw_legend(&mut canvas, &layout, subject, palette.as_ref());
    let (content, view_box) = canvas.finish();
    let title = match subject.layer {
        Some(id) => format!("{} of {}", graph.layer(id).name, graph.name),
        None => graph.name.clone(),
    };
    Drawing { title, note: format!("time step {}", format_time_rounded(graph.dt)), view_box, content }
}

/// Draws a layer or the input with its texts.
fn draw_node(canvas: &mut Canvas, size: Size, node: &Node, subject: &Subject<'_>, palette: Option<&Palette>) {
    let half = THICKNESS / 2.0;
    let corner = |u, v| size.point(node.u + u, v);
    canvas.rectangle("layer", corner(-half, node.v[0]), corner(half, node.v[1]), 5.0);
    match node.endpoint {
        Endpoint::Layer(id) if node.neurons <= MAX_SINGLE => {
            draw_neurons(canvas, size, node, id, subject, palette);
        }
        Endpoint::Layer(id) => draw_block(canvas, size, node, id, subject, palette),
        Endpoint::Input if node.neurons <= MAX_SINGLE => {
            for i in 0..node.neurons {
                canvas.circle(
                    "channel",
                    size.point(node.u, neuron_position(size, node, i)),
                    0.36 * size.pitch(),
                );
            }
        }
        Endpoint::Input => canvas.rectangle(
            "channels",
            corner(-half + 3.0, node.v[0] + 3.0),
            corner(half - 3.0, node.v[1] - 3.0),
            2.0,
        ),
    }
    for (i, text) in node.texts.iter().enumerate() {
        let class = if i == 0 { "name halo" } else { "small quiet halo" };
        let (point, anchor) = match size {
            Size::Wide => ([node.u, node.texts_v + LINE_HEIGHT * (i as f64 + 0.8)], Anchor::Middle),
            Size::Narrow => {
                let middle = (node.texts.len() as f64 - 1.0) / 2.0;
                let [x, y] = size.point(node.u, node.texts_v);
                ([x, y + 4.0 + LINE_HEIGHT * (i as f64 - middle)], Anchor::End)
            }
        };
        canvas.text(class, point, anchor, text);
    }
}

/// Returns the position of a neuron along `v`. The first is at the top or on the left.
fn neuron_position(size: Size, node: &Node, i: usize) -> f64 {
    let distance = 2.0 + size.pitch() * (i as f64 + 0.5);
    match size {
        Size::Wide => node.v[0] + distance,
        Size::Narrow => node.v[1] - distance,
    }
}

/// The leaks of a layer: of its synapses, and of its membrane if it has one.
struct Leaks<'a> {
    synapses: usize,
    syn: Option<&'a Leak>,
    mem: Option<&'a Leak>,
    has_membrane: bool,
    dt: f64,
}

impl<'a> Leaks<'a> {
    fn new(subject: &Subject<'a>, id: LayerId) -> Self {
        let layer = subject.graph.layer(id);
        Self {
            synapses: layer.synapses(),
            syn: LayerParameter::SynLeak.leak(layer),
            mem: LayerParameter::MemLeak.leak(layer),
            has_membrane: has_membrane(subject.graph, id),
            dt: subject.graph.dt,
        }
    }

    /// Returns the time constants of a neuron, the membrane's last.
    fn of_neuron(&self, i: usize) -> Vec<f64> {
        let synapses =
            (0..self.synapses).filter_map(|s| Some(tau(self.syn?, i * self.synapses + s, self.dt)));
        synapses.chain(self.mem.map(|mem| tau(mem, i, self.dt))).collect()
    }

    /// Returns the time constants of the halves of a neuron: of its (first) synapse and of its membrane, or of the
    /// synapse alone. `None` stands for a state without a leak.
    fn of_halves(&self, i: usize) -> [Option<f64>; 2] {
        let syn = self.syn.map(|syn| tau(syn, i * self.synapses, self.dt));
        [syn, if self.has_membrane { self.mem.map(|mem| tau(mem, i, self.dt)) } else { syn }]
    }

    fn title(&self, i: usize) -> String {
        let mut times: Vec<String> = self.of_neuron(i).into_iter().map(format_tau).collect();
        let mem = self.mem.and_then(|_| times.pop()).map(|mem| format!("\u{3c4} mem {mem}"));
        let syn = (!times.is_empty()).then(|| format!("\u{3c4} syn {}", times.join(", ")));
        if syn.is_none() && mem.is_none() {
            return "no time constants".to_owned();
        }
        syn.into_iter().chain(mem).collect::<Vec<_>>().join(", ")
    }
}

fn format_tau(tau: f64) -> String {
    if tau.is_finite() { format_time_rounded(tau) } else { "\u{221e}".to_owned() }
}

/// Draws every neuron as a disk; its half at the input has the color of its (first) synapse, the other half that of its
/// membrane. A state without a leak is blank.
fn draw_neurons(
    canvas: &mut Canvas,
    size: Size,
    node: &Node,
    id: LayerId,
    subject: &Subject<'_>,
    palette: Option<&Palette>,
) {
    let leaks = Leaks::new(subject, id);
    let r = 0.43 * size.pitch();
    for i in 0..node.neurons {
        let v = neuron_position(size, node, i);
        canvas.open(&format!("{} {i}: {}", subject.graph.layer(id).name, leaks.title(i)));
        let [syn, mem] = leaks.of_halves(i).map(|tau| match (palette, tau) {
            (Some(palette), Some(tau)) => format!("t{}", palette.color(tau)),
            _ => "blank".to_owned(),
        });
        let (a, b) = (size.point(node.u, v - r), size.point(node.u, v + r));
        if syn == mem {
            canvas.circle(&format!("outline {syn}"), size.point(node.u, v), r);
        } else {
            for (color, from, to) in [(syn, a, b), (mem, b, a)] {
                let [x0, y0, x1, y1] = [from[0], from[1], to[0], to[1]].map(number);
                let d = format!("M{x0} {y0}A{0} {0} 0 0 0 {x1} {y1}Z", number(r));
                canvas.path(&color, &d, &[a, b]);
            }
        }
        canvas.close();
    }
}

/// Draws a block of many neurons: the share of each color is the share of its neurons. Without a leak it is blank.
fn draw_block(
    canvas: &mut Canvas,
    size: Size,
    node: &Node,
    id: LayerId,
    subject: &Subject<'_>,
    palette: Option<&Palette>,
) {
    let leaks = Leaks::new(subject, id);
    let half = THICKNESS / 2.0 - 3.0;
    let Some(palette) = palette else { return };
    let columns = match leaks.has_membrane {
        true => vec![(-half, 0.0, leaks.syn), (0.0, half, leaks.mem)],
        false => vec![(-half, half, leaks.syn)],
    };
    for (from, to, leak) in columns {
        let Some(leak) = leak else { continue };
        let mut counts = [0_usize; COLORS];
        let elements = if leak.parameter.is_uniform() { 1 } else { leak.parameter.values.len() };
        for i in 0..elements {
            counts[palette.color(tau(leak, i, leaks.dt))] += 1;
        }
        let length = node.v[1] - node.v[0] - 6.0;
        let mut v = node.v[0] + 3.0;
        // The fast ones are at the top or on the left.
        let order = |i: usize| if size == Size::Wide { i } else { COLORS - 1 - i };
        for (color, count) in
            (0..COLORS).map(order).map(|color| (color, counts[color])).filter(|(_, count)| *count > 0)
        {
            let end = v + length * count as f64 / elements as f64;
            canvas.rectangle(
                &format!("t{color}"),
                size.point(node.u + from, v),
                size.point(node.u + to, end),
                0.0,
            );
            v = end;
        }
    }
}

/// Draws the arrow out of the output layer.
fn draw_output(canvas: &mut Canvas, layout: &Layout, subject: &Subject<'_>) {
    let output = &subject.graph.output;
    let Some(node) = layout.nodes.iter().find(|node| node.endpoint == Endpoint::Layer(output.layer)) else {
        return;
    };
    let size = layout.size;
    let middle = (node.v[0] + node.v[1]) / 2.0;
    let name = labels::output(output.quantity);
    if node.rank + 1 < layout.ranks() {
        // Between layers there is no room for an arrow.
        let [x, y] = size.point(node.u, node.texts_v);
        let lines = node.texts.len() as f64;
        let (point, anchor) = match size {
            Size::Wide => ([x, y + LINE_HEIGHT * (lines + 0.8)], Anchor::Middle),
            Size::Narrow => ([x, y + 4.0 + LINE_HEIGHT * (lines + 1.0) / 2.0], Anchor::End),
        };
        canvas.text("small", point, anchor, &format!("output: {name}"));
        return;
    }
    let (from, to) = (node.u + THICKNESS / 2.0, node.u + THICKNESS / 2.0 + 30.0);
    let (a, b) = (size.point(from, middle), size.point(to, middle));
    canvas.line("edge", &[a, b]);
    edges::arrow_head(canvas, "head", a, b);
    match size {
        Size::Wide => canvas.text("small", [b[0] + 5.0, b[1] + 4.0], Anchor::Start, name),
        Size::Narrow => canvas.text("small", [b[0] + 8.0, b[1]], Anchor::Start, name),
    }
}

/// Draws the scale of colors, and explains the signs that occur.
fn draw_legend(canvas: &mut Canvas, layout: &Layout, subject: &Subject<'_>, palette: Option<&Palette>) {
    let [left, _, right, bottom] = canvas.bounds();
    // Pages may scroll to the right end of a drawing, but not to read how to read it.
    let right = if layout.size == Size::Wide { right.max(left + 300.0) } else { left + 330.0 };
    let mut legend = Legend { left, right, x: left, y: bottom + 30.0 };
    if let Some(palette) = palette {
        let [low, high] = palette.range.map(format_time_rounded);
        let (swatches, text) = if palette.is_uniform() {
            (vec![palette.color(palette.range[0])], format!("time constants: {low}"))
        } else {
            ((0..COLORS).collect(), format!("time constants from {low} to {high}"))
        };
        let width = 12.0 * swatches.len() as f64;
        let [x, y] = legend.item(canvas, width, &text);
        for (i, color) in swatches.into_iter().enumerate() {
            let x = x + 12.0 * i as f64;
            canvas.rectangle(&format!("t{color}"), [x, y - 9.0], [x + 12.0, y + 1.0], 0.0);
        }
        if subject.graph.layers_with_ids().any(|(id, _)| has_membrane(subject.graph, id)) {
            let text = match layout.size {
                Size::Wide => "left half: synapse, right half: membrane",
                Size::Narrow => "upper half: synapse, lower half: membrane",
            };
            legend.item(canvas, 0.0, text);
        }
    }
    if layout.edges.iter().any(|edge| edge.is_recurrent) {
        let [x, y] = legend.item(canvas, 24.0, "spikes of the step before");
        canvas.line("edge recurrent", &[[x, y - 4.0], [x + 24.0, y - 4.0]]);
    }
    if layout.nodes.iter().any(|node| node.texts.iter().any(|text| text.ends_with('*'))) {
        legend.item(canvas, 0.0, "* learned");
    }
    if layout.nodes.iter().any(|node| node.neurons > MAX_SINGLE && node.endpoint != Endpoint::Input) {
        legend.item(canvas, 0.0, "block: each color has its share of the neurons");
    }
}

/// Items in lines, as many in each as fit.
struct Legend {
    left: f64,
    right: f64,
    x: f64,
    y: f64,
}

impl Legend {
    /// Writes the text of an item and returns where its symbol of the given width begins, on the base line of the text.
    fn item(&mut self, canvas: &mut Canvas, symbol: f64, text: &str) -> [f64; 2] {
        let gap = if symbol > 0.0 { 6.0 } else { 0.0 };
        let width = symbol + gap + text_width(text);
        if self.x > self.left && self.x + width > self.right {
            (self.x, self.y) = (self.left, self.y + 18.0);
        }
        let start = [self.x, self.y];
        canvas.text("small quiet", [self.x + symbol + gap, self.y], Anchor::Start, text);
        self.x += width + 20.0;
        start
    }
}
