"""A caption says what a table shows: trials, documents, claims, confidence, and that a control is one."""

import unittest

from matplotlib import pyplot

import plot_support
from plot import accuracy, forest, heatmap, perplexity, position_nll, short_context, theme
from synthetic_run import ABSENT, FIXED, LANDMARK, TRUNCATED


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


if __name__ == "__main__":
    unittest.main()
