"""What scripts/plot.py says of a folder that it cannot draw, and what it writes in the cells of a table."""

import json
import shutil
import unittest

import plot_support
from plot import latex, losses, method_table
from plot.run import read_run
from synthetic_run import LANDMARK, TRUNCATED


class Folders(plot_support.SyntheticRuns):
    def test_a_folder_that_is_no_run_is_an_error_with_a_next_step(self):
        empty = self.folder / "empty"
        empty.mkdir()
        status, _, stderr = self.plot(empty)
        self.assertEqual(status, 2)
        self.assertEqual(
            stderr, f"plot: {empty}/manifest.json: no such file; give a directory that `ropewalk sweep` has written\n"
        )

    def test_a_summary_of_several_runs_is_an_error_that_says_how_to_make_one_run_of_them(self):
        both = self.folder / "both"
        both.mkdir()
        for name in ("summary.csv", "effective_length.csv", "comparison.csv", "position_nll.csv", "methods.txt"):
            shutil.copy(plot_support.SMALL_RUN / name, both)  # what `ropewalk summarize s1 s2 --out both` writes
        status, _, stderr = self.plot(both)
        self.assertEqual(status, 2)
        self.assertEqual(
            stderr,
            f"plot: {both}/manifest.json: no such file: a summary of several runs alone cannot be drawn; make one run "
            "of them with `ropewalk sweep EXPERIMENT --out DIR --from RUN --from RUN`, and summarize it\n",
        )

    def test_a_plan_that_the_binary_refuses_keeps_no_other_figure_from_being_drawn(self):
        refusing, out = self.folder / "refusing", self.folder / "measured"
        refusing.write_text("#!/bin/sh\necho 'layers: must be in [0, 1)' >&2\nexit 2\n")
        refusing.chmod(0o755)
        status, stdout, stderr = self.plot(self.make("one_length"), "--out", out, "--ropewalk", refusing)
        self.assertEqual((status, stderr), (0, ""))
        self.assertRegex(stdout, r"\nnot drawn: wavelength: .*`show` of .* failed: layers: must be in \[0, 1\)\n")
        self.assertTrue((out / "report.html").exists())

    def test_what_was_asked_and_has_no_line_in_the_summary_is_not_drawn_with_a_word_why(self):
        run = self.folder / "too-short"
        shutil.copytree(self.make("one_length"), run)
        experiment = json.loads((run / "experiment.json").read_text())
        evals = [asked for asked in experiment["evals"] if asked["protocol"] in ("truncated/1", "press/1")]
        experiment["evals"] = evals
        (run / "experiment.json").write_text(json.dumps(experiment))
        rows = [json.loads(line) for line in (run / "rows.jsonl").read_text().splitlines()]
        short = {"status": "skipped", "reason": "book.txt: has 320 tokens, 4,096 are needed"}
        rows = [json.dumps(row | short) + "\n" for row in rows if row["protocol"] == TRUNCATED]
        (run / "rows.jsonl").write_text("".join(rows))
        for table in ("summary", "effective_length", "comparison", "position_nll"):
            head, *_ = (run / f"{table}.csv").read_text().splitlines()
            (run / f"{table}.csv").write_text(head + "\n")
        status, stdout, stderr = self.plot(run)
        self.assertEqual((status, stderr), (0, ""))
        self.assertIn("not drawn: figures of ppl/truncated/1: book.txt: has 320 tokens, 4,096 are needed\n", stdout)
        self.assertIn("not drawn: figures of ppl/press-1024/1: asked for, but not run yet\n", stdout)
        self.assertIn("<b>figures of ppl/truncated/1</b>: book.txt", (run / "report.html").read_text())

    def test_a_run_without_a_summary_is_an_error_with_a_next_step(self):
        bare = self.folder / "bare"
        shutil.copytree(self.make("one_length"), bare)
        (bare / "summary.csv").unlink()
        status, _, stderr = self.plot(bare)
        self.assertEqual(status, 2)
        self.assertEqual(stderr, f"plot: {bare}/summary.csv: no such file; run `ropewalk summarize {bare}` first\n")


