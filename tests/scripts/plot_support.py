"""What the tests of scripts/plot.py share: synthetic runs, and what a drawn figure really shows."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLOT = ROOT / "scripts/plot.py"
SMALL_RUN = ROOT / "tests/scripts/small_run"  # computed by the built-in model
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.text import Text  # noqa: E402

import synthetic_run  # noqa: E402
from plot import theme  # noqa: E402
from plot.run import read_run  # noqa: E402

# Stands where `ropewalk show --json` would: frequencies of plain RoPE, halved for a method named linear.
STAND_IN = """#!/usr/bin/env python3
import json, sys
arguments = dict(zip(sys.argv[3::2], sys.argv[4::2]))
rotary, theta = int(arguments["--rotary-dim"]), float(arguments["--theta"])
divisor = 2.0 if "linear" in arguments["--method"] else 1.0
frequencies = [theta ** (-2 * pair / rotary) / divisor for pair in range(rotary // 2)]
print(json.dumps({"method": json.loads(arguments["--method"]), "inv_freq": frequencies, "magnitude": 1.0}))
"""


class SyntheticRuns(unittest.TestCase):
    """Makes each kind of run once for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.ropewalk = cls.folder / "ropewalk"
        cls.ropewalk.write_text(STAND_IN)
        cls.ropewalk.chmod(0o755)
        theme.apply()

    @classmethod
    def make(cls, kind):
        folder = cls.folder / kind
        if not folder.exists():
            synthetic_run.SyntheticRun(kind).write(folder)
        return folder

    @classmethod
    def read(cls, kind):
        return read_run(cls.make(kind))

    def plot(self, *words, seed="0"):
        """scripts/plot.py as a command: (exit status, stdout, stderr)"""
        done = subprocess.run(
            [sys.executable, "-B", PLOT, "--ropewalk", self.ropewalk, *map(str, words)], capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


def drawn_texts(figure):
    """(text, box in pixels) of everything that Matplotlib really writes when it draws the figure."""
    seen = {}
    original = Text.draw

    def draw(self, renderer):  # a renderer is told whose text it writes only where that is one line
        if self.get_visible() and self.get_text().strip():
            seen[id(self)] = self
        return original(self, renderer)

    with mock.patch.object(Text, "draw", draw):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    renderer = canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in seen.values()]


def layout_faults(figure, slack=0.5):
    """Texts that are cut by the figure's edge, and pairs of texts that lie on one another."""
    texts = drawn_texts(figure)
    page = figure.bbox
    faults = [
        f"cut: {text!r}" for text, box in texts
        if box.x0 < page.x0 - slack or box.y0 < page.y0 - slack or box.x1 > page.x1 + slack or box.y1 > page.y1 + slack
    ]  # fmt: skip
    for index, (text, box) in enumerate(texts):
        for other, other_box in texts[:index]:
            wide = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
            high = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
            if wide > slack and high > slack:
                faults.append(f"overlap: {text!r} and {other!r}")
    return faults


def artists(figure):
    """gid -> the artists that carry it."""
    found = {}
    for artist in figure.findobj(lambda artist: artist.get_gid() is not None):
        found.setdefault(artist.get_gid(), []).append(artist)
    return found
