"""Every figure of scripts/plot.py draws the numbers of its CSV."""

import unittest

import numpy
from matplotlib import pyplot
from matplotlib.container import ErrorbarContainer

import plot_support
from plot import accuracy, forest, heatmap, losses, perplexity, position_nll, short_context, theme, wavelength
from plot.drawing import NothingToDraw
from plot.run import read_run
from synthetic_run import ABSENT, FIXED, LANDMARK, LAST, TRUNCATED



def y_of(artist):
    return numpy.asarray(artist.get_ydata(), float)


class Figures(plot_support.SyntheticRuns):
    def tearDown(self):
        pyplot.close("all")

    def draw(self, module, protocol, kind="full", **style):
        return module.draw(self.read(kind), protocol, theme.Theme(**style))

    def test_the_check_of_texts_finds_an_overlap_and_a_cut(self):
        figure = pyplot.figure()
        figure.text(0.5, 0.5, "one")
        figure.text(0.505, 0.5, "other")
        figure.text(0.99, 0.1, "cut by the edge")
        figure.text(0.99, 0.8, "two lines\ncut by it")
        faults = plot_support.layout_faults(figure)
        self.assertEqual(
            faults, ["cut: 'cut by the edge'", "cut: 'two lines\\ncut by it'", "overlap: 'other' and 'one'"]
        )

    def test_heat_maps_show_hits_over_trials(self):
        drawing = self.draw(heatmap, LANDMARK)
        shown = plot_support.artists(drawing.figure)
        for method, lines in drawing.data.groupby("method"):
            expected = lines.pivot(index="depth_index", columns="length", values="accuracy").to_numpy(float)
            mesh = shown[f"heat {method}"][0].get_array()
            numpy.testing.assert_array_equal(numpy.ma.filled(mesh.reshape(expected.shape), numpy.nan), expected)
            self.assertEqual(shown[f"heat {method}"][0].get_clim(), (0, 1))
            axis = shown[f"heat {method}"][0].axes
            self.assertEqual(axis.get_ylim(), (10, 0))  # the first of the depths on top
            self.assertEqual(list(axis.yaxis.get_major_locator()()), [0, 5, 10])
            self.assertEqual(axis.yaxis.get_major_formatter().seq, ["0%", "50%", "100%"])
        self.assertEqual({line.get_xdata()[0] for line in shown["trained_length"]}, {1})  # behind the first length
        rows = [row for row in self.read("full").rows if row["protocol"] == LANDMARK and row["method"] == "ntk"]
        hits = sum(row["status"] == "ok" and row["retrieval"]["hit"] for row in rows)
        self.assertEqual(drawing.data.loc[drawing.data["method"] == "ntk", "hits"].sum(), hits)

    def test_heat_maps_begin_with_the_shallowest_depth_of_any_design(self):
        depths = {
            design: heatmap.depths_of({"design": design, "depths": 4}) for design in ("stratified", "grid", "distances")
        }  # fmt: skip
        self.assertEqual(depths, {
            "stratified": [(0, 0), (1, 0.25), (2, 0.5), (3, 0.75)],
            "grid": [(0, 0), (1, 1 / 3), (2, 2 / 3), (3, 1)],
            "distances": [(3, 0), (2, 0.25), (1, 0.5), (0, 0.75)],  # counted from the end
        })  # fmt: skip
        labels = {design: heatmap.depth_ticks({"design": design, "depths": 4}) for design in ("grid", "distances")}
        self.assertEqual(labels["grid"], ([0.5, 1.5, 3.5], ["0%", "33%", "100%"]))
        self.assertEqual(labels["distances"], ([0.5, 1.5, 3.5], ["0%", "25%", "75%"]))

    def test_heat_maps_hatch_and_name_what_is_missing(self):
        drawing = self.draw(heatmap, LANDMARK)
        shown = plot_support.artists(drawing.figure)
        self.assertEqual(shown["missing self_extend 200000 0"][0].get_hatch(), theme.HATCHES["out_of_memory"])
        self.assertEqual(shown["missing linear 65536 9"][0].get_hatch(), theme.HATCHES["skipped"])
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        for word in ("out of memory", "skipped", "a trial diverged (a miss)", "trained length 4,096"):
            self.assertIn(word, texts)
        self.assertNotIn("not run", texts)

    def test_a_needle_that_stays_where_it_is_has_no_heat_map(self):
        with self.assertRaisesRegex(NothingToDraw, "another depth at every length"):
            self.draw(heatmap, LANDMARK.replace("per-length", "absolute"))

    def test_a_trial_that_was_not_run_is_missing_not_a_miss(self):
        run = self.read("full")
        run.rows[:] = [row for row in run.rows if (row["method"], row["length"]) != ("yarn", 8192)]
        cells = heatmap.cells(run, LANDMARK)
        here = cells[(cells["method"] == "yarn") & (cells["length"] == 8192)]
        self.assertEqual(set(here["why_missing"]), {"not run"})
        self.assertTrue(here["accuracy"].isna().all())

    def test_a_depth_that_was_left_out_behind_a_failure_is_not_missing(self):
        run = self.read("full")
        place = ("plain", 200000)  # five trials over ten depths: every other one
        here = (run.summary["method"] == "plain") & (run.summary["length"] == 200000) & (run.summary["band"] == "all")
        run.summary.loc[here & (run.summary["protocol"] == LANDMARK), "n"] = 5
        run.rows[:] = [row for row in run.rows if (row["method"], row["length"]) != place or row["protocol"] != LANDMARK
                       or row["retrieval"]["depth_index"] in (1, 3, 5, 7)]  # fmt: skip
        drawing = heatmap.draw(run, LANDMARK, theme.Theme())
        cells = drawing.data[(drawing.data["method"] == "plain") & (drawing.data["length"] == 200000)]
        self.assertEqual(list(cells["why_missing"]), ["not asked", ""] * 4 + ["not asked", "not run"])
        shown = plot_support.artists(drawing.figure)
        hatches = [shown[f"missing plain 200000 {index}"][0].get_hatch() for index in (0, 9)]
        self.assertEqual(hatches, [theme.HATCHES["not asked"], theme.HATCHES["not run"]])
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        self.assertIn("not asked behind a failure", texts)
        self.assertEqual(plot_support.layout_faults(drawing.figure), [])

    def test_accuracy_shows_estimates_bounds_and_certified_lengths(self):
        drawing = self.draw(accuracy, LANDMARK)
        shown = plot_support.artists(drawing.figure)
        bars = {c.lines[0].get_gid(): c for axis in drawing.figure.axes for c in axis.containers
                if isinstance(c, ErrorbarContainer)}  # fmt: skip
        for method, lines in drawing.data.groupby("method"):
            lines = lines.sort_values("length").dropna(subset=["estimate"])
            line, _, (verticals,) = bars[f"accuracy {method}"].lines
            numpy.testing.assert_array_equal(line.get_xdata(), lines["length"])
            numpy.testing.assert_array_equal(y_of(line), lines["estimate"])
            ends = numpy.array([segment[:, 1] for segment in verticals.get_segments()])
            numpy.testing.assert_allclose(ends, lines[["low", "high"]], atol=1e-12)
            numpy.testing.assert_array_equal(y_of(shown[f"exact {method}"][0]), lines["exact_low"])
            for measure, marker in (("L_cert", "^"), ("L_fail", "v")):
                length = lines[measure].iloc[0]
                if numpy.isnan(length):
                    self.assertNotIn(f"{measure} {method}", shown)
                    continue
                claim = shown[f"{measure} {method}"][0]
                self.assertEqual((claim.get_xdata()[0], claim.get_marker()), (length, marker))
        crosses = {(gid, at) for gid in shown if gid.startswith("missing ")
                   for cross in shown[gid] for at in cross.get_xdata()}  # fmt: skip
        missing = drawing.data[drawing.data["estimate"].isna()]
        self.assertGreater(len(missing), 0)
        self.assertEqual(crosses, {(f"missing {line.method}", line.length) for line in missing.itertuples()})
        self.assertEqual({at for line in shown["trained_length"] for at in line.get_xdata()}, {4096})
        self.assertEqual(set(y_of(shown["tau"][0])), {0.85})

    def test_perplexities_are_those_of_the_summary(self):
        for protocol in (FIXED, TRUNCATED):
            drawing = self.draw(perplexity, protocol)
            shown = plot_support.artists(drawing.figure)
            for method, lines in drawing.data[drawing.data["method"] != "control"].groupby("method"):
                numpy.testing.assert_array_equal(y_of(shown[f"perplexity {method}"][0]), lines["perplexity"])
                numpy.testing.assert_allclose(lines["perplexity"], numpy.exp(lines["nll"]), rtol=1e-6)
            (axis,), data = drawing.figure.axes, drawing.data.dropna(subset=["low"])
            segments = numpy.concatenate([bars.get_segments() for bars in axis.collections])  # method by method
            numpy.testing.assert_array_equal(segments[:, :, 0], data[["drawn_at", "drawn_at"]])
            numpy.testing.assert_array_equal(segments[:, :, 1], numpy.exp(data[["low", "high"]]))

    def test_the_control_is_the_plain_model_on_the_last_window(self):
        run = self.read("full")
        of_its_own = run.summary[run.summary["protocol"] == LAST]
        line = plot_support.artists(self.draw(perplexity, FIXED).figure)["control"][0]
        numpy.testing.assert_array_equal(y_of(line), of_its_own["perplexity"])
        self.assertEqual(perplexity.control(run, TRUNCATED), [])
        object.__setattr__(run, "summary", run.summary.drop(of_its_own.index))
        plain = run.summary.query("protocol == @FIXED and method == 'plain' and length == 4096")["perplexity"].iloc[0]
        self.assertEqual({value for _, value in perplexity.control(run, FIXED)}, {plain})

    def test_there_is_no_control_below_the_trained_length(self):
        run = read_run(plot_support.SMALL_RUN)
        self.assertEqual([length for length, _ in perplexity.control(run, FIXED)], [4096, 8192])

    def test_an_exploding_curve_leaves_the_frame_and_is_named(self):
        drawing = self.draw(perplexity, FIXED)
        worst = drawing.data[drawing.data["method"] == "linear"].sort_values("perplexity").iloc[-1]
        self.assertGreater(worst["perplexity"], drawing.figure.axes[0].get_ylim()[1])
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        unbroken = f"(▲ {worst['perplexity']:,.0f} at {worst['length']:,.0f})".replace(" ", "\u00a0")
        self.assertIn(f"linear {unbroken}", [text.replace("\n", " ") for text in texts])

    def test_a_curve_leaves_the_frame_where_its_line_does(self):
        self.assertEqual(losses.crossings([1000, 4000], [10, 30], 20), [2000])
        self.assertEqual(losses.crossings([1000, 2000, 4000, 8000, 16000], [30, 10, 10, 20, 5], 20), [1000])
        self.assertEqual(losses.crossings([1000, 2000], [10, numpy.inf], 20), [1000])
        drawing = self.draw(perplexity, FIXED, "many")
        axis, lines = drawing.figure.axes[0], drawing.data[drawing.data["method"] == "plain"]
        left_at = losses.crossings(list(lines["drawn_at"]), list(lines["perplexity"]), axis.get_ylim()[1])
        self.assertEqual(len(left_at), 1)
        arrows = [line for line in axis.lines if (line.get_marker(), line.get_linestyle()) == ("^", "None")]
        self.assertIn(left_at, [list(line.get_xdata()) for line in arrows])

    def test_a_huge_perplexity_is_written_as_a_power_of_ten(self):
        self.assertEqual([losses.rounded(value) for value in (296.4, 16092.0, 131000.0)], ["296", "16,092", "1.3×10⁵"])

    def test_methods_of_one_length_stand_side_by_side_and_nearer_to_it_than_to_the_next(self):
        data = self.draw(perplexity, FIXED, "many").data
        data = data[data["method"] != "control"]
        for length, lines in data.groupby("length"):
            octaves = numpy.log2(lines["drawn_at"].to_numpy() / length)
            self.assertGreater(numpy.diff(octaves).min(), 0.02)
            self.assertLess(abs(octaves).max(), 0.25 * numpy.log2(200000 / 131072))

    def test_many_methods_stand_no_farther_from_their_length_than_few(self):
        for count in (1, 2, 7, 13, 40):
            octaves = numpy.log2(perplexity.nudges(count, [4096, 8192, 16384]))
            self.assertEqual(len(octaves), count)
            self.assertLessEqual(abs(octaves).max(), 0.15 + 1e-12)
            self.assertAlmostEqual(octaves.sum(), 0)

    def test_the_legend_says_that_methods_stand_side_by_side(self):
        note = "methods of one length stand side by side"
        for kind, is_said in (("many", True), ("one_method", False)):
            texts = [text for text, _ in plot_support.drawn_texts(self.draw(perplexity, FIXED, kind).figure)]
            self.assertEqual(note in [text.replace("\n", " ") for text in texts], is_said)

    def test_an_interval_is_whole_where_its_value_is_in_the_frame(self):
        for kind, protocol in (("full", FIXED), ("one_length", FIXED)):
            drawing = self.draw(perplexity, protocol, kind)
            bottom, top = drawing.figure.axes[0].get_ylim()
            lines = drawing.data.dropna(subset=["low", "high"])
            inside = lines[lines["perplexity"] <= losses.HEADROOM * lines["perplexity"].min()]
            self.assertGreater(len(inside), 0)
            self.assertLess(numpy.exp(inside["high"]).max(), top)
            self.assertGreater(numpy.exp(inside["low"]).min(), bottom)

    def test_the_trained_length_is_in_every_frame_of_lengths(self):
        run = self.read("one_length")
        run.identity["trained_length"] = 1024
        for module, protocol in ((accuracy, LANDMARK), (perplexity, FIXED)):
            axis = module.draw(run, protocol, theme.Theme()).figure.axes[0]
            low, high = axis.get_xlim()
            self.assertTrue(low < 1024 < 4096 < high)

    def test_positions_are_those_of_the_longest_length(self):
        drawing = self.draw(position_nll, TRUNCATED)
        shown = plot_support.artists(drawing.figure)
        self.assertEqual(set(drawing.data[drawing.data["method"] == "linear"]["length"]), {32768})
        for method, lines in drawing.data.groupby("method"):
            numpy.testing.assert_array_equal(y_of(shown[f"position {method}"][0]), lines["perplexity"])

    def test_the_last_positions_end_with_the_path(self):
        written = self.read("full").position_nll
        self.assertTrue((written["end"] > written["length"]).any())
        data = self.draw(position_nll, TRUNCATED).data
        self.assertTrue((data["end"] <= data["length"]).all())
        numpy.testing.assert_array_equal(data["middle"], (data["begin"] + data["end"]) / 2)

    def test_differences_are_those_of_the_comparison(self):
        drawing = self.draw(forest, LANDMARK)
        shown = plot_support.artists(drawing.figure)
        for line in drawing.data.itertuples():
            if numpy.isnan(line.difference):
                self.assertIn(f"no pairs {line.method} {line.length}", shown)
                continue
            point = shown[f"difference {line.method} {line.length}"][0]
            self.assertEqual(point.get_xdata()[0], line.difference)
            self.assertEqual(point.get_markerfacecolor() == "white", line.differs == "no")
            interval = shown[f"interval {line.method} {line.length}"][0]
            self.assertEqual(list(interval.get_xdata()), [line.low, line.high])

    def test_the_caption_of_differences_names_their_intervals(self):
        for protocol, words in ((LANDMARK, "paired proportions (Newcombe 1998)"), (FIXED, "bootstrap intervals")):
            drawing = self.draw(forest, protocol)
            for text in (drawing.title, drawing.table):
                self.assertIn(words, text)

    def test_lengths_without_any_pair_are_named_not_drawn(self):
        drawing = self.draw(forest, LANDMARK, "many")
        alone = forest.without_pairs(drawing.data)
        self.assertEqual(alone, [65536, 131072, 200000])
        self.assertEqual(len([axis for axis in drawing.figure.axes if axis.get_visible() and axis.axison]), 4)
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        self.assertIn("no pairs at 65,536, 131,072, 200,000", [text.replace("\n", " ") for text in texts])
        self.assertIn("--: no pairs, as at 65{,}536, 131{,}072, 200{,}000.", drawing.table)
        self.assertEqual(drawing.table.count("200{,}000"), 1)

    def test_a_difference_out_of_the_frame_is_an_arrow_with_its_value(self):
        drawing = self.draw(forest, FIXED)
        shown = plot_support.artists(drawing.figure)
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        outside = drawing.data[drawing.data["difference"].abs() > forest.EDGE_NATS]
        self.assertGreater(len(outside), 0)
        for line in outside.itertuples():
            arrow = shown[f"difference {line.method} {line.length}"][0]
            self.assertEqual(arrow.get_xdata()[0], numpy.sign(line.difference) * forest.EDGE_NATS)
            self.assertEqual(arrow.get_marker(), ">" if line.difference > 0 else "<")
            self.assertIn(f"{line.difference:.1f}".replace("-", "−"), texts)

    def test_costs_are_those_of_the_short_context(self):
        drawing = self.draw(short_context, FIXED)
        shown = plot_support.artists(drawing.figure)
        for line in drawing.data.itertuples():
            at = min(line.estimate, short_context.EDGE_NATS)
            self.assertEqual(shown[f"cost {line.method} {line.length:.0f}"][0].get_xdata()[0], at)
            if line.estimate <= short_context.EDGE_NATS:
                interval = shown[f"interval {line.method} {line.length:.0f}"][0]
                self.assertEqual(list(interval.get_xdata()), [line.low, line.high])

    def test_a_cost_below_zero_is_in_the_frame_or_an_arrow_with_its_value(self):
        costs = {"plain": 0.0, "yarn": 0.05, "ntk": 0.02, "linear": -2.0, "dual_chunk": -0.2}

        def drawn(**changes):
            run = self.read("full")
            table = run.effective_length
            for method, cost in (costs | changes).items():
                line = (table["measure"] == "short_context_cost") & (table["method"] == method)
                table.loc[line, ["estimate", "low", "high"]] = [cost, cost - 0.01, cost + 0.01]
            drawing = short_context.draw(run, FIXED, theme.Theme())
            self.assertEqual(plot_support.layout_faults(drawing.figure), [])
            shown = plot_support.artists(drawing.figure)
            texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
            return drawing.figure.axes[0], lambda method: shown[f"cost {method} 4096"][0], texts

        edge = short_context.EDGE_NATS
        axis, mark, texts = drawn()
        self.assertEqual((mark("linear").get_xdata()[0], mark("linear").get_marker()), (-edge, "<"))
        self.assertIn("−2.0", texts)
        self.assertIn("beyond 0.3 nats", texts)
        self.assertEqual((mark("dual_chunk").get_xdata()[0], mark("dual_chunk").get_marker()), (-0.2, "o"))
        numpy.testing.assert_allclose(axis.get_xlim(), [-1.06 * edge, 1.06 * edge])

        axis, mark, texts = drawn(linear=-0.1)
        self.assertEqual((mark("linear").get_xdata()[0], mark("linear").get_marker()), (-0.1, "o"))
        low, high = axis.get_xlim()
        self.assertTrue(low < -0.21 and high > 0.06)
        self.assertNotIn("beyond", " ".join(texts))

        axis, _, _ = drawn(linear=0.04, dual_chunk=0.03)  # plain's own interval reaches 0.01 below zero
        self.assertTrue(-0.02 < axis.get_xlim()[0] < -0.01)

    def test_plans_with_equal_frequencies_share_a_line(self):
        drawing = wavelength.draw(self.read("full"), self.ropewalk, theme.Theme())
        texts = [text for text, _ in plot_support.drawn_texts(drawing.figure)]
        self.assertIn("plain, dual_chunk, ntk, self_extend, yarn †", [text.replace("\n", " ") for text in texts])
        ratio = plot_support.artists(drawing.figure)["ratio linear"][0]
        numpy.testing.assert_array_equal(y_of(ratio), [0.5] * 32)
        lines = drawing.data[drawing.data["method"] == "linear"]
        numpy.testing.assert_allclose(lines["wavelength"] * lines["inv_freq"], 2 * numpy.pi, rtol=1e-12)

    def test_without_the_binary_no_plan_is_drawn_and_the_reason_says_so(self):
        with self.assertRaisesRegex(NothingToDraw, "the binary is not there .*: give --ropewalk BINARY"):
            wavelength.draw(self.read("full"), self.folder / "nowhere", theme.Theme())

    def test_a_run_in_which_everything_failed_says_so(self):
        with self.assertRaisesRegex(NothingToDraw, "no method scored every document"):
            self.draw(perplexity, FIXED, "all_failed")
        with self.assertRaisesRegex(NothingToDraw, "no pair has two answers"):
            self.draw(forest, LANDMARK, "all_failed")
        cells = self.draw(heatmap, LANDMARK, "all_failed").data
        self.assertEqual(set(cells["why_missing"]), {"out_of_memory"})

    def test_one_method_has_nothing_to_compare_with(self):
        with self.assertRaisesRegex(NothingToDraw, "nothing to compare with the baseline plain"):
            self.draw(forest, LANDMARK, "one_method")


if __name__ == "__main__":
    unittest.main()
