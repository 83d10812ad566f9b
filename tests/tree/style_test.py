"""Every C++ source is in the form that .clang-format gives it, every shell script passes shellcheck,
and only harness/cli prints or exits."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["harness", "scalings", "evals", "configs", "scripts", "tests", ".ci"]

PRINTS_OR_EXITS = re.compile(
    r"\bstd::(cout|cerr|clog|exit|quick_exit|abort|terminate)\b|\b(printf|puts|fputs|exit|_exit|abort)\s*\("
    r"|\bfprintf\s*\(|\bfmt::print\b"
)


def files(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def is_shell_script(path):
    with path.open("rb") as stream:
        return re.match(rb"#!.*\b(ba|da)?sh\b", stream.readline(80)) is not None


class Style(unittest.TestCase):
    def test_sources_are_formatted(self):
        sources = [path for path in files(*FOLDERS) if path.suffix in {".h", ".cpp"}]
        self.assertNotEqual(sources, [])
        run = subprocess.run(
            ["clang-format-14", "--dry-run", "--Werror", "--ferror-limit=1", *sources],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.assertEqual(run.returncode, 0, f"run clang-format-14 -i on these:\n{run.stderr}")

    def test_shell_scripts_pass_shellcheck(self):
        scripts = [path for path in files(*FOLDERS) if is_shell_script(path)]
        self.assertIn(ROOT / "scripts/setup", scripts)
        run = subprocess.run(["shellcheck", *scripts], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, 0, run.stdout)

    def test_scripts_that_name_an_interpreter_can_be_run(self):
        for path in files(*FOLDERS):
            if path.read_bytes()[:2] == b"#!":
                self.assertTrue(os.access(path, os.X_OK), f"chmod +x {path.relative_to(ROOT)}")

    def test_only_cli_prints_or_exits(self):
        layers = [path for path in files("scalings", "evals", "harness") if path.suffix in {".h", ".cpp"}]
        found = []
        for path in layers:
            name = path.relative_to(ROOT).as_posix()
            if name.startswith("harness/cli/"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if PRINTS_OR_EXITS.search(line.split("//")[0]):
                    found.append(f"{name}:{number}: {line.strip()}")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
