//! Damaged and hostile files: a reason for each, no panic, bounded memory, and an end.
//!
//! `SYNNET_FUZZ_CASES` is the number of damaged files, `SYNNET_FUZZ_SEED` the first of their seeds. A test that is slow or
//! takes too much memory prints the seed of the file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use synnet_nir::{Field, ImportOptions, Nir, Node, Values, import, read_file};

use crate::memory::peak;
use crate::public::files;

/// Maximum memory of a file of some kilobytes, read and imported: it can hold a thousand times its size.
const MAX_BYTES: usize = 320 << 20;
/// Maximum time of a file.
const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });

/// Returns the files of `hostile/`, which `tools/hostile.py` writes.
fn hostile() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// Reads and imports a file.
fn outcome(bytes: Vec<u8>) -> Result<(), String> {
    let nir = read_file(bytes).map_err(|why| why.to_string())?;
    imported(&nir)
}

fn imported(nir: &Nir) -> Result<(), String> {
    let options = ImportOptions::new().with_dt(1e-4);
    import(nir, "Damaged", &options).map(|_| ()).map_err(|why| why.to_string())
}

#[test]
fn hostile_files_are_refused_within_bounds() {
    let mut said = String::new();
    for (name, bytes) in hostile() {
        let size = bytes.len();
        let start = Instant::now();
        let (outcome, peak) = peak(|| outcome(bytes));
        assert!(peak < MAX_BYTES, "{name}: {} MiB for {size} bytes", peak >> 20);
        assert!(start.elapsed() < MAX_TIME, "{name}: {:?}", start.elapsed());
        let outcome = outcome.err().unwrap_or_else(|| "imported".to_owned());
        said.push_str(&format!("{name}: {}\n", outcome.trim_end()));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn cut_files_are_refused() {
    for (name, bytes, _) in files() {
        for step in 0..100 {
            let mut cut = bytes.clone();
            cut.truncate(bytes.len() * step / 100);
            assert!(outcome(cut).is_err() || step > 95, "{name}: cut at {step} %");
        }
    }
}

#[test]
fn damaged_files_are_refused_or_read() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("it is a number"))
    };
    let (cases, first) = (number("SYNNET_FUZZ_CASES", 2000), number("SYNNET_FUZZ_SEED", 0));
    let whole: Vec<Vec<u8>> =
        files().into_iter().map(|(_, bytes, _)| bytes).chain(hostile().into_iter().map(|f| f.1)).collect();
    // Small files are damaged where it matters more often.
    let whole: Vec<Vec<u8>> = whole.into_iter().filter(|bytes| bytes.len() < 40_000).collect();
    let models: Vec<Nir> =
        files().into_iter().map(|(_, bytes, _)| synnet_nir::read(bytes).unwrap()).collect();
    let current = std::sync::Arc::new(AtomicU64::new(first));
    watch(&current);
    let mut statistics = Statistics::default();
    for seed in first..first + cases {
        current.store(seed, Ordering::Relaxed);
        let mut random = Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let start = Instant::now();
        // One in eight is damaged behind the reader, so that the importer sees all kinds of nodes.
        let run = || {
            peak(|| {
                if random.below(8) == 0 {
                    let mut nir = models[random.below(models.len())].clone();
                    damage_model(&mut nir, &mut random);
                    imported(&nir)
                } else {
                    outcome(damaged(&whole, &mut random))
                }
            })
        };
        let (outcome, bytes) =
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| panic!("seed {seed} panics"));
        assert!(bytes < MAX_BYTES, "seed {seed}: {} MiB", bytes >> 20);
        assert!(start.elapsed() < MAX_TIME, "seed {seed}: {:?}", start.elapsed());
        assert!(outcome.as_ref().err().is_none_or(|why| !why.is_empty()), "seed {seed}: no reason");
        statistics.add(seed, outcome.is_ok(), bytes, start.elapsed());
        if (seed - first) % 100_000 == 99_999 {
            statistics.print(seed - first + 1);
        }
    }
    statistics.print(cases);
}

/// Ends the process if a file takes forever.
fn watch(current: &std::sync::Arc<AtomicU64>) {
    let current = std::sync::Arc::downgrade(current);
    std::thread::spawn(move || {
        let (mut last, mut since) = (u64::MAX, Instant::now());
        while let Some(seed) = current.upgrade().map(|current| current.load(Ordering::Relaxed)) {
            if seed != last {
                (last, since) = (seed, Instant::now());
            }
            assert_in_time(seed, since);
            std::thread::sleep(Duration::from_millis(200));
        }
    });
}

#[expect(clippy::print_stderr, reason = "a test that never ends says why")]
fn assert_in_time(seed: u64, since: Instant) {
    if since.elapsed() > 6 * MAX_TIME {
        eprintln!("seed {seed} takes longer than {:?}", 6 * MAX_TIME);
        std::process::abort();
    }
}

/// What the files took.
#[derive(Default)]
struct Statistics {
    imported: u64,
    most: (usize, u64),
    slowest: (Duration, u64),
}

impl Statistics {
    fn add(&mut self, seed: u64, is_imported: bool, bytes: usize, time: Duration) {
        self.imported += u64::from(is_imported);
        self.most = self.most.max((bytes, seed));
        self.slowest = self.slowest.max((time, seed));
    }

