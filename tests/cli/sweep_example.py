"""README's example of an experiment is the file it names, and its commands do what it says."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]
EXAMPLE = "configs/sweeps/example.json"


def readme_section():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^### The experiment file\n(.*?)^## ", text, re.M | re.S)[1]


def ropewalk(*arguments):
    return subprocess.run([ROPEWALK, *map(str, arguments)], cwd="/", capture_output=True, text=True,
                          check=True)


class Example(unittest.TestCase):
    def test_is_the_file_that_readme_names(self):
        shown = re.search(r"^```json\n(.*?)^```", readme_section(), re.M | re.S)[1]
        self.assertEqual(shown, (ROOT / EXAMPLE).read_text(encoding="utf-8"))

    def test_every_command_of_the_section_exists(self):
        commands = re.findall(r"^ropewalk (\w+) (.*?)(?: +#.*)?$", readme_section(), re.M)
        self.assertEqual({verb for verb, _ in commands}, {"check", "sweep", "summarize", "verify"})
        for verb, arguments in commands:
            known = ropewalk(verb, "--help").stdout
            for flag in re.findall(r"--[\w-]+", arguments):
                self.assertIn(flag, known)

    def test_runs(self):
        priced = ropewalk("check", ROOT / EXAMPLE).stdout
        self.assertIn("passkey/landmark/1, 20 trials at 2048, 4096, 8192:", priced)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            part = ["--only", "method=plain,method=yarn[factor=2],length=2048"]
            for number in (1, 2):
                ropewalk("sweep", ROOT / EXAMPLE, "--out", folder / f"part{number}", *part)
                missing = ropewalk("sweep", ROOT / EXAMPLE, "--out", folder / f"part{number}",
                                   *part, "--dry-run").stdout
                self.assertEqual(missing, "0 cells, 0 tokens, if no length fails\n")
            (process,) = json.loads((folder / "part1" / "manifest.json").read_text())["provenance"]
            self.assertRegex(process["revision"], r"^([0-9a-f]{12}(-dirty)?|unknown)$")
            self.assertIn(f"revision {process['revision']},", ropewalk("--version").stdout)
            one = ropewalk("summarize", folder / "part1").stdout
            both = ropewalk("summarize", folder / "part1", folder / "part2", "--out", folder / "b")
            self.assertEqual(both.stdout, one)
            again = ["sweep", ROOT / EXAMPLE, "--out", folder / "again", "--from", folder / "part1",
                     *part]
            self.assertEqual(ropewalk(*again, "--dry-run").stdout, missing)
            self.assertIn(f"40 cells taken from {folder / 'part1'}\n", ropewalk(*again).stderr)
            self.assertEqual(ropewalk("summarize", folder / "again").stdout,
                             one.replace("part1", "again"))
            self.verified(folder)
            self.assertRegex(one, r"method +2048 +4096 +8192 +L_cert +L_fail +L_point +worst depth")
            self.assertRegex(one, r"plain +20/20\* +20 not run")
            for file in ("summary", "effective_length", "comparison", "position_nll"):
                self.assertTrue((folder / "b" / f"{file}.csv").exists())
            self.assertIn("@", (folder / "b" / "methods.txt").read_text())

    def verified(self, folder):
        """Some of part1's cells, asked again: all of them agree, bit for bit."""
        verify = ["verify", ROOT / EXAMPLE, folder / "part1", "--out", folder / "second", "--cells", 4]
        stdout = ropewalk(*verify).stdout
        self.assertRegex(stdout, r"\npasskey/landmark/1/forced/per-length +2048 +4 +4 +4 +0\n")
        self.assertTrue(stdout.endswith("\n4 of 4 cells agree, 4 of them bit for bit\n"), stdout)
        rows = (folder / "part1" / "rows.jsonl").read_text(encoding="utf-8")
        (folder / "part1" / "rows.jsonl").write_text(rows.replace('"hit":true', '"hit":false'), encoding="utf-8")
        ended = subprocess.run([ROPEWALK, *map(str, verify)], cwd="/", capture_output=True, text=True)
        self.assertEqual(ended.returncode, 3, ended.stderr)
        self.assertIn("0 cells in ", ended.stderr)
        self.assertRegex(ended.stdout, r"\nplain \S+ 2048 trial \d+: a miss, and a hit when asked again; ")
        self.assertTrue(ended.stdout.endswith("\n0 of 4 cells agree, 0 of them bit for bit\n"), ended.stdout)
        (folder / "part1" / "rows.jsonl").write_text(rows, encoding="utf-8")


if __name__ == "__main__":
    unittest.main()
