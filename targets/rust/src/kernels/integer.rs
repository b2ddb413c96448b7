//! Functions in integers.
//!
//! Indices go through `get`, and arithmetic wraps or saturates, so that the generated code cannot panic.

use proc_macro2::TokenStream;
use quote::quote;

/// Generates the tables of weights, which are built from the packed weights at compile time.
pub(super) fn tables() -> TokenStream {
    quote! {
        /// Weights of one source, aligned for vectors.
        #[derive(Clone, Copy)]
        #[repr(C, align(16))]
        struct Row<const COLUMNS: usize>([u8; COLUMNS]);
        /// Weights of a connection, one row per source.
        type Matrix<const SOURCES: usize, const COLUMNS: usize> = [Row<COLUMNS>; SOURCES];

        /// Returns the rows of weights that start at a byte of the packed weights.
        const fn take_rows<const SOURCES: usize, const COLUMNS: usize>(
            start: usize,
        ) -> Matrix<SOURCES, COLUMNS> {
            // `for` is not allowed in a `const fn`. One copy per row, not one per weight, keeps compilation fast.
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
    }
}

/// Generates the kernel that finds sources by a mask, for weights whose product with any number of events fits 16 bits.
pub(super) fn add_rows() -> TokenStream {
    add_events(
        &quote!(add_rows),
        &[
            " Adds the events of every source that spikes, in ascending order. Weights are shifted left by `shift`.",
            " Events of one source are added at once: equal addends saturate alike, one by one or at once, and the",
            " product of their number and a weight fits 16 bits.",
        ],
        &TokenStream::new(),
        &quote! { add_row(isyn, row, i16::from(count).wrapping_shl(shift)); },
    )
}

/// Generates the kernel that adds the rows of two sources at a time.
pub(super) fn add_rows_in_pairs() -> TokenStream {
    quote! {
        /// Adds the events of every source that spikes, in ascending order. Weights are shifted left by `shift`.
        /// Events of one source are added at once: equal addends saturate alike, one by one or at once.
        fn add_rows<const SOURCES: usize, const COLUMNS: usize>(
            isyn: &mut [i16; COLUMNS],
            counts: &[u8; SOURCES],
            weights: &Matrix<SOURCES, COLUMNS>,
            shift: u32,
        ) {
            let mut spiking = counts.iter().zip(weights).filter(|(count, _)| **count != 0);
            while let Some((&count, row)) = spiking.next() {
                let factor = i32::from(count).wrapping_shl(shift);
                // Two sources at a time: each current is loaded and stored half as often.
                if let Some((&count, next_row)) = spiking.next() {
                    let next_factor = i32::from(count).wrapping_shl(shift);
                    for ((isyn, &weight), &next) in isyn.iter_mut().zip(&row.0).zip(&next_row.0) {
                        *isyn = add_weight(add_weight(*isyn, weight, factor), next, next_factor);
                    }
                } else {
                    for (isyn, &weight) in isyn.iter_mut().zip(&row.0) {
                        *isyn = add_weight(*isyn, weight, factor);
                    }
                }
            }
        }
    }
}

/// Generates the addition of one weight times a factor.
pub(super) fn add_weight() -> TokenStream {
    // Compiles to `mla` and `ssat` on Cortex-M3 and later.
    quote! {
        /// Adds a weight times a factor to a current, in 32 bits, and saturates the sum.
        fn add_weight(isyn: i16, weight: u8, factor: i32) -> i16 {
            let product = i32::from(weight.cast_signed()).wrapping_mul(factor);
            let sum = i32::from(isyn).wrapping_add(product).clamp(i16::MIN.into(), i16::MAX.into());
            // The low half is the whole number; a cast would be a warning of clippy.
            let [low, high, ..] = sum.to_le_bytes();
            i16::from_le_bytes([low, high])
        }
    }
}

/// Generates the kernel for larger weights: it adds events in chunks whose product with a weight fits 16 bits.
pub(super) fn add_rows_in_chunks() -> TokenStream {
    add_events(
        &quote!(add_rows_in_chunks),
        &[
            " As `add_rows`, for weights so large that the product fits 16 bits for at most `together` events of one",
            " source at once.",
        ],
        &quote!(together: u8,),
        &quote! { add_row_in_chunks(isyn, row, count, shift, together); },
    )
}

/// Generates the addition of events in chunks.
pub(super) fn add_row_in_chunks() -> TokenStream {
    quote! {
        /// Adds `count` events of one source, at most `together` at once.
        fn add_row_in_chunks<const COLUMNS: usize>(
            isyn: &mut [i16; COLUMNS],
            row: &Row<COLUMNS>,
            count: u8,
            shift: u32,
            together: u8,
        ) {
            let mut left = count;
            while left > 0 {
                let part = left.min(together);
                left -= part;
                add_row(isyn, row, i16::from(part).wrapping_shl(shift));
            }
        }
    }
}

/// Generates a function that runs `body` for every source that spikes, in ascending order.
fn add_events(name: &TokenStream, docs: &[&str], more: &TokenStream, body: &TokenStream) -> TokenStream {
    // Finding sources by a bit mask, 64 at a time, costs less than a branch per source, or per word of eight counts,
    // which is mispredicted for random spikes.
    quote! {
        #(#[doc = #docs])*
        fn #name<const SOURCES: usize, const COLUMNS: usize>(
            isyn: &mut [i16; COLUMNS],
            counts: &[u8; SOURCES],
            weights: &Matrix<SOURCES, COLUMNS>,
            shift: u32,
            #more
        ) {
            for (counts, rows) in counts.chunks(64).zip(weights.chunks(64)) {
                let mut spiking = sources_that_spike(counts);
                while spiking != 0 {
                    let first = spiking.trailing_zeros() as usize;
                    spiking &= spiking - 1;
                    // Both exist, because the mask has one bit per count; `get` proves it to the compiler.
                    if let (Some(&count), Some(row)) = (counts.get(first), rows.get(first)) {
                        #body
                    }
                }
            }
        }
    }
}

