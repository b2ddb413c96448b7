//! Training allocates nothing from step to step.
#![expect(unsafe_code, reason = "an allocator that counts is written as every allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::Sources;
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::optimizer::Adam;
use synnet_runtime::{Control, Dataset, DenseSample, Label, Readout, TrainOptions, Trainer, initial_params};

struct CountingAllocator;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every request is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn steps_allocate_nothing() {
    let mut sources = Sources::new();
    let text = "
        network Net {
            dt: 1 ms;
            input events: 4;
            neuron hidden = lif { tau_mem: 5 ms, tau_syn: 5 ms, threshold: learn 1.0 };
            layer first: hidden(20);
            layer second: hidden(20);
            layer out: hidden(2) { threshold: 32767 };
            events -> linear { scale: 1 } -> first -> dropout(0.1) -> linear { scale: 1 } -> second -> linear { scale: 1 } -> out;
            second -> linear { scale: 0.1 } -> second;
            output out.vmem;
        }
    ";
    let root = sources.add("net.snn", text);
    let graph = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports).graph.unwrap();
    let sample = |i: usize| DenseSample {
        raster: (0..400).map(|k| f32::from((k * k + i) % 5 == 1)).collect(),
        steps: 100,
        label: Label::Class(i % 2),
    };
    // The same batch repeatedly, so that event lists reach their maximum length in the first steps.
    let samples = (0..80).map(|i| sample(i % 2)).collect();
    let dataset = Dataset::new(4, 100, samples).unwrap();
    let options = TrainOptions::new(CrossEntropy::new(Readout::MeanVmem), 1, 8)
        .with_optimizer(Adam::new(1e-9))
        .with_gradient_clip(1.0);
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 0), options).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut counts = Vec::with_capacity(16);
    pool.install(|| {
        trainer.epoch(&dataset, &mut |_| {
            counts.push(ALLOCATIONS.load(Ordering::Relaxed));
            Control::Continue
        })
    })
    .unwrap();
    assert_eq!(counts.len(), 10);
    assert_eq!(counts[9] - counts[2], 0, "allocations from the third step to the tenth: {counts:?}");
}
