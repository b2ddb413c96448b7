//! The mapping against Rockpool's.

mod common;

use common::{arrays, network};
use synnet_dsl::graph::Quantity;
use synnet_xylo::{Chip, map};

#[test]
fn arrays_equal_those_of_rockpool() {
    let chip = Chip::find("xylo-audio3").unwrap();
    for name in ["map_kws_audio3", "map_tutorial_audio3", "map_recurrent_audio3", "map_vmem_readout_audio3"] {
        let case = arrays(name);
        let spec = map(&network::of_case(&case), chip).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let golden = |what: &str| &case[&format!("spec_{what}")];
        let d = spec.dimensions;
        assert_eq!(golden("weights_in").shape, [d.inputs, d.input_expansion, d.synapses], "{name}");
        assert_eq!(golden("weights_rec").shape, [d.hidden, d.hidden, d.synapses], "{name}");
        assert_eq!(golden("weights_out").shape, [d.output_expansion, d.outputs], "{name}");
        let exact = [
            ("weights_in", &spec.weights_in),
            ("weights_rec", &spec.weights_rec),
            ("weights_out", &spec.weights_out),
            ("threshold", &spec.threshold),
            ("threshold_out", &spec.threshold_out),
            ("bias", &spec.bias),
            ("bias_out", &spec.bias_out),
        ];
        for (what, ours) in exact {
            assert_eq!(ours, &golden(what).data, "{name}: {what}");
        }
        let rounded = |values: &[f64]| values.iter().map(|x| x.round_ties_even()).collect::<Vec<_>>();
        let dashes = [
            ("dash_mem", &spec.dash_mem),
            ("dash_mem_out", &spec.dash_mem_out),
            ("dash_syn", &spec.dash_syn),
            ("dash_syn_2", &spec.dash_syn_2),
            ("dash_syn_out", &spec.dash_syn_out),
        ];
        for (what, ours) in dashes {
            assert_eq!(rounded(ours), rounded(&golden(what).data), "{name}: {what}");
        }
        let hidden = spec.layers.len() - 1;
        assert_eq!(spec.latency(), hidden, "{name}");
        assert_eq!(spec.output == Quantity::Vmem, name == "map_vmem_readout_audio3");
    }
}