/// Generates the bit mask of the sources that spike.
pub(super) fn sources_that_spike() -> TokenStream {
    // Eight counts at a time in one number: what a vector unit does in one instruction, in a form that every target
    // has.
    quote! {
        /// Returns a mask with one bit for each of at most 64 counts, the lowest bit first: 1 if the count is nonzero.
        ///
        /// Eight counts are the bytes of one number. The sum carries into the highest bit of each byte
        /// whose lower bits are not all zero. The product collects the highest bits of all bytes in its
        /// own highest byte, in order and without carries.
        fn sources_that_spike(counts: &[u8]) -> u64 {
            const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
            let (eights, last) = counts.as_chunks::<8>();
            let mut spiking = 0;
            for (i, &count) in (0..).zip(last) {
                spiking |= u64::from(count != 0).wrapping_shl(i);
            }
            for &eight in eights.iter().rev() {
                let bytes = u64::from_le_bytes(eight);
                let high_bits = ((bytes & LOW_BITS).wrapping_add(LOW_BITS) | bytes) & !LOW_BITS;
                let bits = high_bits.wrapping_shr(7).wrapping_mul(0x0102_0408_1020_4080).wrapping_shr(56);
                spiking = spiking.wrapping_shl(8) | bits;
            }
            spiking
        }
    }
}

/// Generates the addition of one row times a factor.
pub(super) fn add_row() -> TokenStream {
    quote! {
        /// Adds the weights of one source, times a factor whose product with every weight fits 16 bits.
        fn add_row<const COLUMNS: usize>(isyn: &mut [i16; COLUMNS], row: &Row<COLUMNS>, factor: i16) {
            // Compiles to `pmullw` and `paddsw` on baseline x86-64.
            for (isyn, &weight) in isyn.iter_mut().zip(&row.0) {
                *isyn = isyn.saturating_add(i16::from(weight.cast_signed()).wrapping_mul(factor));
            }
        }
    }
}

/// Generates the leak of a state.
pub(super) fn leak() -> TokenStream {
    quote! {
        /// Returns the loss of a state in a step: its share `2^-dash`, rounded down, but at least 1 if the
        /// state is positive. So every state reaches 0.
        fn leak(state: i16, dash: u8) -> i16 {
            let part = state.wrapping_shr(u32::from(dash));
            if part == 0 && state > 0 { 1 } else { part }
        }
    }
}

/// Generates the condition of a spike.
pub(super) fn reaches() -> TokenStream {
    // A function, because comparing with a constant at the end of the 16-bit range would be a warning.
    quote! {
        /// Returns whether a membrane potential reaches the threshold.
        fn reaches(vmem: i16, threshold: i16) -> bool {
            vmem >= threshold
        }
    }
}

/// Generates the sum of a membrane's change and two currents.
pub(super) fn add_saturating() -> TokenStream {
    quote! {
        /// Returns the sum of a membrane's change and two currents, saturated once.
        fn add_currents(change: i16, isyn: i16, isyn2: i16) -> i16 {
            // In 32 bits: saturating twice would give another result than the chip's.
            let sum = i32::from(change) + i32::from(isyn) + i32::from(isyn2);
            i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX })
        }
    }
}
