//! The objects of samna's module `xyloCore2`, and their conversion from and to a specification.

use serde::Serialize;
use serde_json::Value;

use super::json::{Errors, Fields, JsonPath, ROOT, Read, records, whole};
use crate::specification::{
    Dimensions, MAX_DASH, MAX_NEURONS, MAX_WEIGHT_SHIFT, Specification, SpecificationError,
};

records! {
    /// The root: a complete configuration.
    XyloCore2 {
        "operationMode" operation_mode: u32,
        "synapse2Enable" synapse2_enable: bool,
        "biasEnable" bias_enable: bool,
        "directFetchStateRam" direct_fetch_state_ram: bool,
        "enableHibernationMode" enable_hibernation_mode: bool,
        "clearNetworkState" clear_network_state: bool,
        "timeResolutionWrap" time_resolution_wrap: u32,
        "hibernationModeTimeResolutionWrap" hibernation_mode_time_resolution_wrap: u32,
        "input" input: Input,
        "reservoir" reservoir: Reservoir,
        "readout" readout: Readout,
        "debug" debug: Debug,
    }

    /// Weights from the input channels to the hidden neurons.
    Input {
        "weightBitShift" weight_bit_shift: Number<MAX_WEIGHT_SHIFT>,
        "weights" weights: Matrix,
        "syn2_weights" syn2_weights: Matrix,
    }

    /// The hidden neurons, and the weights between them.
    Reservoir {
        "weightBitShift" weight_bit_shift: Number<MAX_WEIGHT_SHIFT>,
        "weights" weights: Matrix,
        "syn2Weights" syn2_weights: Matrix,
        "neurons" neurons: Vec<HiddenNeuron>,
        "aliasing" aliasing: bool,
    }

    /// A hidden neuron.
    HiddenNeuron {
        "threshold" threshold: i16,
        "vMemDecay" v_mem_decay: Number<MAX_DASH>,
        "iSynDecay" i_syn_decay: Number<MAX_DASH>,
        "vMemBias" v_mem_bias: i16,
        "iSyn2Decay" i_syn2_decay: Number<MAX_DASH>,
        "aliasTarget" alias_target: Optional,
    }

    /// The readout neurons, and the weights to them.
    Readout {
        "weightBitShift" weight_bit_shift: Number<MAX_WEIGHT_SHIFT>,
        "weights" weights: Matrix,
        "neurons" neurons: Vec<ReadoutNeuron>,
    }

    /// A readout neuron.
    ReadoutNeuron {
        "threshold" threshold: i16,
        "vMemDecay" v_mem_decay: Number<MAX_DASH>,
        "iSynDecay" i_syn_decay: Number<MAX_DASH>,
        "vMemBias" v_mem_bias: i16,
    }

    /// Clocks, memories and test outputs of the chip.
    Debug {
        "keepInterrupt" keep_interrupt: bool,
        "alwaysUpdateOmpStat" always_update_omp_stat: bool,
        "enableRstPadPull" enable_rst_pad_pull: bool,
        "rstPadPullSelect" rst_pad_pull_select: bool,
        "ramWakeUpSettleTime" ram_wake_up_settle_time: u32,
        "ramPowerEnable" ram_power_enable: bool,
        "monitors" monitors: Monitors,
        "isynClockEnable" isyn_clock_enable: bool,
        "isyn2ClockEnable" isyn2_clock_enable: bool,
        "raClockEnable" ra_clock_enable: bool,
        "biasClockEnable" bias_clock_enable: bool,
        "hmClockEnable" hm_clock_enable: bool,
        "inputWriteSelect" input_write_select: u32,
        "inputReadSelect" input_read_select: u32,
        "inputSelectEnable" input_select_enable: bool,
        "ramManualSleepControl" ram_manual_sleep_control: u32,
        "ramAutoSleepControl" ram_auto_sleep_control: u32,
        "ramLightSleep" ram_light_sleep: bool,
        "ramDeepSleep" ram_deep_sleep: bool,
        "debugStatusUpdateEnable" debug_status_update_enable: bool,
        "monitorDebugEnable" monitor_debug_enable: bool,
        "peInternalSelect" pe_internal_select: u32,
        "peFsmSelect" pe_fsm_select: u32,
        "peEngineSelect" pe_engine_select: u32,
        "peAccessRamFsmSelect" pe_access_ram_fsm_select: u32,
        "memShellRamArbiterSelect" mem_shell_ram_arbiter_select: u32,
        "readTimingSelect" read_timing_select: u32,
        "writeTimingSelect" write_timing_select: u32,
        "monitorNeuronVMem" monitor_neuron_v_mem: Empty,
        "monitorNeuronISyn" monitor_neuron_i_syn: Empty,
        "monitorNeuronISyn2" monitor_neuron_i_syn2: Empty,
        "monitorNeuronSpike" monitor_neuron_spike: Empty,
    }

    /// Selection of the debug monitors, of unknown meaning; all are 0 by default.
    Monitors {
        "value0" value0: u32,
        "value1" value1: u32,
        "value2" value2: u32,
        "value3" value3: u32,
    }

    /// A pair of numbers of a matrix: rows and columns, or the strides of rows and columns in the list of values.
    Pair {
        "value0" value0: u32,
        "value1" value1: u32,
    }

    /// A matrix in the form of the file.
    RawMatrix {
        "dimensions" dimensions: Pair,
        "offsets" offsets: Pair,
        "values" values: Vec<i8>,
    }
}

