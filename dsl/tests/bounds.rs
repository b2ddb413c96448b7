//! Sources of at most a kilobyte that say as much as they can: none takes more than 2 seconds and 300 MB.
//!
//! Each file in `bounds/` is such a source. The time is checked in optimized builds; others get ten times as much.
#![expect(unsafe_code, reason = "an allocator that counts is written as every allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use synnet_dsl::{CompileOptions, NoImports, compile, format};
use synnet_ir::{Sources, render};

const MAX_SOURCE: usize = 1024;
const MAX_BYTES: usize = 300 << 20;
const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

struct CountingAllocator;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every request is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = ALLOCATED.fetch_add(charged(layout), Ordering::Relaxed) + charged(layout);
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(charged(layout), Ordering::Relaxed);
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, layout.align()) else { return std::ptr::null_mut() };
        let now = ALLOCATED.fetch_add(charged(new), Ordering::Relaxed) + charged(new) - charged(layout);
        ALLOCATED.fetch_sub(charged(layout), Ordering::Relaxed);
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Returns the bytes that an allocation takes with the allocator's own.
fn charged(layout: Layout) -> usize {
    (layout.size() + 8).next_multiple_of(16).max(32)
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn short_sources_take_little_time_and_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bounds");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is readable")
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut broken = Vec::new();
    for path in paths {
        let source = std::fs::read_to_string(&path).expect("the file is readable");
        assert!(source.len() <= MAX_SOURCE, "{}: {} bytes", path.display(), source.len());
        let before = ALLOCATED.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let start = Instant::now();
        let (len, has_graph, first) = check(&source);
        let (time, bytes) = (start.elapsed(), PEAK.load(Ordering::Relaxed) - before);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let line = format!(
            "{name}: {:.2} s, {} MiB, graph {has_graph}, {len} bytes of messages: {first}",
            time.as_secs_f64(),
            bytes >> 20
        );
        if time > MAX_TIME || bytes > MAX_BYTES || len > 200 << 10 {
            broken.push(line);
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Compiles and formats a source; returns the length of its messages, whether it is valid, and the last error.
fn check(source: &str) -> (usize, bool, String) {
    let mut sources = Sources::new();
    let root = sources.add("net.snn", source);
    let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    let rendered = render(&compilation.diagnostics, &sources, false);
    let _ = format(source);
    let first =
        compilation.diagnostics.iter().find(|d| d.is_error()).map_or(String::new(), ToString::to_string);
    (rendered.len(), compilation.graph.is_some(), first.chars().take(100).collect())
}