class Latex(unittest.TestCase):
    def test_a_large_number_is_whole_and_one_without_meaning_a_power_of_ten_as_in_a_legend(self):
        self.assertEqual(latex.number(99.994), "99.99")
        self.assertEqual(latex.number(99.996), "100")
        self.assertEqual(latex.number(109.7), "110")
        self.assertEqual(latex.number(-109.7), "$-110$")
        self.assertEqual(latex.number(34684.0), "34{,}684")
        self.assertEqual(latex.number(131000.0), r"$1.3\times10^{5}$")
        self.assertEqual(latex.number(-131000.0), r"$-1.3\times10^{5}$")
        self.assertEqual([losses.rounded(value) for value in (109.7, 34684.0, 131000.0)], ["110", "34,684", "1.3×10⁵"])
        self.assertEqual(latex.number(float("inf")), r"$\infty$")
        self.assertEqual(latex.number(float("nan")), "--")
        self.assertEqual(latex.number(-0.5), "$-0.50$")

    def test_names_are_escaped(self):
        self.assertEqual(latex.escape("yarn[factor=4]_50%"), r"yarn{[}factor=4{]}\_50\%")

    def test_an_interval_stands_behind_its_estimate(self):
        self.assertEqual(latex.interval(0.9, 0.8, 0.95), r"0.90 {\scriptsize[0.80, 0.95]}")
        self.assertEqual(latex.interval(109.7, 99.5, 125.3), r"110 {\scriptsize[99.50, 125]}")
        self.assertEqual(latex.interval(131000.0, 120000.0, 140000.0), r"$1.3\times10^{5}$")
        self.assertEqual(latex.interval(0.9, float("nan"), float("nan")), "0.90")

    def test_an_interval_below_its_estimate_makes_a_second_line_and_only_the_estimate_bold(self):
        cell = latex.bold(latex.interval(0.9, 0.8, 0.95, between=latex.BELOW))
        lines = latex.written(["ntk", cell, "4"]).splitlines()
        self.assertEqual(lines[:2], [r"ntk & \textbf{0.90} & 4 \\", r" & {\scriptsize[0.80, 0.95]} & \\"])
        self.assertEqual(latex.written(["ntk", "0.90"]), r"ntk & 0.90 \\")

    def test_a_minus_is_as_bold_as_its_number(self):
        self.assertEqual(latex.bold("0.90"), r"\textbf{0.90}")
        self.assertEqual(latex.bold(latex.number(-0.9)), r"\textbf{\boldmath$-0.90$}")


class MethodTable(unittest.TestCase):
    def lines(self, best):
        """The table of accuracy at one length, where `best` are the methods of the best set."""
        run = read_run(plot_support.SMALL_RUN)
        lines = run.summary.query("protocol == @LANDMARK and band == 'all' and length == 8192").copy()
        lines["in_best_set"] = ["yes" if method in best else "no" for method in lines["method"]]
        return method_table.by_length(run, LANDMARK, lines, lambda line: f"{line.hits:.0f}", {"L_fail": "fails"})

    def test_the_best_set_is_bold_and_families_of_models_stand_below_a_rule(self):
        heads, body = self.lines({"plain"})
        self.assertEqual(heads, ["method", "8{,}192", "fails"])
        self.assertEqual(body, [
            ["plain", r"\textbf{3}", "none"],
            ["linear", "0", "1{,}024"],
            None,
            [r"dynamic\_ntk \textsuperscript{\dag}", "5", "none"],
        ])  # fmt: skip

    def test_a_claim_that_trials_were_too_few_for_is_not_one_that_failed(self):
        run = read_run(plot_support.SMALL_RUN)
        cells = {method_table.claim_cell(run.claim("plain", LANDMARK, measure)) for measure in ("L_cert", "L_fail")}
        self.assertEqual(cells, {"n/c", "none"})
        self.assertEqual(method_table.claim_cell(None), "--")


if __name__ == "__main__":
    unittest.main()
