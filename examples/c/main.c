/*
 * Recognizes a spoken digit from the samples of a microphone: audio front end and network, both in integers.
 *
 * `make run` on a developer's machine, `make run-cortex-m` in QEMU. The README says more.
 */

#include "board.h"
#include "digits.h"
#include "seven.h"
#include "synnet_audio3.h"

/* Samples arrive in chunks of 10 ms, as from a buffer that a microphone fills. */
#define CHUNK 80U

/* Front end and network, and the sums of the readout's membrane potentials: the largest belongs to the digit. */
typedef struct {
    audio3_front_end front_end;
    digits_network net;
    int32_t evidence[DIGITS_OUTPUTS];
} spotter;

/* Advances the network by a time step; the front end calls it. */
static void step(void *context, const uint8_t counts[AUDIO3_CHANNELS])
{
    spotter *self = context;
    int16_t vmem[DIGITS_OUTPUTS];

    digits_step(&self->net, counts, vmem);
    for (size_t i = 0; i < DIGITS_OUTPUTS; i++) {
        self->evidence[i] += vmem[i];
    }
}

/* Returns 0 if the options are in range, and the weights are those of the network. */
static int init(spotter *self)
{
    audio3_options options;

    for (size_t i = 0; i < DIGITS_OUTPUTS; i++) {
        self->evidence[i] = 0;
    }
    (void)audio3_defaults(&options, SEVEN_RATE);
    /* As in the recipe that trained the network. */
    options.normalization = AUDIO3_CHANNEL;
    options.decimation = 488U;
    if (audio3_init(&self->front_end, &options) != AUDIO3_OK) {
        return -1;
    }
    return digits_init(&self->net, digits_weights, sizeof digits_weights) == DIGITS_OK ? 0 : -1;
}

/* Returns the digit with the most evidence so far. */
static int digit(const spotter *self)
{
    int best = 0;

    for (int i = 1; i < (int)DIGITS_OUTPUTS; i++) {
        if (self->evidence[i] > self->evidence[best]) {
            best = i;
        }
    }
    return best;
}

int main(void)
{
    static const char *const names[DIGITS_OUTPUTS] = {
        "zero\n", "one\n", "two\n", "three\n", "four\n", "five\n", "six\n", "seven\n", "eight\n", "nine\n",
    };
    static spotter ears;

    if (init(&ears) != 0) {
        board_print("an option is out of range, or these weights belong to another network\n");
        return 1;
    }
    for (size_t start = 0; start < SEVEN_SAMPLES; start += CHUNK) {
        const size_t rest = SEVEN_SAMPLES - start;
        (void)audio3_push(&ears.front_end, &seven[start], rest < CHUNK ? rest : CHUNK, step, &ears);
    }
    board_print(names[digit(&ears)]);
    return digit(&ears) == 7 ? 0 : 1;
}
