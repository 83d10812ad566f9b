"""README.md says what the tree and the binary say, and the check of that can fail."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

CATALOG = {
    "methods": [
        {
            "name": "linear", "summary": "divides", "edits": ["frequencies"], "reach": "s times",
            "source": "a | b",
            "parameters": [
                {"name": "factor", "required": True, "default": None},
                {"name": "cut", "required": False, "default": 32},
                {"name": "window", "required": False, "default": None},
            ],
        }
    ],
    "protocols": [{"id": "passkey/pi", "summary": "finds a number", "source": "a paper"}],
}  # fmt: skip

README = """By hand.
<!-- generated: methods -->
<!-- end -->
<!-- generated: protocols -->
<!-- end -->
<!-- generated: tree -->
```
scalings/  one file a method
  linear.h  position interpolation
scripts/   tools
  generate-readme  writes this
  gone.py  was here once
```
<!-- end -->
By hand, too.
"""

GENERATED = """By hand.
<!-- generated: methods -->
| method | what it does | edits | parameters | reach | source |
| --- | --- | --- | --- | --- | --- |
| `linear` | divides | frequencies | `factor`, `cut` = 32, (`window`) | s times | a \\| b |
<!-- end -->
<!-- generated: protocols -->
| protocol | what it asks | source |
| --- | --- | --- |
| `passkey/pi` | finds a number | a paper |
<!-- end -->
<!-- generated: tree -->
```
scalings/                           one file a method
  linear.{h,cpp}                    position interpolation
scripts/                            tools
  generate-readme                   writes this
```
<!-- end -->
By hand, too.
"""


def run(root, *arguments):
    return subprocess.run(
        [root / "scripts/generate-readme", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


class OfThisRepository(unittest.TestCase):
    def test_is_not_stale(self):
        check = run(ROOT, "--check", "--ropewalk", os.environ["ROPEWALK_BINARY"])
        self.assertEqual(check.returncode, 0, check.stdout)


class OfASmallTree(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.write("scripts/generate-readme", "")
        shutil.copy(ROOT / "scripts/generate-readme", self.root / "scripts")
        self.write("scalings/linear.h", "#pragma once\n")
        self.write("scalings/linear.cpp", "")
        self.write("README.md", README)
        self.write("ropewalk", f"#!/bin/sh\ncat <<'END'\n{json.dumps(CATALOG)}\nEND\n")
        (self.root / "ropewalk").chmod(0o755)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def generate(self, *arguments):
        return run(self.root, "--ropewalk", self.root / "ropewalk", *arguments)

    def test_writes_the_parts_between_the_marks_and_nothing_else(self):
        self.assertEqual(self.generate().returncode, 0)
        self.assertEqual((self.root / "README.md").read_text(), GENERATED)

    def test_check_passes_what_was_just_written(self):
        self.generate()
        check = self.generate("--check")
        self.assertEqual((check.returncode, check.stdout), (0, ""))

    def test_tabulates_the_committed_summary_of_the_attention_methods(self):
        self.write(
            "configs/sweeps/attention/summary.csv",
            "method,protocol,length,band,n,hits,perplexity\n"
            "plain,passkey/landmark/1,4096,all,20,19,\nplain,passkey/landmark/1,4096,early,7,7,\n"
            "plain,passkey/landmark/1,8192,all,0,0,\nplain,ppl/fixed-target/1,8192,all,,,1234.56\n"
            "yarn,passkey/landmark/1,4096,all,20,20,\n",
        )
        self.write("README.md", "<!-- generated: attention -->\n<!-- end -->\n")
        self.generate()
        self.assertEqual(
            (self.root / "README.md").read_text(),
            "<!-- generated: attention -->\n"
            "| method | keys 4,096 | keys 8,192 | ppl 4,096 | ppl 8,192 |\n| --- | --- | --- | --- | --- |\n"
            "| `plain` | 19/20 | - | - | 1234.6 |\n| `yarn` | 20/20 | - | - | - |\n<!-- end -->\n",
        )

    def test_tells_a_key_that_is_lost_from_an_answer_that_is_not_begun(self):
        def row(hits, length=8192, protocol="passkey/landmark/1/forced/per-length"):
            answer = {"hit": all(hits), "token_hits": hits}
            return json.dumps(
                {"method": "yarn", "status": "ok", "length": length, "protocol": protocol, "retrieval": answer}
            )

        rows = [
            row([True, True, True]),
            row([False, True, True]),
            row([False, True, True]),
            row([False, True, False]),
            row([True, False, True]),
            row([True, False, True], length=4096),
            row([False, False, False], protocol="passkey/landmark/1/forced/per-length/absent"),
            json.dumps({"method": "yarn", "status": "skipped", "length": 8192, "protocol": "ppl/truncated/1"}),
        ]
        self.write("configs/sweeps/published/rows.jsonl", "\n".join(rows) + "\n")
        self.write("README.md", "<!-- generated: misses -->\n<!-- end -->\n")
        self.generate()
        lines = (self.root / "README.md").read_text().splitlines()
        self.assertEqual(lines[3:-1], ["| `yarn` | 4,096 | 1 | 0 | 1 |", "| `yarn` | 8,192 | 4 | 2 | 1 |"])

    def test_keeps_what_a_line_of_the_tree_says(self):
        edited = GENERATED.replace("position interpolation", "divides every frequency")
        self.write("README.md", edited)
        (self.root / "scalings/linear.cpp").unlink()
        self.generate()
        expected = edited.replace("linear.{h,cpp}  ", "linear.h        ")
        self.assertEqual((self.root / "README.md").read_text(), expected)

    def check_fails_naming(self, expected):
        before = (self.root / "README.md").read_text()
        check = self.generate("--check")
        self.assertEqual(check.returncode, 1)
        self.assertIn(expected, check.stdout)
        self.assertEqual((self.root / "README.md").read_text(), before)

    def test_check_finds_a_new_file(self):
        self.write("README.md", GENERATED)
        self.write("scalings/yarn.cpp", "")
        self.check_fails_naming("+  yarn.cpp\n")

    def test_check_finds_a_file_that_is_gone(self):
        self.write("README.md", GENERATED)
        shutil.rmtree(self.root / "scalings")
        self.check_fails_naming("-scalings/ ")

    def test_check_finds_a_line_that_says_nothing(self):
        self.write("scalings/yarn.cpp", "")
        self.generate()
        self.check_fails_naming("README.md: the tree says nothing about scalings/yarn")

    def test_check_finds_a_table_that_is_stale(self):
        self.write("README.md", GENERATED.replace("`cut` = 32", "`cut` = 16"))
        self.check_fails_naming("+| `linear` | divides | frequencies | `factor`, `cut` = 32, (`window`) | s times |")


if __name__ == "__main__":
    unittest.main()
