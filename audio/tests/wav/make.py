"""Writes the WAV files of this folder, and `expected.json`: what libsndfile reads from each.

    pip install soundfile && python make.py

Where the decoder differs from libsndfile on purpose, the reason stands beside the file below.
"""

import json
import pathlib
import struct

import soundfile

FOLDER = pathlib.Path(__file__).parent
SUFFIX = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
BIG_SUFFIX = b"\0\x10\x80\0\0\xaa\0\x38\x9b\x71"

expected = {}


def chunk(name, content, length=None, pad=True, order="<"):
    length = len(content) if length is None else length
    return name + struct.pack(order + "I", length) + content + b"\0" * (pad and len(content) % 2)


def fmt(tag, channels, bits, frame=None, extension=b"", order="<"):
    frame = channels * ((bits + 7) // 8) if frame is None else frame
    fields = struct.pack(order + "HHIIHH", tag, channels, 8000, 8000 * frame, frame, bits)
    return chunk(b"fmt ", fields + extension, order=order)


def extensible(tag, channels, bits, valid, suffix=SUFFIX):
    extension = struct.pack("<HHI", 22, valid, 0) + struct.pack("<H", tag) + suffix
    return fmt(0xFFFE, channels, bits, extension=extension)


def file(name, *chunks, length=None, form=b"RIFF", order="<", read_as=None):
    """Writes a file. libsndfile reads `read_as`, if that is given, in its place."""
    content = b"WAVE" + b"".join(chunks)
    length = len(content) if length is None else length
    path = FOLDER / f"{name}.wav"
    path.write_bytes(form + struct.pack(order + "I", length) + content)
    source = FOLDER / f"{read_as}.wav" if read_as else path
    samples, rate = soundfile.read(source, dtype="float64", always_2d=True)
    expected[name] = {"rate": rate, "samples": samples.tolist()}


S16 = struct.pack("<6h", 0, 1, -32768, 32767, 1234, -4321)
S24 = b"".join(struct.pack("<i", x)[:3] for x in (0, 1, -(2**23), 2**23 - 1, 0x123450, -0x123450))
S32 = struct.pack("<6i", 0, 1, -(2**31), 2**31 - 1, 0x12345000, -0x12345000)
U8 = bytes([0, 1, 127, 128, 129, 255])
F32 = struct.pack("<4f", 0, 0.1, -1, 1)
F64 = struct.pack("<4d", 0, 0.1, -1, 1)
PCM = fmt(1, 1, 16)
DATA = chunk(b"data", S16)
LIST = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 13) + b"Lavf58.29.10\0")

# Encodings.
file("pcm_8", fmt(1, 1, 8), chunk(b"data", U8))
file("pcm_16", PCM, DATA)
file("pcm_24", fmt(1, 1, 24), chunk(b"data", S24))
file("pcm_32", fmt(1, 1, 32), chunk(b"data", S32))
file("pcm_12_in_16", fmt(1, 1, 12), DATA)
file("pcm_20_in_24", fmt(1, 1, 20), chunk(b"data", S24))
file("pcm_fmt_18", fmt(1, 1, 16, extension=b"\0\0"), DATA)
file("pcm_fmt_40", fmt(1, 1, 16, extension=b"\0" * 24), DATA)
file("stereo_24", fmt(1, 2, 24), chunk(b"data", S24))
file("float_32", fmt(3, 1, 32), chunk(b"data", F32))
file("float_64", fmt(3, 1, 64, extension=b"\0\0"), chunk(b"fact", b"\4\0\0\0"), chunk(b"data", F64))
file("a_law", fmt(6, 1, 8, extension=b"\0\0"), chunk(b"data", bytes(range(256))))
file("mu_law", fmt(7, 1, 8, extension=b"\0\0"), chunk(b"data", bytes(range(256))))
file("mu_law_16", fmt(7, 1, 16, frame=1), chunk(b"data", bytes(range(256))))
file("extensible_5_in_8", extensible(1, 1, 8, 5), chunk(b"data", U8))
file("extensible_12_in_16", extensible(1, 1, 16, 12), DATA)
file("extensible_20_in_24", extensible(1, 1, 24, 20), chunk(b"data", S24))
file("extensible_20_in_32", extensible(1, 1, 32, 20), chunk(b"data", S32))
file("extensible_24_in_32", extensible(1, 2, 32, 24), chunk(b"data", S32))
file("extensible_20_bits", extensible(1, 1, 20, 20), chunk(b"data", S24))
file("extensible_float_64", extensible(3, 1, 64, 64), chunk(b"data", F64))
file("extensible_mu_law", extensible(7, 1, 8, 8), chunk(b"data", bytes(range(16))))
file("extensible_ambisonic", extensible(1, 1, 16, 16, b"\0\0\x21\7\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0"), DATA)

