"""scripts/model_card.py: what it computes from rows and scores, and that it keeps what others wrote."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import numpy  # noqa: E402

import model_card  # noqa: E402


def retrieval_run(trials, **experiment):
    return types.SimpleNamespace(experiment=experiment, eval_of=lambda protocol: {"trials": trials})


def text_row(document, protocol, length, forwards):
    """`forwards`: (nll file, scored begin, scored end)."""
    windows = [{"nll_file": file, "tokens": [0, end], "scored": [begin, end]} for file, begin, end in forwards]
    perplexity = {"document": document, "forwards": windows, "bytes": 30}
    return {"protocol": protocol, "length": length, "perplexity": perplexity}


class ModelCard(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_a_ratio_weighs_documents_by_their_size(self):
        value, low, high = model_card.interval([10, 90], [10, 30])
        self.assertEqual(value, 2.5)
        self.assertEqual((low, high), (1.0, 3.0))  # either document alone, twice

    def test_equal_documents_leave_no_interval(self):
        self.assertEqual(model_card.interval([3, 3, 3], [2, 2, 2]), (1.5, 1.5, 1.5))

    def test_scores_keep_the_place_of_their_tokens(self):
        numpy.save(self.folder / "a.npy", numpy.array([1, 2, 3], numpy.float32))
        numpy.save(self.folder / "b.npy", numpy.array([4, 5, 6], numpy.float32))
        rows = [
            text_row("emma", "ppl/press-1024/1/bos", 4096, [("a.npy", 0, 3), ("b.npy", 3, 5)]),
            text_row("emma", "ppl/fixed-target/1/bos", 4096, [("a.npy", 7, 10)]),
        ]
        run = types.SimpleNamespace(folder=self.folder, rows=rows)
        nll, targets, size = model_card.nll_by_document(run, "ppl/press", 4096)["emma"]
        self.assertEqual(nll.tolist(), [1, 2, 3, 4, 5])  # the last file also serves a longer cell
        self.assertEqual(targets.tolist(), [0, 1, 2, 3, 4])
        self.assertEqual(size, 30)

    def test_digits_of_absent_keys_leave_out_what_stands_before_the_key(self):
        rows = [
            {"protocol": "p", "length": 512, "retrieval": {"token_hits": [True, False, False, True, False, False]}},
            {"protocol": "p", "length": 512, "retrieval": {"token_hits": [True, True, False, False, False, False]}},
            {"protocol": "p", "length": 1024, "retrieval": {"token_hits": [True] * 6}},
        ]
        self.assertEqual(model_card.digits_right(types.SimpleNamespace(rows=rows), "p", 512), (2, 10))

    def test_only_what_was_asked_and_falls_short_misses_its_aim(self):
        line = lambda n, estimate: {"n": n, "estimate": estimate}
        self.assertTrue(model_card.misses(line(400, 0.9875), 0.99))
        self.assertFalse(model_card.misses(line(400, 0.99), 0.99))
        self.assertFalse(model_card.misses(line(0, float("nan")), 0.99))
        self.assertFalse(model_card.misses(None, 0.99))

    def test_trials_are_those_of_the_experiment(self):
        self.assertEqual(model_card.trials_of(retrieval_run({"8192": 50, "16384": 50}), "p"), "50 at each length")
        self.assertEqual(
            model_card.trials_of(retrieval_run({"8192": 30, "16384": 20}, trials_after_failure=7), "p"),
            "30 at 8,192, 20 at 16,384, 7 by `trials_after_failure` where the method had failed at a shorter one",
        )

    def test_seeds_that_were_asked_otherwise_are_named(self):
        alike = retrieval_run({"8192": 50}, trials_after_failure=10)
        self.assertNotIn("seed", model_card.trials_by_seed({"1": alike, "2": alike}, "p"))
        words = model_card.trials_by_seed({"1": retrieval_run({"8192": 50}), "2": alike, "3": alike}, "p")
        self.assertTrue(words.startswith("50 at each length (seed 1); 50 at each length, 10 by "), words)
        self.assertTrue(words.endswith(" (seeds 2, 3)"), words)

    def test_seeds_that_a_part_was_not_run_on_are_named_in_it(self):
        (self.folder / "README.md").write_text("# A model\n")
        runs = {"retrieval": {"2": None}, "text": {}, "beyond": {"10": None, "2": None, "3": None}}
        with (
            mock.patch.object(model_card, "runs_of", lambda part, _: runs[part]),
            mock.patch.object(model_card, "retrieval", lambda _: "### Inside\n"),
            mock.patch.object(model_card, "beyond", lambda _: "### Beyond\n"),
            mock.patch.object(sys, "argv", ["model_card.py", str(self.folder), "runs"]),
        ):
            self.assertEqual(model_card.main(), 0)
        card = (self.folder / "README.md").read_text()
        self.assertIn("### Inside\n\nThis sweep was not run on training seeds 3, 10.\n\n### Beyond\n", card)
        self.assertEqual(card.count("not run on"), 1)

    def write_twice(self, sections):
        (self.folder / "README.md").write_text("# A model\n\nBy hand.\n")
        for section in sections:
            runs = self.folder / "runs"
            with (
                mock.patch.object(model_card, "runs_of", lambda part, _: {"1": None} if part == "beyond" else {}),
                mock.patch.object(model_card, "beyond", lambda _: section),  # noqa: B023
                mock.patch.object(sys, "argv", ["model_card.py", str(self.folder), str(runs)]),
            ):
                self.assertEqual(model_card.main(), 0)
        return (self.folder / "README.md").read_text()

    def test_the_section_is_replaced_and_the_rest_is_kept(self):
        card = self.write_twice(["### Old\n", "### New\n"])
        self.assertTrue(card.startswith("# A model\n\nBy hand.\n\n## Quality\n"))
        self.assertIn("### New", card)
        self.assertNotIn("### Old", card)

    def test_folders_without_any_measurement_are_an_error(self):
        (self.folder / "README.md").write_text("# A model\n")
        error = io.StringIO()
        with (
            mock.patch.object(sys, "argv", ["model_card.py", str(self.folder), str(self.folder / "lost")]),
            contextlib.redirect_stderr(error),
        ):
            self.assertEqual(model_card.main(), 1)
        self.assertIn("run scripts/measure-model", error.getvalue())
        self.assertEqual((self.folder / "README.md").read_text(), "# A model\n")

    def test_seeds_are_those_of_the_measured_models(self):
        for seed in (2, 3):
            run, model = self.folder / str(seed) / "text", self.folder / f"model{seed}"
            run.mkdir(parents=True)
            model.mkdir()
            (run / "summary.csv").touch()
            (model / "train_config.json").write_text(json.dumps({"seed": seed}))
        read = lambda folder: types.SimpleNamespace(experiment={"model": str(self.folder / f"model{folder.parent.name}")})
        with mock.patch.object(model_card, "read_run", read):
            folders = [self.folder / "3", self.folder / "2"]
            self.assertEqual(list(model_card.runs_of("text", folders)), ["3", "2"])
            self.assertEqual(model_card.runs_of("beyond", folders), {})


if __name__ == "__main__":
    unittest.main()
