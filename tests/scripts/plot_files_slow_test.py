"""scripts/plot.py as a command: every file is written, twice the same, and in the form that publishers ask for."""

import re
import shutil
import subprocess
import unittest

import plot_support
from plot import heatmap, latex, theme
from plot.drawing import slug
from synthetic_run import LANDMARK, TRUNCATED

ENDINGS = ["csv", "pdf", "png", "svg", "tex"]
LANDMARK_NAME = "passkey-landmark-1-forced-per-length"
FIGURES = {
    f"heatmap-{LANDMARK_NAME}", f"accuracy-{LANDMARK_NAME}", f"forest-{LANDMARK_NAME}",
    f"heatmap-{LANDMARK_NAME}-absent", f"accuracy-{LANDMARK_NAME}-absent",
    "perplexity-ppl-fixed-target-1-bos", "forest-ppl-fixed-target-1-bos", "short-context-ppl-fixed-target-1-bos",
    "perplexity-ppl-truncated-1-bos", "position-nll-ppl-truncated-1-bos", "forest-ppl-truncated-1-bos", "wavelength",
}  # fmt: skip


class Files(plot_support.SyntheticRuns):
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


if __name__ == "__main__":
    unittest.main()
