//! Packed weights: the bytes from which generated code reads its weights.
//!
//! They start with a fingerprint of the network (8 bytes), so that weights of another network are refused, and with a
//! [`checksum`] of everything after it (8 bytes), so that damaged ones are. Then each [`Table`](crate::Table) follows,
//! row by row.
//!
//! * In f32: for each linear connection, in the order of the graph, its matrix (one row per source), then its bias if it
//!   has one. Numbers are 32-bit floats. [`pack`] writes this form.
//! * In integers: for each connection and each synapse its matrix. Numbers are signed bytes.
//!
//! Numbers are little-endian.

use synnet_ir::{Graph, Network, Slot, fnv1a};

/// Size of fingerprint and checksum before the first matrix, in bytes.
pub const HEADER: usize = 16;

/// The checksum of no bytes, and the factor of each step: those of the 64-bit FNV-1a hash.
pub const CHECKSUM: [u64; 2] = [0xcbf2_9ce4_8422_2325, 0x0100_0000_01b3];

/// Packs the weights of a network for generated code in f32.
pub fn pack(network: &Network) -> Vec<u8> {
    let weights = network.weights.iter().flatten();
    let numbers = weights.flat_map(|weights| weights.matrix.data.iter().chain(weights.bias.iter().flatten()));
    with_header(fingerprint(&network.graph), numbers.flat_map(|x| x.to_le_bytes()))
}

/// Returns packed weights: the header, and the numbers.
pub(crate) fn with_header(fingerprint: u64, numbers: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes: Vec<u8> = [0; HEADER].into_iter().chain(numbers).collect();
    let checksum = checksum(&bytes[HEADER..]);
    bytes[..8].copy_from_slice(&fingerprint.to_le_bytes());
    bytes[8..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Returns the checksum of the numbers of packed weights, as generated code computes it.
///
/// Words of eight bytes take few steps, of generated code and of the compiler that evaluates it; bytes after the last
/// whole word are words of their own. Each step is invertible, so no single damaged byte keeps the checksum.
pub fn checksum(numbers: &[u8]) -> u64 {
    let [start, factor] = CHECKSUM;
    let (words, rest) = numbers.as_chunks::<8>();
    let words =
        words.iter().map(|word| u64::from_le_bytes(*word)).chain(rest.iter().map(|&byte| byte.into()));
    words.fold(start, |hash, word| {
        let hash = (hash ^ word).wrapping_mul(factor);
        // Otherwise, the upper bits of a word would only reach those of the hash.
        hash ^ hash >> 32
    })
}

/// Returns a number that differs between networks that cannot run with each other's weights: those with other tensors,
/// a different time step, or different constants of layers.
pub(crate) fn fingerprint(graph: &Graph) -> u64 {
    // Constants are part of the code, but a weights file may override them, so two files for one source may differ in
    // them.
    let mut layout = format!("{:?}\n", graph.dt);
    for spec in graph.tensors() {
        layout.push_str(&format!("{} {:?}", spec.name, spec.shape));
        if let Slot::Layer(id, which) = spec.slot {
            layout.push_str(&format!(" {:?}", which.of(graph.layer(id)).map(|parameter| &parameter.values)));
        }
        layout.push('\n');
    }
    fnv1a(layout.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of two networks: with an incomplete last word, and with many words.
    fn blobs() -> [Vec<u8>; 2] {
        [51, 40_003].map(|len| with_header(7, (0..len).map(|i: u32| (i * i % 251) as u8)))
    }

    fn is_intact(bytes: &[u8]) -> bool {
        bytes[..8] == 7_u64.to_le_bytes() && bytes[8..HEADER] == checksum(&bytes[HEADER..]).to_le_bytes()
    }

    #[test]
    fn every_flipped_bit_is_detected() {
        let [small, large] = blobs();
        let mut at = 1;
        let places = (0..1000).map(|_| {
            at = (at * 7_919 + 104_729) % large.len();
            at
        });
        let places = places.collect::<Vec<_>>();
        for (mut bytes, places) in [(small.clone(), (0..small.len()).collect()), (large, places)] {
            assert!(is_intact(&bytes));
            for at in places {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    assert!(!is_intact(&bytes), "bit {bit} of byte {at}");
                    bytes[at] ^= 1 << bit;
                }
            }
        }
    }

    #[test]
    fn bits_that_are_flipped_in_several_words_are_detected() {
        let [_, mut bytes] = blobs();
        for word in 4..14 {
            bytes[8 * word + 7] ^= 0x80;
            assert!(!is_intact(&bytes), "{} words", word - 3);
        }
    }
}
