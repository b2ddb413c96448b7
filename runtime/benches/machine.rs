//! The limits of this machine, with which kernels are compared: multiply-adds and memory reads per second.
//!
//! `cargo bench -p synnet-runtime --bench machine` prints a table in Markdown, for one core and for all: f32
//! multiply-adds with vectors of 512 and 256 bits (two operations each), and reads of a buffer that stays in
//! the first-level, second-level or last-level cache, or in memory.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[cfg(target_arch = "x86_64")]
fn main() {
    x86::table();
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {
    println!("machine: the limits are measured with vector instructions of x86-64 only");
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;
    use std::sync::Barrier;
    use std::time::Instant;

    /// Independent sums, which hide the latency of an operation.
    const SUMS: usize = 12;
    /// Attempts, of which the fastest counts: a limit is the performance without disturbance.
    const ATTEMPTS: usize = 9;
    /// Bytes that an attempt reads; a small buffer is read repeatedly.
    const READ_BYTES: usize = 2 << 30;

    /// A vector width of this machine.
    #[derive(Clone, Copy)]
    struct Vectors {
        name: &'static str,
        lanes: usize,
        /// Performs `SUMS` multiply-adds per repetition.
        multiply_add: fn(usize),
        /// Reads a buffer once per repetition; its length is a multiple of `SUMS` vectors.
        read: fn(&[f32], usize),
    }

    pub(super) fn table() {
        let all = vectors();
        let Some(&widest) = all.first() else {
            println!("machine: this processor has neither AVX-512 nor AVX2");
            return;
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("| limit | one core | {cores} cores |\n|---|---|---|");
        let print = |what: &str, unit: &str, measure: &dyn Fn(usize) -> f64| {
            println!("| {what} | {:.0} {unit} | {:.0} {unit} |", measure(1) / 1e9, measure(cores) / 1e9);
        };
        for &vectors in &all {
            print(&format!("multiply-add, {}", vectors.name), "GFLOP/s", &|cores| {
                multiply_adds(vectors, cores)
            });
        }
        for (what, kibibytes) in
            [("16 KiB", 16), ("512 KiB", 512), ("8 MiB", 8 << 10), ("512 MiB", 512 << 10)]
        {
            print(&format!("read, {what} per core"), "GB/s", &|cores| reads(widest, kibibytes << 10, cores));
        }
    }

    /// Returns the operations per second of all cores together.
    fn multiply_adds(vectors: Vectors, cores: usize) -> f64 {
        let rounds = 2_000_000;
        let operations = (2 * rounds * SUMS * vectors.lanes * cores) as f64;
        operations / min_seconds(cores, &|| (), &|()| (vectors.multiply_add)(rounds))
    }

    /// Returns the bytes per second of all cores together, each with a buffer of its own.
    fn reads(vectors: Vectors, bytes: usize, cores: usize) -> f64 {
        let values = bytes / 4 / (SUMS * vectors.lanes) * (SUMS * vectors.lanes);
        let times = (READ_BYTES / bytes).max(1);
        // A load that crosses two cache lines would count twice.
        let aligned = |room: &Vec<f32>| room.as_ptr().align_offset(64);
        let read = |room: &Vec<f32>| (vectors.read)(&room[aligned(room)..][..values], times);
        let seconds = min_seconds(cores, &|| vec![1.0; values + 16], &read);
        (values * 4 * times * cores) as f64 / seconds
    }

    /// Returns the minimum time of several attempts in which all cores start together and do the work once.
    fn min_seconds<T>(cores: usize, prepare: &(dyn Fn() -> T + Sync), work: &(dyn Fn(&T) + Sync)) -> f64 {
        let barrier = Barrier::new(cores);
        let one_core = || {
            let prepared = prepare();
            let attempt = |_| {
                barrier.wait();
                let start = Instant::now();
                work(&prepared);
                barrier.wait();
                start.elapsed().as_secs_f64()
            };
            (0..ATTEMPTS).map(attempt).fold(f64::INFINITY, f64::min)
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one_core)).collect();
            let seconds =
                threads.into_iter().map(|thread| thread.join().expect("a measurement does not panic"));
            seconds.fold(0.0, f64::max)
        })
    }

    /// Returns the vector widths of this machine, the widest first.
    #[allow(
        unsafe_code,
        reason = "functions for a processor's extensions, called where it is known to have them"
    )]
    fn vectors() -> Vec<Vectors> {
        let mut vectors = Vec::new();
        if is_x86_feature_detected!("avx512f") {
            vectors.push(Vectors {
                name: "512 bits (AVX-512)",
                lanes: 16,
                // SAFETY: the processor has AVX-512.
                multiply_add: |rounds| unsafe { multiply_add_512(rounds) },
                // SAFETY: the processor has AVX-512.
                read: |buffer, times| unsafe { read_512(buffer, times) },
            });
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            vectors.push(Vectors {
                name: "256 bits (AVX2, FMA)",
                lanes: 8,
                // SAFETY: the processor has AVX2 and FMA.
                multiply_add: |rounds| unsafe { multiply_add_256(rounds) },
                // SAFETY: the processor has AVX2.
                read: |buffer, times| unsafe { read_256(buffer, times) },
            });
        }
        vectors
    }

    /// Defines the two kernels for one vector width.
    macro_rules! kernels {
        ($features:literal, $lanes:literal, $multiply_add:ident, $read:ident,
         $fill:ident, $fma:ident, $load:ident, $add:ident) => {
            #[target_feature(enable = $features)]
            fn $multiply_add(rounds: usize) {
                let (factor, term) = (black_box($fill(0.5)), black_box($fill(1.0)));
                let mut sums = [term; SUMS];
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = $fma(*sum, factor, term);
                    }
                }
                black_box(sums);
            }

            #[target_feature(enable = $features)]
            #[allow(unsafe_code, reason = "loads of whole vectors")]
            fn $read(buffer: &[f32], times: usize) {
                let mut sums = [$fill(0.0); SUMS];
                for _ in 0..times {
                    for block in black_box(buffer).as_chunks::<$lanes>().0.as_chunks::<SUMS>().0 {
                        for (sum, vector) in sums.iter_mut().zip(block) {
                            // SAFETY: the array has as many values as the vector.
                            *sum = $add(*sum, unsafe { $load(vector.as_ptr()) });
                        }
                    }
                }
                black_box(sums);
            }
        };
    }

    kernels!(
        "avx512f",
        16,
        multiply_add_512,
        read_512,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_loadu_ps,
        _mm512_add_ps
    );
    kernels!(
        "avx2,fma",
        8,
        multiply_add_256,
        read_256,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_loadu_ps,
        _mm256_add_ps
    );
}
