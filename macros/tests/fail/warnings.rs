// Warnings stand at their tokens and leave the network usable; denied, they fail this test.
#![deny(deprecated)]

synnet_macros::synnet! {
    network Kws(unused = 3) {
        dt: 10 ms;
        input audio: 2;
        let spare = 4;
        layer lonely: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
        layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
        audio -> linear -> out;
        output out.spikes;
    }
}

synnet_macros::synnet!("tests/nets/unused.snn");

fn main() {
    let _ = (Kws::INPUTS, Unused::INPUTS);
}
