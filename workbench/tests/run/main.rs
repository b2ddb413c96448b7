//! A run through the library: observed, interrupted, resumed, with a custom chip.

mod fixtures;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use synnet_runtime::EpochMetrics;
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{ChipCatalog, Error, NamedTarget, Observer, Plan, RunOptions, Silent, Stage, run};

const NETWORK: &str = "network Sides {
    dt: 10 ms;
    input ears: 2;
    layer h: lif(8) { tau_mem: 20 ms, tau_syn: 20 ms };
    layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, threshold: 32767, max_spikes: 1 };
    ears -> linear -> h -> linear -> out;
    output out.vmem;
}
";

const RECIPE: &str = "network: sides.snn
data: { format: npz, path: one, pattern: '{label}_{take}.npz', test: { take: [3] }, classes: [left, right], steps: 20 }
training:
  epochs: 6
  batch: 2
  loss: { kind: cross_entropy, readout: mean_vmem }
  optimizer: { kind: adam, lr: 0.02 }
build: [rust, small]
";

/// A folder with network, recipe and four samples of each side, and the catalog with the recipe's chip.
fn folder() -> (tempfile::TempDir, ChipCatalog) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("sides.snn", NETWORK.as_bytes());
    write("sides.yaml", RECIPE.as_bytes());
    std::fs::create_dir(folder.path().join("one")).unwrap();
    for (side, label) in ["left", "right"].into_iter().enumerate() {
        for take in 0..4 {
            let raster: Vec<i64> = (0..40).map(|i| i64::from(i % 2 == side && i % (take + 2) < 2)).collect();
            let mut archive = synnet_arrays::NpzWriter::new();
            archive.add("raster", &[20, 2], &raster).unwrap();
            write(&format!("one/{label}_{take}.npz"), &archive.finish().unwrap());
        }
    }
    let mut chips = ChipCatalog::default();
    let text = chips.source("xylo-audio3").unwrap().replace("\nname: xylo-audio3\n", "\nname: small\n");
    chips.add("small.yaml", text).unwrap();
    (folder, chips)
}

fn plan(folder: &Path, chips: &ChipCatalog, observer: &dyn Observer) -> Plan {
    Plan::new(Recipe::read(&folder.join("sides.yaml"), &[], chips).unwrap(), observer).unwrap()
}

/// Counts epochs and items, and interrupts after `limit` epochs.
#[derive(Default)]
struct Watching {
    limit: usize,
    epochs: AtomicUsize,
    items_added: AtomicUsize,
    items_done: AtomicUsize,
    results: Mutex<Vec<String>>,
}

impl Observer for Watching {
    fn items_added(&self, _stage: Stage, items: usize) {
        self.items_added.fetch_add(items, Ordering::SeqCst);
    }

    fn item_done(&self, _stage: Stage) {
        self.items_done.fetch_add(1, Ordering::SeqCst);
    }

    fn epoch_done(&self, _metrics: &EpochMetrics, _is_last: bool) {
        self.epochs.fetch_add(1, Ordering::SeqCst);
    }

    fn run_done(&self, results: &str) {
        self.results.lock().unwrap().push(results.to_owned());
    }

    fn is_interrupted(&self) -> bool {
        self.epochs.load(Ordering::SeqCst) >= self.limit
    }
}

#[test]
fn a_run_is_observed_interrupted_and_resumed() {
    let (folder, chips) = folder();
    let path = folder.path();
    let mut options = RunOptions::new(path.join("stopped"));
    let watching = Watching { limit: 2, ..Watching::default() };
    let stopped = run(plan(path, &chips, &watching), &options, &watching);
    assert!(matches!(stopped, Err(Error::Interrupted { done: 2, total: 6 })), "{:?}", stopped.err());
    assert_eq!(watching.items_added.load(Ordering::SeqCst), 8);
    assert_eq!(watching.items_done.load(Ordering::SeqCst), 8);

    options.resume = true;
    let watching = Watching { limit: usize::MAX, ..Watching::default() };
    let resumed = run(plan(path, &chips, &watching), &options, &watching).unwrap();
    assert_eq!(watching.epochs.load(Ordering::SeqCst), 4);
    assert!(watching.results.lock().unwrap()[0].contains("accuracy on the test set"));
    assert_eq!(resumed.outcomes[0].history.epochs(), 6);

    let whole = run(plan(path, &chips, &Silent), &RunOptions::new(path.join("whole")), &Silent).unwrap();
    assert_eq!(whole.json["small"], resumed.json["small"]);
    for file in ["weights.safetensors", "sides.rs", "sides.spec.npz"] {
        let read = |folder: &str| std::fs::read(path.join(folder).join(file)).unwrap();
        assert_eq!(read("stopped"), read("whole"), "{file}");
    }
}

#[test]
fn errors_are_values() {
    let (folder, chips) = folder();
    let path = folder.path().join("sides.yaml");
    assert_eq!(
        NamedTarget::from_name("smal", chips.iter()).unwrap_err().suggestion.as_deref(),
        Some("small")
    );
    let missing = Recipe::read(Path::new("none.yaml"), &[], &chips).unwrap_err();
    assert!(matches!(missing, Error::Io { action: "read", .. }), "{missing:?}");
    let unknown = Recipe::read(&path, &[], &ChipCatalog::default()).unwrap_err();
    let Error::Diagnostics(unknown) = unknown else { panic!("{unknown:?}") };
    assert!(unknown.diagnostics[0].message.contains("`small`"), "{unknown}");

    std::fs::write(folder.path().join("sides.snn"), NETWORK.replace("lif(8)", "lif(size)")).unwrap();
    let wrong = Plan::new(Recipe::read(&path, &[], &chips).unwrap(), &Silent).err();
    let Some(Error::Diagnostics(found)) = wrong else { panic!("{wrong:?}") };
    assert_eq!(found.diagnostics.len(), 1);
    assert!(found.render(false).contains("layer h: lif(size)"), "{found}");
}
