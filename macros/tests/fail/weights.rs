// Weights that are missing, of another network, no weights at all, or of a network with different constants.
synnet_macros::synnet! {
    #![weights = "weights/missing.safetensors"]
    network Missing {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
        button -> linear -> click;
        output click.spikes;
    }
}

synnet_macros::synnet! {
    #![weights = "tests/nets/clicks.safetensors"]
    network Other {
        dt: 10 ms;
        input button: 1;
        layer press: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
        button -> linear -> press;
        output press.spikes;
    }
}

synnet_macros::synnet!("tests/nets/size.snn", weights = "tests/nets/clicks.safetensors");

synnet_macros::synnet!("tests/nets/size.snn", weights = "tests/nets/size.snn");


synnet_macros::synnet! {
    #![weights = "tests/nets/trained.safetensors"]
    network Slower {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 200 ms, tau_syn: 10 ms, max_spikes: 1 };
        button -> linear -> click;
        output click.spikes;
    }
}
