"""No text of a figure of scripts/plot.py is cut or lies on another, however much or little a run has to show."""

import itertools
import unittest

from matplotlib import pyplot

import plot_support
from plot import accuracy, forest, heatmap, perplexity, position_nll, short_context, theme, wavelength
from plot.drawing import NothingToDraw
from synthetic_run import ABSENT, FIXED, LANDMARK, PRESS, TRUNCATED

# Runs and widths whose layout is checked: those with little to show have no more room than one column.
LAYOUTS = [("full", 1), ("full", 2), ("many", 1), ("many", 2), ("one_length", 1), ("one_method", 1), ("all_failed", 1)]
PAGE = 8.5  # inches of a page that leave room for a caption
EVERY = [
    (heatmap, LANDMARK), (heatmap, ABSENT), (accuracy, LANDMARK), (accuracy, ABSENT), (forest, LANDMARK),
    (perplexity, FIXED), (perplexity, TRUNCATED), (position_nll, TRUNCATED), (forest, FIXED), (short_context, FIXED),
    (perplexity, PRESS),
]  # fmt: skip


class Layouts(plot_support.SyntheticRuns):
    def tearDown(self):
        pyplot.close("all")

    def test_no_text_is_cut_or_overlaps(self):
        for (kind, columns), (module, protocol) in itertools.product(LAYOUTS, EVERY):
            with self.subTest(kind=kind, columns=columns, figure=module.__name__, protocol=protocol):
                try:
                    drawing = module.draw(self.read(kind), protocol, theme.Theme(columns=columns))
                except NothingToDraw:
                    continue
                self.assertEqual(plot_support.layout_faults(drawing.figure), [])
                self.assertLess(drawing.figure.get_figheight(), PAGE)
                pyplot.close(drawing.figure)

    def test_no_text_of_the_plans_is_cut_or_overlaps(self):
        for columns in (1, 2):
            drawing = wavelength.draw(self.read("full"), self.ropewalk, theme.Theme(columns=columns))
            self.assertEqual(plot_support.layout_faults(drawing.figure), [])


if __name__ == "__main__":
    unittest.main()
