"""scripts/plot.py as a command: every file is written, twice the same, and in the form that publishers ask for."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from matplotlib import pyplot

import plot_support
from plot import accuracy, forest, heatmap, latex, losses, method_table, perplexity, position_nll, short_context, theme
from plot.drawing import slug
from plot.run import read_run
from synthetic_run import ABSENT, FIXED, LANDMARK, TRUNCATED

PLOT = plot_support.ROOT / "scripts/plot.py"
ENDINGS = ["csv", "pdf", "png", "svg", "tex"]
LANDMARK_NAME = "passkey-landmark-1-forced-per-length"
FIGURES = {
    f"heatmap-{LANDMARK_NAME}", f"accuracy-{LANDMARK_NAME}", f"forest-{LANDMARK_NAME}",
    f"heatmap-{LANDMARK_NAME}-absent", f"accuracy-{LANDMARK_NAME}-absent",
    "perplexity-ppl-fixed-target-1-bos", "forest-ppl-fixed-target-1-bos", "short-context-ppl-fixed-target-1-bos",
    "perplexity-ppl-truncated-1-bos", "position-nll-ppl-truncated-1-bos", "forest-ppl-truncated-1-bos", "wavelength",
}  # fmt: skip


class Files(plot_support.SyntheticRuns):
    def plot(self, *words, seed="0"):
        """(exit status, stdout, stderr)"""
        done = subprocess.run(
            [sys.executable, "-B", PLOT, "--ropewalk", self.ropewalk, *map(str, words)], capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def test_writes_every_file_and_the_same_bytes_every_time(self):
        run, out = plot_support.SMALL_RUN, self.folder / "once"
        status, stdout, stderr = self.plot(run, "--out", out)
        self.assertEqual((status, stderr), (0, ""))
        names = sorted(path.name for path in (out / "figures").iterdir())
        figures = {name.rsplit(".", 1)[0] for name in names}
        self.assertEqual(figures, FIGURES)
        self.assertEqual(names, sorted(f"{figure}.{ending}" for figure in figures for ending in ENDINGS))
        for figure in figures:
            self.assertIn(f"{out}/figures/{figure}.{{pdf,svg,png,csv,tex}}\n", stdout)
        self.assertIn("not drawn: position-nll-ppl-fixed-target-1-bos: ", stdout)

        again = self.folder / "again"
        self.assertEqual(self.plot(run, "--out", again, seed="7")[0], 0)
        for name in names:
            self.assertEqual((out / "figures" / name).read_bytes(), (again / "figures" / name).read_bytes(), name)
        self.assertEqual((out / "report.html").read_bytes(), (again / "report.html").read_bytes())

        for pdf in (out / "figures").glob("*.pdf"):
            fonts = re.findall(rb"/Subtype /(Type3|Type1|CIDFontType\d|TrueType)\b", pdf.read_bytes())
            self.assertEqual(set(fonts), {b"CIDFontType2"}, pdf)  # TrueType, embedded
            self.assertIn(b"/FontFile2", pdf.read_bytes())
            self.assertNotIn(b"CreationDate", pdf.read_bytes())
        for tex in (out / "figures").glob("*.tex"):
            self.check_latex(tex)

    def check_latex(self, file):
        """Compiles where pdflatex is; else braces, environments and the number of cells are counted."""
        text = file.read_text(encoding="utf-8")
        plain = re.sub(r"\\[{}\\&%$#_]", "", text)
        self.assertEqual(plain.count("{"), plain.count("}"), file)
        self.assertEqual(re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)[::-1], file)
        columns = len(re.search(r"\\begin\{tabular\}\{(\w+)\}", text)[1])
        self.assertEqual("\\begin{table*}" in text, columns > latex.ONE_COLUMN, file)
        for line in re.findall(r"^(.*) \\\\$", text, re.MULTILINE):
            self.assertEqual(len(re.sub(r"\\&", "", line).split("&")), columns, f"{file}: {line}")
        self.assertRegex(text, r"Seed 9; model configs/models/ropewalk-4k, weights SHA-256 \\texttt\{1849de7bf4fb\}")
        if shutil.which("pdflatex"):
            page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n" + text + "\\end{document}\n"
            (self.folder / "page.tex").write_text(page, encoding="utf-8")
            done = subprocess.run(
                ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=self.folder,
                capture_output=True, text=True,
            )  # fmt: skip
            self.assertEqual(done.returncode, 0, f"{file}\n{done.stdout[-2000:]}")

    def test_one_column_is_narrower_and_the_paper_theme_has_other_colours(self):
        run = self.make("one_method")
        one, two = self.folder / "one", self.folder / "two"
        self.assertEqual(self.plot(run, "--out", one, "--columns", "1", "--paper")[0], 0)
        heatmap.draw(self.read("one_method"), LANDMARK, theme.Theme()).save(two / "figures")
        name = f"figures/heatmap-{LANDMARK_NAME}.svg"
        widths = [float(re.search(r'width="([\d.]+)pt"', (out / name).read_text())[1]) for out in (one, two)]
        self.assertEqual([round(width / 72, 2) for width in widths], [3.3, 6.9])
        worst = "#f0496e"  # of the published needle figures
        self.assertIn(worst, (one / name).read_text())
        self.assertNotIn(worst, (two / name).read_text())

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

    def test_a_run_published_without_its_losses_is_drawn_but_for_the_losses_by_position(self):
        run, out = self.folder / "published", self.folder / "drawn"
        shutil.copytree(self.make("one_length"), run)
        (run / "position_nll.csv").unlink()
        status, stdout, stderr = self.plot(run, "--out", out)
        self.assertEqual((status, stderr), (0, ""))
        self.assertIn(
            f"not drawn: position-nll-{slug('', TRUNCATED)}: the run was published without nll/, which holds the loss "
            "of every position\n", stdout,
        )  # fmt: skip
        self.assertTrue((out / "figures" / f"perplexity-{slug('', TRUNCATED)}.svg").exists())
        (run / "nll").mkdir()  # here they are: the table can be made
        status, _, stderr = self.plot(run)
        self.assertEqual(status, 2)
        self.assertEqual(stderr, f"plot: {run}/position_nll.csv: no such file; run `ropewalk summarize {run}` first\n")

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


class Captions(plot_support.SyntheticRuns):
    def table(self, module, protocol, kind="many"):
        self.addCleanup(pyplot.close, "all")
        return module.draw(self.read(kind), protocol, theme.Theme()).table

    def test_count_the_trials_that_were_cut_behind_a_failure_too(self):
        self.assertIn("$n$ = 60, 30 per length, 10 behind a length shown to fail.", self.table(accuracy, LANDMARK))
        self.assertIn("$n$ = 60 per length.", self.table(accuracy, LANDMARK, "one_length"))

    def test_count_those_trials_where_another_length_has_as_many_by_plan(self):
        run = self.read("many")
        run.eval_of(LANDMARK)["trials"]["131072"] = 10
        self.addCleanup(pyplot.close, "all")
        table = accuracy.draw(run, LANDMARK, theme.Theme()).table
        self.assertIn("$n$ = 60, 30, 10 per length, 10 behind a length shown to fail.", table)

    def test_say_how_the_intervals_of_perplexities_were_made(self):
        kinds = {
            "bootstrap over documents": r"Perplexity by length with 95\,\% intervals: bootstrap over documents.",
            "block bootstrap, conditional on these documents":
                r"Perplexity by length with 95\,\% intervals: block bootstrap, conditional on these documents.",
            "none: too few documents": "Perplexity by length, without intervals: too few documents.",
        }  # fmt: skip
        run = self.read("one_length")
        for kind, words in kinds.items():
            run.summary.loc[run.summary["protocol"] == FIXED, "interval"] = kind
            if kind.startswith("none"):
                run.summary.loc[run.summary["protocol"] == FIXED, ["low", "high"]] = float("nan")
            table = perplexity.table(run, FIXED, run.summary[run.summary["protocol"] == FIXED])
            self.assertIn(rf"\caption{{{words} ", table)

    def test_explain_every_length_that_a_table_claims_and_no_other(self):
        claimed, control = self.table(accuracy, LANDMARK), self.table(accuracy, ABSENT)
        for name in (r"$L_\mathrm{cert}$", r"$L_\mathrm{fail}$", r"$L_\mathrm{point}$"):
            self.assertEqual(claimed.count(name), 2, name)  # in caption and head
            self.assertNotIn(name, control)
        self.assertEqual(self.table(perplexity, FIXED).lower().count("not worse to"), 2)
        self.assertNotIn("not worse to", self.table(perplexity, TRUNCATED).lower())

    def test_say_how_many_documents_and_pairs(self):
        self.assertIn("$n$ = 10 documents.", self.table(position_nll, TRUNCATED))
        self.assertIn("$n$ = 10 documents.", self.table(forest, FIXED))
        self.assertIn("$n$ = 10 to 60 prompts.", self.table(forest, LANDMARK))

    def test_state_the_confidence_that_was_asked_for(self):
        run = self.read("many")
        run.experiment["alpha"] = 0.001
        self.addCleanup(pyplot.close, "all")
        for module, protocol in ((accuracy, LANDMARK), (forest, LANDMARK), (forest, FIXED), (perplexity, FIXED),
                                 (short_context, FIXED)):  # fmt: skip
            with self.subTest(figure=module.__name__, protocol=protocol):
                drawing = module.draw(run, protocol, theme.Theme())
                self.assertIn("99.9 % ", drawing.title)
                self.assertIn(r"99.9\,\% ", drawing.table)
        figure = accuracy.draw(run, LANDMARK, theme.Theme()).figure
        texts = [text.replace("\n", " ") for text, _ in plot_support.drawn_texts(figure)]
        for entry in ("estimate, 99.9 % Wilson interval", "exact one-sided 99.9 % lower bound"):
            self.assertIn(entry, texts)

    def test_call_a_negative_control_one(self):
        for module in (accuracy, heatmap):
            drawing = module.draw(self.read("many"), ABSENT, theme.Theme())
            for text in (drawing.title, drawing.table):
                self.assertIn("Negative control, without a needle: a hit is a false one.", text)
            self.assertNotIn("Negative control", self.table(module, LANDMARK))

    def test_tables_are_no_taller_than_a_page(self):
        for module, protocol in ((accuracy, LANDMARK), (heatmap, LANDMARK), (forest, LANDMARK), (perplexity, FIXED)):
            self.assertLess(self.table(module, protocol).count(r"\\"), 45, module.__name__)


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
