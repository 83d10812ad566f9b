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
        self.assertEqual({verb for verb, _ in commands}, {"check", "sweep", "summarize"})
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
            self.assertRegex(one, r"method +2048 +4096 +8192 +L_cert +L_fail +L_point +worst depth")
            self.assertRegex(one, r"plain +20/20\* +20 not run")
            for file in ("summary", "effective_length", "comparison", "position_nll"):
                self.assertTrue((folder / "b" / f"{file}.csv").exists())
            self.assertIn("@", (folder / "b" / "methods.txt").read_text())


if __name__ == "__main__":
    unittest.main()
