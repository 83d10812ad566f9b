"""Legends take as little height as they can, and break a label only where that is worth it."""

import unittest

from plot_support import drawn_texts, layout_faults

from matplotlib import pyplot
from matplotlib.lines import Line2D

from plot import axes, theme

METHODS = "plain linear ntk yarn llama3 self_extend dual_chunk rerope lm_infinite streaming dynamic_ntk".split()
NOTES = ["trained length 4,096", "control: plain given only the last 4,096 tokens", theme.FAMILY_NOTE]


class Legends(unittest.TestCase):
    def setUp(self):
        theme.apply()
        self.addCleanup(pyplot.close, "all")

    def legend(self, labels, columns):
        figure, _ = pyplot.subplots(figsize=(theme.COLUMN_INCHES[columns], 2))
        handles = [Line2D([], [], label=label) for label in labels]
        legend = axes.legend_above(figure, handles, theme.Theme(columns=columns))
        self.assertEqual(layout_faults(figure), [])
        written = [text for text, _ in drawn_texts(figure)]
        for label in labels:
            self.assertIn(label, [text.replace("\n", " ") for text in written])
        return legend, [text.get_text() for text in legend.get_texts()], figure.get_figheight()

    def test_break_long_labels_where_that_saves_lines(self):
        legend, labels, height = self.legend(METHODS + NOTES, 1)
        self.assertEqual(legend._ncols, 2)
        self.assertGreater(sum("\n" in label for label in labels), 0)
        _, _, one_column = self.legend((METHODS + NOTES)[:12], 1)
        self.assertLess(height, 2 + 13 * 1.5 * 6.5 / 72, "lower than one line a label")

    def test_leave_labels_whole_where_little_is_saved(self):
        for labels in (NOTES, METHODS[:4] + NOTES):
            _, written, _ = self.legend(labels, 1)
            self.assertEqual(written, labels)

    def test_of_a_wide_figure_stand_in_columns(self):
        legend, written, _ = self.legend(METHODS + NOTES, 2)
        self.assertEqual((legend._ncols, written), (2, METHODS + NOTES))

    def test_never_break_a_word(self):
        long_name = "a-method-whose-name-is-longer-than-a-column"
        _, written, _ = self.legend([long_name] * 8, 1)
        self.assertEqual(written, [long_name] * 8)

    def test_of_nothing_is_none(self):
        figure, _ = pyplot.subplots()
        self.assertIsNone(axes.legend_above(figure, [], theme.Theme()))


if __name__ == "__main__":
    unittest.main()
