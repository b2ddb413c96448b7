#!/usr/bin/env python3
"""Renders the pictures of the README from a real run.

    python3 docs/images/render.py

It trains the network of `examples/digits`, compares it with the chip, and takes a screenshot of each page:
`report.webp` and `compare.webp`, next to this file. Look at both before you commit them.

Requires cargo, Chromium (`CHROMIUM` names another binary), Pillow, and the font Inter.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from PIL import Image, ImageChops

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
RECIPE = "examples/digits/digits.yaml"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

# Device pixels per CSS pixel: the pictures are sharp on dense displays, too.
SCALE = 2
# CSS pixels below the content.
MARGIN = 24
# Bytes. The pictures are part of every clone.
MAX_SIZE = 150_000

# `system-ui` is another font on every machine. Inter joins `->` into an arrow unless ligatures are off.
BODY = "body { font-family: Inter, sans-serif; font-variant-ligatures: none; }"
STYLE = f"<style>{BODY} main {{ padding-top: 24px; }}</style>"


def snnc(*arguments):
    command = ["cargo", "run", "--release", "-q", "-p", "snnc", "--", *arguments]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def head(page, marker, count):
    """Returns the page up to the `count`-th marker. Browsers close the elements that are left open."""
    parts = page.split(marker)
    assert len(parts) > count, f"the page has fewer than {count} of {marker}"
    return marker.join(parts[:count]).replace("</head>", STYLE + "</head>")


def screenshot(html, width, picture):
    """Renders a page at `width` CSS pixels, without the empty space below its content."""
    with tempfile.TemporaryDirectory() as folder:
        page, shot = pathlib.Path(folder, "page.html"), pathlib.Path(folder, "page.png")
        page.write_text(html, encoding="utf-8")
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--force-device-scale-factor={SCALE}", f"--window-size={width},3000",
            f"--screenshot={shot}", page.as_uri(),
        ]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        image = Image.open(shot).convert("RGB")
    ground = Image.new("RGB", image.size, image.getpixel((0, 0)))
    bottom = ImageChops.difference(image, ground).getbbox()[3]
    image = image.crop((0, 0, image.width, min(image.height, bottom + MARGIN * SCALE)))
    # Letters and lines need few colors; dithering would cost more bytes than it hides.
    image = image.quantize(64, dither=Image.Dither.NONE).convert("RGB")
    image.save(picture, lossless=True, quality=100, method=6)
    size = picture.stat().st_size
    print(f"{picture.name}: {image.width} x {image.height}, {size} bytes")
    assert size <= MAX_SIZE, f"{picture.name} has more than {MAX_SIZE} bytes"


def main():
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder, "digits")
        snnc("train", RECIPE, "--out", str(run))
        report = (run / "report.html").read_text(encoding="utf-8")
        # With Rockpool's quantizer there is a loss to explain.
        comparison = run / "compare.html"
        snnc(
            "compare", RECIPE, "--weights", str(run / "weights.safetensors"), "--target", "xylo-audio3",
            "--quantizer", "rockpool-global", "--html", str(comparison),
        )
        # Results, warnings and the first two charts.
        screenshot(head(report, "<figure>", 3), 1180, HERE / "report.webp")
        # Results, findings and the first two tables.
        page = comparison.read_text(encoding="utf-8")
        screenshot(head(page, '<div class="scroll">', 3), 1070, HERE / "compare.webp")


if __name__ == "__main__":
    main()
