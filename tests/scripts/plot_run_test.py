"""What scripts/plot.py reads of a run: which eval a protocol answers, whose rows a method has, and every whole row."""

import dataclasses
import json
import shutil
import unittest

from matplotlib import pyplot

import plot_support
from plot import heatmap, short_context, theme
from plot.run import PlotError, chains_of, read_rows, read_run
from synthetic_run import FIXED, LANDMARK

LINEAR = {"type": "linear/1", "factor": 2.0, "original_length": None}


def run_asking(*evals):
    run = read_run(plot_support.SMALL_RUN)
    return dataclasses.replace(run, experiment=run.experiment | {"evals": list(evals)})


def passkey(protocol, placement="per-length", absent=False):
    return {"type": "passkey", "protocol": protocol, "placement": placement, "absent": absent}


class Evals(unittest.TestCase):
    def test_are_told_apart_by_their_stride(self):
        evals = [{"type": "perplexity", "protocol": name, "stride": stride}
                 for name in ("press/1", "window-mean/1") for stride in (256, 1024)]  # fmt: skip
        run = run_asking(*evals)
        for asked in evals:
            name = asked["protocol"].removesuffix("/1")
            for bos in ("", "/bos"):
                self.assertIs(run.eval_of(f"ppl/{name}-{asked['stride']}/1{bos}"), asked)
        with self.assertRaisesRegex(PlotError, "summary.csv: the experiment does not ask for ppl/press/1/bos"):
            run.eval_of("ppl/press/1/bos")

    def test_are_told_apart_where_one_id_begins_with_another(self):
        evals = [passkey("landmark/1"), passkey("landmark/10"), {"type": "perplexity", "protocol": "truncated/1"},
                 {"type": "perplexity", "protocol": "truncated/10"}]  # fmt: skip
        run = run_asking(*evals)
        ids = ["passkey/landmark/1/forced/per-length", "passkey/landmark/10/per-length", "ppl/truncated/1/bos",
               "ppl/truncated/10"]  # fmt: skip
        self.assertEqual([run.eval_of(id) for id in ids], evals)

    def test_are_told_apart_by_the_place_of_the_needle_and_by_its_absence(self):
        evals = [passkey("landmark/1", placement, absent)
                 for placement in ("per-length", "absolute") for absent in (False, True)]  # fmt: skip
        run = run_asking(*evals)
        for asked in evals:
            tail = asked["placement"] + ("/absent" if asked["absent"] else "")
            for forced in ("", "/forced"):
                self.assertIs(run.eval_of(f"passkey/landmark/1{forced}/{tail}"), asked)


class Chains(plot_support.SyntheticRuns):
    def tearDown(self):
        pyplot.close("all")

    def run_of(self, configured, **methods):
        """A run of one method, which is written as "own", on a checkpoint with that scaling."""
        folder = self.folder / self.id()
        shutil.copytree(self.make("one_method"), folder)
        for file in folder.iterdir():
            file.write_text(file.read_text().replace("plain", "own"))
        experiment = json.loads((folder / "experiment.json").read_text())
        manifest = json.loads((folder / "manifest.json").read_text())
        experiment["methods"] = methods
        for asked in experiment["evals"]:
            asked["methods"] = list(methods)
        manifest["identity"]["configured"] = configured
        (folder / "experiment.json").write_text(json.dumps(experiment))
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return read_run(folder)

    def test_of_a_checkpoint_without_scaling_share_their_rows_with_plain(self):
        run = self.run_of([], own="as_configured", plain=[])
        self.assertEqual(run.rows_of("plain"), {"own", "plain"})
        cells = heatmap.cells(run, LANDMARK)
        self.assertEqual(set(cells["method"]), {"own", "plain"})
        self.assertEqual(set(cells["why_missing"]), {""})

    def test_of_a_checkpoint_without_scaling_are_what_a_cost_is_over(self):
        run = self.run_of([], own="as_configured", linear=[LINEAR])
        self.assertEqual(run.plain, "own")
        figure = short_context.draw(run, FIXED, theme.Theme()).figure
        self.assertIn("cost over own, nats per token", [text for text, _ in plot_support.drawn_texts(figure)])

    def test_of_a_checkpoint_with_scaling_are_not_plain(self):
        self.assertIsNone(self.run_of([{"type": "linear", "factor": 2}], own="as_configured").plain)

    def test_are_equal_where_a_checkpoint_leaves_out_the_version_and_what_is_null(self):
        methods = {"own": "as_configured", "same": [LINEAR], "other": [LINEAR | {"factor": 4.0}], "plain": [],
                   "elsewhere": [LINEAR | {"original_length": 2048}]}  # fmt: skip
        run = self.run_of([{"type": "linear", "factor": 2}], **methods)
        self.assertEqual({name: run.rows_of(name) for name in methods}, {
            "own": {"own", "same"}, "same": {"own", "same"}, "other": {"other"}, "plain": {"plain"},
            "elsewhere": {"elsewhere"},
        })  # fmt: skip

    def test_stay_as_they_are_where_the_manifest_does_not_say_what_is_configured(self):
        experiment = {"methods": {"own": "as_configured", "plain": []}}
        run = dataclasses.replace(self.read("full"), chains=chains_of(experiment, {}))
        self.assertEqual((run.plain, run.rows_of("own"), run.rows_of("plain")), ("plain", {"own"}, {"plain"}))


class Rows(plot_support.SyntheticRuns):
    def rows_in(self, content):
        file = self.folder / "rows.jsonl"
        file.write_bytes(content)
        return read_rows(file)

    def row(self, document):
        return {"schema_version": 1, "cell": document, "perplexity": {"document": document}}

    def test_end_at_a_line_feed_and_at_nothing_else(self):
        rows = [self.row(f"a{character}b.txt") for character in "\u2028\u2029\u0085"]
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.assertEqual(self.rows_in(written.encode()), rows)

    def test_of_one_cell_are_one_and_the_later_counts(self):
        first, later, other = self.row("a") | {"status": "failed"}, self.row("a") | {"status": "ok"}, self.row("b")
        written = "".join(json.dumps(row) + "\n" for row in (first, other, later))
        self.assertCountEqual(self.rows_in(written.encode()), [later, other])

    def test_do_not_count_where_the_last_line_is_torn_even_inside_a_letter(self):
        whole = json.dumps(self.row("\u00e9"), ensure_ascii=False).encode()
        torn = whole[: whole.index("\u00e9".encode()) + 1]
        self.assertEqual(self.rows_in(whole + b"\n" + torn), [self.row("\u00e9")])
        self.assertEqual(self.rows_in(torn), [])
        self.assertEqual(self.rows_in(b""), [])

    def test_that_are_none_are_named_by_their_line(self):
        for wrong in (b"{", b'{"cell": "\xff"}'):
            with self.assertRaisesRegex(PlotError, r"rows\.jsonl:2: not a row: .*; restore the file from a copy"):
                self.rows_in(json.dumps(self.row("a")).encode() + b"\n" + wrong + b"\n")


if __name__ == "__main__":
    unittest.main()
