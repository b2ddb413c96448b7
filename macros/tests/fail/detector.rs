// Detectors that are missing, of another network, of other numbers, no detectors at all, or with a mistake.
synnet_macros::synnet!("tests/nets/size.snn", detector = "tests/nets/missing.json");

synnet_macros::synnet!("tests/nets/size.snn", detector = "tests/nets/pair.json");

synnet_macros::synnet! {
    #![detector = "tests/nets/clicks.json"]
    #![weights = "tests/nets/clicks.safetensors"]
    network Other {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
        button -> linear -> click;
        output click.spikes;
    }
}

synnet_macros::synnet! {
    #![numbers = "integer"]
    #![detector = "tests/nets/clicks.json"]
    #![weights = "tests/nets/clicks.safetensors"]
    network Clicks {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
        button -> linear -> click;
        output click.spikes;
    }
}

synnet_macros::synnet!("tests/nets/size.snn", detector = "tests/nets/clicks.safetensors");

synnet_macros::synnet!("tests/nets/size.snn", detector = "tests/nets/wrong.json");

synnet_macros::synnet!("tests/nets/size.snn", detector = 3);
