"""scripts/demo on machines played by stand-ins, which write down what they were asked to do."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

STAND_INS = {
    "scripts/setup": 'echo "setup $*" >>log; echo "setup: ready"',
    "bin/cmake": """
        echo "cmake $*" >>log
        case "$1" in
          --preset) mkdir -p build/release; touch build/release/build.ninja ;;
        esac""",
    "build/release/ropewalk": """
        echo "ropewalk $*" >>log
        case "$*" in
          *--dry-run) echo 'a cell'; echo "$(wc -l <"$4/rows.jsonl" || echo no) rows are there"; exit $DRY_RUN_STATUS ;;
          summarize*) echo 'the table' ;;
          *) echo 'not for stdout' ;;
        esac
        [ "$1" != sweep ] || exit $SWEEP_STATUS""",
    ".venv/bin/python": """
        echo "python $*" >>log
        case "$*" in
          "scripts/corpora --check") [ -f texts ] ;;
          scripts/corpora) touch texts; echo '106 texts' ;;
          *) echo 'the figures' ;;
        esac""",
}  # fmt: skip


FOUND = "the table\nthe figures\n"


class Demo(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.clone = pathlib.Path(temporary.name)
        for name, script in STAND_INS.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
            path.chmod(0o755)
        shutil.copy(ROOT / "scripts/demo", self.clone / "scripts")

    def run_demo(self, *arguments, sweep_status=0, dry_run_status=0):
        """(exit status, stdout, stderr, what was asked of the stand-ins)"""
        (self.clone / "log").write_text("")
        done = subprocess.run(
            [self.clone / "scripts/demo", *arguments], cwd="/", capture_output=True, text=True,
            env={"PATH": f"{self.clone}/bin:{os.environ['PATH']}", "SWEEP_STATUS": str(sweep_status),
                 "DRY_RUN_STATUS": str(dry_run_status)},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr, (self.clone / "log").read_text().splitlines()

    def test_builds_the_binary_alone_asks_the_model_and_draws(self):
        status, stdout, stderr, log = self.run_demo()
        self.assertEqual((status, stdout), (0, FOUND), stderr)
        self.assertEqual(log, [
            "setup ",
            "cmake --preset release -D ROPEWALK_TESTS=OFF",
            "cmake --build --preset release --target ropewalk",
            "python scripts/corpora --check",
            "python scripts/corpora",
            "ropewalk sweep configs/sweeps/demo.json --out runs/demo",
            "ropewalk summarize runs/demo",
            "python scripts/plot.py runs/demo --ropewalk build/release/ropewalk",
        ])  # fmt: skip

    def test_a_second_run_installs_nothing_and_prints_the_same(self):
        _, first, _, _ = self.run_demo()
        _, second, _, log = self.run_demo()
        self.assertEqual(second, first)
        self.assertNotIn("cmake --preset release -D ROPEWALK_TESTS=OFF", log)
        self.assertNotIn("python scripts/corpora", log)

    def test_full_prints_the_price_before_it_begins(self):
        status, stdout, stderr, log = self.run_demo("--full")
        self.assertEqual((status, stdout), (0, FOUND), stderr)
        self.assertEqual([line for line in log if line.startswith("ropewalk")], [
            "ropewalk check configs/sweeps/published.json",
            "ropewalk sweep configs/sweeps/published.json --out runs/published --dry-run",
            "ropewalk sweep configs/sweeps/published.json --out runs/published",
            "ropewalk summarize runs/published",
        ])  # fmt: skip

    def test_full_goes_on_where_the_published_run_ends(self):
        published = self.clone / "configs/sweeps/published"
        published.mkdir(parents=True)
        (published / "rows.jsonl").write_text("measured\n")
        self.run_demo()
        self.assertFalse((self.clone / "runs/published").exists())
        _, _, stderr, _ = self.run_demo("--full")
        self.assertIn("demo: still missing in runs/published: 1 rows are there", stderr)
        self.assertNotIn("a cell", stderr)
        rows = self.clone / "runs/published/rows.jsonl"
        self.assertEqual(rows.read_text(), "measured\n")
        rows.write_text("measured\nmore\n")
        self.run_demo("--full")
        self.assertEqual(rows.read_text(), "measured\nmore\n")
        self.assertEqual((published / "rows.jsonl").read_text(), "measured\n")

    def test_full_takes_what_was_published_since(self):
        published = self.clone / "configs/sweeps/published"
        published.mkdir(parents=True)
        (published / "rows.jsonl").write_text("measured\n")
        sweep = "ropewalk sweep configs/sweeps/published.json --out runs/published"
        for taken in ("", " --from configs/sweeps/published"):
            status, _, stderr, log = self.run_demo("--full")
            self.assertEqual(status, 0, stderr)
            self.assertEqual([line for line in log if line.startswith("ropewalk sweep")], [
                f"{sweep}{taken} --dry-run",
                f"{sweep}{taken}",
            ])  # fmt: skip

    def test_full_begins_with_the_whole_published_run_or_with_none(self):
        published = self.clone / "configs/sweeps/published"
        published.mkdir(parents=True)
        (published / "rows.jsonl").write_text("measured\n")
        copy = self.clone / "bin/cp"  # stopped halfway
        copy.write_text(f"#!{shutil.which('bash')}\nmkdir -p ${{!#}}; touch ${{!#}}/half; kill $PPID\n")
        copy.chmod(0o755)
        status, _, _, log = self.run_demo("--full")
        self.assertNotEqual(status, 0)
        self.assertFalse((self.clone / "runs/published").exists(), log)
        copy.unlink()
        status, _, stderr, _ = self.run_demo("--full")
        self.assertEqual(status, 0, stderr)
        self.assertEqual([path.name for path in (self.clone / "runs").iterdir()], ["published"])
        self.assertEqual([path.name for path in (self.clone / "runs/published").iterdir()], ["rows.jsonl"])

    def test_cells_that_failed_are_drawn_and_remembered(self):
        status, stdout, _, _ = self.run_demo(sweep_status=3)
        self.assertEqual((status, stdout), (3, FOUND))

    def test_a_sweep_that_was_stopped_ends_it(self):
        status, stdout, _, log = self.run_demo(sweep_status=4)
        self.assertEqual((status, stdout), (4, ""))
        self.assertIn("ropewalk sweep", log[-1])

    def test_names_the_run_of_another_experiment_that_is_in_the_way(self):
        for arguments, name, refused in (
            ([], "demo", {"sweep_status": 2}),
            (["--full"], "published", {"dry_run_status": 2}),
        ):
            status, stdout, stderr, _ = self.run_demo(*arguments, **refused)
            self.assertEqual((status, stdout), (2, ""))
            self.assertNotIn("move that folder away", stderr)  # none is there
            (self.clone / "runs" / name).mkdir(parents=True)
            status, stdout, stderr, _ = self.run_demo(*arguments, **refused)
            self.assertEqual((status, stdout), (2, ""))
            self.assertTrue(stderr.endswith(
                f"demo: error: configs/sweeps/{name}.json cannot go on with runs/{name} (why: above); "
                "move that folder away, and start again\n"
            ), stderr)  # fmt: skip

    def test_an_unknown_argument_is_refused(self):
        status, stdout, stderr, log = self.run_demo("--fast")
        self.assertEqual((status, stdout, log), (2, "", []))
        self.assertTrue(stderr.startswith("usage: scripts/demo [--full]"))


class Experiments(unittest.TestCase):
    def test_trials_spread_evenly_over_depths(self):
        for name in ("demo", "published", "published-seeds"):
            experiment = json.loads((ROOT / f"configs/sweeps/{name}.json").read_text())
            for asked in experiment["evals"]:
                trials = asked.get("trials", {})
                for count in trials.values() if isinstance(trials, dict) else [trials]:
                    self.assertEqual(count % asked["depths"], 0, (name, asked))

    def test_other_seeds_repeat_the_published_main_table(self):
        published, seeds = (
            json.loads((ROOT / f"configs/sweeps/{name}.json").read_text()) for name in ("published", "published-seeds")
        )
        main = published["evals"][0]
        (again,) = seeds["evals"]
        self.assertEqual(again["trials"], {main["trials"][str(length)] for length in seeds["lengths"]}.pop())
        self.assertEqual({**again, "trials": None}, {**main, "trials": None})
        for key in published:
            if key not in ("evals", "lengths"):
                self.assertEqual(seeds[key], published[key], key)

    def test_every_text_is_one_that_the_corpora_hold_out(self):
        listed = {line.split("  ", 1)[1] for line in (ROOT / "scripts/corpora.sha256").read_text().splitlines()}
        for name in ("demo", "published"):
            experiment = json.loads((ROOT / f"configs/sweeps/{name}.json").read_text())
            for asked in experiment["evals"]:
                for text in asked.get("corpus", []):
                    self.assertIn(text.removeprefix(".corpora/"), listed)
                    self.assertTrue(text.startswith(".corpora/heldout/"), text)


if __name__ == "__main__":
    unittest.main()
