synnet_macros::synnet! {
    network Noisy {
        dt: 10 ms;
        input audio: 2;
        layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, noise_std: 0.1 };
        audio -> linear -> out;
        output out.spikes;
    }
}

fn main() {}
