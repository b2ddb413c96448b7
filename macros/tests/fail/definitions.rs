mod accessors {
    synnet_macros::synnet! {
        network Kws {
            dt: 10 ms;
            input audio: 4;
            layer h0: lif(3) { tau_mem: 20 ms, tau_syn: 20 ms };
            net body: Inner();
            audio -> linear -> h0 -> body;
            output body;
        }

        network Inner {
            dt: 10 ms;
            input events: 3;
            layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
            events -> linear -> out;
            output out.vmem;
        }
    }

    impl Kws<'_> {
        // Names of accessors that exist.
        pub fn h0(&self) {}
        pub fn body_out(&self) {}

        // Too few inputs; their number is part of the message.
        pub fn first(&mut self) {
            self.step(&[0.0]);
        }
    }
}

mod types {
    synnet_macros::synnet! {
        network Same {
            dt: 10 ms;
            input events: 2;
            layer h0: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
            events -> h0;
            output h0.spikes;
        }
    }

    pub struct Same;
}

// In a file, a name has the place of the file.
mod files {
    synnet_macros::synnet!("tests/nets/two.snn", name = "First");

    impl First<'_> {
        pub fn h(&self) {}
    }
}

// Each token of a network that another macro passes on is a place of its own.
mod relays {
    macro_rules! relay {
        ($name:ident, $layer:ident) => {
            synnet_macros::synnet! {
                network $name {
                    dt: 10 ms;
                    input events: 2;
                    layer $layer: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
                    events -> $layer;
                    output $layer.spikes;
                }
            }
        };
    }
    relay!(Relayed, relayed_layer);

    impl Relayed {
        pub fn relayed_layer(&self) {}
    }

    pub fn missing(net: Relayed) {
        net.relayed_laier();
    }
}
