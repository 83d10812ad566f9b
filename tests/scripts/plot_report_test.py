"""report.html loads nothing from elsewhere, and every number leads to its protocol and manifest."""

import html.parser
import re
import unittest

import plot_support
from plot import accuracy, report, theme
from synthetic_run import LANDMARK, PRESS


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


if __name__ == "__main__":
    unittest.main()
