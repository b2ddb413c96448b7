#!/usr/bin/env python3
"""Measures the digits network and the whole spotter on microcontrollers under QEMU, and prints the tables of
docs/microcontrollers.md. With --update, writes them into the page.

Needs qemu-system-arm, qemu-system-riscv32, and rustc's targets for the cores (`rustup target add`). What is missing is
left out."""

import argparse
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/microcontrollers.md"
SPOTTER = ROOT / "examples/cortex-m"
CORES = {
    "Cortex-M0+": "thumbv6m-none-eabi",
    "Cortex-M3": "thumbv7m-none-eabi",
    "Cortex-M4F": "thumbv7em-none-eabihf",
}
LEVELS = ["3", "s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the tables into the page")
    parser.add_argument("--cargo", default="cargo", help="the command that builds")
    arguments = parser.parse_args()
    tables = network(arguments.cargo) + [spotter(arguments.cargo)]
    for table in tables:
        print("\n".join(table), end="\n\n")
    if arguments.update:
        page = PAGE.read_text()
        for table in tables:
            # Without a row, nothing was measured.
            if len(table) > 2:
                page = replace(page, table)
        PAGE.write_text(page)


def network(cargo):
    """Returns the tables of the network alone."""
    # The bench itself needs no optimization: what it measures is compiled apart.
    command = [cargo, "bench", "--profile", "dev", "--locked", "-p", "synnet-rust", "--bench", "firmware"]
    steps = [
        "| core | `opt-level` | numbers | instructions per step | maximum | million per second | flash | RAM | stack |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    forms = ["| core | one loop over neurons | in vectors |", "|---|---|---|"]
    scalar = {}
    for line in run(command, ROOT).splitlines():
        row = re.fullmatch(r"(\S+) +([3s]) (f32|integers|integers, in vectors) +((?:\d+ +){6})[0-9a-f]{8}", line)
        if not row:
            print(line, file=sys.stderr)
            continue
        core, level, form, numbers = row.groups()
        mean, longest, text, constants, ram, stack = map(int, numbers.split())
        if form == "integers, in vectors":
            if level == "3":
                forms.append(f"| {core} | {scalar[core, level]:,} | {mean:,} |")
            continue
        scalar[core, level] = mean
        steps.append(
            f"| {core} | {level} | {form} | {mean:,} | {longest:,} | {mean / 1e4:.1f} "
            f"| {text + constants:,} | {ram:,} | {at_most(stack)} |"
        )
    return [steps, forms]


def spotter(cargo):
    """Returns the table of the spotter."""
    table = [
        "| core | `opt-level` | resampler | front end | network | million per second | code | constants | RAM | stack |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for core, target in CORES.items():
        for level in LEVELS:
            environment = {**os.environ, "CARGO_PROFILE_RELEASE_OPT_LEVEL": level}
            options = ["--release", "--locked", "--target", target]
            try:
                run([cargo, "build", "-q", *options], SPOTTER, environment)
                code, constants = sizes(SPOTTER / f"target/{target}/release/example-cortex-m")
                output = run([cargo, "run", "-q", *options, "--features", "measure"], SPOTTER, environment)
            except (subprocess.CalledProcessError, FileNotFoundError) as error:
                print(f"{core}, {level} left out: {error}", file=sys.stderr)
                continue
            figures = dict(re.findall(r"^(.+?) +(\d+)$", output, re.M))
            parts = [int(figures[f"instructions of 10 ms, {part}"]) for part in ["resampler", "front end", "network"]]
            constants -= int(figures["bytes of the recording"])
            table.append(
                f"| {core} | {level} | {parts[0]:,} | {parts[1]:,} | {parts[2]:,} | {sum(parts) / 1e4:.1f} "
                f"| {code:,} | {constants:,} | {int(figures['bytes of states']):,} "
                f"| {at_most(int(figures['bytes of stack']))} |"
            )
    return table


def sizes(program):
    """Returns the bytes of code and of constants in an ELF file of 32 bits."""
    data = program.read_bytes()
    start, size, count, names = struct.unpack_from("<I", data, 32) + struct.unpack_from("<HHH", data, 46)
    sections = [struct.unpack_from("<10I", data, start + i * size) for i in range(count)]
    text_of = lambda at: data[at : data.index(b"\0", at)].decode()
    by_name = {text_of(sections[names][4] + section[0]): section[5] for section in sections}
    assert by_name.get(".data", 0) == by_name.get(".bss", 0) == 0, "variables are not part of the states"
    return by_name[".vectors"] + by_name[".text"], by_name[".rodata"]


def at_most(stack):
    """The programs do not distinguish less than 256 bytes."""
    return "up to 256" if stack == 256 else f"{stack:,}"


def replace(page, table):
    """Replaces the table that has the same header."""
    lines = page.splitlines()
    start = lines.index(table[0])
    end = next((i for i in range(start, len(lines)) if not lines[i].startswith("|")), len(lines))
    return "\n".join(lines[:start] + table + lines[end:]) + "\n"


def run(command, folder, environment=None):
    # QEMU's semihosting writes to standard error.
    result = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0:
        print(result.stdout, file=sys.stderr)
        result.check_returncode()
    return result.stdout


if __name__ == "__main__":
    main()
