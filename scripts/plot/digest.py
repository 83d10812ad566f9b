"""The table that scripts/demo ends with: method by length, accuracy and perplexity, in plain text."""

import math

from plot.theme import label_of


def accuracy(run, protocol):
    lines = run.summary[(run.summary["protocol"] == protocol) & (run.summary["band"] == "all")]
    lengths = sorted(lines["length"].unique())
    found = {(line.method, line.length): line for line in lines.itertuples()}
    has_claims = any(run.claim(method, protocol, "L_cert") is not None for method in run.methods)
    body = [["method", *map(str, lengths)] + ["certified"] * has_claims]
    for method in run.methods_in(lines):
        claim = run.claim(method, protocol, "L_cert")
        reached = "" if claim is None else "none" if math.isnan(claim["length"]) else str(int(claim["length"]))
        cells = [found.get((method, length)) for length in lengths]
        shown = ["" if line is None else f"{line.hits:.0f}/{line.n:.0f}" if line.n else "no answer" for line in cells]
        body.append([label_of(run, method), *shown] + [reached] * has_claims)
    return [f"{protocol}: hits / trials"] + layout(body)


def perplexity(run, protocol):
    lines = run.summary[run.summary["protocol"] == protocol]
    lengths = sorted(lines["length"].unique())
    found = {(line.method, line.length): line.perplexity for line in lines.itertuples()}
    body = [["method", *map(str, lengths)]]
    for method in run.methods_in(lines):
        values = [found.get((method, length), math.nan) for length in lengths]
        body.append([label_of(run, method), *["no answer" if math.isnan(v) else f"{v:.4g}" for v in values]])
    return [f"{protocol}: perplexity"] + layout(body)


def layout(body):
    widths = [max(len(row[column]) for row in body) for column in range(len(body[0]))]
    return ["  " + row[0].ljust(widths[0]) + "".join("  " + cell.rjust(w) for cell, w in zip(row[1:], widths[1:]))
            for row in body]  # fmt: skip


def digest(run):
    """Lines of text."""
    lines = []
    for protocol in run.protocols("retrieval"):
        lines += accuracy(run, protocol) + [""]
    for protocol in run.protocols("perplexity"):
        lines += perplexity(run, protocol) + [""]
    return lines
