"""The summaries that are committed beside runs in configs/sweeps are what `ropewalk summarize` makes of their rows."""

import collections
import csv
import json
import math
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]
# Committed without log-probabilities: its intervals and comparisons cannot be made again.
ATTENTION = ROOT / "configs/sweeps/attention"
RUNS = sorted(rows.parent for rows in ROOT.glob("configs/sweeps/*/rows.jsonl") if rows.parent != ATTENTION)
FILES = ["summary.csv", "effective_length.csv", "comparison.csv", "position_nll.csv", "methods.txt"]


class Count:
    """What the answers to one protocol at one length add up to, for one method."""

    def __init__(self):
        self.answers = self.hits = self.diverged = self.missing = self.tokens = 0
        self.nll = 0.0

    def add(self, row):
        if row["status"] not in ("ok", "diverged"):
            self.missing += 1
            return
        self.answers += 1
        self.diverged += row["status"] == "diverged"
        if "retrieval" in row:
            self.hits += row["status"] == "ok" and row["retrieval"]["hit"]
        else:
            tokens = sum(end - begin for begin, end in (forward["scored"] for forward in row["perplexity"]["forwards"]))
            self.tokens += tokens
            self.nll += tokens * row["perplexity"]["nll"]


def counted(run):
    """(method, protocol, length) -> Count, of the rows alone."""
    counts = collections.defaultdict(Count)
    for line in (run / "rows.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        counts[row["method"], row["protocol"], row["length"]].add(row)
    return counts


def summarized(run):
    """(method, protocol, length) -> the line of summary.csv about all depths."""
    with open(run / "summary.csv", encoding="utf-8", newline="") as stream:
        return {(line["method"], line["protocol"], int(line["length"])): line
                for line in csv.DictReader(stream) if line["band"] == "all"}  # fmt: skip


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

    def test_keys_and_perplexities_of_the_attention_methods_are_those_of_their_rows(self):
        counts, lines = counted(ATTENTION), summarized(ATTENTION)
        self.assertEqual(counts.keys(), lines.keys())
        for cell, count in counts.items():
            with self.subTest(cell=cell):
                line = lines[cell]
                self.assertEqual(
                    (count.answers, count.diverged, count.missing),
                    (int(line["n"]), int(line["diverged"]), int(line["missing"])),
                )
                if cell[1].startswith("ppl/"):
                    self.assertEqual(count.tokens, int(line["tokens"]))
                    perplexity = math.exp(count.nll / count.tokens)
                    self.assertAlmostEqual(float(line["perplexity"]) / perplexity, 1, delta=1e-8)
                else:
                    self.assertEqual(count.hits, int(line["hits"]))


if __name__ == "__main__":
    unittest.main()
