"""Every command that README.md prints can be run as printed: its paths are there, and what begins it can be started."""

import ast
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
# Spans of text that are commands, or name what one may begin with.
BEGINS = re.compile(r"(scripts|tests|build)/|(\.venv/bin/python|ropewalk|cmake)\s")
PATH = re.compile(r"\.?[\w*-][\w.*-]*(/[\w.*-]+)+/?")
# Not in a fresh clone: made by scripts/setup, scripts/corpora, scripts/models or a sweep. What a build makes is looked
# up in its presets and sources.
MADE = (".venv/", ".corpora/", ".models/", "runs/")


def commands(text):
    """The lines of ```sh blocks, and the spans of the text around all blocks that begin as commands do."""
    for language, block in FENCED.findall(text):
        if language == "sh":
            for line in block.splitlines():
                if words := line.partition("#")[0].split():
                    yield words
    for paragraph in FENCED.sub("", text).split("\n\n"):
        for span in SPAN.findall(paragraph):
            if BEGINS.match(span):
                yield span.split()


def is_path(word):
    """Not DIR/bin, which a reader replaces, nor 1/2."""
    return bool(PATH.fullmatch(word)) and not re.match(r"[A-Z0-9]+/", word)


def presets(root):
    return {one["name"] for one in json.loads((root / "CMakePresets.json").read_text())["configurePresets"]}


def is_built(path, root):
    """build/PRESET/ropewalk, or build/PRESET/FOLDER/NAME where FOLDER has sources for it."""
    _, preset, *below = path.rstrip("/").split("/")
    if preset not in presets(root):
        return False
    return len(below) < 2 or (root.joinpath(*below[:-1]) / "CMakeLists.txt").is_file()


def is_there(path, root):
    if path.startswith("build/"):
        return is_built(path, root)
    return path.startswith(MADE) or any(root.glob(path))


def names_imported(source):
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in names}


def packages_of(script):
    """What a Python script needs beside the standard library, through the modules of its own folder too."""
    needed, read, left = set(), set(), [script]
    while left:
        source = left.pop()
        if source in read:
            continue
        read.add(source)
        for name in names_imported(source):
            if (script.parent / name).is_dir():
                left += (script.parent / name).glob("*.py")
            elif (script.parent / f"{name}.py").is_file():
                left.append(script.parent / f"{name}.py")
            elif name not in sys.stdlib_module_names:
                needed.add(name)
    return needed


def fault_of_beginning(words, root):
    """What keeps the first word from being started; a file or folder that is only named starts nothing."""
    first = words[0]
    if not is_path(first) or first.startswith(("build/", *MADE)) or not is_there(first, root):
        return None
    script = root / first
    if len(words) == 1 and (not script.is_file() or script.suffix not in ("", ".py")):
        return None
    if not os.access(script, os.X_OK) or script.is_dir():
        return "cannot be executed"
    is_python = b"python" in script.read_bytes().partition(b"\n")[0]
    if is_python and (needed := packages_of(script)):
        return f"needs {', '.join(sorted(needed))}: start it with .venv/bin/python"
    return None


def faults(text, root):
    for words in commands(text):
        for word in words:
            if is_path(word) and not is_there(word, root):
                yield f"{' '.join(words)}: {word} is not there"
        if fault := fault_of_beginning(words, root):
            yield f"{' '.join(words)}: {words[0]} {fault}"


class Readme(unittest.TestCase):
    def test_every_command_can_be_run_as_printed(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        self.assertGreater(len(list(commands(text))), 40)
        self.assertEqual(list(faults(text, ROOT)), [])

    def test_the_check_finds_what_cannot_be_run(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, mode, source in (
                ("CMakePresets.json", 0o644, '{"configurePresets": [{"name": "release"}]}'),
                ("scripts/demo", 0o755, "#!/bin/sh\n"),
                ("scripts/plot.py", 0o755, "#!/usr/bin/env python3\nimport beside, json\nimport plot.axes\n"),
                ("scripts/plot/axes.py", 0o644, "from plot import theme\n"),
                ("scripts/beside.py", 0o644, "from numpy.linalg import svd\n"),
                ("tests/parity/memory.py", 0o644, '"""Measures."""\n'),
                ("tests/parity/CMakeLists.txt", 0o644, ""),
                ("configs/sweeps/demo.json", 0o644, "{}"),
            ):
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(source)
                path.chmod(mode)
            right = (
                "Run `scripts/demo`, `.venv/bin/python scripts/plot.py RUN`, `.venv/bin/python tests/parity/memory.py\n"
                "build/release/tests/parity/parity_memory all`; see `tests/parity/` and `scripts/*.py`.\n"
                "```sh\nscripts/demo  # not/there\n```\n"
                "```sh\nropewalk sweep configs/sweeps/demo.json --shard 1/2 --out runs/demo\n```\n"
                "```\nscripts/tree is no command\n```\n"
            )
            self.assertEqual(list(faults(right, root)), [])
            for wrong, fault in (
                ("`tests/parity/memory.py all`", "memory.py cannot be executed"),
                ("`scripts/plot.py RUN`", "plot.py needs numpy: start it with .venv/bin/python"),
                ("`scripts/demos`", "scripts/demos is not there"),
                ("`tests/parity/`, `tests/parities/`", "tests/parities/ is not there"),
                ("`.venv/bin/python\nscripts/plots.py RUN`", "scripts/plots.py is not there"),
                ("`build/tests/parity/parity_memory`", "build/tests/parity/parity_memory is not there"),
                ("`build/release/tests/bench/a_bench`", "build/release/tests/bench/a_bench is not there"),
                ("```sh\nropewalk check config/sweeps/demo.json\n```", "config/sweeps/demo.json is not there"),
                ("`ropewalk sweep\nconfigs/sweeps/demos.json`", "configs/sweeps/demos.json is not there"),
                ("```sh\ncp configs/sweeps/demos.json mine.json  # it\n```", "configs/sweeps/demos.json is not there"),
            ):
                found = list(faults(wrong, root))
                self.assertEqual(len(found), 1, (wrong, found))
                self.assertTrue(found[0].endswith(fault), found)


if __name__ == "__main__":
    unittest.main()
