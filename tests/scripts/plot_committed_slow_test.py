"""Committed figures and tables, which README shows, are what scripts/plot.py draws of the rows beside them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import plot_support

PLOT = plot_support.ROOT / "scripts/plot.py"
SWEEPS = plot_support.ROOT / "configs/sweeps"


class Committed(unittest.TestCase):
    def test_figures_are_drawn_again_to_the_same_bytes(self):
        runs = sorted({svg.parent for svg in SWEEPS.glob("*/*.svg") if (svg.parent / "rows.jsonl").exists()})
        self.assertIn(SWEEPS / "published", runs)
        for run in runs:
            with self.subTest(run=run.name), tempfile.TemporaryDirectory() as out:
                self.draw(run, out)
                for svg in sorted(run.glob("*.svg")):
                    for file in (svg, svg.with_suffix(".csv"), svg.with_suffix(".tex")):
                        with self.subTest(file=file.name):
                            again = pathlib.Path(out) / "figures" / file.name
                            self.assertTrue(again.exists(), "not drawn")
                            # no assertEqual: what differs would be a screen for every line of an SVG
                            self.assertTrue(file.read_bytes() == again.read_bytes(), f"draw it again: {PLOT} {run}")

    def draw(self, run, out):
        """Without a binary: a figure of plans shows no row."""
        done = subprocess.run(
            [sys.executable, "-B", PLOT, run, "--out", out, "--ropewalk", pathlib.Path(out) / "nowhere"],
            capture_output=True, text=True,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
