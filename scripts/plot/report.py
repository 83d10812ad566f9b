"""report.html: everything that a run says on one page that needs no network."""

import collections
import html
import json
import math
import os
import pathlib
import re

from pandas.api.types import is_numeric_dtype

from plot.drawing import slug

PARTS = pathlib.Path(__file__).resolve().parent

# Table of the summary -> what its caption says.
TABLES = {
    "effective_length": "Certified and other lengths",
    "summary": "Accuracy and perplexity",
    "comparison": "Paired differences to the baseline",
}
LEFT_OUT_COLUMNS = {"schema_version", "protocol", "grid"}


def write(run, drawn, left_out, file):
    protocols = run.protocols("retrieval") + run.protocols("perplexity")
    tables_in = os.path.relpath(run.folder.resolve(), file.parent.resolve())
    sections = [protocol_section(run, protocol, drawn, tables_in) for protocol in protocols]
    plans = [figure(drawing, paths) for drawing, paths in drawn if not drawing.protocol]
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Ropewalk: {text(run.folder.resolve().name)}</title>
<style>
{(PARTS / 'report.css').read_text(encoding='utf-8')}</style>
</head>
<body>
<header>
<h1>Ropewalk: {text(run.folder.resolve().name)}</h1>
<p>{text(run.experiment['model'])}, trained length {run.trained_length:,}, {text(run.experiment['dtype'])}, seed
{run.seed}; weights <code>{run.weights}</code>. Every number links to its protocol, and every protocol to the
<a href="#manifest">manifest</a>.</p>
</header>
<nav>{contents(protocols)}</nav>
{''.join(sections)}
<section id="plans"><h2>Plans</h2>
{''.join(plans)}
</section>
{missing_section(left_out)}
<section id="methods"><h2>Methods, in words</h2>
<pre>{text(run.methods_text)}</pre>
</section>
{manifest_section(run)}
<script>
{(PARTS / 'report.js').read_text(encoding='utf-8')}</script>
</body>
</html>
"""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8")
    return file


def text(value):
    return html.escape(str(value))


def anchor(protocol):
    return slug("protocol", protocol)


def contents(protocols):
    links = [(anchor(protocol), protocol) for protocol in protocols]
    links += [("plans", "plans"), ("methods", "methods"), ("manifest", "manifest")]
    return " ".join(f'<a href="#{target}">{text(name)}</a>' for target, name in links)


def protocol_section(run, protocol, drawn, tables_in):
    figures = "".join(figure(drawing, paths) for drawing, paths in drawn if drawing.protocol == protocol)
    tables = "".join(table(run, protocol, name, what, tables_in) for name, what in TABLES.items())
    asked = json.dumps(run.eval_of(protocol), indent=1)
    return f"""<section id="{anchor(protocol)}"><h2>{text(protocol)}</h2>
<details><summary>What was asked</summary><pre>{text(asked)}</pre>
<p>Weights, tokenizer, corpora and who computed: see the <a href="#manifest">manifest</a>.</p></details>
{figures}
{tables}
</section>
"""


def figure(drawing, paths):
    files = " ".join(f'<a href="figures/{path.name}">{path.suffix[1:]}</a>' for path in paths)
    svg = next(path for path in paths if path.suffix == ".svg").read_text(encoding="utf-8")
    return f"""<figure id="figure-{drawing.name}">
{inline(svg, drawing.name, drawing.title)}
<figcaption>{text(drawing.title)} <span class="files">{files}</span></figcaption>
</figure>
"""


def inline(svg, name, title):
    """An SVG file as part of a page: ids of its own, each once, and a name for screen readers."""
    seen = collections.Counter()

    def own(match):
        seen[match[1]] += 1
        again = f".{seen[match[1]]}" if seen[match[1]] > 1 else ""
        return f'id="{name}.{match[1].replace(" ", "-")}{again}"'

    body = svg[svg.index("<svg") :]
    body = re.sub(r'\bid="([^"]*)"', own, body)
    body = re.sub(r'href="#', f'href="#{name}.', body)
    body = re.sub(r"url\(#", f"url(#{name}.", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    return body.replace("<svg", f'<svg role="img" aria-label="{text(title)}"', 1)


def table(run, protocol, name, what, folder):
    lines = getattr(run, name)
    lines = lines[lines["protocol"] == protocol]
    if lines.empty:
        return ""
    shown = [column for column in lines.columns if column not in LEFT_OUT_COLUMNS and lines[column].notna().any()]
    head = "".join(heading(column, lines[column]) for column in shown)
    body = "".join(
        "<tr>" + "".join(cell(protocol, value) for value in row) + "</tr>\n"
        for row in lines[shown].itertuples(index=False, name=None)
    )
    return f"""<details open><summary>{what} (<a href="{text(folder)}/{name}.csv">{name}.csv</a>)</summary>
<div class="scroll"><table class="sortable"><thead><tr>{head}</tr></thead>
<tbody>
{body}</tbody></table></div></details>
"""


def heading(column, values):
    """Stands over its numbers, which stand right."""
    kind = ' class="numbers"' if is_numeric_dtype(values) else ""
    return f'<th scope="col"{kind}><button type="button">{text(column)}</button></th>'


def cell(protocol, value):
    if isinstance(value, str):
        return f"<td>{text(value)}</td>"
    if math.isnan(value):
        return "<td></td>"
    shown = f"{int(value):,}" if float(value).is_integer() else f"{value:.4g}"
    return f'<td class="number" data-value="{float(value):.9g}"><a href="#{anchor(protocol)}">{shown}</a></td>'


def missing_section(left_out):
    if not left_out:
        return ""
    items = "".join(f"<li><b>{text(name)}</b>: {text(reason)}</li>" for name, reason in left_out.items())
    return f'<section id="left-out"><h2>Not drawn</h2><ul>{items}</ul></section>\n'


def manifest_section(run):
    identity = text(json.dumps(run.identity, indent=1))
    provenance = text(json.dumps(run.provenance, indent=1))
    experiment = text(json.dumps(run.experiment, indent=1))
    return f"""<section id="manifest"><h2>Manifest</h2>
<h3>Identity: what determines results</h3><pre>{identity}</pre>
<details><summary>Provenance: who computed</summary><pre>{provenance}</pre></details>
<details><summary>Experiment, every default spelled out</summary><pre>{experiment}</pre></details>
</section>"""
