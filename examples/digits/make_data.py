#!/usr/bin/env python3
"""Synthesizes spoken digits with espeak-ng 1.51 (Debian package `espeak-ng`), the only requirement.

    python3 make_data.py [FOLDER]      writes FOLDER/{train,test}/{digit}_{voice}_{take}.wav; FOLDER is data/ by default
    python3 make_data.py drawn FOLDER  writes FOLDER/{digit}_{voice}_{take}.wav of voices that are drawn at random

Thirty voices speak the ten digits three times, for training; five others speak them twice, for testing. Each of
120 drawn voices speaks them once. The files are 8 kHz, 16-bit, mono, trimmed to the word and normalized to the same peak.
The same version of espeak-ng gives the same bytes.
"""
import array
import io
import math
import operator
import pathlib
import subprocess
import sys
import tempfile
import wave

from voices import DrawnVoices

DIGITS = "zero one two three four five six seven eight nine".split()

# A voice is a variant of espeak-ng, which sets timbre and intonation. No voice is in both sets.
VOICES = {
    "train": """m1 f1 m2 f2 m3 f3 m4 f4 m6 f5 m7 linda m8 steph adam Alex david Denis Diogo Henrique Hugo john Lee Mike paul quincy
                rob victor zac benjamin""".split(),
    "test": "m5 Annie Michael belinda travis".split(),
}
TAKES = {"train": 3, "test": 2}
DRAWN, SEED = 120, 0  # number of drawn voices, and the seed of their draws

# Take `t` of voice number `v` uses entry `2 * v + t` of each list, modulo its length: an accent (`en` is British; `en-gb`
# would ignore the variant), a speed in words per minute, and a pitch from 0 to 99.
ACCENTS = ["en-us", "en", "en-gb-scotland", "en-us", "en-029", "en", "en-gb-x-rp"]
SPEEDS = [140, 180, 165, 150, 172, 155, 145, 160]
PITCHES = [50, 38, 62, 45, 56, 34, 68, 50, 42, 60, 30]

RATE_IN, RATE_OUT = 22_050, 8_000
UP, DOWN = 160, 441  # RATE_OUT / RATE_IN in lowest terms
HALF_WIDTH = 48      # of the low-pass, in input samples
CUTOFF = 3_700       # Hz
PEAK = 0.9 * 32_767


def speak(word, accent, voice, speed, pitch, path=None):
    """Synthesizes a word. Returns 16-bit samples at RATE_IN. `path` is a folder with espeak-ng's data, if not the default."""
    command = ["espeak-ng", "-v", f"{accent}+{voice}", "-s", str(speed), "-p", str(pitch), "--stdout", word]
    command[1:1] = ["--path", path] if path else []
    bytes_ = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(bytes_)) as file:
        layout = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if layout != (1, 2, RATE_IN):
            sys.exit(f"espeak-ng wrote (channels, bytes, rate) = {layout} instead of {(1, 2, RATE_IN)}")
        samples = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def speak_drawn(word, voices, speeds, pitches):
    """Synthesizes a word with the voice that was drawn last, at a drawn accent, speed and pitch of these ranges."""
    accent, speed, pitch = voices.choose(ACCENTS), voices.between(*speeds), voices.between(*pitches)
    return speak(word, accent, voices.VARIANT, speed, pitch, voices.path)


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


def normalize(samples):
    """Scales to PEAK and rounds to 16 bits."""
    scale = PEAK / max(map(abs, samples))
    return array.array("h", (round(x * scale) for x in samples))


def write(path, samples):
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_OUT)
        file.writeframes(samples.tobytes())


def check(path, samples, content, seen, shortest, longest):
    """Exits if a word has no duration from `shortest` to `longest` seconds, or if its content is among those `seen`."""
    if not shortest <= samples / RATE_OUT <= longest:
        sys.exit(f"{path}: {samples / RATE_OUT:.3f} s is not between {shortest} and {longest} s")
    if content in seen:
        sys.exit(f"{path}: another file has the same samples")
    seen.add(content)


def save(path, samples, kernels, seen, longest):
    """Writes a word with samples at RATE_IN."""
    samples = normalize(trim(resample(samples, kernels)))
    check(path, len(samples), samples.tobytes(), seen, 0.2, longest)
    write(path, samples)


def save_drawn(folder):
    """Writes the digits of drawn voices."""
    folder.mkdir(parents=True, exist_ok=True)
    kernels, seen = low_pass_kernels(), set()
    with tempfile.TemporaryDirectory() as data:
        voices = DrawnVoices(data, SEED)
        for v in range(DRAWN):
            voices.draw()
            for digit, word in enumerate(DIGITS):
                spoken = speak_drawn(word, voices, (130, 190), (30, 70))
                save(folder / f"{digit}_drawn{v}_0.wav", spoken, kernels, seen, 1.2)


def save_variants(folder):
    """Writes the digits of the variants of espeak-ng, divided into training and test set."""
    kernels, seen = low_pass_kernels(), set()
    for split, voices in VOICES.items():
        (folder / split).mkdir(parents=True, exist_ok=True)
        for v, voice in enumerate(voices):
            for take in range(TAKES[split]):
                accent, speed, pitch = (options[(2 * v + take) % len(options)] for options in (ACCENTS, SPEEDS, PITCHES))
                for digit, word in enumerate(DIGITS):
                    spoken = speak(word, accent, voice, speed, pitch)
                    save(folder / split / f"{digit}_{voice.lower()}_{take}.wav", spoken, kernels, seen, 0.8)


def main():
    match sys.argv[1:]:
        case ["drawn", folder]:
            save_drawn(pathlib.Path(folder))
        case [folder] if folder != "drawn":
            save_variants(pathlib.Path(folder))
        case []:
            save_variants(pathlib.Path(__file__).parent / "data")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
