"""Draws voices of espeak-ng at random: formants, pitch, spectral tilt, breath and echo."""
import pathlib
import random
import re
import subprocess
import sys


class DrawnVoices:
    """A data folder of espeak-ng in `folder`, with one variant that is drawn anew for each voice.

    It links to the installed data. Draws use `random()` alone, whose sequence Python keeps for a seed.
    """

    VARIANT = "drawn"

    def __init__(self, folder, seed):
        self.path, self._random = folder, random.Random(seed)
        version = subprocess.run(["espeak-ng", "--version"], check=True, capture_output=True, text=True).stdout
        found = re.search(r"Data at: (.*)", version)
        if not found:
            sys.exit("`espeak-ng --version` does not name its data folder")
        installed = pathlib.Path(found[1])
        data = pathlib.Path(folder) / "espeak-ng-data"
        variants = data / "voices" / "!v"
        variants.mkdir(parents=True)
        for entry in installed.iterdir():
            if entry.name != "voices":
                (data / entry.name).symlink_to(entry)
        self._variant = variants / self.VARIANT

    def choose(self, options):
        """Draws one of the options."""
        return options[int(len(options) * self._random.random())]

    def between(self, low, high):
        """Draws an integer between two numbers."""
        return round(low + (high - low) * self._random.random())

    def draw(self):
        """Replaces the variant with a new voice.

        Frequency, strength and width of formants, `voicing` and `consonants` are percentages of the standard voice; `pitch`
        is in Hz. The others have units of their own (documentation of espeak-ng, "Voice files").
        """
        lowest, size = self.between(65, 220), self.between(85, 130)
        lines = ["language variant", f"name {self.VARIANT}", f"pitch {lowest} {lowest * self.between(120, 170) // 100}"]
        for formant in range(9):
            # All but formant 0 follow the size of the vocal tract. Those up to 3 make the vowels, and vary little beyond it.
            spread, strength = ([90, 110], [70, 160]) if formant <= 3 else ([75, 115], [10, 130])
            frequency = self.between(*spread) * (size if formant else 100) // 100
            width = self.between(75, 160) if formant <= 5 else self.between(50, 130)
            lines.append(f"formant {formant} {frequency} {self.between(*strength)} {width}")
        lines.append(f"voicing {self.between(40, 150)}")
        lines.append(f"consonants {self.between(50, 140)} {self.between(50, 140)}")
        lines.append(f"roughness {self.choose([0, 0, 0, 1, 2, 3])}")
        lines.append(f"flutter {self.choose([0, 2, 2, 5])}")
        for share, line in [
            (0.30, "breath " + " ".join(str(self.between(0, 5)) for _ in range(8))),
            (0.30, f"echo {self.between(20, 150)} {self.between(10, 100)}"),
            (0.40, f"tone 100 255 600 {self.between(60, 255)} 1200 {self.between(20, 255)} "
                   f"2000 {self.between(20, 255)} 3000 {self.between(10, 255)}"),
            (0.30, f"intonation {self.between(1, 10)}"),
            (0.15, f"klatt {self.between(1, 5)}"),
        ]:
            if self._random.random() < share:
                lines.append(line)
        self._variant.write_text("\n".join(lines) + "\n")
