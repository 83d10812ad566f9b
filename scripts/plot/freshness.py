"""Whether summary.csv was made of the rows beside it: figures of both would show two states of one run.

Counted, not read from the times of files, which a checkout or a copy does not keep."""

import math

from plot import planned
from plot.run import PlotError, ids_of

ANSWERED = ("ok", "diverged")


def require_fresh(run):
    """Throws PlotError at the first method and length whose answers are not those that summary.csv states."""
    stated = planned.lines(run)
    found = expected(run, stated)
    for place in sorted(found.keys() | stated.keys()):
        here, there = found.get(place), counts_of(stated.get(place))
        if here == there:
            continue
        protocol, method, length = place
        raise PlotError(
            run.folder / "rows.jsonl",
            f"rows are newer than summary.csv, or not those that it was made of: {protocol}, {method} at {length:,}: "
            f"{written(here)} here, {written(there)} there", f"run `ropewalk summarize {run.folder}` again",
        )  # fmt: skip


def counts_of(line):
    """Those of a line of summary.csv; None where there is no line. A perplexity has no hits."""
    if line is None:
        return None
    counts = {name: getattr(line, name) for name in ("n", "hits", "diverged")}
    return {name: int(count) for name, count in counts.items() if not math.isnan(count)}


def written(counts):
    return "nothing" if counts is None else ", ".join(f"{name} = {count}" for name, count in counts.items())


def expected(run, stated):
    """(protocol, method, length) -> counts that the rows give; of trials only those that a summary counts."""
    by_place = {}
    for row in run.rows:
        by_place.setdefault((row["protocol"], row["method"], row["length"]), []).append(row)
    counts = {}
    for protocol in sorted({protocol for protocol, _, _ in by_place}):
        evals = [asked for asked in run.experiment["evals"] if protocol in ids_of(asked)]
        begun, common = documents(run, protocol, evals)
        for asked in evals:
            for method in asked["methods"]:
                for length in asked["lengths"]:
                    rows = [row for name in run.rows_of(method) for row in by_place.get((protocol, name, length), [])]
                    place = protocol, method, length
                    if asked["type"] != "perplexity":
                        counts[place] = of_trials(asked, stated.get(place), rows)
                    elif length in begun:
                        counts[place] = of_documents(common, rows)
    return counts


def of_trials(asked, line, rows):
    # The number of trials is the summary's own: that of newer rows differs only behind a length whose answers differ.
    kept = set() if line is None else planned.trials(asked, line)
    answered = [row for row in rows if row["status"] in ANSWERED and row["retrieval"]["trial"] in kept]
    hits = sum(row["status"] == "ok" and row["retrieval"]["hit"] for row in answered)
    return {"n": len(answered), "hits": hits, "diverged": diverged(answered)}


def of_documents(common, rows):
    answered = [row for row in rows if row["status"] in ANSWERED and row["perplexity"]["document_sha256"] in common]
    return {"n": len(answered), "diverged": diverged(answered)}


def diverged(rows):
    return sum(row["status"] == "diverged" for row in rows)


def documents(run, protocol, evals):
    """The lengths of a perplexity that any method has begun, and the documents long enough for all of them: the only
    ones that a summary counts. One that is too short for a length is skipped there by every method."""
    rows = [row for row in run.rows if row["protocol"] == protocol and "perplexity" in row]
    seen = {row["perplexity"]["document_sha256"] for row in rows}
    begun, common = set(), seen
    for length in {length for asked in evals for length in asked["lengths"]}:
        short = {
            row["perplexity"]["document_sha256"] for row in rows
            if row["status"] == "skipped" and row["length"] <= length
        }  # fmt: skip
        if seen - short and any(row["length"] == length for row in rows):
            begun.add(length)
            common = common - short
    return begun, common
