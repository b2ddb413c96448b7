//! Synnet's side of `benches/simulation.py`: times the chip's simulation on request.
//!
//! The script starts it with a case, a folder that holds `case.npz`: a specification and the event counts `input`,
//! `[batch, steps, channels]`. It writes every state of the first recording to `--result` to be compared with other
//! engines', then reads numbers of seconds, one per line, and answers each with the times per step that its
//! passes took. `--setting` says what a pass is: the first recording with its readout or all states kept, or the whole
//! batch on `--threads` threads.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::hint::black_box;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use synnet_arrays::{NpzReader, NpzWriter};
use synnet_ir::Raster;
use synnet_xylo::simulate::{PopulationTrace, Record, SimulationTrace};
use synnet_xylo::{simulate::Simulator, specification::Specification};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Times in one answer, at most.
const MAX_RUNS: usize = 2000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name);
        place.and_then(|i| arguments.get(i + 1)).map(String::as_str)
    };
    let (Some(case), Some(result)) = (option("--case"), option("--result")) else {
        println!("simulation: needs a case; run `python benches/simulation.py`");
        return Ok(());
    };
    let threads: usize = option("--threads").unwrap_or("1").parse()?;
    let setting = option("--setting").unwrap_or("readout");
    let case = Case::read(Path::new(case))?;
    std::fs::write(Path::new(result).with_extension("npz"), case.states()?)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| match setting {
        "readout" => serve(&case, 1, |chip| run(chip, &case.recordings[0], Record::Readout)),
        "all" => serve(&case, 1, |chip| run(chip, &case.recordings[0], Record::All)),
        _ => serve(&case, case.recordings.len(), |chip| {
            black_box(chip.run_batch(&case.recordings, Record::Readout).map_err(Into::into)).map(drop)
        }),
    })
}

fn run(chip: &mut Simulator, raster: &Raster, record: Record) -> Outcome<()> {
    chip.reset();
    black_box(chip.run(raster, record)?);
    Ok(())
}

/// Answers requests until there are no more. `recordings` is the number of recordings per pass.
fn serve(case: &Case, recordings: usize, pass: impl Fn(&mut Simulator) -> Outcome<()>) -> Outcome<()> {
    let mut chip = case.chip.clone();
    pass(&mut chip)?;
    println!(r#"{{"version": "synnet {}"}}"#, env!("CARGO_PKG_VERSION"));
    for line in std::io::stdin().lock().lines() {
        let limit: f64 = line?.trim().parse()?;
        let begin = Instant::now();
        let mut seconds = Vec::with_capacity(MAX_RUNS);
        while seconds.is_empty() || (begin.elapsed().as_secs_f64() < limit && seconds.len() < MAX_RUNS) {
            let start = Instant::now();
            pass(&mut chip)?;
            seconds.push(start.elapsed().as_secs_f64() / (recordings * case.steps) as f64);
        }
        println!(r#"{{"seconds": {seconds:?}, "peak_mib": {}}}"#, peak_mib());
    }
    Ok(())
}

/// Returns the peak resident memory of this process, if the system reports it.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0) / 1024.0
}

/// A chip and the recordings, of equal length, that are put through it.
struct Case {
    chip: Simulator,
    recordings: Vec<Raster>,
    steps: usize,
}

impl Case {
    fn read(folder: &Path) -> Outcome<Self> {
        let bytes = std::fs::read(folder.join("case.npz"))?;
        let chip = Simulator::new(&Specification::from_npz(&bytes)?.specification)?;
        let input = NpzReader::open(&bytes)?.array("input")?;
        let &[_, steps, channels] = &*input.shape else {
            return Err("`input` is not [batch, steps, channels]".into());
        };
        let counts = input.to_integers().ok_or("`input` holds fractions")?;
        let events = counts.into_iter().map(u8::try_from).collect::<Result<Vec<u8>, _>>()?;
        let recordings = events.chunks_exact(steps * channels);
        let recordings = recordings.map(|events| Raster::from_counts(channels, steps, events.to_vec()));
        Ok(Self { chip, recordings: recordings.collect::<Result<_, _>>()?, steps })
    }

    /// Every state of every step of the first recording.
    fn states(&self) -> Outcome<Vec<u8>> {
        let recording = self.chip.clone().run(&self.recordings[0], Record::All)?;
        let SimulationTrace { readout, hidden: Some(hidden), .. } = recording else {
            return Err("the hidden neurons were not recorded".into());
        };
        let mut archive = NpzWriter::new();
        let shape = |record: &PopulationTrace| [recording.steps, record.neurons];
        archive.add("output", &shape(&readout), &readout.spikes)?;
        archive.add("hidden.spikes", &shape(&hidden), &hidden.spikes)?;
        for (name, record) in [("hidden", &hidden), ("readout", &readout)] {
            archive.add(&format!("{name}.vmem"), &shape(record), &record.vmem)?;
            archive.add(&format!("{name}.isyn"), &shape(record), &record.isyn)?;
        }
        Ok(archive.finish()?)
    }
}
