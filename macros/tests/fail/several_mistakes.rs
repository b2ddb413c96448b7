synnet_macros::synnet! {
    /// Several mistakes, all reported at once.
    network Kws {
        dt: 10;
        input audio: 16;
        layer h0: liff(60) { tau_mem: 20 ms, tau_syn: 20 ms };
        layer out: lif(8) { tau_mem: 20 ms, tau_syn: 20 ms, treshold: 1.0 };
        audio -> linear -> out -> linear -> nowhere;
        output out.vmem;
    }
}

