synnet_macros::synnet! {
    network First {
        dt: 10 ms
        input audio: 16;
        layer out: lif(2) { tau_mem 20 ms, tau_syn: 20 ms };
        audio -> -> out;
        output out.spikes;
    }
}

synnet_macros::synnet! {
    network Second(classes = ) {
        dt: 10 ms;
    }
}