/// An integer from 0 to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Number<const MAX: u8>(u8);

impl<const MAX: u8> Read for Number<MAX> {
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        let number = whole(value, 0..=MAX.into(), path, errors)?;
        u8::try_from(number).ok().map(Self)
    }
}

/// A row-major matrix whose rows are sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "RawMatrix")]
pub(super) struct Matrix {
    rows: u32,
    columns: u32,
    values: Vec<i8>,
}

impl From<Matrix> for RawMatrix {
    fn from(matrix: Matrix) -> Self {
        Self {
            dimensions: Pair { value0: matrix.rows, value1: matrix.columns },
            offsets: Pair { value0: matrix.columns, value1: 1 },
            values: matrix.values,
        }
    }
}

impl Read for Matrix {
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        let raw = RawMatrix::read(value, path, errors)?;
        let (rows, columns) = (raw.dimensions.value0, raw.dimensions.value1);
        let (count, expected) = (raw.values.len(), u64::from(rows) * u64::from(columns));
        if count as u64 != expected {
            let what = format_args!("has {count} values; expected {expected} for {rows} rows of {columns}");
            errors.add(&JsonPath::Key(path, "values"), what);
            return None;
        }
        if (raw.offsets.value0, raw.offsets.value1) != (columns, 1) {
            let what = format_args!("expected {columns} and 1: values must be row-major");
            errors.add(&JsonPath::Key(path, "offsets"), what);
            return None;
        }
        Some(Self { rows, columns, values: raw.values })
    }
}

/// An optional number, in cereal's form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Optional(Option<u32>);

impl Serialize for Optional {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form {
            nullopt: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<u32>,
        }
        Form { nullopt: self.0.is_none(), data: self.0 }.serialize(serializer)
    }
}

impl Read for Optional {
    /// Takes the value from `data`, or from `value`, as some revisions of cereal write it.
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        let mut fields = Fields::new(value, path, errors);
        let absent: bool = fields.take("nullopt", errors)?;
        let key = if fields.has("value") { "value" } else { "data" };
        let present = if absent { Some(None) } else { fields.take(key, errors).map(Some) };
        fields.finish(errors);
        present.map(Self)
    }
}

/// An optional value of which only the absent form is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Empty;

impl Serialize for Empty {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Optional(None).serialize(serializer)
    }
}

impl Read for Empty {
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        let mut fields = Fields::new(value, path, errors);
        if fields.take::<bool>("nullopt", errors)? {
            fields.finish(errors);
            return Some(Self);
        }
        errors.add(path, "is set, but the format of monitored neurons is unknown; clear it in samna");
        None
    }
}

