"""What `ropewalk` says to a user who mistypes, or names something else than was meant: one clear error, exit code 2.
And names that look mistyped, and are not."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]
WHAT_TO_NAME = "name a Hugging Face folder with config.json and *.safetensors, or a .gguf file itself"
EXPERIMENT = {
    "dtype": "float32", "seed": 1, "baseline": "plain", "methods": {"plain": []},
    "evals": [{"type": "passkey", "protocol": "landmark", "trials": 2, "depths": 1}], "lengths": [512],
}  # fmt: skip


def run(*arguments):
    return subprocess.run([ROPEWALK, *map(str, arguments)], capture_output=True, text=True)


class Usage(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def refused(self, *arguments):
        """The one line that a run with exit code 2 leaves on stderr."""
        ended = run(*arguments)
        self.assertEqual((ended.returncode, ended.stdout), (2, ""), ended.stderr)
        self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        return ended.stderr.rstrip("\n")

    def experiment(self, **changes):
        file = self.folder / "experiment.json"
        file.write_text(json.dumps({**EXPERIMENT, **changes}))
        return file

    def checked(self, model):
        return self.refused("check", self.experiment(model=str(model)))

    def model_with(self, **changes):
        """The built-in model under another config."""
        model = self.folder / "model"
        shutil.copytree(ROOT / "configs/models/ropewalk-4k", model)
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, **changes}))
        return model

    def test_an_unknown_verb_is_named_with_those_that_there_are(self):
        expected = (
            'ropewalk: unknown verb "lst"; one of list, show, check, sweep, verify, audit, summarize, train'
        )
        self.assertEqual(self.refused("lst"), expected)
        self.assertEqual(self.refused("lst", "experiment.json", "--json"), expected)
        self.assertIn('unknown verb "a\\x1b[2Jb"', self.refused("a\x1b[2Jb"))
        for arguments in ((), ("--no-such-flag",)):
            ended = run(*arguments)
            self.assertEqual(ended.returncode, 2)
            self.assertNotIn("unknown verb", ended.stderr)
        self.assertEqual(run("lst", "--help").returncode, 0)

    def test_a_folder_that_is_no_checkpoint_says_what_to_name(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(
            self.refused("audit", self.folder / "empty"),
            f"ropewalk: {self.folder / 'empty'}: has neither config.json nor weights: there is "
            f"nothing to audit; {WHAT_TO_NAME}",
        )
        self.assertEqual(
            self.checked(self.folder / "empty"),
            f"ropewalk: {self.folder / 'empty' / 'config.json'}: no such file; {WHAT_TO_NAME}",
        )
        self.assertTrue(self.refused("audit", ROOT / "configs/checkpoints").endswith(WHAT_TO_NAME))

    def test_an_impossible_original_length_is_named_with_its_key(self):
        scaling = {"type": "linear", "factor": 2.0, "original_max_position_embeddings": 1e300}
        model = self.model_with(rope_scaling=scaling)
        self.assertEqual(
            self.checked(model),
            f"ropewalk: {model / 'config.json'}: /rope_scaling/original_max_position_embeddings: "
            "must be an integer (got 1e+300)",
        )

    def test_no_name_speaks_to_the_terminal(self):
        model = self.model_with(rope_scaling={"type": "linear", "factor": 2.0, "a\x1b[2J": {}})
        error = self.checked(model)
        self.assertNotIn("\x1b", error)
        self.assertIn("a\\x1b[2J", error)

    def test_a_part_of_a_sweep_that_cannot_be_meant_is_refused_before_anything_is_written(self):
        sweep = ("sweep", self.experiment(model=str(ROOT / "configs/models/ropewalk-4k")), "--out", self.folder / "run")
        for shard in ("3/2", "0/2", "2"):
            self.assertEqual(
                self.refused(*sweep, "--shard", shard),
                f'ropewalk: --shard: must be i/n with 1 <= i <= n (got "{shard}")',
            )
        for part in ("foo=1", "length=2k"):
            self.assertEqual(
                self.refused(*sweep, "--only", f"method=plain,{part}"),
                f'ropewalk: --only: must be method=NAME, protocol=ID or length=TOKENS (got "{part}")',
            )
        self.assertFalse((self.folder / "run").exists())

    def test_a_run_that_cannot_be_verified_is_refused_before_anything_is_written(self):
        experiment = self.experiment(model=str(ROOT / "configs/models/ropewalk-4k"), trained_length=4096)
        empty, out = self.folder / "empty", self.folder / "again"
        empty.mkdir()
        self.assertEqual(
            self.refused("verify", experiment, empty, "--out", empty),
            "ropewalk: --out: is the run itself, which would agree with itself; name another folder",
        )
        for run_folder in (empty, self.folder / "nowhere"):
            self.assertEqual(
                self.refused("verify", experiment, run_folder, "--out", out),
                f"ropewalk: {run_folder}: is no run directory: rows.jsonl is not there; "
                "name a folder that ropewalk sweep wrote",
            )
        self.assertFalse(out.exists())

    def test_a_comma_in_brackets_belongs_to_the_name_of_a_method(self):
        both = [
            {"type": "yarn", "factor": {"grid": [2, 4]}},
            {"type": "dual_chunk", "chunk": {"grid": [2048, 3072]}, "local": 512},
        ]
        experiment = self.experiment(
            model=str(ROOT / "configs/models/ropewalk-4k"), trained_length=4096, lengths=[4096, 8192],
            methods={"plain": [], "both": both},
        )  # fmt: skip
        ended = run("sweep", experiment, "--out", self.folder / "run", "--dry-run",
                    "--only", "method=both[factor=2,chunk=3072],length=8192")  # fmt: skip
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        missing, total = ended.stdout.splitlines()
        self.assertRegex(missing, r"^both\[factor=2,chunk=3072\] passkey/\S+ 8192: 2 cells, ")
        self.assertRegex(total, "^2 cells, ")

    def test_a_summary_of_several_runs_belongs_to_none_of_them(self):
        self.assertEqual(
            self.refused("summarize", self.folder / "part1", self.folder / "part2"),
            "ropewalk: --out: is needed with several run directories; name a folder for the files of the summary",
        )


if __name__ == "__main__":
    unittest.main()
