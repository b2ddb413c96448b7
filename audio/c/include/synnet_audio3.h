/*
 * The audio front end of Xylo Audio 3: 16-bit PCM of any sample rate to spike counts of 16 channels.
 *
 * It computes in integers, allocates nothing, has no global state, and gives the same counts on every processor, bit
 * for bit those of the Rust crate synnet-audio. docs/audio.md of synnet describes the signal chain and the options.
 *
 * Link with libsynnet_audio3.a and -Wl,--gc-sections.
 */
#ifndef SYNNET_AUDIO3_H
#define SYNNET_AUDIO3_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Number of channels: one band-pass filter each, from 105 Hz to 16.6 kHz. */
#define AUDIO3_CHANNELS 16U

/** Size of the state in bytes, on every processor. The build of the library checks it. */
#define AUDIO3_STATE_SIZE 608U

/**
 * The state of the front end. The caller owns it: in a static variable, on the stack, or anywhere else that is aligned
 * to 8 bytes. It holds no pointer, so it may be copied and moved between calls. There is nothing to release.
 *
 * Different states may be used by different threads or interrupts at the same time, one state by one at a time.
 */
typedef struct {
    /** Not for use by programs. */
    uint64_t opaque[AUDIO3_STATE_SIZE / 8U];
} audio3_front_end;

/** Thresholds from the maximum of the channels' averages: loud bands fire more than soft ones. */
#define AUDIO3_JOINT 0U
/** Thresholds from each channel's own average: every band fires at the same mean rate. */
#define AUDIO3_CHANNEL 1U
/** The threshold is `fixed_threshold`: rates follow the amplitude. */
#define AUDIO3_FIXED 2U

/** The options. audio3_defaults sets all of them; change those that the recipe of the network sets. */
typedef struct {
    /** Samples per second of the input, at least 1. */
    uint32_t sample_rate;
    /** AUDIO3_JOINT, AUDIO3_CHANNEL or AUDIO3_FIXED; AUDIO3_JOINT by default. */
    uint32_t normalization;
    /** Threshold of AUDIO3_FIXED, from 1 to 2^42 - 1, in units of the filters' output; 2^27 by default. */
    uint64_t fixed_threshold;
    /** The threshold is the average times 2^b1 - 2^b2. Above b2, at most 20; 6 by default. */
    uint32_t b1;
    /** See b1; 0 by default. */
    uint32_t b2;
    /** The average has a time constant of 2^low_pass audio samples, from 0 to 20; 12 by default (84 ms). */
    uint32_t low_pass;
    /** Lower bound of the average, from 1 to 65535; 1 by default. */
    uint32_t eps;
    /** Audio samples (1 / 48828.125 s) per time step, at least 1; 50 by default (1.024 ms). 488 gives 9.994 ms. */
    uint32_t decimation;
    /** Maximum count of a channel per time step, from 1 to 15; 15 by default. */
    uint32_t cap;
} audio3_options;

/** Success. */
#define AUDIO3_OK 0
/** A pointer is null. */
#define AUDIO3_NULL_POINTER 1
/** The state was not initialized: audio3_init was not called, or refused its options. */
#define AUDIO3_NOT_INITIALIZED 2
/** An option lies outside its range. */
#define AUDIO3_SAMPLE_RATE_OUT_OF_RANGE 3
#define AUDIO3_NORMALIZATION_OUT_OF_RANGE 4
#define AUDIO3_FIXED_THRESHOLD_OUT_OF_RANGE 5
#define AUDIO3_B1_OUT_OF_RANGE 6
#define AUDIO3_B2_NOT_BELOW_B1 7
#define AUDIO3_LOW_PASS_OUT_OF_RANGE 8
#define AUDIO3_EPS_OUT_OF_RANGE 9
#define AUDIO3_DECIMATION_OUT_OF_RANGE 10
#define AUDIO3_CAP_OUT_OF_RANGE 11

/**
 * Sets all options to their defaults, for an input of `sample_rate` samples per second.
 *
 * Returns AUDIO3_OK or AUDIO3_NULL_POINTER.
 */
int audio3_defaults(audio3_options *options, uint32_t sample_rate);

/**
 * Initializes a state: the start of a recording. The options are copied.
 *
 * Returns AUDIO3_OK, AUDIO3_NULL_POINTER, or which option lies outside its range. Then the other functions refuse the
 * state.
 */
int audio3_init(audio3_front_end *state, const audio3_options *options);

/**
 * Receives the spike counts of a complete time step, from 0 to `cap` each. They are valid during the call. `context` is
 * the pointer that was passed with the function. It must not use the state that calls it.
 */
typedef void (*audio3_receiver)(void *context, const uint8_t counts[AUDIO3_CHANNELS]);

/**
 * Takes the next `count` samples of 16-bit PCM, and calls the receiver for each time step that they complete. The
 * counts do not depend on how a recording is divided into calls. Without a receiver (null), counts are discarded.
 *
 * Returns AUDIO3_OK, AUDIO3_NOT_INITIALIZED, or AUDIO3_NULL_POINTER, also if `samples` is null and `count` is not 0.
 */
int audio3_push(audio3_front_end *state, const int16_t *samples, size_t count, audio3_receiver receiver,
                void *context);

/**
 * Ends a recording: calls the receiver for the time steps that the rest of its audio completes, and sets the state to
 * the start of another recording with the same options. A live stream never ends.
 *
 * Returns AUDIO3_OK, AUDIO3_NULL_POINTER or AUDIO3_NOT_INITIALIZED.
 */
int audio3_finish(audio3_front_end *state, audio3_receiver receiver, void *context);

#ifdef __cplusplus
}
#endif

#endif
