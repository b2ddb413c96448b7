//! The simulator against SynSense's own, the Python package `xylosim`, on thousands of random chips.
//!
//! Runs where the interpreter named by `SYNNET_PYTHON`, else `python3`, has that package; otherwise reports that it is
//! skipped. `SYNNET_XYLOSIM_CASES` is the number of cases for each order of the neuron update.

mod common;

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use common::raster_of;
use common::strategies::{events, specifications};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use synnet_arrays::{Array, NpzWriter, read_npz};
use synnet_xylo::chip::CoreVersion;
use synnet_xylo::simulate::{PopulationTrace, Record, Simulator};
use synnet_xylo::specification::Specification;

const CASES: usize = 250;

/// A chip, and calls of it one after the other.
#[derive(Debug)]
struct Case {
    specification: Specification,
    core: CoreVersion,
    calls: Vec<Call>,
}

/// Events, and whether the states are cleared before.
#[derive(Debug)]
struct Call {
    events: Vec<u8>,
    reset: bool,
}

fn cases(core: CoreVersion) -> impl Strategy<Value = Case> {
    let call = |inputs: usize| {
        let events = (1..16usize).prop_flat_map(move |steps| events(steps * inputs));
        (events, proptest::bool::weighted(0.2)).prop_map(|(events, reset)| Call { events, reset })
    };
    let calls = move |specification: Specification| {
        let calls = proptest::collection::vec(call(specification.dimensions.inputs), 1..5);
        (Just(specification), calls)
    };
    specifications().prop_flat_map(calls).prop_map(move |(mut specification, calls)| {
        if core == CoreVersion::V1 {
            specification.bias.fill(0);
            specification.bias_out.fill(0);
        }
        Case { specification, core, calls }
    })
}

impl Case {
    /// What the Python side receives besides the specification.
    fn message(&self) -> Vec<u8> {
        let inputs = self.specification.dimensions.inputs;
        let mut archive = NpzWriter::new();
        let input: Vec<u8> = self.calls.iter().flat_map(|call| call.events.clone()).collect();
        let lengths: Vec<i64> = self.calls.iter().map(|call| (call.events.len() / inputs) as i64).collect();
        let resets: Vec<i64> = self.calls.iter().map(|call| call.reset.into()).collect();
        let core: i64 = if self.core == CoreVersion::V1 { 1 } else { 2 };
        archive.add("core", &[], &[core]).unwrap();
        archive.add("input", &[input.len() / inputs, inputs], &input).unwrap();
        archive.add("lengths", &[lengths.len()], &lengths).unwrap();
        archive.add("resets", &[resets.len()], &resets).unwrap();
        archive.finish().unwrap()
    }

    /// Every state of every step under the names of the Python side.
    fn states(&self) -> BTreeMap<String, Vec<i64>> {
        let mut chip = Simulator::with_core(&self.specification, self.core).unwrap();
        let mut states = BTreeMap::new();
        for call in &self.calls {
            if call.reset {
                chip.reset();
            }
            let recording = chip.run(&raster_of(chip.inputs(), &call.events), Record::All).unwrap();
            push("hidden", recording.hidden.as_ref().unwrap(), &mut states);
            push("readout", &recording.readout, &mut states);
        }
        states
    }
}

fn push(population: &str, record: &PopulationTrace, states: &mut BTreeMap<String, Vec<i64>>) {
    let mut add = |name: &str, values: Vec<i64>| {
        states.entry(format!("{population}.{name}")).or_default().extend(values);
    };
    let wide = |values: &[i16]| values.iter().map(|&x| x.into()).collect::<Vec<i64>>();
    add("spikes", record.spikes.iter().map(|&n| n.into()).collect());
    add("vmem", wide(&record.vmem));
    add("isyn", wide(&record.isyn));
    if let Some(isyn2) = &record.isyn2 {
        add("isyn2", wide(isyn2));
    }
}

/// The Python process.
struct XylosimProcess {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    version: String,
}

impl XylosimProcess {
    /// Starts it, or says why it cannot be had.
    fn start() -> Result<Self, String> {
        let python = std::env::var("SYNNET_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut command = Command::new(&python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|why| format!("`{python}`: {why}"))?;
        let input = process.stdin.take().expect("it is piped");
        let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
        match receive(&mut output) {
            Ok(version) => {
                let version = String::from_utf8_lossy(&version).into_owned();
                Ok(Self { process, input, output, version })
            }
            Err(_) => {
                process.wait().map_err(|why| why.to_string())?;
                Err(format!("`{python}` has no `xylosim`"))
            }
        }
    }

    fn request(&mut self, case: &Case) -> io::Result<BTreeMap<String, Array>> {
        for message in [case.specification.to_npz().unwrap(), case.message()] {
            self.input.write_all(&u32::try_from(message.len()).unwrap().to_le_bytes())?;
            self.input.write_all(&message)?;
        }
        self.input.flush()?;
        Ok(read_npz(&receive(&mut self.output)?).expect("it answers with an archive"))
    }
}

fn receive(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut message)?;
    Ok(message)
}

/// The first difference, if there is one.
fn difference(case: &Case, theirs: &BTreeMap<String, Array>) -> Option<String> {
    let ours = case.states();
    if ours.keys().ne(theirs.keys()) {
        return Some(format!("{:?} against {:?}", ours.keys(), theirs.keys()));
    }
    ours.iter().find_map(|(name, ours)| {
        let theirs = &theirs[name];
        let (steps, neurons) = (theirs.shape[0], theirs.shape[1]);
        let values = theirs.to_integers().expect("states are integers");
        if ours.len() != values.len() {
            return Some(format!("`{name}`: {} values against {steps} x {neurons}", ours.len()));
        }
        let i = ours.iter().zip(&values).position(|(a, b)| a != b)?;
        let (step, neuron) = (i / neurons, i % neurons);
        Some(format!("`{name}`, step {step}, neuron {neuron}: {} against {}", ours[i], values[i]))
    })
}

#[test]
fn every_state_equals_that_of_xylosim() {
    // Not by `println!`, which is hidden where a test passes.
    let say = |text: String| writeln!(io::stderr(), "{text}").unwrap();
    let mut peer = match XylosimProcess::start() {
        Ok(peer) => peer,
        Err(why) => return say(format!("skipped, for want of a Python with `xylosim`: {why}")),
    };
    let count = std::env::var("SYNNET_XYLOSIM_CASES").map_or(CASES, |count| count.parse().unwrap());
    for core in [CoreVersion::V1, CoreVersion::V2] {
        let mut runner = TestRunner::deterministic();
        let cases = cases(core);
        for i in 0..count {
            let case = cases.new_tree(&mut runner).unwrap().current();
            let theirs = peer.request(&case).expect("the Python side answers");
            let difference = difference(&case, &theirs);
            assert_eq!(difference, None, "case {i}, {case:?}");
        }
        say(format!("{core:?}: {count} of {count} cases equal {}", peer.version));
    }
    let XylosimProcess { mut process, input, .. } = peer;
    drop(input);
    assert!(process.wait().unwrap().success());
}
