//! Functions that steps call. Each file contains those that it uses: unused functions would be warnings.

use synnet_step::{Arithmetic, Operation, Part, Phase, Program, Rows, Statement};

use crate::names::Names;
use crate::source::any_operation;

/// Returns the functions that a program uses.
pub(crate) fn kernels(program: &Program, names: &Names) -> String {
    let used = match program.arithmetic {
        Arithmetic::Float => float_kernels(program),
        Arithmetic::Integer => integer_kernels(program),
    };
    let text: String = used.into_iter().flatten().flat_map(|kernel| [kernel, "\n"]).collect();
    text.replace("$p", &names.prefix).replace("$P", &names.macros())
}

fn float_kernels(program: &Program) -> Vec<Option<&'static str>> {
    let adds = |rows: Rows| {
        any_operation(program, |o| matches!(o, Operation::AddRows { rows: r, .. } if *r == rows))
    };
    let counts = any_operation(program, |operation| matches!(operation, Operation::AddEvents { .. }));
    let divides = any_statement(program, |statement| matches!(statement, Statement::Divide { .. }));
    vec![
        (!program.tables.is_empty()).then_some(CHECKSUM),
        (!program.tables.is_empty()).then_some(NUMBER),
        adds(Rows::Spiking).then_some(ADD_ROWS),
        adds(Rows::All).then_some(ADD_ALL_ROWS),
        program.tables.iter().any(|table| table.part == Part::Bias).then_some(ADD_BIAS),
        counts.then_some(ADD_COUNTS),
        divides.then_some(SPIKE_COUNT),
    ]
}

fn integer_kernels(program: &Program) -> Vec<Option<&'static str>> {
    let weighted = !program.tables.is_empty();
    let wraps = program.layers.iter().flat_map(|layer| &layer.update).any(|phase| match phase {
        Phase::Loop(each) => each
            .body
            .iter()
            .any(|statement| matches!(statement, Statement::SpikeOnce | Statement::CountSpikes { .. })),
        Phase::Rounds { .. } | Phase::Aliases { .. } => true,
    });
    vec![
        weighted.then_some(CHECKSUM),
        Some(SATURATE),
        wraps.then_some(WRAP),
        Some(LEAK),
        weighted.then_some(ADD_INTEGER_ROWS),
    ]
}

/// Returns whether one of the statements of the layers' loops has this property.
fn any_statement(program: &Program, has: impl Fn(&Statement) -> bool) -> bool {
    program.layers.iter().flat_map(|layer| &layer.update).any(|phase| match phase {
        Phase::Loop(each) => each.body.iter().any(&has),
        Phase::Rounds { .. } | Phase::Aliases { .. } => false,
    })
}

/// Computes [`checksum`](synnet_step::weights::checksum).
const CHECKSUM: &str = "\
/* Returns the checksum of the numbers of the weights. */
static uint64_t $p_checksum(const uint8_t *bytes, size_t size)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    size_t i = 0U;
    while (i < size) {
        const size_t width = ((size - i) < 8U) ? 1U : 8U;
        uint64_t word = 0U;
        for (size_t k = 0U; k < width; k++) {
            word |= (uint64_t)bytes[i + k] << (8U * k);
        }
        sum = (sum ^ word) * UINT64_C(0x100000001B3);
        sum ^= sum >> 32U;
        i += width;
    }
    return sum;
}
";

/// Assembled from bytes, so that weights need no alignment and machines no byte order. Where the order is the machine's,
/// compilers make one load of it.
const NUMBER: &str = "\
/* Returns the number in four bytes, little-endian. */
static float $p_number(const uint8_t *bytes)
{
    union {
        uint32_t bits;
        float number;
    } pun;
    pun.bits = (uint32_t)bytes[0] | ((uint32_t)bytes[1] << 8) | ((uint32_t)bytes[2] << 16)
        | ((uint32_t)bytes[3] << 24);
    return pun.number;
}
";

const ADD_ROWS: &str = "\
/* Adds the weights of every source that spikes, times its count, in ascending order. */
static void $p_add_rows(float *$P_RESTRICT sums, const float *$P_RESTRICT counts,
    const uint8_t *$P_RESTRICT weights, size_t sources, size_t columns)
{
    for (size_t i = 0U; i < sources; i++) {
        const float count = counts[i];
        if (count != 0.0f) {
            const uint8_t *row = &weights[4U * columns * i];
            for (size_t c = 0U; c < columns; c++) {
                sums[c] += count * $p_number(&row[4U * c]);
            }
        }
    }
}
";

