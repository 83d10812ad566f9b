"""report.html in a real browser: it opens without an error, and its tables sort. Exits with 77 where there is none."""

import re
import shutil
import subprocess
import sys
import unittest

import plot_support
from plot import accuracy, report, theme
from synthetic_run import LANDMARK

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SKIPPED = 77  # to ctest


class Browser(plot_support.SyntheticRuns):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run = cls.read("full")
        drawing = accuracy.draw(run, LANDMARK, theme.Theme())
        file = report.write(run, [(drawing, drawing.save(run.folder / "figures"))], {}, run.folder / "report.html")
        cls.text = file.read_text(encoding="utf-8")

    def browse(self, script):
        """The page after `script` has run in it, and what the console said."""
        probe = self.folder / "probe.html"
        probe.write_text(self.text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--dump-dom",
             f"--user-data-dir={self.folder / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND",
             "--virtual-time-budget=5000", probe.as_uri()],
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def test_opens_in_a_browser_without_an_error_and_sorts(self):
        click = """
          const table = document.querySelector("table.sortable");
          const column = [...table.querySelectorAll("th")].findIndex((th) => th.textContent === "length");
          const values = () => [...table.tBodies[0].rows].map((row) => row.cells[column].textContent).join("|");
          const button = table.querySelectorAll("th button")[column];
          button.click(); document.body.dataset.up = values();
          button.click(); document.body.dataset.down = values();"""
        dom, console = self.browse(click)
        self.assertEqual(console, [])
        orders = [re.search(rf'data-{name}="([^"]*)"', dom)[1].split("|") for name in ("up", "down")]
        for order, reverse in zip(orders, (False, True)):
            numbers = [int(text.replace(",", "")) for text in order if text]
            self.assertGreater(len(set(numbers)), 1)
            self.assertEqual(numbers, sorted(numbers, reverse=reverse))
            self.assertEqual(order[: len(numbers)], [text for text in order if text])  # empty cells last

    def test_an_error_on_the_page_would_be_seen(self):
        _, console = self.browse("nowhere();")
        self.assertEqual(len(console), 1)
        self.assertIn("nowhere is not defined", console[0])


if __name__ == "__main__":
    if not CHROMIUM:
        print("There is no Chromium here: report.html was not opened in a browser.")
        sys.exit(SKIPPED)
    unittest.main()
