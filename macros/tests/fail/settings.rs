synnet_macros::synnet!("nets/missing.snn");

synnet_macros::synnet!("nets/missing.snn", wieghts = "kws.safetensors");

synnet_macros::synnet! {
    #![weights = 3]
    network Kws {}
}

synnet_macros::synnet! {
    #![name = "A"]
    #![name = "B"]
    network A {}
}

synnet_macros::synnet!("tests/nets/two.snn");

synnet_macros::synnet!("tests/nets/two.snn", name = "Frist");

synnet_macros::synnet!("tests/nets/two.snn", name = "First", params(count = 2 ms, cuont = 1));

synnet_macros::synnet! {
    #![wieghts = "kws.safetensors"]
    #![params]
    #![numbers = "f16"]
    network A {}
}

synnet_macros::synnet! {}

