//! Inlay hints: the shapes of connections.

use std::collections::BTreeMap;

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintTooltip, Range, Uri};
use synnet_dsl::tools::Meaning;
use synnet_dsl::vocabulary::ChainOperator;
use synnet_ir::Span;

use crate::facts;
use crate::location::path_of;
use crate::workspace::Workspace;

/// Shapes that one hint lists: those of the rounds of a loop.
const MAX_SHAPES: usize = 3;

impl Workspace {
    /// Returns the shapes of the weight matrices in a range, each after its `linear`.
    pub fn inlay_hints(&mut self, uri: &Uri, range: Range) -> Vec<InlayHint> {
        let path = path_of(uri);
        let Some(analyzed) = self.analyzed(&path) else { return Vec::new() };
        let Some(document) = self.documents.get(&path) else { return Vec::new() };
        let (start, end) = (document.text.offset(range.start) as u32, document.text.offset(range.end) as u32);
        // A statement in a loop gives several connections with one place.
        let mut shapes: BTreeMap<(u32, u32), Vec<String>> = BTreeMap::new();
        for network in analyzed.analysis.iter().flat_map(|analysis| &analysis.networks) {
            for connection in &network.graph.connections {
                let span = connection.span;
                let is_shown = span.source == analyzed.root && span.start <= end && start <= span.end;
                if !is_shown || connection.as_linear().is_none() {
                    continue;
                }
                let known = shapes.entry((span.start, span.end)).or_default();
                let shape = facts::shape(&network.graph, connection);
                known.extend(shape.filter(|shape| known.len() <= MAX_SHAPES && !known.contains(shape)));
            }
        }
        let symbols = analyzed.symbols(analyzed.root);
        let hint = |(&(start, end), shapes): (&(u32, u32), &Vec<String>)| {
            let from = symbols.occurrences.partition_point(|occurrence| occurrence.span.start < start);
            let mut inside = symbols.occurrences[from..].iter().take_while(|o| o.span.end <= end);
            let linear = inside.find(|o| o.meaning == Meaning::Operator(ChainOperator::Linear))?;
            let place = Span { start: linear.span.end, ..linear.span };
            let mut label = shapes.iter().take(MAX_SHAPES).cloned().collect::<Vec<_>>().join(", ");
            if shapes.len() > MAX_SHAPES {
                label.push_str(", ...");
            }
            (!label.is_empty()).then(|| InlayHint {
                position: document.text.position(place.start as usize),
                label: InlayHintLabel::String(label),
                kind: Some(InlayHintKind::TYPE),
                text_edits: None,
                tooltip: Some(InlayHintTooltip::String(
                    "shape of the weights: sources x target columns".into(),
                )),
                padding_left: Some(true),
                padding_right: None,
                data: None,
            })
        };
        shapes.iter().filter_map(hint).collect()
    }
}
