//! The functions that generated layers and connections share; each module gets those that it uses.

use proc_macro2::TokenStream;
use quote::quote;

/// Weights and their rows, and the addition of events.
pub(super) fn add_rows() -> TokenStream {
    quote! {
        /// Weights of one source, aligned for vectors.
        #[derive(Clone, Copy)]
        #[repr(C, align(16))]
        struct Row<const COLUMNS: usize>([u8; COLUMNS]);

        /// Weights of a connection, one row per source.
        struct Matrix<const SOURCES: usize, const COLUMNS: usize> {
            rows: [Row<COLUMNS>; SOURCES],
            /// Left shift of every weight.
            shift: u32,
            /// So many events of one source are added at once: their product with a weight fits 16 bits.
            together: u8,
        }

        /// The rows of weights that begin at a byte of the packed weights.
        const fn take_rows<const SOURCES: usize, const COLUMNS: usize>(
            start: usize,
        ) -> [Row<COLUMNS>; SOURCES] {
            let mut rows = [Row([0; COLUMNS]); SOURCES];
            let mut i = 0;
            while i < SOURCES {
                let (_, bytes) = PACKED.split_at(start + COLUMNS * i);
                rows[i] = match bytes.first_chunk() {
                    Some(weights) => Row(*weights),
                    None => panic!("the packed weights are too short"),
                };
                i += 1;
            }
            rows
        }

        /// Adds the events of every source that spikes, in ascending order, each addition saturating.
        /// Equal addends that go one way saturate alike one by one and together.
        fn add_rows<const SOURCES: usize, const COLUMNS: usize>(
            isyn: &mut [i16; COLUMNS],
            counts: &[u8; SOURCES],
            weights: &Matrix<SOURCES, COLUMNS>,
        ) {
            for (counts, rows) in counts.chunks(32).zip(weights.rows.chunks(32)) {
                let mut spiking = 0;
                for (i, &count) in (0..).zip(counts) {
                    spiking |= u32::from(count != 0).wrapping_shl(i);
                }
                while spiking != 0 {
                    let first = spiking.trailing_zeros() as usize;
                    spiking &= spiking - 1;
                    if let (Some(&count), Some(row)) = (counts.get(first), rows.get(first)) {
                        let mut left = count;
                        while left > 0 {
                            let events = left.min(weights.together);
                            left -= events;
                            let factor = i16::from(events).wrapping_shl(weights.shift);
                            for (isyn, &weight) in isyn.iter_mut().zip(&row.0) {
                                let change = i16::from(weight.cast_signed()).wrapping_mul(factor);
                                *isyn = isyn.saturating_add(change);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a state loses in a step.
pub(super) fn leak() -> TokenStream {
    quote! {
        /// What a state loses in a step: its part of `2^-dash`, rounded down, but at least 1 where it is
        /// positive. Every state thus reaches 0.
        fn leak(state: i16, dash: u8) -> i16 {
            let part = state.wrapping_shr(u32::from(dash));
            if part == 0 && state > 0 { 1 } else { part }
        }
    }
}

/// The sum of three 16-bit numbers.
pub(super) fn add_saturating() -> TokenStream {
    quote! {
        /// The sum of a membrane's change and two currents, saturated once.
        fn add_currents(change: i16, isyn: i16, isyn2: i16) -> i16 {
            let sum = i32::from(change) + i32::from(isyn) + i32::from(isyn2);
            if sum > 32767 {
                i16::MAX
            } else if sum < -32768 {
                i16::MIN
            } else {
                sum as i16
            }
        }
    }
}
