#!/usr/bin/env python3
"""Synthesizes the words in data/ with espeak-ng 1.51 (Debian package `espeak-ng`), the only requirement.

    python3 make_data.py [FOLDER]    writes FOLDER/{split}/{label}_{word}_{voice}_{take}.wav; FOLDER is data/ by default

The wake word is "avocado"; its label is `avocado`, that of all other words is `other`. Three sets have different
voices, and different other words. The files are 8 kHz, mono, in mu-law (G.711), trimmed to the word and normalized to
the same peak. The same version of espeak-ng gives the same bytes.
"""
import array
import io
import math
import operator
import pathlib
import struct
import subprocess
import sys
import wave

KEYWORD = "avocado"

# A voice is a variant of espeak-ng, which sets timbre and intonation. No voice is in two sets.
VOICES = {
    "train": """m1 f1 m2 f2 m3 f3 m4 f4 m6 f5 m7 linda m8 steph steph2 adam Alex david Denis Diogo Henrique Hugo john Lee Mike
                paul quincy rob robert victor zac benjamin Andy AnxiousAndy antonio gustave Jacky marcelo Miguel norbert pedro
                sandro boris michel Alicia grandpa""".split(),
    "validation": "max RicishayMax edward anika Storm caleb aunty pablo shelby Gene".split(),
    "test": "m5 Annie Michael belinda travis Mario iven iven2 ed kaukovalta Nguyen Tweaky".split(),
}

# No other word is in two sets. The first words of each set sound like the wake word.
WORDS = {
    "train": """staccato mikado Ricardo bravado tornado Colorado vocabulary avenue avalanche advocate tobacco bravo
                seven music light kitchen window garden open banana morning paper yellow table october remember computer
                number water telephone animal minute question sugar Friday little eleven camera family""".split(),
    "validation": """dorado Havana vacation aviator Nevada octave
                     tutor complete winter elephant hello coffee letter monday mountain button""".split(),
    "test": """desperado avatar armada evocative Granada volcano
               hospital thank tomato river candle seventy picture butter compare village orange holiday""".split(),
}
TAKES = {"train": (4, 8), "validation": (6, 11), "test": (6, 12)}  # takes of the keyword, and of other words

# Take `t` of voice number `v` uses entry `3 * v + t` of each list, modulo its length: an accent, a speed in words per
# minute, and a pitch from 0 to 99.
ACCENTS = ["en-us", "en", "en-gb-scotland", "en-us", "en-029", "en", "en-gb-x-rp"]
SPEEDS = [140, 180, 165, 150, 172, 155, 145, 160]
PITCHES = [50, 38, 62, 45, 56, 34, 68, 50, 42, 60, 30]

RATE_IN, RATE_OUT = 22_050, 8_000
UP, DOWN = 160, 441  # RATE_OUT / RATE_IN in lowest terms
HALF_WIDTH = 48      # of the low-pass, in input samples
CUTOFF = 3_700       # Hz
PEAK = 0.9 * 32_767


def speak(word, accent, voice, speed, pitch):
    """Synthesizes a word. Returns 16-bit samples at RATE_IN."""
    command = ["espeak-ng", "-v", f"{accent}+{voice}", "-s", str(speed), "-p", str(pitch), "--stdout", word]
    bytes_ = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(bytes_)) as file:
        layout = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if layout != (1, 2, RATE_IN):
            sys.exit(f"espeak-ng wrote (channels, bytes, rate) = {layout} instead of {(1, 2, RATE_IN)}")
        samples = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def low_pass_kernels():
    """Returns a windowed sinc (Blackman) for each of the UP positions of an output sample between two input samples."""
    def tap(x):
        window = 0.42 + 0.5 * math.cos(math.pi * x / HALF_WIDTH) + 0.08 * math.cos(2 * math.pi * x / HALF_WIDTH)
        w = 2 * CUTOFF / RATE_IN
        return window * w * (math.sin(math.pi * w * x) / (math.pi * w * x) if x else 1.0)
    return [[tap(i - HALF_WIDTH + 1 - phase / UP) for i in range(2 * HALF_WIDTH)] for phase in range(UP)]


def resample(samples, kernels):
    """Resamples from RATE_IN to RATE_OUT."""
    padded = [0] * (HALF_WIDTH - 1) + list(samples) + [0] * (HALF_WIDTH + 1)
    out = []
    for k in range(len(samples) * UP // DOWN):
        start, phase = divmod(k * DOWN, UP)
        out.append(sum(map(operator.mul, kernels[phase], padded[start:start + 2 * HALF_WIDTH])))
    return out


def trim(samples):
    """Trims windows of 5 ms below 1 % of the peak at both ends, and keeps a margin of 15 ms."""
    window, margin = RATE_OUT // 200, RATE_OUT * 15 // 1000
    floor = 0.01 * max(map(abs, samples))
    loud = [start for start in range(0, len(samples), window)
            if math.sqrt(sum(x * x for x in samples[start:start + window]) / window) > floor]
    return samples[max(loud[0] - margin, 0):loud[-1] + window + margin]


def mu_law(sample):
    """Encodes a 16-bit sample (ITU-T G.711)."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32_635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 15) & 0xFF


def encode(samples):
    """Scales to PEAK, and encodes."""
    scale = PEAK / max(map(abs, samples))
    return bytes(mu_law(round(x * scale)) for x in samples)


def write(path, data):
    form = struct.pack("<HHIIHHH", 7, 1, RATE_OUT, RATE_OUT, 1, 8, 0)
    padding = b"\0" * (len(data) % 2)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"fact" + struct.pack("<II", 4, len(data))
    chunks += b"data" + struct.pack("<I", len(data)) + data + padding
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data"
    kernels = low_pass_kernels()
    seen = set()
    for split, voices in VOICES.items():
        (folder / split).mkdir(parents=True, exist_ok=True)
        takes, others = TAKES[split]
        for v, voice in enumerate(voices):
            items = [(KEYWORD, KEYWORD, take) for take in range(takes)]
            items += [("other", WORDS[split][(others * v + i) % len(WORDS[split])], i) for i in range(others)]
            for label, word, take in items:
                accent, speed, pitch = (options[(3 * v + take) % len(options)] for options in (ACCENTS, SPEEDS, PITCHES))
                data = encode(trim(resample(speak(word, accent, voice, speed, pitch), kernels)))
                path = folder / split / f"{label}_{word}_{voice.lower()}_{take}.wav"
                if not 0.15 <= len(data) / RATE_OUT <= 1.3:
                    sys.exit(f"{path}: {len(data) / RATE_OUT:.3f} s is not between 0.15 and 1.3 s")
                if data in seen:
                    sys.exit(f"{path}: another file has the same samples")
                seen.add(data)
                write(path, data)


if __name__ == "__main__":
    main()
