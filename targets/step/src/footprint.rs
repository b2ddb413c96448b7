//! Memory estimates of programs.

use crate::program::Program;

/// Footprint of generated code on its target, in bytes, without the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// States of all layers and delay lines: the size of the generated type. A type that takes its weights at run time
    /// also has one pointer per matrix and bias, which is not counted.
    pub ram: u64,
    /// Weights, and tables of constants that differ between neurons.
    pub flash: u64,
}

impl Program {
    /// Estimates RAM and flash. `row` is the alignment of rows of weights in bytes; `None` if the weights come at run
    /// time as one piece.
    pub fn footprint(&self, row: Option<u64>) -> Footprint {
        // Saturating, because sizes come from the user and need not be of a network that fits anywhere.
        let layers = self.layers.iter().map(|layer| {
            let states = layer.states.iter().map(|state| {
                let numbers = (layer.size as u64).saturating_mul(state.per_neuron as u64);
                numbers.saturating_mul(state.scalar.bytes())
            });
            // A layer is aligned for its largest state.
            let align = layer.states.iter().map(|state| state.scalar.bytes()).max().unwrap_or(1);
            let bytes = states.fold(0, u64::saturating_add);
            bytes.div_ceil(align).saturating_mul(align)
        });
        let delays = self.connections.iter().filter(|connection| connection.delay > 0).map(|connection| {
            let counts = (connection.width as u64).saturating_mul(connection.delay as u64);
            // The index of the oldest counts takes 4 bytes.
            counts.saturating_mul(4).saturating_add(4)
        });
        let constants = self.layers.iter().flat_map(|layer| &layer.constants).map(crate::Constant::bytes);
        let weights = row.map_or_else(|| self.packed_len(), |row| self.aligned_weights(row));
        Footprint {
            ram: layers.chain(delays).fold(0, u64::saturating_add),
            flash: constants.fold(weights, u64::saturating_add),
        }
    }

    /// Returns the size of all weights and biases in bytes, with aligned rows.
    fn aligned_weights(&self, align: u64) -> u64 {
        let tables = self.tables.iter().map(|table| {
            let row = (table.columns as u64).saturating_mul(table.scalar.bytes());
            row.div_ceil(align).saturating_mul(align).saturating_mul(table.rows as u64)
        });
        tables.fold(0, u64::saturating_add)
    }
}
