/*
 * Recognizes a spoken digit from its event counts, in 8-bit weights and 16-bit states.
 *
 * `make run` on a developer's machine, `make run-cortex-m` in QEMU. The README says more.
 */

#include "board.h"
#include "digits.h"
#include "seven.h"

/* The readout neuron with the largest mean membrane potential is the digit; -1 if the weights belong to another network. */
static int recognize(const uint8_t events[][DIGITS_INPUTS], size_t steps)
{
    static digits_network net;
    int32_t evidence[DIGITS_OUTPUTS] = {0};
    int best = 0;

    if (digits_init(&net, digits_weights, sizeof digits_weights) != DIGITS_OK) {
        return -1;
    }
    for (size_t t = 0; t < steps; t++) {
        int16_t vmem[DIGITS_OUTPUTS];
        digits_step(&net, events[t], vmem);
        for (size_t i = 0; i < DIGITS_OUTPUTS; i++) {
            evidence[i] += vmem[i];
        }
    }
    for (int i = 1; i < (int)DIGITS_OUTPUTS; i++) {
        if (evidence[i] > evidence[best]) {
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
    const int digit = recognize(seven, SEVEN_STEPS);

    if (digit < 0) {
        board_print("these weights belong to another network\n");
        return 1;
    }
    board_print(names[digit]);
    return digit == 7 ? 0 : 1;
}