const ADD_ALL_ROWS: &str = "\
/* Adds the weights of every source, times its count, in ascending order. */
static void $p_add_all_rows(float *$P_RESTRICT sums, const float *$P_RESTRICT counts,
    const uint8_t *$P_RESTRICT weights, size_t sources, size_t columns)
{
    for (size_t i = 0U; i < sources; i++) {
        const uint8_t *row = &weights[4U * columns * i];
        for (size_t c = 0U; c < columns; c++) {
            sums[c] += counts[i] * $p_number(&row[4U * c]);
        }
    }
}
";

const ADD_BIAS: &str = "\
/* Adds the bias of a connection. */
static void $p_add_bias(float *$P_RESTRICT sums, const uint8_t *$P_RESTRICT bias, size_t columns)
{
    for (size_t c = 0U; c < columns; c++) {
        sums[c] += $p_number(&bias[4U * c]);
    }
}
";

const ADD_COUNTS: &str = "\
/* Adds counts of a connection without weights. */
static void $p_add_counts(float *$P_RESTRICT sums, const float *$P_RESTRICT counts, size_t columns)
{
    for (size_t c = 0U; c < columns; c++) {
        sums[c] += counts[c];
    }
}
";

/// As in Rust, without `floorf`, which would need the math library.
const SPIKE_COUNT: &str = "\
/*
 * Returns how many times the threshold fits into a membrane potential, at most `most`.
 *
 * From 2^23 on, every float is an integer, so adding and subtracting 2^23 rounds to the nearest integer.
 * If that lies above the ratio, the integer below it is the floor.
 */
static float $p_spike_count(float vmem, float threshold, float most)
{
    const float integral_from = 8388608.0f;
    float count = 0.0f;
    if (vmem >= threshold) {
        const float quotient = vmem / threshold;
        /* Also for an infinite quotient, and for NaN, which fails the comparison. */
        const float ratio = (quotient < most) ? quotient : most;
        if (ratio >= integral_from) {
            count = ratio;
        } else {
            const float nearest = (ratio + integral_from) - integral_from;
            count = (nearest > ratio) ? (nearest - 1.0f) : nearest;
        }
    }
    return count;
}
";

const SATURATE: &str = "\
/* Returns the nearest 16-bit number. */
static int32_t $p_saturate(int32_t x)
{
    return (x > 32767) ? 32767 : ((x < -32768) ? -32768 : x);
}
";

/// Converting a larger number to `int16_t` would be defined by the implementation.
const WRAP: &str = "\
/* Returns the low 16 bits. */
static int16_t $p_wrap(int32_t x)
{
    const int32_t low = (int32_t)((uint32_t)x & 0xFFFFU);
    return (int16_t)((low < 32768) ? low : (low - 65536));
}
";

/// Shifting a negative number to the right would be defined by the implementation.
const LEAK: &str = "\
/*
 * Returns the loss of a state in a step: its share 2^-dash, rounded down, but at least 1 if the state is
 * positive. So every state reaches 0.
 */
static int32_t $p_leak(int32_t state, uint32_t dash)
{
    const int32_t part = (state < 0) ? ~(~state >> dash) : (state >> dash);
    return ((part == 0) && (state > 0)) ? 1 : part;
}
";

/// A row times the events of its source fits 32 bits: at most 128 * 2^7 * 255.
const ADD_INTEGER_ROWS: &str = "\
/* Adds a weight times a factor to a current. */
static int16_t $p_add_weight(int16_t isyn, int8_t weight, int32_t factor)
{
    return (int16_t)$p_saturate((int32_t)isyn + ((int32_t)weight * factor));
}

/*
 * Adds the events of every source, in ascending order. Weights are multiplied by `scale`. Events of one source
 * are added at once: equal addends saturate alike, one by one or at once. Two sources are added at a time, so
 * that each current is loaded and stored half as often.
 */
static void $p_add_rows(int16_t *$P_RESTRICT isyn, const uint8_t *$P_RESTRICT counts,
    const uint8_t *$P_RESTRICT weights, size_t sources, size_t columns, int32_t scale)
{
    size_t i = 0U;
    while (i < sources) {
        size_t next = i + 1U;
        if (counts[i] != 0U) {
            const int32_t factor = (int32_t)counts[i] * scale;
            const int8_t *row = (const int8_t *)&weights[columns * i];
            while ((next < sources) && (counts[next] == 0U)) {
                next++;
            }
            if (next < sources) {
                const int32_t next_factor = (int32_t)counts[next] * scale;
                const int8_t *next_row = (const int8_t *)&weights[columns * next];
                for (size_t c = 0U; c < columns; c++) {
                    const int16_t sum = $p_add_weight(isyn[c], row[c], factor);
                    isyn[c] = $p_add_weight(sum, next_row[c], next_factor);
                }
                next++;
            } else {
                for (size_t c = 0U; c < columns; c++) {
                    isyn[c] = $p_add_weight(isyn[c], row[c], factor);
                }
            }
        }
        i = next;
    }
}
";
