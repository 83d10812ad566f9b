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


class Panels(unittest.TestCase):
    def setUp(self):
        theme.apply()
        self.addCleanup(pyplot.close, "all")

    def grid(self, count, columns):
        """(rows, panels in one) of a grid of at most four in a row on two columns."""
        figure, panels, _ = axes.panels(count, theme.Theme(columns=columns), 4, 1.3)
        self.assertEqual(len(panels), count)
        places = panels[0].get_gridspec()
        return places.nrows, places.ncols

    def test_stand_closer_where_their_rows_would_fill_a_page(self):
        self.assertEqual([self.grid(count, 2) for count in (7, 12, 13, 16)], [(2, 4), (3, 4), (3, 5), (4, 4)])
        self.assertEqual([self.grid(count, 1) for count in (6, 7, 13)], [(3, 2), (3, 3), (5, 3)])

    def test_have_titles_broken_behind_an_underscore_and_never_before_a_mark(self):
        _, axis = pyplot.subplots()
        axes.title(axis, "dynamic_yarn" + theme.FAMILY_MARK, 0.75)
        self.assertEqual(axis.get_title(), "dynamic_\nyarn\u00a0†")
        axes.title(axis, "dual_chunk", 0.75)
        self.assertEqual(axis.get_title(), "dual_chunk")

    def test_write_lengths_upright_and_smaller_where_they_would_touch(self):
        def sizes(width, lengths):
            figure, axis = pyplot.subplots()
            axes.length_axis(axis, lengths, width, 4096)
            figure.canvas.draw()
            return {(label.get_rotation(), label.get_fontsize()) for label in axis.get_xticklabels()}

        usual = pyplot.rcParams["xtick.labelsize"]
        self.assertEqual(sizes(6, [4096, 131072, 200000]), {(0, usual)})
        self.assertEqual(sizes(1.2, [4096, 131072, 200000]), {(90, usual)})
        ((rotation, size),) = sizes(0.78, [4096, 131072, 200000])
        self.assertEqual(rotation, 90)
        self.assertTrue(axes.LEAST_POINTS <= size < usual)
        self.assertEqual(sizes(0.3, [4096, 131072, 200000]), {(90, axes.LEAST_POINTS)})


if __name__ == "__main__":
    unittest.main()
