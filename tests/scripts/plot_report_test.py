"""report.html opens without network, sorts its tables, and every number leads to its protocol and manifest."""

import html.parser
import re
import shutil
import subprocess
import unittest

import plot_support
from plot import accuracy, report, theme
from synthetic_run import LANDMARK, PRESS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page(html.parser.HTMLParser):
    """What a page links to, loads, and names."""

    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.numbers, self.open = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
            if self.open[-2:-1] == ["td"]:
                self.numbers.append(attributes["href"])
        elif "src" in attributes or (tag == "link" and "href" in attributes):
            self.loads.append(attributes.get("src") or attributes["href"])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()


class Report(plot_support.SyntheticRuns):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run = cls.read("full")
        drawing = accuracy.draw(run, LANDMARK, theme.Theme())
        paths = drawing.save(run.folder / "figures")
        cls.file = report.write(run, [(drawing, paths)], {"wavelength": "a < b"}, run.folder / "report.html")
        cls.text = cls.file.read_text(encoding="utf-8")
        cls.page = Page(cls.text)

    def test_is_well_formed_and_loads_nothing(self):
        self.assertEqual(self.page.open, [])
        self.assertEqual(self.page.loads, ["data:,"])
        self.assertNotRegex(self.text, r"url\((?!#)|@import|fetch\(|XMLHttpRequest")
        outside = [link for link in self.page.links if re.match(r"\w+:|//", link)]
        self.assertEqual(outside, [])

    def test_every_link_leads_somewhere(self):
        for link in self.page.links:
            if link.startswith("#"):
                self.assertIn(link[1:], self.page.ids)
            else:
                self.assertTrue((self.file.parent / link).exists(), link)

    def test_tables_are_linked_from_another_folder_too(self):
        elsewhere = report.write(self.read("full"), [], {}, self.folder / "elsewhere/below/report.html")
        tables = [link for link in Page(elsewhere.read_text(encoding="utf-8")).links if link.endswith(".csv")]
        self.assertGreater(len(tables), 0)
        for link in tables:
            self.assertTrue((elsewhere.parent / link).is_file(), link)

    def test_ids_are_unique(self):
        self.assertEqual(len(self.page.ids), len(set(self.page.ids)))

    def test_every_number_leads_to_its_protocol_and_that_to_the_manifest(self):
        run = self.read("full")
        sections = {report.anchor(protocol) for protocol in run.summary["protocol"]}
        self.assertEqual({link[1:] for link in self.page.numbers}, sections)
        self.assertEqual(len(self.page.numbers), self.text.count('class="number"'))
        for section in re.findall(r'<section id="protocol-.*?</section>', self.text, re.DOTALL):
            self.assertIn('href="#manifest"', section)
        self.assertIn(run.identity["weights"], self.text)

    def test_says_what_was_asked_of_a_protocol_with_a_stride(self):
        section = self.text.partition(f'<section id="{report.anchor(PRESS)}">')[2].partition("</section>")[0]
        self.assertIn("&quot;stride&quot;: 1024", section)

    def test_shows_the_figure_and_says_what_was_not_drawn(self):
        self.assertIn('<svg role="img" aria-label="Accuracy against length', self.text)
        self.assertIn("<b>wavelength</b>: a &lt; b", self.text)

    def test_numbers_are_those_of_the_summary(self):
        shown = {float(value) for value in re.findall(r'data-value="([^"]+)"', self.text)}
        for value in self.read("full").summary["estimate"].dropna():
            self.assertIn(float(f"{value:.9g}"), shown)

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

    @unittest.skipUnless(CHROMIUM, "there is no Chromium here: report.html was not opened in a browser")
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

    @unittest.skipUnless(CHROMIUM, "there is no Chromium here: its console was not read")
    def test_an_error_on_the_page_would_be_seen(self):
        _, console = self.browse("nowhere();")
        self.assertEqual(len(console), 1)
        self.assertIn("nowhere is not defined", console[0])


if __name__ == "__main__":
    if not CHROMIUM:
        print("There is no Chromium here: report.html is checked, but not opened in a browser.")
    unittest.main()
