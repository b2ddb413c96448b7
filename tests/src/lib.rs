//! What the whole-pipeline tests share: networks from text, with weights, and rasters to run them on.

use synnet_dsl::{NoImports, Options, compile};
use synnet_ir::{Graph, Network, Sources, render};
use synnet_runtime::{Interpreter, Recording, Run, Sequence, initial_params};

/// Compiles a text that holds one network.
///
/// # Panics
/// Where the text has errors.
pub fn graph(text: &str) -> Graph {
    let mut sources = Sources::new();
    let root = sources.add("network.snn", text);
    let compilation = compile(&mut sources, root, &Options::default(), &mut NoImports);
    compilation.graph.unwrap_or_else(|| panic!("{}", render(&compilation.diagnostics, &sources, false)))
}

/// Gives a graph its initial weights, those of connections `gain` times as large.
///
/// # Panics
/// Where the graph has no such network; it is a fault of the runtime.
pub fn network(graph: &Graph, gain: f32, seed: u64) -> Network {
    let mut params = initial_params(graph, seed);
    for (name, tensor) in &mut params.tensors {
        if name.ends_with(".weight") {
            tensor.data.iter_mut().for_each(|weight| *weight *= gain);
        }
    }
    Network::bind(graph, &params).expect("the weights were drawn for this graph")
}

/// The float interpreter on one sequence `[steps, channels]`, with the traces of all layers.
///
/// # Panics
/// Where the raster does not hold whole steps of the network's input.
pub fn interpret(network: &Network, raster: &[f32]) -> Run {
    let channels = network.graph.input.channels;
    let input = Sequence::new(1, raster.len() / channels, channels, raster.to_vec());
    let input = input.expect("the raster holds whole steps");
    Interpreter::new(network).run(&input, Recording::On, 0).expect("the raster has the network's channels")
}

/// A small generator of pseudo-random numbers (splitmix64), the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// Event counts: three of four are 0, the others 1 to 3.
    pub fn events(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| if self.below(4) == 0 { 1 + self.below(3) as u8 } else { 0 }).collect()
    }
}

/// The examples of the documentation's pages, compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/audio.md")]
    struct Audio;
    #[doc = include_str!("../../docs/data.md")]
    struct Data;
    #[doc = include_str!("../../docs/training.md")]
    struct Training;
}
