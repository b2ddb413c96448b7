// What generated code cannot express, in f32 and in integers.
synnet_macros::synnet! {
    network Noisy {
        dt: 10 ms;
        input audio: 2;
        layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, noise_std: 0.1 };
        audio -> linear -> out;
        output out.spikes;
    }
}

synnet_macros::synnet! {
    #![numbers = "integer"]
    #![weights = "tests/nets/clicks.safetensors"]
    network Currents {
        dt: 10 ms;
        input button: 1;
        layer click: expsyn(2) { tau_syn: 20 ms };
        button -> linear -> click;
        output click.isyn;
    }
}

synnet_macros::synnet! {
    #![numbers = "integer"]
    network WithoutWeights {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
        button -> linear -> click;
        output click.spikes;
    }
}

