"""Committed figures and tables, which README shows, are what scripts/plot.py draws of the rows beside them."""

import unittest

import plot_support

SWEEPS = plot_support.ROOT / "configs/sweeps"


class Committed(plot_support.SyntheticRuns):
    def test_figures_are_drawn_again_to_the_same_bytes(self):
        runs = sorted({svg.parent for svg in SWEEPS.glob("*/*.svg") if (svg.parent / "rows.jsonl").exists()})
        self.assertIn(SWEEPS / "published", runs)
        for run in runs:
            out = self.folder / run.name
            with self.subTest(run=run.name):
                # Without the binary, since a figure of plans shows no row.
                status, _, stderr = self.plot(run, "--out", out, "--ropewalk", self.folder / "nowhere")
                self.assertEqual((status, stderr), (0, ""))
            for svg in sorted(run.glob("*.svg")):
                for file in (svg, svg.with_suffix(".csv"), svg.with_suffix(".tex")):
                    with self.subTest(run=run.name, file=file.name):
                        again = out / "figures" / file.name
                        # Not assertEqual, which would print both files.
                        self.assertTrue(file.read_bytes() == again.read_bytes(), "differs from what is drawn now")


if __name__ == "__main__":
    unittest.main()