    #[expect(clippy::print_stderr, reason = "the figures of a test that is run by hand")]
    fn print(&self, cases: u64) {
        eprintln!(
            "{cases} files: {} imported; at most {} KiB (seed {}) and {:?} (seed {})",
            self.imported,
            self.most.0 >> 10,
            self.most.1,
            self.slowest.0,
            self.slowest.1
        );
    }
}

/// A generator of random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Numbers that sizes, counts and addresses are replaced by.
const NUMBERS: [u64; 14] =
    [0, 1, 2, 7, 8, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, i64::MAX as u64, u64::MAX];

/// Returns one of the files with some bytes changed, moved or cut off.
fn damaged(files: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = files[random.below(files.len())].clone();
    for _ in 0..=random.below(4) {
        let len = bytes.len();
        if len < 16 {
            break;
        }
        // Structures start at multiples of 8, and what is not zero matters more.
        let mut at = random.below(len);
        for _ in 0..8 {
            if bytes[at] != 0 {
                break;
            }
            at = random.below(len);
        }
        let aligned = (at & !7).min(len - 8);
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes[aligned..aligned + 8].copy_from_slice(&number(random, len).to_le_bytes()),
            4 => {
                let size = [1, 2, 4][random.below(3)];
                let value = number(random, len).to_le_bytes();
                let start = at.min(len - 4);
                bytes[start..start + size].copy_from_slice(&value[..size]);
            }
            5 => {
                // An address of another structure: cycles, and structures of the wrong kind.
                let from = random.below(len / 8) * 8;
                bytes.copy_within(from..from + 8, aligned);
            }
            6 => {
                let size = (1 + random.below(64)).min(len);
                let (from, to) = (random.below(len - size + 1), random.below(len - size + 1));
                bytes.copy_within(from..from + size, to);
            }
            _ if random.below(16) == 0 => bytes.truncate(at),
            _ => {
                let end = (at + 1 + random.below(16)).min(len);
                bytes[at..end].fill([0, 0xff][random.below(2)]);
            }
        }
    }
    bytes
}

fn number(random: &mut Random, len: usize) -> u64 {
    match random.below(4) {
        0 => random.below(len) as u64,
        1 => (random.below(len) & !7) as u64,
        _ => NUMBERS[random.below(NUMBERS.len())],
    }
}

/// Changes nodes, fields and edges of a file.
fn damage_model(nir: &mut Nir, random: &mut Random) {
    const KINDS: [&str; 16] = [
        "Input",
        "Output",
        "Affine",
        "Linear",
        "Scale",
        "Delay",
        "Flatten",
        "IF",
        "I",
        "LIF",
        "LI",
        "CubaLIF",
        "CubaLI",
        "NIRGraph",
        "Threshold",
        "",
    ];
    for _ in 0..=random.below(5) {
        let count = nir.root.nodes.len();
        let i = random.below(count);
        match random.below(8) {
            0 => KINDS[random.below(KINDS.len())].clone_into(&mut nir.root.nodes[i].1.kind),
            1 => {
                let other = nir.root.nodes[random.below(count)].1.clone();
                nir.root.nodes[i].1 = other;
            }
            2 if !nir.root.edges.is_empty() => {
                let e = random.below(nir.root.edges.len());
                nir.root.edges[e].1 = nir.root.nodes[i].0.clone();
            }
            3 => {
                let to = nir.root.nodes[random.below(count)].0.clone();
                nir.root.edges.push((nir.root.nodes[i].0.clone(), to));
            }
            4 if !nir.root.edges.is_empty() => {
                let e = random.below(nir.root.edges.len());
                nir.root.edges.remove(e);
            }
            5 => {
                // A graph within the graph.
                let inner = nir.root.clone();
                if random.below(4) == 0 {
                    nir.root.nodes[i].1 = inner;
                }
            }
            _ => damage_field(&mut nir.root.nodes[i].1, random),
        }
    }
}

fn damage_field(node: &mut Node, random: &mut Random) {
    const VALUES: [f64; 12] =
        [0.0, -0.0, 1.0, -1.0, 1e-4, 1e-45, 1e38, 1e300, f64::NAN, f64::INFINITY, 0.5, 32767.0];
    let names: Vec<String> = node.fields.keys().cloned().collect();
    let Some(name) = names.get(random.below(names.len())) else { return };
    match node.fields.get_mut(name) {
        Some(Field::Array(array)) if random.below(3) > 0 => {
            let value = VALUES[random.below(VALUES.len())];
            let at = random.below(array.len());
            match &mut array.values {
                Values::F32(values) if at < values.len() => values[at] = value as f32,
                Values::F64(values) if at < values.len() => values[at] = value,
                Values::I64(values) if at < values.len() => values[at] = value as i64,
                _ => {}
            }
        }
        Some(Field::Array(array)) if random.below(2) == 0 => {
            let len = [0, 1, 3, 1000][random.below(4)];
            *array = synnet_nir::Array::f64([len], vec![VALUES[random.below(VALUES.len())]; len]);
        }
        _ => drop(node.fields.remove(name)),
    }
}
