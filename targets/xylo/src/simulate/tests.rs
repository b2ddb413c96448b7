//! All vector instructions give the same bits.

use pulp::Arch;
use synnet_ir::Raster;

use super::{Record, Simulator};
use crate::chip::CoreVersion;
use crate::specification::{Dimensions, Specification};

/// Returns the vector instructions of this machine, plain code first.
fn archs() -> impl Iterator<Item = Arch> {
    #[cfg(target_arch = "x86_64")]
    let more = [pulp::x86::V3::try_new().map(Arch::V3), pulp::x86::V4::try_new().map(Arch::V4)];
    #[cfg(not(target_arch = "x86_64"))]
    let more = [Some(Arch::new())];
    std::iter::once(Arch::Scalar).chain(more.into_iter().flatten())
}

/// Pseudo-random numbers (Knuth's constants).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }

    fn many<T>(&mut self, n: usize, from: i64, to: i64) -> Vec<T>
    where
        T: TryFrom<i64, Error: std::fmt::Debug>,
    {
        (0..n).map(|_| T::try_from(from + self.below((to - from) as u64) as i64).unwrap()).collect()
    }
}

/// Some blocks of neurons, with strong weights, so that states saturate and neurons spike often.
fn specification(random: &mut Random, synapses: usize) -> Specification {
    let d = Dimensions {
        inputs: 70,
        input_expansion: 100,
        hidden: 150,
        output_expansion: 90,
        outputs: 66,
        synapses,
    };
    let alias = |source: usize| (source.is_multiple_of(5)).then_some(source * 7 % d.hidden);
    Specification {
        dimensions: d,
        weights_in: random.many(d.inputs * d.input_expansion * synapses, -128, 128),
        weights_rec: random.many(d.hidden * d.hidden * synapses, -128, 120),
        weights_out: random.many(d.output_expansion * d.outputs, -128, 128),
        weight_shift_in: 2,
        weight_shift_rec: 1,
        weight_shift_out: 3,
        dash_mem: random.many(d.hidden, 0, 16),
        dash_syn: random.many(d.hidden, 0, 16),
        dash_syn_2: random.many(d.hidden, 0, 16),
        dash_mem_out: random.many(d.outputs, 0, 16),
        dash_syn_out: random.many(d.outputs, 0, 16),
        threshold: random.many(d.hidden, -100, 8000),
        threshold_out: random.many(d.outputs, -100, 8000),
        bias: random.many(d.hidden, -100, 100),
        bias_out: random.many(d.outputs, -100, 100),
        alias_target: (0..d.hidden).map(alias).collect(),
    }
}

#[test]
fn all_vector_instructions_give_the_same_recording() {
    let mut random = Random(1);
    for (synapses, core) in
        [(1, CoreVersion::V1), (1, CoreVersion::V2), (2, CoreVersion::V1), (2, CoreVersion::V2)]
    {
        let specification = specification(&mut random, synapses);
        let chip = Simulator::with_core(&specification, core).unwrap();
        let events: Vec<u8> =
            random.many(40 * chip.inputs(), -20, 20).into_iter().map(|n: i8| n.max(0) as u8).collect();
        let raster = Raster::from_counts(chip.inputs(), 40, events).unwrap();
        let mut recordings =
            archs().map(|arch| Simulator { arch, ..chip.clone() }.run(&raster, Record::All).unwrap());
        let plain = recordings.next().unwrap();
        let hidden = plain.hidden.as_ref().unwrap();
        assert!(hidden.saturations.iter().any(|&steps| steps > 0) && hidden.spikes.contains(&31));
        assert!(recordings.all(|recording| recording == plain));
    }
}
