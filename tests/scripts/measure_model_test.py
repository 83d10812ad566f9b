"""scripts/measure-model with a stand-in for the binary, which writes down what it was asked to do."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SWEEPS = ROOT / "configs/sweeps"

# Ends as the environment says where it is asked to FAIL.
STAND_IN = """
echo "$*" >>log
case "$*" in $FAIL) exit $STATUS ;; esac"""


class MeasureModel(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.ropewalk = self.folder / "ropewalk"
        self.ropewalk.write_text(f"#!{shutil.which('bash')}\n{STAND_IN}\n")
        self.ropewalk.chmod(0o755)

    def measure(self, *arguments, fail="-", status=0):
        """(exit status, stderr, what was asked of the binary)"""
        (self.folder / "log").write_text("")
        done = subprocess.run(
            [ROOT / "scripts/measure-model", "model", "runs", "--ropewalk", self.ropewalk, *arguments],
            cwd=self.folder, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "FAIL": fail, "STATUS": str(status)},
        )  # fmt: skip
        return done.returncode, done.stderr, (self.folder / "log").read_text().splitlines()

    def asked(self, part, options=""):
        sweep = f"sweep {SWEEPS}/card-{part}.json --model model --out runs/{part}{options}"
        return [sweep, f"summarize runs/{part}"]

    def test_measures_and_summarizes_every_part(self):
        everything = self.asked("retrieval") + self.asked("text") + self.asked("beyond")
        self.assertEqual(self.measure(), (0, "", everything))
        for part in ("retrieval", "text", "beyond"):
            self.assertTrue((SWEEPS / f"card-{part}.json").is_file())

    def test_measures_one_part_with_options_of_sweep(self):
        self.assertEqual(
            self.measure("--only", "text", "--", "--threads", "1"), (0, "", self.asked("text", " --threads 1"))
        )

    def test_cells_that_failed_are_summarized_and_remembered(self):
        everything = self.asked("retrieval") + self.asked("text") + self.asked("beyond")
        self.assertEqual(self.measure(fail="sweep*card-text.json*", status=3), (3, "", everything))

    def test_a_sweep_that_was_stopped_ends_it(self):
        until_then = self.asked("retrieval") + self.asked("text")[:1]
        self.assertEqual(self.measure(fail="sweep*card-text.json*", status=4), (4, "", until_then))

    def test_a_summary_that_fails_ends_it(self):
        self.assertEqual(self.measure(fail="summarize*", status=5), (5, "", self.asked("retrieval")))

    def test_says_what_to_do_without_the_binary(self):
        self.ropewalk.unlink()
        self.assertEqual(self.measure(), (
            1, f"measure-model: {self.ropewalk}: No such file or directory; "
            "run scripts/demo, which builds it, or name another with --ropewalk\n", [],
        ))  # fmt: skip


if __name__ == "__main__":
    unittest.main()
