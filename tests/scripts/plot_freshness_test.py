"""scripts/plot.py draws a summary and the rows beside it only where the one was made of the other."""

import dataclasses
import re
import shutil
import subprocess
import sys
import unittest

import pandas

import plot_support
from plot import planned
from plot.freshness import require_fresh
from plot.run import PlotError, read_run
from synthetic_run import FIXED, LANDMARK

NEWER = r"rows\.jsonl: rows are newer than summary\.csv, or not those that it was made of: "


def is_at(row, protocol, method, length):
    return (row["protocol"], row["method"], row["length"]) == (protocol, method, length)


class Freshness(plot_support.SyntheticRuns):
    def with_rows(self, rows):
        """The run "full", of these rows."""
        return dataclasses.replace(self.read("full"), rows=list(rows))

    def state(self, run, protocol, method, length, **counts):
        """Has the summary state other counts of a place."""
        table = run.summary
        at = {"protocol": protocol, "method": method, "length": length, "band": "all"}
        here = (table[list(at)] == pandas.Series(at)).all(axis=1)
        for column, count in counts.items():
            table.loc[here, column] = count

    def test_every_committed_run_is_drawn(self):
        runs = [rows.parent for rows in plot_support.ROOT.glob("configs/sweeps/*/rows.jsonl")]
        self.assertTrue(runs)
        for folder in [*runs, plot_support.SMALL_RUN]:
            with self.subTest(run=folder.name):
                require_fresh(read_run(folder))

    def test_a_summary_of_fewer_answers_is_an_error_with_a_next_step(self):
        run = self.folder / "went-on"
        shutil.copytree(plot_support.SMALL_RUN, run)
        summary = run / "summary.csv"
        lines = summary.read_text().splitlines(keepends=True)
        index = next(i for i, line in enumerate(lines) if f"plain,,no,{LANDMARK},8192,all,5,3,0,0," in line)
        lines[index] = lines[index].replace("all,5,3,0,0,", "all,2,1,0,3,")  # stopped after two trials
        summary.write_text("".join(lines))
        plot = plot_support.ROOT / "scripts/plot.py"
        done = subprocess.run([sys.executable, "-B", plot, run], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(
            done.stderr,
            f"^plot: {re.escape(str(run))}/{NEWER}{LANDMARK}, plain at 8,192: n = 5, hits = 3, diverged = 0 here, "
            rf"n = 2, hits = 1, diverged = 0 there; run `ropewalk summarize {re.escape(str(run))}` again\n$",
        )
        self.assertFalse((run / "figures").exists())

    def test_a_place_that_only_one_of_the_two_knows_is_refused(self):
        rows = self.read("full").rows
        for protocol in (LANDMARK, FIXED):
            with self.subTest(protocol=protocol):
                run = self.with_rows(rows)
                keep = (run.summary["protocol"] != protocol) | (run.summary["length"] != 8192)
                with self.assertRaisesRegex(PlotError, NEWER + f"{protocol}, .* at 8,192: n = .* here, nothing there"):
                    require_fresh(dataclasses.replace(run, summary=run.summary[keep]))
        run = self.with_rows(row for row in rows if row["protocol"] != FIXED)
        with self.assertRaisesRegex(PlotError, NEWER + f"{FIXED}, .*: nothing here, n = 10, diverged = 0 there"):
            require_fresh(run)

    def test_an_answer_that_became_a_hit_or_a_text_more_is_refused(self):
        run = self.with_rows(self.read("full").rows)
        self.state(run, LANDMARK, "yarn", 4096, hits=0)
        with self.assertRaisesRegex(PlotError, f"{LANDMARK}, yarn at 4,096: n = 60, hits = .* here, n = 60, hits = 0,"):
            require_fresh(run)
        run = self.with_rows(self.read("full").rows)
        self.state(run, FIXED, "yarn", 4096, n=9, missing=1)
        with self.assertRaisesRegex(PlotError, f"{FIXED}, yarn at 4,096: n = 10, diverged = 0 here, n = 9,"):
            require_fresh(run)

    def test_trials_that_were_asked_before_a_shorter_length_failed_do_not_count(self):
        run = self.with_rows(self.read("full").rows)
        hits = sum(
            row["retrieval"]["hit"] for row in run.rows
            if is_at(row, LANDMARK, "plain", 200000) and planned.is_kept(row["retrieval"]["trial"], 5, 10)
        )  # fmt: skip
        self.state(run, LANDMARK, "plain", 200000, n=5, hits=hits)
        require_fresh(run)

    def test_a_text_too_short_for_a_length_counts_at_none(self):
        rows = [
            row | {"status": "skipped"}
            if row["protocol"] == FIXED and row["length"] == 200000 and "-0." in row["perplexity"]["document"] else row
            for row in self.read("full").rows
        ]  # fmt: skip
        run = self.with_rows(rows)
        with self.assertRaisesRegex(PlotError, f"{FIXED}, dual_chunk at 4,096: n = 9, .* here, n = 10, "):
            require_fresh(run)
        answered = run.summary["n"] == 10
        run.summary.loc[answered & (run.summary["protocol"] == FIXED), "n"] = 9
        require_fresh(run)


class Planned(unittest.TestCase):
    def kept(self, count, depths, trials):
        return [trial for trial in range(trials) if planned.is_kept(trial, count, depths)]

    def test_trials_lie_over_the_depths_as_evals_depths_has_them(self):
        self.assertEqual(self.kept(10, 10, 60), list(range(10)))
        self.assertEqual(self.kept(5, 10, 60), [1, 3, 5, 7, 9])
        self.assertEqual(self.kept(10, 15, 60), [1, 2, 4, 5, 7, 8, 10, 11, 13, 14])
        self.assertEqual(self.kept(7, 5, 20), [0, 1, 2, 3, 4, 7, 9])
        self.assertEqual(self.kept(20, 5, 20), list(range(20)))


if __name__ == "__main__":
    unittest.main()
