//! Replays every input that failed once, the files of the repository, and some mutations of each.

use std::path::{Path, PathBuf};

use synnet_fuzz_checks::{CHECKS, check};

/// Folders with seeds, by fuzz target; `.ci/fuzz` reads the same file.
const SEEDS: &str = include_str!("../../seeds.txt");

/// Seeds that are larger only slow the fuzzers down.
const MAX_SEED: u64 = 8 << 10;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the files of a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

/// Runs a check, and names the input if it fails.
#[allow(clippy::print_stderr, reason = "a failure names its input")]
fn run(name: &str, check: fn(&[u8]), bytes: &[u8], path: &Path) -> bool {
    let passes = std::panic::catch_unwind(|| check(bytes)).is_ok();
    if !passes {
        eprintln!("`{name}` fails for {}", path.display());
    }
    passes
}

#[test]
fn inputs_that_failed_once_pass() {
    let mut passes = true;
    for &(name, check) in CHECKS {
        for path in files(&repository().join("fuzz/regressions").join(name)) {
            passes &= run(name, check, &std::fs::read(&path).expect("the file is readable"), &path);
        }
    }
    assert!(passes);
}

#[test]
fn seeds_and_their_mutations_pass() {
    let mut passes = true;
    for line in SEEDS.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(folder), Some(extension)) = (words.next(), words.next(), words.next()) else {
            panic!("`{line}` is not a fuzz target, a folder and an extension")
        };
        let &(_, check) = CHECKS.iter().find(|(known, _)| *known == name).expect("the target exists");
        let seeds: Vec<PathBuf> = files(&repository().join(folder))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .filter(|path| path.metadata().is_ok_and(|file| file.len() <= MAX_SEED))
            .collect();
        assert!(!seeds.is_empty(), "`{line}` has no seeds");
        // The sources run through every engine in other tests.
        for path in seeds.iter().take(if name == "source" { 3 } else { 8 }) {
            let bytes = std::fs::read(path).expect("the file is readable");
            passes &= run(name, check, &bytes, path);
            let mut state = bytes.len() as u64;
            for _ in 0..if name == "source" { 4 } else { 24 } {
                passes &= run(name, check, &mutated(&bytes, &mut state), path);
            }
        }
    }
    assert!(passes);
}

#[test]
fn short_programs_pass() {
    let mut state = 7;
    let passes = (0..48).all(|_| {
        let bytes: Vec<u8> = (0..80).map(|_| random(&mut state) as u8).collect();
        run("program", |bytes| check("program", bytes), &bytes, Path::new("random bytes"))
    });
    assert!(passes);
}

/// Every fuzz target is listed in the manifest, and has its file.
#[test]
fn every_check_is_a_fuzz_target() {
    let manifest = std::fs::read_to_string(repository().join("fuzz/Cargo.toml")).expect("it is readable");
    for (name, _) in CHECKS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(repository().join(format!("fuzz/fuzz_targets/{name}.rs")).exists(), "{name}");
    }
}

/// Changes, removes or repeats some bytes.
fn mutated(bytes: &[u8], state: &mut u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random(state) % 3 {
        let at = random(state) as usize % bytes.len().max(1);
        match random(state) % 4 {
            0 => bytes.truncate(at),
            1 => bytes.splice(at..at, bytes[at..].iter().copied().take(9).collect::<Vec<_>>()).for_each(drop),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random(state) as u8),
        }
    }
    bytes
}

/// A linear congruential generator; the upper bits are returned.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}
