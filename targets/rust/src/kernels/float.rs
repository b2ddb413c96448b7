//! Functions in f32.
//!
//! Indices go through `get`, and arithmetic wraps or is in range, so that the generated code cannot panic.

use proc_macro2::TokenStream;
use quote::quote;

use crate::literal::float_literal;

/// Every f32 from this number on is an integer.
pub(super) const INTEGRAL_FROM: u32 = 1 << 23;

/// Computes `sums[c] += count[i] * weight[i][c]`, ascending in `i`, and skips silent sources.
pub(super) fn add_rows(row: &TokenStream) -> TokenStream {
    // Finding sources by a bit mask, 32 at a time, costs less than a branch per source, which is mispredicted for
    // random spikes. Ascending order keeps the sums equal to the interpreter's, bit for bit. `docs/rust.md` has the
    // timings.
    quote! {
        /// Adds the weights of every source that spikes, times its count, in ascending order.
        fn add_rows<const SOURCES: usize, const COLUMNS: usize>(
            sums: &mut [f32; COLUMNS],
            counts: &[f32; SOURCES],
            weights: &Matrix<SOURCES, COLUMNS>,
        ) {
            for (counts, rows) in counts.chunks(32).zip(weights.chunks(32)) {
                let mut spiking = 0;
                for (i, &count) in (0..).zip(counts) {
                    spiking |= u32::from(count != 0.0).wrapping_shl(i);
                }
                while spiking != 0 {
                    let first = spiking.trailing_zeros() as usize;
                    spiking &= spiking - 1;
                    // Both exist, because the mask has one bit per count; `get` proves it to the compiler.
                    if let (Some(&count), Some(row)) = (counts.get(first), rows.get(first)) {
                        // Weights stay bytes in the table: converting whole tables at compile time took rustc 23 s for
                        // two million weights. On little-endian machines this conversion is free.
                        for (sum, &weight) in sums.iter_mut().zip(#row) {
                            *sum += count * f32::from_le_bytes(weight);
                        }
                    }
                }
            }
        }
    }
}

/// Computes `sums[c] += count[i] * weight[i][c]`, ascending in `i`.
pub(super) fn add_all_rows(row: &TokenStream) -> TokenStream {
    // Equals `add_rows` in every bit: a silent source adds a zero, which changes no sum.
    quote! {
        /// Adds the weights of every source, times its count, in ascending order.
        fn add_all_rows<const SOURCES: usize, const COLUMNS: usize>(
            sums: &mut [f32; COLUMNS],
            counts: &[f32; SOURCES],
            weights: &Matrix<SOURCES, COLUMNS>,
        ) {
            for (&count, row) in counts.iter().zip(weights) {
                for (sum, &weight) in sums.iter_mut().zip(#row) {
                    *sum += count * f32::from_le_bytes(weight);
                }
            }
        }
    }
}

/// Computes `sums[c] += bias[c]`, from bytes.
pub(super) fn add_bias(borrowed: bool) -> TokenStream {
    let bias = if borrowed { quote!(bias) } else { quote!(&bias.0) };
    quote! {
        /// Adds the bias of a connection.
        fn add_bias<const COLUMNS: usize>(sums: &mut [f32; COLUMNS], bias: &Row<COLUMNS>) {
            for (sum, &bias) in sums.iter_mut().zip(#bias) {
                *sum += f32::from_le_bytes(bias);
            }
        }
    }
}

/// Computes `sums[c] += counts[c]`, for connections without weights.
pub(super) fn add_counts() -> TokenStream {
    quote! {
        /// Adds counts of a connection without weights.
        fn add_counts<const COLUMNS: usize>(sums: &mut [f32; COLUMNS], counts: &[f32; COLUMNS]) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }
}

/// Computes `counts[0] + counts[1] + ...`, for connections with several sources.
pub(super) fn add_sources() -> TokenStream {
    quote! {
        /// Returns the sum of the counts of several sources.
        fn add_sources<const WIDTH: usize, const SOURCES: usize>(
            sources: [&[f32; WIDTH]; SOURCES],
        ) -> [f32; WIDTH] {
            let mut sums = [0.0; WIDTH];
            for counts in sources {
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum += count;
                }
            }
            sums
        }
    }
}

