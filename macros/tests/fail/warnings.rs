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

// Integers have only some time constants.
synnet_macros::synnet! {
    #![numbers = "integer"]
    #![weights = "tests/nets/integers.safetensors"]
    network Integers {
        dt: 10 ms;
        input events: 1;
        layer h: lif(1) { tau_mem: 33 ms, tau_syn: quantized(20 ms) };
        layer out: lif(1) { tau_mem: quantized(20 ms), tau_syn: quantized(20 ms), max_spikes: 1 };
        events -> linear -> h -> linear -> out;
        output out.spikes;
    }
}

fn main() {
    let _ = (Kws::INPUTS, Unused::INPUTS, Integers::INPUTS);
}
