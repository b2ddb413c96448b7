//! Drawing of connections.

use super::canvas::{Anchor, Canvas, Point, rounded_polyline};
use super::labels;
use super::layout::{Edge, End, LINE_HEIGHT, Layout, THICKNESS};
use super::{Size, Subject};
use crate::graph::Operator;

/// Maximum number of lines of a connection without weights.
const MAX_LINES: usize = 12;
/// Radius of corners.
const CORNER: f64 = 6.0;

/// Draws the connections without their texts.
pub(super) fn draw(canvas: &mut Canvas, layout: &Layout, subject: &Subject<'_>) {
    for edge in &layout.edges {
        let connection = &subject.graph.connections[edge.connection];
        let mut title =
            format!("{}: {}", connection.name, labels::connection(subject.graph, connection).join(", "));
        if edge.is_recurrent {
            title += ", spikes of the step before";
        }
        canvas.open(&title);
        match edge.lane {
            Some(lane) => in_lane(canvas, layout, edge, lane),
            None => direct(canvas, layout, edge, matches!(connection.operator, Operator::Identity)),
        }
        canvas.close();
    }
    for sum in &layout.sums {
        let at = |du: f64, dv: f64| layout.size.point(sum.u + du, sum.v + dv);
        canvas.circle("sum", at(0.0, 0.0), 8.0);
        canvas.line("edge", &[at(-4.0, 0.0), at(4.0, 0.0)]);
        canvas.line("edge", &[at(0.0, -4.0), at(0.0, 4.0)]);
    }
}

/// Writes the texts of the connections, in front of everything else.
pub(super) fn write(canvas: &mut Canvas, layout: &Layout) {
    for edge in layout.edges.iter().filter(|edge| !edge.texts.is_empty()) {
        match edge.lane {
            Some(lane) => {
                let (a, b) = (layout.port(edge.from, true)[0], layout.port(edge.to, false)[0]);
                let [x, y] = layout.size.point((a + b) / 2.0, lane - 8.0);
                let text = edge.texts.join(" \u{b7} ");
                match layout.size {
                    Size::Wide => canvas.text("small halo", [x, y + 3.0], Anchor::Middle, &text),
                    Size::Narrow => canvas.vertical_text("small halo", [x, y], &text),
                }
            }
            None => write_direct(canvas, layout, edge),
        }
    }
}

fn write_direct(canvas: &mut Canvas, layout: &Layout, edge: &Edge) {
    let (a, b) = (layout.leave(edge.from), layout.enter(edge.to));
    // Edges that cross have their texts at different places.
    let share = match b.middle() - a.middle() {
        d if matches!(edge.from, End::Sum(_)) || d.abs() < 1.0 => 0.5,
        d if d > 0.0 => 0.34,
        _ => 0.66,
    };
    let u = a.u + share * (b.u - a.u);
    let v = a.middle() + share * (b.middle() - a.middle()) + edge.aside;
    let [x, y] = layout.size.point(u, v);
    let last = edge.texts.len() as f64 - 1.0;
    for (i, text) in edge.texts.iter().enumerate() {
        let (point, anchor) = match layout.size {
            Size::Wide => ([x - 2.0, y - 6.0 - LINE_HEIGHT * (last - i as f64)], Anchor::Middle),
            Size::Narrow => ([x + 8.0, y + 2.0 + LINE_HEIGHT * (i as f64 - last / 2.0)], Anchor::Start),
        };
        canvas.text("small halo", point, anchor, text);
    }
}

/// The side of a layer or of a sum that a direct edge touches.
struct Side {
    u: f64,
    /// Extent along `v`.
    v: [f64; 2],
}

impl Side {
    fn middle(&self) -> f64 {
        (self.v[0] + self.v[1]) / 2.0
    }
}

impl Layout {
    fn leave(&self, end: End) -> Side {
        self.side(end, 1.0)
    }

    fn enter(&self, end: End) -> Side {
        self.side(end, -1.0)
    }

    fn side(&self, end: End, direction: f64) -> Side {
        match end {
            End::Node(i) => {
                let node = &self.nodes[i];
                Side { u: node.u + direction * THICKNESS / 2.0, v: node.v }
            }
            End::Sum(i) => {
                let sum = &self.sums[i];
                Side { u: sum.u + direction * 8.0, v: [sum.v - 5.0, sum.v + 5.0] }
            }
        }
    }
}

/// Draws an edge between neighboring ranks: a band from all to all neurons, or lines from neuron to neuron.
fn direct(canvas: &mut Canvas, layout: &Layout, edge: &Edge, is_identity: bool) {
    let (a, b) = (layout.leave(edge.from), layout.enter(edge.to));
    let at = |u, v| layout.size.point(u, v);
    let is_part_of_sum = matches!(edge.to, End::Sum(_));
    if is_identity && !is_part_of_sum && matches!(edge.from, End::Node(_)) {
        let End::Node(i) = edge.from else { return };
        let lines = layout.nodes[i].neurons.min(MAX_LINES);
        for line in 0..lines {
            let v = |side: &Side| side.v[0] + (line as f64 + 0.5) / lines as f64 * (side.v[1] - side.v[0]);
            canvas.line("edge faint", &[at(a.u, v(&a)), at(b.u, v(&b))]);
        }
    } else {
        canvas.polygon("band", &[at(a.u, a.v[0]), at(b.u, b.v[0]), at(b.u, b.v[1]), at(a.u, a.v[1])]);
    }
    let (start, end) = ([a.u, a.middle() + edge.aside], [b.u, b.middle() + edge.aside]);
    canvas.line("edge", &[at(start[0], start[1]), at(end[0], end[1])]);
    arrow_head(canvas, "head", at(start[0], start[1]), at(end[0], end[1]));
}

/// Draws an edge in a lane: out of its source, along the lane, and into its target.
fn in_lane(canvas: &mut Canvas, layout: &Layout, edge: &Edge, lane: f64) {
    let (from, to) = (layout.port(edge.from, true), layout.port(edge.to, false));
    let mut corners = vec![from, [from[0], lane], [to[0], lane], to];
    // A layer behind another one is left and entered at its side.
    if let End::Node(i) = edge.from
        && !layout.nodes[i].is_outermost
    {
        corners.insert(0, [layout.nodes[i].u + THICKNESS / 2.0, from[1]]);
    }
    if let End::Node(i) = edge.to
        && !layout.nodes[i].is_outermost
    {
        corners.push([layout.nodes[i].u - THICKNESS / 2.0, to[1]]);
    }
    let points: Vec<Point> = corners.iter().map(|&[u, v]| layout.size.point(u, v)).collect();
    let (line, head) =
        if edge.is_recurrent { ("edge recurrent", "head recurrent") } else { ("edge", "head") };
    canvas.path(line, &rounded_polyline(&points, CORNER), &points);
    if let [.., before, last] = points[..] {
        arrow_head(canvas, head, before, last);
    }
}

/// Draws the head of an arrow from `a` that ends at `b`.
pub(super) fn arrow_head(canvas: &mut Canvas, class: &str, a: Point, b: Point) {
    let length = (b[0] - a[0]).hypot(b[1] - a[1]).max(f64::MIN_POSITIVE);
    let [dx, dy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    let corner = |side: f64| [b[0] - 7.0 * dx + side * 3.2 * dy, b[1] - 7.0 * dy - side * 3.2 * dx];
    canvas.polygon(class, &[b, corner(1.0), corner(-1.0)]);
}
