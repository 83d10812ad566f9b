"""The summaries that are committed beside runs in configs/sweeps are what `ropewalk summarize` makes of their rows."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]
# The run of attention methods is committed without log-probabilities: its comparisons cannot be made again.
RUNS = sorted(rows.parent for rows in ROOT.glob("configs/sweeps/*/rows.jsonl") if rows.parent.name != "attention")
FILES = ["summary.csv", "effective_length.csv", "comparison.csv", "methods.txt"]


class CommittedRuns(unittest.TestCase):
    def test_their_summaries_follow_from_their_rows(self):
        self.assertTrue(RUNS)
        for run in RUNS:
            with self.subTest(run=run.name), tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder) / run.name
                shutil.copytree(run, copy)
                for name in FILES:
                    (copy / name).unlink()
                subprocess.run([ROPEWALK, "summarize", copy], check=True, stdout=subprocess.DEVNULL)
                for name in FILES:
                    self.assertEqual((copy / name).read_text(), (run / name).read_text(), name)


if __name__ == "__main__":
    unittest.main()