impl XyloCore2 {
    /// Creates the configuration of a specification in which every hidden neuron has input and readout weights.
    pub(super) fn new(spec: &Specification) -> Self {
        let d = spec.dimensions;
        let second = d.synapses > 1;
        let bias = spec.bias.iter().chain(&spec.bias_out).any(|&bias| bias != 0);
        let matrix = |weights: &[i8], rows: usize, columns: usize, synapse: usize| -> Matrix {
            // An unused matrix is 1 by 1 in samna's object of 2024.
            if synapse >= d.synapses {
                return Matrix { rows: 1, columns: 1, values: vec![0] };
            }
            let values = weights.iter().skip(synapse).step_by(d.synapses).copied().collect();
            Matrix { rows: rows as u32, columns: columns as u32, values }
        };
        let hidden = (0..d.hidden).map(|n| HiddenNeuron {
            threshold: spec.threshold[n],
            v_mem_decay: Number(spec.dash_mem[n]),
            i_syn_decay: Number(spec.dash_syn[n]),
            v_mem_bias: spec.bias[n],
            i_syn2_decay: Number(spec.dash_syn_2[n]),
            alias_target: Optional(spec.alias_target[n].map(|target| target as u32)),
        });
        let readout = (0..d.outputs).map(|n| ReadoutNeuron {
            threshold: spec.threshold_out[n],
            v_mem_decay: Number(spec.dash_mem_out[n]),
            i_syn_decay: Number(spec.dash_syn_out[n]),
            v_mem_bias: spec.bias_out[n],
        });
        Self {
            operation_mode: 0,
            synapse2_enable: second,
            bias_enable: bias,
            direct_fetch_state_ram: false,
            enable_hibernation_mode: false,
            clear_network_state: false,
            time_resolution_wrap: 0,
            hibernation_mode_time_resolution_wrap: 0,
            input: Input {
                weight_bit_shift: Number(spec.weight_shift_in),
                weights: matrix(&spec.weights_in, d.inputs, d.input_expansion, 0),
                syn2_weights: matrix(&spec.weights_in, d.inputs, d.input_expansion, 1),
            },
            reservoir: Reservoir {
                weight_bit_shift: Number(spec.weight_shift_rec),
                weights: matrix(&spec.weights_rec, d.hidden, d.hidden, 0),
                syn2_weights: matrix(&spec.weights_rec, d.hidden, d.hidden, 1),
                neurons: hidden.collect(),
                aliasing: spec.alias_target.iter().any(Option::is_some),
            },
            readout: Readout {
                weight_bit_shift: Number(spec.weight_shift_out),
                weights: Matrix {
                    rows: d.output_expansion as u32,
                    columns: d.outputs as u32,
                    values: spec.weights_out.clone(),
                },
                neurons: readout.collect(),
            },
            debug: Debug::new(second, bias),
        }
    }

    /// Returns the network of the configuration.
    ///
    /// # Errors
    /// Returns every contradiction between parts of the configuration.
    pub(super) fn specification(&self) -> Result<Specification, SpecificationError> {
        let Self { input, reservoir, readout, .. } = self;
        let mut errors = Errors::default();
        let hidden = reservoir.neurons.len();
        let outputs = readout.neurons.len();
        let inputs = input.weights.rows as usize;
        // samna's own files have a column for each hidden neuron; Rockpool also takes fewer, for the first ones.
        let columns = (input.weights.columns as usize).clamp(1, hidden.max(1));
        let shapes = [
            ("input", "weights", &input.weights, inputs, columns, true),
            ("input", "syn2_weights", &input.syn2_weights, inputs, columns, self.synapse2_enable),
            ("reservoir", "weights", &reservoir.weights, hidden, hidden, true),
            ("reservoir", "syn2Weights", &reservoir.syn2_weights, hidden, hidden, self.synapse2_enable),
            ("readout", "weights", &readout.weights, hidden, outputs, true),
        ];
        let root = JsonPath::Key(&JsonPath::Root, ROOT);
        for (part, key, matrix, rows, columns, used) in shapes {
            if used && (matrix.rows as usize, matrix.columns as usize) != (rows, columns) {
                let (has_rows, has_columns) = (matrix.rows, matrix.columns);
                let what = format_args!(
                    "has {has_rows} rows of {has_columns}; expected {rows} of {columns} for {inputs} inputs, {hidden} \
                     hidden and {outputs} readout neurons"
                );
                errors.add(&JsonPath::Key(&JsonPath::Key(&root, part), key), what);
            }
        }
        let (in_reservoir, in_input) = (JsonPath::Key(&root, "reservoir"), JsonPath::Key(&root, "input"));
        for (path, count) in [
            (JsonPath::Key(&in_input, "weights"), inputs),
            (JsonPath::Key(&in_reservoir, "neurons"), hidden),
            (JsonPath::Key(&JsonPath::Key(&root, "readout"), "neurons"), outputs),
        ] {
            if count == 0 || count > MAX_NEURONS {
                errors.add(&path, format_args!("has {count} rows or neurons; expected 1 to {MAX_NEURONS}"));
            }
        }
        for (n, neuron) in reservoir.neurons.iter().enumerate() {
            let Some(target) = neuron.alias_target.0 else { continue };
            let neurons = JsonPath::Key(&in_reservoir, "neurons");
            let neuron = JsonPath::Element(&neurons, n);
            let path = JsonPath::Key(&neuron, "aliasTarget");
            if target as usize >= hidden {
                errors.add(&path, format_args!("is {target}; there are {hidden} hidden neurons"));
            } else if !reservoir.aliasing {
                errors.add(&path, "is set, but `aliasing` is false");
            }
        }
        if errors.is_empty() { Ok(self.assemble(inputs, hidden, outputs)) } else { Err(errors.into_error()) }
    }

