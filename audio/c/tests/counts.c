/*
 * Writes the counts of a recording to standard output. Takes its samples, 16-bit PCM in the byte order of the machine,
 * from standard input; arguments are the options in the order of their type. The recording is processed twice, in
 * chunks of different sizes.
 */

#include "synnet_audio3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int16_t samples[1 << 20];

static void put(void *context, const uint8_t counts[AUDIO3_CHANNELS])
{
    (void)fwrite(counts, 1U, AUDIO3_CHANNELS, (FILE *)context);
}

/* Ends the program with the number of the line if a call has another result than expected. */
#define EXPECT(call, expected)                                                                                         \
    do {                                                                                                               \
        const int result = (call);                                                                                     \
        if (result != (expected)) {                                                                                    \
            (void)fprintf(stderr, "line %d: %d\n", __LINE__, result);                                                  \
            exit(2);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Expects that an option outside its range is refused, and with it the use of the state. */
#define EXPECT_REFUSED(option, value, expected)                                                                        \
    do {                                                                                                               \
        audio3_options wrong;                                                                                          \
        EXPECT(audio3_defaults(&wrong, 8000U), AUDIO3_OK);                                                             \
        EXPECT(audio3_init(&state, &wrong), AUDIO3_OK);                                                                \
        wrong.option = (value);                                                                                        \
        EXPECT(audio3_init(&state, &wrong), (expected));                                                               \
        EXPECT(audio3_push(&state, samples, 1U, put, stdout), AUDIO3_NOT_INITIALIZED);                                 \
    } while (0)

static void refuses(void)
{
    static audio3_front_end state;
    audio3_options options;

    EXPECT(audio3_push(&state, samples, 1U, put, stdout), AUDIO3_NOT_INITIALIZED);
    EXPECT(audio3_finish(&state, put, stdout), AUDIO3_NOT_INITIALIZED);
    EXPECT(audio3_defaults(NULL, 8000U), AUDIO3_NULL_POINTER);
    EXPECT(audio3_defaults(&options, 8000U), AUDIO3_OK);
    EXPECT(audio3_init(NULL, &options), AUDIO3_NULL_POINTER);
    EXPECT(audio3_init(&state, NULL), AUDIO3_NULL_POINTER);
    EXPECT(audio3_push(NULL, samples, 1U, put, stdout), AUDIO3_NULL_POINTER);
    EXPECT(audio3_finish(NULL, put, stdout), AUDIO3_NULL_POINTER);
    EXPECT(audio3_init(&state, &options), AUDIO3_OK);
    EXPECT(audio3_push(&state, NULL, 1U, put, stdout), AUDIO3_NULL_POINTER);
    EXPECT(audio3_push(&state, NULL, 0U, put, stdout), AUDIO3_OK);
    EXPECT_REFUSED(sample_rate, 0U, AUDIO3_SAMPLE_RATE_OUT_OF_RANGE);
    EXPECT_REFUSED(normalization, 3U, AUDIO3_NORMALIZATION_OUT_OF_RANGE);
    EXPECT_REFUSED(fixed_threshold, 0U, AUDIO3_FIXED_THRESHOLD_OUT_OF_RANGE);
    EXPECT_REFUSED(b1, 21U, AUDIO3_B1_OUT_OF_RANGE);
    EXPECT_REFUSED(b2, 6U, AUDIO3_B2_NOT_BELOW_B1);
    EXPECT_REFUSED(low_pass, 21U, AUDIO3_LOW_PASS_OUT_OF_RANGE);
    EXPECT_REFUSED(eps, 0U, AUDIO3_EPS_OUT_OF_RANGE);
    EXPECT_REFUSED(decimation, 0U, AUDIO3_DECIMATION_OUT_OF_RANGE);
    EXPECT_REFUSED(cap, 16U, AUDIO3_CAP_OUT_OF_RANGE);
    EXPECT_REFUSED(cap, 256U, AUDIO3_CAP_OUT_OF_RANGE);
}

int main(int argc, char **argv)
{
    static audio3_front_end state;
    audio3_options options;
    size_t count = fread(samples, sizeof samples[0], sizeof samples / sizeof samples[0], stdin);

    if (argc != 10) {
        return 1;
    }
    refuses();
    memset(&options, 0xFF, sizeof options);
    EXPECT(audio3_defaults(&options, (uint32_t)strtoul(argv[1], NULL, 10)), AUDIO3_OK);
    options.normalization = (uint32_t)strtoul(argv[2], NULL, 10);
    options.fixed_threshold = strtoull(argv[3], NULL, 10);
    options.b1 = (uint32_t)strtoul(argv[4], NULL, 10);
    options.b2 = (uint32_t)strtoul(argv[5], NULL, 10);
    options.low_pass = (uint32_t)strtoul(argv[6], NULL, 10);
    options.eps = (uint32_t)strtoul(argv[7], NULL, 10);
    options.decimation = (uint32_t)strtoul(argv[8], NULL, 10);
    options.cap = (uint32_t)strtoul(argv[9], NULL, 10);
    EXPECT(audio3_init(&state, &options), AUDIO3_OK);
    for (int pass = 0; pass < 2; pass++) {
        size_t start = 0U;
        for (size_t size = pass == 0 ? 1U : 80U; start < count; size = size % 701U + 1U) {
            const size_t rest = count - start;
            const size_t chunk = rest < size ? rest : size;
            EXPECT(audio3_push(&state, &samples[start], chunk, put, stdout), AUDIO3_OK);
            start += chunk;
        }
        EXPECT(audio3_finish(&state, put, stdout), AUDIO3_OK);
    }
    return 0;
}
