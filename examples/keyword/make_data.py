#!/usr/bin/env python3
"""Synthesizes the words in data/ with espeak-ng 1.51 (Debian package `espeak-ng`), the only requirement.

    python3 make_data.py [FOLDER]    writes FOLDER/{split}/{label}_{word}_{voice}_{take}.wav; FOLDER is data/ by default

The wake word is "avocado"; its label is `avocado`, that of all other words is `other`. Three sets have different
voices, and different other words. Most voices for training are drawn at random, because a network that knows few voices
misses the wake word of others. The files are 8 kHz, mono, in mu-law (G.711), trimmed to the word and normalized to
the same peak. The same version of espeak-ng gives the same bytes.
"""
import pathlib
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "digits"))
from make_data import ACCENTS, PEAK, PITCHES, RATE_OUT, SPEEDS, check, low_pass_kernels, resample, speak, speak_drawn, trim
from voices import DrawnVoices

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
                Aviano evoke vocal provoke placard cardigan pocket alcove carnival macabre academy accordion habitat
                Avon caviar aardvark embargo lumbago bongo Cairo Otto motto grotto ghetto Plato soldado echo
                seven music light kitchen window garden open banana morning paper yellow table october remember computer
                number water telephone animal minute question sugar Friday little eleven camera family
                above average favorite alphabet however evidence engineer harvest bakery market carbon cardboard
                department article pardon bottle locker rocket doctor modern robot photo radio video studio piano""".split(),
    "validation": """dorado Havana vacation aviator Nevada octave
                     tutor complete winter elephant hello coffee letter monday mountain button""".split(),
    "test": """desperado avatar armada evocative Granada volcano
               hospital thank tomato river candle seventy picture butter compare village orange holiday""".split(),
}
TAKES = {"train": (3, 6), "validation": (6, 11), "test": (6, 12)}  # takes of the keyword, and of other words
DRAWN, DRAWN_TAKES = 220, (1, 3)  # further voices for training, and their takes
SEED = 0  # of their draws

# Take `t` of voice number `v` uses entry `3 * v + t` of each list, modulo its length: an accent, a speed in words per
# minute, and a pitch from 0 to 99. The lists and the synthesis are those of the digits example.


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


def items(split, voice, takes):
    """Yields the words that a voice of a set speaks, by its index: label, word and take."""
    keyword, others = takes
    yield from ((KEYWORD, KEYWORD, take) for take in range(keyword))
    words = WORDS[split]
    yield from (("other", words[(others * voice + take) % len(words)], take) for take in range(others))


def spoken_by_variants(split):
    """Yields the words of the variants of espeak-ng in a set: their names and samples."""
    for v, voice in enumerate(VOICES[split]):
        for label, word, take in items(split, v, TAKES[split]):
            accent, speed, pitch = (options[(3 * v + take) % len(options)] for options in (ACCENTS, SPEEDS, PITCHES))
            yield f"{label}_{word}_{voice.lower()}_{take}", speak(word, accent, voice, speed, pitch)


def spoken_by_drawn():
    """Yields the names and samples of the words of drawn voices."""
    with tempfile.TemporaryDirectory() as folder:
        voices = DrawnVoices(folder, SEED)
        for v in range(DRAWN):
            voices.draw()
            for label, word, take in items("train", v, DRAWN_TAKES):
                yield f"{label}_{word}_drawn{v}_{take}", speak_drawn(word, voices, (130, 200), (25, 75))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data"
    kernels = low_pass_kernels()
    seen = set()
    sets = [(split, spoken_by_variants(split)) for split in VOICES] + [("train", spoken_by_drawn())]
    for split, spoken in sets:
        (folder / split).mkdir(parents=True, exist_ok=True)
        for name, samples in spoken:
            data = encode(trim(resample(samples, kernels)))
            path = folder / split / f"{name}.wav"
            check(path, len(data), data, seen, 0.15, 1.6)
            write(path, data)


if __name__ == "__main__":
    main()