    /// Builds the specification of a configuration without contradictions.
    fn assemble(&self, inputs: usize, hidden: usize, outputs: usize) -> Specification {
        let Self { input, reservoir, readout, .. } = self;
        let both = |first: &Matrix, second: &Matrix| -> Vec<i8> {
            if !self.synapse2_enable {
                return first.values.clone();
            }
            first.values.iter().zip(&second.values).flat_map(|(&a, &b)| [a, b]).collect()
        };
        let biases = |bias: i16| if self.bias_enable { bias } else { 0 };
        let neurons = &reservoir.neurons;
        Specification {
            dimensions: Dimensions {
                inputs,
                input_expansion: input.weights.columns as usize,
                hidden,
                output_expansion: hidden,
                outputs,
                synapses: 1 + usize::from(self.synapse2_enable),
            },
            weights_in: both(&input.weights, &input.syn2_weights),
            weights_rec: both(&reservoir.weights, &reservoir.syn2_weights),
            weights_out: readout.weights.values.clone(),
            weight_shift_in: input.weight_bit_shift.0,
            weight_shift_rec: reservoir.weight_bit_shift.0,
            weight_shift_out: readout.weight_bit_shift.0,
            dash_mem: neurons.iter().map(|n| n.v_mem_decay.0).collect(),
            dash_syn: neurons.iter().map(|n| n.i_syn_decay.0).collect(),
            dash_syn_2: neurons.iter().map(|n| n.i_syn2_decay.0).collect(),
            dash_mem_out: readout.neurons.iter().map(|n| n.v_mem_decay.0).collect(),
            dash_syn_out: readout.neurons.iter().map(|n| n.i_syn_decay.0).collect(),
            threshold: neurons.iter().map(|n| n.threshold).collect(),
            threshold_out: readout.neurons.iter().map(|n| n.threshold).collect(),
            bias: neurons.iter().map(|n| biases(n.v_mem_bias)).collect(),
            bias_out: readout.neurons.iter().map(|n| biases(n.v_mem_bias)).collect(),
            alias_target: neurons.iter().map(|n| n.alias_target.0.map(|target| target as usize)).collect(),
        }
    }
}

impl Debug {
    /// Returns samna's defaults, with the clocks and memories enabled that Rockpool's `config_from_specification`
    /// enables.
    fn new(second_synapse: bool, bias: bool) -> Self {
        Self {
            keep_interrupt: false,
            always_update_omp_stat: false,
            enable_rst_pad_pull: true,
            rst_pad_pull_select: false,
            ram_wake_up_settle_time: 0,
            ram_power_enable: true,
            monitors: Monitors { value0: 0, value1: 0, value2: 0, value3: 0 },
            isyn_clock_enable: true,
            isyn2_clock_enable: second_synapse,
            ra_clock_enable: true,
            bias_clock_enable: bias,
            hm_clock_enable: true,
            input_write_select: 0,
            input_read_select: 0,
            input_select_enable: false,
            ram_manual_sleep_control: 0,
            ram_auto_sleep_control: 0,
            ram_light_sleep: false,
            ram_deep_sleep: false,
            debug_status_update_enable: false,
            monitor_debug_enable: false,
            pe_internal_select: 3,
            pe_fsm_select: 7,
            pe_engine_select: 7,
            pe_access_ram_fsm_select: 31,
            mem_shell_ram_arbiter_select: 31,
            read_timing_select: 1,
            write_timing_select: 1,
            monitor_neuron_v_mem: Empty,
            monitor_neuron_i_syn: Empty,
            monitor_neuron_i_syn2: Empty,
            monitor_neuron_spike: Empty,
        }
    }
}