/// Computes the number of spikes, `min(floor(vmem / threshold), most)`. `most` is at most [`INTEGRAL_FROM`] unless
/// `large`.
pub(super) fn spike_count(large: bool) -> TokenStream {
    // `core` has no `floor`, and the one of `std` is a library call on baseline x86-64, which lacks SSE4.1:
    // in the innermost loop, it would cost more than everything else (`docs/rust.md`).
    let integral_from = float_literal(INTEGRAL_FROM as f32);
    // Without this branch, adding 2^23 would round a larger ratio.
    let large_is_integral = large.then(|| {
        quote! {
            if ratio >= INTEGRAL_FROM {
                return ratio;
            }
        }
    });
    quote! {
        /// Returns how many times the threshold fits into a membrane potential, at most `most`.
        ///
        /// From 2^23 on, every f32 is an integer, so adding and subtracting 2^23 rounds to the nearest
        /// integer. If that lies above the ratio, the integer below it is the floor.
        fn spike_count(vmem: f32, threshold: f32, most: f32) -> f32 {
            const INTEGRAL_FROM: f32 = #integral_from;
            if vmem >= threshold {
                let ratio = vmem / threshold;
                // Also for an infinite ratio, and for NaN, which fails the comparison.
                let ratio = if ratio < most { ratio } else { most };
                #large_is_integral
                let nearest = (ratio + INTEGRAL_FROM) - INTEGRAL_FROM;
                if nearest > ratio { nearest - 1.0 } else { nearest }
            } else {
                0.0
            }
        }
    }
}

/// A ring buffer for the counts of a delayed connection.
pub(super) fn delay_line() -> TokenStream {
    quote! {
        /// Ring buffer for the counts of a connection with a delay of `STEPS` time steps.
        #[derive(Clone, Debug)]
        struct DelayLine<const WIDTH: usize, const STEPS: usize> {
            counts: [[f32; WIDTH]; STEPS],
            /// Index of the oldest counts.
            oldest: u32,
        }

        impl<const WIDTH: usize, const STEPS: usize> DelayLine<WIDTH, STEPS> {
            const fn new() -> Self {
                Self { counts: [[0.0; WIDTH]; STEPS], oldest: 0 }
            }

            /// Stores the counts of this step and returns those of `STEPS` steps ago.
            fn exchange(&mut self, counts: [f32; WIDTH]) -> [f32; WIDTH] {
                let oldest = self.oldest as usize;
                let next = self.oldest.wrapping_add(1);
                self.oldest = if (next as usize) < STEPS { next } else { 0 };
                // The oldest slot is read and reused in one move. `None` would need a delay of 0 steps.
                match self.counts.get_mut(oldest) {
                    Some(slot) => core::mem::replace(slot, counts),
                    None => counts,
                }
            }
        }
    }
}

/// Views of weights that the program brings as bytes. They need neither copies nor alignment.
pub(super) fn views() -> TokenStream {
    quote! {
        /// Numbers in four bytes each, little-endian.
        type Row<const COLUMNS: usize> = [[u8; 4]; COLUMNS];
        /// Weights, one row per source.
        type Matrix<const SOURCES: usize, const COLUMNS: usize> = [Row<COLUMNS>; SOURCES];

        /// Splits bytes into a matrix and the rest; `None` if there are too few.
        const fn take_matrix<const SOURCES: usize, const COLUMNS: usize>(
            bytes: &[u8],
        ) -> Option<(&Matrix<SOURCES, COLUMNS>, &[u8])> {
            let (numbers, _) = bytes.as_chunks::<4>();
            let (rows, _) = numbers.as_chunks::<COLUMNS>();
            match (rows.first_chunk::<SOURCES>(), bytes.split_at_checked(4 * SOURCES * COLUMNS)) {
                (Some(matrix), Some((_, rest))) => Some((matrix, rest)),
                _ => None,
            }
        }
    }
}

/// Tables of weights in aligned rows, built from the packed weights at compile time.
pub(super) fn tables() -> TokenStream {
    quote! {
        /// Numbers in four bytes each, little-endian, aligned for vectors of four.
        #[derive(Clone, Copy)]
        #[repr(C, align(16))]
        struct Row<const COLUMNS: usize>([[u8; 4]; COLUMNS]);
        /// Weights, one row per source.
        type Matrix<const SOURCES: usize, const COLUMNS: usize> = [Row<COLUMNS>; SOURCES];

        /// Returns the row of numbers that starts at a byte of the packed weights.
        const fn take_row<const COLUMNS: usize>(start: usize) -> Row<COLUMNS> {
            let (_, bytes) = PACKED.split_at(start);
            match bytes.as_chunks::<4>().0.first_chunk() {
                Some(numbers) => Row(*numbers),
                None => panic!("the packed weights are too short"),
            }
        }

        /// Returns the rows of numbers that start at a byte of the packed weights.
        const fn take_rows<const SOURCES: usize, const COLUMNS: usize>(
            start: usize,
        ) -> Matrix<SOURCES, COLUMNS> {
            let mut rows = [Row([[0; 4]; COLUMNS]); SOURCES];
            // `for` is not allowed in a `const fn`. The code generator has computed all offsets, so no index fails.
            let mut i = 0;
            while i < SOURCES {
                rows[i] = take_row(start + 4 * COLUMNS * i);
                i += 1;
            }
            rows
        }
    }
}
