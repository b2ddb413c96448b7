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

synnet_macros::synnet! {}

fn main() {}
