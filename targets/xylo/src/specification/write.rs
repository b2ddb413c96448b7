//! Writing a specification as an `.npz` archive.

use synnet_arrays::NpzWriter;

use super::{Specification, SpecificationError, checksum};
use crate::layer_table::LayerTable;

impl Specification {
    /// Returns an `.npz` archive of 64-bit integers. The same specification gives the same bytes. `alias_target` is
    /// omitted without aliases, because Rockpool's `XyloSim.from_specification` has no such argument: so it takes the
    /// arrays of the file as they are. The comment of the archive has a checksum.
    ///
    /// # Errors
    /// Returns all inconsistencies of the specification, as [`check`](Self::check) does.
    pub fn to_npz(&self) -> Result<Vec<u8>, SpecificationError> {
        self.archive(None)
    }

    /// Like [`to_npz`](Self::to_npz), with the layer table in the comment of the archive: NumPy does not list a
    /// comment among the arrays, so that Rockpool still takes the file as it is. A table of more than 64 KiB is left
    /// out.
    ///
    /// # Errors
    /// As [`to_npz`](Self::to_npz).
    pub fn to_npz_with(&self, layers: &LayerTable) -> Result<Vec<u8>, SpecificationError> {
        self.archive(Some(layers))
    }

    fn archive(&self, layers: Option<&LayerTable>) -> Result<Vec<u8>, SpecificationError> {
        self.check()?;
        let d = self.dimensions;
        let mut archive = NpzWriter::new();
        let mut add = |name: &str, shape: &[usize], data: &mut dyn Iterator<Item = i64>| {
            let written = archive.add(name, shape, &data.collect::<Vec<_>>());
            written.map_err(|e| SpecificationError { errors: vec![e.to_string()] })
        };
        if self.alias_target.iter().any(Option::is_some) {
            let mut targets = self.alias_target.iter().map(|target| target.map_or(-1, |t| t as i64));
            add("alias_target", &[d.hidden], &mut targets)?;
        }
        for (name, shape, weights) in [
            ("weights_in", vec![d.inputs, d.input_expansion, d.synapses], &self.weights_in),
            ("weights_rec", vec![d.hidden, d.hidden, d.synapses], &self.weights_rec),
            ("weights_out", vec![d.output_expansion, d.outputs], &self.weights_out),
        ] {
            add(name, &shape, &mut weights.iter().map(|&w| w.into()))?;
        }
        for (name, dashes) in [
            ("dash_mem", &self.dash_mem),
            ("dash_mem_out", &self.dash_mem_out),
            ("dash_syn", &self.dash_syn),
            ("dash_syn_2", &self.dash_syn_2),
            ("dash_syn_out", &self.dash_syn_out),
        ] {
            add(name, &[dashes.len()], &mut dashes.iter().map(|&dash| dash.into()))?;
        }
        for (name, values) in [
            ("threshold", &self.threshold),
            ("threshold_out", &self.threshold_out),
            ("bias", &self.bias),
            ("bias_out", &self.bias_out),
        ] {
            add(name, &[values.len()], &mut values.iter().map(|&value| value.into()))?;
        }
        for (name, shift) in [
            ("weight_shift_in", self.weight_shift_in),
            ("weight_shift_rec", self.weight_shift_rec),
            ("weight_shift_out", self.weight_shift_out),
        ] {
            add(name, &[], &mut std::iter::once(shift.into()))?;
        }
        let table = layers.map(LayerTable::to_json);
        let with_table = checksum::comment(table.as_deref());
        let fits = with_table.len() <= NpzWriter::MAX_COMMENT;
        let comment = if fits { with_table } else { checksum::comment(None) };
        let failed = |e: synnet_arrays::Error| SpecificationError { errors: vec![e.to_string()] };
        archive.set_comment(comment).map_err(failed)?;
        let mut bytes = archive.finish().map_err(failed)?;
        checksum::seal(&mut bytes);
        Ok(bytes)
    }
}
