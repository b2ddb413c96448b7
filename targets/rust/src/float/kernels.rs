//! The functions that generated layers and connections share; each module gets those that it uses.

use proc_macro2::TokenStream;
use quote::quote;

use crate::literal::number;

/// From here on every f32 is a whole number.
pub(crate) const INTEGRAL_FROM: u32 = 1 << 23;

/// `sums[c] += count[i] * weight[i][c]`, ascending in `i`, silent sources skipped. One bit per source,
/// 32 at a time, costs less than one branch per source, which the processor cannot foresee.
pub(crate) fn add_rows(row: &TokenStream) -> TokenStream {
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
                    if let (Some(&count), Some(row)) = (counts.get(first), rows.get(first)) {
                        for (sum, &weight) in sums.iter_mut().zip(#row) {
                            *sum += count * f32::from_le_bytes(weight);
                        }
                    }
                }
            }
        }
    }
}

/// `sums[c] += count[i] * weight[i][c]`, ascending in `i`.
pub(crate) fn add_all_rows(row: &TokenStream) -> TokenStream {
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

/// `sums[c] += bias[c]`, from bytes.
pub(crate) fn add_bias(borrowed: bool) -> TokenStream {
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

/// `sums[c] += counts[c]`.
pub(crate) fn add_counts() -> TokenStream {
    quote! {
        /// Adds counts that arrive as they are.
        fn add_counts<const COLUMNS: usize>(sums: &mut [f32; COLUMNS], counts: &[f32; COLUMNS]) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }
}

/// `counts[0] + counts[1] + ...`
pub(crate) fn add_sources() -> TokenStream {
    quote! {
        /// Sum of the counts of several sources.
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

/// The number of spikes, `min(floor(vmem / threshold), most)`. `most` is at most [`INTEGRAL_FROM`] unless
/// `large`. There is no `floor` in `core`, and where there is one it is a call on baseline x86-64.
pub(crate) fn spike_count(large: bool) -> TokenStream {
    let whole = number(INTEGRAL_FROM as f32);
    let large_is_whole = large.then(|| {
        quote! {
            if ratio >= INTEGRAL_FROM {
                return ratio;
            }
        }
    });
    quote! {
        /// Whole multiples of the threshold in a membrane potential, at most `most`.
        ///
        /// From 2^23 on, f32 has no digits behind the point: adding and subtracting it rounds to
        /// the nearest whole number. Where that lies above, the one below it is meant.
        fn spike_count(vmem: f32, threshold: f32, most: f32) -> f32 {
            const INTEGRAL_FROM: f32 = #whole;
            if vmem >= threshold {
                let ratio = vmem / threshold;
                let ratio = if ratio < most { ratio } else { most };
                #large_is_whole
                let nearest = (ratio + INTEGRAL_FROM) - INTEGRAL_FROM;
                if nearest > ratio { nearest - 1.0 } else { nearest }
            } else {
                0.0
            }
        }
    }
}

/// A ring of the counts on their way.
pub(crate) fn delay_line() -> TokenStream {
    quote! {
        /// Counts on their way through a connection that takes `STEPS` time steps.
        #[derive(Clone, Debug)]
        struct DelayLine<const WIDTH: usize, const STEPS: usize> {
            counts: [[f32; WIDTH]; STEPS],
            /// Where the oldest counts are.
            oldest: u32,
        }

        impl<const WIDTH: usize, const STEPS: usize> DelayLine<WIDTH, STEPS> {
            const fn new() -> Self {
                Self { counts: [[0.0; WIDTH]; STEPS], oldest: 0 }
            }

            /// Takes in the counts of this step and gives those of `STEPS` steps ago.
            fn exchange(&mut self, counts: [f32; WIDTH]) -> [f32; WIDTH] {
                let oldest = self.oldest as usize;
                let next = self.oldest.wrapping_add(1);
                self.oldest = if (next as usize) < STEPS { next } else { 0 };
                match self.counts.get_mut(oldest) {
                    Some(slot) => core::mem::replace(slot, counts),
                    None => counts,
                }
            }
        }
    }
}

/// Views of numbers in bytes, which need neither copies nor alignment.
pub(crate) fn views() -> TokenStream {
    quote! {
        /// Numbers in four bytes each, little-endian.
        type Row<const COLUMNS: usize> = [[u8; 4]; COLUMNS];
        /// Weights, one row per source.
        type Matrix<const SOURCES: usize, const COLUMNS: usize> = [Row<COLUMNS>; SOURCES];

        /// Divides bytes into a matrix and the rest.
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

/// Tables of numbers in aligned rows, made of the packed weights while compiling.
pub(crate) fn tables() -> TokenStream {
    quote! {
        /// Numbers in four bytes each, little-endian, aligned for vectors of four.
        #[derive(Clone, Copy)]
        #[repr(C, align(16))]
        struct Row<const COLUMNS: usize>([[u8; 4]; COLUMNS]);
        /// Weights, one row per source.
        type Matrix<const SOURCES: usize, const COLUMNS: usize> = [Row<COLUMNS>; SOURCES];

        /// The row of numbers that begins at a byte of the packed weights.
        const fn take_row<const COLUMNS: usize>(start: usize) -> Row<COLUMNS> {
            let (_, bytes) = PACKED.split_at(start);
            match bytes.as_chunks::<4>().0.first_chunk() {
                Some(numbers) => Row(*numbers),
                None => panic!("the packed weights are too short"),
            }
        }

        /// The rows of numbers that begin at a byte of the packed weights.
        const fn take_rows<const SOURCES: usize, const COLUMNS: usize>(
            start: usize,
        ) -> Matrix<SOURCES, COLUMNS> {
            let mut rows = [Row([[0; 4]; COLUMNS]); SOURCES];
            let mut i = 0;
            while i < SOURCES {
                rows[i] = take_row(start + 4 * COLUMNS * i);
                i += 1;
            }
            rows
        }
    }
}