# Chunks of odd length, and after the samples.
file("odd_list", PCM, LIST, DATA)
file("odd_list_first", LIST, PCM, DATA)
file("odd_bext", chunk(b"bext", bytes(603)), PCM, DATA)
file("odd_unknown", PCM, chunk(b"abcd", bytes(27)), DATA)
file("odd_fmt", fmt(1, 1, 16, extension=b"\0\0\0"), DATA)
file("odd_data", fmt(1, 1, 8), chunk(b"data", U8[:5]), LIST)
file("odd_data_unpadded", fmt(1, 1, 8), chunk(b"data", U8[:5], pad=False))
file("list_after", PCM, DATA, LIST)
file("text_after", PCM, DATA, b"no chunk, no chunk, no chunk")
# libsndfile finds no samples after an odd chunk without its pad byte. Here, the name of the next chunk is
# recognized.
file("unpadded_list", PCM, LIST[:-1], DATA, read_as="pcm_16")
file("unpadded_bext", chunk(b"bext", bytes(603), pad=False), PCM, DATA, read_as="pcm_16")

# Lengths that a program declares which writes to a pipe.
for data, riff in [
    (0xFFFFFFFF, 0xFFFFFFFF),  # FFmpeg
    (0x7FFFF000, 0x7FFFF024),  # SoX, eSpeak
    (0x80000000, 0x80000024),  # arecord
    (0x7FFFFFFF, 0x7FFFFFFF),
    (0xFFFFFFDB, 0xFFFFFFFF),
    (0, 8),
]:
    file(f"pipe_{data:x}", PCM, chunk(b"data", S16, data), length=riff)
file("pipe_cut", PCM, chunk(b"data", S16[:11], 0xFFFFFFFF, pad=False), length=0xFFFFFFFF)
file("pipe_list", PCM, LIST, chunk(b"data", S16, 0xFFFFFFFF), length=0xFFFFFFFF)
# libsndfile takes a length of 0 literally, unless that of the file is 8. FFmpeg, GStreamer and Python write
# the other ones.
for riff in (0, 36, 0xFFFFFFFF):
    file(f"pipe_0_{riff:x}", PCM, chunk(b"data", S16, 0), length=riff, read_as="pcm_16")

# Big-endian files, and files with lengths of 64 bits.
big = {"form": b"RIFX", "order": ">"}
B16 = chunk(b"data", struct.pack(">6h", 0, 1, -32768, 32767, 1234, -4321), order=">")
file("rifx_16", fmt(1, 1, 16, order=">"), B16, **big)
file("rifx_24", fmt(1, 1, 24, order=">"), chunk(b"data", b"\x12\x34\x56\xff\xff\xff", order=">"), **big)
file("rifx_float", fmt(3, 1, 32, order=">"), chunk(b"data", struct.pack(">2f", 0.1, -1), order=">"), **big)
identifier = struct.pack(">HHIIH", 22, 12, 0, 1, 0) + BIG_SUFFIX
file("rifx_extensible", fmt(0xFFFE, 1, 16, extension=identifier, order=">"), B16, **big)
LONG = chunk(b"data", S16, 0xFFFFFFFF)
DS64 = chunk(b"ds64", struct.pack("<QQQI", 102, 12, 6, 0))
for form in (b"RF64", b"BW64"):
    # libsndfile does not know BW64, which has the same layout.
    as_rf64 = {"form": form, "read_as": None if form == b"RF64" else "rf64"}
    file(form.decode().lower(), DS64, PCM, LONG, length=0xFFFFFFFF, **as_rf64)
file("rf64_short", DS64, PCM, DATA, LIST, length=0xFFFFFFFF, form=b"RF64")

text = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in expected.items())
(FOLDER / "expected.json").write_text(f"{{\n{text}\n}}\n")
